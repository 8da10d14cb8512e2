import re
import struct

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets, transforms

from xailab.data.batch import Dataset
from xailab.data.torchvision_sets import ON_DISK, TorchvisionSet, open_torchvision
from xailab.errors import DataError, UnknownName


def fake(size: tuple[int, int, int] = (3, 12, 10), **options) -> datasets.FakeData:
    return datasets.FakeData(6, size, 4, **options)


def test_a_wrapped_set_yields_its_images_and_classes():
    source = fake()
    dataset = TorchvisionSet(source)
    assert isinstance(dataset, Dataset)
    assert (dataset.name, len(dataset), dataset.image_size, dataset.classes) == ("FakeData", 6, (12, 10), ())
    batch = dataset.read([4, 1])
    assert (batch.images[0] * 255).round().permute(1, 2, 0).tolist() == np.asarray(source[4][0]).tolist()
    assert batch.targets.tolist() == [int(source[4][1]), int(source[1][1])]
    assert batch.labels is dataset.read_labels([0]) is None
    assert dataset.read([]).images.shape == (0, 3, 12, 10)


def test_pillow_images_tensors_and_arrays_give_the_same():
    source = fake()
    pairs = [source[index] for index in range(6)]
    expected = TorchvisionSet(source).read(range(6)).images
    as_tensors = TorchvisionSet(fake(transform=transforms.ToTensor()))
    as_bytes = TorchvisionSet([(torch.tensor(np.asarray(image)).permute(2, 0, 1), 0) for image, _ in pairs])
    as_arrays = TorchvisionSet([(np.asarray(image), 0) for image, _ in pairs])
    for dataset in (as_tensors, as_bytes, as_arrays):
        assert torch.equal(dataset.read(range(6)).images, expected)


def test_gray_images_get_three_channels():
    gray = torch.rand(5, 4)
    for image in (gray, gray[None], gray.numpy()):
        images = TorchvisionSet([(image, 1)]).read([0]).images
        assert images.shape == (1, 3, 5, 4)
        assert torch.equal(images[0, 2], gray)


def test_a_size_brings_all_to_it():
    mixed = [(Image.new("RGB", (8, 5)), 0), (Image.new("L", (3, 9)), 1)]
    assert TorchvisionSet(mixed, size=6).read([0, 1]).images.shape == (2, 3, 6, 6)
    with pytest.raises(
        DataError, match="list, image 1: 9 x 3 pixels, but image 0 has 5 x 8; give a size to bring all to"
    ):
        TorchvisionSet(mixed).read([0, 1])


def test_fingerprint_follows_pixels_classes_and_size():
    pairs = [(torch.full((3, 4, 4), 0.5), 0)]
    sets = [
        TorchvisionSet(pairs),
        TorchvisionSet(pairs, size=8),
        TorchvisionSet([(torch.full((3, 4, 4), 0.25), 0)]),
        TorchvisionSet([(torch.full((3, 4, 4), 0.5), 1)]),
        TorchvisionSet(pairs, name="other"),
    ]
    assert len({dataset.fingerprint for dataset in sets}) == 5
    assert TorchvisionSet(list(pairs)).fingerprint == sets[0].fingerprint


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("image", "list, image 0: expected (image, class), got str"),
        (("image", 1), "list, image 0: expected an image (Pillow, tensor or array), got str"),
        (
            (torch.zeros(2, 3, 3), 1),
            "list, image 0: expected an image of 1 or 3 channels (c h w), got the shape (2, 3, 3)",
        ),
        ((torch.full((3, 2, 2), -1.0), 1), "list, image 0: expected bytes, or floats in [0, 1]; leave out transforms"),
        ((torch.full((3, 2, 2), torch.nan), 1), "list, image 0: expected bytes, or floats in [0, 1]"),
        ((torch.ones(3, 2, 2, dtype=torch.int64), 1), "list, image 0: expected bytes, or floats in [0, 1]"),
        ((torch.zeros(3, 2, 2), "cat"), "list, image 0: invalid literal for int() with base 10: 'cat'"),
    ],
)
def test_items_of_another_kind_are_refused_with_their_index(item, message):
    with pytest.raises(DataError, match=re.escape(message)):
        TorchvisionSet([item])


def test_empty_sets_and_positions_outside_are_refused():
    with pytest.raises(DataError, match="the data set list is empty"):
        TorchvisionSet([])
    with pytest.raises(IndexError, match="no image 6: FakeData has 6"):
        TorchvisionSet(fake()).read([6])


@pytest.fixture
def mnist(tmp_path):
    """Two images per split in MNIST's own format."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, shade in (("train", 10), ("t10k", 20)):
        pixels = bytes([shade, 255] * 392 * 2)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, 2, 28, 28) + pixels)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, 2) + bytes([3, 9]))
    return tmp_path


def test_a_set_on_disk_is_opened_by_name(mnist):
    test, train = open_torchvision("MNIST", mnist), open_torchvision("MNIST", mnist, split="train", size=32)
    assert (test.name, len(test), test.image_size) == ("MNIST test", 2, (28, 28))
    assert test.classes[3] == "3 - three"
    batch = test.read([0, 1])
    assert batch.targets.tolist() == [3, 9]
    assert sorted((batch.images * 255).round().unique().tolist()) == [20, 255]
    assert train.read([0]).images.shape == (1, 3, 32, 32)
    assert test.fingerprint != train.fingerprint


@pytest.mark.parametrize("name", ON_DISK)
def test_absent_files_are_an_error_that_says_what_is_expected(tmp_path, name):
    with pytest.raises(DataError) as caught:
        open_torchvision(name, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path} does not hold {name}: expected {ON_DISK[name].expects} in it (")
    assert message.endswith(f"torchvision.datasets.{name}({str(tmp_path)!r}, download=True) fetches it")
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_and_splits_are_refused(tmp_path):
    with pytest.raises(UnknownName, match=r"no torchvision data set 'cifar-10'; did you mean 'CIFAR10'?"):
        open_torchvision("cifar-10", tmp_path)
    with pytest.raises(UnknownName, match=r"no split of STL10 'tests'; did you mean 'test'?"):
        open_torchvision("STL10", tmp_path, split="tests")
