"""Filters as numbers and as pictures."""

import numpy as np
import pytest
import torch
from torch import nn

from xailab.errors import UnknownName, XailabError
from xailab.images import IMAGENET, normalize
from xailab.inspection import (
    around_gray,
    filter_images,
    filters,
    from_least_to_most,
    in_pixels,
    slice_images,
    strongest_inputs,
)

MODULE = nn.Sequential(
    nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()),
    nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 2, 1)),
    nn.Flatten(),
)


def test_a_block_with_one_convolution_has_its_filters_as_a_copy() -> None:
    found = filters(MODULE, "0")
    assert torch.equal(found, MODULE[0][0].weight)
    assert torch.equal(found, filters(MODULE, "0.0"))
    found.zero_()
    assert bool(MODULE[0][0].weight.any())
    assert not found.requires_grad


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("1", r"layer '1' holds 2 convolutions, choose one: 1\.0, 1\.1"),
        (
            "2",
            r"layer '2' \(Flatten\) holds no 2-D convolution.*0\.0, 1\.0, 1\.1",
        ),
    ],
)
def test_a_layer_with_none_or_several_convolutions_is_refused_and_they_are_listed(layer: str, message: str) -> None:
    with pytest.raises(XailabError, match=message):
        filters(MODULE, layer)


def test_a_misspelt_layer_is_named() -> None:
    with pytest.raises(UnknownName, match=r"no layer '0\.1\.2'"):
        filters(MODULE, "0.1.2")


def test_weights_in_pixels_are_the_gradient_with_respect_to_the_image() -> None:
    weights = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    image = torch.rand(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    nn.functional.conv2d(normalize(image, IMAGENET), weights).sum().backward()
    assert image.grad is not None
    assert torch.allclose(in_pixels(weights, IMAGENET), image.grad, atol=1e-12)
    assert in_pixels(weights, None) is weights


def test_both_ways_of_coloring_use_one_scale_per_filter() -> None:
    weights = torch.zeros(3, 3, 1, 2)
    weights[0, 0] = torch.tensor([[-2.0, 1.0]])
    weights[1, 1] = torch.tensor([[0.0, 100.0]])
    gray, stretched = around_gray(weights), from_least_to_most(weights)
    assert gray[0, 0].tolist() == [[0.0, 0.75]]
    assert gray[0, 1].tolist() == [[0.5, 0.5]]  # no weight is gray
    assert gray[1, 1].tolist() == [[0.5, 1.0]]
    assert stretched[0, 0].tolist() == [[0.0, 1.0]]
    assert (gray[2] == 0.5).all()
    assert (stretched[2] == 0.5).all()  # a filter of zeros has no range


def test_a_first_layer_becomes_pictures_and_a_deeper_one_is_refused() -> None:
    pictures = filter_images(torch.randn(4, 3, 5, 3), IMAGENET, size=50)
    assert [picture.size for picture in pictures] == [(30, 50)] * 4
    with pytest.raises(XailabError, match="filters over 4 inputs have no colors"):
        filter_images(torch.zeros(2, 4, 3, 3))


def test_slices_are_ordered_by_norm_and_share_one_signed_scale() -> None:
    weights = torch.zeros(3, 1, 2)
    weights[1], weights[2] = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, -4.0]])
    assert strongest_inputs(weights, count=2) == [2, 1]
    blue, red = (np.asarray(picture) for picture in slice_images(weights, [2, 1], size=2))
    assert blue[0, 1, 2] > blue[0, 1, 0]
    assert red[0, 0, 0] > red[0, 0, 2]
    assert red[0, 0].min() > blue[0, 1].min()  # half of the scale is paler than its end
    assert (blue[0, 0] > 240).all()  # 0 is white
    with pytest.raises(XailabError, match="no input 3: the filter has 3"):
        slice_images(weights, [3])
