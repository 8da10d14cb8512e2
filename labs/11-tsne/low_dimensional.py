"""Exercise ``q_and_kl``: the similarities in the map, and how far they are from those of the data.

- ``EXERCISE``  the declaration

Source: van der Maaten and Hinton 2008, eq. 4 (q_ij) and eq. 2 (the divergence, over joint probabilities).
"""

from collections.abc import Callable, Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .points import make_joint, make_map
from .reference import q_and_kl, sq_distances

Answer = tuple[np.ndarray, float]
"""Q, and the divergence."""


def _divergence(P: np.ndarray, Q: np.ndarray) -> float:
    used = P > 0
    with np.errstate(all="ignore"):
        return float((P[used] * np.log(P[used] / Q[used])).sum())


def _of(weights: np.ndarray, P: np.ndarray) -> Answer:
    np.fill_diagonal(weights, 0)
    Q = weights / weights.sum()
    return Q, _divergence(P, Q)


def _per_row(P: np.ndarray, Y: np.ndarray) -> Answer:
    weights = 1 / (1 + sq_distances(Y))
    np.fill_diagonal(weights, 0)
    Q = weights / weights.sum(1, keepdims=True)
    return Q, _divergence(P, Q)


def _gaussian(P: np.ndarray, Y: np.ndarray) -> Answer:
    return _of(np.exp(-sq_distances(Y)), P)


def _gaussian_half(P: np.ndarray, Y: np.ndarray) -> Answer:
    return _of(np.exp(-sq_distances(Y) / 2), P)


def _itself(P: np.ndarray, Y: np.ndarray) -> Answer:
    weights = 1 / (1 + sq_distances(Y))
    Q = weights / weights.sum()
    return Q, _divergence(P, Q)


def _itself_zeroed(P: np.ndarray, Y: np.ndarray) -> Answer:
    Q, divergence = _itself(P, Y)
    np.fill_diagonal(Q, 0)
    return Q, divergence


def _rooted(P: np.ndarray, Y: np.ndarray) -> Answer:
    return _of(1 / (1 + np.sqrt(sq_distances(Y))), P)


def _root_of_kernel(P: np.ndarray, Y: np.ndarray) -> Answer:
    return _of((1 + sq_distances(Y)) ** -0.5, P)


def _squared_kernel(P: np.ndarray, Y: np.ndarray) -> Answer:
    return _of((1 + sq_distances(Y)) ** -2, P)


def _without_one(P: np.ndarray, Y: np.ndarray) -> Answer:
    D = sq_distances(Y)
    return _of(1 / np.where(D > 0, D, 1), P)


def _weights(P: np.ndarray, Y: np.ndarray) -> Answer:
    weights = 1 / (1 + sq_distances(Y))
    np.fill_diagonal(weights, 0)
    return weights, _divergence(P, weights / weights.sum())


def _weights_throughout(P: np.ndarray, Y: np.ndarray) -> Answer:
    weights = 1 / (1 + sq_distances(Y))
    np.fill_diagonal(weights, 0)
    return weights, _divergence(P, weights)


def _pairs_once(P: np.ndarray, Y: np.ndarray) -> Answer:
    Q, divergence = q_and_kl(P, Y)
    return 2 * Q, divergence - float(np.log(2)) * float(P.sum())


Change = Callable[[np.ndarray, np.ndarray], float]


def _other_number(number: Change) -> Callable[[np.ndarray, np.ndarray], Answer]:
    """Return a function with the right Q, and another number in place of the divergence."""

    def wrong(P: np.ndarray, Y: np.ndarray) -> Answer:
        Q, _ = q_and_kl(P, Y)
        with np.errstate(all="ignore"):
            return Q, float(number(P, Q))

    return wrong


def _exchanged(P: np.ndarray, Q: np.ndarray) -> float:
    used = (P > 0) & (Q > 0)
    return float((Q[used] * np.log(Q[used] / P[used])).sum())


def _cross_entropy(P: np.ndarray, Q: np.ndarray) -> float:
    used = P > 0
    return float(-(P[used] * np.log(Q[used])).sum())


def _unweighted(P: np.ndarray, Q: np.ndarray) -> float:
    used = P > 0
    return float(np.log(P[used] / Q[used]).sum())


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for n, empty in ((4, 0), (6, 2), (9, 3)):
        name = f"{n} points" + (f", {2 * empty} of the p_ij are 0" if empty else "")
        yield Case(name, (make_joint(rng, n, empty=empty), make_map(rng, n)))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two points: P and Q are the same", (np.float64([[0, 0.5], [0.5, 0]]), make_map(rng, 2)))
    yield Case("all points of the map at one place", (make_joint(rng, 5), np.zeros((5, 2))))
    yield Case("a map of a tiny extent", (make_joint(rng, 5), make_map(rng, 5, spread=1e-4)))
    yield Case("a wide map", (make_joint(rng, 5), make_map(rng, 5, spread=100.0)))
    yield Case("a map of three dimensions", (make_joint(rng, 5), rng.standard_normal((5, 3))))
    yield Case("Fortran order", (make_joint(rng, 6), np.asfortranarray(make_map(rng, 6))))


def _sums(call: Call, rng: np.random.Generator) -> str | None:
    Q = np.asarray(call(make_joint(rng, 8), make_map(rng, 8))[0])
    if (np.diag(Q) != 0).any():
        return "a q_ii is not 0"
    return None if abs(Q.sum() - 1) < 1e-4 else f"all numbers of Q together sum to {Q.sum():.4g}"


def _nothing_to_gain(call: Call, rng: np.random.Generator) -> str | None:
    Y = make_map(rng, 7)
    Q, _ = q_and_kl(make_joint(rng, 7), Y)
    least = float(call(Q, Y)[1])
    return None if abs(least) < 1e-5 else f"for P = Q the divergence came as {least:.4g}; it should be 0"


def _never_negative(call: Call, rng: np.random.Generator) -> str | None:
    least = min(float(call(make_joint(rng, 6), make_map(rng, 6))[1]) for _ in range(4))
    return None if least > 0 else f"a divergence came as {least:.4g}"


def _turned(call: Call, rng: np.random.Generator) -> str | None:
    P, Y = make_joint(rng, 7), make_map(rng, 7)
    (Q, kl), (R, same) = call(P, Y), call(P, np.stack([3 - Y[:, 1], Y[:, 0]], axis=1))
    return (
        None
        if np.allclose(Q, R, rtol=1e-4) and abs(kl - same) < 1e-4
        else "the map was turned and moved, and Q changed"
    )


EXERCISE = Exercise(
    id="q-and-kl",
    function="q_and_kl",
    signature="q_and_kl(P (N, N), Y (N, 2)) -> Q (N, N), KL",
    title="The map's similarities and the divergence",
    task=(
        "q_ij is proportional to 1 / (1 + |y_i - y_j|^2); q_ii is 0, and all of Q together sums to 1. The divergence "
        "is the sum over all i, j of p_ij log(p_ij / q_ij), natural logarithm; where p_ij is 0 it contributes 0."
    ),
    points=1,
    minutes=8,
    reference=q_and_kl,
    worked=(
        Case(
            "a map with the points (0, 0), (1, 0) and (3, 0); all p_ij are 1/6",
            ((1 - np.eye(3)) / 6, np.float64([[0, 0], [1, 0], [3, 0]])),
            (
                np.float64([[0, 5, 1], [5, 0, 2], [1, 2, 0]]) / 16,
                float(np.log(16 / 30) + np.log(16 / 6) + np.log(16 / 12)) / 3,
            ),
        ),
        Case(
            "the same map; the first and the last point have p_ij = 0",
            (np.float64([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4, np.float64([[0, 0], [1, 0], [3, 0]])),
            (np.float64([[0, 5, 1], [5, 0, 2], [1, 2, 0]]) / 16, float(np.log(16 / 20) + np.log(16 / 8)) / 2),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("sums", "all of Q sums to 1, its diagonal is 0", _sums),
        Invariant("nothing-to-gain", "the divergence of P from itself is 0", _nothing_to_gain),
        Invariant("never-negative", "a divergence is not negative", _never_negative),
        Invariant("turned", "turning and moving the map changes nothing", _turned),
    ),
    misconceptions=(
        Misconception(
            "normalized-per-row",
            _per_row,
            "Each of your rows sums to 1. Q is joint: there is one sum, over all pairs, for all of them.",
            "van der Maaten and Hinton 2008, eq. 4",
        ),
        Misconception(
            "gaussian-in-the-map",
            _gaussian,
            "You use a Gaussian in the map: that is SNE, without the t. The t stands for Student's t, with the kernel "
            "1 / (1 + d^2), whose tail is heavy.",
            "van der Maaten and Hinton 2008, section 3.3",
            also=(_gaussian_half,),
        ),
        Misconception(
            "q-ii-not-zero",
            _itself,
            "The pairs (i, i) take part in your sum, each with weight 1. q_ii is 0: take them out before you divide.",
            "van der Maaten and Hinton 2008, eq. 4: k is not l",
            also=(_itself_zeroed,),
        ),
        Misconception(
            "distance-not-squared",
            _rooted,
            "In the map, too, the distance is squared: 1 / (1 + d^2).",
            "van der Maaten and Hinton 2008, eq. 4",
        ),
        Misconception(
            "other-exponent",
            _root_of_kernel,
            "The exponent of 1 + d^2 is -1: with one degree of freedom, Student's t is 1 / (1 + d^2).",
            "van der Maaten and Hinton 2008, eq. 4",
            also=(_squared_kernel,),
        ),
        Misconception(
            "one-forgotten",
            _without_one,
            "The kernel is 1 / (1 + d^2), not 1 / d^2: without the 1, points that touch would have infinite weight.",
            "van der Maaten and Hinton 2008, eq. 4",
        ),
        Misconception(
            "q-not-normalized",
            _weights,
            "You return the weights 1 / (1 + d^2). Divide them by the sum over all pairs.",
            "van der Maaten and Hinton 2008, eq. 4",
            also=(_weights_throughout,),
        ),
        Misconception(
            "q-sums-to-two",
            _pairs_once,
            "Your Q sums to 2: each pair stands in the matrix twice, and both count in the sum that you divide by.",
            "van der Maaten and Hinton 2008, eq. 4",
        ),
        Misconception(
            "p-and-q-exchanged",
            _other_number(_exchanged),
            "This is KL(Q || P). t-SNE uses KL(P || Q): it is expensive to draw neighbors far apart, and cheap to draw "
            "strangers near each other. The other way round it would be the opposite.",
            "van der Maaten and Hinton 2008, eq. 2",
        ),
        Misconception(
            "cross-entropy",
            _other_number(_cross_entropy),
            "You left out the part with log p: this is the cross-entropy. It has the same minimum, but is not 0 there.",
            "notebook, section 5",
        ),
        Misconception(
            "not-weighted-by-p",
            _other_number(_unweighted),
            "You sum log(p / q) without the factor p before it: every pair counts alike.",
            "van der Maaten and Hinton 2008, eq. 2",
        ),
        Misconception(
            "divergence-in-bits",
            _other_number(lambda P, Q: _divergence(P, Q) / float(np.log(2))),
            "Your logarithm is log2. Here divergences are in nats: the natural logarithm.",
            "notebook, section 5",
        ),
        Misconception(
            "opposite-sign",
            _other_number(lambda P, Q: -_divergence(P, Q)),
            "Your divergence has the opposite sign: it is p log(p / q), or p (log p - log q).",
            "van der Maaten and Hinton 2008, eq. 2",
        ),
        Misconception(
            "each-pair-once",
            _other_number(lambda P, Q: _divergence(P, Q) / 2),
            "You count each pair once. The sum runs over all i and all j, so (i, j) and (j, i) both count.",
            "van der Maaten and Hinton 2008, eq. 2",
        ),
        Misconception(
            "mean-for-sum",
            _other_number(lambda P, Q: _divergence(P, Q) / P.size),
            "You take the mean over the matrix. The divergence is the sum.",
            "van der Maaten and Hinton 2008, eq. 2",
        ),
        Misconception(
            "zero-log-zero",
            _other_number(lambda P, Q: float("nan")),
            "0 * log 0 is NaN for the computer, and the diagonal of P is 0. Sum only where P > 0.",
            "notebook, section 5, the remark on zeros",
        ),
    ),
    hints=(
        "Weights w = 1 / (1 + D) with the squared distances D of the map; np.fill_diagonal(w, 0); Q = w / w.sum().",
        "used = P > 0 is a mask: P[used] and Q[used] hold the pairs that count.",
        "If Q is off in the first worked case, print your squared distances of its three points: 1, 9 and 4.",
    ),
    read="van der Maaten and Hinton 2008, eq. 2 and 4",
)
