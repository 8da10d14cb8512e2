"""Where things stand in the picture of a map.

- ``checked``          points that can be drawn
- ``aligned``          a map turned, and mirrored if need be, so that it lies as another one does
- ``fitted``           points -> pixels of a canvas, the same scale in both directions
- ``without_overlap``  a choice of squares at true places of which no two overlap
- ``anchors``          where the name of each class stands: in the middle of its densest group
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Int64

from xailab.embedding.pictures.classes import Classes

LOOKED_AT = 1500
"""Points of a class that are looked at to find its densest group."""

SMALLEST = 0.005
"""Share of all points that a class needs for its name to stand in the map: it would hide more than it names."""


def checked(points: Float[np.ndarray, "n c"]) -> Float64[np.ndarray, "n 2"]:
    """Return the points as float64.

    Raises
    ------
    ValueError
        No points, not two dimensions, NaN or infinite numbers.
    """
    if points.shape[1] != 2 or not len(points):
        raise ValueError(f"pictures show maps of shape n x 2 with n >= 1, got {points.shape[0]} x {points.shape[1]}")
    if not np.isfinite(points).all():
        bad = np.flatnonzero(~np.isfinite(points).all(1))
        raise ValueError(f"the map holds NaN or infinite numbers in {len(bad)} points, the first is point {bad[0]}")
    return points.astype(np.float64)


def aligned(points: Float[np.ndarray, "n c"], onto: Float[np.ndarray, "m d"]) -> Float64[np.ndarray, "n 2"]:
    """Return a map turned about its center, and mirrored if need be, so that its points come nearest to another map's.

    Neither changes a distance in the map, so the map is as good as before. Both maps are of the same points.

    Raises
    ------
    ValueError
        Maps of different numbers of points.

    Notes
    -----
    Source: Schonemann 1966; the sizes of the two maps are made equal for the comparison only.
    """
    first, second = checked(points), checked(onto)
    if len(first) != len(second):
        raise ValueError(f"two maps of the same points are compared, got {len(first)} and {len(second)} points")
    first, second = first - first.mean(0), second - second.mean(0)
    left, _, right = np.linalg.svd(first.T @ second)
    return np.asarray(first @ (left @ right), np.float64)


def fitted(
    points: Float[np.ndarray, "n 2"], size: tuple[int, int], *, margin: int | float = 0
) -> Float64[np.ndarray, "n 2"]:
    """Return x to the right and y *down*, in pixels of a canvas of ``size`` (width, height), centered.

    A map without extent, such as a single point, lies in the middle.

    Raises
    ------
    ValueError
        The margins leave nothing.
    """
    places = checked(points) * (1, -1)
    room = np.array(size, np.float64) - 2 * margin
    if room.min() <= 0:
        raise ValueError(f"a canvas of {size[0]} x {size[1]} has no room between margins of {margin:g}")
    low, high = places.min(0), places.max(0)
    extent = high - low
    scale = min(room[i] / extent[i] for i in (0, 1) if extent[i] > 0) if extent.max() > 0 else 1.0
    return np.asarray((places - (low + high) / 2) * scale + np.array(size) / 2, np.float64)


def without_overlap(
    places: Float[np.ndarray, "n 2"], side: int | float, *, order: Sequence[int] | None = None
) -> Int64[np.ndarray, " m"]:
    """Choose squares of ``side`` around ``places`` so that no two overlap and no other one would fit.

    Parameters
    ----------
    places
        Centers.
    side
        Of the squares, in the same unit.
    order
        Who is asked first. None: from left to right, which packs more densely than most orders.

    Returns
    -------
    Int64[np.ndarray, " m"]
        The chosen ones, ascending.

    Raises
    ------
    ValueError
        A side that is not positive.
    """
    if side <= 0:
        raise ValueError(f"the side of a square must be positive, got {side:g}")
    asked = np.lexsort((places[:, 1], places[:, 0])).tolist() if order is None else list(order)
    cells = np.floor(places / side).astype(np.int64).tolist()
    taken: dict[tuple[int, int], int] = {}  # a cell as large as a square holds one center at most
    for i in asked:
        column, row = cells[i]
        near = (taken.get((column + dx, row + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        if all(j is None or np.abs(places[i] - places[j]).max() >= side for j in near):
            taken[column, row] = i
    return np.array(sorted(taken.values()), np.int64)


def anchors(points: Float[np.ndarray, "n 2"], classes: Classes) -> dict[int, Float64[np.ndarray, " 2"]]:
    """Return, for every class that has points enough (``SMALLEST``), the middle of its densest group.

    The median of a class that lies in two groups would be between them, where none of its points is. So the densest
    place is looked for first, and the median is taken of the points around it.
    """
    spots = checked(points)
    reach = 0.06 * max(float(np.ptp(spots, axis=0).max()), 1e-12)
    found = {}
    for number in classes.present:
        if classes.counts[number] < SMALLEST * len(spots):
            continue
        mine = spots[classes.index == number]
        some = mine[:: -(-len(mine) // LOOKED_AT)]
        sqdist = ((some[:, None] - some[None]) ** 2).sum(2)
        densest = some[np.exp(-sqdist / reach**2).sum(1).argmax()]
        group = mine[((mine - densest) ** 2).sum(1) <= (2 * reach) ** 2]
        found[number] = np.median(group, axis=0)
    return found
