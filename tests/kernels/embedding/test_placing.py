"""New points in a map: where they begin, where they end, and that each is alone."""

import numba
import numpy as np
import pytest
from xailab_kernels.embedding.placing import place

RNG = np.random.default_rng(0)


def drawn(dimensions=2, n=60, m=7, k=5):
    points = (RNG.normal(size=(n, dimensions)) * 10).astype(np.float32)
    index = np.stack([RNG.choice(n, k, replace=False) for _ in range(m)]).astype(np.int32)
    return RNG.dirichlet(np.ones(k), m).astype(np.float32), index, points


def gradient(weights, index, points, place, dof):
    """Half the gradient of KL(p||q) of one point, in float64, and the size of its two parts."""
    points = points.astype(np.float64)
    apart = place - points
    w = 1 / (1 + (apart**2).sum(1) / dof)
    kernel = w**dof
    pull = ((weights * w[index])[:, None] * apart[index]).sum(0)
    push = ((kernel * w)[:, None] * apart).sum(0) / kernel.sum()
    return pull - push, np.linalg.norm(pull) + np.linalg.norm(push)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_points_begin_at_the_weighted_mean(dimensions):
    weights, index, points = drawn(dimensions)
    expected = (weights[:, :, None] * points[index]).sum(1)
    np.testing.assert_allclose(place(weights, index, points, iterations=0, dof=1.0), expected, atol=1e-5)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("dof", [0.5, 1.0, 4.0])
def test_points_end_where_the_forces_balance(dimensions, dof):
    weights, index, points = drawn(dimensions)
    places = place(weights, index, points, iterations=300, dof=dof)
    left = []
    for i in range(len(places)):
        force, size = gradient(weights[i], index[i], points, places[i].astype(np.float64), dof)
        left.append(np.linalg.norm(force) / size)
    assert np.median(left) < 1e-5
    assert max(left) < 1e-2  # neighbors drawn at random lie far apart: some points hesitate long


def test_each_point_is_placed_by_itself_on_any_number_of_threads():
    weights, index, points = drawn(m=40)
    together = place(weights, index, points, iterations=50, dof=1.0)
    alone = np.concatenate(
        [place(weights[i : i + 1], index[i : i + 1], points, iterations=50, dof=1.0) for i in range(40)]
    )
    np.testing.assert_array_equal(together, alone)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        np.testing.assert_array_equal(place(weights, index, points, iterations=50, dof=1.0), together)
    finally:
        numba.set_num_threads(before)


def test_no_new_points_and_neighbors_in_one_place():
    weights, index, points = drawn()
    assert place(weights[:0], index[:0], points, iterations=5, dof=1.0).shape == (0, 2)
    assert np.isfinite(place(weights, index, np.zeros_like(points), iterations=5, dof=1.0)).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weights": np.ones((7, 5))}, TypeError, "weights must be float32 and index int32, got float64 and int32"),
        ({"weights": np.ones((7, 4), np.float32)}, ValueError, r"same shape \(m, k\), got \(7, 4\) and \(7, 5\)"),
        ({"index": np.full((7, 5), 60, np.int32)}, ValueError, r"index must be in 0..59, got 60..60"),
        ({"index": np.full((7, 5), -1, np.int32)}, ValueError, r"got -1..-1"),
        ({"iterations": -1}, ValueError, "iterations must be at least 0, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message):
    weights, index, points = drawn()
    arguments = {"weights": weights, "index": index, "points": points, "iterations": 1, "dof": 1.0} | change
    with pytest.raises(error, match=message):
        place(**arguments)
