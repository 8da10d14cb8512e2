"""Repulsion, exactly: every point is pushed away by every other one.

- ``repel``          the forces and their normalization Z, float32
- ``normalization``  Z alone, float64: the evaluator behind an exact KL divergence
"""

import math

import numpy as np
from jaxtyping import Float32, Float64
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, running
from xailab_kernels.embedding.checking import check_dof, check_points
from xailab_kernels.embedding.pairs import gather, repel_share, spread, steps, workspace
from xailab_kernels.embedding.powers import power, power64

_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions
_ROWS = 16  # points of a block
_COLUMNS = 4096  # others summed in float32 before their sum is added in float64
_SHARES = 64
_ONE = np.float32(1)


def repel(points: Float32[np.ndarray, "n c"], dof: float) -> tuple[Float32[np.ndarray, "n c"], float]:
    """Return the sum over j of k_ij w_ij (y_i - y_j) for each point i, and Z, the sum of k_ij over all i != j.

    k = (1 + d^2 / dof)^-dof and w = 1 / (1 + d^2 / dof). O(n^2).

    Parameters
    ----------
    points
        The map, in 2 or 3 dimensions; finite.
    dof
        Degrees of freedom of the kernel, above 0; 1 is Student's t of t-SNE.

    Raises
    ------
    TypeError
        ``points`` is not float32.
    ValueError
        A shape other than (n, 2) or (n, 3), or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    n, c = points.shape
    if c == 2 and dof == 1:
        coordinates, pushes, sums = workspace(n)
        forces = np.empty((n, 2), np.float32)
        with running(steps(n)):
            _repel_plane(np.ascontiguousarray(points), coordinates, pushes, sums, forces)
        return forces, 2 * math.fsum(sums)
    forces, rows = np.empty((n, 3), np.float32), np.empty(n)
    with running(n * n):
        _repel_any(_three_rows(points), np.float32(dof), forces, rows)
    return np.ascontiguousarray(forces[:, :c]), math.fsum(rows)


def normalization(points: Float64[np.ndarray, "n c"], dof: float) -> float:
    """Return Z, the sum of (1 + d^2 / dof)^-dof over all ordered pairs of different points, in float64. O(n^2).

    Parameters
    ----------
    points
        The map, float64, in 2 or 3 dimensions.
    dof
        Degrees of freedom of the kernel, above 0.

    Raises
    ------
    TypeError
        ``points`` is not float64.
    ValueError
        A shape other than (n, 2) or (n, 3), or ``dof`` out of range.
    """
    check_points(points, np.float64)
    check_dof(dof)
    sums = np.empty(_SHARES)
    with running(len(points) ** 2):
        kernel = _normalization_student if dof == 1 else _normalization_any
        kernel(_three_rows(points), float(dof), sums)
    return 2 * math.fsum(sums)


def _three_rows(points: np.ndarray) -> np.ndarray:
    """Return x, y and z in rows; z is zero in the plane."""
    rows = np.zeros((3, len(points)), points.dtype)
    rows[: points.shape[1]] = points.T
    return rows


@fast_parallel
def _repel_plane(points, coordinates, pushes, sums, forces):  # type: ignore[no-untyped-def]
    """Repulsion in the plane with Student's kernel; half of Z is the sum of ``sums``."""
    spread(points, coordinates)
    for share in prange(sums.size):
        sums[share] = repel_share(coordinates, points.shape[0], np.int64(share), sums.size, pushes[share])
    gather(pushes, forces)


@fast_parallel
def _repel_any(coordinates, dof, forces, rows):  # type: ignore[no-untyped-def]
    """Repulsion for any kernel in three dimensions, each ordered pair by itself."""
    n = coordinates.shape[1]
    for turn in prange((n + _ROWS - 1) // _ROWS):
        block = np.int64(turn)
        for i in range(block * _ROWS, min((block + 1) * _ROWS, n)):
            forces[i] = np.float32(0)
            rows[i] = 0.0
            for begin in range(0, n, _COLUMNS):
                end = min(begin + _COLUMNS, n)
                for first, last in ((begin, min(i, end)), (max(begin, i + 1), end)):
                    rows[i] += _repel_from(coordinates, dof, i, first, last, forces[i])


@fast_serial
def _repel_from(coordinates, dof, i, first, last, force):  # type: ignore[no-untyped-def]
    """Add the push of the points from ``first`` to ``last`` on point i; return the sum of the kernel."""
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    total = a = b = c = np.float32(0)
    per_dof = _ONE / dof
    for j in range(_U(first), _U(max(first, last))):
        u, v, w = x[i] - x[j], y[i] - y[j], z[i] - z[j]
        base = _ONE + (u * u + v * v + w * w) * per_dof
        k = power(base, -dof)
        total += k
        k /= base
        a, b, c = a + k * u, b + k * v, c + k * w
    force[0] += a
    force[1] += b
    force[2] += c
    return np.float64(total)


@fast_parallel
def _normalization_student(coordinates, dof, sums):  # type: ignore[no-untyped-def]
    """Sum Student's kernel over pairs, each share every so many blocks of points; ``dof`` is 1."""
    n, count = coordinates.shape[1], sums.size
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    for share in prange(count):
        total = 0.0
        for block in range(np.int64(share), (n + _ROWS - 1) // _ROWS, count):
            for i in range(block * _ROWS, min((block + 1) * _ROWS, n)):
                for j in range(_U(i + 1), _U(n)):
                    total += 1.0 / (1.0 + (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 + (z[i] - z[j]) ** 2)
        sums[share] = total


@fast_parallel
def _normalization_any(coordinates, dof, sums):  # type: ignore[no-untyped-def]
    """Do the same for any kernel."""
    n, count = coordinates.shape[1], sums.size
    x, y, z = coordinates[0], coordinates[1], coordinates[2]
    for share in prange(count):
        total = 0.0
        for block in range(np.int64(share), (n + _ROWS - 1) // _ROWS, count):
            for i in range(block * _ROWS, min((block + 1) * _ROWS, n)):
                for j in range(_U(i + 1), _U(n)):
                    sqdist = (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 + (z[i] - z[j]) ** 2
                    total += power64(1.0 + sqdist / dof, -dof)
        sums[share] = total
