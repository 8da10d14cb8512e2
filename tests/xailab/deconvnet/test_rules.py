"""The three rules are those of the papers, with their numbers."""

import pytest
import torch
from torch.nn import functional

from xailab.deconvnet import RULES, deconv, gradient, guided

# Springenberg et al. 2015, fig. 1 b.
FORWARD = torch.tensor([[1.0, -1, 5], [2, -5, -7], [-3, 2, 4]])
SIGNAL = torch.tensor([[-2.0, 3, -1], [6, -3, 1], [2, -1, 3]])
EXPECTED = {
    "gradient": [[-2, 0, -1], [6, 0, 0], [0, -1, 3]],
    "deconv": [[0, 3, 0], [6, 0, 1], [2, 0, 3]],
    "guided": [[0, 0, 0], [6, 0, 0], [0, 0, 3]],
}


@pytest.mark.parametrize("name", RULES)
def test_the_example_of_springenberg(name):
    assert RULES[name](SIGNAL, functional.relu(FORWARD)).tolist() == EXPECTED[name]


@pytest.mark.parametrize("name", RULES)
def test_rules_change_nothing_in_place(name):
    signal, output = SIGNAL.clone(), functional.relu(FORWARD)
    RULES[name](signal, output)
    assert torch.equal(signal, SIGNAL)
    assert torch.equal(output, functional.relu(FORWARD))


@pytest.mark.parametrize("name", RULES)
def test_nan_is_not_hidden(name):
    assert RULES[name](torch.tensor([torch.nan]), torch.tensor([1.0])).isnan().all()


def test_guided_is_both_rules_after_one_another():
    output = functional.relu(FORWARD)
    assert torch.equal(guided(SIGNAL, output), deconv(gradient(SIGNAL, output), output))
    assert torch.equal(guided(SIGNAL, output), gradient(deconv(SIGNAL, output), output))


def test_an_active_relu_with_a_positive_signal_is_passed_by_all():
    signal, output = SIGNAL.abs(), FORWARD.abs()
    assert all(torch.equal(rule(signal, output), signal) for rule in RULES.values())
