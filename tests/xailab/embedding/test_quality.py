"""Measures of quality against their definitions."""

import numpy as np
import pytest

from tests.xailab.embedding.examples import groups, joint_by_definition, kl_by_definition
from xailab.embedding.affinity import affinities, dense_affinities
from xailab.embedding.quality import check_dof, kl_divergence, neighbor_recall, trustworthiness

FEATURES, _ = groups(80)
RNG = np.random.default_rng(2)
MAP = RNG.normal(size=(80, 2)) * 20


@pytest.mark.parametrize("dof", [1, 0.5, 3.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_divergence_is_its_definition(dof, dimensions):
    joint = joint_by_definition(FEATURES, 10.0)
    points = RNG.normal(size=(80, dimensions)) * 20
    expected = kl_by_definition(joint, points, dof)
    assert kl_divergence(dense_affinities(FEATURES, perplexity=10), points, dof=dof) == pytest.approx(
        expected, rel=1e-5
    )
    assert kl_divergence(joint, points, dof=dof) == pytest.approx(expected, rel=1e-6)
    known = affinities(FEATURES, perplexity=10)
    cut = kl_by_definition(known.matrix.toarray(), points, dof)
    assert kl_divergence(known, points.astype(np.float32), dof=dof) == pytest.approx(cut, rel=1e-5)


def test_parts_join_without_a_seam(monkeypatch):
    known, joint = affinities(FEATURES, perplexity=10), dense_affinities(FEATURES, perplexity=10)
    whole = kl_divergence(known, MAP), kl_divergence(joint, MAP)
    monkeypatch.setattr("xailab.embedding.quality._BLOCK", 100)
    assert (kl_divergence(known, MAP), kl_divergence(joint, MAP)) == pytest.approx(whole, rel=1e-12)


def test_recall_counts_shared_neighbors():
    assert neighbor_recall(MAP * 3 + 5, MAP, k=7) == 1
    features, points = np.array([[0.0], [1], [3], [10]]), np.array([[0.0, 0], [1, 0], [10, 0], [3, 0]])
    assert (
        neighbor_recall(features, points, k=1) == 1 / 2
    )  # nearest to 0, 1, 3, 10 are 1, 0, 1, 3, but in the map 1, 0, 10, 1
    assert neighbor_recall(FEATURES, MAP, k=79) == 1


def test_recall_of_a_random_map_is_that_of_chance():
    features, points = RNG.normal(size=(1000, 5)), RNG.normal(size=(1000, 2))
    assert neighbor_recall(features, points, k=10) == pytest.approx(10 / 999, abs=0.004)


def test_trustworthiness_is_scikit_learns():
    from sklearn.manifold import trustworthiness as judge

    assert trustworthiness(FEATURES, MAP, k=5) == pytest.approx(judge(FEATURES, MAP, n_neighbors=5), abs=1e-6)
    assert trustworthiness(MAP, MAP) == 1


def test_trustworthiness_of_many_points_is_that_of_some_drawn_by_the_seed():
    first, again, other = (trustworthiness(FEATURES, MAP, k=5, limit=40, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert abs(first - trustworthiness(FEATURES, MAP, k=5)) < 0.2


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (MAP[:5], r"expected a map of shape \(80, 2\) or \(80, 3\), got \(5, 2\), float64"),
        (MAP[:, :1], r"got \(80, 1\)"),
        (np.full((80, 2), np.nan), "points of a map must be finite"),
        (np.full((80, 2), "a"), "<U1"),
    ],
)
def test_what_is_no_map(points, message):
    for measure in (neighbor_recall, trustworthiness):
        with pytest.raises(ValueError, match=message):
            measure(FEATURES, points)
    with pytest.raises(ValueError, match=message):
        kl_divergence(affinities(FEATURES, perplexity=10), points)


def test_limits_of_options():
    with pytest.raises(ValueError, match="k must be between 1 and 79, got 80"):
        neighbor_recall(FEATURES, MAP, k=80)
    with pytest.raises(ValueError, match="k must be between 1 and 39, got 40"):
        trustworthiness(FEATURES, MAP, k=40)
    with pytest.raises(
        ValueError, match=r"dof \(degrees of freedom; 1 is Student's t\) must be between 0.1 and 1000.0"
    ):
        check_dof(0)
    with pytest.raises(TypeError, match=r"dof .* must be a number, got 'one'"):
        check_dof("one")
