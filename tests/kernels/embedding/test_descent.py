"""A step follows the rule of xailab/embedding/engine.py; the forces are the gradient of the divergence."""

import numba
import numpy as np
import pytest
from xailab_kernels.embedding import attraction, descent, repulsion

from tests.kernels.embedding import maps, naive

SETTINGS = {"exaggeration": 12.0, "learning_rate": 3.0, "momentum": 0.8, "longest_step": 5.0}


def state(n, c, seed=0):
    """Return points, velocity, gains, attraction and repulsion."""
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal((n, c)).astype(np.float32) for _ in range(5)]
    arrays[2] = np.abs(arrays[2]) + np.float32(0.1)
    return arrays


@pytest.mark.parametrize("c", [2, 3])
@pytest.mark.parametrize("n", [2, 77, 9000])
@pytest.mark.parametrize("longest_step", [0.5, 50.0, 1e6])
def test_a_step_equals_the_twins(n, c, longest_step):
    arrays, settings = state(n, c), SETTINGS | {"longest_step": longest_step}
    expected = naive.step(*arrays, 7.5, **settings)
    bounds = descent.step(*arrays, 7.5, **settings)
    for found, wanted in zip(arrays, expected, strict=False):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-6 * np.abs(wanted).max())
    np.testing.assert_array_equal(bounds[::2], arrays[0].min(0))
    np.testing.assert_array_equal(bounds[1::2], arrays[0].max(0))


def test_a_velocity_that_is_short_enough_is_left_as_it_is():
    arrays = state(50, 2)
    arrays[3][:] = arrays[4][:] = 0
    before = arrays[1].copy()
    descent.step(*arrays, 1.0, **(SETTINGS | {"momentum": 0.5}))
    np.testing.assert_array_equal(arrays[1], before / 2)


def test_the_number_of_threads_changes_no_bit_of_a_step():
    n, threads, results = 300_000, numba.get_num_threads(), []
    try:
        for count in {1, threads}:
            numba.set_num_threads(count)
            arrays = state(n, 2)
            results.append([descent.step(*arrays, 3.0, **SETTINGS), *arrays])
    finally:
        numba.set_num_threads(threads)
    for result in results[1:]:
        for found, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(found, first)


@pytest.mark.parametrize("dof", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("c", [2, 3])
def test_the_forces_are_the_gradient(c, dof):
    joint, points = maps.joint(12), maps.points(12, c)
    repulsive, z = repulsion.repel(points, dof)
    found = 4 * (attraction.attract(maps.edges(joint), points, dof) - repulsive / z)
    assert maps.error(found, naive.gradient(joint, points, dof)) < 1e-5
    step, slopes = 1e-5, np.zeros(points.shape)
    for place in np.ndindex(*points.shape):
        ends = [points.astype(np.float64) for _ in range(2)]
        ends[0][place] -= step
        ends[1][place] += step
        low, high = (naive.divergence(joint, end, dof) for end in ends)
        slopes[place] = (high - low) / (2 * step)
    # A joint matrix in float32 does not sum to 1 exactly, which the closed form takes for granted.
    assert maps.error(found, slopes) < 1e-5


def test_the_divergence_is_made_of_the_parts_that_the_kernels_give():
    joint, points = maps.joint(100), maps.points(100, scale=5)
    entropy = (joint[joint > 0].astype(np.float64) * np.log(joint[joint > 0].astype(np.float64))).sum()
    z = repulsion.normalization(points.astype(np.float64), 1.0)
    found = entropy + attraction.cross_term(maps.edges(joint), points, 1.0) + np.log(z)
    assert found == pytest.approx(naive.divergence(joint, points), rel=1e-6)  # the sum of the joint matrix again


@pytest.mark.parametrize(
    ("place", "array", "error", "message"),
    [
        (1, np.zeros((5, 3), np.float32), ValueError, r"velocity must have the shape of the points, \(5, 2\)"),
        (2, np.zeros((5, 2)), TypeError, "gains must be float32, got float64"),
        (0, np.zeros((2, 5), np.float32).T, ValueError, "points changes in place: it must be C-contiguous"),
        (3, np.zeros((6, 2), np.float32), ValueError, "attraction must have the shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(place, array, error, message):
    arrays = state(5, 2)
    arrays[place] = array
    with pytest.raises(error, match=message):
        descent.step(*arrays, 1.0, **SETTINGS)
