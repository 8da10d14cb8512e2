"""The joint probabilities agree with float64's, are symmetric bit for bit, and sum to 1."""

import numba
import numpy as np
import pytest
from xailab_kernels.affinity import dense, mirroring, packing
from xailab_kernels.affinity.dense import joint
from xailab_kernels.intrinsics.width import WIDE

from tests.kernels.affinity import naive


def clusters(n, d, seed=0, spread=3.0):
    rng = np.random.default_rng(seed)
    return (rng.uniform(-spread, spread, (5, d))[rng.integers(0, 5, n)] + rng.standard_normal((n, d))).astype(
        np.float32
    )


def assert_joint(features, perplexity, tolerance=2e-6):
    p, beta = joint(features, perplexity)
    n = len(features)
    assert p.shape == (n, n)
    assert p.dtype == np.float32
    assert np.isfinite(beta).all()
    assert np.array_equal(p, p.T)
    assert not p.diagonal().any()
    assert p.min() >= 0
    assert abs(p.sum(dtype=np.float64) - 1) < 1e-6
    expected = naive.joint(features, perplexity)
    assert np.abs(p - expected).max() <= tolerance * expected.max()


@pytest.mark.parametrize("perplexity", [5, 30, 100, 197.5, 198])
@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (1, 1000), (1e-3, 0), (1e3, 0)])
def test_probabilities_agree_with_float64(perplexity, scale, offset):
    assert_joint(clusters(199, 20) * np.float32(scale) + np.float32(offset), perplexity)


@pytest.mark.parametrize("n", [3, 4, 15, 16, 17, 47, 48, 49, 63, 64, 65, 96, 97, 128, 129, 193, 257])
def test_every_edge_of_the_tiles_is_right(n):
    assert_joint(clusters(n, 5), max(2, min(20, n - 1.5)))
    assert_joint(clusters(n, 5), 2, 2e-5)


@pytest.mark.parametrize("d", [1, 2, 3, 31, 32, 33, 65])
def test_any_number_of_features_is_right(d):
    assert_joint(clusters(130, d), 20)


@pytest.mark.parametrize(("spread", "tolerance"), [(3.0, 4e-6), (0.0, 1e-5)])
def test_a_thousand_features_lose_no_more_than_float32_distances_lose(spread, tolerance):
    # beta d is about 30 within these clusters and about 100 without clusters: rounding d changes p by 6e-8 times that
    assert_joint(clusters(200, 1000, spread=spread), 30, tolerance)


def test_the_highest_perplexity_is_uniform():
    p, beta = joint(clusters(50, 4), 49)
    others = ~np.eye(50, dtype=bool)
    np.testing.assert_allclose(p[others], 1 / (50 * 49), rtol=1e-6)
    assert (beta == 0).all()


def test_beta_is_for_the_features_as_they_were_given():
    features = clusters(150, 6)
    beta = joint(features, 10)[1]
    x = features.astype(np.float64)
    sqdist = ((x[:, None] - x) ** 2).sum(2)
    np.fill_diagonal(sqdist, np.inf)
    np.testing.assert_allclose(beta, naive.conditional(sqdist, 10)[1], rtol=1e-5)
    np.testing.assert_allclose(joint(features * np.float32(1000), 10)[1] * 1e6, beta, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-18, 1e-12, 1e18])
def test_features_of_any_scale_are_right(scale):
    features = clusters(60, 4)
    np.testing.assert_allclose(joint(features * np.float32(scale), 10)[0], joint(features, 10)[0], atol=1e-9)


def test_equal_points_are_all_equally_near():
    for value in (0, 7):
        p, beta = joint(np.full((70, 3), value, np.float32), 20)
        np.testing.assert_allclose(p[~np.eye(70, dtype=bool)], 1 / (70 * 69), rtol=1e-6)
        assert np.isfinite(beta).all()


def test_copies_of_a_point_share_their_probability():
    features = clusters(120, 3)
    features[:51] = features[0]  # 50 others in the same place, more than the perplexity
    assert_joint(features, 5)
    p = joint(features, 5)[0]
    np.testing.assert_allclose(p[:51, :51][~np.eye(51, dtype=bool)], 1 / 50 / 120, rtol=1e-6)


def test_the_caller_owns_the_result():
    p, _ = joint(clusters(70, 3), 10)
    q, _ = joint(clusters(70, 3, seed=1), 10)
    before = p.copy()
    q[:] = 0
    p[0, 1] = 5
    assert p.flags.writeable
    assert not np.shares_memory(p, q)
    assert (p != before).sum() == 1


@pytest.mark.parametrize("n", [700, 1500])  # the larger matrix is written past the caches
def test_results_do_not_depend_on_the_number_of_threads(n):
    features = clusters(n, 8)
    both = joint(features, 30)
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = joint(features, 30)
    finally:
        numba.set_num_threads(threads)
    for found, expected in zip(both, one, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_matrix_larger_than_the_caches_is_right():
    features = clusters(1500, 8)
    assert dense._allocate(1500).size > dense.CACHED > dense._allocate(700).size
    p, _ = joint(features, 30)
    assert np.array_equal(p, p.T)
    order = np.random.default_rng(0).permutation(1500)
    again, _ = joint(features[order], 30)
    np.testing.assert_allclose(again, p[np.ix_(order, order)], atol=1e-6 * p.max())


def test_wrong_arguments_are_refused():
    good = clusters(10, 2)
    with pytest.raises(TypeError, match="must be float32, not float64"):
        joint(good.astype(np.float64), 3)
    for bad in (good[0], good[:2], good[:, :0]):
        with pytest.raises(ValueError, match=r"n >= 3 and d >= 1"):
            joint(bad, 2)
    for perplexity in (1.9, 9.1, np.nan):
        with pytest.raises(ValueError, match=r"perplexity must be in 2\.\.9 for 10 points"):
            joint(good, perplexity)


def test_noncontiguous_features_are_taken():
    features = clusters(80, 6)
    np.testing.assert_array_equal(joint(features[::2, ::2], 9)[0], joint(features[::2, ::2].copy(), 9)[0])


def test_packing_fills_up_with_zeros():
    points = clusters(8, 3)
    packed = packing.pack(points, 6)
    assert packed.shape == (2, 3, 6)
    np.testing.assert_array_equal(packed[0], points[:6].T)
    np.testing.assert_array_equal(packed[1, :, :2], points[6:].T)
    assert not packed[1, :, 2:].any()


@pytest.mark.parametrize("d", [1, 4, 7, 32, 70])
def test_both_ways_to_fill_tiles_agree_with_float64(d):
    points = clusters(70, d)
    rows, columns = packing.pack(points, packing.ROWS), packing.pack(points, packing.COLUMNS)
    x = points.astype(np.float64)
    expected = ((x[:, None] - x) ** 2).sum(2)
    for distances in (packing._distances_plain, packing._distances_wide)[: 1 + WIDE]:
        out = np.full((72, 128), np.nan, np.float32)
        for i in range(len(rows)):
            for j in range(len(columns)):
                distances(rows, i, columns, j, out, 6 * i, 64 * j)
        np.testing.assert_allclose(out[:70, :70], expected, rtol=1e-6, atol=0)


def test_both_ways_to_mirror_agree():
    source = np.random.default_rng(0).random((48, 64), np.float32)
    for way in (mirroring._mirror_plain, mirroring._mirror_wide)[: 1 + WIDE]:
        for past_caches in (False, True):
            target = dense._allocate(60)
            target[:] = 0
            way(source, 16, 32, target, 32, 16, past_caches)
            np.testing.assert_array_equal(target[32:48, 16:32], source[16:32, 32:48].T)
            assert np.count_nonzero(target) <= 256
