"""Moving, turning and ordering points loses none of them and no distance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_kernels.affinity import locality, neighbors


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([0, -77, 1e6]), st.sampled_from([0, -30, 40]))
def test_a_frame_moves_integers_exactly(seed, largest, offset, exponent):
    points = np.random.default_rng(seed).integers(0, largest + 1, (20, 3)).astype(np.float32) + np.float32(offset)
    points = np.ldexp(points, exponent)
    frame = locality.frame(points, points[:5])
    moved = frame.apply(points)
    assert np.abs(moved).max() <= 1.25
    exact = points.astype(np.float64) - frame.shift.astype(np.float64)
    np.testing.assert_array_equal(moved, np.ldexp(exact, frame.exponent))
    sqdist = ((moved[:1] - moved[1:]) ** 2).sum(1)[None]
    np.testing.assert_array_equal(frame.unscale(sqdist)[0], ((exact[:1] - exact[1:]) ** 2).sum(1))


def test_equal_points_go_to_the_origin():
    points = np.full((4, 3), 0.1, np.float32)
    assert not locality.frame(points, points).apply(points).any()


def test_queries_count_for_the_scale():
    points = np.zeros((4, 3), np.float32)
    queries = np.full((1, 3), 1e9, np.float32)
    assert 0.4 < np.abs(locality.frame(points, queries).apply(queries)).max() <= 1.25


@pytest.mark.parametrize("rank", [0, 2, 60])
@pytest.mark.parametrize("near", [1, 1e-6])
def test_leading_distances_are_longer_by_the_allowed_rounding_at_most(rank, near):
    rng = np.random.default_rng(0)
    center = rng.standard_normal(60)
    points = (center + near * rng.standard_normal((300, rank)) @ rng.standard_normal((rank, 60))).astype(np.float32)
    axes = locality.principal_axes(points, 16)
    np.testing.assert_allclose(axes.T @ axes, np.eye(16), atol=1e-12)
    led = locality.leading(points, axes).astype(np.float64)
    rule = neighbors._rule(5, 192, axes, (points,))
    sqdist = ((points.astype(np.float64)[:, None] - points) ** 2).sum(2)
    assert (((led[:, None] - led) ** 2).sum(2) <= sqdist * float(rule.factor) + float(rule.offset)).all()
    assert rule.factor < 1.0001
    assert rule.offset < 1e-7 * np.square(points).sum(1).max()


def test_leading_axes_find_the_plane_in_which_points_lie():
    rng = np.random.default_rng(0)
    points = (rng.standard_normal((300, 2)) @ rng.standard_normal((2, 60))).astype(np.float32)
    led = locality.leading(points, locality.principal_axes(points, 2))
    np.testing.assert_allclose(np.square(led - led[0]).sum(1), np.square(points - points[0]).sum(1), rtol=1e-4)


def test_an_order_has_all_points_and_keeps_cells_together():
    rng = np.random.default_rng(0)
    cluster = rng.integers(0, 4, 2000)
    points = (20 * np.eye(4)[cluster] + rng.standard_normal((2000, 4))).astype(np.float32)
    order = locality.ordering(points, locality.pivots(points, 100))
    np.testing.assert_array_equal(np.sort(order), np.arange(2000))
    assert (np.diff(cluster[order]) != 0).sum() == 3
