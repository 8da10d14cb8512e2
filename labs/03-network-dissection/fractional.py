"""Exercise ``fractional``: part of the way from the network's own axes to rotated ones.

- ``EXERCISE``       the declaration
- ``make_rotation``  a rotation that has a unique root
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception, Tolerance

from .reference import fractional, random_rotation


def _elementwise(rotation: np.ndarray, alpha: float) -> np.ndarray:
    return np.sign(rotation) * np.abs(rotation) ** alpha


def _straight(rotation: np.ndarray, alpha: float) -> np.ndarray:
    return (1 - alpha) * np.eye(len(rotation)) + alpha * rotation


def _straight_then_orthogonal(rotation: np.ndarray, alpha: float) -> np.ndarray:
    left, _, right = np.linalg.svd(_straight(rotation, alpha))
    return left @ right


def _other_end(rotation: np.ndarray, alpha: float) -> np.ndarray:
    return fractional(rotation, 1 - alpha)


def _backwards(rotation: np.ndarray, alpha: float) -> np.ndarray:
    return fractional(rotation, alpha).T


def _scaled(rotation: np.ndarray, alpha: float) -> np.ndarray:
    return alpha * rotation


def _divided(rotation: np.ndarray, alpha: float) -> np.ndarray:
    return fractional(rotation, 1 / alpha) if alpha else np.eye(len(rotation))


def make_rotation(rng: np.random.Generator, k: int) -> np.ndarray:
    """Return a random rotation whose angles are distinct and away from 0 and from half a turn."""
    while True:
        rotation = random_rotation(k, rng)
        angles = np.sort(np.abs(np.angle(np.linalg.eigvals(rotation))))
        pairs = angles[k % 2 :: 2]  # of an odd number of axes one stays where it is
        if pairs.min() > 0.3 and pairs.max() < 2.7 and (np.diff(pairs) > 0.1).all():
            return rotation


def turn(angle: float) -> np.ndarray:
    """Return the rotation of the plane by an angle."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for k, alpha in ((3, 0.3), (4, 0.65), (6, 0.4)):
        yield Case(f"{k} axes, alpha = {alpha}", (make_rotation(rng, k), alpha))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("no rotation at all", (np.eye(3), 0.3))
    yield Case("one axis", (np.eye(1), 0.7))
    yield Case("alpha = 0", (make_rotation(rng, 4), 0.0))
    yield Case("alpha = 1", (make_rotation(rng, 5), 1.0))
    yield Case("float32", (make_rotation(rng, 4).astype(np.float32), 0.7))
    yield Case("Fortran order", (np.asfortranarray(make_rotation(rng, 5)), 0.2))
    wide = np.repeat(make_rotation(rng, 4), 2, axis=1)[:, ::2]
    yield Case("every second column of a wider array", (wide, 0.45))


def _twice(call: Call, rng: np.random.Generator) -> str | None:
    rotation = make_rotation(rng, 5)
    half = np.asarray(call(rotation, 0.5))
    error = np.abs(half @ half - rotation).max()
    return None if error < 1e-4 else f"half the way, twice, is off by {error:.3g} from the whole"


def _parts(call: Call, rng: np.random.Generator) -> str | None:
    rotation = make_rotation(rng, 4)
    error = np.abs(np.asarray(call(rotation, 0.2)) @ call(rotation, 0.3) - call(rotation, 0.5)).max()
    return None if error < 1e-4 else f"0.2 and then 0.3 of the way is off by {error:.3g} from 0.5"


def _stays_rotation(call: Call, rng: np.random.Generator) -> str | None:
    part = np.asarray(call(make_rotation(rng, 5), 0.35))
    error = np.abs(part @ part.T - np.eye(5)).max()
    return None if error < 1e-4 else f"Q^0.35 times its transpose is off by {error:.3g} from the identity"


EXERCISE = Exercise(
    id="fractional",
    function="fractional",
    signature="fractional(Q (k, k), alpha) -> Q^alpha (k, k)",
    title="Part of a rotation",
    task=(
        "A rotation turns some planes by some angles. Return the rotation that turns the same planes by alpha times "
        "these angles (each taken in -pi ... pi): Q^0 = I, Q^1 = Q, and Q^0.5 applied twice is Q. The result is "
        "real."
    ),
    points=1,
    minutes=5,
    reference=fractional,
    worked=(
        Case(
            "a third of 90 degrees in the plane is 30 degrees",
            (turn(np.pi / 2).round(12), 1 / 3),
            np.array([[3**0.5 / 2, -0.5], [0.5, 3**0.5 / 2]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("twice", "half the way, twice, is the whole way", _twice),
        Invariant("parts", "parts of the way add up", _parts),
        Invariant("rotation", "what comes out is a rotation", _stays_rotation),
    ),
    misconceptions=(
        Misconception(
            "elementwise-power",
            _elementwise,
            "You raise each entry to the power alpha. The power of a matrix is something else: it acts on the "
            "eigenvalues, and leaves the eigenvectors.",
            "notebook, section 7",
        ),
        Misconception(
            "straight-line",
            _straight,
            "You mix I and Q in a straight line. Half-way the vectors are shorter than 1: it is no rotation. One "
            "has to go along the arc.",
            "notebook, section 7",
        ),
        Misconception(
            "straight-line-repaired",
            _straight_then_orthogonal,
            "You go in a straight line from I to Q and repair the lengths. The ends and the middle are right, but in "
            "between the angles do not grow evenly: 0.25 of the way is not half of 0.5.",
            "notebook, section 7",
        ),
        Misconception(
            "from-the-other-end",
            _other_end,
            "Your alpha counts from the other end: at 0 you return Q, at 1 the identity.",
            "notebook, section 7",
        ),
        Misconception(
            "backwards",
            _backwards,
            "You turn by the right angles in the wrong direction; the result is the transpose of what is asked.",
            "notebook, section 7",
        ),
        Misconception(
            "matrix-times-alpha",
            _scaled,
            "You multiply by alpha instead of taking a power: everything shrinks, and nothing turns less.",
            "notebook, section 7",
        ),
        Misconception(
            "power-one-over-alpha",
            _divided,
            "Your exponent is 1/alpha: for alpha below 1 you turn further than Q.",
            "notebook, section 7",
        ),
    ),
    hints=(
        "Q = V diag(w) V^-1 with complex eigenvalues w on the unit circle. What is Q Q in these terms?",
        "np.linalg.eig gives w and V. w ** alpha takes the angles in -pi ... pi. Take the real part at the end.",
    ),
    tolerance=Tolerance(1e-4, 2e-5),
    read="Bau et al. 2017, section 3.2",
)
