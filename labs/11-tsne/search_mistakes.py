"""Known wrong ways to search the width of each point, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``search_beta``
- ``search_rows``     the same search, fast: for drawing cases
"""

from collections.abc import Callable

import numpy as np
from xailab_autograder.exercises import Misconception

Answer = tuple[np.ndarray, np.ndarray]
"""Beta, and the conditional probabilities."""


def _search(
    D: np.ndarray,
    target: float,
    *,
    factor: float = 1.0,
    itself: bool = False,
    reverse: bool = False,
    steps: int = 40,
    highest: float = np.inf,
) -> Answer:
    """Search in all rows at once; the options are ways to go wrong.

    Parameters
    ----------
    D, target
        Squared distances, and the entropy to reach.
    factor
        Of beta in the exponent.
    itself
        Let the point itself take part.
    reverse
        Move the other end of the bracket.
    steps, highest
        How often the bracket changes, and where it ends at first.
    """
    n = len(D)
    D = D + np.diag(np.full(n, 0.0 if itself else np.inf))
    farther = D - D.min(1, keepdims=True)
    finite = np.where(np.isfinite(farther), farther, 0)
    beta, low, high = np.full(n, min(1.0, highest / 2)), np.zeros(n), np.full(n, highest)
    for _ in range(steps):
        with np.errstate(over="ignore"):
            weights = np.exp(-factor * beta[:, None] * farther)
        P = weights / weights.sum(1, keepdims=True)
        H = np.log(weights.sum(1)) + factor * beta * (P * finite).sum(1)
        up = (target < H) != reverse
        low, high = np.where(up, beta, low), np.where(up, high, beta)
        beta = np.where(np.isinf(high), 2 * beta, (low + np.where(np.isinf(high), 0, high)) / 2)
    return beta, P


def search_rows(D: np.ndarray, perplexity: float) -> Answer:
    """Return what is right, found in all rows at once."""
    return _search(D, np.log(perplexity))


def _with_beta(D: np.ndarray, beta: float) -> tuple[np.ndarray, float]:
    """Return the probabilities with one beta for all points, and the mean entropy."""
    far = D + np.diag(np.full(len(D), np.inf))
    weights = np.exp(-beta * (far - far.min(1, keepdims=True)))
    P = weights / weights.sum(1, keepdims=True)
    return P, float(-(P * np.log(np.where(P > 0, P, 1))).sum(1).mean())


def _with_itself(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log(perplexity), itself=True)


def _zeroed_afterwards(D: np.ndarray, perplexity: float) -> Answer:
    beta, P = _with_itself(D, perplexity)
    np.fill_diagonal(P, 0)
    return beta, P


def _normalized_afterwards(D: np.ndarray, perplexity: float) -> Answer:
    beta, P = _zeroed_afterwards(D, perplexity)
    return beta, P / P.sum(1, keepdims=True)


def _bits(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log2(perplexity))


def _bits_inside(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log(perplexity) * np.log(2))


def _ten(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log10(perplexity))


def _no_logarithm(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, perplexity)


def _reversed(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log(perplexity), reverse=True)


def _one_for_all(D: np.ndarray, perplexity: float) -> Answer:
    low, high, beta = 0.0, np.inf, 1.0
    for _ in range(40):
        P, H = _with_beta(D, beta)
        low, high = (beta, high) if np.log(perplexity) < H else (low, beta)
        beta = 2 * beta if np.isinf(high) else (low + high) / 2
    return np.full(len(D), beta), P


def _first_for_all(D: np.ndarray, perplexity: float) -> Answer:
    beta, _ = search_rows(D, perplexity)
    return np.full(len(D), beta[0]), _with_beta(D, beta[0])[0]


def _sigma(D: np.ndarray, perplexity: float) -> Answer:
    beta, P = search_rows(D, perplexity)
    return 1 / np.sqrt(2 * beta), P


def _variance(D: np.ndarray, perplexity: float) -> Answer:
    beta, P = search_rows(D, perplexity)
    return 1 / (2 * beta), P


def _inverse(D: np.ndarray, perplexity: float) -> Answer:
    beta, P = search_rows(D, perplexity)
    return 1 / beta, P


def _columns(D: np.ndarray, perplexity: float) -> Answer:
    beta, P = search_rows(D, perplexity)
    return beta, P.T


def _rooted(D: np.ndarray, perplexity: float) -> Answer:
    return search_rows(np.sqrt(D), perplexity)


def _below_one(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log(perplexity), highest=1.0)


def _hardly_any_steps(steps: int) -> Callable[[np.ndarray, float], Answer]:
    def wrong(D: np.ndarray, perplexity: float) -> Answer:
        return _search(D, np.log(perplexity), steps=steps)

    return wrong


def _factor_two(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log(perplexity), factor=0.5)


def _factor_half(D: np.ndarray, perplexity: float) -> Answer:
    return _search(D, np.log(perplexity), factor=2.0)


MISCONCEPTIONS = (
    Misconception(
        "p-ii-not-zero",
        _with_itself,
        "You pass the whole row D[i], so that the point counts as its own nearest neighbor, at distance 0. p_ii is 0 "
        "by definition, and it has to be left out before the probabilities are normalized, not set to 0 afterwards.",
        "van der Maaten and Hinton 2008, section 2",
        also=(_zeroed_afterwards, _normalized_afterwards),
    ),
    Misconception(
        "bits-and-nats-mixed",
        _bits,
        "Nats and bits are mixed: the entropy in nats has to reach log(perplexity), the natural logarithm (or the "
        "entropy in bits log2). 2^H with H in nats is no perplexity.",
        "notebook, section 3",
        also=(_bits_inside, _ten),
    ),
    Misconception(
        "perplexity-for-its-logarithm",
        _no_logarithm,
        "You compare the entropy with the perplexity itself. An entropy cannot exceed log(N - 1), so the search runs "
        "towards beta = 0. The perplexity is exp(H).",
        "notebook, section 3",
    ),
    Misconception(
        "wrong-direction",
        _reversed,
        "Your search runs away from the answer: it moves the wrong end of the bracket. A larger beta is a narrower "
        "Gaussian, with fewer neighbors, so the entropy falls.",
        "notebook, section 3",
    ),
    Misconception(
        "one-beta-for-all",
        _one_for_all,
        "All points get the same beta. The point of the search is that each gets its own: wide where points are rare, "
        "narrow where they are dense.",
        "van der Maaten and Hinton 2008, section 2",
        also=(_first_for_all,),
    ),
    Misconception(
        "sigma-returned",
        _sigma,
        "Your P is right, but what you return beside it is sigma or the variance. Asked is beta = 1 / (2 sigma^2).",
        "notebook, section 2",
        also=(_variance, _inverse),
    ),
    Misconception(
        "rows-and-columns",
        _columns,
        "Your P is transposed: p_j|i, the probabilities of the neighbors of i, stand in row i, and each row sums to 1.",
        "notebook, section 3",
    ),
    Misconception(
        "distances-not-squared",
        _rooted,
        "You take the square root of D on the way. The Gaussian has the squared distance in its exponent.",
        "notebook, section 2",
    ),
    Misconception(
        "beta-below-one",
        _below_one,
        "Your search ends at beta = 1. Nobody knows the scale of the features: as long as no upper end is known, "
        "double beta.",
        "notebook, section 3",
    ),
    Misconception(
        "stops-too-early",
        _hardly_any_steps(10),
        "The search goes the right way and stops too early. Ten halvings leave an error of a thousandth of the "
        "bracket; go on until the entropy is right to 1e-5.",
        "notebook, section 3",
        also=(_hardly_any_steps(5),),
    ),
    Misconception(
        "factor-two-inside",
        _factor_two,
        "Your P is right and each beta is off by a factor of 2: the exponent inside is -beta D, without a 2. Look at "
        "your conditional_p first.",
        "notebook, section 2",
        also=(_factor_half,),
    ),
)
