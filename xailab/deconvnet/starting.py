"""Where a projection starts: the signal that keeps some cells of some units of a layer, and nothing else.

- ``rows_of``      units and images, one row for each projection
- ``check_units``  refuses units that the layer does not have
- ``start``        replay, rows, cells -> ``Start``
- ``Start``        the signal, and the cells and values that it holds
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from xailab.deconvnet.replaying import Replay
from xailab.deconvnet.selecting import Cells, marked

Numbers = int | Sequence[int] | Tensor
"""One whole number, or several."""


@dataclass(frozen=True, eq=False)
class Start:
    """The signal at the layer.

    Parameters
    ----------
    signal
        In the shape of the layer's output.
    cells
        (row, column) of the strongest cell that is handed down; (-1, -1) if none is.
    values
        The activation there, whatever is handed down; 0 if none is.
    """

    signal: Float[Tensor, "r ..."]
    cells: Int[Tensor, "r 2"]
    values: Float[Tensor, " r"]


def start(
    replayed: Replay, units: Int[Tensor, " r"], sources: Int[Tensor, " r"], *, cells: Cells, value: float | None
) -> Start:
    """Return the signal that keeps the marked cells of one unit per row.

    Parameters
    ----------
    replayed
        The forward run.
    units, sources
        Of ``rows_of``: the unit of each row, and its image.
    cells
        Which cells are kept.
    value
        Instead of the activations.

    Raises
    ------
    TypeError, ValueError
        A unit or a cell out of range; a selection that marks no cells.
    """
    everything = replayed.maps
    check_units(units, everything.shape[1], replayed.layer)
    units, sources = units.to(everything.device), sources.to(everything.device)
    maps = everything[sources, units]
    mask = marked(maps, cells)
    signal = everything.new_zeros(len(maps), *everything.shape[1:])
    kept = maps if value is None else torch.full_like(maps, value)
    signal[torch.arange(len(maps), device=maps.device), units] = kept.masked_fill(~mask, 0)
    return Start(signal.view(len(maps), *replayed.outputs.shape[1:]), *_strongest(maps, mask))


def rows_of(units: Numbers, sources: Numbers | None, count: int) -> tuple[Int[Tensor, " r"], Int[Tensor, " r"]]:
    """Return the unit and the image of each row, both on the CPU.

    Parameters
    ----------
    units
        One for all rows, or one per row.
    sources
        The image of each row; None: row i belongs to image i, and of a single image are all rows.
    count
        Of the images.

    Raises
    ------
    ValueError
        Not whole numbers, numbers of rows that do not agree, or an image out of range.
    """
    rows = _whole("units", units)
    places = torch.arange(count) if sources is None else _whole("sources", sources).reshape(-1)
    if rows.ndim == 0:
        rows = rows.expand(len(places))
    if len(places) == 1:
        places = places.expand(len(rows))
    if len(rows) != len(places):
        raise ValueError(
            f"{len(rows)} units for {len(places)} images: give one unit, one per image, or sources= with the image of "
            "each unit"
        )
    if places.numel() and not 0 <= int(places.min()) <= int(places.max()) < count:
        raise ValueError(f"sources must be in 0 ... {count - 1}, got {int(places.min())} ... {int(places.max())}")
    return rows, places


def check_units(units: Int[Tensor, " r"], count: int, layer: str) -> None:
    """Refuse units that the layer does not have. Raises ``ValueError``."""
    wrong = units[(units < 0) | (units >= count)]
    if wrong.numel():
        raise ValueError(f"no unit {int(wrong[0])} in layer {layer!r}: there are {count}, counted from 0")


def _strongest(maps: Float[Tensor, "r p q"], mask: Bool[Tensor, "r p q"]) -> tuple[Tensor, Tensor]:
    """Return the strongest marked cell of each map and its value; (-1, -1) and 0 where none is marked."""
    if not maps.numel():
        return maps.new_zeros((len(maps), 2), dtype=torch.int64), maps.new_zeros(len(maps))
    values, flat = maps.masked_fill(~mask, -torch.inf).flatten(1).max(dim=1)
    some = mask.flatten(1).any(dim=1)
    cells = torch.stack([flat // maps.shape[2], flat % maps.shape[2]], dim=1)
    return torch.where(some[:, None], cells, -1), torch.where(some, values, torch.zeros_like(values))


def _whole(what: str, numbers: Numbers) -> Int[Tensor, "..."]:
    """Return whole numbers as int64 on the CPU, of 0 or 1 axes."""
    found = torch.as_tensor(numbers).cpu()
    if found.numel() == 0:
        found = found.to(torch.int64)
    if found.is_floating_point() or found.dtype == torch.bool or found.ndim > 1:
        raise ValueError(f"{what} must be whole numbers, one or a list, got {found.dtype} of {found.ndim} axes")
    return found.to(torch.int64)
