"""Views are cuts through one block of activations."""

import pytest
import torch
from torch import nn

from tests.toys import PLAIN, Boxes, watcher
from xailab import hooks
from xailab.errors import UnknownName, XailabError
from xailab.inspection import maps_of, neuron, spatial_view, strength, strongest_units, unit_map
from xailab.models.network import Network

CUBE = torch.tensor([[[0.0, 1.0], [2.0, 3.0]], [[5.0, 1.0], [0.0, -4.0]], [[0.0, 1.0], [0.0, 0.0]]])


def test_the_three_views_cut_the_same_cube() -> None:
    assert neuron(CUBE, 1, 0, 0) == 5
    assert unit_map(CUBE, 1).tolist() == [[5, 1], [0, -4]]
    view = spatial_view(CUBE, 1, 1, count=2)
    assert (view.units.tolist(), view.values.tolist(), view.on) == ([0, 2], [3, 0], 1)
    assert strength(CUBE)[1].tolist() == [2, 5]


def test_equal_units_come_in_the_order_of_their_numbers() -> None:
    assert spatial_view(CUBE, 0, 1, count=9).units.tolist() == [0, 1, 2]
    assert strongest_units(CUBE, count=3) == [1, 0, 2]
    assert strongest_units(torch.zeros(3, 1, 1), count=2) == [0, 1]


def test_maps_are_what_the_network_gives_in_evaluation_mode_and_its_mode_stays() -> None:
    network, image = watcher(), Boxes(1).images[0]
    network.module.train()
    found = maps_of(network, image, ["0", "3"])
    assert network.module.training
    expected = hooks.activations(network.module, image[None], ["0", "3"])
    assert torch.allclose(found["0"], expected["0"][0], atol=1e-6)
    assert found["3"].shape == (2, 1, 1)  # a layer without maps is one cell
    assert maps_of(network, torch.zeros(3, 9, 31), "0")["0"].shape == (5, 8, 8)  # resized, also if it is not square


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: neuron(CUBE, 3, 0, 0), r"no unit 3: there are 3, counted from 0"),
        (lambda: unit_map(CUBE, -1), r"no unit -1"),
        (lambda: neuron(CUBE, 0, 2, 0), r"no cell \(2, 0\): the map has 2 x 2"),
        (lambda: spatial_view(CUBE, 0, 0, count=0), r"count must be at least 1 unit, got 0"),
        (lambda: strongest_units(CUBE[:, :0], count=1), r"maps of 0 x 2 cells have no maximum"),
        (lambda: maps_of(watcher(), torch.zeros(3, 16, 16), "0", image_size=4), r"cannot take images of 4 x 4 pixels"),
    ],
)
def test_what_is_not_there_is_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(XailabError, match=message):
        call()


def test_a_misspelt_layer_and_a_layer_of_tokens_are_refused() -> None:
    with pytest.raises(UnknownName, match="no layer"):
        maps_of(watcher(), torch.zeros(3, 16, 16), "conv")
    tokens = Network("tokens", nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.Flatten(2)), PLAIN, 16, ())
    with pytest.raises(XailabError, match=r"layer '1' gives 4 x 16 for an image, expected one map or one number"):
        maps_of(tokens, torch.zeros(3, 16, 16), "1")
