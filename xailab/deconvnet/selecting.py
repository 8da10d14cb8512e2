"""Which cells of a unit's map are handed down.

- ``strongest``   the largest activation of each map
- ``everywhere``  the whole map
- ``Selection``   any function that marks cells
- ``marked``      a selection, or given cells, as a mask
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Selection = Callable[[Tensor], Tensor]
"""Takes maps ``r p q``, marks the cells to hand down: bool ``r p q``. Called with some of the rows at a time."""

Cells = Selection | tuple[int, int] | Tensor
"""A selection, or one (row, column) for all, or an integer tensor ``r 2`` with one for each row."""


def strongest(maps: Float[Tensor, "r p q"]) -> Bool[Tensor, "r p q"]:
    """Mark the largest activation of each map; of equal ones the first in reading order."""
    mask = torch.zeros(maps.shape, dtype=torch.bool, device=maps.device).flatten(1)
    if not mask.numel():
        return mask.view(maps.shape)
    return mask.scatter(1, maps.flatten(1).argmax(dim=1, keepdim=True), torch.ones_like(mask)).view(maps.shape)


def everywhere(maps: Float[Tensor, "r p q"]) -> Bool[Tensor, "r p q"]:
    """Mark every cell."""
    return torch.ones(maps.shape, dtype=torch.bool, device=maps.device)


def marked(maps: Float[Tensor, "r p q"], cells: Cells) -> Bool[Tensor, "r p q"]:
    """Return the cells that are handed down.

    Raises
    ------
    TypeError
        A selection that gives something else than a bool tensor.
    ValueError
        A selection that gives another shape.
    """
    if callable(cells):
        mask = cells(maps)
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
            raise TypeError(f"cells(maps) must return a bool tensor that marks cells, got {kind}")
        if mask.shape != maps.shape:
            raise ValueError(f"cells(maps) returned shape {tuple(mask.shape)} for maps of {tuple(maps.shape)}")
        return mask
    places = places_of(cells, maps.shape).to(maps.device)
    mask = torch.zeros(maps.shape, dtype=torch.bool, device=maps.device)
    mask[torch.arange(len(maps), device=maps.device), places[:, 0], places[:, 1]] = True
    return mask


def places_of(cells: tuple[int, int] | Tensor, shape: tuple[int, ...]) -> Int[Tensor, "r 2"]:
    """Return one (row, column) per map; ``shape`` is that of the maps.

    Raises
    ------
    ValueError
        Cells outside of the maps, or not one for each.
    """
    count, height, width = shape
    places = torch.as_tensor(cells)
    if places.is_floating_point() or places.dtype == torch.bool or places.shape not in ((2,), (count, 2)):
        raise ValueError(
            f"cells must be a function, one (row, column), or whole numbers of shape ({count}, 2), "
            f"got {places.dtype} of shape {tuple(places.shape)}"
        )
    places = places.to(torch.int64).expand(count, 2)
    outside = ((places < 0) | (places >= torch.tensor([height, width], device=places.device))).any(dim=1)
    if outside.any():
        row, column = places[outside][0].tolist()
        raise ValueError(f"no cell ({row}, {column}): the maps have {height} x {width} cells, counted from 0")
    return places
