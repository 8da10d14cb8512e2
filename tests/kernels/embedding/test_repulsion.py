"""Repulsion is the twin's sum over all pairs, from the first iteration's tiny maps to wide ones."""

import numba
import numpy as np
import pytest
from xailab_kernels.embedding import pairs, repulsion
from xailab_kernels.intrinsics.width import WIDE

from tests.kernels.embedding import maps, naive


@pytest.mark.parametrize("dof", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("c", [2, 3])
@pytest.mark.parametrize("n", [2, 3, 5, 19, 300])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 60.0])
def test_forces_and_z_equal_the_twins(n, scale, c, dof):
    points = maps.points(n, c, scale)
    forces, z = repulsion.repel(points, dof)
    expected, expected_z = naive.repel(points, dof)
    assert forces.dtype == np.float32
    assert maps.error(forces, expected) < 3e-6
    assert z == pytest.approx(expected_z, rel=3e-6)


def test_many_points_at_the_scale_of_the_start_keep_their_digits():
    n = 5000
    points = maps.points(n, scale=1e-4)
    forces, z = repulsion.repel(points, 1.0)
    y = points.astype(np.float64)
    # (1 + d^2)^-2 = 1 - 2 d^2 + O(d^4), and d^4 is 1e-15 here: the sum over j of y_i - y_j with it, by moments.
    square = (y**2).sum(1)
    plain = n * y - y.sum(0)
    expected = plain - 2 * (
        (n * square + square.sum() - 2 * y @ y.sum(0))[:, None] * y
        - (square[:, None] * y.sum(0) + (square @ y) - 2 * y @ (y.T @ y))
    )
    assert maps.error(forces, expected) < 1e-6
    assert z == pytest.approx(n * (n - 1), rel=1e-6)
    assert repulsion.normalization(y, 1.0) == pytest.approx(
        n * (n - 1) - 2 * (n * square.sum() - y.sum(0) @ y.sum(0)), rel=1e-14
    )


def test_several_columns_of_points_equal_the_twin():
    points = maps.points(2100, scale=30)
    forces, z = repulsion.repel(points, 1.0)
    some = np.r_[:40, 2060:2100]
    apart = points[some, None].astype(np.float64) - points
    k = 1 / (1 + (apart**2).sum(-1))
    assert maps.error(forces[some], ((k**2)[..., None] * apart).sum(1)) < 2e-6
    assert z == pytest.approx(repulsion.normalization(points.astype(np.float64), 1.0), rel=1e-6)


def test_points_at_the_same_place_count_in_z_and_feel_nothing():
    for dof in (1.0, 0.5):
        forces, z = repulsion.repel(np.full((7, 2), 3, np.float32), dof)
        assert np.abs(forces).max() < 1e-25  # what the far points behind the last one do
        assert z == 42


def test_the_number_of_threads_changes_no_bit():
    points, threads = maps.points(2100, scale=5), numba.get_num_threads()
    results = []
    try:
        for count in {1, threads}:
            numba.set_num_threads(count)
            results.append((*repulsion.repel(points, 1.0), repulsion.normalization(points.astype(np.float64), 1.0)))
    finally:
        numba.set_num_threads(threads)
    for result in results[1:]:
        np.testing.assert_array_equal(result[0], results[0][0])
        assert result[1:] == results[0][1:]


@pytest.mark.skipif(not WIDE, reason="this processor has no 512-bit registers")
@pytest.mark.parametrize("skip", [0, 32])
def test_the_loop_with_intrinsics_equals_the_plain_one(skip):
    n, i = 90, 4
    coordinates, pushes, _ = pairs.workspace(n)
    coordinates[:, :n] = maps.points(n, scale=2).T
    wide, plain = pushes[0].copy(), pushes[0].copy()
    width = pairs.columns_from(n, i) - skip
    totals = [
        kernel(coordinates, out, i, i + skip, width)
        for kernel, out in ((pairs._push_wide, wide), (pairs._push_plain, plain))
    ]
    np.testing.assert_allclose(wide, plain, rtol=0, atol=1e-6 * np.abs(plain).max())
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)
    assert (wide[:, :i] == 0).all()


@pytest.mark.parametrize("dof", [0.3, 1.0, 7.0])
@pytest.mark.parametrize("c", [2, 3])
def test_the_normalization_in_float64_equals_the_twins(c, dof):
    points = maps.points(200, c, 10).astype(np.float64)
    expected = naive.repel(points, dof)[1]
    assert repulsion.normalization(points, dof) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("points", "dof", "error", "message"),
    [
        (maps.points(9).astype(np.float64), 1.0, TypeError, "points must be float32, got float64"),
        (maps.points(9, 1), 1.0, ValueError, r"shape \(n, 2\) or \(n, 3\)"),
        (maps.points(1), 1.0, ValueError, "n of at least 2"),
        (maps.points(9), -1.0, ValueError, "dof must be above 0"),
    ],
)
def test_what_is_no_map_is_refused(points, dof, error, message):
    with pytest.raises(error, match=message):
        repulsion.repel(points, dof)


def test_the_normalization_refuses_float32():
    with pytest.raises(TypeError, match="points must be float64, got float32"):
        repulsion.normalization(maps.points(9), 1.0)
