"""What the ladder of grids computes, against SciPy and dense matrices."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d
from xailab_kernels.embedding.interpolation.grids import MARGIN, allocate, coarsen, coarser, filter_band, filter_rest

INSIDE = slice(MARGIN, -MARGIN)


def grid(rows, columns, seed=0):
    """A grid of noise with its margins."""
    values = allocate(rows, columns)
    values[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns] = np.random.default_rng(seed).normal(size=(rows, columns))
    return values


def two_scale(nodes):
    """The matrix of the binomial weights, from fine nodes to coarse ones."""
    matrix = np.zeros((coarser(nodes), nodes))
    for i in range(coarser(nodes)):
        for k, weight in zip(range(-2, 3), (1, 4, 6, 4, 1), strict=True):
            if 0 <= 2 * (i - 1) + k < nodes:
                matrix[i, 2 * (i - 1) + k] = weight / 8
    return matrix


@pytest.mark.parametrize(("rows", "columns"), [(48, 32), (27, 64), (15, 16), (5, 6), (64, 64)])
def test_coarsening_keeps_every_spline(rows, columns):
    fine, coarse = grid(rows, columns), allocate(coarser(rows), coarser(columns))
    coarsen(fine, coarser(rows), coarser(columns), coarse)
    inner = fine[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns]
    expected = two_scale(rows) @ inner @ two_scale(columns).T
    found = coarse[MARGIN : MARGIN + coarser(rows), MARGIN : MARGIN + coarser(columns)]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert coarse.sum() == pytest.approx(inner.sum(), abs=1e-3)


def test_a_coarse_spline_is_five_fine_ones():
    one = allocate(16, 16)
    one[MARGIN + 8, MARGIN + 8] = 1
    coarse = allocate(coarser(16), coarser(16))
    coarsen(one, coarser(16), coarser(16), coarse)
    assert coarse[MARGIN + 5, MARGIN + 5] == 0.75**2  # fine node 8 is coarse node 5
    assert coarse[MARGIN + 4, MARGIN + 5] == 0.125 * 0.75


@pytest.mark.parametrize(("rows", "columns"), [(48, 32), (33, 64), (16, 16)])
@pytest.mark.parametrize("terms", [1, 2, 3])
def test_a_band_is_a_sum_of_separable_filters_and_the_refined_coarser_grid(rows, columns, terms):
    rng = np.random.default_rng(1)
    charges, potentials = grid(rows, columns), allocate(rows, columns)
    down, across = rng.normal(size=(2, terms, 9)).astype(np.float32)
    coarse = grid(coarser(rows), coarser(columns), seed=2)
    filter_band(charges, coarse, down, across, potentials)
    expected = (
        two_scale(rows).T
        @ coarse[MARGIN : MARGIN + coarser(rows), MARGIN : MARGIN + coarser(columns)]
        @ two_scale(columns)
    )
    inner = charges[INSIDE, INSIDE].astype(np.float64)
    for d, a in zip(down, across, strict=True):
        one = correlate1d(inner, np.concatenate([d[:0:-1], d]), axis=0, mode="constant")
        expected += correlate1d(one, np.concatenate([a[:0:-1], a]), axis=1, mode="constant")
    np.testing.assert_allclose(potentials[INSIDE, INSIDE], expected, atol=2e-4)
    potentials[INSIDE, INSIDE] = 0
    assert not potentials.any()


@pytest.mark.parametrize(("rows", "columns"), [(24, 24), (5, 23), (48, 6)])
def test_the_rest_is_a_sum_of_dense_products(rows, columns):
    rng = np.random.default_rng(3)
    charges, potentials = grid(rows, columns), allocate(rows, columns)
    profiles, weights = rng.normal(size=(4, 48)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    mirrored = np.concatenate([profiles[:, :0:-1], profiles], 1)
    filter_rest(charges, rows, columns, mirrored, weights, potentials)
    inner = charges[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns]
    offsets = [np.abs(np.subtract.outer(np.arange(n), np.arange(n))) for n in (rows, columns)]
    expected = sum(w * p[offsets[0]] @ inner @ p[offsets[1]] for w, p in zip(weights, profiles, strict=True))
    np.testing.assert_allclose(
        potentials[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns], expected, rtol=1e-3, atol=1e-2
    )


def test_rows_begin_where_vectors_do():
    for rows, columns in ((5, 6), (33, 47), (100, 64)):
        values = allocate(rows, columns)
        assert values.ctypes.data % 64 == 0
        assert values.shape[1] % 16 == 0
        assert not values.any()
