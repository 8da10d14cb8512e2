"""A start is small, centred, the same for the same seed, and never a single place."""

import numpy as np
import pytest
from scipy.sparse import block_diag, csr_array
from threadpoolctl import threadpool_limits

from tests.xailab.embedding.examples import groups
from xailab.embedding import start
from xailab.embedding.affinity import SparseAffinity, affinities
from xailab.embedding.start import START_STD, given_start, pca_start, spectral_start

FEATURES, WHICH = groups(90)


def check(points, count, dimensions=2):
    assert points.shape == (count, dimensions)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    np.testing.assert_allclose(points[:, 0].std(), START_STD, rtol=0.05)
    assert np.abs(points.mean(0)).max() < 0.05 * START_STD
    assert len(np.unique(points, axis=0)) == count


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("columns", [6, 300])
def test_principal_components_are_those_of_the_singular_value_decomposition(dimensions, columns):
    features = FEATURES @ np.random.default_rng(1).normal(size=(6, columns))
    found = pca_start(features + 1000, dimensions=dimensions)
    check(found, 90, dimensions)
    left, values, right = np.linalg.svd(features - features.mean(0), full_matrices=False)
    signs = np.sign(right[range(dimensions), np.abs(right[:dimensions]).argmax(1)])
    expected = (left * values)[:, :dimensions] * signs
    expected *= START_STD / expected[:, 0].std()
    np.testing.assert_allclose(found, expected, atol=0.06 * START_STD)  # the noise is 0.01, and 270 numbers have it


def test_the_noise_follows_the_seed():
    assert (pca_start(FEATURES, seed=3) == pca_start(FEATURES, seed=3)).all()
    apart = pca_start(FEATURES, seed=3) - pca_start(FEATURES, seed=4)
    assert 0.01 < apart.std() / START_STD < 0.02


@pytest.mark.parametrize(
    "features", [np.ones((20, 5)), np.arange(20.0)[:, None], np.repeat(np.eye(2), 10, 0)], ids=["equal", "one", "line"]
)
def test_what_has_too_few_components_is_filled_with_noise(features):
    check(pca_start(features, dimensions=3), 20, 3)
    assert (pca_start(features)[:, 1].std() / START_STD) > 0.5


@pytest.mark.parametrize("few", [1000, 10], ids=["whole", "Lanczos"])
def test_a_spectral_start_separates_groups(monkeypatch, few):
    monkeypatch.setattr(start, "_FEW", few)
    found = spectral_start(affinities(FEATURES, perplexity=9))
    check(found, 90)
    centers = np.stack([found[group == WHICH].mean(0) for group in range(3)])
    spread = max(found[group == WHICH].std(0).max() for group in range(3))
    distances = np.linalg.norm(centers[:, None] - centers[None], axis=-1)
    assert distances[~np.eye(3, dtype=bool)].min() > 3 * spread


def test_a_spectral_start_takes_dense_matrices_and_graphs_in_pieces():
    ring = csr_array(np.roll(np.eye(20), 1, 0) + np.roll(np.eye(20), -1, 0))
    pieces = SparseAffinity.from_matrix(block_diag([ring, ring, ring]))
    check(spectral_start(pieces), 60)
    check(spectral_start(pieces.matrix.toarray(), dimensions=3), 60, 3)


def test_a_spectral_start_of_a_ring_is_a_ring():
    ring = SparseAffinity.from_matrix(np.roll(np.eye(40), 1, 0) + np.roll(np.eye(40), -1, 0))
    radius = np.linalg.norm(spectral_start(ring), axis=1)
    assert radius.std() < 0.05 * radius.mean()


def test_a_spectral_start_that_fails_is_noise(monkeypatch):
    monkeypatch.setattr(start, "_slow_modes", lambda *_: None)
    check(spectral_start(affinities(groups(400)[0])), 400)
    few = spectral_start(affinities(FEATURES[:4], perplexity=2))
    assert few.shape == (4, 2)
    assert np.isfinite(few).all()


def test_places_of_ones_own_are_moved_and_scaled():
    places = np.random.default_rng(0).normal(size=(30, 2)) * [50, 10] + 7
    found = given_start(places, points=30, dimensions=2)
    np.testing.assert_allclose(found, (places - places.mean(0)) * START_STD / places[:, 0].std(), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(
    ("places", "error", "message"),
    [
        (np.zeros((4, 3)), ValueError, r"one row per point and one column per dimension, shape \(5, 2\), got \(4, 3\)"),
        (np.full((5, 2), np.nan), ValueError, "start must be finite"),
        (np.ones((5, 2)), ValueError, "points in one place never part"),
        ("pca", TypeError, "start must be real numbers, got dtype <U3"),
    ],
)
def test_places_that_are_no_start(places, error, message):
    with pytest.raises(error, match=message):
        given_start(places, points=5, dimensions=2)


def test_the_start_does_not_depend_on_the_threads_of_blas():
    features = np.random.default_rng(0).normal(size=(1500, 64)).astype(np.float32)
    starts = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            starts.append(pca_start(features))
    np.testing.assert_array_equal(*starts)
