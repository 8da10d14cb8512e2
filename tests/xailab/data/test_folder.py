import os
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from xailab.data import folder as folder_module
from xailab.data.batch import Dataset
from xailab.data.fitting import crop
from xailab.data.folder import ImageFolder
from xailab.errors import DataError, UnknownName
from xailab.images import load


@pytest.fixture
def mixed(tmp_path):
    """Images of every kind and size, and things that are no images."""
    root = tmp_path / "mixed"
    root.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 4), np.uint8)
    Image.fromarray(noise[..., :3]).save(root / "c.png")
    Image.fromarray(noise[..., :3]).resize((50, 11)).save(root / "a.JPG")
    Image.fromarray(noise[..., 0]).save(root / "gray.png")
    Image.fromarray(noise).save(root / "rgba.png")
    Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(root / "sixteen.png")
    (root / ".hidden.png").write_bytes(b"no image")
    (root / "notes.txt").write_text("no image")
    (root / "empty").mkdir()
    return root


@pytest.fixture
def classes(tmp_path):
    """Two classes, three images."""
    root = tmp_path / "classes"
    for name, count in (("zebra", 1), ("ant", 2)):
        (root / name).mkdir(parents=True)
        for place in range(count):
            Image.new("RGB", (4, 4), (place * 50, 0, 0)).save(root / name / f"{place}.png")
    (root / ".git").mkdir()
    return root


def test_images_of_all_kinds_come_in_one_size_sorted_by_name(mixed):
    dataset = ImageFolder(mixed, size=16)
    assert isinstance(dataset, Dataset)
    assert [file.name for file in dataset.files] == ["a.JPG", "c.png", "gray.png", "rgba.png", "sixteen.png"]
    assert (dataset.name, dataset.classes, dataset.vocabulary, dataset.image_size) == ("mixed", (), None, (16, 16))
    batch = dataset.read(range(5))
    assert batch.images.shape == (5, 3, 16, 16)
    assert batch.images.dtype == torch.float32
    assert batch.labels is None
    assert batch.targets is None
    assert dataset.read_labels([0]) is None
    assert torch.equal(batch.images[1], crop(load(mixed / "c.png"), (16, 16)))
    assert torch.equal(batch.images[2], batch.images[4])  # 16-bit gray is 8-bit gray times 257
    assert dataset.read([]).images.shape == (0, 3, 16, 16)


def test_squash_sees_the_whole_image_and_sizes_need_not_be_square(mixed):
    assert not torch.equal(
        ImageFolder(mixed, size=9, fit="squash").read([0]).images, ImageFolder(mixed, size=9).read([0]).images
    )
    assert ImageFolder(mixed, size=(5, 7)).read([0]).images.shape == (1, 3, 5, 7)


def test_subfolders_are_classes(classes):
    dataset = ImageFolder(classes, size=4)
    assert dataset.classes == ("ant", "zebra")
    batch = dataset.read([2, 0, 1])
    assert batch.targets.tolist() == [1, 0, 0]
    assert batch.indices.tolist() == [2, 0, 1]
    assert torch.allclose(batch.images[2, 0], torch.tensor(50 / 255))


def test_order_batches_and_workers_change_nothing(mixed):
    whole = ImageFolder(mixed, size=8).read(range(5)).images
    assert torch.equal(ImageFolder(mixed, size=8, workers=3).read([4, 2, 2]).images, whole[[4, 2, 2]])


def test_fingerprint_follows_files_and_size_but_not_the_place(mixed, tmp_path):
    first = ImageFolder(mixed, size=8).fingerprint
    assert ImageFolder(mixed, size=8, workers=2).fingerprint == first
    others = [
        ImageFolder(mixed, **o).fingerprint
        for o in ({"size": 9}, {"size": 8, "fit": "squash"}, {"size": 8, "limit": 2})
    ]
    shutil.copytree(mixed, tmp_path / "copy" / "mixed")
    assert ImageFolder(tmp_path / "copy/mixed", size=8).fingerprint == first
    os.utime(mixed / "c.png", ns=(1, 1))
    assert len({first, *others, ImageFolder(mixed, size=8).fingerprint}) == 5


def test_a_damaged_image_is_named_when_it_is_read(mixed):
    dataset = ImageFolder(mixed, size=8)
    (mixed / "c.png").write_bytes((mixed / "c.png").read_bytes()[:200])
    dataset.read([0])
    with pytest.raises(DataError, match=re.escape(f"cannot read {mixed / 'c.png'} as an image")):
        dataset.read([0, 1])


def test_skip_broken_leaves_out_and_lists_and_remembers(classes, monkeypatch, capsys):
    (classes / "ant/0.png").write_bytes(b"no image")
    dataset = ImageFolder(classes, size=4, skip_broken=True)
    assert "checking files" in capsys.readouterr().err
    assert [broken.file for broken in dataset.broken] == ["ant/0.png"]
    assert len(dataset) == 2
    assert dataset.read([0, 1]).targets.tolist() == [0, 1]
    assert dataset.fingerprint != ImageFolder(classes, size=4).fingerprint
    monkeypatch.setattr(folder_module, "load", lambda _: pytest.fail("decoded again"))
    assert ImageFolder(classes, size=4, skip_broken=True, progress=False).broken == dataset.broken


def test_skip_broken_of_sound_images_changes_nothing(mixed):
    dataset = ImageFolder(mixed, size=4, skip_broken=True, progress=False)
    assert dataset.broken == ()
    assert dataset.fingerprint == ImageFolder(mixed, size=4).fingerprint


def test_only_broken_images_are_an_error(classes):
    for file in ImageFolder(classes, size=4).files:
        file.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"none of the images of .*classes can be read: ant/0.png: cannot read"):
        ImageFolder(classes, size=4, skip_broken=True, progress=False)


def test_folders_that_are_no_data_set_are_refused(tmp_path, mixed, classes):
    with pytest.raises(DataError, match=re.escape(f"no image folder {tmp_path / 'nowhere'}")):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no images in .*empty or its subfolders; files must end in .png, .jpg"):
        ImageFolder(mixed / "empty")
    (classes / "horse").mkdir()
    with pytest.raises(DataError, match=r"no images in .*horse, so class 'horse' would be empty"):
        ImageFolder(classes)
    (mixed / "empty/x.png").touch()
    with pytest.raises(DataError, match=re.escape("mixed has images of its own (a.JPG) and in subfolders (empty)")):
        ImageFolder(mixed)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"size": 0}, ValueError, "size must be at least 1 pixel, got 0"),
        ({"fit": "kcrop"}, UnknownName, "no fit 'kcrop'; did you mean 'crop'?"),
        ({"limit": 0}, ValueError, "limit must be at least 1 image, got 0"),
        ({"workers": 0}, ValueError, "workers must be at least 1 thread, got 0"),
    ],
)
def test_impossible_options_are_refused(mixed, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        ImageFolder(mixed, **options)


def test_positions_outside_are_refused(mixed):
    with pytest.raises(IndexError, match="no image 5: mixed has 5"):
        ImageFolder(mixed, size=4).read([5])
