"""Blocks of points that meet: the inner part of the search of neighbors.

- ``Side``    points in one of the two roles, packed
- ``meet``    let pairs of blocks see each other, in parallel

A pair of tiles (6 points against 64) goes through three gates, each of which most do not pass: the distance along the
leading coordinates, which is never longer than the distance; the distance; and the limits of the single points.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int32
from numba import prange

from xailab_kernels.affinity.packing import COLUMNS, ROWS, distances
from xailab_kernels.affinity.selection import ENDLESS, NEVER, ONE, ZERO, borrow, keep, offer, offer_one
from xailab_kernels.compiling import fast_inlined, fast_parallel, fast_serial
from xailab_kernels.intrinsics.references import borrowed
from xailab_kernels.intrinsics.width import LANES


class Side(NamedTuple):
    """Points as rows or as columns of tiles."""

    packed: Float32[np.ndarray, "b d s"]
    leading: Float32[np.ndarray, "b r s"]
    ids: Int32[np.ndarray, " n"]


class Desk(NamedTuple):
    """Room to work on a tile."""

    tile: Float32[np.ndarray, "r c"]
    limits: Float32[np.ndarray, " c"]
    values: Float32[np.ndarray, " m"]
    places: Int32[np.ndarray, " m"]
    numbers: Int32[np.ndarray, " c"]  # 0, 1, 2, ...


class Rule(NamedTuple):
    """What pairs are let through.

    Attributes
    ----------
    k
        Neighbors wanted.
    block
        Points in a block; a multiple of ROWS and COLUMNS.
    same
        Rows and columns are the same points.
    bounded
        Look at the leading coordinates first.
    factor, offset
        A pair may be nearer than ``limit`` if its distance along them is at most ``limit * factor + offset``.
    """

    k: int
    block: int
    same: bool
    bounded: bool
    factor: np.float32
    offset: np.float32


@fast_parallel
def meet(pairs, rows, columns, found, rule, skipped):  # type: ignore[no-untyped-def]
    """Let the blocks of each pair see each other. No block may be in two pairs, if they are the same points."""
    for p in prange(len(pairs)):
        skipped[p] = _meet(pairs[p, 0], pairs[p, 1], rows, columns, found, rule)


@fast_serial
def _meet(first, second, rows, columns, found, rule):  # type: ignore[no-untyped-def]
    """Let two blocks see each other; return how many pairs of tiles the leading coordinates ruled out."""
    rows = Side(borrowed(rows.packed), borrowed(rows.leading), borrowed(rows.ids))
    columns = Side(borrowed(columns.packed), borrowed(columns.leading), borrowed(columns.ids))
    found = borrow(found)
    owned = Desk(
        np.empty((ROWS, COLUMNS), np.float32),
        np.empty(COLUMNS, np.float32),
        np.empty(COLUMNS + LANES, np.float32),
        np.empty(COLUMNS + LANES, np.int32),
        np.arange(COLUMNS).astype(np.int32),
    )
    tile = borrowed(owned.tile)
    desk = Desk(tile, borrowed(owned.limits), borrowed(owned.values), borrowed(owned.places), borrowed(owned.numbers))
    nobody = np.full(COLUMNS, NEVER)
    mutual = rule.same and first != second
    one, none = np.float32(1), np.float32(0)
    skipped = 0
    first_column, first_row = second * rule.block // COLUMNS, first * rule.block // ROWS
    width = min(len(columns.packed) - first_column, rule.block // COLUMNS)
    for step in range(width):
        for i in range(first_row, min(len(rows.packed), first_row + rule.block // ROWS)):
            home = 0 if mutual else (i - first_row) * ROWS // COLUMNS  # the nearest come first: limits get tight
            j = first_column + (home + step) % width
            limits = found.limits[j * COLUMNS : (j + 1) * COLUMNS] if mutual else nobody
            limit = found.row_limits[i]
            if rule.bounded:
                distances(rows.leading, i, columns.leading, j, tile, 0, 0)
                if not _any_within(tile, limit, limits, rule.factor, rule.offset):
                    skipped += 1
                    continue
            distances(rows.packed, i, columns.packed, j, tile, 0, 0)
            if rule.same and not mutual:
                _leave_out(tile, i, j)
            if _any_within(tile, limit, limits, one, none):
                _look(desk, i, j, rows, columns, found, rule.k, mutual)
    owned.tile[0, 0] = owned.limits[0] = owned.values[0] = 0  # what is borrowed must live until here
    owned.places[0] = owned.numbers[0] = 0
    return skipped


@fast_inlined
def _any_within(tile, limit, limits, factor, offset):  # type: ignore[no-untyped-def]
    """Tell whether a distance is within the limit of any row or of its column."""
    t0, t1, t2, t3, t4, t5 = tile[0], tile[1], tile[2], tile[3], tile[4], tile[5]
    hits = ZERO
    for c in range(COLUMNS):
        nearest = min(t0[c], t1[c], t2[c], t3[c], t4[c], t5[c])
        hits += ONE if nearest <= max(limit, limits[c]) * factor + offset else ZERO
    return hits > 0


@fast_serial
def _leave_out(tile, i, j):  # type: ignore[no-untyped-def]
    """Put a point out of its own reach."""
    for r in range(ROWS):
        c = i * ROWS + r - j * COLUMNS
        if 0 <= c < COLUMNS:
            tile[r, c] = np.float32(4) * ENDLESS


@fast_inlined
def _look(desk, i, j, rows, columns, found, k, mutual):  # type: ignore[no-untyped-def]
    """Offer the distances of a tile to its rows, and to its columns too."""
    start = j * COLUMNS
    for r in range(ROWS):
        row = i * ROWS + r
        offer(found, row, k, desk.tile[r], columns.ids[start : start + COLUMNS], desk.limits)
        if mutual:
            _offer_to_columns(found, start, k, desk, r, rows.ids[row])


@fast_inlined
def _offer_to_columns(found, start, k, desk, r, name):  # type: ignore[no-untyped-def]
    """Offer a row's distances to the columns; mostly nobody wants them."""
    values, limits = desk.tile[r], found.limits[start : start + COLUMNS]
    hits = ZERO
    for c in range(COLUMNS):
        hits += ONE if values[c] <= limits[c] else ZERO
    if hits > 0:
        for t in range(keep(values, limits, desk.numbers, desk.values, desk.places, 0)):
            offer_one(found, start + desk.places[t], k, desk.values[t], name)
