"""The choices of a descent are checked when they are made."""

from types import SimpleNamespace

import pytest

from xailab.embedding.engine import Phase
from xailab.embedding.schedule import Descent, Exact, Interpolated


def test_the_learning_rate_is_points_over_exaggeration():
    assert Descent().phases(1200) == (Phase(100, 12.0, 0.9, 100.0), Phase(400, 1.0, 0.9, 1200.0))
    assert [phase.learning_rate for phase in Descent(learning_rate=7.0).phases(1200)] == [7.0, 7.0]
    assert Descent(late_exaggeration=4.0).phases(1200)[1] == Phase(400, 4.0, 0.9, 300.0)
    assert Descent().total == 500


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"iterations": -1}, ValueError, "iterations must be at least 0, got -1"),
        ({"exaggerated_iterations": 2.5}, TypeError, "must be a whole number, got 2.5"),
        ({"exaggeration": 0.5}, ValueError, "exaggeration must be at least 1.0"),
        ({"late_exaggeration": float("inf")}, ValueError, "late_exaggeration must be at least 1.0"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate must be above 0, or None to choose it, got 0"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
        ({"momentum": 1.0}, ValueError, "momentum must be at least 0 and below 1"),
        ({"repulsion": "fft"}, TypeError, r"repulsion must be Exact\(\), Interpolated\(\) or None, got 'fft'"),
    ],
)
def test_what_cannot_be_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        Descent.__post_init__(SimpleNamespace(**vars(Descent()) | options))  # past the tests' own check of types


def test_repulsion_is_chosen_by_an_object():
    assert Descent(repulsion=Exact()).repulsion == Exact()
    assert Interpolated().spacing == 0.25
    with pytest.raises(ValueError, match=r"spacing must be between 0.05 and 1.0, got 2.0"):
        Interpolated(spacing=2.0)
