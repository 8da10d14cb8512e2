"""From a table of IoUs to what each unit detects.

- ``label_units``                the best concept of every unit, overall and within each category
- ``UnitLabels``                 the record of that
- ``unique_labels``              distinct overall-best concepts of the detectors (the count in NetDissect's page header)
- ``unique_labels_by_category``  distinct best concepts per category (summed, the count that the paper publishes)
- ``detectors_per_concept``      how many units detect each concept, for the bar chart

Source: Bau et al. 2017, section 3.2. A unit is a *detector* of its best concept if their IoU is greater than a
threshold, 0.04 in the paper. Two different counts of unique detectors are in circulation; both are here, under
different names.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from xailab.data.batch import Vocabulary


@dataclass(frozen=True)
class UnitLabels:
    """The best concept of each of k units.

    Parameters
    ----------
    vocabulary
        What the concept numbers mean.
    concept, iou
        Number of the best concept over all categories, int64 ``k`` (0 where every IoU is 0), and its IoU in [0, 1].
    category_concept, category_iou
        The same within each category of the vocabulary, ``k g``.
    """

    vocabulary: Vocabulary
    concept: Int[np.ndarray, " k"]
    iou: Float[np.ndarray, " k"]
    category_concept: Int[np.ndarray, "k g"]
    category_iou: Float[np.ndarray, "k g"]

    def detectors(self, threshold: float = 0.04) -> Bool[np.ndarray, " k"]:
        """Return which units are detectors: their best IoU is strictly greater than ``threshold``."""
        return np.asarray(self.iou > threshold)


def label_units(iou: Float[np.ndarray, "k c"], vocabulary: Vocabulary) -> UnitLabels:
    """Choose the concept of the greatest IoU for every unit, overall and per (primary) category.

    Of concepts with equal IoU the one with the smaller number wins. (NetDissect's choice in a tie depends on its sort.)

    Parameters
    ----------
    iou
        Intersection over union of k units with every concept number 0 ... c - 1, in [0, 1]; column 0 is ignored.
    vocabulary
        The concepts; ``vocabulary.size`` must be c.

    Raises
    ------
    ValueError
        The table has another number of columns than the vocabulary has numbers, or holds NaN.
    """
    if iou.shape[1] != vocabulary.size:
        raise ValueError(
            f"the IoU table has {iou.shape[1]} columns, the vocabulary has numbers 0 ... {vocabulary.size - 1}"
        )
    if np.isnan(iou).any():
        raise ValueError(f"the IoU table holds NaN for units {np.flatnonzero(np.isnan(iou).any(1))[:8].tolist()}")
    codes = vocabulary.category_codes
    rows = np.arange(len(iou))
    concept = np.zeros((len(iou), len(vocabulary.categories)), np.int64)
    best = np.zeros(concept.shape)
    for code in range(len(vocabulary.categories)):
        numbers = np.flatnonzero(codes == code)
        if numbers.size:
            winner = numbers[iou[:, numbers].argmax(1)]
            best[:, code] = iou[rows, winner]
            concept[:, code] = np.where(best[:, code] > 0, winner, 0)
    number, value = _best_of_categories(concept, best)
    return UnitLabels(vocabulary, number, value, concept, best)


def _best_of_categories(
    concept: Int[np.ndarray, "k g"], iou: Float[np.ndarray, "k g"]
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Return the overall best of the per-category winners; in a tie the smaller concept number."""
    if iou.shape[1] == 0:
        return np.zeros(len(iou), np.int64), np.zeros(len(iou))
    value = iou.max(1)
    number = np.where(iou == value[:, None], concept, np.iinfo(np.int64).max).min(1)
    return number, value


def unique_labels(labels: UnitLabels, threshold: float = 0.04) -> dict[str, frozenset[int]]:
    """Return, per category, the distinct concepts that are the *overall* best label of a detector.

    A unit counts once. The total is what NetDissect writes into the header of its page.
    """
    codes = labels.vocabulary.category_codes
    found = set(labels.concept[labels.detectors(threshold)].tolist())
    return {
        category: frozenset(n for n in found if codes[n] == code)
        for code, category in enumerate(labels.vocabulary.categories)
    }


def unique_labels_by_category(labels: UnitLabels, threshold: float = 0.04) -> dict[str, frozenset[int]]:
    """Return, per category, the distinct best concepts *of that category* among units whose IoU with it passes.

    A unit may count in several categories. The sum over categories is the number of unique detectors that the paper and
    its released tables publish (found from the released per-layer tables; the paper's text does not say).
    """
    passing = labels.category_iou > threshold
    return {
        category: frozenset(labels.category_concept[passing[:, code], code].tolist())
        for code, category in enumerate(labels.vocabulary.categories)
    }


def detectors_per_concept(labels: UnitLabels, threshold: float = 0.04) -> dict[int, int]:
    """Return concept number -> number of detectors whose overall best label it is, most frequent first."""
    counts = Counter(labels.concept[labels.detectors(threshold)].tolist())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
