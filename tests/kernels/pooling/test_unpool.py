"""Unpooling is the adjoint of pooling at fixed switches."""

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_kernels import compiling
from xailab_kernels.pooling.max_pool import max_pool
from xailab_kernels.pooling.unpool import unpool

from tests.kernels.pooling import naive
from tests.kernels.pooling.geometries import USUAL, geometries, parameters

APART = [USUAL[0], ((9, 9), (3, 3), (3, 3), (1, 1), (1, 1), True), ((9, 10), (2, 3), (3, 4), (0, 0), (1, 1), False)]


def maps_and_values(geometry, *, seed, dtype=np.float64):
    """Maps, what is pooled of them, their switches, and other values of that shape."""
    rng = np.random.default_rng(seed)
    maps = rng.standard_normal((2, 3, *geometry[0])).astype(dtype)
    pooled, switches = max_pool(maps, **parameters(geometry))
    return maps, pooled, switches, rng.standard_normal(pooled.shape).astype(dtype)


def back(values, switches, geometry):
    return unpool(values, switches, height=geometry[0][0], width=geometry[0][1])


def read_off(maps, switches):
    """The linear map that switches define: what stands in those cells."""
    n, c = maps.shape[:2]
    return np.take_along_axis(maps.reshape(n, c, -1), switches.reshape(n, c, -1), 2).reshape(switches.shape)


@settings(max_examples=60)
@given(geometry=geometries(), seed=st.integers(0, 99))
def test_unpooling_is_the_adjoint_of_reading_off_at_the_switches(geometry, seed):
    maps, pooled, switches, values = maps_and_values(geometry, seed=seed)
    np.testing.assert_array_equal(read_off(maps, switches), pooled)
    other = np.random.default_rng(seed + 100).standard_normal(maps.shape)
    forward, backward = (read_off(other, switches) * values).sum(), (other * back(values, switches, geometry)).sum()
    assert abs(forward - backward) <= 1e-12 * np.abs(read_off(other, switches) * values).sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("geometry", USUAL)
def test_it_is_what_the_twin_gives_bit_for_bit(geometry, dtype):
    _, _, switches, values = maps_and_values(geometry, seed=0, dtype=dtype)
    found = back(values, switches, geometry)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, naive.unpool(values, switches, height=geometry[0][0], width=geometry[0][1]))


@pytest.mark.parametrize("geometry", USUAL)
def test_it_is_the_gradient_of_torchs_pooling(geometry):
    maps, _, switches, values = maps_and_values(geometry, seed=1)
    tensor = torch.from_numpy(maps).requires_grad_()
    torch.nn.functional.max_pool2d(tensor, *geometry[1:]).backward(torch.from_numpy(values))
    np.testing.assert_allclose(back(values, switches, geometry), tensor.grad.numpy(), rtol=0, atol=1e-12)


def test_a_peak_that_four_windows_share_gets_the_sum_of_their_values():
    maps = np.zeros((1, 1, 5, 5))
    maps[0, 0, 2, 2] = 1
    windows = {"kernel": (3, 3), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1), "ceil_mode": False}
    _, switches = max_pool(maps, **windows)
    assert (switches == 12).all()
    expected = np.zeros((1, 1, 5, 5))
    expected[0, 0, 2, 2] = 10
    values = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    np.testing.assert_array_equal(unpool(values, switches, height=5, width=5), expected)  # one of 1 ... 4 in torch
    assert unpool(np.ones((1, 1, 2, 2)), switches, height=5, width=5)[0, 0, 2, 2] == 4


@pytest.mark.parametrize("geometry", APART)
def test_without_overlap_what_is_not_a_maximum_is_set_to_zero(geometry):
    maps, pooled, switches, _ = maps_and_values(geometry, seed=2)
    mask = np.zeros(maps.shape).reshape(2, 3, -1)
    np.put_along_axis(mask, switches.reshape(2, 3, -1), 1, 2)
    np.testing.assert_array_equal(back(pooled, switches, geometry), maps * mask.reshape(maps.shape))


@pytest.mark.parametrize("geometry", APART)
def test_without_overlap_pooling_undoes_unpooling_of_what_is_not_negative(geometry):
    _, _, switches, values = maps_and_values(geometry, seed=3)
    again, _ = max_pool(back(np.abs(values), switches, geometry), **parameters(geometry))
    np.testing.assert_array_equal(again, np.abs(values))


@pytest.mark.parametrize("geometry", [APART[0], APART[2]])  # every window has another cell, a zero
def test_without_overlap_pooling_after_unpooling_rectifies(geometry):
    _, _, switches, values = maps_and_values(geometry, seed=3)
    again, _ = max_pool(back(values, switches, geometry), **parameters(geometry))
    np.testing.assert_array_equal(again, np.maximum(values, 0))


def test_nan_and_infinity_stay_where_they_are_sent():
    values = np.array([[[[np.nan, np.inf, -np.inf, -0.0]]]], np.float32)
    found = unpool(values, np.array([[[[0, 2, 3, 5]]]], np.int32), height=2, width=3)
    np.testing.assert_array_equal(found, [[[[np.nan, 0, np.inf], [-np.inf, 0, 0]]]])
    assert not np.signbit(found[0, 0, 1, 2])  # sums start from +0


def test_threads_do_not_matter_and_each_time_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr(compiling, "_SMALL", 0)  # as many threads for little work
    rng = np.random.default_rng(4)
    pooled, switches = max_pool(rng.standard_normal((20, 40, 7, 9), dtype=np.float32), **parameters(USUAL[4]))
    expected = unpool(pooled, switches, height=7, width=9)
    assert np.array_equal(expected, unpool(pooled, switches, height=7, width=9))
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert np.array_equal(expected, unpool(pooled, switches, height=7, width=9))
    finally:
        numba.set_num_threads(threads)


def test_no_image_gives_none_and_strided_values_are_copied():
    assert unpool(np.empty((0, 2, 3, 3)), np.empty((0, 2, 3, 3), np.int32), height=4, width=5).shape == (0, 2, 4, 5)
    _, _, switches, values = maps_and_values(USUAL[1], seed=5)
    expected = back(values, switches, USUAL[1])
    found = back(np.asfortranarray(values), np.asfortranarray(switches), USUAL[1])
    np.testing.assert_array_equal(found, expected)
    values.flags.writeable = switches.flags.writeable = False
    np.testing.assert_array_equal(back(values, switches, USUAL[1]), expected)


VALUES, SWITCHES = np.zeros((1, 2, 2, 2), np.float32), np.zeros((1, 2, 2, 2), np.int32)


@pytest.mark.parametrize(
    ("values", "switches", "size", "error", "message"),
    [
        (VALUES.astype(np.float16), SWITCHES, (4, 4), TypeError, "values must be float32 or float64, got float16"),
        (VALUES, SWITCHES.astype(np.int64), (4, 4), TypeError, "switches must be int32, got int64"),
        (VALUES, SWITCHES[:, :1], (4, 4), ValueError, r"both be n c p q, got shapes \(1, 2, 2, 2\) and \(1, 1, 2, 2\)"),
        (VALUES[0], SWITCHES[0], (4, 4), ValueError, "both be n c p q"),
        (VALUES, SWITCHES, (4, 0), ValueError, "got 4 x 0"),
        (VALUES, SWITCHES, (-4, -4), ValueError, "got -4 x -4"),
        (VALUES, SWITCHES, (2**16, 2**15), ValueError, "1 ... 2[*][*]31 - 1 cells, got 65536 x 32768"),
        (VALUES, SWITCHES + np.int32(16), (4, 4), ValueError, r"0 ... 15, the cells of 4 x 4 planes, got 16 ... 16"),
        (
            VALUES,
            SWITCHES - np.int32(1),
            (4, 4),
            ValueError,
            r"got -1 ... -1; do they belong to maps of another size\?",
        ),
    ],
)
def test_what_cannot_be_unpooled_is_refused(values, switches, size, error, message):
    with pytest.raises(error, match=message):
        unpool(values, switches, height=size[0], width=size[1])


def test_one_wrong_switch_among_many_is_found():
    switches = np.zeros((8, 16, 9, 9), np.int32)
    switches[7, 3, 8, 8] = 400
    with pytest.raises(ValueError, match=r"got 0 ... 400"):
        unpool(np.zeros(switches.shape), switches, height=20, width=20)
