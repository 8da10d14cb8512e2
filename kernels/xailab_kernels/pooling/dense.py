"""The innermost loops of max pooling: windows at every cell, over flat memory; called from kernels.

- ``slide_values``  the first maximum of three cells, at each cell
- ``slide``         the same of maxima that windows have already: grows the windows
- ``pick``          what the stride leaves
- ``whole``         lengths for these loops

A window is separable: its first maximum in reading order is the first one, down the column, of the first ones along
rows. And it can be grown: the first maximum of windows that overlap is that of the window they make up together. The
loops run over a block of memory as if it were one line, past the ends of rows, with any stride as if it were 1: windows
that wrap around or are left out cost less than short loops do, which do not become vector instructions.

With each maximum goes its ``offset``: the distance, in the true plane, from the window's first cell.
"""

import numpy as np

from xailab_kernels.compiling import serial

VECTORS = 64
"""Cells of one turn of such a loop, at most; fewer would remain to be done one by one."""

_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions


@serial
def whole(length):  # type: ignore[no-untyped-def]
    """Round up to whole turns: buffers must have room for VECTORS more than is needed."""
    return (length + VECTORS - 1) // VECTORS * VECTORS


@serial
def _above(value, best):  # type: ignore[no-untyped-def]
    """Whether a later value replaces the best so far: it is larger, or the first NaN."""
    return not (value <= best or np.isnan(best))


@serial
def slide_values(source, length, one, two, best, offset):  # type: ignore[no-untyped-def]
    """Take the first maximum of ``source`` at j, j + one, j + two; steps that are equal count once."""
    for j in range(_U(length)):
        value, at = source[j], np.int32(0)
        for step in (one, two):
            other = source[j + _U(step)]
            above = _above(other, value)
            value, at = other if above else value, np.int32(step) if above else at
        best[j], offset[j] = value, at


@serial
def slide(source, at_source, length, steps, true_steps, best, offset):  # type: ignore[no-untyped-def]
    """Do the same with maxima that have offsets; ``true_steps`` are the steps in the true plane."""
    for j in range(_U(length)):
        value, at = source[j], at_source[j]
        for step, true_step in ((steps[0], true_steps[0]), (steps[1], true_steps[1])):
            other, place = source[j + _U(step)], at_source[j + _U(step)] + np.int32(true_step)
            above = _above(other, value)
            value, at = other if above else value, np.int32(place) if above else at
        best[j], offset[j] = value, at


@serial
def pick(best, offset, where, origin, base, count, start, pooled, switches):  # type: ignore[no-untyped-def]
    """Write the ``count`` windows that there are, from ``start`` on; say whether any is -inf.

    ``where`` says where in the block each window begins, ``origin`` where in the plane, as seen from ``base``.
    """
    lowest = np.int32(0)
    for i in range(_U(count)):
        value = best[_U(where[i])]
        lowest |= np.int32(value == -np.inf)
        pooled[_U(start) + i] = value
        switches[_U(start) + i] = np.int32(offset[_U(where[i])] + origin[i] + np.int32(base))
    return lowest != 0
