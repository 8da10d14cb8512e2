"""Iterations in one compiled call are iterations of the parts, and of the twin."""

import numba
import numpy as np
import pytest
from xailab_kernels.embedding import attraction, descent, repulsion
from xailab_kernels.embedding.descent_sparse import descend_sparse

from tests.kernels.embedding import maps, naive

SETTINGS = {"exaggeration": 4.0, "learning_rate": 5.0, "momentum": 0.8, "longest_step": 5.0}


def start(n, c=2, scale=1e-2):
    """Return points, velocity and gains."""
    points = maps.points(n, c, scale)
    return points, np.zeros_like(points), np.ones_like(points)


@pytest.mark.parametrize(("n", "c", "dof"), [(3, 2, 1.0), (60, 2, 1.0), (60, 2, 0.5), (60, 3, 1.0)])
def test_twenty_iterations_equal_the_twins(n, c, dof):
    joint, state = maps.joint(n, share=0.3), start(n, c)
    settings = SETTINGS | {"learning_rate": n / 12, "iterations": 20, "dof": dof}
    expected = naive.descend(joint, *state, **settings)
    z = descend_sparse(maps.edges(joint), *state, **settings)
    # A gain depends on a sign: where a velocity or a gradient is almost zero, float32 and float64 part.
    assert maps.error(state[0], expected[0]) < 1e-4
    assert z == pytest.approx(expected[3], rel=1e-4)


def test_one_compiled_call_equals_the_parts():
    n = 200
    edges, state, parts = maps.edges(maps.joint(n, share=0.2)), start(n), start(n)
    z = descend_sparse(edges, *state, iterations=20, dof=1.0, **SETTINGS)
    for _ in range(20):
        attractive = attraction.attract(edges, parts[0], 1.0)
        repulsive, last = repulsion.repel(parts[0], 1.0)
        descent.step(*parts, attractive, repulsive, last, **SETTINGS)
    # The same sums, which the compiler may order otherwise.
    assert maps.error(state[0], parts[0]) < 1e-4
    assert z == pytest.approx(last, rel=1e-4)


@pytest.mark.parametrize("n", [500, 2100])
def test_neither_threads_nor_calls_change_a_bit(n):
    edges, threads, results = maps.edges(maps.joint(n, share=0.02)), numba.get_num_threads(), []
    try:
        for count, calls in {(1, (6,)), (threads, (6,)), (threads, (2, 3, 1))}:
            numba.set_num_threads(count)
            state = start(n)
            for iterations in calls:
                z = descend_sparse(edges, *state, iterations=iterations, dof=1.0, **SETTINGS)
            results.append((*state, z))
    finally:
        numba.set_num_threads(threads)
    for result in results[1:]:
        for found, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(found, first)


def test_points_at_the_same_place_stay_finite():
    joint, state = maps.joint(40, share=0.5), start(40)
    state[0][:20] = 0
    descend_sparse(maps.edges(joint), *state, iterations=10, dof=1.0, **SETTINGS)
    assert np.isfinite(state[0]).all()
    assert np.isfinite(state[1]).all()


def test_the_divergence_falls():
    joint, state = maps.joint(100, share=0.1), start(100)
    before = naive.divergence(joint, state[0])
    settings = SETTINGS | {"exaggeration": 1.0, "learning_rate": 100 / 12}
    descend_sparse(maps.edges(joint), *state, iterations=200, dof=1.0, **settings)
    assert naive.divergence(joint, state[0]) < 0.6 * before  # random weights cannot be drawn well
    assert np.abs(state[0].astype(np.float64).mean(0)).max() < 1e-6 * np.abs(state[0]).max()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iterations": 0}, "iterations must be at least 1, got 0"),
        ({"exaggeration": 0.0}, "exaggeration must be above 0"),
        ({"learning_rate": np.nan}, "learning_rate must be above 0"),
        ({"longest_step": -1.0}, "longest_step must be above 0"),
        ({"momentum": 1.0}, r"momentum must lie in \[0, 1\), got 1.0"),
        ({"dof": 0.0}, "dof must be above 0"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    settings = SETTINGS | {"iterations": 1, "dof": 1.0} | change
    with pytest.raises(ValueError, match=message):
        descend_sparse(maps.edges(maps.joint(10)), *start(10), **settings)


def test_edges_of_other_points_are_refused():
    with pytest.raises(ValueError, match="edges of 10 points do not fit 9 points"):
        descend_sparse(maps.edges(maps.joint(10)), *start(9), iterations=1, dof=1.0, **SETTINGS)
