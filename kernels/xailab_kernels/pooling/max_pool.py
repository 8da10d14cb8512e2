"""Max pooling with switches: the maximum of each window, and where it stood.

- ``max_pool``  of a batch of maps

Planes are copied into blocks that stay in the second-level cache, padded where they have to be; there, windows are
taken at every cell (``dense``), and those that the stride leaves are picked by a table. Small planes share a block, so
that 7 x 7 maps too become long loops.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int32
from numba import prange

from xailab_kernels.compiling import parallel, running, serial
from xailab_kernels.pooling.dense import VECTORS, pick, slide, slide_values, whole
from xailab_kernels.pooling.windows import Pair, Windows

_BLOCK = 8192  # cells
_PARTS = 64  # that threads share; each has its own buffers
_U = np.uint64


def max_pool(
    maps: Float[np.ndarray, "n c h w"],
    *,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
) -> tuple[Float[np.ndarray, "n c p q"], Int32[np.ndarray, "n c p q"]]:
    """Return the maximum of each window, and its place.

    Of equal values, the first one in reading order of the window is taken (+0 and -0 are equal). A NaN is above
    everything: where there are any, the first one is taken, while torch takes the last. Padding is never taken, also
    where everything else is -inf. Values are torch's.

    Cost: about 1 ns per cell of the maps for windows of 3 x 3 and any stride, and half as much more for each time that
    a side of the window is larger by a factor of 3. Parallel over planes; no number depends on the threads.

    Parameters
    ----------
    maps
        float32 or float64; copied if not contiguous.
    kernel, stride, padding, dilation
        (vertical, horizontal); see ``windows.Windows``.
    ceil_mode
        Whether windows may reach over the end.

    Returns
    -------
    pooled
        In the dtype of the maps.
    switches
        ``row * w + column`` of each maximum in its plane: ``pooled == maps.reshape(n, c, h * w)[..., switches]``.

    Raises
    ------
    TypeError
        Another dtype, or something else than pairs of whole numbers.
    ValueError
        Another number of axes, or a geometry that is refused.
    """
    if maps.dtype not in (np.float32, np.float64):
        raise TypeError(f"maps must be float32 or float64, got {maps.dtype}")
    if maps.ndim != 4:
        raise ValueError(f"maps must be n c h w, got shape {maps.shape}")
    n, c, h, w = maps.shape
    windows = Windows((h, w), kernel, stride, padding, dilation, ceil_mode=ceil_mode)
    planes = np.require(maps, requirements=["C", "A", "W"]).reshape(n * c, h, w)
    p, q = windows.counts
    pooled, switches = np.empty((n * c, p, q), maps.dtype), np.empty((n * c, p, q), np.int32)
    plan = _plan(windows)
    with running(maps.size):
        lowest = _max_pool(planes, kernel, stride, padding, dilation, plan, pooled, switches)
    if plan.padded and lowest.any():
        _point_into_planes(pooled, switches, windows)
    return pooled.reshape(n, c, p, q), switches.reshape(n, c, p, q)


class _Plan(NamedTuple):
    """How the planes are cut into blocks: several small planes, or some rows of a large one."""

    padded: bool
    pitch: int
    """Cells from a row to the next one, in a block."""
    lines: int
    """Rows of a block per plane."""
    group: int
    """Planes in a block."""
    rows: int
    """Rows of windows in a block per plane."""
    size: int
    """Cells that a block needs, with what the loops read behind it."""
    where: Int32[np.ndarray, " i"]
    """Where in a block each of its windows starts."""
    origin: Int32[np.ndarray, " i"]
    """Where that is in the plane, seen from the block's first row."""


def _plan(windows: Windows) -> _Plan:
    """Make blocks of about _BLOCK cells."""
    (h, w), (p, q), (down, across) = windows.plane, windows.counts, windows.stride
    reach_down, reach_across = windows.reach
    height, width = (p - 1) * down + reach_down, (q - 1) * across + reach_across
    padded = height > h or width > w or max(windows.padding) > 0
    pitch, lines, rows = (width, height, p) if padded else (w, h, p)
    group = max(1, _BLOCK // (lines * pitch))
    if lines * pitch > _BLOCK:
        rows = min(p, max(1, (_BLOCK // pitch - reach_down) // down + 1))
        lines = (rows - 1) * down + reach_down
    size = group * lines * pitch + reach_down * pitch + reach_across + 2 * VECTORS
    plane, row, column = np.ix_(np.arange(group), down * np.arange(rows), across * np.arange(q))
    where = ((plane * lines + row) * pitch + column).astype(np.int32).ravel()
    origin = (0 * plane + row * w + column).astype(np.int32).ravel()
    return _Plan(padded, pitch, lines, group, rows, size, where, origin)


def _point_into_planes(
    pooled: Float[np.ndarray, "n p q"], switches: Int32[np.ndarray, "n p q"], windows: Windows
) -> None:
    """Let windows that are -inf everywhere point to their first cell that is no padding, in place."""
    n, o, u = np.nonzero(pooled == -np.inf)
    y, x = (i * step - before for i, step, before in zip((o, u), windows.stride, windows.padding, strict=True))
    y, x = (np.where(at < 0, at % gap, at) for at, gap in zip((y, x), windows.dilation, strict=True))
    switches[n, o, u] = y * windows.plane[1] + x


@parallel
def _max_pool(planes, kernel, stride, padding, dilation, plan, pooled, switches):  # type: ignore[no-untyped-def]
    """Share the blocks out; say whether there is a window that is -inf."""
    blocks = -(-planes.shape[0] // plan.group) * -(-pooled.shape[1] // plan.rows)
    parts = min(max(blocks // 8, 1), _PARTS)
    found = np.zeros(parts, np.bool_)
    for part in prange(parts):
        first, last = part * blocks // parts, (part + 1) * blocks // parts
        found[part] = _pool_blocks(planes, first, last, kernel, stride, padding, dilation, plan, pooled, switches)
    return found


@serial
def _pool_blocks(planes, first, last, kernel, stride, padding, dilation, plan, pooled, switches):  # type: ignore[no-untyped-def]
    """Pool some blocks with the same buffers."""
    n, h, w = planes.shape
    p, q = pooled.shape[1:]
    strips = -(-p // plan.rows)
    values, offsets = np.empty((4, plan.size), planes.dtype), np.empty((2, plan.size), np.int32)
    source, blank = values[0], values[3]
    for j in range(plan.size):
        source[j] = blank[j] = -np.inf
    flat, flat_pooled, flat_switches = planes.reshape(-1), pooled.reshape(-1), switches.reshape(-1)
    found = False
    for block in range(first, last):
        plane, top = block // strips * plan.group, block % strips * plan.rows
        planes_here, rows = min(plan.group, n - plane), min(plan.rows, p - top)
        line = top * stride[0] - padding[0]
        count, start = planes_here * rows * q, (plane * p + top) * q
        _load(flat, h, w, plane, planes_here, line, padding[1], plan, blank, source)
        length = plan.where[count - 1] + 1
        best, offset = _slide_block(values, offsets, length, kernel, dilation, plan.pitch, w)
        base = line * w - padding[1]
        found |= pick(best, offset, plan.where, plan.origin, base, count, start, flat_pooled, flat_switches)
    return found


@serial
def _slide_block(values, offsets, length, kernel, dilation, pitch, w):  # type: ignore[no-untyped-def]
    """Grow windows along the rows, then down the columns: to three times their size, or to what the kernel has."""
    best, at, other, at_other = values[1], offsets[0], values[2], offsets[1]
    size, gap = min(kernel[1], 3), dilation[1]
    below = (kernel[0] - 1) * dilation[0] * pitch
    end = whole(length + below + (kernel[1] - size) * gap)
    slide_values(values[0], end, min(size - 1, 1) * gap, (size - 1) * gap, best, at)
    for taps, gap, true_gap, rest in (
        (kernel[1], dilation[1], dilation[1], below),
        (kernel[0], dilation[0] * pitch, dilation[0] * w, 0),
    ):
        while size < taps:
            grown = min(3 * size, taps)
            one, two = min(size, grown - size), grown - size
            end = whole(length + rest + (taps - grown) * gap)
            slide(best, at, end, (one * gap, two * gap), (one * true_gap, two * true_gap), other, at_other)
            best, at, other, at_other = other, at_other, best, at
            size = grown
        size = 1
    return best, at


@serial
def _load(flat, h, w, plane, count, first, left, plan, blank, block):  # type: ignore[no-untyped-def]
    """Copy rows from ``first`` on, blank ones outside the plane; what lies between them is -inf from the start."""
    lines, length = plan.lines, min(w, plan.pitch - left)
    if not plan.padded:  # rows lie in the block as they do in memory
        length = min(count * lines * w, flat.size - (plane * h + first) * w)
        count, lines = 1, 1
    for i in range(count):
        for line in range(lines):
            inside = 0 <= first + line < h
            source, begin = flat if inside else blank, ((plane + i) * h + first + line) * w if inside else 0
            start = (i * lines + line) * plan.pitch + left
            for x in range(_U(length)):
                block[_U(start) + x] = source[_U(begin) + x]
