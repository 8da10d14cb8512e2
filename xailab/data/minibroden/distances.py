"""Signed distances from a point to the outline of a shape, compiled; negative inside.

- ``distance``  dispatches on a stroke's shape
- one function per shape that needs more than a line

All lengths are in the local units of the stroke's frame.

Source: the polygon's distance is that of Hormann and Agathos 2001 (crossing number) with the distance to the nearest
edge; the ellipse uses the usual first-order estimate f / |grad f|, exact on the outline, which is all that coverage
needs.
"""
# mypy: disable-error-code="no-any-return"

import math

import numba
import numpy as np
from jaxtyping import Float

from xailab.data.minibroden import columns as c

Row = Float[np.ndarray, " width"]
Points = Float[np.ndarray, "m 3"]


@numba.njit(cache=False)
def _ellipse(u: float, v: float, rx: float, ry: float) -> float:
    f = math.sqrt((u / rx) ** 2 + (v / ry) ** 2)
    g = math.sqrt((u / (rx * rx)) ** 2 + (v / (ry * ry)) ** 2) + 1e-9
    return f * (f - 1.0) / g


@numba.njit(cache=False)
def _box(u: float, v: float, half_width: float, half_height: float, corner: float) -> float:
    x = abs(u) - half_width + corner
    y = abs(v) - half_height + corner
    outside = math.sqrt(max(x, 0.0) ** 2 + max(y, 0.0) ** 2)
    return outside + min(max(x, y), 0.0) - corner


@numba.njit(cache=False)
def _capsule(u: float, v: float, row: Row) -> float:
    x, y = row[c.A2] - row[c.A0], row[c.A3] - row[c.A1]
    along = ((u - row[c.A0]) * x + (v - row[c.A1]) * y) / (x * x + y * y + 1e-12)
    along = min(max(along, 0.0), 1.0)
    radius = row[c.A4] + along * (row[c.A5] - row[c.A4])
    return float(math.hypot(u - row[c.A0] - along * x, v - row[c.A1] - along * y) - radius)


@numba.njit(cache=False)
def _polygon(u: float, v: float, points: Points, first: int, count: int) -> float:
    nearest = 1e18
    inside = False
    x0, y0 = points[first + count - 1, 0], points[first + count - 1, 1]
    for i in range(first, first + count):
        x1, y1 = points[i, 0], points[i, 1]
        ex, ey = x1 - x0, y1 - y0
        wx, wy = u - x0, v - y0
        along = min(max((wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-18), 0.0), 1.0)
        dx, dy = wx - ex * along, wy - ey * along
        nearest = min(nearest, dx * dx + dy * dy)
        if (y0 > v) != (y1 > v) and u < x0 + (v - y0) * ex / ey:
            inside = not inside
        x0, y0 = x1, y1
    return -math.sqrt(nearest) if inside else math.sqrt(nearest)


@numba.njit(cache=False)
def _blobs(u: float, v: float, points: Points, first: int, count: int) -> float:
    nearest = 1e9
    for i in range(first, first + count):
        d = math.sqrt((u - points[i, 0]) ** 2 + (v - points[i, 1]) ** 2) - points[i, 2]
        nearest = min(nearest, d)
    return nearest


@numba.njit(cache=False)
def _petals(u: float, v: float, row: Row) -> float:
    """Set equal petals around a center: fold the plane into the sector of the nearest petal."""
    x, y = u - row[c.A0], v - row[c.A1]
    sector = 2.0 * math.pi / row[c.A2]
    angle = math.atan2(y, x) - row[c.A4]
    angle -= sector * math.floor(angle / sector + 0.5)
    radius = math.sqrt(x * x + y * y)
    return _ellipse(radius * math.cos(angle) - row[c.A3], radius * math.sin(angle), row[c.A5], row[c.A6])


@numba.njit(cache=False)
def _windows(u: float, v: float, row: Row) -> float:
    """Repeat a pane inside the rectangle A0 A1 A2 A3; A4 A5 are the steps, A6 A7 the half sizes."""
    x, y = (u - row[c.A0]) / row[c.A4], (v - row[c.A1]) / row[c.A5]
    if x < 0.0 or y < 0.0 or u > row[c.A2] or v > row[c.A3]:
        return 1.0
    x, y = (x - math.floor(x) - 0.5) * row[c.A4], (y - math.floor(y) - 0.5) * row[c.A5]
    return _box(x, y, row[c.A6], row[c.A7], 0.0)


@numba.njit(cache=False)
def _ground(u: float, v: float, row: Row) -> float:
    """Take everything below a wavy line at height A0; two waves of (amplitude, frequency, phase)."""
    line = row[c.A0] + row[c.A1] * math.sin(row[c.A2] * u + row[c.A3]) + row[c.A4] * math.sin(row[c.A5] * u + row[c.A6])
    return float(line - v)


@numba.njit(cache=False)
def _ribbon(u: float, v: float, row: Row) -> float:
    """Let a strip of height A2 and half width A3 stand on (A0, A1) and wave: sway A4, frequency A5, phase A6."""
    up = (row[c.A1] - v) / row[c.A2]
    tip = min(max(up, 0.0), 1.0)
    middle = row[c.A0] + row[c.A4] * tip * math.sin(row[c.A5] * v + row[c.A6])
    side = abs(u - middle) - row[c.A3] * (1.0 - 0.75 * tip * tip)
    return float(max(side, max(-up, up - 1.0) * row[c.A2]))


@numba.njit(cache=False)
def distance(u: float, v: float, row: Row, points: Points) -> float:  # noqa: PLR0911 one return per shape
    """Return the signed distance of local (u, v) to the stroke's outline. O(points of the shape)."""
    shape = int(row[c.SHAPE])
    first, count = int(row[c.FIRST]), int(row[c.COUNT])
    if shape == c.POLYGON:
        return float(_polygon(u, v, points, first, count) - row[c.A0])
    if shape == c.BLOBS:
        return _blobs(u, v, points, first, count)
    if shape == c.CAPSULE:
        return _capsule(u, v, row)
    if shape == c.GROUND:
        return _ground(u, v, row)
    if shape == c.WINDOWS:
        return _windows(u, v, row)
    if shape == c.RIBBON:
        return _ribbon(u, v, row)
    if shape == c.PETALS:
        return _petals(u, v, row)
    if shape == c.EVERYWHERE:
        return -1.0
    x, y = u - row[c.A0], v - row[c.A1]
    if shape == c.RING:
        return float(abs(math.sqrt(x * x + y * y) - row[c.A2]) - row[c.A3])
    if shape == c.CRESCENT:
        disc = math.sqrt(x * x + y * y) - row[c.A2]
        return float(max(disc, row[c.A5] - math.hypot(u - row[c.A3], v - row[c.A4])))
    # The box and the ellipse may be turned in their frame: A5, A6 are the cosine and the sine.
    x, y = row[c.A5] * x + row[c.A6] * y, -row[c.A6] * x + row[c.A5] * y
    if shape == c.BOX:
        return _box(x, y, row[c.A2], row[c.A3], row[c.A4])
    return _ellipse(x, y, row[c.A2], row[c.A3])
