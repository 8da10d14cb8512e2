import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from xailab.data.batch import Batch, Concept, Dataset, Labels, Vocabulary
from xailab.data.broden import BrodenFolder, export_broden
from xailab.data.broden.index import split_fraction
from xailab.data.folder import ImageFolder
from xailab.errors import DataError, XailabError

VOCABULARY = Vocabulary(
    ("color", "scene", "object", "part"),
    (
        Concept(1, "red-c", "color"),
        Concept(2, "cat", "object"),
        Concept(5, 'door, "front"', "object", ("object", "part")),
        Concept(6, "leg", "part"),
        Concept(7, "never", "part"),
        Concept(300, "field-s", "scene"),
        Concept(301, "night; city-s", "scene"),
        Concept(700, "wheel", "part"),
    ),
)


class Synthetic:
    """Random labels with one color plane, one object plane, up to three part planes, a scene or none."""

    name = "synthetic set"
    classes: tuple[str, ...] = ()
    vocabulary = VOCABULARY
    image_size = (12, 16)

    def __init__(self, count: int = 70) -> None:
        self.fingerprint, self.count, self.images_read = f"synthetic {count}", count, []

    def __len__(self) -> int:
        return self.count

    def read(self, indices: Sequence[int]) -> Batch:
        self.images_read += list(indices)
        pixels = [np.random.default_rng((1, i)).integers(0, 256, (3, 12, 16)).astype(np.float32) for i in indices]
        images = torch.from_numpy(np.stack(pixels)) / 255
        return Batch(images, torch.tensor(list(indices)), self.read_labels(indices))

    def read_labels(self, indices: Sequence[int]) -> Labels:
        maps: dict[str, list] = {"color": [], "object": [], "part": []}
        tags: dict[str, list] = {"scene": [], "object": []}
        for index in indices:
            draw = np.random.default_rng((2, index))
            maps["color"].append(draw.choice([0, 1], (1, 6, 8)))
            maps["object"].append(draw.choice([0, 2, 5], (1, 6, 8), p=[0.2, 0.3, 0.5]))
            part = draw.choice([0, 5, 6, 700], (3, 6, 8), p=[0.6, 0.05, 0.3, 0.05])
            part[draw.integers(0, 4) :] = 0
            if index % 10 == 3:
                part[0] = 0
            maps["part"].append(part)
            tags["scene"].append([0, int(draw.choice([0, 300, 301]))])
            tags["object"].append([2 if index % 7 == 0 else 0])
        return Labels(
            {name: torch.tensor(np.array(planes), dtype=torch.int32) for name, planes in maps.items()},
            {name: torch.tensor(numbers, dtype=torch.int32) for name, numbers in tags.items()},
        )


def assert_same_labels(found: Labels, expected: Labels) -> None:
    for kind in ("maps", "tags"):
        left, right = getattr(found, kind), getattr(expected, kind)
        assert set(left) <= set(right)
        for category, values in right.items():
            if kind == "tags":
                got = left[category].tolist() if category in left else [[]] * len(values)
                assert [[n for n in row if n] for row in got] == [[n for n in row if n] for row in values.tolist()]
                continue
            depth = left[category].shape[1] if category in left else 0
            if depth:
                assert torch.equal(left[category], values[:, :depth])
            assert not values[:, depth:].any()


def test_reading_back_gives_the_same_data_set(tmp_path):
    source = Synthetic()
    assert isinstance(source, Dataset)
    exported = export_broden(source, tmp_path / "out", progress=False)
    assert (exported.root, exported.images, exported.reassigned) == (tmp_path / "out", 70, {})
    back = BrodenFolder(tmp_path / "out", sort_by_name=True)
    assert len(back) == 70
    assert back.image_size == (12, 16)
    assert back.label_size == (6, 8)
    assert back.vocabulary.categories == VOCABULARY.categories
    expected = [(c.number, c.name, c.category, c.categories or (c.category,)) for c in VOCABULARY.concepts]
    assert [(c.number, c.name, c.category, c.categories) for c in back.vocabulary.concepts] == expected
    for indices in (range(0, 30), range(30, 70), [69, 3], [13]):
        found, wanted = back.read(indices), source.read(indices)
        assert torch.equal(found.images, wanted.images)
        assert_same_labels(found.labels, wanted.labels)


def test_rows_are_in_the_order_and_split_of_the_release(tmp_path):
    export_broden(Synthetic(), tmp_path / "out", progress=False)
    with (tmp_path / "out/index.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["image", "split", "ih", "iw", "sh", "sw", "color", "scene", "object", "part"]
    fractions = [split_fraction(row["image"]) for row in rows]
    assert fractions == sorted(fractions)
    assert [row["split"] for row in rows] == ["train" if fraction <= 0.7 else "val" for fraction in fractions]
    assert {row["split"] for row in rows} == {"train", "val"}
    assert {row["sh"] + row["sw"] + row["ih"] + row["iw"] for row in rows} == {"681216"}
    mixed = next(row for row in rows if row["image"].endswith("000007.png"))
    assert mixed["object"] == "synthetic_set/000007_object.png;2"
    with Image.open(tmp_path / "out/images" / mixed["color"]) as picture:
        assert (picture.mode, picture.size) == ("RGB", (8, 6))


def test_tables_hold_frequency_and_coverage_as_counted_by_hand(tmp_path):
    source = Synthetic(9)
    export_broden(source, tmp_path / "out", progress=False)
    labels = source.read_labels(range(9))
    legs = (labels.maps["part"] == 6).flatten(1)
    with (tmp_path / "out/c_part.csv").open() as stream:
        parts = list(csv.DictReader(stream))
    leg = next(row for row in parts if row["number"] == "6")
    assert int(leg["frequency"]) == int(legs.any(1).sum())
    assert float(leg["coverage"]) == pytest.approx(float(legs.sum()) / 48, rel=1e-12)
    assert [row["code"] for row in parts] == ["1", "2", "3", "4"]
    order = [(int(row["frequency"]), float(row["coverage"])) for row in parts]
    assert order == sorted(order, reverse=True)
    cats = ((labels.maps["object"] == 2).flatten(1).any(1) | (labels.tags["object"] == 2).any(1)).sum()
    with (tmp_path / "out/label.csv").open() as stream:
        rows = {row["number"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["1", "2", "5", "6", "7", "300", "301", "700"]
    assert rows["2"]["category"] == f"object({cats})"
    assert re.fullmatch(r"object\(\d+\);part\(\d+\)", rows["5"]["category"])
    assert rows["7"]["category"] == "part(0)"
    assert re.fullmatch(r"\d+\.\d{6}", rows["5"]["coverage"])
    with (tmp_path / "out/category.csv").open() as stream:
        summary = {row["name"]: row for row in csv.DictReader(stream)}
    assert summary["part"] == {
        "name": "part",
        "first": "5",
        "last": "700",
        "count": "4",
        "frequency": str(sum(int(row["frequency"]) for row in parts)),
    }
    assert "9 (" in (tmp_path / "out/README.txt").read_text()


def test_some_images_as_jpeg(tmp_path):
    export_broden(Synthetic(), tmp_path / "out", indices=[40, 2], image_format="jpg", progress=False)
    back = BrodenFolder(tmp_path / "out", sort_by_name=True)
    assert [row.image for row in back.rows] == ["synthetic_set/000002.jpg", "synthetic_set/000040.jpg"]
    assert_same_labels(back.read_labels([0, 1]), Synthetic().read_labels([2, 40]))


def test_a_primary_category_that_the_format_cannot_keep_is_reported(tmp_path):
    source = Synthetic(5)
    concepts = [Concept(c.number, c.name, "part", c.categories) if c.number == 5 else c for c in VOCABULARY.concepts]
    source.vocabulary = Vocabulary(VOCABULARY.categories, tuple(concepts))
    assert export_broden(source, tmp_path / "out", progress=False).reassigned == {'door, "front"': "object"}


def test_an_interrupted_export_goes_on_where_it_stopped(tmp_path):
    first = Synthetic()

    def interrupted(indices):
        if indices[0] >= 32:
            raise KeyboardInterrupt
        return Synthetic.read(first, indices)

    first.read = interrupted
    with pytest.raises(KeyboardInterrupt):
        export_broden(first, tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
    (partial,) = tmp_path.iterdir()
    assert partial.name.startswith(".out.")
    (partial / "images/synthetic_set/000005.png").unlink()
    second = Synthetic()
    export_broden(second, tmp_path / "out", progress=False)
    assert second.images_read == [5, *range(32, 70)]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    export_broden(Synthetic(), tmp_path / "whole", progress=False)
    files = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert files == sorted(p.relative_to(tmp_path / "whole") for p in (tmp_path / "whole").rglob("*") if p.is_file())
    assert all((tmp_path / "out" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes() for file in files)


def test_a_data_set_without_maps_gets_half_the_image_size(tmp_path):
    source = Synthetic(4)
    original = source.read_labels
    source.read_labels = lambda indices: Labels({}, {"scene": original(indices).tags["scene"] * 0 + 300})
    export_broden(source, tmp_path / "out", progress=False)
    assert BrodenFolder(tmp_path / "out").label_size == (6, 8)


def test_labels_without_planes_and_an_empty_target_are_fine(tmp_path):
    source = Synthetic(2)
    source.read_labels = lambda indices: Labels({"part": torch.zeros(len(indices), 0, 6, 8, dtype=torch.int32)})
    (tmp_path / "out").mkdir()
    export_broden(source, tmp_path / "out", progress=False)
    with pytest.raises(DataError, match="no image of any split with a label"):
        BrodenFolder(tmp_path / "out")


def test_what_cannot_be_written_is_refused_before_anything_is(tmp_path):
    source = Synthetic(5)

    def refused(error, message, target="out", **options):
        with pytest.raises(error, match=re.escape(message)):
            export_broden(source, tmp_path / target, progress=False, **options)

    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    refused(XailabError, "full exists and is not an empty folder: choose another, or delete it", "full")
    refused(XailabError, "full/file exists and is not an empty folder", "full/file")
    refused(ValueError, "image_format is 'gif', expected one of png, jpg", image_format="gif")
    refused(ValueError, "indices must be different and at least one, got 0", indices=[])
    refused(ValueError, "indices must be different and at least one, got 2", indices=[1, 1])
    refused(ValueError, "indices from 3 to 5, but synthetic set has 5 images", indices=[3, 5])
    source.vocabulary = Vocabulary(("a",), (Concept(70000, "x", "a"),))
    refused(ValueError, "concept number 70000 does not fit a PNG (at most 65535)")
    for name in ("a;b", "ih", ""):
        source.vocabulary = Vocabulary((name,), ())
        refused(ValueError, f"category {name!r} cannot be a column of index.csv")
    source.vocabulary = None
    refused(XailabError, "the data set synthetic set has no concept labels to export")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_a_contradiction_in_the_labels_leaves_nothing_behind(tmp_path):
    source = Synthetic(3)
    source.vocabulary = Vocabulary(VOCABULARY.categories, VOCABULARY.concepts[:2])
    with pytest.raises(DataError, match="is not in the vocabulary"):
        export_broden(source, tmp_path / "out", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_target_and_says_how_to_go_on(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "plane.png")

    monkeypatch.setattr("xailab.data.broden.writer.write_plane", full)
    with pytest.raises(
        XailabError, match=r"cannot write plane.png: No space left on device; what was written so far is in"
    ):
        export_broden(Synthetic(3), tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def test_progress_goes_to_stderr(tmp_path, capsys):
    export_broden(Synthetic(2), tmp_path / "out")
    out, err = capsys.readouterr()
    assert out == ""
    assert "exporting" in err


def test_a_data_set_without_labels_is_refused(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (4, 4)).save(folder / "a.png")
    with pytest.raises(XailabError, match="the data set pictures has no concept labels to export"):
        export_broden(ImageFolder(folder, size=4), Path(tmp_path / "out"), progress=False)
