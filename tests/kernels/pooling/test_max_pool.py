"""Every window gives its first maximum, and where it stood."""

import importlib

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_kernels import compiling
from xailab_kernels.pooling.max_pool import max_pool
from xailab_kernels.pooling.windows import Windows

from tests.kernels.pooling import naive
from tests.kernels.pooling.geometries import USUAL, by_torch, geometries, parameters

SPECIAL = np.array([0, -0.0, 1, 1, 2, -1, np.inf, -np.inf, -np.inf, np.nan])


def drawn(plane, *, seed, special, dtype=np.float32, images=2, units=3):
    """Maps with many ties, or with none."""
    rng = np.random.default_rng(seed)
    if special:
        return rng.choice(SPECIAL, (images, units, *plane)).astype(dtype)
    return rng.standard_normal((images, units, *plane)).astype(dtype)


def assert_same(found, expected):
    """The same bits; NaN may have any."""
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(found[0]), np.signbit(expected[0]))


def assert_same_as_twin(maps, geometry):
    shape = Windows(*geometry[:5], ceil_mode=geometry[5]).counts
    windows = {name: value for name, value in parameters(geometry).items() if name != "ceil_mode"}
    assert_same(max_pool(maps, **parameters(geometry)), naive.max_pool(maps, shape, **windows))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize("geometry", USUAL)
def test_usual_windows_give_what_the_twin_gives(geometry, special, dtype):
    assert_same_as_twin(drawn(geometry[0], seed=0, special=special, dtype=dtype), geometry)


@settings(max_examples=60)
@given(geometry=geometries(), seed=st.integers(0, 99), special=st.booleans())
def test_any_windows_give_what_the_twin_gives(geometry, seed, special):
    assert_same_as_twin(drawn(geometry[0], seed=seed, special=special), geometry)


@pytest.mark.parametrize("geometry", USUAL)
def test_blocks_of_any_size_give_the_same(geometry, monkeypatch):
    maps = drawn(geometry[0], seed=1, special=True, images=3, units=5)
    expected = max_pool(maps, **parameters(geometry))
    for block in (1, 60, 200, 500):  # from a row of windows at a time to several planes
        monkeypatch.setattr(importlib.import_module("xailab_kernels.pooling.max_pool"), "_BLOCK", block)
        assert_same(max_pool(maps, **parameters(geometry)), expected)


@pytest.mark.parametrize(
    "geometry",
    [
        ((150, 170), (3, 3), (2, 2), (1, 1), (1, 1), False),
        ((150, 170), (5, 4), (1, 3), (0, 2), (3, 2), True),
        ((3, 20000), (3, 13), (1, 1), (1, 6), (1, 700), False),
        ((20000, 3), (40, 2), (7, 2), (20, 0), (9, 1), True),
    ],
)
def test_large_planes_give_what_torch_gives(geometry):
    maps = np.maximum(drawn(geometry[0], seed=2, special=False, units=2), 0)  # half of the values are ties
    pooled, switches = max_pool(maps, **parameters(geometry))
    expected, places = by_torch(maps, geometry)
    np.testing.assert_array_equal(pooled, expected)
    np.testing.assert_array_equal(switches, places)


@settings(max_examples=40)
@given(geometry=geometries(), seed=st.integers(0, 99), special=st.booleans())
def test_values_are_torchs_and_so_are_switches_where_there_is_no_nan(geometry, seed, special):
    maps = drawn(geometry[0], seed=seed, special=special, units=1)
    pooled, switches = max_pool(maps, **parameters(geometry))
    expected, places = by_torch(maps, geometry)
    np.testing.assert_array_equal(pooled, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(switches[known], places[known])


def test_the_first_of_equal_values_and_the_first_nan_are_taken():
    rows = [[5, 5, 5, 1], [0, 5, 7, 7], [np.nan, 9, np.nan, 9], [9, np.nan, 1, 2]]
    pooled, switches = max_pool(
        np.array([[rows]], np.float32), **parameters(((4, 4), (2, 2), (2, 2), (0, 0), (1, 1), False))
    )
    np.testing.assert_array_equal(pooled, [[[[5, 7], [np.nan, np.nan]]]])
    np.testing.assert_array_equal(switches, [[[[0, 6], [8, 10]]]])


def test_padding_is_never_taken_not_even_where_all_is_minus_infinity():
    for geometry in USUAL:
        maps = np.full((1, 2, *geometry[0]), -np.inf, np.float32)
        pooled, switches = max_pool(maps, **parameters(geometry))
        assert (pooled == -np.inf).all()
        assert switches.min() >= 0
        np.testing.assert_array_equal(switches, by_torch(maps, geometry)[1])


def test_no_image_and_no_unit_give_none():
    for shape in ((0, 3, 9, 9), (2, 0, 9, 9)):
        pooled, switches = max_pool(np.empty(shape, np.float32), **parameters(USUAL[0]))
        assert pooled.shape == switches.shape == (*shape[:2], 4, 4)


def test_strided_and_read_only_maps_are_copied():
    maps = drawn((13, 13), seed=3, special=False)
    expected = max_pool(maps, **parameters(USUAL[1]))
    strided = np.repeat(maps, 2, axis=3)[..., ::2]
    assert_same(max_pool(strided, **parameters(USUAL[1])), expected)
    assert_same(max_pool(np.asfortranarray(maps), **parameters(USUAL[1])), expected)
    maps.flags.writeable = False
    before = maps.copy()
    assert_same(max_pool(maps, **parameters(USUAL[1])), expected)
    np.testing.assert_array_equal(maps, before)


def test_threads_do_not_matter(monkeypatch):
    monkeypatch.setattr(compiling, "_SMALL", 0)  # as many threads for little work
    maps = drawn((14, 12), seed=4, special=True, images=20, units=40)
    expected = max_pool(maps, **parameters(USUAL[2]))
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert_same(max_pool(maps, **parameters(USUAL[2])), expected)
    finally:
        numba.set_num_threads(threads)


@pytest.mark.parametrize(
    ("maps", "error", "message"),
    [
        (np.zeros((1, 1, 4, 4), np.float16), TypeError, "float32 or float64, got float16"),
        (np.zeros((1, 1, 4, 4), np.int32), TypeError, "float32 or float64, got int32"),
        (np.zeros((1, 4, 4), np.float32), ValueError, r"maps must be n c h w, got shape \(1, 4, 4\)"),
        (np.zeros((1, 1, 1, 4), np.float32), ValueError, "no window of 2 x 2 cells fits into a plane of 1 x 4 cells"),
    ],
)
def test_what_cannot_be_pooled_is_refused(maps, error, message):
    with pytest.raises(error, match=message):
        max_pool(maps, **parameters(USUAL[0]))
