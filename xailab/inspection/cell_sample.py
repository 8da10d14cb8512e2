"""A random sample of the cells of a layer's maps, from one pass over a data set of any size.

- ``CellSample``  the accumulator
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int, UInt64
from torch import Tensor

from xailab.exemplars.sampling import draws


class CellSample:
    """A random sample of the cells of all images, of a fixed size, from one pass.

    Every cell has a random number that depends on the seed, its image and its place alone; the cells with the smallest
    ones are kept. So the sample does not depend on batches, their order or shards, and each cell has the same chance.

    Parameters
    ----------
    units
        Number of channels, k.
    count
        Cells to keep.
    seed
        Of the random numbers.
    per_image
        At most so many cells of one image. None: as they come.

    Raises
    ------
    ValueError
        ``count`` or ``per_image`` below 1.
    """

    def __init__(self, units: int, count: int, *, seed: int = 0, per_image: int | None = None) -> None:
        if count < 1 or (per_image is not None and per_image < 1):
            raise ValueError(f"count and per_image must be at least 1 cell, got {count} and {per_image}")
        self.units, self.count, self.seed, self.per_image = units, count, seed, per_image
        self._keys = np.empty(0, np.uint64)
        self._parts: dict[str, np.ndarray] = {
            "vectors": np.empty((0, units), np.float32),
            "images": np.empty(0, np.int64),
            "cells": np.empty((0, 2), np.int64),
        }

    def add(
        self,
        activations: Float[Tensor, "b k h w"],
        indices: Int[Tensor, " b"],
        labels: Mapping[str, Int[Tensor, "b h w"]] | None = None,
    ) -> None:
        """Add the activations of some images, with labels at the cells; the same categories each time.

        Raises
        ------
        ValueError
            Another number of units, other categories than before, or NaN among the cells that were drawn.
        """
        _, k, h, w = activations.shape
        if k != self.units:
            raise ValueError(f"expected activations of {self.units} units, got {k} (axis 1)")
        images = indices.cpu().numpy().astype(np.int64)
        numbers = images[:, None] * (h * w) + np.arange(h * w)
        keys = draws(numbers.ravel(), self.seed).reshape(numbers.shape)
        rows, cells = self._drawn(keys)
        flat = activations.detach().flatten(2)
        where = torch.from_numpy(rows).to(flat.device), torch.from_numpy(cells).to(flat.device)
        new = {
            "vectors": flat[where[0], :, where[1]].float().cpu().numpy(),
            "images": images[rows],
            "cells": np.stack([cells // w, cells % w], 1).astype(np.int64),
        }
        for name, there in (labels or {}).items():
            new[f"label {name}"] = there.flatten(1).cpu().numpy()[rows, cells].astype(np.int32)
        if not np.isfinite(new["vectors"]).all():
            raise ValueError("activations with NaN or infinite numbers have no place in a space")
        self._join(keys[rows, cells], new)

    def merge(self, other: "CellSample") -> None:
        """Add what another one, of other images, has drawn. Raises ValueError where it is of another kind."""
        for name in ("units", "count", "seed", "per_image"):
            if getattr(self, name) != getattr(other, name):
                raise ValueError(f"cannot merge: {name} is {getattr(self, name)} here and {getattr(other, name)} there")
        self._join(other._keys, other._parts)

    def result(self) -> dict[str, np.ndarray]:
        """Return ``vectors``, ``images``, ``cells`` and a ``label NAME`` per category, by image and cell."""
        order = np.lexsort((self._parts["cells"][:, 1], self._parts["cells"][:, 0], self._parts["images"]))
        return {name: values[order] for name, values in self._parts.items()}

    def _drawn(self, keys: UInt64[np.ndarray, "b n"]) -> tuple[np.ndarray, np.ndarray]:
        """Return row and cell of those that may stay."""
        bound = np.sort(self._keys)[-1] if len(self._keys) == self.count else np.iinfo(np.uint64).max
        may = keys < bound
        if self.per_image is not None and self.per_image < keys.shape[1]:
            last = np.partition(keys, self.per_image - 1, axis=1)[:, self.per_image - 1]
            may &= keys <= last[:, None]
        rows, cells = np.nonzero(may)
        return rows, cells

    def _join(self, keys: np.ndarray, new: Mapping[str, np.ndarray]) -> None:
        """Keep the smallest keys of both."""
        if not len(self._keys):
            self._parts = {name: values[:0] for name, values in new.items()}
        if new.keys() != self._parts.keys():
            raise ValueError(f"other labels than before: {sorted(new.keys() ^ self._parts.keys())}")
        joined = np.concatenate([self._keys, keys])
        best = np.argsort(joined, kind="stable")[: self.count]
        self._keys = joined[best]
        self._parts = {name: np.concatenate([self._parts[name], new[name]])[best] for name in self._parts}
