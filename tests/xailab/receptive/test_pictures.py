"""Pictures of receptive fields: the right pixels, to scale, also beyond the image."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from xailab.graph import trace
from xailab.receptive import effective_field, on_image, receptive_field
from xailab.receptive.pictures import BEYOND

NET = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 2, 5, stride=2, padding=2)))
FIELD = receptive_field(trace(NET, (10, 20)), "conv")
IMAGE = torch.full((3, 10, 20), 0.2)


def yellow(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] > 240) & (picture[..., 2] < 120)


def test_the_box_stands_where_the_pixels_are() -> None:
    pixels = np.asarray(on_image(IMAGE, FIELD, 2, 4, size=200))
    assert pixels.shape == (100, 200, 3)
    rows, columns = np.nonzero(yellow(pixels))
    # Pixels 2 ... 6 and 6 ... 10, ten times as large, within the width of the line.
    assert (
        np.abs(np.array([rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]) - [20, 70, 60, 110]).max() <= 2
    )
    assert not yellow(pixels[40:50, 80:90]).any()


def test_what_lies_beyond_the_image_is_gray_and_outlined() -> None:
    picture = on_image(IMAGE, FIELD, 0, 0, size=200)
    assert picture.size == (220, 120)
    assert picture.getpixel((219, 0)) == tuple(int(BEYOND[place : place + 2], 16) for place in (1, 3, 5))
    assert yellow(np.asarray(picture)[:, 0]).any()


def test_a_far_larger_field_does_not_make_the_image_tiny() -> None:
    wide = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=16, dilation=16) for _ in range(4)))
    picture = on_image(IMAGE, receptive_field(trace(wide, (10, 20)), ""), 5, 5, size=200)
    assert picture.size == (400, 200)


def test_weights_are_laid_over_the_field_only() -> None:
    effective = effective_field(NET, torch.randn(2, 3, 10, 20), "conv")
    plain, shown = (
        np.asarray(on_image(IMAGE, FIELD, 2, 4, effective=weights, size=200), np.int64) for weights in (None, effective)
    )
    changed = np.abs(plain - shown).max(2) > 60
    assert changed[25:65, 65:105].mean() > 0.5
    assert not changed[:15].any()
    assert not changed[:, 120:].any()


def test_an_image_or_weights_of_another_size_and_a_cell_outside_are_refused() -> None:
    with pytest.raises(ValueError, match="that of images of 10 x 20 pixels, got one of 20 x 10"):
        on_image(IMAGE.mT, FIELD, 0, 0)
    with pytest.raises(IndexError, match=r"no cell \(9, 0\)"):
        on_image(IMAGE, FIELD, 9, 0)
    other = effective_field(nn.Conv2d(3, 1, 3), torch.rand(1, 3, 8, 8), "")
    with pytest.raises(ValueError, match="expected weights of 5 x 5 pixels"):
        on_image(IMAGE, FIELD, 2, 4, effective=other)
