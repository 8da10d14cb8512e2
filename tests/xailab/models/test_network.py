"""The record of a network, and its layers."""

import pickle
from functools import partial

import pytest

from xailab.images import MINIBRODEN
from xailab.models.architectures import mini_alexnet
from xailab.models.network import Layer, Network, layer_shapes


@pytest.fixture
def network():
    return Network("net", mini_alexnet(2).eval(), MINIBRODEN, 64, ("cat", "dog"), build=partial(mini_alexnet, 2))


def test_layers_are_listed_with_the_shape_for_one_image(network):
    layers = {layer.name: layer for layer in layer_shapes(network)}
    assert layers["conv5"].shape == layers["conv5.conv"].shape == (128, 8, 8)
    assert layers["logits"] == Layer("logits", (2,))
    assert layers["conv1"].spatial
    assert not layers["fc6"].spatial


def test_parameters_are_counted(network):
    assert network.parameters == sum(p.numel() for p in network.module.parameters())


def test_a_network_can_be_sent_to_another_process(network):
    copy = pickle.loads(pickle.dumps(network))
    assert copy.classes == network.classes
    assert copy.build().state_dict().keys() == network.module.state_dict().keys()
