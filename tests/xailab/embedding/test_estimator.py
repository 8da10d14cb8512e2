"""The estimator does what scikit-learn asks of a transformer."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tests.xailab.embedding.examples import groups
from xailab.embedding.estimator import TSNE
from xailab.embedding.tsne import tsne

FEATURES, WHICH = groups(150)
QUICK = {"perplexity": 2, "max_iter": 20, "early_exaggeration_iter": 10}
ONE_DIMENSION = "scikit-learn sets n_components=1 in this check, and maps have 2 or 3 dimensions; see Planar"
EXPECTED_FAILURES = {
    "check_dont_overwrite_parameters": ONE_DIMENSION,
    "check_methods_sample_order_invariance": ONE_DIMENSION,
    "check_methods_subset_invariance": ONE_DIMENSION,
    "check_fit2d_1feature": ONE_DIMENSION,
    "check_fit2d_predict1d": ONE_DIMENSION,
}


class Planar(TSNE):
    """The same with two dimensions for good: no check can set them to 1."""

    n_components = property(lambda self: 2, lambda self, value: None)

    def __init__(self, *, perplexity=30.0, early_exaggeration_iter=100, max_iter=500) -> None:
        super().__init__(perplexity=perplexity, early_exaggeration_iter=early_exaggeration_iter, max_iter=max_iter)


def failures(estimator, expected):
    found = check_estimator(estimator, expected_failed_checks=expected, on_fail=None, on_skip=None)
    assert len(found) > 40
    return {one["check_name"]: one["exception"] for one in found if one["status"] == "failed"}, {
        one["check_name"] for one in found if one["status"] == "xfail"
    }


def test_it_passes_scikit_learns_checks():
    failed, expected = failures(TSNE(**QUICK), EXPECTED_FAILURES)
    assert not failed
    assert expected == set(EXPECTED_FAILURES)


def test_with_two_dimensions_it_passes_all_of_them():
    failed, _ = failures(Planar(**QUICK), {})
    assert not failed


def test_it_is_the_function_in_other_clothes():
    estimator = TSNE(perplexity=15, random_state=3).fit(FEATURES)
    seed = int(np.random.RandomState(3).randint(2**31 - 1))
    plain = tsne(FEATURES, perplexity=15, seed=seed)
    np.testing.assert_array_equal(estimator.embedding_, plain.points)
    assert estimator.kl_divergence_ == plain.kl
    assert estimator.n_iter_ == 500
    assert estimator.n_features_in_ == 6
    assert estimator.get_feature_names_out().tolist() == ["tsne0", "tsne1"]


def test_it_works_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), TSNE(perplexity=10), KNeighborsClassifier(5))
    assert clone(pipeline).fit(FEATURES[:100], WHICH[:100]).score(FEATURES[100:], WHICH[100:]) == 1


def test_the_maps_own_points_stay_where_they_are():
    estimator = TSNE(perplexity=10, max_iter=50)
    points = estimator.fit_transform(FEATURES)
    np.testing.assert_array_equal(estimator.transform(FEATURES), points)


def test_wrong_options_are_told_by_name():
    with pytest.raises(ValueError, match=r"learning_rate must be at least 0.0, got -1.0"):
        TSNE(learning_rate=-1.0, perplexity=5).fit(FEATURES)
    with pytest.raises(ValueError, match="perplexity must be between 2 and 149"):
        TSNE(perplexity=1000).fit(FEATURES)
    assert TSNE(n_jobs=-1, learning_rate=20.0, **QUICK).fit(FEATURES).n_iter_ == 20
