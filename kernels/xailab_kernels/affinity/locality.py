"""Points made ready for the search of neighbors: moved to the origin, and in an order in which near ones are close.

- ``Frame``     a shift and a scale that cost float32 no accuracy
- ``frame``     of some points
- ``principal_axes``  along which points vary most
- ``leading``   the first principal coordinates, whose distances bound the distances from below
- ``pivots``    a few of the points
- ``ordering``  a permutation after which a block of points lies in a small part of space: around a pivot or two
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int32

_SAMPLE = 256  # points that the principal axes are estimated from: any orthonormal axes are valid, good ones are faster
_ROWS = 8192  # of the points that are turned at once


class Frame(NamedTuple):
    """Coordinates ``(x - shift) * 2**exponent``, at most 1.25 in size."""

    shift: Float32[np.ndarray, " d"]
    exponent: int

    def apply(self, features: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
        """Move points into the frame."""
        moved: Float32[np.ndarray, "n d"] = features - self.shift
        np.ldexp(moved, self.exponent, out=moved)
        return moved

    def unscale(self, sqdist: Float32[np.ndarray, "n k"]) -> Float32[np.ndarray, "n k"]:
        """Give squared distances their unit back, in place."""
        with np.errstate(over="ignore", under="ignore"):
            np.ldexp(sqdist, -2 * self.exponent, out=sqdist)
        return sqdist


def frame(features: Float32[np.ndarray, "n d"], queries: Float32[np.ndarray, "m d"]) -> Frame:
    """Return the frame with its origin near the mean of ``features`` in which nothing is larger than 1.25.

    The scale is a power of two and the shift a multiple of one, as large as the points reach: integers stay integers up
    to scale, and equal distances among them stay equal.
    """
    mean = features.mean(0, dtype=np.float64)
    reach = 0.0
    for points in (features, queries):
        if len(points):
            reach = max(reach, float((points.max(0) - mean).max()), float((mean - points.min(0)).max()))
    if reach == 0.0:
        return Frame(mean.astype(np.float32), 0)
    exponent = int(np.frexp(reach)[1])  # reach < 2**exponent
    step = np.ldexp(1.0, exponent - 1)
    return Frame((np.rint(mean / step) * step).astype(np.float32), -exponent)


def principal_axes(points: Float32[np.ndarray, "n d"], count: int) -> Float64[np.ndarray, "d r"]:
    """Return orthonormal axes along which a sample of the points varies most."""
    sample = points[:: max(1, len(points) // _SAMPLE)].astype(np.float64)
    sample -= sample.mean(0)
    _, _, axes = np.linalg.svd(sample, full_matrices=False)
    return np.ascontiguousarray(axes[:count].T)


def leading(points: Float32[np.ndarray, "n d"], axes: Float64[np.ndarray, "d r"]) -> Float32[np.ndarray, "n r"]:
    """Return the coordinates along axes, each correct to half a unit in the last place."""
    turned = np.empty((len(points), axes.shape[1]), np.float32)
    for start in range(0, len(points), _ROWS):
        turned[start : start + _ROWS] = points[start : start + _ROWS].astype(np.float64) @ axes
    return turned


def pivots(points: Float32[np.ndarray, "n r"], size: int) -> Float32[np.ndarray, "p r"]:
    """Return every ``size``-th point, but at most about a thousand, each followed by a near one."""
    some = points[:: max(size, len(points) // 1024)]
    chained: Float32[np.ndarray, "p r"] = some[_chain(some)]
    return chained


def ordering(points: Float32[np.ndarray, "n r"], pivots: Float32[np.ndarray, "p r"]) -> Int32[np.ndarray, " n"]:
    """Return an order in which the points whose nearest pivot is the same follow one another."""
    cells = np.empty(len(points), np.int32)
    half = np.square(pivots).sum(1) / 2
    for start in range(0, len(points), _ROWS):
        cells[start : start + _ROWS] = (half - points[start : start + _ROWS] @ pivots.T).argmin(1)
    return np.argsort(cells, kind="stable").astype(np.int32)


def _chain(points: Float32[np.ndarray, "p r"]) -> Int32[np.ndarray, " p"]:
    """Return an order of a few points in which each is followed by the nearest one that is left."""
    left = np.ones(len(points), bool)
    order = np.empty(len(points), np.int32)
    at = 0
    for step in range(len(points)):
        order[step] = at
        left[at] = False
        distances = ((points - points[at]) ** 2).sum(1)
        at = int(np.where(left, distances, np.inf).argmin())
    return order
