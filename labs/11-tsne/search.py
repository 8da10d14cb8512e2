"""Exercise ``search_beta``: the width at which each point has as many neighbors as asked for.

- ``EXERCISE``     the declaration
- ``make_search``  distances and a perplexity whose beta can be told exactly enough

Its wrong implementations are in ``search_mistakes``.

The tolerance: an answer may stop at an entropy that is off by 1e-5. In every case the entropy falls by at least
``STEEPEST`` when log beta grows by 1, so beta is then off by at most 1e-5 / STEEPEST = 1e-4 of its size, and a p by
beta times the spread of the distances times that: less than 1e-3 of its size where p is not tiny.

Source: van der Maaten and Hinton 2008, section 2.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Breach, Call, Case, Exercise, Invariant, Tolerance

from .points import make_points
from .reference import search_beta, sq_distances
from .search_mistakes import MISCONCEPTIONS, search_rows

STEEPEST = 0.1
"""Least change of an entropy with log beta in a case."""

BOUND = 1e10
"""Searches that run away end at some power of two: every beta beyond this counts as this, every one below its inverse
as 0.
"""


def slopes(D: np.ndarray, beta: np.ndarray, P: np.ndarray) -> np.ndarray:
    """Return how fast each entropy falls with log beta: beta^2 times the variance of the squared distance under p."""
    mean = (P * D).sum(1)
    return np.asarray(beta**2 * ((P * D**2).sum(1) - mean**2))


def make_search(
    rng: np.random.Generator, n: int, d: int, perplexity: float, *, scale: float = 1.0, twice: bool = False
) -> tuple[np.ndarray, float]:
    """Return squared distances of n points, and the perplexity; the last point may be the first once more."""
    while True:
        X = make_points(rng, n, d)
        if twice:
            X[-1] = X[0]
        D = sq_distances(X) * scale
        if slopes(D, *search_rows(D, perplexity)).min() > STEEPEST:
            return D, perplexity


def _bounded(value: object) -> object:
    """Cut betas that ran away; leave alone what is no pair of arrays."""
    if (
        not isinstance(value, tuple | list)
        or len(value) != 2
        or not all(isinstance(part, np.ndarray) for part in value)
    ):
        return value
    beta, P = value
    if beta.dtype.kind not in "fiu" or not np.isfinite(beta).all():
        return value
    return np.where(beta > BOUND, BOUND, np.where(beta < 1 / BOUND, 0.0, beta)), P


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for n, d, perplexity, scale in ((5, 3, 2.5, 1.0), (7, 2, 3.5, 0.04), (8, 5, 4.5, 3.0)):
        name = f"{n} points, perplexity {perplexity:g}"
        yield Case(name, make_search(rng, n, d, perplexity, scale=scale))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three points, perplexity 1.5", make_search(rng, 3, 2, 1.5))
    yield Case("large distances: beta far below 1", make_search(rng, 6, 3, 3.0, scale=1e4))
    yield Case("small distances: beta far above 1", make_search(rng, 6, 3, 3.0, scale=1e-5))
    yield Case("a perplexity near the number of the others", make_search(rng, 6, 2, 4.4))
    yield Case("Fortran order", (np.asfortranarray(make_search(rng, 5, 3, 3.0)[0]), 3.0))
    yield Case("two points are the same", make_search(rng, 6, 3, 3.0, twice=True))


def _perplexities(P: np.ndarray) -> np.ndarray:
    return np.exp(-(P * np.log(np.where(P > 0, P, 1))).sum(1))


def _has_the_perplexity(call: Call, rng: np.random.Generator) -> str | Breach | None:
    _, P = call(sq_distances(make_points(rng, 8, 4)), 5.0)
    if (np.diag(P) != 0).any():
        return Breach("P[i, i] is not 0", "p-ii-not-zero")
    if not np.allclose(P.sum(1), 1, atol=1e-4):
        return f"the rows of P sum to {P.sum(1).min():.4g} ... {P.sum(1).max():.4g}"
    found = _perplexities(P)
    right = np.allclose(found, 5.0, rtol=1e-3)
    return None if right else f"the rows of P have perplexities from {found.min():.4g} to {found.max():.4g}, expected 5"


def _scaled(call: Call, rng: np.random.Generator) -> str | None:
    D, _ = make_search(rng, 6, 3, 3.0)
    (beta, P), (smaller, same) = call(D, 3.0), call(5 * D, 3.0)
    right = np.allclose(beta / 5, smaller, rtol=2e-3) and np.allclose(P, same, rtol=5e-3, atol=1e-5)
    return None if right else "with all squared distances times 5, beta should be a fifth and P the same"


EXERCISE = Exercise(
    id="search-beta",
    function="search_beta",
    signature="search_beta(D (N, N), perplexity) -> beta (N,), P (N, N)",
    title="The right width for every point",
    task=(
        "For each point i find the beta at which the probabilities of the other points have the entropy "
        "log(perplexity), to within 1e-5. Return all beta, and P with p_j|i in row i; P[i, i] is 0."
    ),
    points=3,
    minutes=20,
    reference=search_beta,
    worked=(
        Case(
            "3 points at 0, 1 and 3 on a line, perplexity 1.8",
            (np.float64([[0, 1, 9], [1, 0, 4], [9, 4, 0]]), 1.8),
            # Two others: p and 1 - p have the entropy log 1.8 at p = 0.7253938; log(p / (1 - p)) = 0.9713765 is beta
            # times the difference of the squared distances: 8, 3 and 5.
            (
                np.float64([0.9713765 / 8, 0.9713765 / 3, 0.9713765 / 5]),
                np.float64([[0, 0.7253938, 0.2746062], [0.7253938, 0, 0.2746062], [0.2746062, 0.7253938, 0]]),
            ),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("perplexity", "every row of P has the perplexity, without the point itself", _has_the_perplexity),
        Invariant("scaled", "larger distances give smaller beta and the same P", _scaled),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Does the entropy rise or fall when beta grows? So which end of the bracket moves if H is too large?",
        "Keep low and high around the answer. As long as high is infinite, double beta; afterwards take the middle of "
        "low and high.",
        "D[i, others] leaves out the point itself. After about 50 halvings the bracket is as narrow as numbers allow. "
        "If the search is right and the numbers are not: does your conditional_p pass all of its checks?",
    ),
    tolerance=Tolerance(2e-3, 1e-5),
    canonical=_bounded,
    read="van der Maaten and Hinton 2008, section 2",
)
