"""Small pieces of a matrix, transposed; called from kernels.

- ``mirror``  write a piece of SIDE x SIDE floats to its place on the other side of the diagonal
- ``settle``  to call when a thread has mirrored all it has to
"""

from xailab_kernels.compiling import serial
from xailab_kernels.intrinsics.distances import drain, transpose_tile, transpose_tile_past_caches
from xailab_kernels.intrinsics.width import LANES, WIDE

SIDE = LANES


@serial
def _mirror_wide(source, r, c, target, row, column, past_caches):  # type: ignore[no-untyped-def]
    """Write ``target[row + j, column + i] = source[r + i, c + j]``; rows of the target lie in whole cache lines."""
    stride, target_stride = source.shape[1], target.shape[1]
    start = source.ctypes.data + 4 * (r * stride + c)
    end = target.ctypes.data + 4 * (row * target_stride + column)
    if past_caches:
        transpose_tile_past_caches(start, stride, end, target_stride)
    else:
        transpose_tile(start, stride, end, target_stride)


@serial
def _mirror_plain(source, r, c, target, row, column, past_caches):  # type: ignore[no-untyped-def]
    """Do the same without vector instructions."""
    for i in range(SIDE):
        line = source[r + i, c : c + SIDE]
        for j in range(SIDE):
            target[row + j, column + i] = line[j]


@serial
def _settle_wide():  # type: ignore[no-untyped-def]
    """Let other threads see everything."""
    drain()


@serial
def _settle_plain():  # type: ignore[no-untyped-def]
    """Do nothing: plain writes are seen in order."""


mirror = _mirror_wide if WIDE else _mirror_plain
settle = _settle_wide if WIDE else _settle_plain
