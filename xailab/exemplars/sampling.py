"""Some images of a data set, chosen at random, with the answers of all units: what a unit answers to on most days.

- ``RandomImages``  an accumulator: add batches of maxima, then read those of the chosen images
- ``Sample``        what it returns
- ``draws``         the number that chooses an image

Which images are chosen depends on the seed and on the images' positions in the data set alone: the ``count`` positions
with the lowest draws. So any order of batches and any split into shards chooses the same ones, each set of so many
images with the same probability.

Source: the draws are mixed by splitmix64, Steele, Lea and Flood 2014, figure 17.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int, Int32, Int64, UInt64
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Images chosen at random, in random order: the first n of them are a random sample, too.

    Parameters
    ----------
    indices
        Positions in the data set; all different.
    values
        The spatial maximum of each unit in each image.
    cells
        Where it lies: row times columns of the map plus column (the first in reading order).
    """

    indices: Int64[np.ndarray, " n"]
    values: Float32[np.ndarray, "n k"]
    cells: Int32[np.ndarray, "n k"]

    def __len__(self) -> int:
        return len(self.indices)


def draws(indices: Int64[np.ndarray, " n"], seed: int) -> UInt64[np.ndarray, " n"]:
    """Return a number for each position in the data set, as good as random, the same in every process."""
    key = _mixed(np.array([(seed + _GOLDEN) & _MASK], np.uint64))
    return _mixed(key + (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN))


class RandomImages:
    """The maxima of all units in ``count`` images chosen at random.

    Memory: 8 bytes per unit and image, on the CPU.

    Parameters
    ----------
    units
        Number of channels, k.
    count
        How many images to choose; 0 for none.
    seed
        Which.

    Raises
    ------
    ValueError
        A negative number.
    """

    def __init__(self, units: int, count: int, *, seed: int = 0) -> None:
        for name, value in (("units", units), ("count", count), ("seed", seed)):
            if value < 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        self.units, self.count, self.seed = units, count, seed
        self._draws = np.zeros(0, np.uint64)
        self._indices = np.zeros(0, np.int64)
        self._values = np.zeros((0, units), np.float32)
        self._cells = np.zeros((0, units), np.int32)

    def add(self, values: Float32[Tensor, "b k"], maps: Float32[Tensor, "b k h w"], indices: Int[Tensor, " b"]) -> None:
        """Add the maxima of some images' maps. Raises ValueError for another number of units."""
        if values.shape[1] != self.units:
            raise ValueError(f"expected maxima of {self.units} units, got {values.shape[1]} (axis 1)")
        places = indices.cpu().numpy().astype(np.int64)
        drawn = draws(places, self.seed)
        last = self._draws[-1] if len(self._draws) == self.count and self.count else np.uint64(_MASK)
        chosen = np.flatnonzero(drawn <= last) if self.count else np.zeros(0, np.int64)
        if not len(chosen):
            return
        rows = torch.from_numpy(chosen).to(values.device)
        cells = maps[rows].contiguous().flatten(2).argmax(2).int()
        self._join(drawn[chosen], places[chosen], values[rows].cpu().numpy(), cells.cpu().numpy())

    def merge(self, other: "RandomImages") -> None:
        """Add what another accumulator, of other images, has seen. Raises ValueError where it chose differently."""
        for name in ("units", "count", "seed"):
            if getattr(self, name) != getattr(other, name):
                raise ValueError(f"cannot merge: {name} is {getattr(self, name)} here and {getattr(other, name)} there")
        self._join(other._draws, other._indices, other._values, other._cells)

    def result(self) -> Sample:
        """Return the chosen images so far."""
        return Sample(self._indices.copy(), self._values.copy(), self._cells.copy())

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later."""
        return {
            "count": np.array(self.count, np.int64),
            "seed": np.array(self.seed, np.uint64),
            "indices": self._indices.copy(),
            "values": self._values.copy(),
            "cells": self._cells.copy(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "RandomImages":
        """Return an accumulator that goes on where ``state`` was taken."""
        chosen = cls(state["values"].shape[1], int(state["count"]), seed=int(state["seed"]))
        chosen._indices = np.array(state["indices"], np.int64)
        chosen._draws = draws(chosen._indices, chosen.seed)
        chosen._values, chosen._cells = np.array(state["values"], np.float32), np.array(state["cells"], np.int32)
        return chosen

    def _join(self, drawn: np.ndarray, indices: np.ndarray, values: np.ndarray, cells: np.ndarray) -> None:
        """Sort newcomers in by their draws, and keep the lowest."""
        drawn = np.concatenate([self._draws, drawn])  # no two images have the same one: the mixing is one to one
        indices = np.concatenate([self._indices, indices])
        order = np.argsort(drawn)[: self.count]
        twice = np.flatnonzero(drawn[order][1:] == drawn[order][:-1])
        if len(twice):
            image = indices[order][twice[0]]
            raise ValueError(f"image {image} was added twice; each may come once, in one shard")
        self._draws, self._indices = drawn[order], indices[order]
        self._values = np.concatenate([self._values, values])[order]
        self._cells = np.concatenate([self._cells, cells])[order]


def _mixed(values: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    """Scramble 64-bit integers (splitmix64's finalizer)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
