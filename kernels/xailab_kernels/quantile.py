"""Keep the largest values of many units, exactly, while a data set streams by.

- ``allocate``      empty buffers
- ``bytes_needed``  how much memory they take
- ``keep_top``      add a batch of maps to them
- ``compact``       cut them down to the largest values
- ``nan_units``     the units that no threshold can be given for

Per unit there is a buffer of ``keep`` + margin floats and a cutoff. A value above the cutoff is appended; when the
buffer is full, the ``keep`` largest are selected and the cutoff becomes the smallest of them. What is kept is a
multiset that depends only on the values seen, never on their order: batches may come in any order and any split.
"""

import numpy as np
from jaxtyping import Float32, Int64
from numba import prange

from xailab_kernels.compiling import parallel, running, serial

MARGIN = 0.5
"""Half of ``keep``: 1.5 times the memory, and each selection is spread over many newcomers: about 10 ns for each."""

_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions
_BLOCK = 32  # values compared with the cutoff at once: two AVX-512 registers
_UNITS = 16  # of a thread's turn: K=64 still gives four turns
_BINS = 2048  # of a radix pass: 11 bits; the histogram stays in the first-level cache


def allocate(
    units: int, keep: int
) -> tuple[Float32[np.ndarray, "k n"], Int64[np.ndarray, " k"], Float32[np.ndarray, " k"]]:
    """Return the buffers, how far each is filled (not at all), and the cutoffs (NaN: none yet).

    Parameters
    ----------
    units
        Number of units, k.
    keep
        How many values to keep per unit, at least 1.

    Raises
    ------
    ValueError
        ``keep`` is below 1.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1 value, got {keep}")
    buffers = np.empty((units, _capacity(keep)), np.float32)
    return buffers, np.zeros(units, np.int64), np.full(units, np.nan, np.float32)


def bytes_needed(units: int, keep: int) -> int:
    """Memory of the buffers that ``allocate`` returns, in bytes."""
    return units * (4 * _capacity(keep) + 8 + 4)


def keep_top(
    activations: Float32[np.ndarray, "b k n"],
    buffers: Float32[np.ndarray, "k c"],
    filled: Int64[np.ndarray, " k"],
    cutoffs: Float32[np.ndarray, " k"],
    keep: int,
) -> None:
    """Add the values of some images to the buffers, which change in place.

    Cost: one comparison per value, plus about 10 ns for each that is kept for a time (for random order about
    ``keep * (1 + log(N / keep))`` of N). Parallel over units; no sum, so nothing depends on the number of threads.
    Minus zero is kept as zero, because the two are equal and would otherwise make the bits depend on the order.

    Parameters
    ----------
    activations
        Values of each image and unit; must not contain NaN (``nan_units`` finds it).
    buffers, filled, cutoffs
        From ``allocate``.
    keep
        As given to ``allocate``.

    Raises
    ------
    TypeError
        ``activations`` is not float32.
    ValueError
        Shapes that do not belong together.
    """
    if activations.dtype != np.float32:
        raise TypeError(f"activations must be float32, got {activations.dtype}")
    expected = (activations.shape[1], _capacity(keep))
    if buffers.shape != expected or filled.shape != expected[:1] or cutoffs.shape != expected[:1]:
        raise ValueError(
            f"activations of {expected[0]} units with keep={keep} need buffers of shape {expected} (see allocate), "
            f"got {buffers.shape}, {filled.shape} and {cutoffs.shape}"
        )
    with running(activations.size):
        _keep_top(np.ascontiguousarray(activations), buffers, filled, cutoffs, keep)


def compact(
    buffers: Float32[np.ndarray, "k c"], filled: Int64[np.ndarray, " k"], cutoffs: Float32[np.ndarray, " k"], keep: int
) -> None:
    """Leave only the ``keep`` largest values of each unit, or all that came, in descending order, in place."""
    with running(buffers.size):
        _compact(buffers, filled, cutoffs, keep)


def nan_units(activations: Float32[np.ndarray, "b k n"]) -> Int64[np.ndarray, " m"]:
    """Return the units that have a NaN anywhere, in ascending order.

    Serial: reading memory is all there is to it, and one core can do that.
    """
    found = np.zeros(activations.shape[1], np.bool_)
    _nan_units(np.ascontiguousarray(activations), found)
    return np.flatnonzero(found)


def _capacity(keep: int) -> int:
    """Length of a unit's buffer."""
    return keep + max(int(keep * MARGIN), 256)


@parallel
def _keep_top(activations, buffers, filled, cutoffs, keep):  # type: ignore[no-untyped-def]
    """Let each thread have a range of units and walk through the images outside of it: it reads memory forwards."""
    images, units, _n = activations.shape
    for part in prange((units + _UNITS - 1) // _UNITS):
        scratch = np.empty(_BINS, np.int64)
        for image in range(images):
            for unit in range(part * _UNITS, min((part + 1) * _UNITS, units)):
                _keep_top_of_map(activations[image, unit], buffers[unit], filled, cutoffs, unit, keep, scratch)


@serial
def _keep_top_of_map(values, buffer, filled, cutoffs, unit, keep, scratch):  # type: ignore[no-untyped-def]
    """Append the values above the cutoff; select when the buffer is full.

    Blocks without any such value are passed over. The loop that finds them has no early exit, so that it becomes vector
    instructions.
    """
    count = filled[unit]
    cutoff = cutoffs[unit]
    n = values.size
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        found = np.int32(0)
        for i in range(_U(start), _U(stop)):
            found |= np.int32(not (values[i] <= cutoff))  # a cutoff of NaN, before there is one, lets everything in
        if found:
            for i in range(_U(start), _U(stop)):
                if not (values[i] <= cutoff):
                    buffer[count] = values[i] + np.float32(0)  # -0 becomes +0
                    count += 1
                    if count == buffer.size:
                        cutoff = _select(buffer, count, keep, scratch)
                        count = keep
    filled[unit] = count
    cutoffs[unit] = cutoff


@serial
def _select(buffer, count, keep, scratch):  # type: ignore[no-untyped-def]
    """Move the ``keep`` largest of the first ``count`` values to the front; return the smallest of them.

    Radix selection: the wanted value's 32 bits are found 11 + 11 + 10 at a time from histograms of the values that
    share the bits found so far. O(count) whatever the values, unlike quickselect.
    """
    keys = buffer.view(np.uint32)
    wanted = keep  # the rank, from above, among the values that share the prefix
    prefix = np.uint32(0)
    for shift, known in ((21, 32), (10, 21), (0, 10)):
        bins = 2048 if shift else 1024
        scratch[:bins] = 0
        for i in range(count):
            key = _order(keys[i])
            if known == 32 or (key >> np.uint32(known)) == prefix:
                scratch[(key >> np.uint32(shift)) & np.uint32(bins - 1)] += 1
        digit = bins - 1
        while scratch[digit] < wanted:
            wanted -= scratch[digit]
            digit -= 1
        prefix = np.uint32((prefix << np.uint32(11 if shift else 10)) | np.uint32(digit))
    return _partition(buffer, count, keep, prefix)


@serial
def _partition(buffer, count, keep, key):  # type: ignore[no-untyped-def]
    """Move the values whose order key is above ``key`` to the front and fill up with the value of ``key`` itself."""
    keys = buffer.view(np.uint32)
    front = 0
    cutoff = np.float32(0)
    for i in range(count):
        this = _order(keys[i])
        value = buffer[i]
        if this == key:
            cutoff = value
        if this > key:
            buffer[front] = value
            front += 1
    buffer[front:keep] = cutoff
    return cutoff


@serial
def _order(bits):  # type: ignore[no-untyped-def]
    """Map the bits of a float32 to an unsigned integer that sorts in the same order."""
    if bits & np.uint32(0x80000000):
        return np.uint32(~bits)
    return np.uint32(bits | np.uint32(0x80000000))


@parallel
def _compact(buffers, filled, cutoffs, keep):  # type: ignore[no-untyped-def]
    """Select where more than ``keep`` are there, then sort."""
    for unit in prange(buffers.shape[0]):
        if filled[unit] > keep:
            cutoffs[unit] = _select(buffers[unit], filled[unit], keep, np.empty(_BINS, np.int64))
            filled[unit] = keep
        kept = buffers[unit, : filled[unit]]
        kept[:] = np.sort(kept)[::-1]


@serial
def _nan_units(activations, found):  # type: ignore[no-untyped-def]
    """Look for values that differ from themselves."""
    images, units, n = activations.shape
    for image in range(images):
        for unit in range(units):
            values = activations[image, unit]
            any_nan = np.int32(0)
            for i in range(n):
                any_nan |= np.int32(values[i] != values[i])
            found[unit] |= any_nan != 0
