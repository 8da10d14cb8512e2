"""Charges and potentials at points."""

import numba
import numpy as np
import pytest
from scipy.interpolate import RectBivariateSpline
from xailab_kernels.embedding.interpolation import spreading
from xailab_kernels.embedding.interpolation.grids import MARGIN, allocate
from xailab_kernels.embedding.interpolation.splines import BEFORE
from xailab_kernels.embedding.interpolation.spreading import BLOCK, bound, gather, spread
from xailab_kernels.intrinsics.references import COMPILED

CORNER, PER_UNIT = np.array([-1, -2], np.float32), np.float32(4)
ROWS, COLUMNS = 80, 64
INSIDE = slice(MARGIN, -MARGIN)


def points_in_grid(n, seed=0):
    """Points in the part of the grid that is for points."""
    position = np.random.default_rng(seed).uniform(0, (ROWS - 6, COLUMNS - 6), (n, 2))
    return (position / PER_UNIT + CORNER).astype(np.float32)


def spread_out(points):
    boxes = np.empty((-(-len(points) // BLOCK), 4), np.float32)
    bound(points, boxes)
    charges = allocate(ROWS, COLUMNS)
    charges[INSIDE, INSIDE] = 9  # left from before
    spread(points, boxes, CORNER, PER_UNIT, charges)
    return charges


@pytest.mark.parametrize("n", [1, 63, 64, 65, 500])
def test_boxes_bound_their_blocks(n):
    points = points_in_grid(n)
    boxes = np.empty((-(-n // BLOCK), 4), np.float32)
    bound(points, boxes)
    for block, box in enumerate(boxes):
        part = points[block * BLOCK : (block + 1) * BLOCK]
        np.testing.assert_array_equal(box, [part[:, 0].min(), part[:, 0].max(), part[:, 1].min(), part[:, 1].max()])


@pytest.mark.parametrize("n", [1, 64, 1000])
def test_charge_and_its_center_are_kept(n):
    points = points_in_grid(n)
    charges = spread_out(points)
    assert charges.sum() == pytest.approx(n, rel=1e-5)
    rows, columns = charges[INSIDE, INSIDE].sum(1), charges[INSIDE, INSIDE].sum(0)
    center = (np.array([rows @ np.arange(ROWS), columns @ np.arange(COLUMNS)]) / n - BEFORE) / PER_UNIT + CORNER
    np.testing.assert_allclose(center, points.mean(0), atol=1e-4)


def test_margins_stay_zero():
    charges = spread_out(points_in_grid(1000))
    charges[INSIDE, INSIDE] = 0
    assert not charges.any()


def test_threads_change_no_bit():
    points = points_in_grid(3000)
    threads = numba.get_num_threads()
    several = spread_out(points)
    try:
        numba.set_num_threads(1)
        np.testing.assert_array_equal(spread_out(points), several)
    finally:
        numba.set_num_threads(threads)


def test_points_outside_the_grid_are_moved_to_its_border():
    points = points_in_grid(200)
    points[::7] = (1e30, -1e30)
    points[3] = np.nan
    boxes = np.zeros((4, 4), np.float32)
    boxes[:, 1::2] = 1e30
    boxes[:, ::2] = -1e30  # false, too
    charges = allocate(ROWS, COLUMNS)
    spread(points, boxes, CORNER, PER_UNIT, charges)
    assert charges[INSIDE, INSIDE].sum() == pytest.approx(200, rel=1e-5)
    forces, sums = np.empty_like(points), np.empty(4)
    gather(points, CORNER, PER_UNIT, charges, np.zeros(2, np.float32), forces, sums)
    assert np.isfinite(forces).all()


def test_gathering_evaluates_a_spline_and_its_slopes():
    rng = np.random.default_rng(0)
    potentials = allocate(ROWS, COLUMNS)
    potentials[INSIDE, INSIDE] = rng.normal(size=(ROWS, COLUMNS))
    points = points_in_grid(300)
    forces, sums = np.empty_like(points), np.empty(7)
    gather(points, CORNER, PER_UNIT, potentials, np.zeros(2, np.float32), forces, sums)
    knots = [
        np.arange(-2 - BEFORE, nodes + 2 - BEFORE) / PER_UNIT + low
        for nodes, low in zip((ROWS, COLUMNS), CORNER, strict=True)
    ]
    spline = RectBivariateSpline(np.arange(5), np.arange(5), np.zeros((5, 5)))
    spline.tck, spline.degrees = (*knots, potentials[INSIDE, INSIDE].astype(np.float64).ravel()), (3, 3)
    x, y = points.T.astype(np.float64)
    assert sums.sum() == pytest.approx(spline(x, y, grid=False).sum(), rel=1e-4)
    np.testing.assert_allclose(forces[:, 0], -0.5 * spline(x, y, dx=1, grid=False), atol=2e-4)
    np.testing.assert_allclose(forces[:, 1], -0.5 * spline(x, y, dy=1, grid=False), atol=2e-4)


def gathered(function, points, potentials):
    """Forces and the sum of potentials by one of the two kernels."""
    forces = np.empty_like(points)
    own = np.array([0.3, -0.2], np.float32)
    return forces, function(points, 0, len(points), CORNER, PER_UNIT, potentials, own, forces)


@pytest.mark.skipif(not COMPILED, reason="numba does not compile")
def test_kernels_of_four_nodes_at_once_agree_with_plain_ones():
    points = points_in_grid(1000)
    touched = np.tile(np.array([0, ROWS], np.int32), (16, 1))
    grids = [allocate(ROWS, COLUMNS) for _ in range(2)]
    for fill, grid in zip((spreading._fill_band_plain, spreading._fill_band_four), grids, strict=True):
        fill(points, touched, CORNER, PER_UNIT, 0, ROWS, grid)
    np.testing.assert_allclose(grids[1], grids[0], atol=1e-5)
    plain, four = (gathered(f, points, grids[0]) for f in (spreading._gather_range_plain, spreading._gather_range_four))
    np.testing.assert_allclose(four[0], plain[0], atol=1e-4)
    assert four[1] == pytest.approx(plain[1], rel=1e-6)
