"""Exercise ``embed``: the whole descent.

- ``EXERCISE``      the declaration
- ``make_descent``  similarities and a start from which right answers cannot diverge

Its wrong implementations are in ``embedding_mistakes``.

A descent with gains is chaotic twice over: errors grow from step to step, and a coordinate whose gradient or velocity
is nearly 0 changes its gain by the last bit. So descents are short and gentle, and a start is drawn again until no
gradient or velocity comes nearer to 0 than ``MARGIN`` of the largest one. Then rounding (1e-16 in a step) grows by a
factor of less than a thousand (the tests measure it), and float32 would still be right within the tolerance.

Source: van der Maaten and Hinton 2008, section 3.4; gains after Jacobs 1988.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Tolerance

from .embedding_mistakes import MISCONCEPTIONS, Rule, descend
from .points import make_joint, make_map
from .reference import embed

MARGIN = 1e-4
"""Least gradient and velocity of a coordinate in any iteration, relative to the largest of the iteration."""

Descent = tuple[np.ndarray, np.ndarray, int, int, float, float]
"""The arguments of ``embed``."""


def margin(P: np.ndarray, Y: np.ndarray, iterations: int, exaggerated: int, exaggeration: float, rate: float) -> float:
    """Return how near to 0, relatively, a gradient or a velocity comes that decides about a gain."""
    nearest = [np.inf]

    def move(velocity: np.ndarray, gains: np.ndarray, slope: np.ndarray, momentum: float, rate: float) -> np.ndarray:
        if velocity.any():  # in the first iteration it is exactly 0
            nearest.extend(np.abs(number).min() / np.abs(number).max() for number in (slope, velocity))
        return momentum * velocity - rate * gains * slope

    descend(Rule(move=move))(P, Y, iterations, exaggerated, exaggeration, rate)
    return float(min(nearest))


def make_descent(
    rng: np.random.Generator, n: int, iterations: int, exaggerated: int, *, exaggeration: float = 4.0, rate: float = 2.0
) -> Descent:
    """Return the arguments of a descent that rounding does not lead astray."""
    while True:
        P, Y = make_joint(rng, n), make_map(rng, n)
        arguments = (P, Y, iterations, exaggerated, exaggeration, rate)
        if margin(*arguments) > MARGIN:
            return arguments


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for n, iterations, exaggerated in ((5, 8, 3), (7, 6, 4), (6, 12, 5)):
        name = f"{n} points, {iterations} iterations, the first {exaggerated} exaggerated"
        yield Case(name, make_descent(rng, n, iterations, exaggerated))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("no iteration at all", make_descent(rng, 4, 0, 0))
    yield Case("exaggerated to the end", make_descent(rng, 4, 4, 4))
    yield Case("the exaggeration would end later", make_descent(rng, 4, 4, 10))
    yield Case("nothing exaggerated", make_descent(rng, 4, 5, 0))
    yield Case("two points that begin to move late, when their gains are as small as may be", _small_gains())
    P, Y, *_ = make_descent(rng, 5, 2, 1, exaggeration=12.0, rate=50.0)
    yield Case("exaggeration and learning rate are not given", (P, Y, 2, 1))
    P, Y, *rest = make_descent(rng, 5, 4, 2)
    yield Case("Fortran order", (np.asfortranarray(P), np.asfortranarray(Y), *rest))
    P, _, *rest = make_descent(rng, 5, 1, 1)
    yield Case("a map of three dimensions", (P, rng.standard_normal((5, 3)), *rest))


def _small_gains() -> Descent:
    """Return a descent in which nothing moves for 25 iterations, so that gains become small, and then something does.

    P sums to 1/4, and 4 P is exactly Q: the gradient is exactly 0 until the exaggeration ends.
    """
    return np.float64([[0, 0.125], [0.125, 0]]), np.float64([[0, 0], [2, 0]]), 30, 25, 4.0, 2.0


def _centered(call: Call, rng: np.random.Generator) -> str | None:
    mean = np.asarray(call(*make_descent(rng, 5, 4, 2))[0]).mean(0)
    return None if np.abs(mean).max() < 1e-5 else f"the mean of the map is {mean}"


def _falls(call: Call, rng: np.random.Generator) -> str | None:
    P, Y, *_ = make_descent(rng, 6, 6, 0, rate=0.2)
    kl = np.asarray(call(P, Y, 6, 0, 4.0, 0.2)[1])
    return None if (np.diff(kl) < 0).all() else f"with small steps the divergence should fall; it was {np.round(kl, 4)}"


def _goes_on(call: Call, rng: np.random.Generator) -> str | None:
    P, Y, *_ = make_descent(rng, 5, 6, 2)
    shorter, longer = np.asarray(call(P, Y, 4, 2, 4.0, 2.0)[1]), np.asarray(call(P, Y, 6, 2, 4.0, 2.0)[1])
    return (
        None if np.allclose(shorter, longer[:4], rtol=1e-4) else "a longer descent begins otherwise than a shorter one"
    )


EXERCISE = Exercise(
    id="embed",
    function="embed",
    signature=(
        "embed(P (N, N), Y (N, 2), iterations, exaggerated, exaggeration=12.0, learning_rate=50.0) -> Y (N, 2), kl "
        "(iterations,)"
    ),
    title="The descent",
    task=(
        "Start at Y, with velocities 0 and gains 1. In iteration t = 0, 1, ...: take Q of Y, and kl[t] from the true "
        "P; take the gradient with P times the exaggeration if t < exaggerated, else with P; where gradient times "
        "velocity is negative add 0.2 to the gain, elsewhere multiply it by 0.8, and let none fall below 0.01; the "
        "velocity becomes momentum times velocity minus learning_rate times gain times gradient, with momentum 0.5 if "
        "t < exaggerated, else 0.8; add the velocity to Y; subtract the mean of all points from Y."
    ),
    points=2,
    minutes=15,
    reference=embed,
    worked=(
        Case(
            "two points, 1 iteration: P and Q are the same, so nothing moves, and the mean goes to the origin",
            (np.float64([[0, 0.5], [0.5, 0]]), np.float64([[1, 1], [3, 2]]), 1, 0, 4.0, 2.0),
            (np.float64([[-1, -0.5], [1, 0.5]]), np.float64([0.0])),
        ),
        Case(
            "two points, 1 exaggerated iteration (factor 3): the gradient is 4 * (1.5 - 0.5) * (-2, 0) / 5 and its "
            "opposite",
            (np.float64([[0, 0.5], [0.5, 0]]), np.float64([[0, 0], [2, 0]]), 1, 1, 3.0, 0.5),
            (np.float64([[-0.36, 0], [0.36, 0]]), np.float64([0.0])),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("centered", "the mean of the map is at the origin", _centered),
        Invariant("falls", "with small steps and no exaggeration the divergence falls", _falls),
        Invariant("goes-on", "the first iterations do not depend on how many follow", _goes_on),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Do the second worked case on paper, with gain 0.8: the velocity is 0 in the first iteration, so its product "
        "with the gradient is not negative.",
        "np.where(slope * velocity < 0, gains + 0.2, gains * 0.8), and np.maximum(..., 0.01).",
        "If everything here looks right: do q_and_kl and gradient pass all of their checks? The gradient gets factor "
        "* P, the divergence P.",
    ),
    tolerance=Tolerance(1e-3, 1e-5),
    read="van der Maaten and Hinton 2008, section 3.4",
)
