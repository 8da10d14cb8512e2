"""Whole iterations of exact t-SNE over a dense joint matrix, for some thousand points at most.

- ``Triangle``       the upper triangle of a joint matrix in the order in which the loop reads it
- ``triangle``       make it
- ``descend_dense``  so many iterations, in place

Each pair is met once, as in ``pairs``; its push and its pull share the difference and the kernel. The upper triangle
lies in memory group by group: four rows, one behind the other, from the diagonal on, filled up to whole vectors.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, running, serial
from xailab_kernels.embedding.checking import check_dof, check_phase, check_state
from xailab_kernels.embedding.descent import BLOCK, center, move, rates, step
from xailab_kernels.embedding.pairs import columns_from, gather, spread, steps, workspace
from xailab_kernels.embedding.repulsion import repel
from xailab_kernels.intrinsics.forces import GROUP, meet_group
from xailab_kernels.intrinsics.width import LANES, WIDE

_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions
_ONE = np.float32(1)


class Triangle(NamedTuple):
    """The upper triangle of a symmetric matrix.

    Attributes
    ----------
    n
        Rows of the matrix.
    values
        Its groups of four rows, one after the other.
    """

    n: int
    values: Float32[np.ndarray, " m"]


def triangle(joint: Float32[np.ndarray, "n n"]) -> Triangle:
    """Return the upper triangle of a symmetric matrix as ``descend_dense`` reads it: half the memory.

    Raises
    ------
    TypeError
        ``joint`` is not float32.
    ValueError
        It is not square, or has fewer than 2 rows.
    """
    if joint.dtype != np.float32:
        raise TypeError(f"joint must be float32, got {joint.dtype}")
    if joint.ndim != 2 or joint.shape[0] != joint.shape[1] or len(joint) < 2:
        raise ValueError(f"joint must be a square matrix of at least 2 points, got shape {joint.shape}")
    packed = np.zeros(_places(len(joint))[-1], np.float32)
    _pack_triangle(joint, _places(len(joint)), packed)
    return Triangle(len(joint), packed)


def descend_dense(
    joint: Float32[np.ndarray, "n n"] | Triangle,
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
    """Run iterations of exact t-SNE in place; return the normalization Z of the last one.

    In the plane and with ``dof`` 1 they are one compiled call, on one thread below ``pairs.ALONE`` points. The result
    does not depend on the number of threads.

    Parameters
    ----------
    joint
        Symmetric joint probabilities, of which the upper triangle is read; or what ``triangle`` made of them, which
        saves that work in each call.
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
    check_dof(dof)
    check_phase(iterations, exaggeration, learning_rate, momentum, longest_step)
    n, c = points.shape
    size, packed = joint if isinstance(joint, Triangle) else triangle(joint)
    if size != n:
        raise ValueError(f"joint must be of {n} points, as they are, got {size}")
    places = _places(n)
    state, factors = (points, velocity, gains), rates(exaggeration, 1, learning_rate, momentum)
    if c == 2 and dof == 1:
        with running(steps(n)):
            memory = workspace(n, forces=4)
            return float(_descend(packed, places, *state, iterations, factors, np.float32(longest_step), *memory))
    attraction = np.empty_like(points)
    for _ in range(iterations):
        with running(n * n):
            _attract(packed, places, points, np.float32(1 / dof), attraction)
        repulsion, z = repel(points, dof)
        step(
            *state,
            attraction,
            repulsion,
            z,
            exaggeration=exaggeration,
            learning_rate=learning_rate,
            momentum=momentum,
            longest_step=longest_step,
        )
    return z


def _places(n: int) -> np.ndarray:
    """Return where each group's rows begin; at the end, how long all is."""
    begins = np.arange(0, n, GROUP)
    widths = -(-(n - begins) // LANES) * LANES  # columns_from of each
    return np.concatenate([[0], np.cumsum(GROUP * widths)])


@fast_serial
def _pack_triangle(joint, places, packed):  # type: ignore[no-untyped-def]
    """Copy what is right of the diagonal. Serial: once per map, and quicker to compile."""
    n = joint.shape[0]
    for group in range(places.size - 1):
        width = (places[group + 1] - places[group]) // GROUP
        for r in range(min(GROUP, n - group * GROUP)):
            i = group * GROUP + r
            at = places[group] + r * width - group * GROUP
            for j in range(i + 1, n):
                packed[at + j] = joint[i, j]


@fast_parallel
def _descend(  # type: ignore[no-untyped-def]
    packed, places, points, velocity, gains, iterations, factors, longest, coordinates, forces, parts
):
    """Let the shares of the pairs be the turns of the one parallel loop."""
    n, shares = points.shape[0], parts.size
    attraction, repulsion = np.empty((n, 2), np.float32), np.empty((n, 2), np.float32)
    blocks = (n + BLOCK - 1) // BLOCK
    sums, bounds = np.empty((blocks, 2)), np.empty((blocks, 4), np.float32)
    exaggeration, _, learning_rate, momentum = factors
    z = 0.0
    for _iteration in range(iterations):
        spread(points, coordinates)
        for share in prange(shares):
            parts[share] = _meet_share(packed, places, coordinates, n, np.int64(share), shares, forces[share])
        gather(forces[:, :2], repulsion)
        gather(forces[:, 2:], attraction)
        z = 2.0 * parts.sum()
        now = (exaggeration, np.float32(1.0 / z), learning_rate, momentum)
        for block in range(blocks):
            begin, end = block * BLOCK, min((block + 1) * BLOCK, n)
            move(points, velocity, gains, attraction, repulsion, now, longest, begin, end, sums[block], bounds[block])
        center(points, sums, 0, n)
    return z


@fast_serial
def _meet_share(packed, places, coordinates, n, share, count, forces):  # type: ignore[no-untyped-def]
    """Add up the forces of every ``count``-th group, there and back; return the sum of the kernel over these pairs."""
    forces[:] = np.float32(0)
    total = 0.0
    groups = places.size - 1
    for turn in range((groups + count - 1) // count):
        group = turn * count + (share if turn % 2 == 0 else count - 1 - share)
        if group < groups:
            i = group * GROUP
            total += _meet(packed, places[group], columns_from(n, i), coordinates, i, forces)
    return total


@fast_serial
def _meet_plain(packed, at, width, coordinates, i, forces):  # type: ignore[no-untyped-def]
    """Let each point of a group and those after it push and pull each other; return the sum of the kernel."""
    total = np.float32(0)
    for r in range(GROUP):
        first, end = i + r + 1, i + width
        p = packed[at + r * width + r + 1 :]
        x, y = coordinates[0, first:], coordinates[1, first:]
        push_x, push_y, pull_x, pull_y = forces[0, first:], forces[1, first:], forces[2, first:], forces[3, first:]
        here_x, here_y = coordinates[0, i + r], coordinates[1, i + r]
        z = a = b = c = d = np.float32(0)
        for j in range(_U(end - first)):
            u, v = here_x - x[j], here_y - y[j]
            k = _ONE / (_ONE + u * u + v * v)
            z += k
            pull = p[j] * k
            push = k * k
            a, b, c, d = a + push * u, b + push * v, c + pull * u, d + pull * v
            push_x[j] -= push * u
            push_y[j] -= push * v
            pull_x[j] -= pull * u
            pull_y[j] -= pull * v
        for f, force in ((0, a), (1, b), (2, c), (3, d)):
            forces[f, i + r] += force
        total += z
    return total


@serial
def _meet_wide(packed, at, width, coordinates, i, forces):  # type: ignore[no-untyped-def]
    """Do what ``_meet_plain`` does, all four rows at once."""
    xy, sums, weights = coordinates.ctypes.data, forces.ctypes.data, packed.ctypes.data + 4 * at
    return meet_group(xy, sums, coordinates.shape[1], i, i, width, weights, width)


_meet = _meet_wide if WIDE else _meet_plain


@fast_parallel
def _attract(packed, places, points, per_dof, forces):  # type: ignore[no-untyped-def]
    """Sum over all others for each point, any kernel, in any dimension; plain."""
    n, c = points.shape
    for unsigned in prange(n):
        i = np.int64(unsigned)
        for d in range(c):
            forces[i, d] = np.float32(0)
        for j in range(n):
            low, high = (i, j) if i < j else (j, i)
            group = low // GROUP
            width = (places[group + 1] - places[group]) // GROUP
            p = packed[places[group] + (low - group * GROUP) * width + high - group * GROUP]
            sqdist = np.float32(0)
            for d in range(c):
                sqdist += (points[i, d] - points[j, d]) ** 2
            for d in range(c):
                forces[i, d] += p / (_ONE + sqdist * per_dof) * (points[i, d] - points[j, d])
