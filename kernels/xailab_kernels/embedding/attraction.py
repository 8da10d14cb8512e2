"""Attraction: every point is drawn to its neighbors in the space of the features.

- ``Edges``       the joint probabilities of neighbors, row by row, ready for the loops here
- ``pack``        make them from a sparse matrix, in any order of the points
- ``attract``     the forces
- ``cross_term``  what the distances between neighbors contribute to the KL divergence

A row of edges is filled up to a multiple of 8 with edges to the point itself of weight 0: the loop takes 8 at a time.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int32, Int64
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, running, serial
from xailab_kernels.embedding.checking import check_dof, check_points
from xailab_kernels.embedding.powers import logarithm
from xailab_kernels.intrinsics.forces import attract_row
from xailab_kernels.intrinsics.width import WIDE

_GROUP = 8  # edges of a turn of the loop
_ROWS = 128  # points of a block: a thread's turn
_ONE = np.float32(1)
_U = np.uint64


class Edges(NamedTuple):
    """Weighted edges from each point to its neighbors.

    Attributes
    ----------
    starts
        Where each point's edges begin; the last entry is the number of all edges.
    ends
        The neighbor at the other end of each edge.
    weights
        The joint probability of each edge.
    """

    starts: Int64[np.ndarray, " n+1"]
    ends: Int32[np.ndarray, " m"]
    weights: Float32[np.ndarray, " m"]


def pack(
    starts: Int64[np.ndarray, " n+1"],
    neighbors: Int32[np.ndarray, " e"],
    values: Float32[np.ndarray, " e"],
    order: Int32[np.ndarray, " n"],
) -> Edges:
    """Return the edges of a sparse matrix, its points put into another order.

    Parameters
    ----------
    starts, neighbors, values
        Compressed sparse rows: the entries of row i are those from ``starts[i]`` to ``starts[i + 1]``.
    order
        A permutation: row r of the result is the point ``order[r]``, and the ends are renumbered likewise.

    Raises
    ------
    TypeError
        A dtype other than in the signature.
    ValueError
        Shapes that do not belong together, a neighbor that does not exist, an order that is no permutation.
    """
    _check_rows(starts, neighbors, values)
    _check_order(order, starts.size - 1)
    order = np.ascontiguousarray(order)
    place = np.empty_like(order)
    place[order] = np.arange(order.size, dtype=np.int32)
    lengths = np.diff(starts)[order]
    padded = np.zeros(starts.size, np.int64)
    np.cumsum(-(-lengths // _GROUP) * _GROUP, out=padded[1:])
    ends, weights = np.empty(padded[-1], np.int32), np.empty(padded[-1], np.float32)
    with running(ends.size):
        _pack(
            np.ascontiguousarray(starts),
            np.ascontiguousarray(neighbors),
            np.ascontiguousarray(values),
            order,
            place,
            padded,
            ends,
            weights,
        )
    return Edges(padded, ends, weights)


def attract(edges: Edges, points: Float32[np.ndarray, "n c"], dof: float) -> Float32[np.ndarray, "n c"]:
    """Return the sum over j of p_ij w_ij (y_i - y_j) for each point i, with w = 1 / (1 + d^2 / dof).

    Parallel over points; the result does not depend on the number of threads.

    Parameters
    ----------
    edges
        From ``pack``.
    points
        The map, in 2 or 3 dimensions; finite.
    dof
        Degrees of freedom of the kernel, above 0; 1 is Student's t of t-SNE.

    Raises
    ------
    TypeError
        ``points`` is not float32.
    ValueError
        Shapes that do not belong together, or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    check_edges(edges, points)
    forces = np.empty(points.shape, np.float32)
    with running(edges.ends.size):
        kernel = _attract if points.shape[1] == 2 else _attract_in_space
        kernel(*edges, np.ascontiguousarray(points), np.float32(1 / dof), forces)
    return forces


def cross_term(edges: Edges, points: Float32[np.ndarray, "n c"], dof: float) -> float:
    """Return the sum over edges of p_ij dof log(1 + d^2 / dof), in float64.

    With it, KL(P||Q) = sum p log p + cross term + log Z.

    Parameters
    ----------
    edges, points, dof
        As for ``attract``.

    Raises
    ------
    TypeError
        ``points`` is not float32.
    ValueError
        Shapes that do not belong together, or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    check_edges(edges, points)
    blocks = np.zeros(-(-len(points) // _ROWS))
    with running(edges.ends.size * 8):
        _cross_term(*edges, np.ascontiguousarray(points), float(dof), blocks)
    return math.fsum(blocks)


def check_edges(edges: Edges, points: Float32[np.ndarray, "n c"]) -> None:
    """Refuse edges that were not packed for so many points."""
    if edges.starts.size != len(points) + 1 or edges.starts[-1] != edges.ends.size:
        raise ValueError(
            f"edges of {edges.starts.size - 1} points do not fit {len(points)} points: pack them for these points"
        )


def _check_rows(starts: np.ndarray, neighbors: np.ndarray, values: np.ndarray) -> None:
    """Refuse what is not a square matrix in compressed sparse rows."""
    for name, array, dtype in (
        ("starts", starts, "int64"),
        ("neighbors", neighbors, "int32"),
        ("values", values, "float32"),
    ):
        if array.dtype != dtype:
            raise TypeError(f"{name} must be {dtype}, got {array.dtype}")
        if array.ndim != 1:
            raise ValueError(f"{name} must have one axis, got shape {array.shape}")
    if starts.size < 2 or starts[0] != 0 or starts[-1] != neighbors.size or np.any(np.diff(starts) < 0):
        raise ValueError(f"starts must rise from 0 to the number of entries, {neighbors.size}")
    if neighbors.shape != values.shape:
        raise ValueError(f"each neighbor needs a value, got {neighbors.size} neighbors and {values.size} values")
    n = starts.size - 1
    if neighbors.size and (neighbors.min() < 0 or neighbors.max() >= n):
        raise ValueError(f"neighbors must lie in 0..{n - 1}, got {neighbors.min()}..{neighbors.max()}")


def _check_order(order: np.ndarray, n: int) -> None:
    """Refuse what is not a permutation."""
    if order.dtype != np.int32:
        raise TypeError(f"order must be int32, got {order.dtype}")
    inside = order.shape == (n,) and order.min() >= 0 and order.max() < n
    if not inside or np.bincount(order, minlength=n).max() > 1:
        raise ValueError(f"order must hold each of 0..{n - 1} once, got {order.size} numbers")


@fast_parallel
def _pack(starts, neighbors, values, order, place, padded, ends, weights):  # type: ignore[no-untyped-def]
    """Copy row by row."""
    for row in prange(order.size):
        start = starts[order[row]]
        length = starts[order[row] + 1] - start
        at = padded[row]
        for t in range(length):
            ends[at + t] = place[neighbors[start + t]]
            weights[at + t] = values[start + t]
        for t in range(at + length, padded[row + 1]):
            ends[t] = row
            weights[t] = np.float32(0)


@fast_serial
def _attract_rows_plain(starts, ends, weights, points, per_dof, begin, end, forces):  # type: ignore[no-untyped-def]
    """Sum over the edges of some points, in the plane."""
    for i in range(begin, end):
        x, y = points[i, 0], points[i, 1]
        a = b = np.float32(0)
        for t in range(starts[i], starts[i + 1]):
            u, v = x - points[ends[t], 0], y - points[ends[t], 1]
            pull = weights[t] / (_ONE + (u * u + v * v) * per_dof)
            a += pull * u
            b += pull * v
        forces[i, 0] = a
        forces[i, 1] = b


@serial
def _attract_rows_wide(starts, ends, weights, points, per_dof, begin, end, forces):  # type: ignore[no-untyped-def]
    """Do what ``_attract_rows_plain`` does, 8 edges at a time."""
    a, b, c, d = ends.ctypes.data, weights.ctypes.data, points.ctypes.data, forces.ctypes.data
    for i in range(begin, end):
        attract_row(a, b, starts[i], starts[i + 1], c, i, per_dof, d)


attract_rows = _attract_rows_wide if WIDE else _attract_rows_plain


@fast_parallel
def _attract(starts, ends, weights, points, per_dof, forces):  # type: ignore[no-untyped-def]
    """Go through blocks of points, in the plane."""
    n = points.shape[0]
    for block in prange((n + _ROWS - 1) // _ROWS):
        attract_rows(starts, ends, weights, points, per_dof, block * _ROWS, min((block + 1) * _ROWS, n), forces)


@fast_parallel
def _attract_in_space(starts, ends, weights, points, per_dof, forces):  # type: ignore[no-untyped-def]
    """Sum over the edges of each point, in three dimensions."""
    for i in prange(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        a = b = c = np.float32(0)
        for t in range(starts[i], starts[i + 1]):
            j = ends[t]
            u, v, w = x - points[j, 0], y - points[j, 1], z - points[j, 2]
            pull = weights[t] / (_ONE + (u * u + v * v + w * w) * per_dof)
            a, b, c = a + pull * u, b + pull * v, c + pull * w
        forces[i, 0], forces[i, 1], forces[i, 2] = a, b, c


@fast_parallel
def _cross_term(starts, ends, weights, points, dof, blocks):  # type: ignore[no-untyped-def]
    """Sum in float64, block by block; logarithms of whole vectors."""
    n, c = points.shape
    for block in prange(blocks.size):
        total = 0.0
        begin, end = block * _ROWS, min((block + 1) * _ROWS, n)
        bases = np.empty(starts[end] - starts[begin])
        for i in range(begin, end):
            for t in range(starts[i], starts[i + 1]):
                sqdist = 0.0
                for d in range(c):
                    sqdist += (np.float64(points[i, d]) - np.float64(points[ends[t], d])) ** 2
                bases[t - starts[begin]] = 1.0 + sqdist / dof
        for t in range(_U(bases.size)):
            total += weights[starts[begin] + t] * logarithm(bases[t])
        blocks[block] = total * dof
