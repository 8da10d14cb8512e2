"""Folding changes the layers and not the function."""

import copy

import pytest
import torch
from torch import nn

from xailab.models.architectures import mini_alexnet
from xailab.models.folding import folded


def trained_a_little() -> nn.Sequential:
    torch.manual_seed(0)
    network = mini_alexnet(12, batch_norm=True, dropout=0.3)
    for _ in range(5):
        network(torch.randn(16, 3, 64, 64) * 2 + 1)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, -2, 2)
            nn.init.uniform_(layer.bias, -1, 1)
    return network.eval()


def test_the_folded_network_gives_the_same_logits():
    network = trained_a_little()
    images = torch.randn(4, 3, 64, 64)
    torch.testing.assert_close(folded(network)(images), network(images), rtol=1e-4, atol=1e-5)


def test_in_double_precision_the_outputs_agree_to_its_rounding():
    network = trained_a_little().double()
    images = torch.randn(4, 3, 64, 64, dtype=torch.double)
    torch.testing.assert_close(folded(network)(images), network(images), rtol=1e-12, atol=1e-12)


def test_only_layers_that_relevance_rules_know_are_left():
    kinds = {type(layer) for layer in folded(trained_a_little()).modules()}
    assert kinds == {nn.Sequential, nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Linear}


def test_the_given_network_is_not_changed():
    network = trained_a_little().train()
    before = copy.deepcopy(network.state_dict())
    assert not folded(network).training
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_one_convolution_with_a_bias_by_hand():
    convolution, norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)
    nn.init.constant_(convolution.weight, 3.0)
    nn.init.constant_(convolution.bias, 1.0)
    norm.running_mean.fill_(5.0)
    norm.running_var.fill_(4.0)
    nn.init.constant_(norm.weight, 10.0)
    nn.init.constant_(norm.bias, 7.0)
    merged = folded(nn.Sequential(convolution, norm))
    assert len(merged) == 1
    assert merged[0].weight.item() == 15.0  # 10 / 2 * 3
    assert merged[0].bias.item() == -13.0  # 10 / 2 * (1 - 5) + 7


def test_a_batch_norm_without_weights_of_its_own_is_folded_too():
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3, affine=False))
    network(torch.randn(8, 2, 4, 4))
    images = torch.randn(2, 2, 4, 4)
    torch.testing.assert_close(folded(network)(images), network.eval()(images))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (nn.Sequential(nn.BatchNorm2d(3)), "cannot fold 0: expected a convolution right before it .*got NoneType"),
        (
            nn.Sequential(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.BatchNorm2d(3))),
            "cannot fold 0.2: .*got ReLU and track_running_stats=True",
        ),
        (
            nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, track_running_stats=False)),
            "cannot fold 1: .*got Conv2d and track_running_stats=False",
        ),
    ],
)
def test_a_batch_norm_that_cannot_be_folded_is_named(network, words):
    with pytest.raises(ValueError, match=words):
        folded(network)
