"""Fused upsampling, thresholding and counting: on how many pixels of each concept is a unit active?

- ``count``  adds to the intersections; says on how many pixels each unit is active, and which categories it touches

A unit is *active* on a label pixel iff its bilinearly upsampled activation ``v`` is strictly greater than its
threshold. In float32, and in exactly this order (the tests hold the kernel to it bit by bit)::

    top = a00 + (a01 - a00) * fx
    bottom = a10 + (a11 - a10) * fx
    v = top + (bottom - top) * fy

Only cells with a corner above the threshold are evaluated. Why that is exact: for a weight f <= 1 - 2**-22, the
rounded ``a + (b - a) * f`` is never above max(a, b). If b <= a, the product is <= 0. If b > a and b - a is exact, the
rounded product is <= b - a and the rounded sum is <= b. If b - a is not exact, it is at least max(|a|, |b|) / 2
(Sterbenz) and not subnormal; the roundings of the difference and of the product change the sum by less than
(b - a) * 2**-22.9, and it stays (b - a) * (1 - f), which is more, below b; the last rounding cannot pass b, which is a
float. Only an overflow of b - a escapes this proof: maps that hold values of 2**126 and more, infinities among them,
or NaN are evaluated in full.
"""

import numpy as np
from jaxtyping import Float32, Int64, UInt64
from numba import prange

from xailab_kernels.compiling import parallel, running, serial
from xailab_kernels.labels import Local
from xailab_kernels.resampling import Table

MOST_CATEGORIES = 64  # the bits of ``touched``
LARGEST_WEIGHT = 1 - 2.0**-22  # of the proof above

_UNITS = 32  # of a thread's turn: their rows of the totals stay in the second-level cache
_SAFE = np.float32(2.0**126)  # below it, no difference of two values overflows
_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions


def count(
    activations: Float32[np.ndarray, "b k h w"],
    thresholds: Float32[np.ndarray, " k"],
    rows: Table,
    cols: Table,
    local: Local,
    categories: Int64[np.ndarray, " c"],
    intersection: Int64[np.ndarray, "k c"],
) -> tuple[Int64[np.ndarray, "b k"], UInt64[np.ndarray, "b k"]]:
    """Add the pixels on which each unit is active and each concept labelled to ``intersection``, in place.

    Cost per image and unit: a scan of the map; where something is above the threshold, below 1 ns per pixel of the
    cells that have a corner above it; and per row of active pixels the smaller of 2 ns per run in that row and 1 ns per
    pixel and plane. Parallel over units, each thread owns its units' rows; integer sums, the same for any number of
    threads.

    Parameters
    ----------
    activations
        Maps at the layer's resolution. A NaN is never above a threshold, nor is what is interpolated from it.
    thresholds
        One per unit.
    rows, cols
        Interpolation tables from the maps to the label planes; indices ascending.
    local
        From ``labels.localize``.
    categories
        Code in 0 ... 63 of each concept's category, -1 for none.
    intersection
        Totals to add to. Column 0 stays as it is.

    Returns
    -------
    on
        Active pixels of each image and unit.
    touched
        Bit g is set iff the unit is active somewhere on a label of category g in that image (a whole-image label is
        everywhere).

    Raises
    ------
    TypeError
        Wrong dtypes.
    ValueError
        Shapes that do not belong together, tables that are no tables, categories outside -1 ... 63.
    """
    _check(activations, thresholds, local, categories, intersection)
    for axis, what, (index, weight) in ((0, "rows", rows), (1, "cols", cols)):
        _check_table(what, index, weight, activations.shape[2 + axis], local.shape[axis])
    b, k, h, w = activations.shape
    on = np.zeros((b, k), np.int64)
    touched = np.zeros((b, k), np.uint64)
    # The outputs of cell r are row_starts[r] ... row_starts[r + 1] - 1.
    row_starts = np.searchsorted(rows[0], np.arange(h + 1))
    col_starts = np.searchsorted(cols[0], np.arange(w + 1))
    maps = np.ascontiguousarray(activations)
    thresholds, categories = np.ascontiguousarray(thresholds), np.ascontiguousarray(categories)
    tables = (row_starts, rows[1], col_starts, cols[1])
    with running(activations.size):
        _count(maps, thresholds, *tables, tuple(local[:5]), categories, intersection, on, touched)
    return on, touched


def _check(activations, thresholds, local, categories, intersection) -> None:  # type: ignore[no-untyped-def]
    """Refuse what the kernel would read or write out of bounds."""
    for what, array, dtype in (
        ("activations", activations, np.float32),
        ("thresholds", thresholds, np.float32),
        ("categories", categories, np.int64),
        ("intersection", intersection, np.int64),
    ):
        if array.dtype != dtype:
            raise TypeError(f"{what} must be {np.dtype(dtype)}, got {array.dtype}")
    if activations.ndim != 4:
        raise ValueError(f"activations must be b k h w, got shape {activations.shape}")
    b, k = activations.shape[:2]
    c = local.pixels.shape[1]
    for what, found, expected in (
        ("labels", local.pixels.shape, (b, c)),
        ("thresholds", thresholds.shape, (k,)),
        ("categories", categories.shape, (c,)),
        ("intersection", intersection.shape, (k, c)),
    ):
        if found != expected:
            raise ValueError(f"{b} images, {k} units and {c} concepts need {what} of shape {expected}, got {found}")
    if not intersection.flags.c_contiguous:
        raise ValueError("intersection is changed in place and must be C-contiguous")
    if not (categories.min() >= -1 and categories.max() < MOST_CATEGORIES):
        raise ValueError(f"categories must be -1 or in 0 ... {MOST_CATEGORIES - 1}")


def _check_table(what: str, index: np.ndarray, weight: np.ndarray, n_in: int, n_out: int) -> None:
    """Refuse tables that point out of the map, go backwards, or have weights for which skipping is not exact."""
    if index.dtype != np.int32 or weight.dtype != np.float32:
        raise TypeError(f"{what} must be an int32 index and a float32 weight, got {index.dtype} and {weight.dtype}")
    if index.shape != (n_out,) or weight.shape != (n_out,):
        raise ValueError(f"{what} must have {n_out} entries, got {index.shape} and {weight.shape}")
    if n_out and not (index[0] >= 0 and index[-1] < n_in and (np.diff(index) >= 0).all()):
        raise ValueError(f"{what}: indices must ascend within 0 ... {n_in - 1}")
    if not ((weight >= 0) & (weight <= LARGEST_WEIGHT)).all():
        raise ValueError(f"{what}: weights must be in [0, 1 - 2**-22]")


@parallel
def _count(maps, thresholds, row_starts, fy, col_starts, fx, local, categories, intersection, on, touched):  # type: ignore[no-untyped-def]
    """Walk through the images for a range of units; images outside, so that an image's labels stay cached."""
    images, units, height, width = maps.shape
    flat = maps.reshape(images, units, height * width)
    planes, runs, first, names, tags = local
    for part in prange((units + _UNITS - 1) // _UNITS):
        counters = np.zeros(categories.size, np.int32)
        line = np.empty((2, fx.size), np.float32)
        mask = np.empty(fx.size, np.int32)
        for image in range(images):
            labels = (planes[image], runs, first[image], counters)
            for unit in range(part * _UNITS, min((part + 1) * _UNITS, units)):
                values, threshold, totals = maps[image, unit], thresholds[unit], intersection[unit]
                exceeds, huge = _scan(flat[image, unit], threshold)
                if exceeds or huge:
                    found = _count_map(values, threshold, huge, row_starts, fy, col_starts, fx, labels, line, mask)
                    on[image, unit] = found
                    if found:
                        touched[image, unit] = _flush(counters, names[image], tags[image], found, categories, totals)


@serial
def _scan(values, threshold):  # type: ignore[no-untyped-def]
    """Whether any value is above the threshold, and whether any is so large that differences could overflow."""
    exceeds = np.int32(0)
    huge = np.int32(0)
    for i in range(values.size):
        exceeds |= np.int32(values[i] > threshold)
        huge |= np.int32(not (abs(values[i]) < _SAFE))
    return exceeds != 0, huge != 0


@serial
def _count_map(values, threshold, huge, row_starts, fy, col_starts, fx, labels, line, mask):  # type: ignore[no-untyped-def]
    """Find the spans of neighboring cells with a corner above the threshold, and count in them."""
    height, width = values.shape
    found = 0
    for r in range(height):
        below = min(r + 1, height - 1)
        c = 0
        while c < width:
            start = c
            while c < width and (huge or _corner_above(values, r, below, c, threshold)):
                c += 1
            if c > start:
                _interpolate_span(values, r, below, start, c, col_starts, fx, line)
                x0, x1 = col_starts[start], col_starts[c]
                found += _count_span(line, fy, threshold, mask, x0, x1, row_starts[r], row_starts[r + 1], labels)
            c += 1
    return found


@serial
def _corner_above(values, r, below, c, threshold):  # type: ignore[no-untyped-def]
    """Whether any corner of the cell that starts at (r, c) is above the threshold."""
    right = min(c + 1, values.shape[1] - 1)
    return (
        values[r, c] > threshold
        or values[r, right] > threshold
        or values[below, c] > threshold
        or values[below, right] > threshold
    )


@serial
def _interpolate_span(values, r, below, start, stop, col_starts, fx, line):  # type: ignore[no-untyped-def]
    """Interpolate horizontally, in the cells start ... stop - 1: the top, and the difference of bottom and top."""
    for c in range(start, stop):
        right = min(c + 1, values.shape[1] - 1)
        a00, a10 = values[r, c], values[below, c]
        step_top = values[r, right] - a00
        step_bottom = values[below, right] - a10
        for x in range(_U(col_starts[c]), _U(col_starts[c + 1])):
            top = a00 + step_top * fx[x]
            line[0, x] = top
            line[1, x] = (a10 + step_bottom * fx[x]) - top


@serial
def _count_span(line, fy, threshold, mask, x0, x1, y0, y1, labels):  # type: ignore[no-untyped-def]
    """Interpolate rows y0 ... y1 - 1 of a span vertically; add the active pixels to the counters of their labels.

    The loops are in one function because passing arrays on costs more than a row does.
    """
    planes, runs, first_run, counters = labels
    found = 0
    for y in range(y0, y1):
        active = np.int32(0)
        first, last = np.int32(x1), np.int32(-1)
        for x in range(_U(x0), _U(x1)):
            above = np.int32(line[0, x] + line[1, x] * fy[y] > threshold)
            mask[x] = above
            active += above
            first = min(first, np.int32(x) if above else np.int32(x1))
            last = max(last, np.int32(x) if above else np.int32(-1))
        if active:
            found += int(active)
            start, stop = first_run[y], first_run[y + 1]
            neighbors = active == last + 1 - first  # nearly always
            if neighbors and 2 * (stop - start) <= planes.shape[0] * (x1 - x0):
                for i in range(_U(start), _U(stop)):
                    overlap = min(runs[i, 1], last + np.int32(1)) - max(runs[i, 0], first)
                    counters[_U(runs[i, 2])] += max(overlap, np.int32(0))
            else:
                _count_pixels(mask, x0, x1, y, labels)
    return found


@serial
def _count_pixels(mask, x0, x1, y, labels):  # type: ignore[no-untyped-def]
    """Do it pixel by pixel: in rows with so many runs, or so torn a mask, that runs do not pay."""
    planes, _, _, counters = labels
    row = y * mask.size
    for p in range(planes.shape[0]):
        for x in range(x0, x1):
            counters[_U(planes[p, row + x])] += mask[x]


@serial
def _flush(counters, names, tags, found, categories, totals):  # type: ignore[no-untyped-def]
    """Move an image's counts to the unit's 64-bit totals, clear them, and say which categories were met."""
    touched = np.uint64(0)
    counters[0] = 0
    for concept in names:
        if concept == 0:
            break
        if counters[concept] > 0:
            totals[concept] += counters[concept]
            counters[concept] = 0
            if categories[concept] >= 0:
                touched |= np.uint64(1) << np.uint64(categories[concept])
    for concept in tags:
        if concept > 0:
            totals[concept] += found
            if categories[concept] >= 0:
                touched |= np.uint64(1) << np.uint64(categories[concept])
    return touched
