"""Whole iterations of t-SNE over sparse edges with exact repulsion, O(n^2): fastest for some thousand points.

- ``descend_sparse``  so many iterations, in place
"""

import numpy as np
from jaxtyping import Float32
from numba import prange

from xailab_kernels.compiling import fast_parallel, running
from xailab_kernels.embedding.attraction import Edges, attract, attract_rows, check_edges
from xailab_kernels.embedding.checking import check_dof, check_phase, check_state
from xailab_kernels.embedding.descent import BLOCK, center, move, rates, step
from xailab_kernels.embedding.pairs import gather, repel_share, spread, steps, workspace
from xailab_kernels.embedding.repulsion import repel

_ONE = np.float32(1)


def descend_sparse(
    edges: Edges,
    points: Float32[np.ndarray, "n c"],
    velocity: Float32[np.ndarray, "n c"],
    gains: Float32[np.ndarray, "n c"],
    *,
    iterations: int,
    exaggeration: float,
    learning_rate: float,
    momentum: float,
    longest_step: float,
    dof: float,
) -> float:
    """Run iterations of ``attract``, ``repel`` and ``step``, in place; return the normalization Z of the last one.

    In the plane and with ``dof`` 1 they are one compiled call, on one thread below ``pairs.ALONE`` points. The result
    does not depend on the number of threads.

    Parameters
    ----------
    edges
        From ``pack``.
    points, velocity, gains
        The state; changed in place. A descent begins with velocity 0 and gains 1.
    iterations
        How many, at least 1.
    exaggeration, learning_rate, momentum, longest_step
        As for ``step``.
    dof
        Degrees of freedom of the kernel, above 0; 1 is Student's t of t-SNE.

    Raises
    ------
    TypeError
        An array is not float32.
    ValueError
        Shapes that do not belong together, an array that cannot be changed in place, a number out of range.
    """
    check_state(points, velocity=velocity, gains=gains)
    check_edges(edges, points)
    check_dof(dof)
    check_phase(iterations, exaggeration, learning_rate, momentum, longest_step)
    n, c = points.shape
    if c == 2 and dof == 1:
        factors = rates(exaggeration, 1, learning_rate, momentum)
        with running(steps(n)):
            state = points, velocity, gains
            return float(_descend(*edges, *state, iterations, factors, np.float32(longest_step), *workspace(n)))
    for _ in range(iterations):
        attraction = attract(edges, points, dof)
        repulsion, z = repel(points, dof)
        step(
            points,
            velocity,
            gains,
            attraction,
            repulsion,
            z,
            exaggeration=exaggeration,
            learning_rate=learning_rate,
            momentum=momentum,
            longest_step=longest_step,
        )
    return z


@fast_parallel
def _descend(  # type: ignore[no-untyped-def]
    starts, ends, weights, points, velocity, gains, iterations, factors, longest, coordinates, pushes, parts
):
    """Let each turn of the one parallel loop add up a share of the repulsion and a stretch of the attraction."""
    n, shares = points.shape[0], parts.size
    attraction, repulsion = np.empty((n, 2), np.float32), np.empty((n, 2), np.float32)
    blocks = (n + BLOCK - 1) // BLOCK
    sums, bounds = np.empty((blocks, 2)), np.empty((blocks, 4), np.float32)
    exaggeration, _, learning_rate, momentum = factors
    z = 0.0
    for _iteration in range(iterations):
        spread(points, coordinates)
        for share in prange(shares):
            parts[share] = repel_share(coordinates, n, np.int64(share), shares, pushes[share])
            begin, end = n * np.int64(share) // shares, n * np.int64(share + 1) // shares
            attract_rows(starts, ends, weights, points, _ONE, begin, end, attraction)
        gather(pushes, repulsion)
        z = 2.0 * parts.sum()
        now = (exaggeration, np.float32(1.0 / z), learning_rate, momentum)
        for block in range(blocks):
            begin, end = block * BLOCK, min((block + 1) * BLOCK, n)
            move(points, velocity, gains, attraction, repulsion, now, longest, begin, end, sums[block], bounds[block])
        center(points, sums, 0, n)
    return z
