"""New points find the place of their like, each by itself, and nothing else moves."""

import numpy as np
import pytest

from tests.xailab.embedding.examples import groups
from xailab.embedding.affinity import affinities
from xailab.embedding.schedule import Descent
from xailab.embedding.transform import transform
from xailab.embedding.tsne import embed, tsne

FEATURES, WHICH = groups(200)
KNOWN = slice(0, 150)


@pytest.fixture(scope="module")
def found():
    return tsne(FEATURES[KNOWN], perplexity=15)


def test_new_points_land_in_their_group(found):
    before = found.points.copy()
    places = transform(found, FEATURES[150:])
    assert places.dtype == np.float32
    distances = np.linalg.norm(places[:, None] - found.points[None], axis=-1)
    assert (WHICH[distances.argmin(1)] == WHICH[150:]).mean() == 1
    np.testing.assert_array_equal(found.points, before)


def test_a_points_place_does_not_depend_on_the_others(found):
    together = transform(found, FEATURES[150:])
    alone = np.concatenate([transform(found, FEATURES[i : i + 1]) for i in range(150, 200)])
    np.testing.assert_allclose(together, alone, atol=1e-4)  # distances may be rounded otherwise in another block
    np.testing.assert_array_equal(transform(found, FEATURES[150:], threads=1), together)


def test_a_point_of_the_map_has_its_place_and_a_near_one_lies_beside_it(found):
    np.testing.assert_array_equal(transform(found, FEATURES[KNOWN]), found.points)
    near = transform(found, FEATURES[KNOWN] + 1e-4)
    steps = np.linalg.norm(near - found.points, axis=1)
    assert np.median(steps) < 0.05 * np.ptp(found.points)


def own_divergence(found, features, place, perplexity=5.0):
    """KL of a single point's similarities to the map from its affinities, in float64, by its definition."""
    sqdist = ((found.features.values.astype(float) - features) ** 2).sum(1)
    nearest = np.argsort(sqdist)[: int(3 * perplexity)]
    low, high = -60.0, 60.0
    for _ in range(100):
        middle = (low + high) / 2
        p = np.exp(-np.exp(middle) * (sqdist[nearest] - sqdist[nearest].min()))
        p /= p.sum()
        low, high = (middle, high) if -(p * np.log(p + 1e-300)).sum() > np.log(perplexity) else (low, middle)
    kernel = (1 + ((found.points.astype(float) - place) ** 2).sum(1) / found.dof) ** -found.dof
    return float((p * np.log((p + 1e-300) / (kernel[nearest] / kernel.sum()))).sum())


@pytest.mark.parametrize(("dimensions", "dof"), [(2, 1.0), (3, 1.0), (2, 0.6)])
def test_places_are_minima_of_the_points_own_divergence(dimensions, dof):
    found = tsne(FEATURES[KNOWN], perplexity=15, dimensions=dimensions, dof=dof)
    new = found.features.alike(FEATURES[150:160])
    start, end = transform(found, FEATURES[150:160], iterations=0), transform(found, FEATURES[150:160])
    rng = np.random.default_rng(0)
    for i in range(10):
        best = own_divergence(found, new[i], end[i])
        assert best <= own_divergence(found, new[i], start[i]) + 1e-4
        around = [own_divergence(found, new[i], end[i] + rng.normal(size=dimensions) * 0.05) for _ in range(5)]
        assert min(around) > best - 1e-4


def test_without_iterations_a_point_is_the_weighted_mean_of_its_neighbors(found):
    place = transform(found, FEATURES[150:151], perplexity=2, iterations=0)[0]
    values = found.features.alike(FEATURES[150:151])
    nearest = np.argsort(((found.features.values - values) ** 2).sum(1))[:6]
    low, high = found.points[nearest].min(0), found.points[nearest].max(0)
    assert ((low <= place) & (place <= high)).all()


def test_few_points_lower_the_perplexity():
    found = tsne(FEATURES[:4], perplexity=2, descent=Descent(iterations=20))
    assert np.isfinite(transform(found, FEATURES[4:8])).all()


@pytest.mark.parametrize(
    ("features", "options", "message"),
    [
        (FEATURES[:5, :4], {}, "the map was made from points with 6 features; these have 4"),
        (np.full((2, 6), np.nan), {}, "12 of 12 values are NaN"),
        (FEATURES[:5], {"perplexity": 1.0}, "perplexity must be between 2 and 149"),
        (FEATURES[:5], {"iterations": -1}, "iterations must be at least 0, got -1"),
    ],
)
def test_what_cannot_be_placed_says_why(found, features, options, message):
    with pytest.raises(ValueError, match=message):
        transform(found, features, **options)


def test_a_map_of_affinities_places_nothing():
    found = embed(affinities(FEATURES[:40], perplexity=5), descent=Descent(iterations=10))
    with pytest.raises(ValueError, match=r"made from affinities alone: only one made by tsne\(\) can place new points"):
        transform(found, FEATURES)
