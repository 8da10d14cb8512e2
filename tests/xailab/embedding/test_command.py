"""The command from end to end, on few images: what it writes, what it keeps, and what it refuses before any work."""

import csv
import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from tests.toys import Boxes, watcher
from xailab import images
from xailab.cli import app
from xailab.embedding.command import Request, run
from xailab.embedding.gathering import coloring, features, gather, running, source_of
from xailab.embedding.report import maps, writing
from xailab.errors import Interrupted, UnknownName, XailabError

SMALL = Request("objects", "conv2", limit=40, perplexities=(5.0,), iterations=20, batch_size=16, random_control=False)
FILES = ["embedding.csv", "embedding.json", "features.npz", "images.png", "index.html", "map.png"]


def test_a_folder_gets_a_page_pictures_and_tables(tmp_path: Path) -> None:
    lines = run(replace(SMALL, perplexities=(5.0, 3.0), random_control=True), tmp_path, progress=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*FILES, "maps.png", "features-random.npz"])
    assert [line.split(":")[0] for line in lines] == [
        "perplexity 5",
        "perplexity 3",
        "random weights, perplexity 5",
        "page",
    ]
    told = json.loads((tmp_path / "embedding.json").read_text())
    assert told["finished"]
    assert [one["perplexity"] for one in told["maps"]] == [5, 3, 5]
    assert told["maps"][0]["history"][-1] == [120, told["maps"][0]["kl_nats"]]
    assert told["colored_by"] == "scene"
    rows = list(csv.reader((tmp_path / "embedding.csv").read_text().splitlines()))
    assert rows[0] == ["image", "class", "x", "y", "x_3", "y_3", "x_random_5", "y_random_5"]
    assert len(rows) == 41
    assert rows[1][0] == "minibroden 0"
    assert np.isfinite(np.array([row[2:] for row in rows[1:]], float)).all()
    html = (tmp_path / "index.html").read_text()
    assert html.count('<section class="facts"') == 3
    assert "40 images of minibroden" in html
    with np.load(tmp_path / "features.npz") as kept:
        assert kept["features"].shape == (40, 64)


def test_the_same_request_gives_the_same_files_and_the_network_runs_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(SMALL, tmp_path, progress=False)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(running, "features", lambda *_: pytest.fail("the network ran again"))
    run(SMALL, tmp_path, progress=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    run(replace(SMALL, perplexities=(3.0,)), tmp_path, progress=False)
    assert json.loads((tmp_path / "embedding.json").read_text())["maps"][0]["perplexity"] == 3


def test_a_page_holds_only_so_many_images_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PAGE_POINTS", 25)
    run(SMALL, tmp_path, progress=False)
    html = (tmp_path / "index.html").read_text()
    assert "Here are 25 of 40 images." in html
    data = json.loads(html.split('<script id="data" type="application/json">')[1].split("</script>")[0])
    assert len(data["names"]) == 25
    assert (data["names"][0], data["names"][-1]) == ("minibroden 0", "minibroden 39")
    assert len(data["near"][0]) == 25 * 10
    assert max(data["near"][0]) < 25
    assert len((tmp_path / "embedding.csv").read_text().splitlines()) == 41


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, data = source_of(watcher(), "0"), Boxes(24)
    whole = gather(source, data, category="object", batch_size=8, progress=False)
    seen: list[int] = []

    def pressed(*arguments):  # type: ignore[no-untyped-def]
        seen.append(len(arguments[1]))
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)
        return features(*arguments)

    monkeypatch.setattr(running, "features", pressed)
    keep = tmp_path / "features.npz"
    with pytest.raises(Interrupted, match="features of 16 of 24 images are kept"):
        gather(source, data, category="object", batch_size=8, keep=keep, progress=False)
    again = gather(source, data, category="object", batch_size=8, keep=keep, progress=False)
    assert seen == [8, 8, 8]
    np.testing.assert_array_equal(again.features, whole.features)
    np.testing.assert_array_equal(again.labels, whole.labels)


@pytest.mark.parametrize("every_s", [0.0, 1e9])  # as good as killed: the last save is what there is; or an error
def test_a_run_that_breaks_off_goes_on(every_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, data, keep = source_of(watcher(), "0"), Boxes(24), tmp_path / "features.npz"
    seen: list[int] = []

    def breaking(*arguments):  # type: ignore[no-untyped-def]
        seen.append(len(arguments[1]))
        if len(seen) == 3:
            if every_s == 0:
                monkeypatch.setattr(running._Store, "save", lambda _: None)  # nothing is saved on the way out
            raise RuntimeError("the network broke")
        return features(*arguments)

    monkeypatch.setattr(running, "SAVE_EVERY_S", every_s)
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="the network broke"):
        patched.setattr(running, "features", breaking)
        gather(source, data, category="object", batch_size=8, keep=keep, progress=False)
    with np.load(keep) as kept:
        assert len(kept["labels"]) == 16
    monkeypatch.undo()
    again = gather(source, data, category="object", batch_size=8, keep=keep, progress=False)
    np.testing.assert_array_equal(again.features, gather(source, data, category="object", progress=False).features)


def test_a_map_that_is_interrupted_leaves_the_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = maps.tsne
    monkeypatch.setattr(maps, "tsne", lambda *data, **options: replace(whole(*data, **options), finished=False))
    with pytest.raises(Interrupted, match="features are kept, and the same command goes on"):
        run(SMALL, tmp_path, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["embedding.json", "features.npz"]
    assert not json.loads((tmp_path / "embedding.json").read_text())["finished"]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip"])
def test_damaged_features_are_computed_again(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "features.npz").write_bytes(damage)
    found = gather(source_of(watcher(), "0"), Boxes(8), category=None, keep=tmp_path / "features.npz", progress=False)
    assert np.isfinite(found.features).all()


def test_maps_are_averaged_and_vectors_taken_as_they_are() -> None:
    network, batch = watcher(), Boxes(4).read(range(4))
    inputs = images.normalize(batch.images, network.normalization)
    with torch.no_grad():
        maps, logits = network.module[0](inputs), network.module(inputs)  # type: ignore[index]
    np.testing.assert_allclose(features(source_of(network, "0"), batch.images), maps.mean((2, 3)), atol=1e-6)
    np.testing.assert_allclose(features(source_of(network, "3"), batch.images), logits, atol=1e-6)


def test_images_are_colored_by_classes_whole_image_labels_or_what_covers_most() -> None:
    data = Boxes(6)
    assert coloring(data) == ("scene", ("yard",))
    assert coloring(data, "object") == ("object", ("ball", "box"))
    source = source_of(watcher(), "0")
    by_scene = gather(source, data, category="scene", progress=False)
    assert by_scene.labels.tolist() == [0, -1, 0, -1, 0, -1]
    by_object = gather(source, data, category="object", progress=False)
    assert by_object.labels.tolist() == [0, 1, -1, 0, 1, -1]
    data.vocabulary, data.classes = None, ()
    assert coloring(data) == (None, ())
    data.classes = ("a", "b")
    assert coloring(data) == ("class", ("a", "b"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "tagz"}, "no network 'tagz'; did you mean 'tags'"),
        ({"layer": "conv22"}, "no layer 'conv22'; did you mean 'conv2'"),
        ({"data": "minibrodden"}, "no data set 'minibrodden'; did you mean 'minibroden'"),
        ({"data": "photographs", "limit": None}, "at least 3 images, the data set has 2"),
        ({"color_by": "scenery"}, "to color by 'scenery'; did you mean 'scene'"),
        ({"data": "photographs", "limit": None, "color_by": "scene"}, "no labels to color by 'scene'"),
        ({"split": "prob"}, "did you mean 'probe'"),
        ({"perplexities": (40.0,)}, "perplexity 40 cannot be had with 40 images: .* from 2 to 39"),
        ({"perplexities": (5.0, 1.0)}, "perplexity 1 cannot be had"),
        ({"perplexities": (float("nan"),)}, "perplexity nan cannot be had"),
        ({"perplexities": ()}, "no perplexity was given"),
        ({"iterations": -1}, "iterations must be at least 0, got -1"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"skip_broken": True}, "skip_broken"),
        ({"device": "tpu7"}, "no device 'tpu7'"),
        ({"device": "cuda:9"}, "no device 'cuda:9' here"),
        ({"weights": "missing.pt"}, "missing.pt"),
        ({"image_size": 4}, "cannot take images of 4 x 4 pixels"),
    ],
)
def test_bad_requests_are_refused_in_one_sentence(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(XailabError, match=words):
        run(replace(SMALL, **change), tmp_path / "out", progress=False)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_folder_with_a_page_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(XailabError, match=r"holds index.html from something else.*choose another with --out"):
        run(SMALL, tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_an_unwritable_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(XailabError, match="cannot write to the folder"):
        run(SMALL, tmp_path / "file" / "out", progress=False)


def test_a_layer_that_gives_neither_maps_nor_numbers_is_refused() -> None:
    network = watcher()
    with pytest.raises(UnknownName, match=r"no layer 'conv'; there are 4: 0, 1, 2, 3 \(xailab models watcher"):
        source_of(network, "conv")
    tokens = replace(network, module=torch.nn.Sequential(network.module, torch.nn.Unflatten(1, (1, 2))))
    with pytest.raises(XailabError, match="'1' of watcher gives 1 x 2 numbers for an image; features are made of"):
        source_of(tokens, "1")


def test_features_that_are_no_numbers_are_told() -> None:
    network = watcher()
    with torch.no_grad():
        next(network.module.parameters()).fill_(float("inf"))
    with pytest.raises(XailabError, match="gives NaN or infinite numbers for 4 images of a batch"):
        features(source_of(network, "0"), torch.rand(4, 3, 16, 16))


def test_the_commands_explain_themselves() -> None:
    for command in ("embed", "embed-lessons"):
        shown = CliRunner().invoke(app, [command, "--help"])
        assert shown.exit_code == 0
        assert "--out" in shown.output
