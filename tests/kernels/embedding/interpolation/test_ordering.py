"""Points along the Z-order curve."""

import numpy as np
import pytest
from xailab_kernels.embedding.interpolation.ordering import morton_order


def interleaved(x, y):
    """The twin: the bits of two integers, one by one."""
    return int("".join(a + b for a, b in zip(f"{x:016b}", f"{y:016b}", strict=True)), 2)


def test_points_follow_the_curve():
    points = np.random.default_rng(0).integers(0, 65536, (500, 2))
    points[:2] = (0, 0), (65535, 65535)
    expected = sorted(range(500), key=lambda i: interleaved(*points[i]))
    np.testing.assert_array_equal(morton_order(points.astype(np.float32)), expected)


def test_the_order_is_a_permutation_and_neighbors_are_near():
    points = np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32)
    order = morton_order(points)
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(5000))
    steps = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert np.median(steps) < np.median(np.linalg.norm(np.diff(points, axis=0), axis=1)) / 20


def test_points_in_one_place_keep_their_order():
    for n in (1, 2, 100):
        np.testing.assert_array_equal(morton_order(np.full((n, 2), 3, np.float32)), np.arange(n))


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="float32, got float64"):
        morton_order(np.zeros((5, 2)))
    with pytest.raises(ValueError, match=r"\(n, 2\) with n >= 1"):
        morton_order(np.zeros((0, 2), np.float32))
