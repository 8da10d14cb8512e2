import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from xailab.data.batch import Batch, Dataset, Labels
from xailab.data.broden import BrodenFolder, reader
from xailab.data.broden.reader import pad_labels
from xailab.errors import DataError, UnknownName
from xailab.images import load


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def same(left: Labels, right: Labels) -> bool:
    """Equal labels; padding may differ."""

    def lists(labels: Labels) -> dict:
        def plane_lists(maps):
            return [[p.tolist() for p in image if p.any()] for image in maps]

        found = {("map", name): plane_lists(maps) for name, maps in labels.maps.items()}
        found |= {("tag", n): [[t for t in row if t] for row in tags.tolist()] for n, tags in labels.tags.items()}
        return {key: value for key, value in found.items() if any(value)}

    return lists(left) == lists(right)


def test_it_is_a_dataset(tree):
    dataset = BrodenFolder(tree)
    assert isinstance(dataset, Dataset)
    assert (dataset.name, dataset.classes, dataset.image_size, dataset.label_size) == ("broden1_8", (), (8, 10), (4, 5))


def test_rows_without_a_label_are_left_out_and_a_scene_0_is_no_label(tree):
    assert [row.image for row in BrodenFolder(tree).rows] == [
        "ade20k/a.png",
        "ade20k/b.jpg",
        "dtd/c.png",
        "opensurfaces/e.png",
    ]
    assert [row.image for row in BrodenFolder(tree, categories=["scene"]).rows] == ["ade20k/a.png"]


def test_planes_are_red_plus_256_green_and_padded_to_the_most_in_the_batch(tree, planes):
    labels = BrodenFolder(tree).read_labels([0, 1, 2, 3])
    assert {name: tuple(maps.shape) for name, maps in labels.maps.items()} == {
        "color": (4, 1, 4, 5),
        "object": (4, 1, 4, 5),
        "part": (4, 2, 4, 5),
        "material": (4, 1, 4, 5),
    }
    assert all(maps.dtype == torch.int32 for maps in labels.maps.values())
    assert np.array_equal(labels.maps["color"][0, 0], planes["ade20k/a_color.png"])
    assert labels.maps["color"].max() == 300
    assert np.array_equal(labels.maps["part"][0, 0], planes["ade20k/a_part_1.png"])
    assert np.array_equal(labels.maps["part"][0, 1], planes["ade20k/a_part_2.png"])
    assert not labels.maps["part"][1:].any()
    assert np.array_equal(labels.maps["material"][3, 0], planes["opensurfaces/e_material.png"])
    assert "part" not in BrodenFolder(tree).read_labels([1, 2]).maps


def test_numbers_are_tags_also_beside_planes_dominant_first_and_zeros_dropped(tree):
    labels = BrodenFolder(tree).read_labels([0, 1, 2])
    assert {name: tags.tolist() for name, tags in labels.tags.items()} == {
        "color": [[0], [0], [1]],
        "scene": [[7], [0], [0]],
        "texture": [[0, 0], [0, 0], [6, 5]],
    }


def test_images_are_exact(tree, pixels):
    images = BrodenFolder(tree).read([0, 2]).images
    for image, place in zip(images, (0, 2), strict=True):
        assert np.array_equal((image * 255).round().permute(1, 2, 0).numpy(), pixels[place])
    assert torch.equal(BrodenFolder(tree).read([1]).images[0], load(tree / "images/ade20k/b.jpg"))


@pytest.mark.parametrize("options", [{}, {"workers": 3}, {"cache_labels": True}, {"cache_labels": True, "workers": 2}])
def test_reading_gives_the_same_in_any_order_batch_size_and_way(tree, options):
    plain, dataset = BrodenFolder(tree), BrodenFolder(tree, **options)
    whole = plain.read(range(4))
    for order in ([3, 1, 0, 2], [2], [1, 1], []):
        batch: Batch = dataset.read(order)
        assert torch.equal(batch.images, whole.images[order])
        assert batch.indices.tolist() == order
        assert batch.labels is not None
        singles = [plain.read_labels([index]) for index in order]
        for place, single in enumerate(singles):
            one = Labels(
                {name: maps[place : place + 1] for name, maps in batch.labels.maps.items()},
                {name: tags[place : place + 1] for name, tags in batch.labels.tags.items()},
            )
            assert same(one, single)


def test_vocabulary_takes_the_category_of_largest_coverage_and_of_equals_the_last(tree):
    vocabulary = BrodenFolder(tree).vocabulary
    assert vocabulary.categories == ("color", "object", "part", "material", "scene", "texture")
    assert vocabulary.size == 301
    door, ghost = vocabulary.by_number[2], vocabulary.by_number[8]
    assert (door.name, door.category, door.categories) == ("door", "part", ("object", "part"))
    assert (ghost.category, ghost.categories) == ("part", ("part", "object"))
    assert vocabulary.by_number[6].name == "dotted, fine"
    assert vocabulary.by_number[7].title == "park"
    turned = BrodenFolder(tree, categories=["part", "object"]).vocabulary
    assert turned.by_number[8].category == "object"  # a tie goes to the last in the order that was asked for
    assert turned.by_number[2].category == "part"


def test_a_concept_that_covers_nothing_stays_in_its_own_categories(tree):
    edit(tree / "c_object.csv", "2,8,ghost,1,.1\n", "")
    edit(tree / "c_part.csv", "3,8,ghost,1,0.1\n", "")
    assert BrodenFolder(tree).vocabulary.by_number[8].category == "part"


def test_categories_choose_concepts_planes_and_rows(tree):
    dataset = BrodenFolder(tree, categories=["part", "texture"])
    assert {concept.name for concept in dataset.vocabulary.concepts} == {
        "door",
        "wheel",
        "ghost",
        "striped",
        "dotted, fine",
    }
    assert [row.image for row in dataset.rows] == ["ade20k/a.png", "dtd/c.png"]
    assert set(dataset.read_labels([0, 1]).maps) == {"part"}


def test_split_limit_order_and_require_all(tree):
    assert len(BrodenFolder(tree, split="train")) == 2
    assert [row.image for row in BrodenFolder(tree, split="val").rows] == ["ade20k/b.jpg", "opensurfaces/e.png"]
    assert len(BrodenFolder(tree, limit=3)) == 3
    assert [row.line for row in BrodenFolder(tree, categories=["color", "texture"], require_all=True).rows] == [4]
    edit(tree / "index.csv", "val,opensurfaces/e.png", "val,a.png")
    shutil.copy(tree / "images/opensurfaces/e.png", tree / "images/a.png")
    assert [row.line for row in BrodenFolder(tree).rows] == [2, 3, 4, 6]
    assert [row.line for row in BrodenFolder(tree, sort_by_name=True).rows] == [6, 2, 3, 4]


def test_a_byte_order_mark_windows_lines_and_blank_lines_do_no_harm(tree):
    for file in ("index.csv", "label.csv"):
        text = (tree / file).read_text()
        (tree / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n\r\n").encode())
    assert len(BrodenFolder(tree)) == 4


def test_read_labels_decodes_no_image(tree):
    dataset = BrodenFolder(tree)
    expected = dataset.read_labels([0, 1])
    for file in ("a.png", "b.jpg"):
        (tree / "images/ade20k" / file).write_bytes(b"no image")
    assert same(dataset.read_labels([0, 1]), expected)


def test_cached_labels_are_read_without_decoding_and_rebuilt_when_damaged(tree, monkeypatch):
    dataset = BrodenFolder(tree, cache_labels=True)
    expected = dataset.read_labels(range(4))
    decoded = []
    original = reader.read_plane

    def counting(*arguments):
        decoded.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(reader, "read_plane", counting)
    again = BrodenFolder(tree, cache_labels=True)
    assert same(again.read_labels(range(4)), expected)
    assert not decoded
    chunks = sorted((Path(os.environ["XAILAB_CACHE"]) / "broden" / dataset.fingerprint).iterdir())
    assert [chunk.name for chunk in chunks] == ["000000.npz"]
    chunks[0].write_bytes(chunks[0].read_bytes()[:100])
    assert same(BrodenFolder(tree, cache_labels=True).read_labels(range(4)), expected)
    assert len(decoded) == 7


def test_a_broken_neighbor_in_the_cache_is_not_held_against_an_image(tree):
    (tree / "images/dtd/c_color.png").write_bytes(b"no image")
    dataset = BrodenFolder(tree, cache_labels=True)
    assert same(dataset.read_labels([0, 1]), BrodenFolder(tree).read_labels([0, 1]))
    with pytest.raises(DataError, match=re.escape("index.csv, line 4: cannot read")):
        dataset.read_labels([0, 2])


def test_fingerprint_follows_contents_and_choices_but_not_the_place(tree, tmp_path):
    first = BrodenFolder(tree).fingerprint
    assert BrodenFolder(tree, workers=2, cache_labels=True).fingerprint == first
    others = {
        BrodenFolder(tree, **o).fingerprint for o in ({"split": "train"}, {"limit": 2}, {"categories": ["color"]})
    }
    turned = BrodenFolder(tree, categories=["texture", "scene", "material", "part", "object", "color"]).fingerprint
    shutil.copytree(tree, tmp_path / "copy" / "broden1_8")
    assert BrodenFolder(tmp_path / "copy" / "broden1_8").fingerprint == first
    plane = tree / "images/ade20k/a_color.png"
    os.utime(plane, ns=(1, plane.stat().st_mtime_ns + 1))
    touched = BrodenFolder(tree).fingerprint
    edit(tree / "c_part.csv", "12.", "13.")
    assert len({first, *others, turned, touched, BrodenFolder(tree).fingerprint}) == 7


def remove(file: str) -> Callable[[Path], None]:
    return lambda root: (root / file).unlink()


def changed(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda root: edit(root / file, old, new)


def written(file: str, content: bytes) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / file).write_bytes(content)

    return write


AT_OPENING = {
    "no index": (remove("index.csv"), "cannot read {root}/index.csv: No such file or directory"),
    "no labels": (remove("label.csv"), "cannot read {root}/label.csv: No such file or directory"),
    "no categories": (remove("category.csv"), "cannot read {root}/category.csv: No such file or directory"),
    "no codes": (remove("c_part.csv"), "cannot read {root}/c_part.csv: No such file or directory"),
    "empty index": (written("index.csv", b""), "{root}/index.csv is empty, expected a header with image, split"),
    "binary index": (written("index.csv", b"\xff\xfe\x00"), "{root}/index.csv is not a text file in UTF-8"),
    "bad quoting": (changed("index.csv", "val,ade20k/b.jpg", '"val"x,b'), "{root}/index.csv, line 3: "),
    "no column": (changed("index.csv", ",ih,", ",height,"), "{root}/index.csv, line 1: no column ih in the header"),
    "column twice": (
        changed("index.csv", ",scene,", ",color,"),
        "{root}/index.csv, line 1: a column without a name, or",
    ),
    "other categories": (
        changed("category.csv", "scene", "place"),
        "{root}/category.csv lists the categories color, object, part, material, place, texture, but the header of "
        "{root}/index.csv has texture, scene, color, part, object, material",
    ),
    "few cells": (
        changed("index.csv", "val,ade20k/b.jpg,4", "val,ade20k/b.jpg"),
        "{root}/index.csv, line 3: 11 cells, expected 12 (split,image,",
    ),
    "category row": (changed("category.csv", "scene,7", "scene"), "{root}/category.csv, line 6: 4 cells, expected 5"),
    "size": (
        changed("index.csv", "dtd/c.png,4,5,8", "dtd/c.png,4,5,8px"),
        "{root}/index.csv, line 4: ih is '8px', expected a number",
    ),
    "fractional size": (
        changed("index.csv", "dtd/c.png,4,5,8", "dtd/c.png,4,5,8.5"),
        "{root}/index.csv, line 4: ih is '8.5', expected a whole number >= 1",
    ),
    "split": (
        changed("index.csv", "val,ade20k/b", "test,ade20k/b"),
        "{root}/index.csv, line 3: split 'test' is neither 'train' nor 'val'",
    ),
    "unknown tag": (
        changed("index.csv", "6;5;0", "6;99"),
        "{root}/index.csv, line 4: texture label 99 is not in label.csv",
    ),
    "odd item": (
        changed("index.csv", "6;5;0", "6;-5"),
        "{root}/index.csv, line 4: texture item '-5' is neither a label number nor the path of a .png file",
    ),
    "empty item": (changed("index.csv", "6;5;0", "6;;5"), "{root}/index.csv, line 4: texture item '' is neither"),
    "escape": (
        changed("index.csv", "dtd/c_color.png", "../../c_color.png"),
        "{root}/index.csv, line 4: color path '../../c_color.png' leads out of the folder images",
    ),
    "no image path": (changed("index.csv", "dtd/c.png", ""), "{root}/index.csv, line 4: image has no path"),
    "missing plane": (
        remove("images/ade20k/a_part_2.png"),
        "{root}/index.csv, line 2: no file {root}/images/ade20k/a_part_2.png",
    ),
    "missing image": (remove("images/dtd/c.png"), "{root}/index.csv, line 4: no file {root}/images/dtd/c.png"),
    "missing folder": (
        lambda root: shutil.rmtree(root / "images"),
        "{root}/index.csv, line 2: no file {root}/images/ade20k/a.png",
    ),
    "sizes disagree": (
        changed("index.csv", "dtd/c.png,4,5,8", "dtd/c.png,4,5,9"),
        "{root}/index.csv, line 4: size 9 x 10 with labels of 4 x 5, but 3 rows have 8 x 10 with labels of 4 x 5",
    ),
    "label twice": (changed("label.csv", "3,wheel", "2,wheel"), "{root}/label.csv, line 4: number 2 stands twice"),
    "label 0": (
        changed("label.csv", "3,wheel", "0,wheel"),
        "{root}/label.csv, line 4: number is '0', expected a whole",
    ),
    "label category": (
        changed("label.csv", "part(1),1,0.1", "part,1,0.1"),
        "{root}/label.csv, line 4: category is 'part', expected something like 'object(12);part(3)'",
    ),
    "label's category": (
        changed("label.csv", "part(1),1,0.1", "parts(1),1,0.1"),
        "{root}/label.csv, line 4: category 'parts' is not a column of index.csv",
    ),
    "no label": (written("label.csv", b"number,name,category\n"), "{root}/label.csv lists no label"),
    "coverage": (
        changed("c_part.csv", "12.", "much"),
        "{root}/c_part.csv, line 2: coverage is 'much', expected a number",
    ),
    "stray code": (
        changed("c_part.csv", "2,3,wheel", "2,33,wheel"),
        "{root}/c_part.csv, line 3: label 33 is not in label.csv",
    ),
}


@pytest.mark.parametrize("case", AT_OPENING)
def test_what_can_be_seen_at_opening_is_refused_there_with_file_and_line(tree, case):
    damage, message = AT_OPENING[case]
    damage(tree)
    with pytest.raises(DataError, match="^" + re.escape(message.format(root=tree))):
        BrodenFolder(tree)


def truncate(file: str) -> Callable[[Path], None]:
    def cut(root: Path) -> None:
        content = (root / file).read_bytes()
        (root / file).write_bytes(content[: len(content) - 30])

    return cut


def repainted(file: str, shape: tuple[int, ...], value: int = 0) -> Callable[[Path], None]:
    def paint(root: Path) -> None:
        Image.fromarray(np.full(shape, value, np.uint8)).save(root / file)

    return paint


WHEN_READ = {
    "truncated plane": (truncate("images/ade20k/b_color.png"), "cannot read {root}/images/ade20k/b_color.png as a PNG"),
    "no plane": (remove("images/ade20k/b_color.png"), "no file {root}/images/ade20k/b_color.png"),
    "truncated image": (truncate("images/ade20k/b.jpg"), "cannot read {root}/images/ade20k/b.jpg as an image"),
    "plane size": (
        repainted("images/ade20k/b_color.png", (5, 4, 3)),
        "{root}/images/ade20k/b_color.png has 5 x 4 pixels, but sh x sw is 4 x 5",
    ),
    "image size": (
        repainted("images/ade20k/b.jpg", (8, 8, 3)),
        "{root}/images/ade20k/b.jpg has 8 x 8 pixels, but ih x iw is 8 x 10",
    ),
    "gray plane": (
        repainted("images/ade20k/b_color.png", (4, 5)),
        "{root}/images/ade20k/b_color.png has the color mode L, expected RGB (number = red + 256 * green)",
    ),
    "label too large": (
        repainted("images/ade20k/b_color.png", (4, 5, 3), 200),
        "{root}/images/ade20k/b_color.png has the label 51400, which label.csv does not list for these categories",
    ),
}


@pytest.mark.parametrize("case", WHEN_READ)
def test_what_only_decoding_shows_is_refused_when_read_with_file_and_line(tree, case):
    damage, message = WHEN_READ[case]
    dataset = BrodenFolder(tree)
    damage(tree)
    with pytest.raises(DataError, match="^" + re.escape(f"{tree}/index.csv, line 3: " + message.format(root=tree))):
        dataset.read([0, 1])
    dataset.read([0, 2])


def test_a_number_between_those_of_label_csv_is_refused(tree):
    edit(tree / "label.csv", "300,red-c", "301,red-c")
    edit(tree / "c_color.csv", "2,300", "2,301")
    with pytest.raises(DataError, match=r"has the label 300, which label.csv does not list"):
        BrodenFolder(tree).read_labels([1])


def test_skip_broken_leaves_out_and_lists_every_kind_of_fault(tree):
    truncate("images/dtd/c.png")(tree)
    edit(tree / "index.csv", "val,ade20k/b", "test,ade20k/b")
    remove("images/ade20k/a_part_2.png")(tree)
    dataset = BrodenFolder(tree, skip_broken=True, progress=False)
    assert [row.image for row in dataset.rows] == ["opensurfaces/e.png"]
    assert len(dataset) == 1
    assert len(dataset.read([0]).images) == 1
    assert [(broken.row, broken.file) for broken in dataset.broken] == [
        (3, "index.csv"),
        (2, "ade20k/a_part_2.png"),
        (4, "dtd/c.png"),
    ]
    assert str(dataset.broken[0]) == "line 3 (index.csv): split 'test' is neither 'train' nor 'val'"
    assert "cannot read" in dataset.broken[2].reason


def test_skip_broken_drops_rows_of_another_size_than_most(tree):
    edit(tree / "index.csv", "ade20k/a.png,4,5,8", "ade20k/a.png,4,5,9")
    dataset = BrodenFolder(tree, skip_broken=True, progress=False)
    assert [row.line for row in dataset.rows] == [3, 4, 6]
    assert dataset.image_size == (8, 10)


def test_skip_broken_of_a_sound_folder_changes_nothing(tree):
    dataset = BrodenFolder(tree, skip_broken=True, progress=False, workers=2)
    assert dataset.broken == ()
    assert dataset.fingerprint == BrodenFolder(tree).fingerprint


def test_a_scan_is_remembered_until_a_file_changes(tree, monkeypatch):
    truncate("images/dtd/c_color.png")(tree)
    first = BrodenFolder(tree, skip_broken=True, progress=False)
    monkeypatch.setattr(reader, "read_plane", lambda *_: pytest.fail("decoded again"))
    again = BrodenFolder(tree, skip_broken=True, progress=False)
    assert again.broken == first.broken
    assert again.fingerprint == first.fingerprint
    monkeypatch.undo()
    remove("images/dtd/c_color.png")(tree)
    assert "no file" in BrodenFolder(tree, skip_broken=True, progress=False).broken[0].reason


def test_the_scan_shows_progress_on_stderr_only_if_wanted(tree, capsys):
    BrodenFolder(tree, skip_broken=True, progress=False)
    assert capsys.readouterr() == ("", "")
    os.utime(tree / "images/dtd/c.png", ns=(5, 5))
    BrodenFolder(tree, skip_broken=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "checking files" in err


def test_nothing_left_is_an_error_that_says_why(tree):
    for row in BrodenFolder(tree).rows:
        (tree / "images" / row.image).write_bytes(b"no image")
    with pytest.raises(DataError, match=r"none of its images can be used: line 2 \(ade20k/a.png\): .*; and 1 more$"):
        BrodenFolder(tree, skip_broken=True, progress=False)
    remove("images/ade20k/b.jpg")(tree)
    edit(tree / "index.csv", "ade20k/b.jpg,4", "ade20k/b.jpg,?")
    with pytest.raises(
        DataError, match=r"no image of val with a label in color; left out: line 3 \(index.csv\): sh is '\?'"
    ):
        BrodenFolder(tree, split="val", categories=["color"], skip_broken=True)


def test_a_choice_without_images_is_an_error(tree):
    message = "index.csv has no image of train with a label in scene and texture"
    with pytest.raises(DataError, match=message):
        BrodenFolder(tree, split="train", categories=["scene", "texture"], require_all=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"split": "vall"}, UnknownName, "no split 'vall'; did you mean 'val'?"),
        ({"categories": ["colour"]}, UnknownName, "no category 'colour'; did you mean 'color'?"),
        ({"categories": []}, ValueError, "categories must be different and at least one, got []"),
        ({"categories": ["color", "color"]}, ValueError, "categories must be different"),
        ({"limit": 0}, ValueError, "limit must be at least 1 image, got 0"),
        ({"workers": 0}, ValueError, "workers must be at least 1 thread, got 0"),
    ],
)
def test_impossible_options_are_refused(tree, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        BrodenFolder(tree, **options)


def test_no_folder_and_no_such_image_are_errors(tree):
    with pytest.raises(DataError, match="no Broden folder"):
        BrodenFolder(tree / "nowhere")
    for index in (4, -1):
        with pytest.raises(IndexError, match=f"no image {index}: broden1_8 has 4"):
            BrodenFolder(tree).read([index])


def test_pad_labels_leaves_out_what_nobody_has():
    labels = pad_labels([{}, {}], [{"scene": (3,)}, {}], ["object", "scene"])
    assert not labels.maps
    assert labels.tags["scene"].tolist() == [[3], [0]]
