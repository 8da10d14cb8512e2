"""The numbers of a run: checked, printed whole, and the schedule that follows from them."""

import pytest
import torch
from torch.nn import functional

from xailab.training.recipe import Recipe, learning_rate, stream

RECIPE = Recipe(functional.cross_entropy, 10, peak_rate=1.0, warmup=0.1)


def test_the_learning_rate_rises_and_then_falls_to_zero():
    assert learning_rate(RECIPE, 0.0) == 0
    assert learning_rate(RECIPE, 0.05) == pytest.approx(0.5 * 0.95)
    assert learning_rate(RECIPE, 0.1) == pytest.approx(0.9)
    assert learning_rate(RECIPE, 0.5) == pytest.approx(0.5)
    assert learning_rate(RECIPE, 1.0) == 0


def test_without_a_warm_up_it_starts_at_its_peak():
    assert learning_rate(Recipe(functional.cross_entropy, 1, peak_rate=2.0, warmup=0.0), 0.0) == 2.0


def test_all_numbers_stand_in_its_text():
    assert str(Recipe(functional.cross_entropy, 3, seed=5)) == (
        "loss=cross_entropy, epochs=3, seed=5, conv5=128, batch_size=64, peak_rate=0.002, warmup=0.03, "
        "weight_decay=0.02, dropout=0.1, jitter=0.3"
    )


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"epochs": 0}, "epochs, conv5 and batch_size must be at least 1"),
        ({"batch_size": 0}, "epochs, conv5 and batch_size must be at least 1"),
        ({"dropout": 1.0}, r"dropout and warmup must be in \[0, 1\)"),
        ({"jitter": 1.5}, r"jitter in \[0, 1\]"),
        ({"peak_rate": 0.0}, "peak_rate must be positive"),
        ({"weight_decay": -1.0}, "weight_decay not negative"),
    ],
)
def test_impossible_numbers_are_refused(numbers, words):
    with pytest.raises(ValueError, match=words):
        Recipe(functional.cross_entropy, **{"epochs": 1, **numbers})


def test_a_stream_depends_on_seed_purpose_and_number_only():
    draw = lambda *key: torch.rand(4, generator=stream(*key)).tolist()  # noqa: E731
    assert draw(0, "order", 1) == draw(0, "order", 1)
    assert (
        len({tuple(draw(*key)) for key in [(0, "order", 1), (1, "order", 1), (0, "augment", 1), (0, "order", 2)]}) == 4
    )
