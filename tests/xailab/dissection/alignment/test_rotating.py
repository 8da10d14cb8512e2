"""Rotations: orthogonal, evenly drawn, and with powers that behave like powers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xailab.dissection.alignment import fractional_rotation, permutation, plane_angles, random_rotation

SEEDS = st.integers(0, 2**32 - 1)


def turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def blocks(*parts: np.ndarray) -> np.ndarray:
    size = sum(len(part) for part in parts)
    matrix, at = np.zeros((size, size)), 0
    for part in parts:
        matrix[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return matrix


@given(st.integers(1, 40), SEEDS)
def test_a_random_rotation_is_orthogonal_with_determinant_one(units: int, seed: int) -> None:
    q = random_rotation(units, np.random.default_rng(seed))
    np.testing.assert_allclose(q @ q.T, np.eye(units), atol=1e-12)
    assert np.linalg.det(q) == pytest.approx(1, abs=1e-9)


def test_random_rotations_are_evenly_distributed() -> None:
    """Moments of Haar measure on SO(4): E tr Q = 0, E (tr Q)^2 = 1, E q_ij = 0, E q_ij^2 = 1/4, at 4 sigma."""
    rng = np.random.default_rng(0)
    draws = np.stack([random_rotation(4, rng) for _ in range(4000)])
    traces = draws.trace(axis1=1, axis2=2)
    assert abs(traces.mean()) < 4 / 4000**0.5
    assert abs((traces**2).mean() - 1) < 4 * (traces**2).std() / 4000**0.5
    assert np.abs(draws.mean(0)).max() < 4 * 0.5 / 4000**0.5
    assert np.abs((draws**2).mean(0) - 0.25).max() < 4 * (draws**2).std() / 4000**0.5


def test_the_angles_of_plane_rotations_are_evenly_distributed() -> None:
    rng = np.random.default_rng(1)
    draws = [random_rotation(2, rng) for _ in range(2000)]
    angles = np.sort([np.arctan2(q[1, 0], q[0, 0]) for q in draws]) / (2 * np.pi) + 0.5
    distance = np.abs(angles - (np.arange(2000) + 0.5) / 2000).max()
    assert distance < 1.63 / 2000**0.5  # Kolmogorov and Smirnov, one percent


def test_the_same_generator_gives_the_same_rotation() -> None:
    one, other = (random_rotation(6, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 1.0, -1.0, 2.0])
@pytest.mark.parametrize("angle", [0.3, -2.9, np.pi / 2, 3.0])
def test_in_the_plane_the_angle_is_multiplied(angle: float, alpha: float) -> None:
    np.testing.assert_allclose(fractional_rotation(turn(angle), alpha), turn(alpha * angle), atol=1e-12)


@given(st.integers(1, 24), SEEDS, st.floats(-1, 2), st.floats(-1, 2))
def test_powers_add_up_and_stay_rotations(units: int, seed: int, one: float, other: float) -> None:
    q = random_rotation(units, np.random.default_rng(seed))
    part = fractional_rotation(q, one)
    np.testing.assert_allclose(part @ part.T, np.eye(units), atol=1e-10)
    assert np.linalg.det(part) == pytest.approx(1, abs=1e-8)
    np.testing.assert_allclose(part @ fractional_rotation(q, other), fractional_rotation(q, one + other), atol=1e-9)


@given(st.integers(1, 24), SEEDS)
def test_power_nought_is_nothing_one_is_all_and_half_twice_is_all(units: int, seed: int) -> None:
    q = random_rotation(units, np.random.default_rng(seed))
    half = fractional_rotation(q, 0.5)
    np.testing.assert_allclose(fractional_rotation(q, 0), np.eye(units), atol=1e-12)
    np.testing.assert_allclose(fractional_rotation(q, 1), q, atol=1e-11)
    np.testing.assert_allclose(half @ half, q, atol=1e-11)
    np.testing.assert_allclose(fractional_rotation(q, -1), q.T, atol=1e-11)


@pytest.mark.parametrize(
    "plain",
    [
        np.diag([-1.0, -1.0]),
        np.diag([-1.0, 1.0, -1.0]),
        -np.eye(6),
        blocks(turn(1.0), -np.eye(2), np.eye(1)),
        blocks(turn(0.7), turn(0.7), turn(-0.7)),
        blocks(turn(np.pi - 1e-9), turn(1e-9)),
        np.eye(5)[[1, 0, 3, 2, 4]],
        np.eye(5)[[1, 2, 3, 4, 0]],
    ],
)
@pytest.mark.parametrize("mixed", [False, True])
def test_half_turns_and_equal_angles_have_roots_too(plain: np.ndarray, mixed: bool) -> None:
    basis = random_rotation(len(plain), np.random.default_rng(5)) if mixed else np.eye(len(plain))
    q = basis @ plain @ basis.T
    half = fractional_rotation(q, 0.5)
    np.testing.assert_allclose(half @ half, q, atol=1e-8)
    np.testing.assert_allclose(half @ half.T, np.eye(len(q)), atol=1e-10)
    assert np.linalg.det(half) == pytest.approx(1, abs=1e-9)


def test_the_way_is_the_shortest() -> None:
    """No plane is turned by more than pi, so that every part turns each plane by its part of that angle."""
    q = random_rotation(20, np.random.default_rng(2))
    np.testing.assert_allclose(plane_angles(fractional_rotation(q, 0.25)), 0.25 * plane_angles(q), atol=1e-9)


def test_the_angles_are_those_of_the_planes() -> None:
    basis = random_rotation(7, np.random.default_rng(0))
    q = basis @ blocks(turn(0.5), turn(-2.0), np.eye(1), -np.eye(2)) @ basis.T
    np.testing.assert_allclose(plane_angles(q), [np.pi, 2.0, 0.5], atol=1e-7)
    assert plane_angles(np.eye(3)).tolist() == []


def test_what_is_no_rotation_is_refused() -> None:
    with pytest.raises(ValueError, match="units must be at least 1, got 0"):
        random_rotation(0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="reflection"):
        fractional_rotation(np.diag([1.0, -1.0]), 0.5)
    with pytest.raises(ValueError, match=r"Q Q\^T is 3 away from the identity"):
        fractional_rotation(2 * np.eye(2), 0.5)
    with pytest.raises(ValueError, match="orthogonal"):
        plane_angles(np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="alpha must be a finite number"):
        fractional_rotation(np.eye(2), np.inf)


def test_a_permutation_puts_units_where_the_order_says() -> None:
    order = np.array([2, 0, 1])
    np.testing.assert_array_equal(permutation(order) @ np.array([10.0, 11.0, 12.0]), [12.0, 10.0, 11.0])
    with pytest.raises(ValueError, match=r"each of 0 \.\.\. 2 once, got \[0, 0, 2\]"):
        permutation(np.array([0, 0, 2]))
