"""Means and covariances of the units of a layer, over all places of all images.

- ``ChannelMoments``  an accumulator: add batches of activations, then read mean and covariance
- ``Moments``         what it returns
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from xailab.statistics.quantile import refuse_nan


@dataclass(frozen=True, eq=False)
class Moments:
    """The first two moments of k units.

    Parameters
    ----------
    mean
        Of each unit.
    covariance
        Divided by ``count`` and not by ``count - 1``: the cells are what there is, not a sample.
    count
        How many cells (images times places) were seen.
    """

    mean: Float64[np.ndarray, " k"]
    covariance: Float64[np.ndarray, "k k"]
    count: int

    @property
    def std(self) -> Float64[np.ndarray, " k"]:
        """The standard deviation of each unit."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


class ChannelMoments:
    """The mean and the covariance of the units of a layer; every cell of every map is one observation.

    Source: Chan et al. 1983, whose update joins the sums of squares of two sets about their own means, so that no large
    numbers are subtracted; here for covariances. Computed in float64 on the device of the data. Unlike the counting
    statistics, the result depends on order and sharding, by rounding: about 1e-13 of the largest variance.

    Parameters
    ----------
    units
        Number of channels, k.

    Raises
    ------
    ValueError
        A negative number of units.
    """

    def __init__(self, units: int) -> None:
        if units < 0:
            raise ValueError(f"units must be at least 0, got {units}")
        self.units, self.count = units, 0
        self._mean = torch.zeros(units, dtype=torch.float64)
        self._scatter = torch.zeros((units, units), dtype=torch.float64)

    def add(self, activations: Float[Tensor, "b k *hw"], indices: object = None) -> None:
        """Add the activations of some images; ``indices`` are not needed (all accumulators are fed alike).

        Raises
        ------
        ValueError
            Another number of units, or NaN. Nothing has been added then.
        """
        b, k, *cells = activations.shape
        if k != self.units:
            raise ValueError(f"expected activations of {self.units} units, got {k} (axis 1)")
        values = activations.detach().float().reshape(b, k, math.prod(cells))
        if not values.shape[0] * values.shape[2]:
            return
        refuse_nan(values)
        rows = values.transpose(0, 1).flatten(1).double()
        mean = rows.mean(1)
        centered = rows - mean[:, None]
        self._join(rows.shape[1], mean, centered @ centered.T)

    def merge(self, other: "ChannelMoments") -> None:
        """Add what another accumulator, of other images, has seen. Raises ValueError where it has other units."""
        if self.units != other.units:
            raise ValueError(f"cannot merge: units is {self.units} here and {other.units} there")
        self._join(other.count, other._mean, other._scatter)

    def result(self) -> Moments:
        """Return the moments so far. Raises ValueError where nothing was added: there is no mean of nothing."""
        if not self.count:
            raise ValueError("no activations were added: there is no mean of nothing")
        scatter = self._scatter.cpu().numpy()
        return Moments(self._mean.cpu().numpy().copy(), (scatter + scatter.T) / (2 * self.count), self.count)

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later."""
        return {
            "count": np.array(self.count, np.int64),
            "mean": self._mean.cpu().numpy().copy(),
            "scatter": self._scatter.cpu().numpy().copy(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "ChannelMoments":
        """Return an accumulator that goes on where ``state`` was taken."""
        moments = cls(len(state["mean"]))
        moments.count = int(state["count"])
        moments._mean = torch.from_numpy(np.array(state["mean"], np.float64))
        moments._scatter = torch.from_numpy(np.array(state["scatter"], np.float64))
        return moments

    def _join(self, count: int, mean: Float64[Tensor, " k"], scatter: Float64[Tensor, "k k"]) -> None:
        """Join with the sums of other cells."""
        if not count:
            return
        here, total = self._mean.to(mean.device), self.count + count
        step = mean - here
        between = torch.outer(step, step) * (self.count * count / total)
        self._scatter = self._scatter.to(mean.device) + scatter + between
        self._mean, self.count = here + step * (count / total), total
