"""The numbers of a dissection that pages, tables and the command line all show.

- ``summarize``      one layer with its controls -> ``LayerSummary``
- ``LayerSummary``   the record of that
- ``Tally``          detectors and unique detectors of one set of labels
"""

from collections.abc import Mapping
from dataclasses import dataclass

from xailab.data.batch import Vocabulary
from xailab.dissection.curves import ThresholdCurve, threshold_curve
from xailab.dissection.labeling import UnitLabels, label_units, unique_labels, unique_labels_by_category
from xailab.dissection.result import Dissection


@dataclass(frozen=True)
class Tally:
    """How many units are detectors, and of how many concepts.

    Parameters
    ----------
    detectors
        Units whose best IoU passes.
    unique
        Category -> distinct concepts among their overall-best labels.
    unique_by_category
        Category -> distinct best concepts of that category among units whose IoU with it passes (the paper's tables).
    """

    detectors: int
    unique: Mapping[str, int]
    unique_by_category: Mapping[str, int]

    @property
    def total(self) -> int:
        """Distinct concepts, each unit counted with its overall-best one."""
        return sum(self.unique.values())

    @property
    def published(self) -> int:
        """The sum over categories that the paper's tables give."""
        return sum(self.unique_by_category.values())


@dataclass(frozen=True)
class LayerSummary:
    """One layer, its controls, and its curves.

    Parameters
    ----------
    labels
        Best concepts of the units.
    tally, null, random
        Counts for the network as it is, for shuffled labels, and for random weights; None where a control was not run.
    curves
        ``"trained"``, ``"null"``, ``"random"`` -> counts over IoU thresholds.
    quantiles
        Quantile -> counts, ascending.
    """

    labels: UnitLabels
    tally: Tally
    null: Tally | None
    random: Tally | None
    curves: Mapping[str, ThresholdCurve]
    quantiles: Mapping[float, Tally]


def summarize(dissection: Dissection, layer: str) -> LayerSummary:
    """Count the detectors of one layer and of its controls, at the conventions' IoU threshold."""
    result, vocabulary = dissection.layers[layer], dissection.vocabulary
    threshold = dissection.conventions.iou_threshold
    labels = {"trained": result.labels(vocabulary)}
    if layer in dissection.random:
        labels["random"] = dissection.random[layer].labels(vocabulary)
    if result.null is not None:
        labels["null"] = label_units(result.null.iou().numpy(), vocabulary)
    tallies = {name: tally(found, threshold) for name, found in labels.items()}
    return LayerSummary(
        labels["trained"],
        tallies["trained"],
        tallies.get("null"),
        tallies.get("random"),
        {name: threshold_curve(found) for name, found in labels.items()},
        {q: tally(result.labels(vocabulary, quantile=q), threshold) for q in sorted(result.counts)},
    )


def tally(labels: UnitLabels, threshold: float) -> Tally:
    """Count detectors and unique detectors, in both ways."""
    return Tally(
        int(labels.detectors(threshold).sum()),
        {name: len(found) for name, found in unique_labels(labels, threshold).items()},
        {name: len(found) for name, found in unique_labels_by_category(labels, threshold).items()},
    )


def concept_title(vocabulary: Vocabulary, number: int) -> str:
    """Return a concept's name for people; empty for number 0."""
    return vocabulary.by_number[number].title if number in vocabulary.by_number else ""


def concept_category(vocabulary: Vocabulary, number: int) -> str:
    """Return a concept's primary category; empty for number 0."""
    return vocabulary.by_number[number].category if number in vocabulary.by_number else ""
