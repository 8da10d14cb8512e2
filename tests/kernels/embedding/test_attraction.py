"""Attraction is the twin's sum over edges, in any order of the points."""

import numpy as np
import pytest
from xailab_kernels.embedding import attraction
from xailab_kernels.intrinsics.width import WIDE

from tests.kernels.embedding import maps, naive


@pytest.mark.parametrize("dof", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("c", [2, 3])
@pytest.mark.parametrize(("n", "scale"), [(3, 1.0), (150, 1e-4), (150, 1.0), (150, 60.0)])
def test_forces_equal_the_twins(n, scale, c, dof):
    joint, points = maps.joint(n, share=0.3), maps.points(n, c, scale)
    found = attraction.attract(maps.edges(joint), points, dof)
    assert found.dtype == np.float32
    assert maps.error(found, naive.attract(joint, points, dof)) < 1e-6


@pytest.mark.parametrize("dof", [0.5, 1.0, 5.0])
def test_the_cross_term_equals_the_twins_in_float64(dof):
    joint, points = maps.joint(300, share=0.2), maps.points(300, scale=20)
    found = attraction.cross_term(maps.edges(joint), points, dof)
    assert found == pytest.approx(naive.cross_term(joint, points, dof), rel=1e-13)


def test_the_cross_term_of_a_tiny_map_keeps_its_digits():
    joint, points = maps.joint(50), maps.points(50, 3, 1e-4)
    found = attraction.cross_term(maps.edges(joint), points, 1.0)
    assert found == pytest.approx(naive.cross_term(joint, points), rel=1e-6)  # of 1 + 1e-8, 1e-16 is the last digit


def test_points_at_the_same_place_do_not_attract():
    joint, points = maps.joint(20), np.ones((20, 2), np.float32)
    assert not attraction.attract(maps.edges(joint), points, 1.0).any()


@pytest.mark.skipif(not WIDE, reason="this processor has no 512-bit registers")
def test_the_loop_with_intrinsics_equals_the_plain_one():
    edges, points = maps.edges(maps.joint(200, share=0.3)), maps.points(200, scale=3)
    wide, plain = np.zeros_like(points), np.zeros_like(points)
    for kernel, out in ((attraction._attract_rows_wide, wide), (attraction._attract_rows_plain, plain)):
        kernel(*edges, points, np.float32(2), 0, 200, out)
    np.testing.assert_allclose(wide, plain, rtol=0, atol=1e-6 * np.abs(plain).max())


def test_rows_are_permuted_and_filled_up_to_eights():
    joint, order = maps.joint(60, share=0.1), np.random.default_rng(3).permutation(60).astype(np.int32)
    starts, ends, weights = attraction.pack(*maps.csr(joint), order)
    assert not (starts % 8).any()
    assert (np.diff(starts) - (joint > 0).sum(1)[order] < 8).all()
    rows = np.repeat(np.arange(60), np.diff(starts))
    unpacked = np.zeros((60, 60), np.float32)
    np.add.at(unpacked, (order[rows], order[ends]), weights)
    np.testing.assert_array_equal(unpacked, joint)
    assert (ends[weights == 0] == rows[weights == 0]).all()


def test_a_point_without_edges_feels_nothing():
    joint = maps.joint(10)
    joint[4] = joint[:, 4] = 0
    assert not attraction.attract(maps.edges(joint), maps.points(10), 1.0)[4].any()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"starts": np.array([0, 2, 1, 3])}, ValueError, "starts must rise from 0 to the number of entries, 3"),
        ({"starts": np.array([0, 1, 2, 3], np.int32)}, TypeError, "starts must be int64, got int32"),
        ({"neighbors": np.array([1, 2, 3], np.int32)}, ValueError, r"neighbors must lie in 0\.\.2, got 1\.\.3"),
        ({"values": np.ones(2, np.float32)}, ValueError, "3 neighbors and 2 values"),
        ({"values": np.ones(3)}, TypeError, "values must be float32"),
        ({"order": np.array([0, 1, 1], np.int32)}, ValueError, r"each of 0\.\.2 once"),
        ({"order": np.arange(4, dtype=np.int32)}, ValueError, r"each of 0\.\.2 once"),
        ({"order": np.arange(3)}, TypeError, "order must be int32"),
    ],
)
def test_pack_refuses_what_is_no_graph(change, error, message):
    good = {
        "starts": np.array([0, 1, 2, 3]),
        "neighbors": np.array([1, 2, 0], np.int32),
        "values": np.ones(3, np.float32),
        "order": np.arange(3, dtype=np.int32),
    }
    with pytest.raises(error, match=message):
        attraction.pack(**(good | change))


@pytest.mark.parametrize("function", [attraction.attract, attraction.cross_term])
@pytest.mark.parametrize(
    ("points", "dof", "error", "message"),
    [
        (maps.points(9), 1.0, ValueError, "edges of 10 points do not fit 9 points"),
        (maps.points(10).astype(np.float64), 1.0, TypeError, "points must be float32, got float64"),
        (maps.points(10, 4), 1.0, ValueError, r"shape \(n, 2\) or \(n, 3\)"),
        (maps.points(10), 0.0, ValueError, "dof must be above 0"),
        (maps.points(10), np.inf, ValueError, "dof must be above 0"),
    ],
)
def test_what_does_not_belong_together_is_refused(function, points, dof, error, message):
    with pytest.raises(error, match=message):
        function(maps.edges(maps.joint(10)), points, dof)
