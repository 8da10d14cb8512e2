"""The command from end to end, on few images: what it writes, what it keeps, and what it refuses before any work."""

import csv
import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from xailab import exemplars
from xailab.cli_look import add_commands
from xailab.errors import Interrupted, UnknownName, XailabError
from xailab.exemplars import gathering
from xailab.inspection.report import examining
from xailab.inspection.report.command import run
from xailab.inspection.report.request import Request

SMALL = Request("objects", ("conv1", "conv2"), limit=30, units="3,1", count=3, batch_size=16, random_control=False)
FILES = [
    "filters-conv1.png",
    "index.html",
    "inspect.json",
    "layers.png",
    "seen.npz",
    "units-conv1.png",
    "units-conv2.png",
    "units.csv",
]


@pytest.fixture(autouse=True)
def _few_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Effective fields of few images and units: fast, and no test here is about their numbers."""
    for name, value in (("FEWEST", 2), ("MOST", 2), ("UNITS", 2)):
        monkeypatch.setattr(examining, name, value)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_gets_a_page_pictures_and_tables(tmp_path: Path) -> None:
    lines = run(replace(SMALL, random_control=True), tmp_path, progress=False)
    assert sorted(contents(tmp_path)) == sorted([*FILES, "seen-random.npz"])
    assert lines[0].startswith("conv1: field 5 px, jump 2 px from cell to cell | 32 of 32 units sound")
    assert lines[-1] == f"page: {tmp_path / 'index.html'}"
    told = json.loads((tmp_path / "inspect.json").read_text())
    assert told["finished"]
    layer = told["layers"]["conv2"]
    assert layer["receptive_field"] == {"size": [15, 15], "jump": [4, 4], "start": [1, 1], "image_size": [64, 64]}
    assert layer["nature"] == "after a ReLU"
    assert [one["unit"] for one in layer["shown"]] == [3, 1]
    best = layer["shown"][0]["best"]
    assert [len(one["best"]) for one in layer["shown"]] == [3, 3]
    top, left, bottom, right = best[0]["box"]
    assert 0 <= top < bottom <= 64
    assert 0 <= left < right <= 64
    assert layer["random_findings"].keys() == set(layer["looked_for"])
    rows = list(csv.DictReader((tmp_path / "units.csv").read_text().splitlines()))
    assert len(rows) == 32 + 64
    row = rows[32 + 3]
    assert (row["layer"], row["unit"]) == ("conv2", "3")
    assert row["best_images"].split() == [str(one["image"]) for one in best]
    assert float(row["maximum"]) == pytest.approx(best[0]["activation"], rel=1e-5)
    html = (tmp_path / "index.html").read_text()
    assert html.count('<article class="card"') == 4
    assert "what it reads from pool1" in html
    assert "http" not in html.replace("http://www.w3.org", "")  # nothing is fetched


def test_what_was_seen_is_kept_and_the_network_does_not_run_over_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(SMALL, tmp_path, progress=False)
    first = contents(tmp_path)
    monkeypatch.setattr(gathering._Walk, "maps", lambda *_: pytest.fail("the network ran over the data set again"))
    run(SMALL, tmp_path, progress=False)
    assert contents(tmp_path) == first
    run(replace(SMALL, units="5"), tmp_path, progress=False)
    assert json.loads((tmp_path / "inspect.json").read_text())["layers"]["conv1"]["shown"][0]["unit"] == 5


def test_after_an_interrupt_the_same_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maps, seen = gathering._Walk.maps, []

    def interrupted(walk, batch):  # type: ignore[no-untyped-def]
        seen.append(len(batch.indices))
        signal.raise_signal(signal.SIGINT)
        return maps(walk, batch)

    with monkeypatch.context() as patched, pytest.raises(Interrupted, match="16 of 30 images is kept"):
        patched.setattr(gathering._Walk, "maps", interrupted)
        run(SMALL, tmp_path / "a", progress=False)
    assert seen == [16]
    assert not (tmp_path / "a" / "index.html").exists()
    run(SMALL, tmp_path / "a", progress=False)
    run(SMALL, tmp_path / "b", progress=False)
    assert contents(tmp_path / "a")["units.csv"] == contents(tmp_path / "b")["units.csv"]


def test_a_layer_without_maps_is_shown_without_a_map_of_cells(tmp_path: Path) -> None:
    asked = replace(SMALL, layers=("fc6",), units=None, top_units=2)
    run(asked, tmp_path, progress=False)
    assert sorted(contents(tmp_path)) == ["index.html", "inspect.json", "seen.npz", "units-fc6.png", "units.csv"]
    layer = json.loads((tmp_path / "inspect.json").read_text())["layers"]["fc6"]
    assert layer["map_size"] == [1, 1]
    assert layer["shown"][0]["best"][0]["box"] == [0, 0, 64, 64]
    assert len(layer["shown"]) == 2


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"layers": ()}, XailabError, "no layer was named"),
        ({"layers": ("conv9",)}, UnknownName, "no layer 'conv9'; did you mean 'conv"),
        ({"layers": ("conv1", "fc6"), "units": "40"}, XailabError, "layer 'conv1' has no unit 40: its 32 units"),
        ({"units": "3;4"}, XailabError, "cannot read .3;4. in units .3;4."),
        ({"model": "object"}, UnknownName, "did you mean 'objects'"),
        ({"data": "minibrode"}, UnknownName, "did you mean 'minibroden'"),
        ({"data": "digits", "limit": 3}, XailabError, "limit=3 does not apply to digits"),
        ({"count": 0}, XailabError, "count must be at least 1, got 0"),
        ({"limit": 0}, XailabError, "limit must be at least 1, got 0"),
        ({"seed": -1}, XailabError, "seed must be at least 0, got -1"),
        ({"image_size": 4}, XailabError, "objects cannot take images of 4 x 4 pixels"),
        ({"device": "cuda:99"}, XailabError, "no device 'cuda:99'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, object], kind: type[XailabError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        run(replace(SMALL, **change), tmp_path / "out", progress=False)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(XailabError, match=r"holds index\.html from something else"):
        run(SMALL, tmp_path, progress=False)
    assert contents(tmp_path) == {"index.html": b"mine"}


def test_the_command_line_passes_its_options_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    add_commands(app)
    asked = {}
    monkeypatch.setattr(
        "xailab.inspection.report.command.run", lambda request, out: asked.update(request=request, out=out) or ["done"]
    )
    options = ["--model", "tags", "--layer", "conv1", "--layer", "conv5", "--out", str(tmp_path), "--units", "3,17"]
    more = ["--count", "4", "--no-random-control", "--limit", "7", "--seed", "2"]
    result = CliRunner().invoke(app, ["inspect", *options, *more])
    assert (result.exit_code, result.output) == (0, "done\n")
    assert asked["out"] == tmp_path
    assert asked["request"] == Request(
        "tags", ("conv1", "conv5"), units="3,17", count=4, random_control=False, limit=7, seed=2
    )
    assert Request("tags", ("conv1",)).count == exemplars.Plan().count
