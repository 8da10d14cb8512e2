"""What the buffers keep is what sorting everything would keep."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xailab_kernels import quantile

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=True)
TIES = st.sampled_from([np.float32(v) for v in (-np.inf, -2, -0.0, 0.0, 1, 1.0000001, 1e-45, np.inf)])


def kept(batches, keep):
    """Feed batches of [b, k, n]; return the buffers' contents after compaction."""
    buffers, filled, cutoffs = quantile.allocate(batches[0].shape[1], keep)
    for batch in batches:
        quantile.keep_top(batch, buffers, filled, cutoffs, keep)
    quantile.compact(buffers, filled, cutoffs, keep)
    return [buffer[:n].copy() for buffer, n in zip(buffers, filled, strict=True)]


def largest(batches, keep):
    """The twin: sort everything."""
    values = np.concatenate([batch.transpose(1, 0, 2).reshape(batch.shape[1], -1) for batch in batches], 1)
    return np.sort(values + np.float32(0), 1)[:, ::-1][:, :keep]


def assert_bits_equal(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(one.view(np.uint32), np.ascontiguousarray(other).view(np.uint32))


@st.composite
def streams(draw, values):
    units, n = draw(st.integers(1, 3)), draw(st.integers(0, 70))
    images = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    return [draw(hnp.arrays(np.float32, (b, units, n), elements=values)) for b in images]


@given(streams(NUMBERS), st.integers(1, 40))
@settings(max_examples=60)
def test_the_largest_values_are_kept_to_the_bit(batches, keep):
    assert_bits_equal(kept(batches, keep), largest(batches, keep))


@given(streams(TIES), st.integers(1, 40))
@settings(max_examples=60)
def test_ties_zeros_and_infinities_are_kept_to_the_bit(batches, keep):
    assert_bits_equal(kept(batches, keep), largest(batches, keep))


@pytest.mark.parametrize("keep", [1, 7, 600, 5000])
@pytest.mark.parametrize("order", ["random", "ascending", "descending", "constant", "rectified"])
def test_long_streams_overflow_the_buffers_many_times(keep, order):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((20, 3, 500)).astype(np.float32)
    if order == "ascending":
        values = np.sort(values.transpose(1, 0, 2).reshape(3, -1), 1).reshape(3, 20, 500).transpose(1, 0, 2)
    elif order == "descending":
        values = -np.sort(values.transpose(1, 0, 2).reshape(3, -1), 1).reshape(3, 20, 500).transpose(1, 0, 2)
    elif order == "constant":
        values = np.full_like(values, 0.25)
    elif order == "rectified":
        values = np.maximum(values - 1.5, 0)
    batches = np.split(values, 5)
    assert_bits_equal(kept(batches, keep), largest(batches, keep))


def test_order_of_batches_and_number_of_threads_do_not_change_a_bit():
    rng = np.random.default_rng(1)
    batches = [rng.standard_normal((8, 40, 90)).astype(np.float32).round(2) for _ in range(6)]
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    one = kept(batches, 300)
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    two = kept(batches[::-1], 300)
    numba.set_num_threads(before)
    assert_bits_equal(one, two)


def test_minus_zero_is_kept_as_zero():
    zeros = np.array([[[0.0, -0.0, -0.0]]], np.float32)
    assert not np.signbit(kept([zeros], 2)[0]).any()


def test_units_with_a_nan_are_found():
    values = np.zeros((3, 5, 7), np.float32)
    values[1, 4, 6] = values[2, 1, 0] = values[0, 1, 3] = np.nan
    values[:, 2] = np.inf
    assert quantile.nan_units(values).tolist() == [1, 4]


def test_bytes_needed_are_those_of_the_buffers():
    assert quantile.bytes_needed(3, 1000) == sum(array.nbytes for array in quantile.allocate(3, 1000))


def test_float64_is_refused():
    with pytest.raises(TypeError, match="activations must be float32, got float64"):
        quantile.keep_top(np.zeros((1, 1, 1)), *quantile.allocate(1, 1), 1)


def test_buffers_for_another_number_of_units_are_refused():
    with pytest.raises(ValueError, match=r"2 units with keep=1 need buffers of shape \(2, 257\)"):
        quantile.keep_top(np.zeros((1, 2, 1), np.float32), *quantile.allocate(1, 1), 1)


def test_keeping_nothing_is_refused():
    with pytest.raises(ValueError, match="keep must be at least 1 value, got 0"):
        quantile.allocate(1, 0)
