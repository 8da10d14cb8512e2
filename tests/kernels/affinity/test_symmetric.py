"""Joint probabilities are those of scipy's sparse matrices."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_kernels.affinity.symmetric import symmetrize

from tests.kernels.affinity import naive_neighbors as naive


def neighbors(n, k, seed):
    """Different points for each point, in any order, and probabilities, some of them 0."""
    rng = np.random.default_rng(seed)
    index = rng.random((n, n))
    np.fill_diagonal(index, 2)
    conditional = rng.random((n, k)) * (rng.random((n, k)) > 0.1) + 1e-12
    conditional /= conditional.sum(1, keepdims=True)
    return index.argsort(1)[:, :k].astype(np.int32), conditional.astype(np.float32)


@given(st.integers(2, 60), st.floats(0, 1), st.integers(0, 2**32 - 1))
@settings(max_examples=80)
def test_rows_are_those_of_scipy(n, share, seed):
    index, conditional = neighbors(n, 1 + round(share * (n - 2)), seed)
    starts, columns, values = symmetrize(index, conditional)
    expected = naive.symmetrize(index, conditional)
    np.testing.assert_array_equal(starts, expected.indptr)
    np.testing.assert_array_equal(columns, expected.indices)
    np.testing.assert_allclose(values, expected.data, rtol=1e-6, atol=0)


@pytest.mark.parametrize(("n", "k"), [(3000, 90), (900, 700)])
def test_large_matrices_are_symmetric_sorted_and_sum_to_one(n, k):
    index, conditional = neighbors(n, k, 0)
    starts, columns, values = symmetrize(index, conditional)
    expected = naive.symmetrize(index, conditional)
    np.testing.assert_array_equal(starts, expected.indptr)
    np.testing.assert_array_equal(columns, expected.indices)
    np.testing.assert_allclose(values, expected.data, rtol=1e-6, atol=0)
    assert (starts.dtype, columns.dtype, values.dtype) == (np.int64, np.int32, np.float32)
    assert values.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)


def test_a_hub_that_all_have_as_neighbor_has_a_full_row():
    n = 2000
    index, conditional = np.zeros((n, 1), np.int32), np.ones((n, 1), np.float32)
    index[0] = 1
    starts, columns, values = symmetrize(index, conditional)
    np.testing.assert_array_equal(columns[: n - 1], np.arange(1, n))
    np.testing.assert_array_equal(np.diff(starts), [n - 1] + [1] * (n - 1))
    assert values[0] == pytest.approx(1 / n)
    assert values[1] == pytest.approx(0.5 / n)


def test_the_number_of_threads_changes_no_bit():
    index, conditional = neighbors(2500, 90, 1)
    before = numba.get_num_threads()
    results = []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            results.append(symmetrize(index, conditional))
    finally:
        numba.set_num_threads(before)
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("bad", [-1, 3])
def test_an_index_out_of_range_is_refused(bad):
    with pytest.raises(ValueError, match=r"index must be from 0 to 2, the last of 3 points; got"):
        symmetrize(np.array([[1], [0], [bad]], np.int32), np.ones((3, 1), np.float32))


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"must have one shape \(n, k\), got \(3, 1\) and \(3, 2\)"):
        symmetrize(np.zeros((3, 1), np.int32), np.ones((3, 2), np.float32))


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="got int64 and float32"):
        symmetrize(np.zeros((3, 1), np.int64), np.ones((3, 1), np.float32))
