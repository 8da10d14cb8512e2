"""Scores by hand."""

import pytest
import torch

from xailab.training.scores import accuracy, mean_average_precision


def test_accuracy_is_the_fraction_of_right_answers():
    logits = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [0.0, 3.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 1])) == {"accuracy": 0.75}


def test_average_precision_by_hand():
    scores = torch.arange(10.0, 0, -1)[:, None]
    targets = torch.tensor([1, 1, 0, 1, 0, 0, 1, 0, 0, 1.0])[:, None]
    by_hand = (1 / 1 + 2 / 2 + 3 / 4 + 4 / 7 + 5 / 10) / 5  # precision at each positive, averaged
    assert mean_average_precision(scores, targets)["mean average precision"] == pytest.approx(by_hand)


def test_a_perfect_order_gives_one_and_rare_tags_are_left_out():
    targets = torch.zeros(20, 3)
    targets[:10, 0] = 1
    targets[:4, 1] = 1  # too few
    targets[:, 2] = 1  # nothing to tell apart
    logits = torch.cat([targets[:, :1], torch.randn(20, 2)], 1)
    assert mean_average_precision(logits, targets) == {"mean average precision": 1.0}


def test_without_tags_to_judge_the_mean_is_zero():
    assert mean_average_precision(torch.zeros(3, 1), torch.zeros(3, 1)) == {"mean average precision": 0.0}
