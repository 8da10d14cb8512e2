"""From neighbors of points to a symmetric matrix of probabilities.

- ``symmetrize``  p_ij = (p_{j|i} + p_{i|j}) / 2n, as compressed sparse rows

Row i of the result is the union of the neighbors that i has and of the points that have i as a neighbor. The latter
are found by counting: a transpose of sparse rows needs no sort, and its rows come out in order.
"""

import sys

import numba
import numpy as np
from jaxtyping import Float32, Int32, Int64
from numba import prange

from xailab_kernels.affinity.selection import sort_keys
from xailab_kernels.compiling import parallel, running, serial

_NOBODY = np.int64(2**31 - 1)
"""Behind the last neighbor: larger than any index."""

_LOW = 0 if sys.byteorder == "little" else 1  # which half of a key holds its low bits


def symmetrize(
    index: Int32[np.ndarray, "n k"], conditional: Float32[np.ndarray, "n k"]
) -> tuple[Int64[np.ndarray, " n+1"], Int32[np.ndarray, " e"], Float32[np.ndarray, " e"]]:
    """Return the joint probabilities p_ij = (p_{j|i} + p_{i|j}) / 2n of n points as compressed sparse rows.

    Parallel over points; no sum has more than two terms, so nothing depends on the number of threads. While it works it
    needs 16 bytes per entry of ``index`` beyond the result.

    Parameters
    ----------
    index
        Neighbors of each point, in any order, none twice.
    conditional
        p_{j|i} for them.

    Returns
    -------
    starts
        Row i has the entries ``starts[i] : starts[i + 1]``.
    neighbors
        Columns, ascending in each row.
    values
        p_ij. Their sum is 1 if the rows of ``conditional`` have the sum 1.

    Raises
    ------
    TypeError
        Other types than int32 and float32.
    ValueError
        Shapes that differ, or an index that is not from 0 to n-1.

    Source: van der Maaten and Hinton 2008, section 3.1
    """
    if index.dtype != np.int32 or conditional.dtype != np.float32:
        raise TypeError(f"need index of int32 and conditional of float32, got {index.dtype} and {conditional.dtype}")
    if index.ndim != 2 or index.shape != conditional.shape or index.size == 0:
        raise ValueError(f"index and conditional must have one shape (n, k), got {index.shape} and {conditional.shape}")
    n = len(index)
    if index.min() < 0 or index.max() >= n:
        raise ValueError(f"index must be from 0 to {n - 1}, the last of {n} points; got {index.min()} to {index.max()}")
    index, conditional = np.ascontiguousarray(index), np.ascontiguousarray(conditional)
    parts = max(1, min(numba.get_num_threads(), index.size >> 16))
    with running(index.size * 8):
        starts, owners, received = _transposed(index, conditional, parts)
        given, lengths = np.empty((n, index.shape[1] + 1), np.int64), np.zeros(n + 1, np.int64)
        _unite(index, conditional, starts, owners, given, lengths[1:])
        rows = np.cumsum(lengths)
        neighbors, values = np.empty(rows[-1], np.int32), np.empty(rows[-1], np.float32)
        _merge(given, starts, owners, received, rows, neighbors, values)
    return rows, neighbors, values


def _transposed(index: np.ndarray, conditional: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each point who has it as a neighbor, ascending, and with what probability."""
    n = len(index)
    counts = np.zeros((parts, n), np.int64)
    _count(index, counts)
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(counts.sum(0), out=starts[1:])
    cursors = starts[:-1] + np.cumsum(counts, 0) - counts  # each part of the points writes behind the parts before it
    owners, received = np.empty(index.size + 1, np.int32), np.empty(index.size + 1, np.float32)  # one may look behind
    _scatter(index, conditional, cursors, owners, received)
    return starts, owners, received


@parallel
def _count(index, counts):  # type: ignore[no-untyped-def]
    """Count how often each point is a neighbor of points of each part."""
    n, parts = len(index), len(counts)
    for part in prange(parts):
        for i in range(n * part // parts, n * (part + 1) // parts):
            for j in index[i]:
                counts[part, j] += 1


@parallel
def _scatter(index, conditional, cursors, owners, received):  # type: ignore[no-untyped-def]
    """Write each point to those that it has as neighbors."""
    (n, k), parts = index.shape, len(cursors)
    for part in prange(parts):
        cursor = cursors[part]
        for i in range(n * part // parts, n * (part + 1) // parts):
            for s in range(k):
                place = cursor[index[i, s]]
                cursor[index[i, s]] = place + 1
                owners[place] = i
                received[place] = conditional[i, s]


@parallel
def _unite(index, conditional, starts, owners, given, lengths):  # type: ignore[no-untyped-def]
    """Sort what each point gives by neighbor, as keys (neighbor, bits of the probability); count the union."""
    n, k = index.shape
    for i in prange(n):
        keys = np.empty(k, np.int64)
        bits = conditional[i].view(np.int32)
        for s in range(k):
            keys[s] = (np.int64(index[i, s]) << 32) | np.int64(bits[s])
        sort_keys(keys, given[i, :k])
        given[i, k] = _NOBODY << 32
        lengths[i] = k + starts[i + 1] - starts[i] - _shared(given[i], owners[starts[i] : starts[i + 1]])


@serial
def _shared(given, owners):  # type: ignore[no-untyped-def]
    """Count the points in both of two ascending lists."""
    s, t, shared = np.int64(0), np.int64(0), np.int64(0)
    while s < len(given) - 1 and t < len(owners):
        mine, theirs = np.int32(given[s] >> 32), owners[t]
        shared += np.int64(mine == theirs)
        s += np.int64(mine <= theirs)
        t += np.int64(theirs <= mine)
    return shared


@parallel
def _merge(given, starts, owners, received, rows, neighbors, values):  # type: ignore[no-untyped-def]
    """Write the union of both lists of each point, without branches that depend on who is next."""
    half, none = np.float32(0.5 / len(given)), np.float32(0)
    for i in prange(len(given)):
        s, t, end = np.int64(0), starts[i], starts[i + 1]
        keys, row = given[i], given[i].view(np.float32)
        for at in range(rows[i], rows[i + 1]):
            mine, mine_p = keys[s] >> 32, row[_LOW + 2 * s]
            theirs, theirs_p = np.int64(owners[t]), received[t]
            theirs = theirs if t < end else _NOBODY
            neighbors[at] = min(mine, theirs)
            values[at] = ((mine_p if mine <= theirs else none) + (theirs_p if theirs <= mine else none)) * half
            s += np.int64(mine <= theirs)
            t += np.int64(theirs <= mine)
