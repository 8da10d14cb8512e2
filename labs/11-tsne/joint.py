"""Exercise ``joint_p``: one similarity for each pair of points.

- ``EXERCISE``  the declaration

Source: van der Maaten and Hinton 2008, section 3.1: p_ij = (p_j|i + p_i|j) / 2n.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .points import make_conditional
from .reference import joint_p


def _not_symmetric(conditional: np.ndarray) -> np.ndarray:
    return conditional / len(conditional)


def _as_it_is(conditional: np.ndarray) -> np.ndarray:
    return conditional.copy()


def _sum_two(conditional: np.ndarray) -> np.ndarray:
    return (conditional + conditional.T) / len(conditional)


def _sum_n(conditional: np.ndarray) -> np.ndarray:
    return (conditional + conditional.T) / 2


def _sum_two_n(conditional: np.ndarray) -> np.ndarray:
    return conditional + conditional.T


def _product(conditional: np.ndarray) -> np.ndarray:
    both = conditional * conditional.T
    return both / both.sum()


def _per_row(conditional: np.ndarray) -> np.ndarray:
    both = conditional + conditional.T
    return both / both.sum(1, keepdims=True)


def _largest(conditional: np.ndarray) -> np.ndarray:
    both = np.maximum(conditional, conditional.T)
    return both / both.sum()


def _by_pairs(conditional: np.ndarray) -> np.ndarray:
    return (conditional + conditional.T) / (2 * len(conditional) ** 2)


def _one_fewer(conditional: np.ndarray) -> np.ndarray:
    return (conditional + conditional.T) / (2 * (len(conditional) - 1))


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for n in (4, 6, 9):
        yield Case(f"{n} points", (make_conditional(rng, n),))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two points", (np.float64([[0, 1], [1, 0]]),))
    yield Case("float32", (make_conditional(rng, 5).astype(np.float32),))
    yield Case("Fortran order", (np.asfortranarray(make_conditional(rng, 5)),))
    wide = np.repeat(make_conditional(rng, 5), 2, axis=1)
    yield Case("every second column of a wider array", (wide[:, ::2],))


def _sums(call: Call, rng: np.random.Generator) -> str | None:
    P = np.asarray(call(make_conditional(rng, 8)))
    return None if abs(P.sum() - 1) < 1e-4 else f"all numbers of P together sum to {P.sum():.4g}"


def _symmetric(call: Call, rng: np.random.Generator) -> str | None:
    P = np.asarray(call(make_conditional(rng, 8)))
    return None if np.allclose(P, P.T, rtol=1e-4) else "p_ij and p_ji differ"


def _nobody_lost(call: Call, rng: np.random.Generator) -> str | None:
    least = np.asarray(call(make_conditional(rng, 8))).sum(1).min()
    return None if least > 1 / 16 - 1e-6 else f"a row sums to {least:.3g}, which is less than 1 / 2N"


EXERCISE = Exercise(
    id="joint-p",
    function="joint_p",
    signature="joint_p(conditional (N, N)) -> P (N, N)",
    title="Joint probabilities",
    task=(
        "Row i of the argument holds the p_j|i; each row sums to 1. Return p_ij = (p_j|i + p_i|j) / 2N: symmetric, "
        "and all numbers of the matrix together sum to 1."
    ),
    points=1,
    minutes=3,
    reference=joint_p,
    worked=(
        Case(
            "3 points",
            (np.float64([[0, 0.5, 0.5], [0.9, 0, 0.1], [0.3, 0.7, 0]]),),
            np.float64([[0, 1.4, 0.8], [1.4, 0, 0.8], [0.8, 0.8, 0]]) / 6,
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("sums", "all joint probabilities together sum to 1", _sums),
        Invariant("symmetric", "p_ij = p_ji", _symmetric),
        Invariant("nobody-lost", "each point has a share of at least 1 / 2N", _nobody_lost),
    ),
    misconceptions=(
        Misconception(
            "not-symmetrized",
            _not_symmetric,
            "Your P sums to 1 but is not symmetric: p_j|i and p_i|j are not the same. Take the mean of both.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "still-conditional",
            _as_it_is,
            "These are the conditional probabilities as they came.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "n-for-2n",
            _sum_two,
            "Your P sums to 2: each pair contributes twice, as p_j|i and as p_i|j. Divide by 2N, not by N.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "not-divided-by-n",
            _sum_n,
            "Your P sums to N: there are N rows, each of which sums to 1.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "not-divided",
            _sum_two_n,
            "Your P sums to 2N. Joint probabilities of all pairs sum to 1.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "product",
            _product,
            "You multiply p_j|i and p_i|j. A pair of which only one takes the other for a neighbor would be lost; add "
            "them.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "normalized-per-row",
            _per_row,
            "You make each row sum to 1 again, so P is neither symmetric nor joint. All of the matrix sums to 1.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "larger-of-both",
            _largest,
            "You take the larger of p_j|i and p_i|j. t-SNE takes their mean.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "divided-by-n-squared",
            _by_pairs,
            "You divide by N^2 as well: your P sums to 1/N. The rows sum to 1, so N rows sum to N.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
        Misconception(
            "n-minus-1",
            _one_fewer,
            "You divide by 2(N - 1). There are N rows that sum to 1, although each has N - 1 neighbors.",
            "van der Maaten and Hinton 2008, section 3.1",
        ),
    ),
    hints=(
        "conditional.T holds p_i|j where conditional holds p_j|i.",
        "What do all numbers of conditional + conditional.T sum to?",
    ),
    read="van der Maaten and Hinton 2008, section 3.1",
)
