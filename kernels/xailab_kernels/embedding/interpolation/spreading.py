"""From points to a grid of charges, and from a grid of potentials back to forces on the points.

- ``all_finite``  whether the points can be used at all
- ``bound``       the bounding box of each block of points
- ``spread``      every point has the charge 1
- ``gather``      potential and force at every point
"""

import numpy as np
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, serial
from xailab_kernels.embedding.interpolation.grids import MARGIN
from xailab_kernels.embedding.interpolation.splines import cell, derivatives, weights
from xailab_kernels.intrinsics.patches import charge_patch, interpolate_patch
from xailab_kernels.intrinsics.references import COMPILED

BLOCK = 64
"""Points that follow each other, looked at together: where they are sorted they lie close together."""

_F = np.float32
_U = np.uint64  # an unsigned index cannot count from the end
_BANDS = 32  # of the grid, filled one by one; so much can be parallel
_LEAST = 8  # rows of a band: a point's four rows reach no further than into the next


@serial
def all_finite(points):  # type: ignore[no-untyped-def]
    """Say whether there is no NaN and no infinity. Not compiled with ``fast_serial``: that one may forget them."""
    bad = np.int32(0)
    for i in range(_U(points.shape[0])):
        for axis in range(_U(2)):
            bad |= np.int32(not abs(points[i, axis]) < _F(np.inf))
    return bad == 0


@fast_serial
def bound(points, boxes):  # type: ignore[no-untyped-def]
    """Find the bounding box (min x, max x, min y, max y) of each block of points."""
    for block in range(boxes.shape[0]):
        start, stop = _U(block * BLOCK), _U(min((block + 1) * BLOCK, points.shape[0]))
        low_0 = high_0 = points[start, 0]
        low_1 = high_1 = points[start, 1]
        for i in range(start, stop):
            x, y = points[i, 0], points[i, 1]
            low_0, high_0 = (x if x < low_0 else low_0), (x if x > high_0 else high_0)
            low_1, high_1 = (y if y < low_1 else low_1), (y if y > high_1 else high_1)
        boxes[block, 0], boxes[block, 1], boxes[block, 2], boxes[block, 3] = low_0, high_0, low_1, high_1


@fast_parallel
def spread(points, boxes, corner, per_unit, charges):  # type: ignore[no-untyped-def]
    """Fill ``charges``, which has margins.

    The rows of the grid are divided into bands. A band is filled by one thread, in the order of the points; first every
    other band, then those between, because a point may reach into the next band: sums do not depend on the number of
    threads. To find its points, a band looks at which rows each block touches.
    """
    rows = charges.shape[0] - 2 * MARGIN
    band = max(_LEAST, (rows + _BANDS - 1) // _BANDS)
    pairs = (rows + 2 * band - 1) // (2 * band)
    touched = _rows_touched(boxes, corner, per_unit, rows)
    for pair in prange(pairs):
        first = 2 * pair * band
        charges[MARGIN + first : min(MARGIN + first + 2 * band, MARGIN + rows)] = _F(0)
        _fill_band(points, touched, corner, per_unit, first, first + band, charges)
    for pair in prange(pairs):
        first = (2 * pair + 1) * band
        _fill_band(points, touched, corner, per_unit, first, first + band, charges)


@fast_serial
def _rows_touched(boxes, corner, per_unit, rows):  # type: ignore[no-untyped-def]
    """Return the lowest and the highest first node of each block's points."""
    touched = np.empty((boxes.shape[0], 2), np.int32)
    for block in range(boxes.shape[0]):
        for end in range(2):
            touched[block, end], _f = cell((boxes[block, end] - corner[0]) * per_unit, rows)
    return touched


@fast_serial
def _fill_band_plain(points, touched, corner, per_unit, first, stop, charges):  # type: ignore[no-untyped-def]
    """Add the charges of the points whose first node lies in the rows from ``first`` to before ``stop``."""
    rows, columns = charges.shape[0] - 2 * MARGIN, charges.shape[1] - 2 * MARGIN
    x0, y0, n = corner[0], corner[1], points.shape[0]
    for block in range(touched.shape[0]):
        if touched[block, 1] < first or touched[block, 0] >= stop:
            continue
        for i in range(_U(block * BLOCK), _U(min((block + 1) * BLOCK, n))):
            row, f = cell((points[i, 0] - x0) * per_unit, rows)
            if row < first or row >= stop:
                continue
            column, g = cell((points[i, 1] - y0) * per_unit, columns)
            down, across = weights(f), weights(g)
            r, c = _U(MARGIN + row), _U(MARGIN + column)
            for a in range(_U(4)):
                for b in range(_U(4)):
                    charges[r + a, c + b] += down[a] * across[b]


@fast_serial
def _fill_band_four(points, touched, corner, per_unit, first, stop, charges):  # type: ignore[no-untyped-def]
    """Add the charges of the points whose first node lies in the rows from ``first`` to before ``stop``."""
    rows, columns = charges.shape[0] - 2 * MARGIN, charges.shape[1] - 2 * MARGIN
    address, stride = np.int64(charges.ctypes.data), np.int64(charges.shape[1])
    x0, y0, n = corner[0], corner[1], points.shape[0]
    for block in range(touched.shape[0]):
        if touched[block, 1] < first or touched[block, 0] >= stop:
            continue
        for i in range(_U(block * BLOCK), _U(min((block + 1) * BLOCK, n))):
            row, f = cell((points[i, 0] - x0) * per_unit, rows)
            if row < first or row >= stop:
                continue
            column, g = cell((points[i, 1] - y0) * per_unit, columns)
            charge_patch(address + 4 * ((MARGIN + row) * stride + MARGIN + column), stride, f, g)


_fill_band = _fill_band_four if COMPILED else _fill_band_plain


@fast_parallel
def gather(points, corner, per_unit, potentials, own, forces, sums):  # type: ignore[no-untyped-def]
    """Fill ``forces`` with minus half the gradient of the potential, and ``sums`` with each part's sum of potentials.

    ``own`` are the coefficients of a point's spurious force on itself, which is taken away (``levels.self_term``).
    """
    n, parts = points.shape[0], sums.shape[0]
    for part in prange(parts):
        sums[part] = _gather_range(
            points, n * part // parts, n * (part + 1) // parts, corner, per_unit, potentials, own, forces
        )


@fast_serial
def _gather_range_plain(points, first, stop, corner, per_unit, potentials, own, forces):  # type: ignore[no-untyped-def]
    """Interpolate for some points, and return the sum of their potentials."""
    rows, columns = potentials.shape[0] - 2 * MARGIN, potentials.shape[1] - 2 * MARGIN
    x0, y0, own_0, own_1, scale = corner[0], corner[1], own[0], own[1], _F(-0.5) * per_unit
    total = np.float64(0)
    for i in range(_U(first), _U(stop)):
        row, f = cell((points[i, 0] - x0) * per_unit, rows)
        column, g = cell((points[i, 1] - y0) * per_unit, columns)
        d0, d1, d2, d3 = weights(f)
        e0, e1, e2, e3 = derivatives(f)
        across, steep = weights(g), derivatives(g)
        r, c = _U(MARGIN + row), _U(MARGIN + column)
        value, slope_0, slope_1 = _F(0), _F(0), _F(0)
        for b in range(_U(4)):
            p0, p1 = potentials[r, c + b], potentials[r + _U(1), c + b]
            p2, p3 = potentials[r + _U(2), c + b], potentials[r + _U(3), c + b]
            level = d0 * p0 + d1 * p1 + d2 * p2 + d3 * p3
            value += across[b] * level
            slope_1 += steep[b] * level
            slope_0 += across[b] * (e0 * p0 + e1 * p1 + e2 * p2 + e3 * p3)
        bump_f, bump_g = f * (_F(1) - f), g * (_F(1) - g)
        forces[i, 0] = scale * slope_0 - bump_f * (_F(1) - f - f) * (own_0 + own_1 * bump_f)
        forces[i, 1] = scale * slope_1 - bump_g * (_F(1) - g - g) * (own_0 + own_1 * bump_g)
        total += value
    return total


@fast_serial
def _gather_range_four(points, first, stop, corner, per_unit, potentials, own, forces):  # type: ignore[no-untyped-def]
    """Interpolate for some points, and return the sum of their potentials."""
    rows, columns = potentials.shape[0] - 2 * MARGIN, potentials.shape[1] - 2 * MARGIN
    address, stride = np.int64(potentials.ctypes.data), np.int64(potentials.shape[1])
    x0, y0, own_0, own_1, scale = corner[0], corner[1], own[0], own[1], _F(-0.5) * per_unit
    total = np.float64(0)
    for i in range(_U(first), _U(stop)):
        row, f = cell((points[i, 0] - x0) * per_unit, rows)
        column, g = cell((points[i, 1] - y0) * per_unit, columns)
        place = address + 4 * ((MARGIN + row) * stride + MARGIN + column)
        value, slope_0, slope_1 = interpolate_patch(place, stride, f, g)
        bump_f, bump_g = f * (_F(1) - f), g * (_F(1) - g)
        forces[i, 0] = scale * slope_0 - bump_f * (_F(1) - f - f) * (own_0 + own_1 * bump_f)
        forces[i, 1] = scale * slope_1 - bump_g * (_F(1) - g - g) * (own_0 + own_1 * bump_g)
        total += value
    return total


_gather_range = _gather_range_four if COMPILED else _gather_range_plain
