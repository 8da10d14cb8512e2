"""Shapes in the local units of a frame, as the pen takes them.

- ``Shape``      a code, its numbers, its points, its bounds
- ``ellipse``, ``circle``, ``box``, ``capsule``, ``polygon``, ``blobs``, ``ring``, ``crescent``, ``petals``, ``ribbon``,
  ``ground``, ``windows``, ``everywhere``   make one
- ``smooth``     a closed curve through a few points, as a polygon
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from xailab.data.minibroden import columns as c
from xailab.data.minibroden.columns import Number

Point = tuple[Number, Number]


class Shape(NamedTuple):
    """An outline. ``bounds`` is left, top, right, bottom; ``rough`` is how far the outline frays."""

    code: int
    numbers: tuple[Number, ...]
    bounds: tuple[Number, Number, Number, Number]
    points: Sequence[tuple[Number, Number, Number]] = ()
    rough: Number = 0.0

    def frayed(self, rough: Number) -> "Shape":
        """Return the shape with an irregular outline; ``rough`` is a standard deviation in local units."""
        left, top, right, bottom = self.bounds
        return Shape(
            self.code, self.numbers, (left - rough, top - rough, right + rough, bottom + rough), self.points, rough
        )


def ellipse(x: Number, y: Number, rx: Number, ry: Number, angle: Number = 0.0) -> Shape:
    """Make an ellipse with radii rx, ry, turned by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    w, h = math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos)
    return Shape(c.ELLIPSE, (x, y, rx, ry, 0.0, cos, sin, 0.0), (x - w, y - h, x + w, y + h))


def circle(x: Number, y: Number, radius: Number) -> Shape:
    """Make a disc."""
    return ellipse(x, y, radius, radius)


def box(x: Number, y: Number, half_width: Number, half_height: Number, corner: Number = 0.0) -> Shape:
    """Make a rectangle around (x, y), its corners rounded with the radius ``corner``."""
    bounds = (x - half_width, y - half_height, x + half_width, y + half_height)
    return Shape(c.BOX, (x, y, half_width, half_height, corner, 1.0, 0.0, 0.0), bounds)


def capsule(start: Point, end: Point, radius: Number, end_radius: Number | None = None) -> Shape:
    """Make a thick line with round ends, from one radius to another."""
    last = radius if end_radius is None else end_radius
    r = max(radius, last)
    (x0, y0), (x1, y1) = start, end
    bounds = (min(x0, x1) - r, min(y0, y1) - r, max(x0, x1) + r, max(y0, y1) + r)
    return Shape(c.CAPSULE, (x0, y0, x1, y1, radius, last, 0.0, 0.0), bounds)


def polygon(corners: Sequence[Point], corner: Number = 0.0) -> Shape:
    """Make a polygon, convex or not; grown by the radius ``corner``, which rounds its corners."""
    xs, ys = [p[0] for p in corners], [p[1] for p in corners]
    bounds = (min(xs) - corner, min(ys) - corner, max(xs) + corner, max(ys) + corner)
    return Shape(c.POLYGON, (corner,) + (0.0,) * 7, bounds, [(x, y, 0.0) for x, y in corners])


def blobs(discs: Sequence[tuple[Number, Number, Number]]) -> Shape:
    """Make the union of discs (x, y, radius)."""
    left, top = min(x - r for x, _, r in discs), min(y - r for _, y, r in discs)
    right, bottom = max(x + r for x, _, r in discs), max(y + r for _, y, r in discs)
    return Shape(c.BLOBS, (0.0,) * 8, (left, top, right, bottom), discs)


def ring(x: Number, y: Number, radius: Number, half_width: Number) -> Shape:
    """Make a circular line."""
    r = radius + half_width
    return Shape(c.RING, (x, y, radius, half_width, 0.0, 0.0, 0.0, 0.0), (x - r, y - r, x + r, y + r))


def crescent(x: Number, y: Number, radius: Number, bite: tuple[Number, Number, Number]) -> Shape:
    """Make a disc without the part that another disc (x, y, radius) covers."""
    bounds = (x - radius, y - radius, x + radius, y + radius)
    return Shape(c.CRESCENT, (x, y, radius, *bite, 0.0, 0.0), bounds)


def petals(x: Number, y: Number, count: int, reach: Number, size: Point, phase: Number) -> Shape:
    """``count`` equal elliptic petals of radii ``size`` (outward, across), centered ``reach`` away from (x, y)."""
    r = reach + max(size)
    return Shape(c.PETALS, (x, y, float(count), reach, phase, *size, 0.0), (x - r, y - r, x + r, y + r))


def ribbon(foot: Point, height: Number, half_width: Number, wave: tuple[Number, Number, Number]) -> Shape:
    """Make a strip that stands on ``foot`` and waves as it rises; ``wave`` is amplitude, frequency, phase."""
    (x, y), sway = foot, wave[0]
    bounds = (x - sway - half_width, y - height, x + sway + half_width, y)
    return Shape(c.RIBBON, (x, y, height, half_width, *wave, 0.0), bounds)


def ground(height: Number, wave: tuple[Number, Number, Number], swell: tuple[Number, Number, Number]) -> Shape:
    """Make everything of the unit picture below a line at ``height`` with two waves (amplitude, frequency, phase)."""
    top = height - abs(wave[0]) - abs(swell[0])
    return Shape(c.GROUND, (height, *wave, *swell, 0.0), (0.0, top, 1.0, 1.0))


def windows(rectangle: tuple[Number, Number, Number, Number], steps: Point, half: Point) -> Shape:
    """Make a lattice of panes: half sizes ``half``, every ``steps``, inside left, top, right, bottom."""
    return Shape(c.WINDOWS, (*rectangle, *steps, *half), rectangle)


def everywhere() -> Shape:
    """Make the whole unit picture."""
    return Shape(c.EVERYWHERE, (0.0,) * 8, (0.0, 0.0, 1.0, 1.0))


def smooth(corners: Sequence[Point], steps: int = 3) -> tuple[Point, ...]:
    """Return a closed Catmull-Rom curve through the corners, as a polygon with ``steps`` edges per corner."""
    n = len(corners)
    curve = []
    for i in range(n):
        a, b, d, e = (corners[(i + k) % n] for k in (-1, 0, 1, 2))
        for s in range(steps):
            t = s / steps
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            x, y = (0.5 * sum(w * p[k] for w, p in zip(weights, (a, b, d, e), strict=True)) for k in (0, 1))
            curve.append((x, y))
    return tuple(curve)
