"""The exact nearest neighbors of points.

- ``nearest``        of every point among the others
- ``nearest_among``  of other points, which may or may not be equal to some of them

Every pair of points is compared, but most only along a few leading coordinates: that distance is never longer than the
distance itself, and if it is longer than a point's k-th smallest so far, the pair is of no use to it. Points are put
into an order in which near ones stand together, and meet those first, so that the limits become tight at once.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32, Int32

from xailab_kernels.affinity import locality
from xailab_kernels.affinity.meeting import Rule, Side, meet
from xailab_kernels.affinity.packing import COLUMNS, ROWS, pack
from xailab_kernels.affinity.selection import Candidates, empty, finish
from xailab_kernels.compiling import running

_LEADING = 16  # coordinates that are looked at first
_PADDING = np.float32(1e6)  # coordinates of points that fill up the last block: farther than any limit
_STEP = 192  # the least common multiple of ROWS and COLUMNS: the smallest block
_STEPS = 5  # of them in a block, for many points: two blocks fit into the second-level cache
_CELL = 256  # points around a pivot
_PROBE = 8  # rounds between two looks at whether leading coordinates pay

Neighbors = tuple[Float32[np.ndarray, "n k"], Int32[np.ndarray, "n k"]]


def nearest(features: Float32[np.ndarray, "n d"], k: int) -> Neighbors:
    """Return the squared Euclidean distances and indices of the k nearest others of each point.

    O(n^2 d) at worst; each pair is looked at once, for both its points. Parallel over pairs of blocks, and the result
    is the same for any number of threads. While it works it needs 16 k bytes (for k above 64) and 12 d bytes per point
    beyond the result, and 4 d more for a moment. Many points at one place cost most: each is a candidate for each.

    Parameters
    ----------
    features
        Points; finite.
    k
        How many, from 1 to n-1. The point itself is left out, another one at the same place is not.

    Returns
    -------
    sqdist
        Ascending in each row; of equal ones the lower index comes first.
    index
        Where they stand in ``features``.

    Raises
    ------
    TypeError
        ``features`` is not float32.
    ValueError
        ``features`` is not a matrix or ``k`` is out of range.
    """
    _check(features, "features")
    n = len(features)
    if not 1 <= k <= n - 1:
        raise ValueError(f"k must be from 1 to {n - 1}: each of the {n} points has {n - 1} others; got k={k}")
    frame = locality.frame(features, features)
    found, order = _met(frame.apply(features), k)
    sqdist, index = finish(found, k, order)
    return frame.unscale(sqdist), index


def nearest_among(queries: Float32[np.ndarray, "m d"], features: Float32[np.ndarray, "n d"], k: int) -> Neighbors:
    """Return the squared Euclidean distances and indices of the k nearest features of each query.

    O(m n d) at worst, parallel over blocks of queries.

    Parameters
    ----------
    queries
        Points to find neighbors of; finite.
    features
        Points among which to look; finite.
    k
        How many, from 1 to n.

    Returns
    -------
    sqdist, index
        As of ``nearest``.

    Raises
    ------
    TypeError
        Not float32.
    ValueError
        Not matrices, of different widths, or ``k`` out of range.
    """
    _check(queries, "queries")
    _check(features, "features")
    if queries.shape[1] != features.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} features, but the points have {features.shape[1]}")
    n = len(features)
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, the number of points to choose from; got k={k}")
    frame = locality.frame(features, queries)
    found, order = _among(frame.apply(queries), frame.apply(features), k)
    sqdist, index = finish(found, k, order)
    return frame.unscale(sqdist), index


def _check(matrix: np.ndarray, name: str) -> None:
    """Refuse what the kernels cannot read."""
    if matrix.dtype != np.float32:
        raise TypeError(f"{name} must be float32, got {matrix.dtype}")
    if matrix.ndim != 2 or 0 in matrix.shape[1:]:
        raise ValueError(
            f"{name} must be a matrix of points by features, with at least one feature; got {matrix.shape}"
        )


def _met(points: np.ndarray, k: int) -> tuple[Candidates, np.ndarray]:
    """Let all points meet all others; return what they found, and which points they are."""
    n = len(points)
    axes = _axes(points)
    places = locality.leading(points, axes)
    order = locality.ordering(places, locality.pivots(places, _CELL))
    found = empty(n, _padded(n), k, n)
    block = _STEP * max(1, min(_STEPS, n // (16 * _STEP)))
    rule = _rule(k, block, axes, (points,))
    _search(
        _side(points, places, order, ROWS), _side(points, places, order, COLUMNS), found, rule, _tournament(n, block)
    )
    return found, order


def _among(queries: np.ndarray, points: np.ndarray, k: int) -> tuple[Candidates, np.ndarray]:
    """Let queries meet points, which stand on the other side; return what they found, and which queries they are."""
    m, n = len(queries), len(points)
    axes = _axes(points)
    places, query_places = locality.leading(points, axes), locality.leading(queries, axes)
    pivots = locality.pivots(places, _CELL)
    order, query_order = locality.ordering(places, pivots), locality.ordering(query_places, pivots)
    rows = _side(queries, query_places, query_order, ROWS)
    columns = _side(points, places, order, COLUMNS)
    found = empty(m, _padded(m), k, n)
    _search(rows, columns, found, _rule(k, _STEP, axes, (queries, points)), _all_pairs(m, n, _STEP))
    return found, query_order


def _padded(n: int) -> int:
    """Fill up to whole blocks."""
    return -(-n // _STEP) * _STEP


def _axes(points: np.ndarray) -> np.ndarray:
    """Return axes of the leading coordinates: the principal ones, or all features where they are few."""
    d = points.shape[1]
    return np.eye(d) if d < 2 * _LEADING else locality.principal_axes(points, _LEADING)


def _rule(k: int, block: int, axes: np.ndarray, sides: tuple[np.ndarray, ...]) -> Rule:
    """Allow for the rounding of the two distances that are compared: of the leading coordinates and of both sums."""
    d, r = axes.shape
    longest = max(float(np.einsum("ik, ik -> i", points, points).max(initial=0)) for points in sides)
    factor, offset = 1 + 2.0**-15 + d * 2.0**-23, r * 2.0**-29 * longest
    return Rule(k, block, len(sides) == 1, r < d, np.float32(factor), np.float32(offset))


def _side(points: np.ndarray, places: np.ndarray, order: np.ndarray, size: int) -> Side:
    """Pack points and their leading coordinates in an order."""
    ids = np.zeros(_padded(len(points)), np.int32)
    ids[: len(points)] = order
    return Side(pack(_arranged(points, order), size), pack(_arranged(places, order), size), ids)


def _arranged(points: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Bring points into an order and fill up to whole blocks."""
    arranged = np.full((_padded(len(points)), points.shape[1]), _PADDING, np.float32)
    np.take(points, order, axis=0, out=arranged[: len(points)], mode="clip")
    return arranged


def _search(rows: Side, columns: Side, found: Candidates, rule: Rule, rounds: Iterator[np.ndarray]) -> None:
    """Let blocks meet, round by round. Stop to look at the leading coordinates where they do not pay."""
    d, r = rows.packed.shape[1], rows.leading.shape[1]
    tiles = rule.block**2 // (ROWS * COLUMNS)
    for number, pairs in enumerate(rounds):
        skipped = np.zeros(len(pairs), np.int64)
        with running(len(pairs) * rule.block**2 * d):
            meet(pairs, rows, columns, found, rule, skipped)
        if r < d:
            pays = float(skipped.sum()) * d > tiles * len(pairs) * r
            rule = rule._replace(bounded=pays or number % _PROBE == 0)


def _tournament(n: int, block: int) -> Iterator[np.ndarray]:
    """Yield pairs so that every block meets itself first and then each other once; in a round, no block is in two."""
    blocks = -(-n // block)
    yield np.repeat(np.arange(blocks), 2).reshape(-1, 2)
    seats = np.arange(blocks + blocks % 2)  # with an odd number, who sits opposite the last one has a break
    for _ in range(len(seats) - 1):
        half = len(seats) // 2
        pairs = np.stack([seats[:half], seats[: half - 1 : -1]], 1)
        yield np.ascontiguousarray(pairs[(pairs < blocks).all(1)])
        seats[1:] = np.roll(seats[1:], 1)


def _all_pairs(m: int, n: int, block: int) -> Iterator[np.ndarray]:
    """Yield pairs so that each block of queries meets each of points; those at like places come first."""
    first, second = -(-m // block), -(-n // block)
    one = np.arange(first)
    for step in range(second):
        yield np.stack([one, (one * second // max(first, 1) + step) % second], 1)
