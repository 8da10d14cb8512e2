"""Which concept a unit is named after, and the two ways of counting unique detectors."""

import numpy as np
import pytest

from xailab.data.batch import Concept, Vocabulary
from xailab.dissection.curves import threshold_curve
from xailab.dissection.labeling import detectors_per_concept, label_units, unique_labels, unique_labels_by_category

VOCABULARY = Vocabulary(
    ("object", "color"),
    (Concept(1, "car", "object"), Concept(2, "cat", "object"), Concept(4, "red-c", "color")),  # there is no number 3
)
IOU = np.array(
    [
        # -, car, cat, -, red
        [0.9, 0.30, 0.10, 0.9, 0.20],  # a car detector, and a red one in its own category
        [0.0, 0.05, 0.05, 0.0, 0.05],  # a tie between all
        [0.0, 0.00, 0.01, 0.0, 0.50],  # red
        [0.0, 0.04, 0.00, 0.0, 0.00],  # exactly at the threshold: no detector
        [0.0, 0.00, 0.00, 0.0, 0.00],  # nothing at all
    ]
)


def test_the_best_concept_wins_and_columns_without_a_concept_never_do() -> None:
    labels = label_units(IOU, VOCABULARY)
    assert labels.concept.tolist() == [1, 1, 4, 1, 0]
    np.testing.assert_array_equal(labels.iou, [0.30, 0.05, 0.50, 0.04, 0.0])


def test_within_a_category_the_best_of_that_category_wins() -> None:
    labels = label_units(IOU, VOCABULARY)
    assert labels.category_concept.tolist() == [[1, 4], [1, 4], [2, 4], [1, 0], [0, 0]]
    np.testing.assert_array_equal(labels.category_iou[:, 1], [0.20, 0.05, 0.50, 0.0, 0.0])


def test_a_detector_must_exceed_the_threshold_strictly() -> None:
    assert label_units(IOU, VOCABULARY).detectors(0.04).tolist() == [True, True, True, False, False]


def test_the_two_counts_of_unique_detectors_differ_where_a_unit_is_good_in_two_categories() -> None:
    labels = label_units(IOU[:1], VOCABULARY)
    assert unique_labels(labels) == {"object": frozenset({1}), "color": frozenset()}
    assert unique_labels_by_category(labels) == {"object": frozenset({1}), "color": frozenset({4})}


def test_permuting_the_units_changes_no_count() -> None:
    iou = np.random.default_rng(0).random((40, 5)) * 0.1
    order = np.random.default_rng(1).permutation(40)
    one, other = label_units(iou, VOCABULARY), label_units(iou[order], VOCABULARY)
    assert unique_labels(one) == unique_labels(other)
    assert detectors_per_concept(one) == detectors_per_concept(other)
    np.testing.assert_array_equal(one.concept[order], other.concept)


def test_detectors_per_concept_are_sorted_by_number_of_units() -> None:
    assert detectors_per_concept(label_units(IOU, VOCABULARY)) == {1: 2, 4: 1}


def test_the_threshold_curve_counts_what_the_labels_count() -> None:
    curve = threshold_curve(label_units(IOU, VOCABULARY), np.array([0.0, 0.04, 0.3, 0.6]))
    assert curve.detectors.tolist() == [4, 3, 1, 0]
    assert curve.unique.tolist() == [2, 2, 1, 0]


def test_no_units_and_no_concepts_give_empty_labels() -> None:
    assert label_units(np.zeros((0, 5)), VOCABULARY).detectors().sum() == 0
    assert label_units(np.zeros((3, 1)), Vocabulary((), ())).concept.tolist() == [0, 0, 0]


def test_a_table_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has 4 columns, the vocabulary has numbers 0 \.\.\. 4"):
        label_units(np.zeros((2, 4)), VOCABULARY)


def test_nan_is_refused_and_the_units_named() -> None:
    iou = IOU.copy()
    iou[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN for units \[2\]"):
        label_units(iou, VOCABULARY)
