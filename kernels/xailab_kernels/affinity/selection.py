"""The smallest values that were seen so far, for many points at once.

- ``Candidates``  a buffer for each point, and the limit above which a value is of no use to it
- ``empty``       buffers of the right size
- ``keep``        called from kernels: append those of 64 values that are not above their limits
- ``offer``       called from kernels: let a point have a look at 64 values
- ``offer_one``   the same for one value
- ``finish``      the k smallest, in order

A point's limit is the k-th smallest value it has, or endless before. A value equal to the limit is let in: it may still
win by its lower id. When a buffer is full, its k smallest (value, id) stay. What stays in the end depends
on what was offered, not on the order in which it came.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int32, Int64
from numba import prange

from xailab_kernels.compiling import fast_inlined, fast_parallel, fast_serial, running
from xailab_kernels.intrinsics.distances import COLUMNS, ROWS, keep_below
from xailab_kernels.intrinsics.references import borrowed
from xailab_kernels.intrinsics.width import LANES, WIDE

ENDLESS = np.float32(1e9)
"""The limit of a point that has not yet k values; they all have to be below it."""

NEVER = np.float32(-1)
"""The limit of a point that wants nothing; values are not negative."""

ONE, ZERO = np.float32(1), np.float32(0)  # counts are floats: numba would widen integers to 64 bits, half the lanes

_LAST = np.int32(2**31 - 1)  # no id is larger

_BY_COUNTING = 384  # up to so many values, counting for each how many are smaller beats sorting


class Candidates(NamedTuple):
    """What each of n points has. Points come in whole blocks of ``ROWS`` and of ``COLUMNS``."""

    values: Float32[np.ndarray, "n c"]
    ids: Int32[np.ndarray, "n c"]
    counts: Int64[np.ndarray, " n"]
    limits: Float32[np.ndarray, " n"]
    row_limits: Float32[np.ndarray, " b"]  # the largest limit in each block of ROWS points


def empty(points: int, padded: int, k: int, most: int) -> Candidates:
    """Return buffers for ``points`` points that want k of at most ``most`` values, filled up to ``padded`` points."""
    capacity = min(k + max(k, COLUMNS), most) + LANES  # keep_below writes whole registers
    limits = np.full(padded, NEVER, np.float32)
    limits[:points] = ENDLESS
    return Candidates(
        np.empty((padded, capacity), np.float32),
        np.empty((padded, capacity), np.int32),
        np.zeros(padded, np.int64),
        limits,
        limits.reshape(-1, ROWS).max(1),
    )


def finish(candidates: Candidates, k: int, points: Int32[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the k smallest values and their ids in order of (value, id); row ``points[i]`` is that of point i."""
    values, ids = np.empty((len(points), k), np.float32), np.empty((len(points), k), np.int32)
    with running(values.size * 64):
        _finish(candidates, k, points, values, ids)
    return values, ids


@fast_inlined
def borrow(candidates):  # type: ignore[no-untyped-def]
    """Return the same buffers for functions that are called very often (see ``borrowed``)."""
    return Candidates(
        borrowed(candidates.values),
        borrowed(candidates.ids),
        borrowed(candidates.counts),
        borrowed(candidates.limits),
        borrowed(candidates.row_limits),
    )


@fast_inlined
def _keep_wide(values, limits, ids, kept_values, kept_ids, at):  # type: ignore[no-untyped-def]
    """Append with compressing stores."""
    to_values, to_ids = kept_values.ctypes.data + 4 * at, kept_ids.ctypes.data + 4 * at
    return keep_below(values.ctypes.data, limits.ctypes.data, ids.ctypes.data, to_values, to_ids)


@fast_inlined
def _keep_plain(values, limits, ids, kept_values, kept_ids, at):  # type: ignore[no-untyped-def]
    """Append without branches: what is too large is overwritten by the next. Returns how many were kept."""
    start = at
    for c in range(COLUMNS):
        kept_values[at] = values[c]
        kept_ids[at] = ids[c]
        at += np.int64(values[c] <= limits[c])
    return at - start


keep = _keep_wide if WIDE else _keep_plain


@fast_inlined
def offer(candidates, point, k, values, ids, limits):  # type: ignore[no-untyped-def]
    """Let a point have a look at 64 values; ``limits`` is room for as many."""
    limit = candidates.limits[point]
    hits = ZERO
    for c in range(COLUMNS):
        hits += ONE if values[c] <= limit else ZERO
    if hits == 0:
        return
    count = candidates.counts[point]
    if count + np.int64(hits) + LANES > candidates.values.shape[1]:
        _tighten(candidates, point, k)
        count, limit = candidates.counts[point], candidates.limits[point]
    limits[:] = limit
    count += keep(values, limits, ids, candidates.values[point], candidates.ids[point], count)
    candidates.counts[point] = count


@fast_inlined
def offer_one(candidates, point, k, value, name):  # type: ignore[no-untyped-def]
    """Let a point have a look at one value."""
    if value <= candidates.limits[point]:
        count = candidates.counts[point]
        candidates.values[point, count] = value
        candidates.ids[point, count] = name
        candidates.counts[point] = count + 1
        if count + 1 + LANES >= candidates.values.shape[1]:
            _tighten(candidates, point, k)


@fast_serial
def _tighten(candidates, point, k):  # type: ignore[no-untyped-def]
    """Leave a point its k smallest values and lower its limit."""
    count = candidates.counts[point]
    if count <= k:
        return
    candidates.limits[point] = select(candidates.values[point], candidates.ids[point], count, k)
    candidates.counts[point] = k
    block = point // ROWS
    highest = candidates.limits[block * ROWS]
    for r in range(1, ROWS):
        highest = max(highest, candidates.limits[block * ROWS + r])
    candidates.row_limits[block] = highest


@fast_serial
def select(values, ids, count, k):  # type: ignore[no-untyped-def]
    """Move the k smallest of the first ``count`` (value, id) to the front, in the order in which they stand.

    The k-th smallest value is found by bisection: values are not negative, so that their bits sort as they do, and each
    step counts how many are below the middle, which is what vector instructions are good at.
    """
    bits = values.view(np.int32)
    value, below = _bisect(bits, count, k)
    last = _LAST if below == k else _bisect_ids(bits, ids, count, value, k - below)
    kept = np.int64(0)
    for t in range(count):
        b, name = bits[t], ids[t]
        bits[kept], ids[kept] = b, name
        kept += np.int64((b < value) | ((b == value) & (name <= last)))
    return _largest(values, k)


@fast_serial
def _largest(values, count):  # type: ignore[no-untyped-def]
    """Return the largest of the first values."""
    largest = values[0]
    for t in range(count):
        largest = max(largest, values[t])
    return largest


@fast_serial
def _bisect(bits, count, k):  # type: ignore[no-untyped-def]
    """Return a value that just the k smallest reach and k; or, with ties, the k-th smallest and how many are below."""
    low, high = bits[0], bits[0]
    for t in range(count):
        low, high = min(low, bits[t]), max(high, bits[t])
    below, low = np.int64(0), np.int64(low) - 1  # always: so many are <= low, fewer than k; k or more are <= high
    high = np.int64(high)
    while high - low > 1:
        middle = np.int32((low + high) >> 1)
        found = ZERO
        for t in range(count):
            found += ONE if bits[t] <= middle else ZERO
        if found == k:
            return middle, k
        if found < k:
            low, below = np.int64(middle), np.int64(found)
        else:
            high = np.int64(middle)
    return np.int32(high), below


@fast_serial
def _bisect_ids(bits, ids, count, value, k):  # type: ignore[no-untyped-def]
    """Return the k-th smallest id among those with the value."""
    low, high = np.int64(-1), np.int64(2**31 - 1)
    while high - low > 1:
        middle = np.int32((low + high) >> 1)
        found = ZERO
        for t in range(count):
            found += ONE if (bits[t] == value) & (ids[t] <= middle) else ZERO
        if found < k:
            low = np.int64(middle)
        else:
            high = np.int64(middle)
    return np.int32(high)


@fast_parallel
def _finish(candidates, k, points, values, ids):  # type: ignore[no-untyped-def]
    """Select and sort."""
    for i in prange(len(points)):
        count = candidates.counts[i]
        if count > k:
            select(candidates.values[i], candidates.ids[i], count, k)
        _sort(candidates.values[i], candidates.ids[i], k, values[points[i]], ids[points[i]])


@fast_serial
def _sort(values, ids, k, sorted_values, sorted_ids):  # type: ignore[no-untyped-def]
    """Order by (value, id), which are the high and the low half of one key."""
    keys, ordered = np.empty(k, np.int64), np.empty(k, np.int64)
    bits = values.view(np.int32)
    for t in range(k):
        keys[t] = (np.int64(bits[t]) << 32) | np.int64(ids[t])
    sort_keys(keys, ordered)
    sorted_bits = sorted_values.view(np.int32)
    for t in range(k):
        sorted_ids[t] = np.int32(ordered[t] & 0xFFFFFFFF)
        sorted_bits[t] = np.int32(ordered[t] >> 32)


@fast_serial
def sort_keys(keys, ordered):  # type: ignore[no-untyped-def]
    """Sort different keys into another array. For a few, vectors that count are faster than branches that guess."""
    count = len(keys)
    if count > _BY_COUNTING:
        for t in range(count):
            ordered[t] = keys[t]
        _shell_sort(ordered)
        return
    for t in range(count):
        place = np.int64(0)
        for s in range(count):
            place += np.int64(keys[s] < keys[t])
        ordered[place] = keys[t]


@fast_serial
def _shell_sort(keys):  # type: ignore[no-untyped-def]
    """Sort in place, by insertion over gaps that shrink by 3. (``keys.sort()`` takes a second to compile.)"""
    count = len(keys)
    gap = 1
    while 3 * gap < count:
        gap = 3 * gap + 1
    while gap > 0:
        for t in range(gap, count):
            key, place = keys[t], t
            while place >= gap and keys[place - gap] > key:
                keys[place] = keys[place - gap]
                place -= gap
            keys[place] = key
        gap //= 3
