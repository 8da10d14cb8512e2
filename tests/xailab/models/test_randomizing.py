"""The random control: fresh weights, same architecture, nothing else touched."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from xailab.errors import XailabError
from xailab.images import MINIBRODEN
from xailab.models.architectures import mini_alexnet
from xailab.models.network import Network
from xailab.models.randomizing import randomized, reinitialized, seeded


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    module = mini_alexnet(5)
    assert same(reinitialized(module, seed=3), reinitialized(module, seed=3))
    assert not same(reinitialized(module, seed=3), reinitialized(module, seed=4))


def test_nothing_of_the_given_weights_is_left():
    module = mini_alexnet(5)
    other = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1)
    assert same(reinitialized(module), reinitialized(other))


def test_the_given_module_and_the_global_generator_are_left_alone():
    module = mini_alexnet(5)
    before, state = copy.deepcopy(module), torch.get_rng_state()
    reinitialized(module)
    assert same(module, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_running_statistics_are_reset():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    module(torch.randn(8, 3, 5, 5) + 3)
    fresh = reinitialized(module)
    assert bool((fresh[1].running_mean == 0).all())
    assert bool((fresh[1].running_var == 1).all())
    assert fresh[1].num_batches_tracked == 0


def test_attention_draws_its_own_weights():
    module = nn.MultiheadAttention(8, 2)
    assert not same(reinitialized(module, seed=1), reinitialized(module, seed=2))


def test_a_parameter_that_no_layer_draws_is_named():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.scale = nn.Parameter(torch.ones(1))

    with pytest.raises(XailabError, match=r"cannot draw '0.scale' again: Scaled has no reset_parameters\(\)"):
        reinitialized(nn.Sequential(Scaled()))


def test_a_network_that_knows_how_it_was_built_is_built_again():
    network = Network("net", mini_alexnet(5).eval(), MINIBRODEN, 64, tuple("abcde"), build=partial(mini_alexnet, 5))
    control = randomized(network, seed=7)
    with seeded(7):
        assert same(control.module, mini_alexnet(5))
    assert control.name == "net, random weights 7"
    assert "net with weights drawn at random (seed 7)" in control.description
    assert control.classes == network.classes
    assert not control.module.training


def test_any_other_network_is_drawn_again_layer_by_layer():
    network = Network("net", mini_alexnet(5).eval(), MINIBRODEN, 64, tuple("abcde"))
    assert same(randomized(network, seed=7).module, reinitialized(network.module, seed=7))


def test_the_control_has_the_networks_precision():
    network = Network("net", mini_alexnet(5).double(), MINIBRODEN, 64, tuple("abcde"), build=partial(mini_alexnet, 5))
    assert next(randomized(network).module.parameters()).dtype == torch.double


def test_a_seeded_block_leaves_the_generator_as_it_was_even_after_an_error():
    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match=r"stop"), seeded(5):
        torch.rand(3)
        raise RuntimeError("stop")
    assert torch.equal(torch.get_rng_state(), state)
