"""What a dissection found.

- ``LayerResult``  thresholds, counts, best images and the null control of one layer
- ``Dissection``   all layers of a network, and of the same network with random weights
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from xailab.data.batch import Vocabulary
from xailab.dissection.conventions import Conventions
from xailab.dissection.labeling import UnitLabels, label_units
from xailab.statistics.tally import Counts
from xailab.statistics.topk import Exemplars


@dataclass(frozen=True)
class LayerResult:
    """One layer of one network, compared with every concept of a data set.

    Parameters
    ----------
    layer
        Dotted name.
    map_size
        Rows and columns of its activation maps.
    thresholds
        Quantile -> activation above which a unit is on, float32 ``k``.
    counts
        Quantile -> intersections and areas; the first quantile is the one that the conventions name.
    null
        The same counts for the labels of other images, at the first quantile; None where the control was not run.
    exemplars
        The images with the greatest activations of each unit.
    """

    layer: str
    map_size: tuple[int, int]
    thresholds: Mapping[float, Float32[np.ndarray, " k"]]
    counts: Mapping[float, Counts]
    null: Counts | None
    exemplars: Exemplars

    @property
    def quantile(self) -> float:
        """The quantile that the conventions name."""
        return next(iter(self.counts))

    @property
    def main(self) -> Counts:
        """The counts at that quantile."""
        return self.counts[self.quantile]

    @property
    def units(self) -> int:
        """How many units the layer has."""
        return len(self.main.intersection)

    def labels(self, vocabulary: Vocabulary, *, quantile: float | None = None) -> UnitLabels:
        """Return the best concept of each unit, at ``quantile`` (default: the conventions')."""
        return label_units(self.counts[self.quantile if quantile is None else quantile].iou().numpy(), vocabulary)

    def silent(self) -> Bool[np.ndarray, " k"]:
        """Return which units are nowhere above their own threshold: constant, or dead."""
        best = self.exemplars.values[:, 0].numpy()
        return np.asarray(~(best > self.thresholds[self.quantile]))


@dataclass(frozen=True)
class Dissection:
    """The layers of a network, dissected on a data set, with their controls.

    Parameters
    ----------
    network, dataset
        Names.
    images
        How many images were used.
    vocabulary
        The concepts.
    conventions
        Whose definitions were used.
    layers
        Layer -> what was found.
    random
        Layer -> what was found in the same network with random weights; empty where the control was not run.
    """

    network: str
    dataset: str
    images: int
    vocabulary: Vocabulary
    conventions: Conventions
    layers: Mapping[str, LayerResult]
    random: Mapping[str, LayerResult]
