"""Dense iterations in one compiled call are those of the twin, whatever the threads, calls and form of the matrix."""

import numba
import numpy as np
import pytest
from xailab_kernels.embedding import descent_dense, pairs
from xailab_kernels.embedding.descent_dense import descend_dense, triangle
from xailab_kernels.intrinsics.width import WIDE

from tests.kernels.embedding import maps, naive

SETTINGS = {"exaggeration": 4.0, "learning_rate": 5.0, "momentum": 0.8, "longest_step": 5.0}


def start(n, c=2, scale=1e-2):
    """Return points, velocity and gains."""
    points = maps.points(n, c, scale)
    return points, np.zeros_like(points), np.ones_like(points)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 19, 70])
def test_one_iteration_equals_the_twins(n):
    joint, state = maps.joint(n), start(n, scale=1)
    expected = naive.descend(joint, *state, iterations=1, dof=1.0, **SETTINGS)
    z = descend_dense(joint, *state, iterations=1, dof=1.0, **SETTINGS)
    for found, wanted in zip(state, expected, strict=False):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    assert z == pytest.approx(expected[3], rel=1e-6)


@pytest.mark.parametrize(("n", "c", "dof"), [(3, 2, 1.0), (70, 2, 1.0), (70, 2, 0.5), (70, 3, 1.0)])
def test_twenty_iterations_equal_the_twins(n, c, dof):
    joint, state = maps.joint(n), start(n, c)
    settings = SETTINGS | {"learning_rate": n / 12, "iterations": 20, "dof": dof}
    expected = naive.descend(joint, *state, **settings)
    z = descend_dense(joint, *state, **settings)
    # A gain depends on a sign: where a velocity or a gradient is almost zero, float32 and float64 part.
    assert maps.error(state[0], expected[0]) < 1e-4
    assert z == pytest.approx(expected[3], rel=1e-4)


@pytest.mark.parametrize("n", [300, 2100])
def test_neither_threads_nor_calls_nor_packing_change_a_bit(n):
    joint, threads, results = np.full((n, n), 1 / (n * n), np.float32), numba.get_num_threads(), []
    joint[: n // 2, : n // 2] *= 3
    packed = triangle(joint)
    try:
        for count, calls, matrix in ((1, (4,), joint), (threads, (4,), packed), (threads, (1, 3), packed)):
            numba.set_num_threads(count)
            state = start(n)
            for iterations in calls:
                z = descend_dense(matrix, *state, iterations=iterations, dof=1.0, **SETTINGS)
            results.append((*state, z))
    finally:
        numba.set_num_threads(threads)
    for result in results[1:]:
        for found, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(found, first)


@pytest.mark.skipif(not WIDE, reason="this processor has no 512-bit registers")
def test_the_loop_with_intrinsics_equals_the_plain_one():
    n, i = 70, 8
    packed, place = triangle(maps.joint(n)).values, descent_dense._places(n)[i // 4]
    coordinates, forces, _ = pairs.workspace(n, forces=4)
    coordinates[:, :n] = maps.points(n, scale=2).T
    wide, plain = forces[0].copy(), forces[0].copy()
    kernels = (descent_dense._meet_wide, wide), (descent_dense._meet_plain, plain)
    totals = [kernel(packed, place, pairs.columns_from(n, i), coordinates, i, out) for kernel, out in kernels]
    np.testing.assert_allclose(wide[:, :n], plain[:, :n], rtol=0, atol=1e-6 * np.abs(plain).max())
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


def test_a_long_row_equals_the_twin_from_the_first_iteration_on():
    joint, state = maps.joint(700), start(700, scale=1e-4)
    expected = naive.descend(joint, *state, iterations=2, dof=1.0, **SETTINGS)
    descend_dense(joint, *state, iterations=2, dof=1.0, **SETTINGS)
    assert maps.error(state[0], expected[0]) < 1e-4


def test_points_at_the_same_place_stay_finite():
    joint, state = maps.joint(40), start(40)
    state[0][:20] = 0
    descend_dense(joint, *state, iterations=10, dof=1.0, **SETTINGS)
    assert np.isfinite(state[0]).all()


@pytest.mark.parametrize(
    ("joint", "error", "message"),
    [
        (maps.joint(9), ValueError, "joint must be of 10 points, as they are, got 9"),
        (triangle(maps.joint(9)), ValueError, "joint must be of 10 points, as they are, got 9"),
        (maps.joint(10).astype(np.float64), TypeError, "joint must be float32, got float64"),
        (maps.joint(10)[:9], ValueError, r"joint must be a square matrix of at least 2 points, got shape \(9, 10\)"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(joint, error, message):
    with pytest.raises(error, match=message):
        descend_dense(joint, *start(10), iterations=1, dof=1.0, **SETTINGS)
