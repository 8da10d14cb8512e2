"""Exercise ``random_rotation``: new axes for a layer, every direction equally likely.

- ``EXERCISE``  the declaration

Right answers draw their numbers in different ways, so matrices are judged by their properties. That every direction is
equally likely is looked for in 4 rotations of 100 axes; a right answer fails with a probability below 1e-8.

Source: Mezzadri 2007: QR of a Gaussian matrix with the signs of R's diagonal is uniform (Haar) on O(K).
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Breach, Call, Case, Exercise, Invariant, Misconception, Tolerance
from xailab_autograder.sandbox.values import GeneratorHandle

from .reference import random_rotation

AXES, DRAWS = 100, 4
FEWEST = 138
"""Of 4 x 99 = 396 fair coins, 137 or fewer of one kind come up with probability < 1e-9 (both sides)."""
FARTHEST = 12.0
"""The trace of an evenly drawn rotation is very nearly standard normal (Diaconis, Shahshahani 1994): the sum of 4 has
deviation 2, and reaches 12 with probability 2e-9. Without the signs of R's diagonal it is near -25.
"""


def _no_sign_fix(k: int, rng: np.random.Generator) -> np.ndarray:
    q, _ = np.linalg.qr(rng.standard_normal((k, k)))
    if np.linalg.det(q) < 0:
        q[:, -1] = -q[:, -1]
    return q


def _any_determinant(k: int, rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal((k, k)))
    return q * np.sign(np.diag(r))


def _positive_entries(k: int, rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.random((k, k)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, -1] = -q[:, -1]
    return q


def _not_orthogonal(k: int, rng: np.random.Generator) -> np.ndarray:
    q = rng.standard_normal((k, k))
    return q / np.linalg.norm(q, axis=0)


def _scaled(k: int, rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal((k, k)))
    q = q * np.diag(r)
    if np.linalg.det(q) < 0:
        q[0] = -q[0]
    return q


def _permutation(k: int, rng: np.random.Generator) -> np.ndarray:
    q = np.eye(k)[rng.permutation(k)]
    if np.linalg.det(q) < 0:
        q[0] = -q[0]
    return q


def _own_numbers(k: int, rng: np.random.Generator) -> np.ndarray:
    return random_rotation(k, np.random.default_rng())


def _same_numbers(k: int, rng: np.random.Generator) -> np.ndarray:
    return random_rotation(k, np.random.default_rng(0))


def _judge(case: Case, value: np.ndarray) -> str | None:
    """Check that it is a rotation; that all rotations are equally likely has lines of its own."""
    k = int(case.arguments[0])
    gram = np.asarray(value, float) @ np.asarray(value, float).T
    worst = np.unravel_index(np.argmax(np.abs(gram - np.eye(k))), gram.shape)
    if np.abs(gram - np.eye(k)).max() < 1e-4:
        return "the determinant is -1, expected +1" if np.linalg.det(np.asarray(value, float)) < 0 else None
    wanted = "1 (length 1)" if worst[0] == worst[1] else "0 (a right angle)"
    return f"rows {worst[0]} and {worst[1]} have the scalar product {gram[worst]:.4g}; expected {wanted}"


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for k in (3, 4, 8):
        yield Case(f"{k} axes", (k, GeneratorHandle(int(rng.integers(2**31)))))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one axis", (1, GeneratorHandle(int(rng.integers(2**31)))))
    yield Case("2 axes", (2, GeneratorHandle(int(rng.integers(2**31)))))
    yield Case("64 axes", (64, GeneratorHandle(int(rng.integers(2**31)))))


def _draw(call: Call, rng: np.random.Generator, k: int, draws: int) -> np.ndarray:
    return np.stack([np.asarray(call(k, GeneratorHandle(int(rng.integers(2**31)))), float) for _ in range(draws)])


def _determinant(call: Call, rng: np.random.Generator) -> str | None:
    for k in (2, 3, 4):
        determinants = np.linalg.det(_draw(call, rng, k, 7))
        # Some wrong ways give matrices that are no rotations at all; that has its own line.
        if (np.abs(np.abs(determinants) - 1) < 1e-3).all() and (determinants < 0).any():
            return f"{(determinants < 0).sum()} of 7 matrices for {k} axes have determinant -1: they mirror"
    return None


def _evenly(call: Call, rng: np.random.Generator) -> Breach | None:
    """Look at 4 rotations of 100 axes for directions that are preferred."""
    drawn = _draw(call, rng, AXES, DRAWS)
    if (drawn[1:] == drawn[0]).all():
        return None  # always the same: that has its own line
    zeros = (np.abs(drawn) < 1e-12).mean()
    if zeros > 0.5:
        return Breach(f"{zeros:.0%} of the entries are 0: axes are exchanged, not mixed", "only-exchanges-axes")
    columns = drawn[:, :, 0]
    alike = int((np.sign(columns[:, 1:]) == np.sign(columns[:, :1])).sum())
    if not FEWEST <= alike <= columns[:, 1:].size - FEWEST:
        text = (
            f"{alike} of {columns[:, 1:].size} entries of the first columns have the sign of the column's first entry"
        )
        return Breach(f"{text}; half would be fair", "not-normal-numbers")
    traces = np.trace(drawn, axis1=1, axis2=2)
    if abs(traces.sum()) > FARTHEST:
        text = f"the traces of {DRAWS} rotations of {AXES} axes are {np.round(traces, 1).tolist()}"
        return Breach(f"{text}; each should be a number like those of standard_normal()", "no-sign-fix")
    return None


def _repeats(call: Call, rng: np.random.Generator) -> str | None:
    handle = GeneratorHandle(int(rng.integers(2**31)))
    same = np.allclose(call(4, handle), call(4, handle), atol=1e-6)
    return None if same else "two generators in the same state gave two different rotations"


def _differs(call: Call, rng: np.random.Generator) -> str | None:
    one, two = _draw(call, rng, 4, 2)
    return None if not np.allclose(one, two, atol=1e-6) else "two generators in different states gave the same rotation"


EXERCISE = Exercise(
    id="random-rotation",
    function="random_rotation",
    signature="random_rotation(k, rng: np.random.Generator) -> Q (k, k)",
    title="A random rotation",
    task=(
        "Draw a rotation matrix: Q Q^T = I, det Q = +1, every rotation equally likely (the Haar measure). Take a "
        "matrix of independent normal numbers from rng, its QR decomposition, and multiply column j of Q by the "
        "sign of R[j, j]. If the determinant is then -1, turn one column around."
    ),
    points=1,
    minutes=6,
    reference=random_rotation,
    worked=(Case("3 axes, rng = np.random.default_rng(1)", (3, GeneratorHandle(1))),),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("repeats", "the same state of rng gives the same rotation", _repeats, "ignores-rng"),
        Invariant("differs", "another state of rng gives another rotation", _differs, "seeds-itself"),
        Invariant("determinant", "the determinant is +1", _determinant, "determinant-not-fixed"),
        Invariant("evenly", "every direction is equally likely", _evenly),
    ),
    misconceptions=(
        Misconception(
            "no-sign-fix",
            _no_sign_fix,
            "Q comes straight out of the QR decomposition. The algorithm's choice of signs makes some rotations more "
            "likely than others (Q[0, 0] is never positive). The signs of R's diagonal undo that choice.",
            "Mezzadri 2007, section 5",
        ),
        Misconception(
            "determinant-not-fixed",
            _any_determinant,
            "Half of your matrices have determinant -1: they mirror one axis besides rotating. Turn one column "
            "around in that case.",
            "notebook, section 6",
        ),
        Misconception(
            "not-normal-numbers",
            _positive_entries,
            "Your random numbers are uniform in [0, 1), so all first columns point into the same corner. Only "
            "independent normal numbers prefer no direction.",
            "Mezzadri 2007, section 2",
        ),
        Misconception(
            "not-orthogonal",
            _not_orthogonal,
            "Your columns have length 1 but are not at right angles: such a matrix mixes units and also stretches some "
            "directions.",
            "notebook, section 6",
        ),
        Misconception(
            "multiplied-by-r",
            _scaled,
            "You multiply by R's diagonal itself. Only its signs are wanted; its size stretches the axes.",
            "notebook, section 6",
        ),
        Misconception(
            "only-exchanges-axes",
            _permutation,
            "Your matrix only exchanges axes. Each new axis would still be a single unit: that is the control, not the "
            "experiment.",
            "notebook, section 6",
        ),
        Misconception(
            "ignores-rng",
            _own_numbers,
            "You do not draw from rng, so nobody can repeat your experiment. Use the generator that is passed in.",
            "the documentation of np.random.Generator",
        ),
        Misconception(
            "seeds-itself",
            _same_numbers,
            "You make a generator with a fixed seed inside the function: it always returns the same rotation. Use the "
            "generator that is passed in.",
            "the documentation of np.random.Generator",
        ),
    ),
    hints=(
        "rng.standard_normal((k, k)), then np.linalg.qr: it returns Q and R.",
        "Q * np.sign(np.diag(R)) multiplies the columns. Check np.linalg.det.",
    ),
    tolerance=Tolerance(1e-4, 2e-5),
    judge=_judge,
    read="Mezzadri 2007; Bau et al. 2017, section 3.2",
)
