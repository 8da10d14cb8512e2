"""What a map adds to the KL divergence where all pairs count.

- ``map_terms``  the sum over all pairs of p_ij dof log(1 + d_ij^2 / dof), and the normalization
"""

import math

import numpy as np
from jaxtyping import Float32
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, running
from xailab_kernels.embedding.checking import check_dof, check_points
from xailab_kernels.embedding.powers import logarithm

_ROWS = 16  # of a block: a thread's turn
_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions


def map_terms(joint: Float32[np.ndarray, "n n"], points: Float32[np.ndarray, "n c"], dof: float) -> tuple[float, float]:
    """Return the cross term and Z, in float64: KL(P||Q) = sum p log p + cross term + log Z. O(n^2).

    Each pair is met once: only the upper triangle is read, row by row, in parallel; the result does not depend on the
    number of threads. For sparse affinities: ``attraction.cross_term`` and ``repulsion.normalization``.

    Parameters
    ----------
    joint
        Joint probabilities: symmetric.
    points
        The map, in 2 or 3 dimensions; finite.
    dof
        Degrees of freedom of the kernel, above 0.

    Returns
    -------
    cross_term
        Sum over all pairs of p_ij dof log(1 + d_ij^2 / dof).
    normalization
        Z, the sum of k_ij over i != j.

    Raises
    ------
    TypeError
        ``joint`` or ``points`` is not float32.
    ValueError
        Shapes that do not belong together, or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    n = len(points)
    if joint.dtype != np.float32:
        raise TypeError(f"joint must be float32, got {joint.dtype}")
    if joint.shape != (n, n):
        raise ValueError(f"joint must have one row and one column per point, ({n}, {n}), got {joint.shape}")
    flat = np.zeros((3, n), np.float32)  # a third coordinate of 0 changes nothing
    flat[: points.shape[1]] = points.T
    blocks = np.zeros((-(-n // _ROWS), 2))
    with running(n * n):
        _sum_up(joint, flat[0], flat[1], flat[2], float(dof), blocks)
    return 2 * dof * math.fsum(blocks[:, 0]), 2 * math.fsum(blocks[:, 1])


@fast_parallel
def _sum_up(joint, xs, ys, zs, dof, blocks):  # type: ignore[no-untyped-def]
    """Sum block by block of rows."""
    n = len(xs)
    for block in prange(len(blocks)):
        for i in range(block * _ROWS, min((block + 1) * _ROWS, n)):
            logs, kernels = _row(joint[i], i, xs, ys, zs, dof)
            blocks[block, 0] += logs
            blocks[block, 1] += kernels


@fast_serial
def _row(weights, i, xs, ys, zs, dof):  # type: ignore[no-untyped-def]
    """Sum over the points after i."""
    logs, kernels, per_dof = 0.0, 0.0, 1.0 / dof
    for j in range(_U(i + 1), _U(len(xs))):
        dx, dy, dz = xs[i] - xs[j], ys[i] - ys[j], zs[i] - zs[j]
        base = 1.0 + np.float64(dx * dx + dy * dy + dz * dz) * per_dof
        log = logarithm(base)
        logs += weights[j] * log
        kernels += 1.0 / base if dof == 1.0 else math.exp(-dof * log)
    return logs, kernels
