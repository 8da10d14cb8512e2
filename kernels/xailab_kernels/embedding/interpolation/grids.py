"""From charges to potentials on a ladder of grids, each of half as many nodes a side as the one before.

- ``coarsen``      charges of the next grid: a spline is a sum of five splines of half the spacing
- ``filter_band``  potentials of a grid: those of the next grid, and what its own short-ranged filter adds
- ``filter_rest``  potentials of the coarsest grid

Every array has a margin of zeros, so that no loop asks where the grid ends. Node i of a coarse grid lies on node
``2 * (i - 1)`` of the finer one. Nothing is reordered between threads: a row of results belongs to one of them.
"""

import numpy as np
from jaxtyping import Float32
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial

MARGIN = 16
"""Zeros on each side: more than a filter reaches, and whole vectors, so that rows begin where vectors do."""

_F = np.float32
_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions
_ROWS = 16  # of a thread's turn


def allocate(rows: int, columns: int) -> Float32[np.ndarray, "r c"]:
    """Return zeros for a grid and its margins; rows begin at multiples of 64 bytes, the size of a vector."""
    shape = (rows + 2 * MARGIN, -(-columns // 16) * 16 + 2 * MARGIN)
    memory = np.zeros(shape[0] * shape[1] + 16, np.float32)
    start = -memory.ctypes.data % 64 // 4
    return memory[start : start + shape[0] * shape[1]].reshape(shape)


def coarser(nodes: int) -> int:
    """Return how many nodes the next grid has along an axis: it carries every spline of this one."""
    return (nodes + 1) // 2 + 2


@fast_parallel
def coarsen(fine, rows, columns, coarse):  # type: ignore[no-untyped-def]
    """Fill the first ``rows`` by ``columns`` nodes of a coarse grid of charges."""
    for part in prange((rows + _ROWS - 1) // _ROWS):
        line = np.empty(fine.shape[1], np.float32)
        for row in range(part * _ROWS, min((part + 1) * _ROWS, rows)):
            _five_rows(fine, MARGIN + 2 * (row - 1), line)
            _every_other(line, columns, coarse[MARGIN + row])


@fast_serial
def _five_rows(fine, row, line):  # type: ignore[no-untyped-def]
    """Sum five rows by the binomial weights 1, 4, 6, 4, 1, over 8."""
    r = _U(row)
    for j in range(_U(line.size)):
        line[j] = (
            _F(0.125) * (fine[r - _U(2), j] + fine[r + _U(2), j])
            + _F(0.5) * (fine[r - _U(1), j] + fine[r + _U(1), j])
            + _F(0.75) * fine[r, j]
        )


@fast_serial
def _every_other(line, columns, coarse):  # type: ignore[no-untyped-def]
    """Sum five neighbors by the same weights, at every other node."""
    for j in range(_U(columns)):
        p = _U(MARGIN - 2) + _U(2) * j
        coarse[_U(MARGIN) + j] = (
            _F(0.125) * (line[p - _U(2)] + line[p + _U(2)])
            + _F(0.5) * (line[p - _U(1)] + line[p + _U(1)])
            + _F(0.75) * line[p]
        )


@fast_parallel
def filter_band(charges, coarse, down, across, potentials):  # type: ignore[no-untyped-def]
    """Fill ``potentials``, all but its margins.

    ``down`` and ``across`` hold the taps of each product: of the node itself and of those 1 to 8 nodes away. First the
    columns are filtered, into a line that stays in the first-level cache, then that line.
    """
    rows = charges.shape[0] - 2 * MARGIN
    for part in prange((rows + _ROWS - 1) // _ROWS):
        line = np.empty(charges.shape[1], np.float32)
        for row in range(part * _ROWS, min((part + 1) * _ROWS, rows)):
            _refine(coarse, row, line, potentials[MARGIN + row])
            for t in range(down.shape[0]):
                _filter_down(charges, MARGIN + row, down[t], line)
                _filter_across(line, across[t], potentials[MARGIN + row])


@fast_serial
def _refine(coarse, row, line, potentials):  # type: ignore[no-untyped-def]
    """Write one row of a coarse grid's potentials at the nodes of the finer one: the transpose of ``coarsen``."""
    r, half = _U(MARGIN + 1 + row // 2), _U((potentials.size - 2 * MARGIN) // 2)
    if row % 2 == 0:
        for j in range(_U(coarse.shape[1])):
            line[j] = _F(0.75) * coarse[r, j] + _F(0.125) * (coarse[r - _U(1), j] + coarse[r + _U(1), j])
    else:
        for j in range(_U(coarse.shape[1])):
            line[j] = _F(0.5) * (coarse[r, j] + coarse[r + _U(1), j])
    for j in range(half):
        p = _U(MARGIN + 1) + j
        potentials[_U(MARGIN) + _U(2) * j] = _F(0.75) * line[p] + _F(0.125) * (line[p - _U(1)] + line[p + _U(1)])
        potentials[_U(MARGIN + 1) + _U(2) * j] = _F(0.5) * (line[p] + line[p + _U(1)])


@fast_serial
def _filter_down(charges, row, taps, line):  # type: ignore[no-untyped-def]
    """Filter all columns, for one row of results. Written out, so that the taps stay in registers."""
    t0, t1, t2, t3, t4, t5, t6, t7, t8 = (
        taps[0], taps[1], taps[2], taps[3], taps[4], taps[5], taps[6], taps[7], taps[8]
    )  # fmt: skip
    r = _U(row)
    for j in range(_U(line.size)):
        line[j] = (
            t0 * charges[r, j]
            + t1 * (charges[r - _U(1), j] + charges[r + _U(1), j])
            + t2 * (charges[r - _U(2), j] + charges[r + _U(2), j])
            + t3 * (charges[r - _U(3), j] + charges[r + _U(3), j])
            + t4 * (charges[r - _U(4), j] + charges[r + _U(4), j])
            + t5 * (charges[r - _U(5), j] + charges[r + _U(5), j])
            + t6 * (charges[r - _U(6), j] + charges[r + _U(6), j])
            + t7 * (charges[r - _U(7), j] + charges[r + _U(7), j])
            + t8 * (charges[r - _U(8), j] + charges[r + _U(8), j])
        )


@fast_serial
def _filter_across(line, taps, potentials):  # type: ignore[no-untyped-def]
    """Filter a line and add it to a row of results."""
    t0, t1, t2, t3, t4, t5, t6, t7, t8 = (
        taps[0], taps[1], taps[2], taps[3], taps[4], taps[5], taps[6], taps[7], taps[8]
    )  # fmt: skip
    for j in range(_U(line.size - 2 * MARGIN)):
        p = _U(MARGIN) + j
        potentials[p] += (
            t0 * line[p]
            + t1 * (line[p - _U(1)] + line[p + _U(1)])
            + t2 * (line[p - _U(2)] + line[p + _U(2)])
            + t3 * (line[p - _U(3)] + line[p + _U(3)])
            + t4 * (line[p - _U(4)] + line[p + _U(4)])
            + t5 * (line[p - _U(5)] + line[p + _U(5)])
            + t6 * (line[p - _U(6)] + line[p + _U(6)])
            + t7 * (line[p - _U(7)] + line[p + _U(7)])
            + t8 * (line[p - _U(8)] + line[p + _U(8)])
        )


@fast_serial
def filter_rest(charges, rows, columns, mirrored, weights, potentials):  # type: ignore[no-untyped-def]
    """Fill the first ``rows`` by ``columns`` nodes of ``potentials``: every node has an effect on every other.

    ``mirrored`` holds the profiles at offsets of both signs; 0 is in the middle.
    """
    middle = mirrored.shape[1] // 2
    line, result = np.empty(columns, np.float32), np.empty(columns, np.float32)
    for row in range(rows):
        result[:] = _F(0)
        for t in range(mirrored.shape[0]):
            line[:] = _F(0)
            for k in range(rows):
                tap = weights[t] * mirrored[t, middle + row - k]
                for j in range(_U(columns)):
                    line[j] += tap * charges[_U(MARGIN + k), _U(MARGIN) + j]
            for k in range(columns):
                value = line[k]
                for j in range(_U(columns)):
                    result[j] += value * mirrored[_U(t), _U(middle - k) + j]
        potentials[MARGIN + row, MARGIN : MARGIN + columns] = result
