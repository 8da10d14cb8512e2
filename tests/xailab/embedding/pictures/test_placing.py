"""Turning, fitting and choosing places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xailab.embedding.pictures.classes import Classes
from xailab.embedding.pictures.placing import aligned, anchors, checked, fitted, without_overlap

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("mirrored", [1, -1])
def test_alignment_undoes_turning_and_mirroring_and_keeps_distances(mirrored: int) -> None:
    onto = RNG.standard_normal((50, 2))
    turned = onto @ np.array([[0.6, -0.8], [0.8, 0.6]]) * (mirrored, 1) + 7
    found = aligned(turned * 3, onto)
    np.testing.assert_allclose(found / 3, onto - onto.mean(0), atol=1e-12)


def test_alignment_needs_the_same_points() -> None:
    with pytest.raises(ValueError, match="got 3 and 4 points"):
        aligned(np.zeros((3, 2)), np.zeros((4, 2)))


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.zeros((4, 3)), "n x 2 with n >= 1, got 4 x 3"),
        (np.zeros((0, 2)), "got 0 x 2"),
        (np.array([[0, 0], [0, np.nan], [np.inf, 1]]), "in 2 points, the first is point 1"),
    ],
)
def test_what_is_no_map_is_refused(points: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked(points)


def test_a_map_fits_into_its_canvas_with_one_scale_and_y_up() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]])
    places = fitted(points, (200, 300), margin=50)
    np.testing.assert_allclose(places, [[50, 175], [150, 175], [150, 125]])
    np.testing.assert_allclose(fitted(np.ones((3, 2)), (200, 300)), [[100, 150]] * 3)
    with pytest.raises(ValueError, match="no room"):
        fitted(points, (100, 100), margin=50)


@given(st.integers(1, 120), st.floats(0.02, 2.0), st.integers(0, 1000))
def test_chosen_squares_do_not_overlap_and_no_other_fits(count: int, side: float, seed: int) -> None:
    places = np.random.default_rng(seed).uniform(-1, 1, (count, 2))
    chosen = without_overlap(places, side)
    apart = np.abs(places[chosen][:, None] - places[None]).max(2)
    assert (apart[:, chosen] + np.diag([np.inf] * len(chosen)) >= side).all()
    rest = np.setdiff1d(np.arange(count), chosen)
    assert (apart[:, rest].min(0) < side).all() if len(rest) else True


def test_who_is_asked_first_is_chosen() -> None:
    places = np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]])
    assert without_overlap(places, 0.8).tolist() == [0, 2]
    assert without_overlap(places, 0.8, order=[1, 0, 2]).tolist() == [1]
    with pytest.raises(ValueError, match="must be positive, got 0"):
        without_overlap(places, 0)


def test_the_name_of_a_class_in_two_groups_stands_in_the_denser_one() -> None:
    dense, loose = RNG.standard_normal((60, 2)) * 0.1, RNG.standard_normal((40, 2)) * 0.1 + 10
    found = anchors(np.concatenate([dense, loose]), Classes(("a",), np.zeros(100, np.int64)))
    assert np.linalg.norm(found[0]) < 0.2


def test_a_class_of_very_few_points_is_not_named() -> None:
    rare = Classes(("a", "b"), np.array([0] * 399 + [1]))
    assert set(anchors(RNG.standard_normal((400, 2)), rare)) == {0}
