"""Exercise ``conditional_p``: who is a neighbor of one point?

- ``EXERCISE``  the declaration

Source: van der Maaten and Hinton 2008, eq. 1.
"""

from collections.abc import Callable, Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import conditional_p

Answer = tuple[np.ndarray, float]
"""The probabilities, and their entropy."""


def _entropy(p: np.ndarray) -> float:
    used = p[p > 0]
    return float(-(used * np.log(used)).sum())


def _of(weights: np.ndarray) -> Answer:
    p = weights / weights.sum()
    return p, _entropy(p)


def _as_sigma(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i, 1 / (2 * beta**2))


def _as_twice_variance(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i, 1 / beta)


def _as_variance(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i, 1 / (2 * beta))


def _halved(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i, beta / 2)


def _doubled(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i, 2 * beta)


def _squared_beta(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i, beta**2)


def _rooted(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(np.sqrt(D_i), beta)


def _squared_again(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(D_i**2, beta)


def _positive_exponent(D_i: np.ndarray, beta: float) -> Answer:
    return conditional_p(-D_i, beta)


def _student(D_i: np.ndarray, beta: float) -> Answer:
    return _of(1 / (1 + beta * D_i))


def _itself(D_i: np.ndarray, beta: float) -> Answer:
    p = np.exp(-beta * D_i) / (1 + np.exp(-beta * D_i).sum())
    return p, _entropy(p)


def _not_normalized(D_i: np.ndarray, beta: float) -> Answer:
    return np.exp(-beta * D_i), conditional_p(D_i, beta)[1]


def _not_normalized_in_h(D_i: np.ndarray, beta: float) -> Answer:
    weights = np.exp(-beta * D_i)
    return weights / weights.sum(), float(-(weights[weights > 0] * np.log(weights[weights > 0])).sum())


def _by_the_largest(D_i: np.ndarray, beta: float) -> Answer:
    p = np.exp(-beta * (D_i - D_i.min()))
    return p, _entropy(p)


def _changed_h(change: Callable[[np.ndarray, float], float]) -> Callable[[np.ndarray, float], Answer]:
    """Return a function with the right p, and another number in place of the entropy."""

    def wrong(D_i: np.ndarray, beta: float) -> Answer:
        p, H = conditional_p(D_i, beta)
        return p, change(p, H)

    return wrong


def _naive(D_i: np.ndarray, beta: float) -> Answer:
    with np.errstate(all="ignore"):
        weights = np.exp(-beta * D_i)
        p = weights / weights.sum()
        return p, float(-(p * np.log(p)).sum())


def _unshifted(D_i: np.ndarray, beta: float) -> Answer:
    with np.errstate(all="ignore"):
        weights = np.exp(-beta * D_i)
        p = weights / weights.sum()
        return p, float(np.log(weights.sum()) + beta * (p * D_i).sum())


def _unshifted_used(D_i: np.ndarray, beta: float) -> Answer:
    with np.errstate(all="ignore"):
        weights = np.exp(-beta * D_i)
        p = weights / weights.sum()
        return p, _entropy(p)


def _unshifted_guarded(D_i: np.ndarray, beta: float) -> Answer:
    weights = np.exp(-beta * D_i)
    total = max(float(weights.sum()), 1e-12)
    return weights / total, float(np.log(total) + beta * (D_i * weights).sum() / total)


def _zero_log_zero(D_i: np.ndarray, beta: float) -> Answer:
    p, _ = conditional_p(D_i, beta)
    with np.errstate(all="ignore"):
        return p, float(-(p * np.log(p)).sum())


def _row(rng: np.random.Generator, n: int) -> tuple[np.ndarray, float]:
    """Return squared distances to n points, and a beta for which several of them count; neither is special."""
    D_i = rng.uniform(1.1, 3.0) * rng.gamma(2.0, 1.0, n) + 0.3
    return D_i, float(rng.choice([rng.uniform(0.15, 0.4), rng.uniform(1.2, 1.9)]))


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for n in (4, 7, 12):
        yield Case(f"{n} other points", _row(rng, n))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("a single other point", (np.float64([rng.uniform(0.5, 3)]), 0.7))
    yield Case("all at the same distance", (np.full(6, rng.uniform(0.5, 3)), 0.7))
    yield Case("a duplicate: distance 0", (np.append(_row(rng, 5)[0], 0.0), 0.9))
    yield Case("beta 0: every point counts alike", (_row(rng, 5)[0], 0.0))
    yield Case("float32", (_row(rng, 6)[0].astype(np.float32), 0.6))
    yield Case("every second number of a longer row", (_row(rng, 12)[0][::2], 0.6))
    far = 3000 + rng.uniform(0, 3, 5)
    yield Case("all so far away that exp(-beta D) is 0 for the computer", (far, 1.0))
    yield Case(
        "one so far away that its probability is 0", (np.float64([1, 2, 1.5, 5000]) * rng.uniform(0.9, 1.1), 1.0)
    )


def _sums(call: Call, rng: np.random.Generator) -> str | None:
    total = float(np.sum(call(*_row(rng, 9))[0]))
    return None if abs(total - 1) < 1e-4 else f"the probabilities sum to {total:.4g}"


def _bounds(call: Call, rng: np.random.Generator) -> str | None:
    D_i, _ = _row(rng, 9)
    near, far = float(call(D_i, 3.0)[1]), float(call(D_i, 1e-6)[1])
    inside = -1e-4 <= near < far and abs(far - np.log(9)) < 1e-3
    return (
        None
        if inside
        else f"H is {near:.4g} for beta = 3 and {far:.4g} for beta near 0, where it should be log 9 = 2.197"
    )


def _order(call: Call, rng: np.random.Generator) -> str | None:
    D_i, beta = _row(rng, 8)
    order = rng.permutation(8)
    (p, H), (q, G) = call(D_i, beta), call(D_i[order], beta)
    same = np.allclose(p[order], q, rtol=1e-4) and abs(H - G) < 1e-4
    return None if same else "with the points in another order, other probabilities came"


EXERCISE = Exercise(
    id="conditional-p",
    function="conditional_p",
    signature="conditional_p(D_i (M,), beta) -> p (M,), H",
    title="Probabilities of the neighbors of one point",
    task=(
        "D_i holds the squared distances of point i to the M other points; point i itself is not among them. Return "
        "the probabilities p, proportional to exp(-beta * D_i), sum 1, and their entropy H in nats. No NaN may come, "
        "however far the points are."
    ),
    points=2,
    minutes=10,
    reference=conditional_p,
    worked=(
        Case(
            "distances 1, 1, 2 and beta = log 2: weights 1/2, 1/2, 1/4",
            (np.float64([1, 1, 2]), float(np.log(2))),
            (np.float64([0.4, 0.4, 0.2]), float(-0.8 * np.log(0.4) - 0.2 * np.log(0.2))),
        ),
        Case(
            "distances 0, 1, 2 and beta = log 3: weights 1, 1/3, 1/9",
            (np.float64([0, 1, 2]), float(np.log(3))),
            (np.float64([9, 3, 1]) / 13, float(np.log(13) - (9 * np.log(9) + 3 * np.log(3)) / 13)),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("sums", "the probabilities sum to 1", _sums),
        Invariant("bounds", "H is log M where all points count alike, and near 0 where only one does", _bounds),
        Invariant("order", "the order of the points does not matter", _order),
    ),
    misconceptions=(
        Misconception(
            "beta-as-sigma",
            _as_sigma,
            "You use beta as if it were sigma, the width. Here beta = 1 / (2 sigma^2): a large beta means a narrow "
            "neighborhood.",
            "van der Maaten and Hinton 2008, eq. 1",
        ),
        Misconception(
            "beta-as-variance",
            _as_variance,
            "You divide by beta, as if it were the variance. It is a factor: exp(-beta D). A large beta means a narrow "
            "neighborhood.",
            "van der Maaten and Hinton 2008, eq. 1",
            also=(_as_twice_variance,),
        ),
        Misconception(
            "factor-two",
            _halved,
            "There is a factor of 2 in your exponent. The 2 of 2 sigma^2 is inside beta already.",
            "van der Maaten and Hinton 2008, eq. 1",
            also=(_doubled,),
        ),
        Misconception(
            "beta-squared",
            _squared_beta,
            "You square beta. It stands in the exponent as it is.",
            "notebook, section 2",
        ),
        Misconception(
            "distances-not-squared",
            _rooted,
            "You take the square root of D_i. A Gaussian has the squared distance in its exponent.",
            "van der Maaten and Hinton 2008, eq. 1",
        ),
        Misconception(
            "squared-again",
            _squared_again,
            "You square D_i, which holds squared distances already.",
            "notebook, section 2",
        ),
        Misconception(
            "positive-exponent",
            _positive_exponent,
            "With you the farthest points are the most probable: the exponent has to be negative.",
            "notebook, section 2",
        ),
        Misconception(
            "heavy-tails-in-the-data",
            _student,
            "You use the heavy-tailed kernel 1 / (1 + d^2) among the data. It belongs to the map; the data get a "
            "Gaussian.",
            "van der Maaten and Hinton 2008, eq. 1 and 4",
        ),
        Misconception(
            "counts-itself",
            _itself,
            "Your sum has an extra 1: the weight exp(0) of point i itself. p_ii is 0, so it may not take part in the "
            "sum.",
            "van der Maaten and Hinton 2008, eq. 1: k is not i",
        ),
        Misconception(
            "not-normalized",
            _not_normalized,
            "Your p are weights: divide them by their sum.",
            "van der Maaten and Hinton 2008, eq. 1",
        ),
        Misconception(
            "entropy-of-weights",
            _not_normalized_in_h,
            "Your p are right, but the entropy is computed from the weights before they were divided by their sum.",
            "notebook, section 2",
        ),
        Misconception(
            "divided-by-the-largest",
            _by_the_largest,
            "You divide by the largest weight. Probabilities are divided by the sum of the weights.",
            "notebook, section 2",
        ),
        Misconception(
            "entropy-in-bits",
            _changed_h(lambda _, H: H / float(np.log(2))),
            "Your entropy is in bits (log2). Asked are nats: the natural logarithm. Both are right if used throughout: "
            "2^(H in bits) = e^(H in nats).",
            "notebook, section 2",
        ),
        Misconception(
            "entropy-negative",
            _changed_h(lambda _, H: -H),
            "An entropy is never negative: logarithms of probabilities are, and the formula begins with a minus.",
            "notebook, section 2",
        ),
        Misconception(
            "perplexity-for-entropy",
            _changed_h(lambda _, H: float(np.exp(H))),
            "You return the perplexity, exp(H). Asked is H itself.",
            "notebook, section 2",
        ),
        Misconception(
            "mean-for-sum",
            _changed_h(lambda p, H: H / len(p)),
            "You take the mean of -p log p. The entropy is the sum.",
            "notebook, section 2",
        ),
        Misconception(
            "all-weights-vanish",
            _unshifted,
            "Where all points are far away, every exp(-beta D) is 0 for the computer, and 0 / 0 is no number. A common "
            "factor cancels in the quotient: you may subtract the same number from all of D_i before you take exp.",
            "notebook, section 2, the remark on rounding",
            also=(_naive, _unshifted_used, _unshifted_guarded),
        ),
        Misconception(
            "zero-log-zero",
            _zero_log_zero,
            "A probability of 0 gives 0 * log 0, which is NaN for the computer. Its share of the entropy is 0.",
            "notebook, section 2, the remark on rounding",
        ),
    ),
    hints=(
        "Weights first: w = exp(-beta * D_i). Then p = w / sum(w), then H = -sum(p * log(p)).",
        "D_i - D_i.min() in place of D_i gives the same p, and the largest weight is then exactly 1.",
        "H without any log of a p: insert log p = -beta * D - log(sum w) into the sum. That gives H = log(sum w) + "
        "beta * sum(p * D), with the same D in all places.",
    ),
    read="van der Maaten and Hinton 2008, eq. 1",
)
