"""Which grid for which points.

- ``Layout``   spacing, corner and the numbers of nodes of all grids of a ladder
- ``lay_out``  choose them for a bounding box
"""

import math
from dataclasses import dataclass

from xailab_kernels.embedding.interpolation.grids import coarser

COARSEST = 24
"""Nodes along an axis of the coarsest grid, at most."""

ONLY = 48
"""Nodes along an axis of the only grid of points that lie close: more grids would be less accurate there."""

_CELLS = 20  # across the longer side of the points, at least: then splines follow any kernel that is flat over it
_CELLS_OF_SMALL_MAPS = 160  # groups are narrow while attraction is exaggerated, and pull and push nearly cancel in them
_STEP = 16  # nodes; the numbers of nodes are multiples of it, so that memory is used again while an embedding grows
_BORDER = 6  # nodes around the points: four for a point's own, and two so that rounding cannot lead outside


@dataclass(frozen=True)
class Layout:
    """A ladder of grids.

    Attributes
    ----------
    spacing
        Of the finest grid, in the unit of the points.
    corner
        Of the points, the lower one.
    shapes
        Rows and columns of all grids, the finest first.
    close
        Whether all points lie so close that the kernel is near 1 between any two.
    """

    spacing: float
    corner: tuple[float, float]
    shapes: tuple[tuple[int, int], ...]
    close: bool


def lay_out(low: tuple[float, float], high: tuple[float, float], finest: float, most_nodes: int) -> Layout:
    """Choose the grids for points in a box.

    Parameters
    ----------
    low, high
        Corners of the box, finite.
    finest
        The spacing to use where nothing speaks against it. It is halved until there are 160 cells across the longer
        side of the box (20 where that is less than 20 spacings long, and the kernel near 1 everywhere), and widened in
        steps of 2**(1/4) until the finest grid has at most ``most_nodes`` nodes.
    most_nodes
        Of the finest grid, at least 4096.
    """
    sides = (high[0] - low[0], high[1] - low[1])
    close = max(sides) < _CELLS * finest
    cells = _CELLS if close else _CELLS_OF_SMALL_MAPS
    halvings = max(0, math.ceil(math.log2(cells * finest / max(sides))))
    widenings = 0
    while True:
        spacing = finest * 2.0 ** (widenings / 4 - halvings)
        rows, columns = (_nodes(side / spacing) for side in sides)
        if rows * columns <= most_nodes:
            break
        widenings += 1
    shapes = [(rows, columns)]
    while max(shapes[-1]) > (ONLY if close else COARSEST):
        shapes.append((coarser(shapes[-1][0]), coarser(shapes[-1][1])))
    return Layout(spacing, low, tuple(shapes), close)


def _nodes(cells: float) -> int:
    """Return how many nodes an axis needs."""
    needed = math.floor(cells) + _BORDER
    return needed if needed <= COARSEST else -(-needed // _STEP) * _STEP
