"""Exact thresholds: the value that a given part of all activations of a unit exceeds.

- ``TopQuantile``   an accumulator: add batches of activations, then read one threshold per quantile and unit
- ``refuse_nan``    the check that all statistics over activations share
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor


class TopQuantile:
    """The thresholds that the top part q of each unit's activations exceeds, exactly.

    Of a unit's N values sorted in descending order, ``v[0]`` first, the threshold is ``T = v[m]`` with m = floor(q N):
    the smallest value that at most q N values exceed (strictly). This is NumPy's ``quantile(values, 1 - q,
    method="inverted_cdf")``, except that m is computed in rationals: q is the decimal number as it is written.

    Source: Bau et al. 2017, section 2.3, P(a > T) = q. Their code reads T from a randomized sketch of about 24,000
    values, which is off by up to 2 % of q and differs from run to run. Here, the m + 1 largest values are kept, so the
    result is the same bits for any order, batch size and sharding.

    Memory is that of the largest quantile, ``bytes_needed``, about 6 q N bytes per unit: for 64 units and the 63,305
    images of Broden 6 MB at 7x7, but 380 MB at 56x56. Where that is too much, process the units in groups, each with
    an accumulator that gets its slice of the channels.

    CPU tensors go to a compiled kernel, CUDA tensors through ``torch.topk`` on their device.

    Parameters
    ----------
    units
        Number of channels, k.
    quantiles
        Parts in (0, 1), several at no further cost: one buffer, of the largest, serves all.
    total
        How many values each unit will get in all (images * h * w): the rank m must be known in advance.

    Raises
    ------
    ValueError
        A quantile outside (0, 1) or none at all, a negative number of units, a total below 1.
    """

    def __init__(self, units: int, *, quantiles: Sequence[float] = (0.005,), total: int) -> None:
        self._ranks = _ranks(quantiles, total)
        if units < 0:
            raise ValueError(f"units must be at least 0, got {units}")
        self.units, self.quantiles, self.total = units, tuple(quantiles), total
        self.came = 0
        self._keep = max(self._ranks) + 1
        self._buffers: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._recent: list[Tensor] = []  # on their device, [k n] each, not yet in the buffers

    @staticmethod
    def bytes_needed(units: int, *, quantiles: Sequence[float] = (0.005,), total: int) -> int:
        """Memory in bytes that an accumulator holds; on a CUDA device, while adding, up to 3 times that and a batch."""
        from xailab_kernels.quantile import bytes_needed

        return bytes_needed(units, max(_ranks(quantiles, total)) + 1)

    def add(self, activations: Float[Tensor, "b k *hw"]) -> None:
        """Add the activations of some images.

        Raises
        ------
        ValueError
            Another number of units, more values than ``total``, or NaN. Nothing has been added then.
        """
        b, k, *cells = activations.shape
        values = activations.detach().float().reshape(b, k, math.prod(cells))
        if values.shape[1] != self.units:
            raise ValueError(f"expected activations of {self.units} units, got {values.shape[1]} (axis 1)")
        came = self.came + values.shape[0] * values.shape[2]
        if came > self.total:
            raise ValueError(
                f"{came} values per unit came, but total={self.total} were announced (images * height * width)"
            )
        refuse_nan(values)
        if values.device.type == "cpu":
            self._add_compiled(values)
        else:
            self._add_on_device(values)
        self.came = came

    def merge(self, other: "TopQuantile") -> None:
        """Add what another accumulator, of other images, has seen.

        Raises
        ------
        ValueError
            It is one for other units, quantiles or totals, or the two have more than ``total`` values.
        """
        for name in ("units", "quantiles", "total"):
            if getattr(self, name) != getattr(other, name):
                raise ValueError(f"cannot merge: {name} is {getattr(self, name)} here and {getattr(other, name)} there")
        if self.came + other.came > self.total:
            raise ValueError(
                f"cannot merge: {self.came} + {other.came} values per unit are more than total={self.total}; "
                "did a shard come twice?"
            )
        self._add_to_buffers(other._kept()[None])
        self.came += other.came

    def result(self) -> Float32[Tensor, "q k"]:
        """Return the thresholds, in the order of ``quantiles``.

        Raises
        ------
        ValueError
            Not all values came yet.
        """
        if self.came != self.total:
            raise ValueError(
                f"{self.came} of {self.total} values per unit came; add the rest, or merge the other shards"
            )
        return torch.from_numpy(self._kept()[:, self._ranks].T.copy())

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later: the same arrays for the same values, in whatever order they came."""
        return {
            "quantiles": np.array(self.quantiles, np.float64),
            "total": np.array(self.total, np.int64),
            "came": np.array(self.came, np.int64),
            "kept": self._kept(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "TopQuantile":
        """Return an accumulator that goes on where ``state`` was taken."""
        kept = np.asarray(state["kept"], np.float32)
        quantiles = tuple(float(q) for q in state["quantiles"])
        accumulator = cls(len(kept), quantiles=quantiles, total=int(state["total"]))
        accumulator._add_to_buffers(kept[None])
        accumulator.came = int(state["came"])
        return accumulator

    def _add_compiled(self, values: Float32[Tensor, "b k n"]) -> None:
        """Add a batch that is on the CPU."""
        self._add_to_buffers(values.numpy())

    def _add_to_buffers(self, values: Float32[np.ndarray, "b k n"]) -> None:
        """Let the kernel sort out what to keep."""
        from xailab_kernels import quantile

        if self._buffers is None:
            self._buffers = quantile.allocate(self.units, self._keep)
        quantile.keep_top(values, *self._buffers, self._keep)

    def _add_on_device(self, values: Float32[Tensor, "b k n"]) -> None:
        """Collect batches, and cut them down once they hold as much again as is kept."""
        self._recent.append(values.transpose(0, 1).flatten(1))
        if sum(part.shape[1] for part in self._recent) >= 2 * self._keep:
            self._recent = [torch.cat(self._recent, 1).topk(self._keep, dim=1, sorted=False).values]

    def _kept(self) -> Float32[np.ndarray, "k n"]:
        """Return the largest values of each unit so far, at most m + 1, in descending order."""
        from xailab_kernels import quantile

        for part in self._recent:
            self._add_to_buffers(part.cpu().numpy()[None])
        self._recent = []
        if self._buffers is None:
            return np.empty((self.units, 0), np.float32)
        quantile.compact(*self._buffers, self._keep)
        return self._buffers[0][:, : min(self.came, self._keep)].copy()


def refuse_nan(activations: Float32[Tensor, "b k n"]) -> None:
    """Raise an error that names the units in which NaN occurs.

    Raises
    ------
    ValueError
        There are any.
    """
    if activations.device.type == "cpu":
        from xailab_kernels.quantile import nan_units

        units = nan_units(activations.numpy()).tolist()
    else:
        units = activations.isnan().any(2).any(0).nonzero()[:, 0].tolist()
    if units:
        names = ", ".join(str(unit) for unit in units[:8]) + (f" and {len(units) - 8} more" if len(units) > 8 else "")
        what = "unit" if len(units) == 1 else "units"
        raise ValueError(f"activations are NaN in {what} {names}; find the layer and the image where they first occur")


def _ranks(quantiles: Sequence[float], total: int) -> list[int]:
    """Return m = floor(q N) for each quantile, in exact arithmetic."""
    if not quantiles:
        raise ValueError("at least one quantile is needed, for example 0.005")
    for q in quantiles:
        if not 0 < q < 1:
            raise ValueError(f"quantiles must lie in (0, 1): the part of values above the threshold, got {q}")
    if total < 1:
        raise ValueError(f"total must be at least 1 value per unit, got {total}")
    return [math.floor(Fraction(str(q)) * total) for q in quantiles]
