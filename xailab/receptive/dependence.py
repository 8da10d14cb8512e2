"""Which places of its input an affine map looks at, found by trying it.

- ``Look``   along which axis of the output one sees an axis of the input, and which cells of it
- ``looks``  of a map, for its rows and its columns
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int64
from torch import Tensor

PROBED = 1 << 24
"""Numbers in one batch of probes: 64 or 128 MiB."""

Function = Callable[[Tensor], Tensor]


class Look(NamedTuple):
    """How the cells along an axis of the output depend on those along an axis of the input.

    Parameters
    ----------
    axis
        Of the output, without that of the images; None if no axis of the output keeps apart what this one does.
    sees
        Whether cell i of the output depends on cell j of the input; one row if the axis is None.
    """

    axis: int | None
    sees: Bool[np.ndarray, "_after _n"]


def looks(
    function: Function, shape: Sequence[int], axes: tuple[int | None, int | None], likes: Sequence[Tensor]
) -> tuple[Look | None, Look | None] | None:
    """Find how rows and columns of the output depend on rows and columns of the input.

    Parameters
    ----------
    function
        Linear but for a constant; takes a batch.
    shape
        Of its input for one image.
    axes
        Those of the input that are rows and columns; None for one that is not there, which gives None.
    likes
        Tensors of the devices and types that the function may want; tried in this order.

    Returns
    -------
    Two looks along different axes; None if the function takes none of these tensors.
    """
    for like in likes:
        try:
            found = _looked(function, shape, axes, like)
        except (RuntimeError, TypeError, ValueError, NotImplementedError):  # of another device or type
            continue
        return _apart(found)
    return None


Seen = list[Bool[np.ndarray, "_after _n"]]
"""For every axis of the output: how its cells depend on those along one axis of the input."""


def _looked(
    function: Function, shape: Sequence[int], axes: tuple[int | None, int | None], like: Tensor
) -> list[Seen | None]:
    # Not drawn from torch's generator, whose state is the user's; no two alike, so that nothing cancels.
    numbers = torch.from_numpy(np.random.default_rng(0).uniform(0.5, 1.5, tuple(shape))).to(like)
    sources = _sources(function, numbers)
    if sources is None:
        return [None if axis is None else _probed(function, numbers, axis) for axis in axes]
    coordinates = np.unravel_index(np.maximum(sources, 0), tuple(shape))
    return [None if axis is None else _moved(sources, coordinates[axis], shape[axis]) for axis in axes]


def _sources(function: Function, numbers: Tensor) -> Int64[np.ndarray, "..."] | None:
    """Return which number of the input each one of the output is, -1 for a constant 0; None if it computes anything."""
    names = torch.arange(1, numbers.numel() + 1, dtype=torch.float64).view(numbers.shape).to(numbers.device)
    found, output = function(names.to(numbers)[None])[0], function(numbers[None])[0]
    places = found.double().round().long().clamp(0, numbers.numel())
    with_nothing = torch.cat([numbers.new_zeros(1), numbers.flatten()])
    if numbers.numel() >= 1 << (24 if numbers.dtype == torch.float32 else 53) or not torch.equal(
        with_nothing[places], output
    ):
        return None
    return (places - 1).cpu().numpy()


def _moved(sources: np.ndarray, coordinate: np.ndarray, count: int) -> Seen:
    seen = []
    for axis, cells in enumerate(sources.shape):
        there, place = (np.moveaxis(one, axis, 0).reshape(cells, -1) for one in (sources >= 0, coordinate))
        sees = np.zeros((cells, count), bool)
        cell = np.broadcast_to(np.arange(cells)[:, None], place.shape)
        sees[cell[there], place[there]] = True
        seen.append(sees)
    return seen


def _probed(function: Function, numbers: Tensor, axis: int) -> Seen:
    """Put the numbers into one row, or column, after the other, and see where the output changes."""
    count, parts = numbers.shape[axis], []
    still = function(torch.zeros_like(numbers)[None])
    for chosen in torch.split(
        torch.eye(count, dtype=torch.bool, device=numbers.device), max(1, PROBED // numbers.numel())
    ):
        places = chosen.view(len(chosen), *(count if one == axis else 1 for one in range(numbers.ndim)))
        changed = function(numbers * places) != still
        others = range(1, changed.ndim)
        parts.append([_any(changed, [one for one in others if one != kept]).T.cpu().numpy() for kept in others])
    return [np.concatenate(pieces, 1) for pieces in zip(*parts, strict=True)]


def _any(values: Tensor, axes: Sequence[int]) -> Tensor:
    return values.any(dim=tuple(axes)) if axes else values


def _apart(found: Sequence[Seen | None]) -> tuple[Look | None, Look | None]:
    """Choose the axis of the output that keeps rows apart best, then another one for columns.

    Of equals it is the one where rows or columns are by habit, the last two; only there may it keep nothing apart.
    """
    taken: list[Look | None] = []
    for seen, habit in zip(found, (-2, -1), strict=True):
        if seen is None:
            taken.append(None)
            continue
        usual = len(seen) + habit
        blur = {
            axis: (_share(sees), axis != usual)
            for axis, sees in enumerate(seen)
            if not any(look is not None and look.axis == axis for look in taken)
        }
        best = min(blur, key=blur.__getitem__, default=None)
        if best is None or blur[best] == (1, True):
            taken.append(Look(None, np.any(seen[0], axis=0, keepdims=True)))
        else:
            taken.append(Look(best, seen[best]))
    return taken[0], taken[1]


def _share(sees: Bool[np.ndarray, "_after _n"]) -> float:
    """Return which share of the input a cell sees on average, of those that see anything."""
    some = sees[sees.any(1)]
    return float(some.mean()) if len(some) else 1.0
