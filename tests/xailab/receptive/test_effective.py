"""The effective field: closed forms on linear networks, alignment of cells, and a network that is as it was."""

import math

import pytest
import torch
from torch import Tensor, nn

from xailab import hooks
from xailab.errors import UnknownName, XailabError
from xailab.receptive import effective_field


def ones(count: int) -> nn.Sequential:
    """Convolutions of 3 x 3 ones, without padding, in a row."""
    layers = [nn.Conv2d(1, 1, 3, bias=False) for _ in range(count)]
    for layer in layers:
        nn.init.ones_(layer.weight)
    return nn.Sequential(*layers)


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_of_one_convolution_it_is_the_mean_of_its_absolute_weights() -> None:
    conv = nn.Conv2d(3, 4, (3, 5), padding=1)
    found = effective_field(conv, noise(2, 3, 8, 12), "", units=[0, 2])
    expected = conv.weight[[0, 2]].abs().sum(1).mean(0).double()
    torch.testing.assert_close(found.weights, expected.detach())
    assert found.units == (0, 2)
    assert found.cells == ((3, 4),)


def test_two_layers_of_ones_weigh_pixels_by_the_number_of_their_paths() -> None:
    found = effective_field(ones(2), noise(1, 1, 9, 9), "")
    profile = torch.tensor([1.0, 2, 3, 2, 1], dtype=torch.float64)
    assert torch.equal(found.weights, profile[:, None] * profile)
    # Of 81 in all: 9, then four 6s: 33, four 4s: 49, four 3s: 61, eight 2s: 77, four 1s.
    assert [found.area(share) for share in (9 / 81, 0.4, 0.5, 0.9, 1.0)] == [1, 5, 7, 19, 25]
    assert found.center == (0, 0)


@pytest.mark.parametrize("count", [1, 4, 16])
def test_its_deviation_grows_with_the_root_of_the_depth_while_the_field_grows_with_the_depth(count: int) -> None:
    size = 2 * count + 1
    found = effective_field(ones(count).double(), torch.ones(1, 1, size, size, dtype=torch.float64), "")
    assert found.field.size == (size, size) == tuple(found.weights.shape)
    assert found.deviation == pytest.approx([math.sqrt(2 * count / 3)] * 2, rel=1e-9)


def test_a_strided_network_leaves_pixels_that_count_less() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 1, stride=2, bias=False), nn.Conv2d(1, 1, 3, bias=False))
    weights = effective_field(net, noise(1, 1, 9, 9), "").weights
    assert weights.shape == (5, 5)
    assert not weights[1::2].any()
    assert not weights[:, 1::2].any()
    assert weights[::2, ::2].all()


def test_cells_are_laid_on_each_other_by_their_fields() -> None:
    net = ones(2)
    images = noise(1, 1, 12, 10)
    alone = effective_field(net, images, "", cells=[(4, 3)])
    several = effective_field(net, images, "", cells=[(4, 3), (0, 0), (7, 5)])
    assert torch.equal(alone.weights, several.weights)
    assert several.cells == ((4, 3), (0, 0), (7, 5))


def test_pixels_outside_the_image_count_neither_as_weight_nor_in_the_mean() -> None:
    conv = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    nn.init.ones_(conv.weight)
    corner = effective_field(conv, noise(1, 1, 6, 6), "", cells=[(0, 0)])
    assert torch.equal(corner.weights, torch.tensor([[0.0, 0, 0], [0, 1, 1], [0, 1, 1]], dtype=torch.float64))
    assert corner.center == (0.5, 0.5)
    both = effective_field(conv, noise(1, 1, 6, 6), "", cells=[(0, 0), (3, 3)])
    assert torch.equal(both.weights, torch.ones(3, 3, dtype=torch.float64))


def test_images_count_by_their_gradients_whatever_the_size_of_the_batches() -> None:
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(inplace=True), nn.Conv2d(6, 4, 3), nn.ReLU())
    images = noise(5, 3, 7, 7)
    together = effective_field(net, images, "3", batch_size=5)
    torch.testing.assert_close(together.weights, effective_field(net, images, "3", batch_size=2).weights)
    alone = [effective_field(net, image[None], "2").weights for image in images]
    before = effective_field(net, images, "2").weights
    torch.testing.assert_close(before, torch.stack(alone).mean(0))


def test_a_layer_without_maps_has_its_outputs_as_units() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Flatten(), nn.Linear(2 * 16, 30))
    found = effective_field(net, noise(2, 1, 4, 4), "2")
    assert len(found.units) == 16
    assert found.units[:3] == (0, 1, 3)
    assert found.weights.shape == (6, 6)
    assert found.weights[1:-1, 1:-1].all()
    assert not found.weights[0].any()
    assert not found.weights[:, -1].any()


def test_the_network_is_as_it_was() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout()).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    images = noise(2, 3, 6, 6).requires_grad_()
    with torch.no_grad():
        effective_field(net, images, "3")
    with pytest.raises(IndexError):
        effective_field(net, images, "3", units=[4])
    assert all(module.training for module in net.modules())
    assert hooks.hooks_left(net) == 0
    assert images.grad is None
    assert all(value.grad is None for value in net.parameters())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_silent_units_are_an_error_and_not_an_empty_field() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())
    nn.init.constant_(net[0].bias, -1000.0)
    with pytest.raises(XailabError, match=r"layer '1' at the cells \[\(1, 1\)\] are 0 .*before the ReLU"):
        effective_field(net, noise(1, 1, 5, 5), "1")


def test_bad_questions_are_refused_before_anything_runs() -> None:
    net, images = ones(1), noise(1, 1, 6, 6)
    with pytest.raises(UnknownName, match="no layer '2'"):
        effective_field(net, images, "2")
    with pytest.raises(IndexError, match="layer '0' has no unit 1: there are 1, counted from 0"):
        effective_field(net, images, "0", units=[1])
    with pytest.raises(IndexError, match=r"no cell \(4, 0\): its maps have 4 rows"):
        effective_field(net, images, "0", cells=[(4, 0)])
    for options in ({"units": []}, {"cells": []}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="expected at least one"):
            effective_field(net, images, "0", **options)
    with pytest.raises(ValueError, match="expected at least one image"):
        effective_field(net, images[:0], "0")
    uneven = nn.AdaptiveAvgPool2d(4)
    with pytest.raises(ValueError, match=r"cells with fields of one size.*give one of them"):
        effective_field(uneven, noise(1, 1, 7, 7), "", cells=[(0, 0), (0, 1), (1, 1)])


@pytest.mark.gpu
def test_cuda_agrees() -> None:
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 4, 3))
    images = noise(3, 3, 9, 9)
    expected = effective_field(net, images, "2").weights
    torch.testing.assert_close(effective_field(net.cuda(), images.cuda(), "2").weights, expected, rtol=1e-4, atol=1e-6)
