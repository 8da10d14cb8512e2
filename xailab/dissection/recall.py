"""Activations of the first pass, kept in memory for the second one as far as a budget goes.

- ``Recall``  keeps maps of batches, and gives them back

A small data set is then run through the network once; of a large one, the batches that no longer fit are run twice. The
maps are the same bits either way.
"""

from collections.abc import Mapping

from jaxtyping import Float32
from torch import Tensor

Maps = Mapping[str, Float32[Tensor, "b _ _ _"]]
"""Layer -> maps of a batch."""


class Recall:
    """Maps of batches, known by the positions of their images in the data set.

    Parameters
    ----------
    budget
        Bytes to keep at most; 0 keeps nothing.
    """

    def __init__(self, budget: int) -> None:
        self.free = budget
        self._maps: dict[range, Maps] = {}

    def keep(self, indices: range, maps: Maps) -> None:
        """Keep the maps of a batch if they fit."""
        size = sum(values.numel() * values.element_size() for values in maps.values())
        if size <= self.free and indices not in self._maps:
            self._maps[indices] = maps
            self.free -= size

    def look_up(self, indices: range) -> Maps | None:
        """Return the maps of a batch if they were kept."""
        return self._maps.get(indices)
