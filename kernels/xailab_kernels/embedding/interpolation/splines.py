"""Cubic B-splines: how a point shares its charge among the four nearest nodes of a grid, per axis.

- ``weights``      values of the four splines at a point; they sum to 1
- ``derivatives``  their derivatives, per unit of the grid's spacing; they sum to 0
- ``cell``         which four nodes, for any number at all: a wrong index in compiled code would be a wild write

Splines are twice continuously differentiable, so a potential interpolated by them has a smooth force, and a spline of
a grid is exactly a sum of five splines of the grid with half its spacing.
"""

import numpy as np

from xailab_kernels.compiling import fast_serial, serial

BEFORE = 2
"""Nodes before the lowest point: its splines reach one back, and rounding must not lead outside."""

_F = np.float32


@fast_serial
def weights(f):  # type: ignore[no-untyped-def]
    """Values at the fraction f in [0, 1) past the second of the four nodes."""
    g, square = _F(1) - f, f * f
    first, last = g * g * (g * _F(1 / 6)), square * (f * _F(1 / 6))
    second = _F(2 / 3) - square * (_F(1) - _F(0.5) * f)
    return first, second, _F(1) - (first + last) - second, last


@fast_serial
def derivatives(f):  # type: ignore[no-untyped-def]
    """Slopes at the fraction f, per spacing."""
    g = _F(1) - f
    first, last = _F(-0.5) * g * g, _F(0.5) * f * f
    second = f * (_F(1.5) * f - _F(2))
    return first, second, -(first + last) - second, last


@serial
def cell(distance, nodes):  # type: ignore[no-untyped-def]
    """Return the first of the four nodes and the fraction, for a distance from the corner of all points, in spacings.

    The corner lies on the node ``BEFORE``. What lies outside, and NaN, is moved to the border of the grid. Not compiled
    with ``fast_serial``: that one may forget NaN.
    """
    position = distance + _F(BEFORE)
    if not position >= _F(1):
        position = _F(1)
    if not position <= _F(nodes - 3):
        position = _F(nodes - 3)
    second = np.int64(position)
    return second - 1, position - _F(second)
