"""Turning the space of a layer's units: what one neuron says becomes what a mixture of neurons says.

- ``random_rotation``      a rotation drawn evenly from all of them
- ``fractional_rotation``  part of the way from no rotation to a given one
- ``permutation``          units in another order: a change of basis that mixes nothing, the control
- ``plane_angles``         by how much a rotation turns each of its planes

Convention of all bases in xailab: one row per new unit. ``new = basis @ old``: new unit i is the sum over j of
``basis[i, j]`` times old unit j, at every place of the map.

Source: Bau et al. 2017, section 3.2: if what single units detect were a matter of the whole space, and not of its axes,
a rotated layer would detect as much.
"""

import numpy as np
from jaxtyping import Float, Float64, Int

ORTHOGONAL = 1e-6
"""How far Q Q^T may be from the identity before a matrix is no longer called orthogonal."""


def random_rotation(units: int, rng: np.random.Generator) -> Float64[np.ndarray, "k k"]:
    """Draw a rotation of a space of ``units`` dimensions, all rotations equally likely (Haar measure on SO(k)).

    The QR decomposition of a matrix of independent normal numbers gives an orthogonal Q; but which of several Q a
    library returns depends on its signs, so the columns are multiplied by the signs of R's diagonal. Without that, Q is
    not evenly distributed. Half of these are reflections (determinant -1); of those one row is turned around.

    Source: Mezzadri 2007, section 5.

    Parameters
    ----------
    units
        k, at least 1.
    rng
        Where the numbers come from: the same generator gives the same rotation.

    Raises
    ------
    ValueError
        ``units`` is below 1.
    """
    if units < 1:
        raise ValueError(f"units must be at least 1, got {units}")
    q, r = np.linalg.qr(rng.standard_normal((units, units)))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    if np.linalg.slogdet(q)[0] < 0:
        q[0] = -q[0]
    return np.asarray(q, np.float64)


def fractional_rotation(rotation: Float[np.ndarray, "k k"], alpha: int | float) -> Float64[np.ndarray, "k k"]:
    """Return Q to the power ``alpha``: along the shortest way from the identity (0) to Q (1).

    Every rotation is a set of turns in planes at right angles to each other: its real Schur form Q = Z T Z^T has a 2 x
    2 block per plane. Each plane is turned by ``alpha`` times its angle in (-pi, pi]. Turns by pi have eigenvalues -1,
    of which a rotation has an even number; where there are more than two, the planes are not unique, and some are
    chosen.

    Source: Bau et al. 2017, section 3.2; their released code takes powers by the Schur form as well.

    Parameters
    ----------
    rotation
        Orthogonal with determinant +1.
    alpha
        Any finite number; 0.5 twice is Q, -1 is the inverse.

    Raises
    ------
    ValueError
        Not square, not orthogonal, a reflection (it has no way from the identity), or ``alpha`` that is not finite.
    """
    _check_rotation(rotation)
    if not np.isfinite(alpha):
        raise ValueError(f"alpha must be a finite number, 0 for no rotation and 1 for all of it; got {alpha}")
    planes, angles, axes = _planes(rotation)
    turned = axes @ axes.T
    for plane, angle in zip(planes, angles, strict=True):
        turned += plane @ _turn(alpha * angle) @ plane.T
    return np.asarray(turned, np.float64)


def plane_angles(rotation: Float[np.ndarray, "k k"]) -> Float64[np.ndarray, " n"]:
    """Return the angles in [0, pi] by which a rotation turns its planes, the greatest first; k // 2 at most.

    Raises what ``fractional_rotation`` raises.
    """
    _check_rotation(rotation)
    return np.sort(np.abs(np.asarray(_planes(rotation)[1], np.float64)))[::-1].copy()


def permutation(order: Int[np.ndarray, " k"]) -> Float64[np.ndarray, "k k"]:
    """Return the matrix that puts old unit ``order[i]`` at place i.

    Raises
    ------
    ValueError
        ``order`` does not have each of 0 ... k - 1 once.
    """
    if not np.array_equal(np.sort(order), np.arange(len(order))):
        raise ValueError(f"order must have each of 0 ... {len(order) - 1} once, got {order.tolist()[:12]}")
    return np.asarray(np.eye(len(order))[order], np.float64)


def _planes(
    rotation: Float[np.ndarray, "k k"],
) -> tuple[list[Float64[np.ndarray, "k 2"]], list[float], Float64[np.ndarray, "k m"]]:
    """Return the planes that are turned, by which angles, and the axes that stay."""
    from scipy.linalg import schur

    blocks, basis = schur(np.asarray(rotation, np.float64), output="real")
    planes, angles = [], []
    fixed: list[int] = []
    turned_around: list[int] = []
    i = 0
    while i < len(blocks):
        if i + 1 < len(blocks) and blocks[i + 1, i] != 0:
            planes.append(basis[:, i : i + 2])
            angles.append(float(np.arctan2(blocks[i + 1, i] - blocks[i, i + 1], blocks[i, i] + blocks[i + 1, i + 1])))
            i += 2
            continue
        (fixed if blocks[i, i] > 0 else turned_around).append(i)
        i += 1
    for one, other in zip(turned_around[::2], turned_around[1::2], strict=True):
        planes.append(basis[:, [one, other]])
        angles.append(np.pi)
    return planes, angles, basis[:, fixed]


def _turn(angle: float) -> Float64[np.ndarray, "2 2"]:
    """Return the turn of a plane, counterclockwise."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _check_rotation(matrix: Float[np.ndarray, "k k"]) -> None:
    """Raise ValueError where a matrix is no rotation."""
    k = len(matrix)
    distance = float(np.abs(matrix @ matrix.T - np.eye(k)).max()) if k else 0.0
    if not distance <= ORTHOGONAL:
        raise ValueError(
            f"expected an orthogonal matrix, but Q Q^T is {distance:.3g} away from the identity; "
            "random_rotation(k, rng) makes a rotation"
        )
    if k and np.linalg.slogdet(matrix)[0] < 0:
        raise ValueError(
            "this orthogonal matrix is a reflection (determinant -1), which no way of rotations leads to; "
            "turn the sign of one of its rows around"
        )
