"""The step of an iteration, as ``xailab.embedding.engine`` states it.

- ``step``      move all points once, in place
- ``rates``     the numbers of the rule, as the kernels take them
- ``move``      some points of a step in the plane (for kernels)
- ``center``    the mean to the origin (for kernels)

Source: Jacobs 1988 (gains). The cut of long steps is openTSNE's.
"""

import numpy as np
from jaxtyping import Float32, Float64
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, running
from xailab_kernels.embedding.checking import check_state

BLOCK = 4096
"""Points of a turn. Their sum is added up by itself, so that the mean does not depend on the number of threads."""

_SHRINK, _LEAST, _GROW = np.float32(0.8), np.float32(0.01), np.float32(0.2)
_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions


def step(
    points: Float32[np.ndarray, "n c"],
    velocity: Float32[np.ndarray, "n c"],
    gains: Float32[np.ndarray, "n c"],
    attraction: Float32[np.ndarray, "n c"],
    repulsion: Float32[np.ndarray, "n c"],
    normalization: float,
    *,
    exaggeration: float,
    learning_rate: float,
    momentum: float,
    longest_step: float,
) -> Float64[np.ndarray, " b"]:
    """Move all points once, in place; return their bounds afterwards: (min, max) of each coordinate in turn.

    Parameters
    ----------
    points, velocity, gains
        The state; changed in place.
    attraction, repulsion, normalization
        From ``attract`` and ``repel``.
    exaggeration, learning_rate, momentum
        The settings of the phase.
    longest_step
        A point moves at most so far.

    Raises
    ------
    TypeError
        An array is not float32.
    ValueError
        Shapes that differ, or an array that cannot be changed in place.
    """
    check_state(points, velocity=velocity, gains=gains, attraction=attraction, repulsion=repulsion)
    n, c = points.shape
    blocks = -(-n // BLOCK)
    sums, bounds = np.empty((blocks, c)), np.empty((blocks, 2 * c), np.float32)
    factors = rates(exaggeration, 1 / normalization, learning_rate, momentum)
    with running(points.size * 2):
        kernel = _step_in_plane if c == 2 else _step_in_space
        kernel(points, velocity, gains, attraction, repulsion, factors, np.float32(longest_step), sums, bounds)
    mean = (np.add.accumulate(sums)[-1] / n).astype(np.float32)  # as the kernel adds and rounds
    result = np.empty(2 * c)
    result[::2], result[1::2] = bounds[:, ::2].min(0) - mean, bounds[:, 1::2].max(0) - mean
    return result


def rates(*numbers: float) -> tuple[np.float32, ...]:
    """Return exaggeration, 1 / Z, learning rate and momentum in the precision of the points."""
    return tuple(np.float32(number) for number in numbers)


@fast_parallel
def _step_in_plane(points, velocity, gains, attraction, repulsion, rates, longest, sums, bounds):  # type: ignore[no-untyped-def]
    """Move block after block, then centre them."""
    n = points.shape[0]
    for block in prange(sums.shape[0]):
        begin, end = block * BLOCK, min((block + 1) * BLOCK, n)
        move(points, velocity, gains, attraction, repulsion, rates, longest, begin, end, sums[block], bounds[block])
    for block in prange(sums.shape[0]):
        center(points, sums, block * BLOCK, min((block + 1) * BLOCK, n))


@fast_parallel
def _step_in_space(points, velocity, gains, attraction, repulsion, rates, longest, sums, bounds):  # type: ignore[no-untyped-def]
    """Do the same in three dimensions."""
    n = points.shape[0]
    _accelerate(velocity.ravel(), gains.ravel(), attraction.ravel(), repulsion.ravel(), rates)
    for block in prange(sums.shape[0]):
        some = slice(block * BLOCK, min((block + 1) * BLOCK, n))
        _travel_3d(points[some], velocity[some], longest, sums[block], bounds[block])
    for block in prange(sums.shape[0]):
        center(points, sums, block * BLOCK, min((block + 1) * BLOCK, n))


@fast_serial
def move(points, velocity, gains, attraction, repulsion, rates, longest, begin, end, sums, bounds):  # type: ignore[no-untyped-def]
    """Move some points in the plane; write their sums and their bounds."""
    some = slice(begin, end)
    _accelerate(velocity[some].ravel(), gains[some].ravel(), attraction[some].ravel(), repulsion[some].ravel(), rates)
    _travel_2d(points[some], velocity[some], longest, sums, bounds)


@fast_serial
def _accelerate(velocity, gains, attraction, repulsion, rates):  # type: ignore[no-untyped-def]
    """Apply the rule to every coordinate."""
    exaggeration, per_z, learning_rate, momentum = rates
    for t in range(_U(velocity.size)):
        gradient = exaggeration * attraction[t] - repulsion[t] * per_z
        before = velocity[t]
        gain = gains[t] * _SHRINK + _LEAST if before * gradient > 0 else gains[t] + _GROW
        gains[t] = gain
        velocity[t] = momentum * before - learning_rate * gain * gradient


@fast_serial
def _travel_2d(points, velocity, longest, sums, bounds):  # type: ignore[no-untyped-def]
    """Cut long steps, move, and look where the points are now."""
    limit = longest * longest
    total_x = total_y = 0.0
    low_x = low_y = np.float32(np.inf)
    high_x = high_y = np.float32(-np.inf)
    for i in range(_U(points.shape[0])):
        u, v = velocity[i, 0], velocity[i, 1]
        square = u * u + v * v
        cut = longest / np.sqrt(max(square, limit)) if square > limit else np.float32(1)
        u, v = u * cut, v * cut
        velocity[i, 0], velocity[i, 1] = u, v
        x, y = points[i, 0] + u, points[i, 1] + v
        points[i, 0], points[i, 1] = x, y
        total_x += np.float64(x)
        total_y += np.float64(y)
        low_x, high_x = min(low_x, x), max(high_x, x)
        low_y, high_y = min(low_y, y), max(high_y, y)
    sums[0], sums[1] = total_x, total_y
    bounds[0], bounds[1], bounds[2], bounds[3] = low_x, high_x, low_y, high_y


@fast_serial
def _travel_3d(points, velocity, longest, sums, bounds):  # type: ignore[no-untyped-def]
    """Do the same in three dimensions, plainly."""
    for d in range(3):
        sums[d], bounds[2 * d], bounds[2 * d + 1] = 0.0, np.inf, -np.inf
    for i in range(points.shape[0]):
        square = velocity[i, 0] ** 2 + velocity[i, 1] ** 2 + velocity[i, 2] ** 2
        cut = longest / np.sqrt(square) if square > longest * longest else np.float32(1)
        for d in range(3):
            velocity[i, d] *= cut
            points[i, d] += velocity[i, d]
            place = np.float64(points[i, d])
            sums[d] += place
            bounds[2 * d], bounds[2 * d + 1] = min(bounds[2 * d], place), max(bounds[2 * d + 1], place)


@fast_serial
def center(points, sums, begin, end):  # type: ignore[no-untyped-def]
    """Subtract the mean from some points."""
    n, c = points.shape
    for d in range(c):
        total = 0.0
        for block in range(sums.shape[0]):
            total += sums[block, d]
        mean = np.float32(total / n)
        for i in range(_U(begin), _U(end)):
            points[i, d] -= mean
