"""The joint probabilities of all pairs of points, as a matrix.

- ``joint``  p_ij of t-SNE

The matrix is the only memory of size n x n, and three kernels work in it, each over blocks of rows in parallel: squared
distances (each pair once, written to both its places), the bandwidth of each row, and the probabilities (again each
pair once: ``p_ij`` needs its distance and what was found for the two rows). No result depends on the number of threads.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numba import prange

from xailab_kernels.affinity.bandwidth import LN2, NOBODY, search, weight
from xailab_kernels.affinity.mirroring import SIDE, mirror, settle
from xailab_kernels.affinity.packing import COLUMNS, ROWS, Packed, distances, pack
from xailab_kernels.compiling import fast_parallel, fast_serial, running

Matrix = Float32[np.ndarray, "m stride"]
Found = Float32[np.ndarray, "3 m"]
"""Of each row: its smallest squared distance; -beta / log 2; 1 / 2n of the inverse of its sum of weights."""

STRIP, WIDTH = 32, 128
"""Probabilities are finished in pieces of so many rows and columns, which stay in the first-level cache."""
BAND = 48
"""Rows of squared distances: a multiple of ROWS and of SIDE."""
BLOCK = 64
"""Rows whose searches start from each other's bandwidths. Fixed, so that results do not depend on the threads."""
CACHED = 2**21
"""Floats of a matrix that the caches can hold; a larger one is written past them."""


def joint(
    features: Float32[np.ndarray, "n d"], perplexity: float
) -> tuple[Float32[np.ndarray, "n n"], Float64[np.ndarray, " n"]]:
    """Compute p_ij = (p(j|i) + p(i|j)) / 2n from all squared distances, for the given perplexity.

    O(n^2 d) for the distances and about 4 exponentials per pair; n^2 floats of memory. Distances are sums of squared
    differences, so that an offset costs no precision. Parallel over blocks of rows. The relative error of p_ij is about
    1e-7 beta_i d_ij, because distances are float32: below 2e-6 of the largest p unless many features of little variance
    or a very small perplexity make beta_i d_ij large even for neighbors.

    Source: van der Maaten and Hinton 2008, sections 2 and 3.1

    Parameters
    ----------
    features
        Finite float32, at least 3 points; of any scale.
    perplexity
        In 2..n-1. For n - 1 all pairs are equally probable.

    Returns
    -------
    joint
        Symmetric bit for bit, 0 on the diagonal, sum 1. Rows lie further apart in memory than n floats (see
        ``joint.strides``): it is a view of an array that is padded to whole cache lines.
    beta
        1 / (2 sigma_i^2) for each point, for the features as they were given. Where more other points coincide than the
        perplexity asks for, p(j|i) is uniform over them and beta some large number.

    Raises
    ------
    TypeError
        Features that are not float32.
    ValueError
        Features that are not a matrix, or a perplexity out of range.
    """
    n = _check(features, perplexity)
    scaled, scale = _scaled(features)
    rows, columns = pack(scaled, ROWS), pack(scaled, COLUMNS)
    matrix, beta = _allocate(n), np.empty(n)
    found = np.zeros((3, len(matrix)), np.float32)
    with running(4 * n * n):
        _fill_distances(rows, columns, matrix)
        _calibrate(matrix, math.log(perplexity), found, beta)
        _finish(matrix, found, n)
    return matrix[:n, :n], beta * scale**2


def _check(features: Float32[np.ndarray, "n d"], perplexity: float) -> int:
    """Return the number of points, or say what is wrong."""
    if features.dtype != np.float32:
        raise TypeError(
            f"features must be float32, not {features.dtype}; convert them with features.astype(np.float32)"
        )
    if features.ndim != 2 or features.shape[0] < 3 or features.shape[1] < 1:
        raise ValueError(f"features must have shape (n, d) with n >= 3 and d >= 1, not {features.shape}")
    n = len(features)
    if not 2 <= perplexity <= n - 1:
        raise ValueError(f"perplexity must be in 2..{n - 1} for {n} points, not {perplexity:g}")
    return n


def _scaled(features: Float32[np.ndarray, "n d"]) -> tuple[Float32[np.ndarray, "n d"], float]:
    """Return the features below 1, so that no square overflows or vanishes, and what they were multiplied with.

    A power of two, so nothing is rounded. To center them would not help: differences of neighbors are exact as it is.
    """
    largest = max(float(features.max()), -float(features.min()))
    scale = math.ldexp(1.0, min(-math.frexp(largest)[1], 126))
    return np.ascontiguousarray(features * np.float32(scale)), scale


def _allocate(n: int) -> Matrix:
    """Return an uninitialized matrix for n points whose rows are whole cache lines."""
    rows = max(-(-n // size) * size for size in (BAND, COLUMNS))
    stride = rows + SIDE if rows % 128 == 0 else rows  # rows a power of two apart would fall on the same cache sets
    floats = np.empty(rows * stride + SIDE, np.float32)
    start = -floats.ctypes.data // 4 % SIDE
    return floats[start : start + rows * stride].reshape(rows, stride)


@fast_serial
def _fill_band(rows, columns, matrix, corner, band):  # type: ignore[no-untyped-def]
    """Write the squared distances of a band of rows to all later points, and mirror them."""
    top = band * BAND
    for block in range(top // COLUMNS, columns.shape[0]):
        left = block * COLUMNS
        crossing = left < top + BAND  # the diagonal: what other bands write is left to them
        target, row, column = (corner, 0, 0) if crossing else (matrix, top, left)
        for tile in range(0, BAND, ROWS):
            distances(rows, (top + tile) // ROWS, columns, block, target, row + tile, column)
        if crossing:
            start = max(top - left, 0)
            for r in range(BAND):
                line, kept = matrix[top + r, left : left + COLUMNS], corner[r]
                for c in range(start, COLUMNS):
                    line[c] = kept[c]
        for c in range(max(left, top + BAND), left + COLUMNS, SIDE):
            for r in range(top, top + BAND, SIDE):
                mirror(matrix, r, c, matrix, c, r, False)


@fast_parallel
def _fill_distances(rows: Packed, columns: Packed, matrix: Matrix) -> None:
    """Write squared distances, each to both places. Bands from both ends make an equal share of the triangle."""
    bands = len(matrix) // BAND
    for pair in prange((bands + 1) // 2):
        corner = np.empty((BAND, COLUMNS), np.float32)
        first: Any = np.int64(pair)
        last = bands - 1 - first
        for band in range(first, last + 1, max(last - first, 1)):
            _fill_band(rows, columns, matrix, corner, band)


@fast_parallel
def _calibrate(matrix: Matrix, log_perplexity: float, found: Found, beta: Float64[np.ndarray, " n"]) -> None:
    """Find what each row needs to turn distances into probabilities."""
    n = len(beta)
    width = -(-n // SIDE) * SIDE
    for block in prange((n + BLOCK - 1) // BLOCK):
        start: Any = np.int64(block) * BLOCK
        guess = 0.0
        for i in range(start, min(n, start + BLOCK)):
            row = matrix[i, :width]
            for j in range(n, width):
                row[j] = NOBODY
            row[i] = NOBODY
            guess, least, scale = search(row, n - 1, log_perplexity, guess)
            row[i] = np.float32(0)
            beta[i] = guess
            found[0, i], found[1, i], found[2, i] = least, -guess / LN2, scale / (2 * n)


@fast_serial
def _finish_piece(matrix, found, top, left, width):  # type: ignore[no-untyped-def]
    """Turn distances into probabilities, STRIP rows by ``width`` columns."""
    least, factor, scale = found[0, left : left + width], found[1, left : left + width], found[2, left : left + width]
    for i in range(top, top + STRIP):
        row, least_i, factor_i, scale_i = matrix[i, left : left + width], found[0, i], found[1, i], found[2, i]
        for j in range(width):
            forth = scale_i * weight(row[j], least_i, factor_i)[1]
            back = scale[j] * weight(row[j], least[j], factor[j])[1]
            row[j] = forth + back


@fast_serial
def _finish_strip(matrix, found, n, strip):  # type: ignore[no-untyped-def]
    """Finish a strip of rows from the diagonal on, and mirror it."""
    top, past_caches = strip * STRIP, matrix.size > CACHED
    for edge in range(top // WIDTH * WIDTH, n, WIDTH):
        left = max(edge, top)
        width = min(edge + WIDTH, -(-n // SIDE) * SIDE) - left
        _finish_piece(matrix, found, top, left, width)
        if left == top:  # here both sides have been computed, but p_ij and p_ji may round differently
            for i in range(top, top + STRIP):
                for j in range(top, i):
                    matrix[i, j] = matrix[j, i]
                matrix[i, i] = np.float32(0)
        for c in range(max(left, top + STRIP), left + width, SIDE):
            for r in range(top, top + STRIP, SIDE):
                mirror(matrix, r, c, matrix, c, r, past_caches)


@fast_parallel
def _finish(matrix: Matrix, found: Found, n: int) -> None:
    """Turn distances into joint probabilities, on both sides of the diagonal at once."""
    strips = (n + STRIP - 1) // STRIP
    for pair in prange((strips + 1) // 2):
        first: Any = np.int64(pair)
        last = strips - 1 - first
        for strip in range(first, last + 1, max(last - first, 1)):
            _finish_strip(matrix, found, n, strip)
        settle()
