"""Receptive fields along one axis, rows or columns: which pixels each cell of a map sees.

Fields of convolutions and pooling are boxes, so rows and columns are followed apart. Two things are kept of each axis:
the interval of pixels of every cell, by the cells that really are in its window (exact, for any graph), and, as long as
all cells have the same field, the closed form: low and high end of the first cell's field, and the jump.

- ``Axis``         the intervals of all cells of a map
- ``Line``         the closed form
- ``first``        of the image itself
- ``slid``         after windows slide over a map
- ``pooled``       after adaptive pooling
- ``gathered``     where each cell sees given cells of the map before
- ``everywhere``   where each cell may see all cells of the map before
- ``united``       of branches that are added or stacked
- ``placed``       of a map that becomes a part of a longer one
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64

Ends = tuple[Int64[np.ndarray, " _n"], Int64[np.ndarray, " _n"]]
"""First and last pixel of each cell's field. A cell that sees nothing has a first above its last."""

NOTHING = (np.iinfo(np.int64).max // 2, -(np.iinfo(np.int64).max // 2))
"""First and last pixel of no pixel: neutral for minimum and maximum."""


class Line(NamedTuple):
    """Fields as a straight line: cell i sees the pixels ``low + i jump`` to ``high + i jump``, both included.

    They are those of a map without borders: pixels outside the image count.
    """

    low: int
    high: int
    jump: int

    def slid(self, kernel: int, stride: int, padding: int, dilation: int) -> "Line":
        """Return the line after windows: the recurrence for size, start and jump, written for the two ends.

        With ``size = high - low + 1`` and ``start = (low + high) / 2`` it is ``size += (kernel - 1) dilation jump``,
        ``start += ((kernel - 1) dilation / 2 - padding) jump``, ``jump *= stride``, in this order.

        Source: Araujo et al. 2019, networks of a single path; dilation is added in the same way.
        """
        low = self.low - padding * self.jump
        return Line(low, low + (self.high - self.low) + (kernel - 1) * dilation * self.jump, self.jump * stride)


@dataclass(frozen=True, eq=False)
class Axis:
    """The fields of the cells of a map along one axis.

    Parameters
    ----------
    inside
        Pixels of the image that each cell sees, as first and last.
    uncut
        The same as if maps and image went on beyond their borders, where that can be said; it holds ``inside``.
    line
        The closed form of ``uncut``, or None if the cells have different fields.
    """

    inside: Ends
    uncut: Ends
    line: Line | None

    def __len__(self) -> int:
        return len(self.inside[0])

    @property
    def seeing(self) -> bytes:
        """Which cells see anything, cut and uncut, as bytes: to be compared."""
        return b"".join((low <= high).tobytes() for low, high in (self.inside, self.uncut))


def first(pixels: int) -> Axis:
    """Return the fields of the image's own pixels."""
    each = np.arange(pixels)
    return Axis((each, each), (each, each), Line(0, 0, 1))


def slid(axis: Axis, cells: int, *, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
    """Return the fields of ``cells`` windows; ``padding`` is that before the first cell."""
    taps = np.arange(cells)[:, None] * stride - padding + np.arange(kernel) * dilation
    line = None if axis.line is None else axis.line.slid(kernel, stride, padding, dilation)
    return _seen(axis, taps, (taps >= 0) & (taps < len(axis)), line)


def pooled(axis: Axis, cells: int) -> Axis:
    """Return the fields after adaptive pooling: cell i sees the cells ⌊i n / cells⌋ to ⌈(i + 1) n / cells⌉ - 1."""
    if cells == 1:
        return everywhere(axis, 1)
    if len(axis) % cells == 0:
        size = len(axis) // cells
        return slid(axis, cells, kernel=size, stride=size, padding=0, dilation=1)
    each = np.arange(cells)
    begin, end = each * len(axis) // cells, -(-(each + 1) * len(axis) // cells)
    taps = begin[:, None] + np.arange(int((end - begin).max()))
    return _seen(axis, taps, taps < end[:, None], None)


def gathered(axis: Axis, sees: Bool[np.ndarray, "cells n"]) -> Axis:
    """Return the fields where cell i sees the cells of row i of ``sees``.

    The closed form remains where every cell sees one cell, at equal distances: slices, padding with constants.
    """
    taps = np.broadcast_to(np.arange(len(axis)), sees.shape)
    return _seen(axis, taps, sees, _sliced(axis.line, sees))


def everywhere(axis: Axis, cells: int) -> Axis:
    """Return the fields of ``cells`` cells that may each see the whole map before: never too small."""
    one = gathered(axis, np.ones((1, len(axis)), bool))
    inside, uncut = ((np.repeat(ends[0], cells), np.repeat(ends[1], cells)) for ends in (one.inside, one.uncut))
    return Axis(inside, uncut, one.line)


def united(branches: Sequence[Axis]) -> Axis:
    """Return the smallest intervals that hold those of all branches, cell by cell."""
    if len(branches) == 1:
        return branches[0]
    inside = _hull([branch.inside for branch in branches])
    uncut = _hull([branch.uncut for branch in branches])
    lines = [branch.line for branch in branches if branch.line is not None]
    if len(lines) < len(branches) or len({line.jump for line in lines}) > 1:
        return Axis(inside, uncut, None)
    line = Line(min(line.low for line in lines), max(line.high for line in lines), lines[0].jump)
    return Axis(inside, uncut, line)


def placed(axis: Axis, begin: int, cells: int) -> Axis:
    """Return the fields of a map of ``cells`` cells: these from ``begin`` on, the others see nothing."""
    inside, uncut = (_nothing(cells), _nothing(cells))
    for ends, wide in ((axis.inside, inside), (axis.uncut, uncut)):
        for new, old in zip(wide, ends, strict=True):
            new[begin : begin + len(old)] = old
    return Axis(inside, uncut, None)


def _seen(axis: Axis, taps: np.ndarray, there: np.ndarray, line: Line | None) -> Axis:
    """Return the fields of cells whose window holds ``taps``, of which only those that are ``there`` exist."""
    inside = _extent(axis.inside, taps, there)
    if line is None:
        low, high = _extent(axis.uncut, taps, there)
        only = Line(int(low[0]), int(high[0]), 0) if len(taps) == 1 and low[0] <= high[0] else None
        return Axis(inside, (low, high), only)
    each = np.arange(len(taps)) * line.jump
    return Axis(inside, (line.low + each, line.high + each), line)


def _extent(ends: Ends, taps: np.ndarray, there: np.ndarray) -> Ends:
    safe = np.clip(taps, 0, len(ends[0]) - 1)
    low = np.where(there, ends[0][safe], NOTHING[0]).min(1, initial=NOTHING[0])
    high = np.where(there, ends[1][safe], NOTHING[1]).max(1, initial=NOTHING[1])
    return low, high


def _nothing(cells: int) -> Ends:
    return np.full(cells, NOTHING[0]), np.full(cells, NOTHING[1])


def _hull(intervals: Sequence[Ends]) -> Ends:
    low = np.minimum.reduce([ends[0] for ends in intervals])
    return low, np.maximum.reduce([ends[1] for ends in intervals])


def _sliced(line: Line | None, sees: np.ndarray) -> Line | None:
    """Return the line of cells that see one cell each, at equal distances; None for all others."""
    some = np.flatnonzero(sees.any(1))
    if line is None or not len(some) or (sees.sum(1) > 1).any():
        return None
    source = sees[some].argmax(1)
    stride = int(source[1] - source[0]) // int(some[1] - some[0]) if len(some) > 1 else 1
    if stride < 0 or not np.array_equal(source, source[0] + stride * (some - some[0])):
        return None
    offset = int(source[0] - stride * some[0])
    return Line(line.low + offset * line.jump, line.high + offset * line.jump, line.jump * stride)
