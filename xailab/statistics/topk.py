"""The images that excite each unit most.

- ``TopImages``  an accumulator: add batches of activations, then read the best images per unit
- ``Exemplars``  what it returns
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int, Int64
from torch import Tensor

from xailab.statistics.quantile import refuse_nan

_NONE = torch.iinfo(torch.int64).max  # the index of a place not yet taken: sorts behind every image


@dataclass(frozen=True)
class Exemplars:
    """The best images of each unit, the best first.

    Parameters
    ----------
    indices
        Positions in the data set; -1 where there are fewer images than places.
    values
        The spatial maximum of the unit in that image; minus infinity where there is none.
    positions
        Row and column of that maximum in the layer's map (the first in reading order); -1 where there is none.
    """

    indices: Int64[Tensor, "k n"]
    values: Float32[Tensor, "k n"]
    positions: Int64[Tensor, "k n 2"]


class TopImages:
    """The ``count`` images with the largest spatial maximum of each unit.

    Among equal maxima, the image with the lower index comes first; so the result does not depend on the order of
    batches and shards. Memory: 28 bytes per unit and place. Works on the device of the data.

    Parameters
    ----------
    units
        Number of channels, k.
    count
        How many images to keep per unit, n.

    Raises
    ------
    ValueError
        A negative number of units, or ``count`` below 1.
    """

    def __init__(self, units: int, count: int = 10) -> None:
        if units < 0:
            raise ValueError(f"units must be at least 0, got {units}")
        if count < 1:
            raise ValueError(f"count must be at least 1 image per unit, got {count}")
        self.units, self.count = units, count
        self._indices = torch.full((units, count), _NONE)
        self._values = torch.full((units, count), -torch.inf)
        self._positions = torch.full((units, count, 2), -1)

    def add(self, activations: Float[Tensor, "b k h w"], indices: Int[Tensor, " b"]) -> None:
        """Add the activations of some images.

        Parameters
        ----------
        activations
            The layer's maps; of a layer without space, pass ``b k 1 1``.
        indices
            The images' positions in the data set, each at most once in all.

        Raises
        ------
        ValueError
            Another number of units, maps without cells, NaN, negative indices, or an image that is among the best
            already. Nothing has been added then.
        """
        k, w = activations.shape[1], activations.shape[3]
        if k != self.units:
            raise ValueError(f"expected activations of {self.units} units, got {k} (axis 1)")
        if not activations.shape[2] * w:
            raise ValueError(f"maps of {activations.shape[2]}x{w} cells have no maximum")
        flat = activations.detach().float().flatten(2)
        refuse_nan(flat)
        values, cells = flat.max(2)
        self.add_peaks(values, torch.stack([cells // w, cells % w], 2), indices)

    def add_peaks(
        self, values: Float32[Tensor, "b k"], positions: Int64[Tensor, "b k 2"], indices: Int[Tensor, " b"]
    ) -> None:
        """Add the spatial maxima of some images, where they are known already; else like ``add``.

        Parameters
        ----------
        values
            The maxima; no NaN.
        positions
            Row and column of each.
        indices
            The images' positions in the data set, each at most once in all.

        Raises
        ------
        ValueError
            Another number of units, negative indices, or an image that is among the best already.
        """
        b, k = values.shape
        if k != self.units:
            raise ValueError(f"expected maxima of {self.units} units, got {k} (axis 1)")
        if b and int(indices.min()) < 0:
            raise ValueError(f"indices must be at least 0, got {int(indices.min())}")
        here = indices.to(values.device, torch.int64).expand(k, b)
        self._insert(values.T + 0.0, here, positions.transpose(0, 1))  # + 0.0: -0 and 0 are one value

    def entering(self, values: Float32[Tensor, "b k"], indices: Int[Tensor, " b"]) -> Bool[Tensor, "b k"]:
        """Say which of some maxima would be among the best so far: where the others lie need not be known."""
        last, image = self._values[:, -1].to(values.device), self._indices[:, -1].to(values.device)
        return (values > last) | ((values == last) & (indices.to(values.device)[:, None] < image))

    def merge(self, other: "TopImages") -> None:
        """Add what another accumulator, of other images, has seen.

        Raises
        ------
        ValueError
            It has another number of units or of images per unit, or an image is in both.
        """
        for name in ("units", "count"):
            if getattr(self, name) != getattr(other, name):
                raise ValueError(f"cannot merge: {name} is {getattr(self, name)} here and {getattr(other, name)} there")
        self._insert(other._values, other._indices, other._positions)

    def result(self) -> Exemplars:
        """Return the best images so far, on the CPU."""
        indices = self._indices.cpu()
        return Exemplars(indices.where(indices != _NONE, -1), self._values.cpu(), self._positions.cpu())

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later."""
        best = self.result()
        return {
            "indices": best.indices.numpy().copy(),
            "values": best.values.numpy().copy(),
            "positions": best.positions.numpy().copy(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "TopImages":
        """Return an accumulator that goes on where ``state`` was taken."""
        indices = torch.from_numpy(np.array(state["indices"], np.int64))
        accumulator = cls(*indices.shape)
        accumulator._indices = indices.where(indices >= 0, _NONE)
        accumulator._values = torch.from_numpy(np.array(state["values"], np.float32))
        accumulator._positions = torch.from_numpy(np.array(state["positions"], np.int64))
        return accumulator

    def _insert(
        self, values: Float32[Tensor, "k m"], indices: Int64[Tensor, "k m"], positions: Int64[Tensor, "k m 2"]
    ) -> None:
        """Sort newcomers in: by image, then stably by value."""
        device = values.device
        indices, order = torch.cat([self._indices.to(device), indices], 1).sort(1)
        twice = (indices[:, 1:] == indices[:, :-1]) & (indices[:, 1:] != _NONE)
        if twice.any():
            raise ValueError(f"image {int(indices[:, 1:][twice][0])} was added twice; each may come once, in one shard")
        values = torch.cat([self._values.to(device), values], 1).gather(1, order)
        values, by_value = values.sort(dim=1, descending=True, stable=True)
        best = by_value[:, : self.count]
        order = order.gather(1, best)
        positions = torch.cat([self._positions.to(device), positions], 1)
        self._values = values[:, : self.count].contiguous()
        self._indices = indices.gather(1, best)
        self._positions = positions.gather(1, order[..., None].expand(-1, -1, 2))
