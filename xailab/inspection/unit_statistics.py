"""How each unit of a layer behaves over a data set.

- ``UnitStatistics``  an accumulator: add batches of activations, merge, then read
- ``UnitSummary``     what it returns
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int64
from torch import Tensor

Bounds = tuple[float | None, float | None]
"""The least and the largest number that a layer can give; None: without bound."""

NEAR = 0.01
"""Part of the range between two bounds within which a value counts as being at one of them."""

_COUNTS = ("cells", "not_finite", "on_cells", "on_images", "at_low", "at_high")
_NUMBERS = ("minimum", "maximum", "mean", "scatter")


@dataclass(frozen=True, eq=False)
class UnitSummary:
    """Numbers of k units. NaN and infinite activations are counted, and left out of everything else.

    Parameters
    ----------
    images
        How many were seen.
    share_on
        Of the cells, how many are above 0.
    share_images_on
        Of the images, in how many any cell is above 0.
    minimum, maximum, mean, std
        Over all cells; NaN for a unit without a finite one. ``std`` divides by the number of cells.
    share_low, share_high
        Of the cells, how many lie within ``NEAR`` of the lower or upper bound; 0 where there is none.
    not_finite
        Cells with NaN or an infinite number.
    """

    images: int
    share_on: Float64[np.ndarray, " k"]
    share_images_on: Float64[np.ndarray, " k"]
    minimum: Float32[np.ndarray, " k"]
    maximum: Float32[np.ndarray, " k"]
    mean: Float64[np.ndarray, " k"]
    std: Float64[np.ndarray, " k"]
    share_low: Float64[np.ndarray, " k"]
    share_high: Float64[np.ndarray, " k"]
    not_finite: Int64[np.ndarray, " k"]

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.mean)

    @property
    def peak(self) -> Float64[np.ndarray, " k"]:
        """How many standard deviations the maximum lies above the mean; 0 for a unit that never changes."""
        varies = self.std > 0
        return np.where(varies, (self.maximum - self.mean) / np.where(varies, self.std, 1), 0.0)


class UnitStatistics:
    """Shares, extremes, mean and spread of every unit, over all cells of all images.

    Counts and extremes of merged shards are those of the whole, bit for bit; mean and spread to rounding (joined about
    the sets' own means, Chan et al. 1983, in float64). Works on the device of the data.

    Parameters
    ----------
    units
        Number of channels, k.
    bounds
        Of the layer's nonlinearity, for ``share_low`` and ``share_high``.

    Raises
    ------
    ValueError
        A negative number of units, or bounds that do not ascend.
    """

    def __init__(self, units: int, *, bounds: Bounds = (None, None)) -> None:
        if units < 0:
            raise ValueError(f"units must be at least 0, got {units}")
        low, high = bounds
        if low is not None and high is not None and not low < high:
            raise ValueError(f"bounds must ascend, got {low:g} and {high:g}")
        self.units, self.bounds, self.images = units, bounds, 0
        self._of = {name: torch.zeros(units, dtype=torch.int64) for name in _COUNTS}
        self._of |= {name: torch.zeros(units, dtype=torch.float64) for name in ("mean", "scatter")}
        self._of |= {"minimum": torch.full((units,), torch.inf), "maximum": torch.full((units,), -torch.inf)}

    def add(self, activations: Float[Tensor, "b k *hw"], indices: object = None) -> None:
        """Add the activations of some images; ``indices`` are not needed and ignored.

        Raises
        ------
        ValueError
            Another number of units. Nothing has been added then.
        """
        if activations.shape[1] != self.units:
            raise ValueError(f"expected activations of {self.units} units, got {activations.shape[1]} (axis 1)")
        values = activations.detach().float()[..., None].flatten(2)  # a layer without maps has one cell
        finite = values.isfinite()
        here = self._counted(values, finite)
        here |= _moments(values, finite, here["cells"])
        here["minimum"] = values.where(finite, torch.inf).amin((0, 2)) if values.numel() else self._of["minimum"]
        here["maximum"] = values.where(finite, -torch.inf).amax((0, 2)) if values.numel() else self._of["maximum"]
        self._join(len(values), here)

    def merge(self, other: "UnitStatistics") -> None:
        """Add what another accumulator, of other images, has seen. Raises ValueError for other units or bounds."""
        for name in ("units", "bounds"):
            if getattr(self, name) != getattr(other, name):
                raise ValueError(f"cannot merge: {name} is {getattr(self, name)} here and {getattr(other, name)} there")
        self._join(other.images, other._of)

    def result(self) -> UnitSummary:
        """Return the numbers so far. Raises ValueError where nothing was added."""
        if not self.images:
            raise ValueError("no activations were added: there is nothing to say of the units")
        of = {name: value.cpu().numpy().copy() for name, value in self._of.items()}
        cells = np.maximum(of["cells"], 1)
        seen = of["cells"] > 0
        return UnitSummary(
            self.images,
            of["on_cells"] / cells,
            of["on_images"] / self.images,
            np.where(seen, of["minimum"], np.float32(np.nan)),
            np.where(seen, of["maximum"], np.float32(np.nan)),
            np.where(seen, of["mean"], np.nan),
            np.where(seen, np.sqrt(of["scatter"] / cells), np.nan),
            of["at_low"] / cells,
            of["at_high"] / cells,
            of["not_finite"],
        )

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later."""
        bounds = [np.nan if bound is None else bound for bound in self.bounds]
        kept = {name: value.cpu().numpy().copy() for name, value in self._of.items()}
        return kept | {"images": np.array(self.images, np.int64), "bounds": np.array(bounds, np.float64)}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "UnitStatistics":
        """Return an accumulator that goes on where ``state`` was taken."""
        low, high = (None if np.isnan(bound) else float(bound) for bound in state["bounds"])
        statistics = cls(len(state["mean"]), bounds=(low, high))
        statistics.images = int(state["images"])
        statistics._of = {name: torch.from_numpy(np.array(state[name])) for name in (*_COUNTS, *_NUMBERS)}
        return statistics

    def _counted(self, values: Float32[Tensor, "b k n"], finite: Bool[Tensor, "b k n"]) -> dict[str, Tensor]:
        """Count cells."""
        on, (low, high) = (values > 0) & finite, self.bounds
        slack = NEAR * (high - low) if low is not None and high is not None else 0.0
        none = torch.zeros(self.units, dtype=torch.int64, device=values.device)
        return {
            "cells": finite.sum((0, 2)),
            "not_finite": (~finite).sum((0, 2)),
            "on_cells": on.sum((0, 2)),
            "on_images": on.any(2).sum(0),
            "at_low": none if low is None else ((values <= low + slack) & finite).sum((0, 2)),
            "at_high": none if high is None else ((values >= high - slack) & finite).sum((0, 2)),
        }

    def _join(self, images: int, there: Mapping[str, Tensor]) -> None:
        """Join with the numbers of other images."""
        device = there["mean"].device
        here = {name: value.to(device) for name, value in self._of.items()}
        joined = {name: here[name] + there[name] for name in _COUNTS}
        total = joined["cells"].clamp(min=1).double()
        step, weight = there["mean"] - here["mean"], there["cells"] / total
        joined["mean"] = here["mean"] + step * weight
        joined["scatter"] = here["scatter"] + there["scatter"] + step.square() * here["cells"] * weight
        joined["minimum"] = torch.minimum(here["minimum"], there["minimum"])
        joined["maximum"] = torch.maximum(here["maximum"], there["maximum"])
        self._of, self.images = joined, self.images + images


def _moments(
    values: Float32[Tensor, "b k n"], finite: Bool[Tensor, "b k n"], cells: Int64[Tensor, " k"]
) -> dict[str, Tensor]:
    """Return mean and sum of squares about it, per unit, over finite cells."""
    wide = values.double().where(finite, 0.0)
    mean = wide.sum((0, 2)) / cells.clamp(min=1)
    scatter = (wide - mean[:, None]).square().where(finite, 0.0).sum((0, 2))
    return {"mean": mean, "scatter": scatter}
