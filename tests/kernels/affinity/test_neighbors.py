"""What is found is what sorting all distances would find, ties and duplicates included."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xailab_kernels.affinity import neighbors, selection
from xailab_kernels.affinity.neighbors import nearest, nearest_among

from tests.kernels.affinity import naive_neighbors as naive


def clusters(n, d, seed=0):
    """Points in unequal clusters that are thinner in some directions: blocks of them are far apart."""
    rng = np.random.default_rng(seed)
    centers, shape = 4 * rng.standard_normal((7, d)), rng.standard_normal((4, d))
    noise = rng.standard_normal((n, 4)) @ shape + 0.1 * rng.standard_normal((n, d))
    return (centers[rng.integers(0, 7, n)] + noise).astype(np.float32)


def assert_nearest(found, queries, points, k, *, same):
    """Each neighbor must be as near, in float64, as the one that belongs to its place; the two may be the same one."""
    sqdist, index = found
    true = naive.squared_distances(queries, points)
    if same:
        np.fill_diagonal(true, np.inf)
    expected = np.sort(true, 1)[:, :k]
    rounding = 1e-6 + 1e-7 * points.shape[1] ** 0.5  # of float32 sums
    np.testing.assert_allclose(sqdist, expected, rtol=rounding, atol=0)
    np.testing.assert_allclose(np.take_along_axis(true, index.astype(np.int64), 1), expected, rtol=rounding, atol=0)
    assert (np.diff(sqdist, axis=1) >= 0).all()
    assert (np.diff(np.sort(index, 1), axis=1) > 0).all()


def assert_equal(found, expected):
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.parametrize(
    ("n", "d", "k"), [(2500, 50, 90), (2500, 5, 30), (700, 300, 91), (193, 3, 192), (2100, 1, 10), (250, 4096, 7)]
)
def test_all_neighbors_are_found(n, d, k):
    points = clusters(n, d)
    assert_nearest(nearest(points, k), points, points, k, same=True)


def test_points_without_any_structure_are_found_too():
    points = np.random.default_rng(0).standard_normal((2500, 64), dtype=np.float32)
    assert_nearest(nearest(points, 40), points, points, 40, same=True)


@st.composite
def grids(draw):
    n, d = draw(st.integers(2, 450)), draw(st.sampled_from([1, 2, 3, 33]))
    values, offset = draw(st.integers(1, 4)), draw(st.sampled_from([0, 1000]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return rng.integers(0, values, (n, d)).astype(np.float32) + np.float32(offset)


@given(grids(), st.floats(0, 1))
@settings(max_examples=60)
def test_ties_go_to_the_lower_index_and_duplicates_are_neighbors(points, share):
    k = 1 + round(share * (len(points) - 2))
    assert_equal(nearest(points, k), naive.nearest(points, k))


@given(grids(), st.floats(0, 1), st.integers(0, 200))
@settings(max_examples=40)
def test_queries_find_themselves_and_others(points, share, m):
    k = 1 + round(share * (len(points) - 1))
    queries = np.concatenate([points[:m], points[: m // 2] + 1])[::-1]
    assert_equal(nearest_among(queries, points, k), naive.nearest_among(queries, points, k))


def test_many_points_on_a_grid_with_ties_everywhere():
    points = np.random.default_rng(0).integers(0, 3, (2300, 40)).astype(np.float32)
    assert_equal(nearest(points, 90), naive.nearest(points, 90))


def test_all_equal_points_have_the_first_others_as_neighbors():
    sqdist, index = nearest(np.full((5000, 3), 7.25, np.float32), 90)
    assert not sqdist.any()
    np.testing.assert_array_equal(index[0], np.arange(1, 91))
    np.testing.assert_array_equal(index[50], np.delete(np.arange(91), 50))
    np.testing.assert_array_equal(index[200:], np.tile(np.arange(90), (4800, 1)))


def test_queries_far_from_the_points():
    points, queries = clusters(900, 50), clusters(130, 50, seed=1) + np.float32(300)
    assert_nearest(nearest_among(queries, points, 20), queries, points, 20, same=False)


def test_no_queries_find_nothing():
    sqdist, index = nearest_among(np.empty((0, 3), np.float32), np.zeros((5, 3), np.float32), 2)
    assert sqdist.shape == index.shape == (0, 2)


@pytest.mark.parametrize(("scale", "offset"), [(1e-12, 0), (1e12, 0), (1, 1e4), (2**-20, 0)])
def test_offset_and_scale_cost_no_accuracy(scale, offset):
    points = clusters(600, 50) * np.float32(scale) + np.float32(offset)
    assert_nearest(nearest(points, 30), points, points, 30, same=True)


def test_other_layouts_give_the_same():
    points = clusters(300, 40)
    expected = nearest(points, 12)
    assert_equal(nearest(np.asfortranarray(points), 12), expected)
    wide = np.repeat(points, 2, axis=1)
    assert_equal(nearest(wide[:, ::2], 12), expected)


def test_the_number_of_threads_changes_nothing():
    points = clusters(2500, 50)
    before = numba.get_num_threads()
    results = []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            results.append(nearest(points, 90))
    finally:
        numba.set_num_threads(before)
    assert_equal(*results)


@given(st.integers(1, 3000), st.sampled_from([192, 960]))
def test_each_pair_of_blocks_meets_once_and_no_block_twice_in_a_round(n, block):
    blocks, met = -(-n // block), []
    for pairs in neighbors._tournament(n, block):
        seen = [one for pair in pairs.tolist() for one in set(pair)]
        assert len(seen) == len(set(seen))
        met += [tuple(sorted(pair)) for pair in pairs.tolist()]
    assert sorted(met) == [(i, j) for i in range(blocks) for j in range(i, blocks)]


@given(st.integers(1, 900), st.integers(1, 5), st.data())
@settings(max_examples=60)
def test_selection_keeps_the_smallest_pairs(count, spread, data):
    k = data.draw(st.integers(1, count))
    rng = np.random.default_rng(count)
    values, ids = (rng.integers(0, 10**spread, count) / 7).astype(np.float32), rng.permutation(count).astype(np.int32)
    expected = sorted(zip(values.tolist(), ids.tolist(), strict=True))[:k]
    limit = selection.select(values, ids, count, k)
    assert sorted(zip(values[:k].tolist(), ids[:k].tolist(), strict=True)) == expected
    assert limit == np.float32(expected[-1][0])


@given(st.integers(0, 2**32 - 1), st.sampled_from([-1, 0, 0.3, 1]))
def test_both_ways_to_keep_small_values_agree(seed, limit):
    rng = np.random.default_rng(seed)
    values, ids = (rng.integers(0, 11, 64) / 10).astype(np.float32), rng.permutation(64).astype(np.int32)
    for keep in (selection._keep_plain, selection.keep):
        kept, kept_ids = np.empty(100, np.float32), np.empty(100, np.int32)
        count = keep(values, np.full(64, limit, np.float32), ids, kept, kept_ids, 3)
        np.testing.assert_array_equal(kept[3 : 3 + count], values[values <= np.float32(limit)])
        np.testing.assert_array_equal(kept_ids[3 : 3 + count], ids[values <= np.float32(limit)])


@pytest.mark.parametrize("k", [0, 5, -1])
def test_k_out_of_range_is_explained(k):
    with pytest.raises(ValueError, match=r"k must be from 1 to 4: each of the 5 points has 4 others; got k="):
        nearest(np.zeros((5, 2), np.float32), k)


def test_queries_may_ask_for_all_points_but_not_for_more():
    points = np.zeros((3, 2), np.float32)
    assert nearest_among(points, points, 3)[1].tolist() == [[0, 1, 2]] * 3
    with pytest.raises(ValueError, match=r"k must be from 1 to 3, the number of points to choose from; got k=4"):
        nearest_among(points, points, 4)


@pytest.mark.parametrize("points", [np.zeros(4, np.float32), np.zeros((4, 0), np.float32)])
def test_only_a_matrix_has_neighbors(points):
    with pytest.raises(ValueError, match="features must be a matrix of points by features"):
        nearest(points, 1)


def test_only_float32_is_taken():
    with pytest.raises(TypeError, match="features must be float32, got float64"):
        nearest(np.zeros((4, 2)), 1)


def test_queries_must_have_the_same_features():
    with pytest.raises(ValueError, match="queries have 3 features, but the points have 2"):
        nearest_among(np.zeros((4, 3), np.float32), np.zeros((4, 2), np.float32), 1)
