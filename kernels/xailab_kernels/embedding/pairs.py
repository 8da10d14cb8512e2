"""Each pair of points in the plane once, for Student's kernel: what i does to j, j does to i.

- ``workspace``      memory for coordinates and sums
- ``steps``          how much work it is, for ``compiling.running``
- ``spread``         write the coordinates to the workspace
- ``columns_from``   how many columns a group meets
- ``repel_share``    one share of the repulsion, with its part of Z
- ``gather``         the sum of the shares

Four points (a group) meet all that follow: their own sums stay in registers, those of the others are read and written
once for four. A share has sums of its own and they are added in a fixed order, therefore the result does not depend on
the number of threads.
"""

import numpy as np
from jaxtyping import Float32, Float64

from xailab_kernels.compiling import fast_serial, serial
from xailab_kernels.intrinsics.forces import GROUP, push_group
from xailab_kernels.intrinsics.width import LANES, WIDE

ALONE = 2048
"""Below so many points one thread does everything: to wait for a second one would cost more than it brings."""

_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions
_SHARES = 16
_ROWS = 32  # points of a block
_COLUMNS = 2048  # others of a block: coordinates and sums of so many stay in the first-level cache
_FAR = 1e9  # its kernel is 1e-18: nothing beside 1, and its square is still a normal number
_ONE = np.float32(1)


def workspace(
    n: int, forces: int = 2
) -> tuple[Float32[np.ndarray, "2 m"], Float32[np.ndarray, "s f m"], Float64[np.ndarray, " s"]]:
    """Return memory for the coordinates of n points, for the sums of each share, and for its part of Z.

    Far points stand behind the others, no two at the same place: the last vector of a row runs into them.
    How many shares there are is a matter of n alone.
    """
    coordinates = np.zeros((2, n + GROUP + LANES), np.float32)
    spare = np.arange(GROUP + LANES)
    coordinates[0, n:] = _FAR * (1 + spare % 5)
    coordinates[1, n:] = _FAR * (spare // 5)
    shares = _SHARES if n >= ALONE else 1
    return coordinates, np.zeros((shares, forces, coordinates.shape[1]), np.float32), np.zeros(shares)


def steps(n: int) -> int:
    """Return how much work all pairs of n points are: ``compiling.running`` has it done by one thread below ALONE."""
    return 2**20 * n * n // ALONE**2


@fast_serial
def spread(points, coordinates):  # type: ignore[no-untyped-def]
    """Copy (x, y) pairs to a row of x and a row of y."""
    x, y = coordinates[0], coordinates[1]
    for i in range(_U(points.shape[0])):
        x[i] = points[i, 0]
        y[i] = points[i, 1]


@fast_serial
def columns_from(n, i):  # type: ignore[no-untyped-def]
    """Return how many points there are from i on, filled up to whole vectors."""
    return (n - i + LANES - 1) // LANES * LANES


@serial
def _push_wide(coordinates, pushes, i, first, width):  # type: ignore[no-untyped-def]
    """Let four points and those from ``first`` on push each other; return the sum of the kernel."""
    return push_group(coordinates.ctypes.data, pushes.ctypes.data, coordinates.shape[1], i, first, width)


@fast_serial
def _push_plain(coordinates, pushes, i, first, width):  # type: ignore[no-untyped-def]
    """Do what ``_push_wide`` does: first within the group, then the group and the others."""
    x, y, push_x, push_y = coordinates[0], coordinates[1], pushes[0], pushes[1]
    total = np.float32(0)
    begin = first
    if first == i:
        begin = i + GROUP
        for a in range(i, begin):
            for b in range(a + 1, begin):
                u, v = x[a] - x[b], y[a] - y[b]
                k = _ONE / (_ONE + u * u + v * v)
                total += k
                k *= k
                push_x[a] += k * u
                push_y[a] += k * v
                push_x[b] -= k * u
                push_y[b] -= k * v
    return total + _repel_group(x, y, push_x, push_y, i, begin, first + width)


@fast_serial
def _repel_group(x, y, push_x, push_y, i, first, last):  # type: ignore[no-untyped-def]
    """Let four points and those from ``first`` to ``last`` repel each other; return the sum of the kernel.

    Written out four times, because arrays of four are not kept in registers.
    """
    x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
    y0, y1, y2, y3 = y[i], y[i + 1], y[i + 2], y[i + 3]
    total = a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = np.float32(0)
    for j in range(_U(first), _U(last)):
        u0, u1, u2, u3 = x0 - x[j], x1 - x[j], x2 - x[j], x3 - x[j]
        v0, v1, v2, v3 = y0 - y[j], y1 - y[j], y2 - y[j], y3 - y[j]
        k0 = _ONE / (_ONE + u0 * u0 + v0 * v0)
        k1 = _ONE / (_ONE + u1 * u1 + v1 * v1)
        k2 = _ONE / (_ONE + u2 * u2 + v2 * v2)
        k3 = _ONE / (_ONE + u3 * u3 + v3 * v3)
        total += k0 + k1 + k2 + k3
        k0, k1, k2, k3 = k0 * k0, k1 * k1, k2 * k2, k3 * k3
        u0, u1, u2, u3 = k0 * u0, k1 * u1, k2 * u2, k3 * u3
        v0, v1, v2, v3 = k0 * v0, k1 * v1, k2 * v2, k3 * v3
        a0, a1, a2, a3 = a0 + u0, a1 + u1, a2 + u2, a3 + u3
        b0, b1, b2, b3 = b0 + v0, b1 + v1, b2 + v2, b3 + v3
        push_x[j] -= u0 + u1 + u2 + u3
        push_y[j] -= v0 + v1 + v2 + v3
    for r, a, b in ((0, a0, b0), (1, a1, b1), (2, a2, b2), (3, a3, b3)):
        push_x[i + r] += a
        push_y[i + r] += b
    return total


_push = _push_wide if WIDE else _push_plain


@fast_serial
def repel_share(coordinates, n, share, count, pushes):  # type: ignore[no-untyped-def]
    """Add up the repulsion of every ``count``-th block of points; return the sum of the kernel over these pairs."""
    pushes[:] = np.float32(0)
    total = 0.0
    blocks = (n + _ROWS - 1) // _ROWS
    for turn in range((blocks + count - 1) // count):  # there and back, because later blocks have less to do
        block = turn * count + (share if turn % 2 == 0 else count - 1 - share)
        begin, end = block * _ROWS, min((block + 1) * _ROWS, n)
        for skip in range(0, n - begin, _COLUMNS):
            for i in range(begin, end, GROUP):
                width = min(_COLUMNS, columns_from(n, i) - skip)
                if width > 0:
                    total += _push(coordinates, pushes, i, i + skip, width)
    return total


@fast_serial
def gather(pushes, forces):  # type: ignore[no-untyped-def]
    """Add the shares in order and write (x, y) pairs."""
    total = pushes[0]
    for share in range(1, pushes.shape[0]):
        for d in range(2):
            for i in range(_U(forces.shape[0])):
                total[d, i] += pushes[share, d, i]
    for i in range(_U(forces.shape[0])):
        forces[i, 0] = total[0, i]
        forces[i, 1] = total[1, i]
