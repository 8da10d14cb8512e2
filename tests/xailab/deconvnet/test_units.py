"""Units are addressed where they are: along the first axis, which is followed through all that moves it."""

import pytest
import torch
from torch import Tensor, nn

from tests.xailab.deconvnet.networks import Branches, Plain, Residual, Tokens, seeded
from xailab.deconvnet.units import map_size, unit_axis
from xailab.errors import XailabError
from xailab.graph import trace


class Moving(nn.Module):
    """Puts the channels here and there; every place has a name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        for name in ("last", "flat", "sliced", "pooled", "grouped", "back"):
            setattr(self, name, nn.Identity())

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv(images)
        last = self.last(maps.permute(0, 2, 3, 1))
        sums = self.flat(maps.flatten(1)).sum() + self.pooled(maps.mean((2, 3))).sum()
        sums = sums + self.sliced(maps[:, 1:3, ::2]).sum() + self.grouped(maps.view(-1, 2, 2, 6 * 5)).sum()
        return self.back(last.transpose(1, 3)) + 0 * sums


def test_channels_are_followed():
    graph = trace(seeded(Moving()), (6, 5))
    expected = {"conv": 0, "last": 2, "flat": 0, "pooled": 0, "sliced": 0, "back": 0}
    assert {name: unit_axis(graph, graph.position(name)) for name in expected} == expected
    assert unit_axis(graph, graph.position("grouped")) is None  # along two axes


@pytest.mark.parametrize(("kind", "layer"), [(Plain, "conv3"), (Residual, "relu"), (Branches, "out")])
def test_usual_layers_have_units_first(kind, layer):
    graph = trace(seeded(kind()), (13, 17))
    position = graph.position(layer)
    assert unit_axis(graph, position) == 0
    assert map_size(graph, position, layer) == graph.steps[position].shape[1:]


def test_numbers_have_maps_of_one_cell():
    graph = trace(seeded(Residual()), (13, 17))
    assert map_size(graph, graph.position("head"), "head") == (1, 1)


@pytest.mark.parametrize("layer", ["mix", "tokens"])
def test_other_layers_are_refused(layer):
    graph = trace(seeded(Tokens()), (12, 16))
    with pytest.raises(XailabError, match="choose another layer"):
        map_size(graph, graph.position(layer), layer)
    assert map_size(graph, graph.position("back"), "back") == (6, 8)


def test_one_gray_channel_is_no_other_axis():
    module = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(2), nn.Unflatten(2, (4, 6))).double()
    graph = trace(module, (6, 8), channels=1)
    assert map_size(graph, graph.position("2"), "2") == (4, 6)
    assert torch.equal(torch.tensor(graph.steps[graph.position("2")].shape), torch.tensor([1, 4, 6]))
