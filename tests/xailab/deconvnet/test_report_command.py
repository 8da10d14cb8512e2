"""The command from end to end, on few images: what it writes, what it keeps, and what it refuses before any work."""

import json
import re
import signal
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from xailab.cli_project import add_commands
from xailab.data.opening import open_dataset
from xailab.deconvnet import RULES, project
from xailab.deconvnet.report import command
from xailab.deconvnet.report.command import Request, run
from xailab.deconvnet.report.showing import Showing
from xailab.errors import Interrupted, UnknownName, XailabError
from xailab.exemplars import gathering
from xailab.models import feeding, load

SMALL = Request("tags", "conv5", units="17,3", count=4, limit=40, batch_size=20)
FILES = ["deconv.json", "exemplars.npz", "grid-17.png", "grid-3.png", "grid.png", "index.html", "projections.npz"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deconv")
    lines = run(SMALL, folder, progress=False)
    assert lines[0] == "conv5: units 17, 3"
    assert [line.split(" (")[0] for line in lines[1:3]] == ["alike to another unit", "alike to random weights"]
    assert lines[3] == f"page: {folder / 'index.html'}"
    return folder


def page_data(folder: Path) -> dict:  # type: ignore[type-arg]
    text = (folder / "index.html").read_text("utf-8").split('<script id="data" type="application/json">')[1]
    return dict(json.loads(text.split("</script>")[0]))


def test_a_folder_gets_a_page_pictures_and_numbers(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir()) == FILES
    with Image.open(out / "grid-17.png") as one, Image.open(out / "grid.png") as both:
        assert max(both.size[0] / one.size[0], both.size[1] / one.size[1]) > 1.9
    told = json.loads((out / "deconv.json").read_text())
    assert told["finished"]
    assert told["receptive_field"] == {"size": [67, 67], "jump": [8, 8], "start": [3, 3]}
    assert [one["unit"] for one in told["units"]] == [17, 3]
    assert told["likeness"].keys() == {"another unit", "random weights"}
    for by_rule in told["likeness"].values():
        assert by_rule.keys() == RULES.keys()
        assert all(-1 <= value <= 1 for value in by_rule.values())
    values = [one["activation"] for one in told["units"][0]["examples"]]
    assert len(values) == 4
    assert values == sorted(values, reverse=True)


def test_the_numbers_are_those_of_project(out: Path) -> None:
    network, data = load("tags"), open_dataset("minibroden", limit=40)
    with np.load(out / "projections.npz") as numbers:
        images, cells = numbers["3/images"], torch.from_numpy(numbers["3/cells"])
        inputs = feeding.prepare(network, data.read(images.tolist()).images, 64, torch.device("cpu"))
        for name, rule in RULES.items():
            direct = project(network.module, inputs, "conv5", 3, rule=rule)
            assert torch.equal(direct.cells, cells)  # the strongest cell
            np.testing.assert_allclose(numbers["3/values"], direct.values.numpy(), rtol=1e-5)
            np.testing.assert_allclose(numbers[f"3/{name}"], direct.pixels.numpy(), atol=1e-5)
        for (top, left, bottom, right), pixels in zip(numbers["3/boxes"], numbers["3/deconv"], strict=True):
            outside = pixels.copy()
            outside[:, top:bottom, left:right] = 0
            assert not outside.any()
        assert len(numbers.files) == 2 * (4 + 3)


def test_the_page_holds_everything_and_loads_nothing(out: Path) -> None:
    text = (out / "index.html").read_text("utf-8")
    attributes: list[tuple[str, str | None]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: attributes.extend(attrs)  # type: ignore[method-assign]
    parser.feed(text)
    assert {(value or "")[:5] for name, value in attributes if name == "src"} == {"data:"}
    assert "style" not in dict(attributes)
    assert {value for name, value in attributes if name == "href"} == {"grid.png", "projections.npz", "deconv.json"}
    assert "What excites units of conv5 of tags" in text
    data = page_data(out)
    assert [unit["unit"] for unit in data["units"]] == [17, 3]
    one = data["units"][1]["examples"][2]
    assert one["full"].keys() == one["heat"].keys() == RULES.keys()
    assert one["controls"].keys() == {"another unit", "random weights"}
    assert [step["name"] for step in one["steps"]][:2] == ["conv5.relu", "conv5.conv"]
    assert one["steps"][-1]["shape"] == "3 × 64 × 64"
    assert re.fullmatch(r"minibroden \d+", one["name"])


def test_the_same_request_gives_the_same_bytes_and_the_network_walks_once(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deconv.json").write_bytes((out / "deconv.json").read_bytes())
    (tmp_path / "exemplars.npz").write_bytes((out / "exemplars.npz").read_bytes())
    monkeypatch.setattr(gathering._Walk, "maps", lambda *_: pytest.fail("the network walked again"))
    run(SMALL, tmp_path, progress=False)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name
    monkeypatch.setattr(command, "STRIKING", 3)
    lines = run(replace(SMALL, units=None, rules=("guided",), random_control=False), tmp_path, progress=False)
    units = re.findall(r"\d+", lines[0].removeprefix("conv5: "))
    assert len(units) == 3
    assert len(lines) == 2
    assert {path.name for path in tmp_path.glob("grid-*.png")} == {f"grid-{unit}.png" for unit in units}
    data = page_data(tmp_path)
    assert (data["rules"], data["controls"]) == (["guided"], [])
    assert "made without these two controls" in (tmp_path / "index.html").read_text("utf-8")


def test_an_interrupt_says_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> Path:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not interrupted")

    with monkeypatch.context() as patched:
        patched.setattr(Showing, "show", pressed)
        with pytest.raises(Interrupted, match="which images are the best is kept"):
            run(SMALL, tmp_path, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deconv.json", "exemplars.npz"]
    assert not json.loads((tmp_path / "deconv.json").read_text())["finished"]


def test_a_layer_without_maps_and_a_dead_unit_are_shown_as_what_they_are(tmp_path: Path) -> None:
    run(replace(SMALL, layer="fc6", units="5", rules=("deconv",), count=2), tmp_path / "fc6", progress=False)
    text = (tmp_path / "fc6" / "index.html").read_text("utf-8")
    assert "A unit of this layer sees the whole image." in text
    network = load("tags")
    last = network.module.get_submodule("conv5.conv")
    with torch.no_grad():
        last.bias[3] = -1e3  # type: ignore[index,operator]
    dead = replace(SMALL, units="3", rules=("deconv",), count=2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(command, "load", lambda *_, **__: network)
        run(dead, tmp_path / "dead", progress=False)
    assert "0 in all images: nothing to project" in (tmp_path / "dead" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": "3-"}, "cannot read '3-'"),
        ({"units": "128"}, "no unit 128 in layer 'conv5' of tags: it has 128, 0 to 127"),
        ({"layer": "conv6"}, "did you mean 'conv5'"),
        ({"rules": ("guide",)}, "did you mean 'guided'"),
        ({"count": 26}, "count must be at most 25"),
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"limit": 0}, "limit must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"image_size": 20}, "tags cannot take images of 20 x 20"),
        ({"device": "cuda:77"}, "no device 'cuda:77'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_data_are_opened(
    change: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "asked_dataset", lambda *_, **__: pytest.fail("the data set was opened"))
    with pytest.raises(XailabError, match=message):
        run(replace(SMALL, **change), tmp_path / "new", progress=False)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["index.html", "grid-2.png"])
def test_a_folder_of_others_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(XailabError, match=f"holds {name} from something else"):
        run(SMALL, tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(UnknownName, match="no data set"):
        run(replace(SMALL, data="nothing"), tmp_path / "new", progress=False)


def test_the_command_hands_its_options_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Request, Path]] = []

    def asking(request: Request, out: Path) -> list[str]:
        asked.append((request, out))
        return ["done"]

    monkeypatch.setattr(command, "run", asking)
    app = typer.Typer()
    app.callback()(lambda: None)  # or typer takes the only command for the whole application
    add_commands(app)
    base = ["deconv", "--model", "tags", "--layer", "conv5", "--out", str(tmp_path)]
    assert CliRunner().invoke(app, base).output == "done\n"
    more = ["--units", "3,17", "--rule", "guided", "--rule", "deconv", "--count", "4", "--no-random-control"]
    assert CliRunner().invoke(app, base + more).exit_code == 0
    assert asked == [
        (Request("tags", "conv5"), tmp_path),
        (Request("tags", "conv5", "3,17", ("guided", "deconv"), 4, random_control=False), tmp_path),
    ]
