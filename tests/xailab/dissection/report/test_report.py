"""The page and the tables say what was counted, stand alone, and are written whole or not at all."""

import base64
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.toys import Boxes, watcher
from xailab.dissection import Conventions, Dissection, Plan, dissect_with_controls, label_units, threshold_curve
from xailab.dissection.report.page import Linked, write_page
from xailab.dissection.report.pictures import DIM, Tile, tiles
from xailab.dissection.report.summary import summarize
from xailab.dissection.report.tables import as_json, write_csv, write_npz
from xailab.dissection.subject import subject_of

PLAN = Plan(Conventions("toy", quantile=0.05), quantiles=(0.1,), batch_size=8, exemplars=3)


@pytest.fixture(scope="module")
def found() -> Dissection:
    return dissect_with_controls(watcher(), Boxes(), ["0", "1"], plan=PLAN, progress=False)


def test_the_csv_has_netdissects_columns_and_units_from_one(found: Dissection, tmp_path: Path) -> None:
    write_csv(found, "1", tmp_path / "t.csv")
    with (tmp_path / "t.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "unit", "category", "label", "score",
        "object-label", "object-truth", "object-activation", "object-intersect", "object-iou",
        "part-label", "part-truth", "part-activation", "part-intersect", "part-iou",
        "scene-label", "scene-truth", "scene-activation", "scene-intersect", "scene-iou",
    ]  # fmt: skip
    assert [row["unit"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert (rows[0]["category"], rows[0]["label"]) == ("object", "ball")
    assert rows[3]["label"] == rows[3]["object-iou"] == ""  # the constant unit
    for row in rows[:3]:
        hits, area, truth = (int(row[f"object-{w}"] or 0) for w in ("intersect", "activation", "truth"))
        if truth:
            assert float(row["object-iou"]) == pytest.approx(hits / (area + truth - hits), abs=1e-6)


def test_the_arrays_are_the_counts(found: Dissection, tmp_path: Path) -> None:
    write_npz(found, "1", tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["iou"], found.layers["1"].main.iou().numpy())
        np.testing.assert_array_equal(arrays["random_iou"], found.random["1"].main.iou().numpy())
        assert arrays["quantiles"].tolist() == [0.05, 0.1]
        np.testing.assert_array_equal(arrays["quantile_iou"][0], arrays["iou"])
        assert arrays["names"].tolist() == ["", "ball", "box", "lid", "yard"]
        assert arrays["categories"].tolist() == ["", "object", "object", "part", "scene"]
        assert arrays["top_images"].shape == (5, 3)


def test_the_json_tells_both_counts_of_unique_detectors_and_both_controls(found: Dissection) -> None:
    told = json.loads(json.dumps(as_json(found, {"model": "watcher"})))
    layer = told["layers"]["1"]
    summary = summarize(found, "1")
    assert layer["trained"]["detectors"] == summary.tally.detectors == sum(unit["detector"] for unit in layer["labels"])
    assert layer["trained"]["unique"] == summary.tally.total
    assert layer["trained"]["unique_summed_over_categories"] == summary.tally.published
    null = found.layers["1"].null
    assert null is not None
    assert layer["null"]["detectors"] == int(label_units(null.iou().numpy(), found.vocabulary).detectors(0.04).sum())
    curve = threshold_curve(label_units(null.iou().numpy(), found.vocabulary))
    assert layer["threshold_curves"]["null"]["detectors"] == curve.detectors.tolist()
    assert layer["threshold_curves"]["null"] != layer["threshold_curves"]["trained"]
    assert layer["random"]["detectors"] == int(found.random["1"].labels(found.vocabulary).detectors(0.04).sum())
    assert told["conventions"]["images"] == "category_present"


def test_tiles_are_bright_where_the_unit_is_on(found: Dissection) -> None:
    data = Boxes()
    subject = subject_of(watcher(), ["1"])
    drawn = tiles(subject, data, found.layers["1"], [0, 2], conventions=PLAN.conventions, batch_size=2, progress=False)
    assert list(drawn) == [0, 2]
    assert [tile.image for tile in drawn[0]] == found.layers["1"].exemplars.indices[0].tolist()
    assert all(tile.src.startswith("data:image/jpeg;base64,") for tile in drawn[0])
    picture = Image.open(io.BytesIO(base64.b64decode(drawn[0][0].src.split(",")[1]))).convert("RGB")
    plain = data.images[drawn[0][0].image]
    row, column = (int(x) * 2 for x in found.layers["1"].exemplars.positions[0, 0])  # a cell is two pixels of the image
    scale = picture.width / 16
    on = np.asarray(picture)[int((row + 1) * scale), int((column + 1) * scale)] / 255
    far = np.asarray(picture)[-1 if row < 8 else 0, -1 if column < 8 else 0] / 255
    np.testing.assert_allclose(on, plain[:, row + 1, column + 1].numpy(), atol=0.2)
    assert far.max() < 0.2 * DIM + 0.06  # noise of up to 0.2, dimmed
    assert drawn[0][0].value == pytest.approx(float(found.layers["1"].exemplars.values[0, 0]))


class Outside(HTMLParser):
    """Collects what a page would fetch from elsewhere, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("src", "href") and tag != "a" and value and not value.startswith(("data:", "#")):
                self.fetched.append(value)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def page(found: Dissection, tmp_path_factory: pytest.TempPathFactory) -> str:
    subject = subject_of(watcher(), ["0", "1"])
    pictures = {
        layer: tiles(subject, Boxes(), found.layers[layer], [0, 1, 3], conventions=PLAN.conventions, progress=False)
        for layer in ("0", "1")
    }
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(found, pictures, path, settings={"note": "<b>&</b>"}, files=[Linked("0.npz", "arrays")])
    return path.read_text()


def test_the_page_fetches_nothing(page: str) -> None:
    parser = Outside()
    parser.feed(page)
    assert parser.fetched == []
    assert "url(http" not in page
    assert "@import" not in page


def test_the_page_shows_every_layer_the_controls_and_the_units(page: str, found: Dissection) -> None:
    summary = summarize(found, "1")
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page))
    assert f"{summary.tally.detectors} of 5 units of 1 detect {summary.tally.total} different concepts" in text
    assert summary.tally.published != summary.tally.total
    assert f"summed over categories): {summary.tally.published} ." in text
    assert "labels shuffled" in text
    assert "random weights" in text
    assert "2 more units are in the tables" in text
    assert page.count('<section class="layer"') == 2
    assert page.count("<article") == 6
    assert "1 unit never exceeds its own threshold" in text


def test_the_page_escapes_what_users_name(page: str) -> None:
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in page


def test_a_layer_without_any_detector_makes_a_page(tmp_path: Path) -> None:
    plan = Plan(Conventions("strict", quantile=0.05, iou_threshold=0.999), batch_size=8, exemplars=1)
    none = dissect_with_controls(watcher(), Boxes(6), ["1"], plan=plan, random=False, progress=False)
    tile = Tile("data:,", 0, 1.0)
    write_page(none, {"1": {0: [tile]}}, tmp_path / "index.html", settings={})
    text = (tmp_path / "index.html").read_text()
    assert "<b>0</b> of 5 units" in text
    assert "<figure style" not in text  # only detectors are shown off
    assert not none.layers["1"].labels(none.vocabulary).detectors(0.999).any()
