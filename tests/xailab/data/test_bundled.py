import pytest
import torch
from sklearn.datasets import load_digits, load_sample_image

from xailab.data.batch import Dataset
from xailab.data.bundled import Digits, Photographs
from xailab.errors import UnknownName


def test_digits_are_scikit_learns_scaled_to_one():
    dataset = Digits()
    assert isinstance(dataset, Dataset)
    assert (len(dataset), dataset.image_size, dataset.vocabulary) == (1797, (8, 8), None)
    bunch = load_digits()
    batch = dataset.read([7, 1000])
    for channel in range(3):
        assert (batch.images[:, channel] * 16).tolist() == bunch.images[[7, 1000]].tolist()
    assert [dataset.classes[target] for target in batch.targets] == [str(bunch.target[7]), str(bunch.target[1000])]
    assert batch.labels is dataset.read_labels([0]) is None


def test_digits_of_another_size_keep_their_range_and_have_another_fingerprint():
    large = Digits(size=32)
    images = large.read(range(100)).images
    assert images.shape == (100, 3, 32, 32)
    assert images.min() >= 0
    assert images.max() <= 1
    assert torch.equal(large.read([5, 3]).images, images[[5, 3]])
    assert len({large.fingerprint, Digits().fingerprint}) == 2
    assert Digits().fingerprint == Digits().fingerprint


def test_photographs_in_their_own_size_are_exact():
    dataset = Photographs(size=None)
    assert isinstance(dataset, Dataset)
    assert (len(dataset), dataset.image_size, dataset.titles) == (2, (427, 640), ("china", "flower"))
    batch = dataset.read([1, 0])
    assert batch.indices.tolist() == [1, 0]
    assert torch.equal(
        (batch.images[0] * 255).round().permute(1, 2, 0), torch.tensor(load_sample_image("flower.jpg")).float()
    )
    assert batch.targets is None
    assert dataset.read_labels([0]) is None


def test_photographs_are_cropped_or_squashed():
    cropped, squashed = Photographs(), Photographs(fit="squash")
    assert cropped.image_size == squashed.image_size == (224, 224)
    assert not torch.equal(cropped.read([0]).images, squashed.read([0]).images)
    assert cropped.fingerprint != squashed.fingerprint
    with pytest.raises(UnknownName, match=r"no fit 'crops'; did you mean 'crop'?"):
        Photographs(fit="crops")


@pytest.mark.parametrize("dataset", [Digits, Photographs])
def test_positions_and_sizes_outside_are_refused(dataset):
    opened = dataset()
    for index in (len(opened), -1):
        with pytest.raises(IndexError, match=f"no image {index}: {opened.name} has {len(opened)}"):
            opened.read([index])
    with pytest.raises(ValueError, match="size must be at least 1 pixel, got 0"):
        dataset(size=0)
