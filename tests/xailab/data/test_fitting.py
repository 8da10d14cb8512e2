import pytest
import torch

from xailab.data.fitting import crop, fit_named, pair, squash
from xailab.errors import UnknownName


def ramp(height: int, width: int) -> torch.Tensor:
    """Red grows from left to right, green from top to bottom."""
    image = torch.zeros(3, height, width)
    image[0] = (torch.arange(width) + 0.5) / width
    image[1] = ((torch.arange(height) + 0.5) / height)[:, None]
    return image


@pytest.mark.parametrize("shape", [(8, 8), (5, 9), (9, 5), (1, 1), (30, 7)])
@pytest.mark.parametrize("size", [(8, 8), (4, 6), (13, 3), (1, 1)])
def test_both_give_the_size_whatever_the_shape(shape, size):
    for fit in (crop, squash):
        assert fit(ramp(*shape), size).shape == (3, *size)


def test_an_image_of_the_size_is_not_touched():
    image = torch.rand(3, 6, 9)
    assert torch.equal(crop(image, (6, 9)), image)
    assert torch.equal(squash(image, (6, 9)), image)


def test_crop_takes_the_center_and_squash_takes_all():
    image = ramp(16, 64)
    assert torch.equal(crop(image, (16, 16)), image[:, :, 24:40])
    center, whole = crop(image, (8, 8))[0], squash(image, (8, 8))[0]
    assert 0.37 < center.min() < center.max() < 0.63
    assert whole.min() < 0.1
    assert whole.max() > 0.9
    assert center.mean() == pytest.approx(0.5, abs=1e-3)


def test_crop_keeps_the_aspect_ratio():
    image = torch.zeros(3, 40, 80)
    image[:, 10:30, 30:50] = 1  # a square stays a square
    small = crop(image, (20, 20))[0] > 0.5
    assert small.any(0).sum() == small.any(1).sum() == 10


def test_unknown_fits_and_sizes_are_refused():
    assert fit_named("crop") is crop
    with pytest.raises(UnknownName, match=r"no fit 'squish'; did you mean 'squash'?"):
        fit_named("squish")
    assert pair(3) == (3, 3)
    with pytest.raises(ValueError, match="size must be at least 1 pixel, got 0"):
        pair(0)
