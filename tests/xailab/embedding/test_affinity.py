"""Affinities are what the definition says; those of others are checked."""

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from tests.xailab.embedding.examples import groups, joint_by_definition
from xailab.embedding.affinity import SparseAffinity, affinities, check_affinity, dense_affinities, entropy_sum

FEATURES, _ = groups(60)


def test_dense_ones_are_the_definition():
    joint = dense_affinities(FEATURES * 100 + 7, perplexity=8)
    expected = joint_by_definition(FEATURES, 8.0)
    assert joint.dtype == np.float32
    np.testing.assert_allclose(joint, expected, atol=2e-6 * expected.max())
    assert joint.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert (joint == joint.T).all()
    assert not np.diagonal(joint).any()


@pytest.mark.parametrize("perplexity", [20, 25.5, 59])
def test_sparse_ones_with_all_neighbors_are_the_definition(perplexity):
    known = affinities(FEATURES, perplexity=perplexity)
    expected = joint_by_definition(FEATURES, float(perplexity))
    np.testing.assert_allclose(known.matrix.toarray(), expected, atol=2e-6 * expected.max())
    assert known.perplexity == (float(perplexity),)


def test_sparse_ones_hold_three_neighbors_per_unit_of_perplexity():
    known = affinities(FEATURES, perplexity=5)
    matrix = known.matrix
    assert abs(matrix - matrix.T).max() == 0
    assert matrix.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert np.diff(known.starts).min() >= 15
    assert known.values.size <= 2 * 15 * 60
    distances = ((FEATURES[:, None] - FEATURES[None]) ** 2).sum(-1) + np.diag(np.full(60, np.inf))
    nearest = np.argsort(distances, axis=1)[:, :15]
    assert all(set(nearest[i]) <= set(known.neighbors[known.starts[i] : known.starts[i + 1]]) for i in range(60))


def test_several_perplexities_are_the_mean_of_their_conditionals():
    both = affinities(FEATURES, perplexity=[5, 20]).matrix.toarray()
    expected = (joint_by_definition(FEATURES, 5.0) + joint_by_definition(FEATURES, 20.0)) / 2
    np.testing.assert_allclose(both, expected, atol=3e-6 * expected.max())


def test_duplicates_are_the_nearest_neighbors():
    known = affinities(np.repeat(FEATURES[:20], 3, 0), perplexity=2)
    matrix = known.matrix.toarray()
    twins = np.kron(np.eye(20), np.ones((3, 3))) - np.eye(60)
    assert matrix[twins > 0].sum() > 0.999


def test_points_that_are_all_equal_are_equally_near():
    matrix = affinities(np.ones((10, 4)), perplexity=3).matrix.toarray()
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(matrix.sum(), 1, atol=1e-6)
    joint = dense_affinities(np.ones((10, 4)), perplexity=3)
    np.testing.assert_allclose(joint, (1 - np.eye(10)) / 90, atol=1e-8)


@pytest.mark.parametrize("points", [3, 4])
def test_three_points_are_enough(points):
    features = FEATURES[:points]
    np.testing.assert_allclose(
        affinities(features, perplexity=2).matrix.toarray(), joint_by_definition(features, 2.0), atol=1e-5
    )
    with pytest.raises(ValueError, match=rf"between 2 and {points - 1} for {points} points"):
        affinities(features, perplexity=points)


def test_dense_ones_take_one_perplexity():
    with pytest.raises(ValueError, match=r"take one perplexity; affinities\(\) takes several"):
        dense_affinities(FEATURES, perplexity=[5.0, 20.0])


def test_a_matrix_of_ones_own_is_taken_over_and_normalized():
    half = random_array((30, 30), density=0.3, rng=np.random.default_rng(0))
    symmetric = csr_array(half + half.T)
    known = check_affinity(symmetric)
    expected = symmetric.toarray()
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(known.matrix.toarray(), expected / expected.sum(), rtol=1e-6)
    assert symmetric.diagonal().any(), "the caller's matrix was changed"


@pytest.fixture(scope="module")
def joint():
    return dense_affinities(FEATURES, perplexity=5)


def test_a_dense_matrix_of_ones_own_is_taken_as_it_is(joint):
    np.testing.assert_array_equal(check_affinity(joint), joint)
    np.testing.assert_array_equal(check_affinity(joint.astype(np.float64)), joint)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((slice(None), slice(None)), 1 / 120, "0 on the diagonal"),
        ((0, 1), 0.5, "must have the sum 1, got 1.5"),
        ((0, 1), 1e-4, r"symmetric: use \(P \+ P.T\) / 2"),
        ((2, 3), np.nan, "must be finite"),
        ((2, 3), -1.0, "at least 0"),
    ],
)
def test_a_dense_matrix_that_is_no_affinity(joint, place, value, message):
    changed = joint.copy()
    changed[place] = value
    with pytest.raises(ValueError, match=message):
        check_affinity(changed)


@pytest.mark.parametrize(
    ("affinity", "error", "message"),
    [
        (np.ones((3, 4)), ValueError, r"square matrix of at least 3 points, got shape \(3, 4\)"),
        (csr_array(np.triu(np.ones((5, 5)), 1)), ValueError, "symmetric"),
        (csr_array(np.eye(5)), ValueError, "somewhere above 0 off the diagonal"),
        (csr_array(-np.ones((5, 5))), ValueError, "at least 0"),
        (FEATURES.tolist(), TypeError, r"got list. Features go to tsne\(\)"),
        (np.ones((5, 5), int), TypeError, "NumPy matrix of probabilities"),
    ],
)
def test_what_are_no_affinities(affinity, error, message):
    with pytest.raises(error, match=message):
        check_affinity(affinity)


def test_the_entropy_of_no_probability_is_nothing():
    assert entropy_sum(np.array([0.5, 0.0, 0.5], np.float32)) == pytest.approx(-np.log(2))
    assert isinstance(affinities(FEATURES, perplexity=5), SparseAffinity)
