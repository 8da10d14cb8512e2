"""Points packed for squared distances by tiles of 6 x 64.

- ``pack``          features in blocks of so many points, feature by feature
- ``distances``     fill one tile with squared distances; called from kernels
- ``ROWS``, ``COLUMNS``  the two block sizes: a tile is a block of ROWS points against a block of COLUMNS points

A kernel packs the points twice, ``rows = pack(x, ROWS)`` and ``columns = pack(x, COLUMNS)``, and then asks for tiles:
``distances(rows, i, columns, j, out, r, c)`` writes the squared distances of points ``6 i .. 6 i + 5`` to points
``64 j .. 64 j + 63`` to ``out[r : r + 6, c : c + 64]``. Blocks are filled up with zeros, so the last tiles hold
distances to the origin, which nobody should read.
"""

import numpy as np
from jaxtyping import Float32

from xailab_kernels.compiling import fast_serial, fused_serial, serial
from xailab_kernels.intrinsics.distances import COLUMNS, ROWS, tile
from xailab_kernels.intrinsics.width import WIDE

__all__ = ["COLUMNS", "ROWS", "distances", "pack"]

PART = 32
"""Features whose squares are summed before they are added to the rest, which halves the errors of one long sum."""

Packed = Float32[np.ndarray, "blocks d size"]


def pack(features: Float32[np.ndarray, "n d"], size: int) -> Packed:
    """Cut points into blocks in which the values of one feature lie side by side.

    Parameters
    ----------
    features
        C-contiguous float32.
    size
        Points in a block, at least 1.

    Returns
    -------
    packed
        ``packed[b, k, r]`` is feature k of point ``b * size + r``; 0 beyond the last point.
    """
    n, d = features.shape
    packed = np.zeros((-(-n // size), d, size), np.float32)
    _pack(features, packed)
    return packed


@fast_serial
def _pack(features: Float32[np.ndarray, "n d"], packed: Packed) -> None:
    """Fill the blocks. Serial: some milliseconds at most, and quicker to compile."""
    n, d = features.shape
    blocks, _, size = packed.shape
    for block in range(blocks):
        start = block * size
        for r in range(min(size, n - start)):
            for k in range(d):
                packed[block, k, r] = features[start + r, k]


@serial
def _distances_wide(rows, i, columns, j, out, row, column):  # type: ignore[no-untyped-def]
    """Fill a tile with the loop in intermediate code."""
    d, stride = rows.shape[1], out.shape[1]
    a, b = rows.ctypes.data + i * d * ROWS * 4, columns.ctypes.data + j * d * COLUMNS * 4
    target = out.ctypes.data + (row * stride + column) * 4
    for k in range(0, d, PART):
        tile(a + k * ROWS * 4, b + k * COLUMNS * 4, min(PART, d - k), target, stride, k)


@fused_serial
def _add_four(a, b, k, r, line):  # type: ignore[no-untyped-def]
    """Add the squares of four features to a row."""
    a0, a1, a2, a3 = a[k, r], a[k + 1, r], a[k + 2, r], a[k + 3, r]
    b0, b1, b2, b3 = b[k], b[k + 1], b[k + 2], b[k + 3]
    for c in range(COLUMNS):
        line[c] += ((a0 - b0[c]) ** 2 + (a1 - b1[c]) ** 2) + ((a2 - b2[c]) ** 2 + (a3 - b3[c]) ** 2)


@fused_serial
def _add_one(a, b, k, r, line):  # type: ignore[no-untyped-def]
    """Add the squares of one feature to a row."""
    a0, b0 = a[k, r], b[k]
    for c in range(COLUMNS):
        line[c] += (a0 - b0[c]) ** 2


@serial
def _distances_plain(rows, i, columns, j, out, row, column):  # type: ignore[no-untyped-def]
    """Fill a tile row by row, four features at a time."""
    a, b, d = rows[i], columns[j], rows.shape[1]
    line = np.empty(COLUMNS, np.float32)
    for r in range(ROWS):
        target = out[row + r, column : column + COLUMNS]
        target[:] = 0
        for start in range(0, d, PART):
            end = min(start + PART, d)
            line[:] = 0
            for k in range(start, end - 3, 4):
                _add_four(a, b, k, r, line)
            for k in range(end - (end - start) % 4, end):
                _add_one(a, b, k, r, line)
            for c in range(COLUMNS):
                target[c] += line[c]


distances = _distances_wide if WIDE else _distances_plain
