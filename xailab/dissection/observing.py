"""The first pass over the data: thresholds, and the images that excite each unit most.

- ``Observer``          an accumulator over batches of activations
- ``plan_observations`` how many passes a memory budget needs, and which units each of them looks at
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int
from torch import Tensor

from xailab.dissection.conventions import Conventions
from xailab.errors import XailabError
from xailab.statistics.quantile import TopQuantile
from xailab.statistics.topk import TopImages
from xailab.statistics.upsampling import upsample

Group = Mapping[str, tuple[int, int]]
"""Layer -> first unit and the unit after the last, of one pass."""


@dataclass(frozen=True)
class Measure:
    """What is measured of every unit.

    Parameters
    ----------
    quantiles
        The conventions' first.
    conventions
        Whether thresholds are taken on enlarged maps, and how maps are enlarged.
    label_size
        To what size.
    images
        Number of images in the whole data set.
    exemplars
        How many best images to keep per unit.
    """

    quantiles: tuple[float, ...]
    conventions: Conventions
    label_size: tuple[int, int]
    images: int
    exemplars: int

    def values(self, shape: tuple[int, int, int]) -> int:
        """Return how many activations each unit of a layer has over the whole data set."""
        height, width = self.label_size if self.conventions.upsampled_thresholds else shape[1:]
        return self.images * height * width


class Observer:
    """Collects, for a group of units, their thresholds and best images. Merging shards gives the bits of the whole."""

    def __init__(self, shapes: Mapping[str, tuple[int, int, int]], group: Group, measure: Measure) -> None:
        self.group, self.measure = group, measure
        self.thresholds = {
            layer: TopQuantile(stop - start, quantiles=measure.quantiles, total=measure.values(shapes[layer]))
            for layer, (start, stop) in group.items()
        }
        self.best = {layer: TopImages(stop - start, measure.exemplars) for layer, (start, stop) in group.items()}

    def add(self, maps: Mapping[str, Float32[Tensor, "b _ _ _"]], indices: Int[Tensor, " b"]) -> None:
        """Add the maps of some images, given their positions in the data set."""
        for layer, (start, stop) in self.group.items():
            values = maps[layer][:, start:stop]
            self.best[layer].add(values, indices)
            if self.measure.conventions.upsampled_thresholds:
                values = upsample(values, self.measure.label_size, alignment=self.measure.conventions.alignment)
            self.thresholds[layer].add(values)

    def merge(self, other: "Observer") -> None:
        """Add what another observer, of other images, has seen."""
        for layer in self.group:
            self.thresholds[layer].merge(other.thresholds[layer])
            self.best[layer].merge(other.best[layer])

    def state(self) -> dict[str, dict[str, np.ndarray]]:
        """Return everything needed to go on later."""
        return {
            **{f"thresholds {layer}": value.state() for layer, value in self.thresholds.items()},
            **{f"best {layer}": value.state() for layer, value in self.best.items()},
        }

    def restore(self, state: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Go on where ``state`` was taken."""
        for layer in self.group:
            self.thresholds[layer] = TopQuantile.from_state(state[f"thresholds {layer}"])
            self.best[layer] = TopImages.from_state(state[f"best {layer}"])


def plan_observations(
    shapes: Mapping[str, tuple[int, int, int]], measure: Measure, *, memory: int
) -> tuple[dict[str, tuple[int, int]], ...]:
    """Split the units into groups whose threshold buffers need at most ``memory`` bytes each; one pass per group.

    Raises
    ------
    XailabError
        A single unit needs more; says how much.
    """
    groups: list[dict[str, tuple[int, int]]] = [{}]
    free = memory
    for layer, shape in shapes.items():
        one = TopQuantile.bytes_needed(1, quantiles=measure.quantiles, total=measure.values(shape))
        if one > memory:
            raise XailabError(
                f"the exact thresholds of one unit of {layer!r} need {one / 2**20:.1f} MiB, more than the "
                f"{memory / 2**20:.1f} MiB allowed; allow more (--memory), fewer images, or smaller quantiles"
            )
        start = 0
        while start < shape[0]:
            fits = min(free // one, shape[0] - start)
            if fits == 0:
                groups.append({})
                free = memory
                continue
            groups[-1][layer] = (start, start + fits)
            free -= fits * one
            start += fits
    return tuple(groups)


def observation_bytes(group: Group, shapes: Mapping[str, tuple[int, int, int]], measure: Measure) -> int:
    """Return what the threshold buffers of a group need."""
    return sum(
        TopQuantile.bytes_needed(stop - start, quantiles=measure.quantiles, total=measure.values(shapes[layer]))
        for layer, (start, stop) in group.items()
    )


def gathered(observers: Sequence[Observer], layer: str) -> tuple[Float32[Tensor, "q k"], TopImages]:
    """Return the thresholds and best images of a whole layer, whose units may have been looked at in several passes."""
    parts = [observer for observer in observers if layer in observer.group]
    thresholds = torch.cat([observer.thresholds[layer].result() for observer in parts], 1)
    states = [observer.best[layer].state() for observer in parts]
    best = TopImages.from_state({name: np.concatenate([state[name] for state in states]) for name in states[0]})
    return thresholds, best
