"""New points in a finished map: each descends its own KL divergence, the map stays as it is.

- ``place``  weights of neighbors -> places

For a new point y with weights p_j (sum 1) and q_j = k_j / Z, Z the sum of k over the map, the gradient of KL(p||q) is
2 (sum p_j w_j (y - y_j) - (1/Z) sum k_j w_j (y - y_j)). The force without its factor, divided by the stiffness
sum p_j w_j, is the step that would be exact if the repulsion were constant. Half of it is taken, with momentum, and
less after a step that went too far.
"""

import math

import numpy as np
from jaxtyping import Float32, Int32
from numba import prange

from xailab_kernels.compiling import fast_parallel, fast_serial, running
from xailab_kernels.embedding.checking import check_dof, check_points

_RATE = np.float32(0.5)
_MOMENTUM = np.float32(0.5)
_SLOWER, _FASTER = np.float32(0.6), np.float32(1.05)  # factors of the rate after a step that went too far, or not
_LONGEST = np.float32(1.0)  # of a step, in units of the map
_ONE = np.float32(1)


def place(
    weights: Float32[np.ndarray, "m k"],
    index: Int32[np.ndarray, "m k"],
    points: Float32[np.ndarray, "n c"],
    *,
    iterations: int,
    dof: float,
) -> Float32[np.ndarray, "m c"]:
    """Return places of new points, which begin at the weighted mean of their neighbors. O(m n iterations).

    Parallel over new points; the result does not depend on the number of threads.

    Parameters
    ----------
    weights
        Of the neighbors of each new point; a row has the sum 1.
    index
        Which points of the map they are.
    points
        The map, in 2 or 3 dimensions; finite.
    iterations
        How many steps, 0 or more.
    dof
        Degrees of freedom of the kernel, above 0.

    Raises
    ------
    TypeError
        An array of another dtype.
    ValueError
        Shapes that do not belong together, an index that is not in the map, negative iterations.
    """
    check_points(points)
    check_dof(dof)
    if weights.dtype != np.float32 or index.dtype != np.int32:
        raise TypeError(f"weights must be float32 and index int32, got {weights.dtype} and {index.dtype}")
    if weights.ndim != 2 or weights.shape != index.shape:
        raise ValueError(f"weights and index must have the same shape (m, k), got {weights.shape} and {index.shape}")
    if index.size and not (index.min() >= 0 and index.max() < len(points)):
        raise ValueError(f"index must be in 0..{len(points) - 1}, got {index.min()}..{index.max()}")
    if iterations < 0:
        raise ValueError(f"iterations must be at least 0, got {iterations}")
    flat = np.zeros((3, len(points)), np.float32)  # a third coordinate of 0 changes nothing
    flat[: points.shape[1]] = points.T
    places = np.zeros((len(weights), 3), np.float32)
    with running(len(weights) * (len(points) * max(iterations, 1))):
        _place(
            np.ascontiguousarray(weights),
            np.ascontiguousarray(index),
            flat[0],
            flat[1],
            flat[2],
            int(iterations),
            np.float32(dof),
            places,
        )
    return np.ascontiguousarray(places[:, : points.shape[1]])


@fast_parallel
def _place(weights, index, xs, ys, zs, iterations, dof, places):  # type: ignore[no-untyped-def]
    """Place each point by itself."""
    for i in prange(len(weights)):
        _place_one(weights[i], index[i], xs, ys, zs, iterations, dof, places[i])


@fast_serial
def _place_one(weights, index, xs, ys, zs, iterations, dof, place):  # type: ignore[no-untyped-def]
    """Begin at the mean and descend."""
    x = y = z = np.float32(0)
    for t in range(len(index)):
        x += weights[t] * xs[index[t]]
        y += weights[t] * ys[index[t]]
        z += weights[t] * zs[index[t]]
    vx = vy = vz = np.float32(0)
    rate = _RATE
    for _ in range(iterations):
        stiffness, ax, ay, az = _attraction(x, y, z, weights, index, xs, ys, zs, dof)
        total, rx, ry, rz = _student(x, y, z, xs, ys, zs) if dof == _ONE else _general(x, y, z, xs, ys, zs, dof)
        gx, gy, gz = ax - rx / total, ay - ry / total, az - rz / total
        if vx * gx + vy * gy + vz * gz > 0:  # the last step went too far
            rate *= _SLOWER
            vx = vy = vz = np.float32(0)
        else:
            rate = min(rate * _FASTER, _RATE)
        scale = rate / max(stiffness, np.float32(1e-12))
        vx, vy, vz = _MOMENTUM * vx - scale * gx, _MOMENTUM * vy - scale * gy, _MOMENTUM * vz - scale * gz
        length = math.sqrt(vx * vx + vy * vy + vz * vz)
        cut = _LONGEST / length if length > _LONGEST else _ONE
        vx, vy, vz = vx * cut, vy * cut, vz * cut
        x, y, z = x + vx, y + vy, z + vz
    place[0], place[1], place[2] = x, y, z


@fast_serial
def _attraction(x, y, z, weights, index, xs, ys, zs, dof):  # type: ignore[no-untyped-def]
    """Return sum p w and sum p w (y - y_j)."""
    s = fx = fy = fz = np.float32(0)
    for t in range(len(index)):
        j = index[t]
        dx, dy, dz = x - xs[j], y - ys[j], z - zs[j]
        w = weights[t] / (_ONE + (dx * dx + dy * dy + dz * dz) / dof)
        s, fx, fy, fz = s + w, fx + w * dx, fy + w * dy, fz + w * dz
    return s, fx, fy, fz


@fast_serial
def _student(x, y, z, xs, ys, zs):  # type: ignore[no-untyped-def]
    """Return sum k and sum k w (y - y_j) for one degree of freedom."""
    s = fx = fy = fz = np.float32(0)
    for j in range(len(xs)):
        dx, dy, dz = x - xs[j], y - ys[j], z - zs[j]
        k = _ONE / (_ONE + dx * dx + dy * dy + dz * dz)
        s += k
        k *= k
        fx += k * dx
        fy += k * dy
        fz += k * dz
    return s, fx, fy, fz


@fast_serial
def _general(x, y, z, xs, ys, zs, dof):  # type: ignore[no-untyped-def]
    """Return sum k and sum k w (y - y_j) for any degrees of freedom."""
    s = fx = fy = fz = np.float32(0)
    for j in range(len(xs)):
        dx, dy, dz = x - xs[j], y - ys[j], z - zs[j]
        w = _ONE / (_ONE + (dx * dx + dy * dy + dz * dz) / dof)
        k = math.exp(dof * math.log(w))
        s += k
        k *= w
        fx += k * dx
        fy += k * dy
        fz += k * dz
    return s, fx, fy, fz
