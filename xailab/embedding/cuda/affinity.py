"""Conditional and joint probabilities of t-SNE, in torch.

- ``conditional``       p_{j|i} from squared distances, at one perplexity
- ``conditional_mean``  their mean over several perplexities
- ``joint``             the whole matrix of p_ij, from features

For every row, beta = 1/(2 sigma^2) is found with which the entropy of exp(-beta sqdist) is log(perplexity), in nats:
Newton's method on log(beta) for all rows at once, inside a bracket that every third step halves. A row stays as it is
once it is found, so it does not depend on the other rows. Sums run over an axis: deterministic.

Source: van der Maaten and Hinton 2008, section 2; Kobak and Berens 2019 (several perplexities).
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float32, Float64
from torch import Tensor

from xailab.embedding.cuda.checking import check_matrix

_VALUES = 2**26  # of a temporary array: 256 MB of float32
_LOWEST, _HIGHEST = -20.0, 80.0  # of log(beta * mean distance): uniform below, one-hot above
_STEPS = 96  # a third of them halve 100 to 2e-8: more than float32 can tell apart
_LOOK = 8  # steps between two looks whether all rows are found: each waits for the device
_CLOSE = 1e-4  # of the entropy (or of how far it is below the largest)
_SHORT = 1e-3  # in log(beta): so near, the next step of Newton leaves an error of its square
_SETTLED = 1e-7  # in log(beta): where the entropy jumps, the bracket decides


def conditional(
    sqdist: Float32[Tensor, "n k"], perplexity: int | float
) -> tuple[Float32[Tensor, "n k"], Float64[Tensor, " n"]]:
    """Return p_{j|i} over the k columns, and beta = 1/(2 sigma^2) of each row.

    Parameters
    ----------
    sqdist
        Squared distances from each point to k others; finite.
    perplexity
        exp of the entropy in nats, from 1 to k. With k, rows are uniform and beta is 0.

    Returns
    -------
    probabilities
        Rows sum to 1. Where more than ``perplexity`` points share the smallest distance, they share the probability.
    beta
        Per squared unit of distance; finite. Of no meaning where all distances of a row are equal.

    Raises
    ------
    TypeError
        ``sqdist`` is not float32.
    ValueError
        ``sqdist`` is not a matrix or the perplexity out of range.
    """
    check_matrix(sqdist, "sqdist")
    _check_perplexity(perplexity, 1, sqdist.shape[1], "neighbors")
    probabilities = torch.empty(sqdist.shape, device=sqdist.device)
    beta = torch.empty(len(sqdist), dtype=torch.float64, device=sqdist.device)
    step = max(1, _VALUES // sqdist.shape[1])
    for first in range(0, len(sqdist), step):
        rows = slice(first, first + step)
        above = sqdist[rows] - sqdist[rows].amin(1, keepdim=True)
        probabilities[rows], beta[rows] = _calibrate(above, perplexity, itself=0)
    return probabilities, beta


def conditional_mean(sqdist: Float32[Tensor, "n k"], perplexities: Sequence[int | float]) -> Float32[Tensor, "n k"]:
    """Return the mean of ``conditional`` over several perplexities: neighborhoods of several sizes at once.

    Raises
    ------
    TypeError
        ``sqdist`` is not float32.
    ValueError
        ``sqdist`` is not a matrix, no perplexity, or one out of range.
    """
    if not len(perplexities):
        raise ValueError("expected a perplexity or several, got none")
    total = conditional(sqdist, perplexities[0])[0]
    for perplexity in perplexities[1:]:
        total += conditional(sqdist, perplexity)[0]
    return total / len(perplexities)


def joint(
    features: Float32[Tensor, "n d"], perplexity: int | float
) -> tuple[Float32[Tensor, "n n"], Float64[Tensor, " n"]]:
    """Return the joint probabilities p_ij = (p_{j|i} + p_{i|j}) / 2n of all pairs, and beta of each row.

    Distances are computed in float64, so duplicates are at distance 0 exactly. Memory: 8 bytes per pair, and up to 2
    GB.

    Parameters
    ----------
    features
        Points; finite.
    perplexity
        From 2 to n-1.

    Returns
    -------
    probabilities
        Symmetric bit for bit, 0 on the diagonal; the sum is 1.
    beta
        As of ``conditional``.

    Raises
    ------
    TypeError
        ``features`` is not float32.
    ValueError
        ``features`` is not a matrix of at least 3 points, or the perplexity is out of range.
    """
    check_matrix(features, "features")
    n = len(features)
    if n < 3:
        raise ValueError(f"affinities need at least 3 points, got {n}")
    _check_perplexity(perplexity, 2, n - 1, "points")
    points = features.detach() - features.detach().mean(0, dtype=torch.float64)
    probabilities = torch.empty((n, n), device=features.device)
    beta = torch.empty(n, dtype=torch.float64, device=features.device)
    step = max(1, _VALUES // n)
    for first in range(0, n, step):
        rows = slice(first, min(first + step, n))
        sqdist = torch.cdist(points[rows], points, compute_mode="donot_use_mm_for_euclid_dist").square_()
        sqdist[:, rows].fill_diagonal_(torch.inf)
        above = (sqdist - sqdist.amin(1, keepdim=True)).float()
        above[:, rows].fill_diagonal_(0)
        probabilities[rows], beta[rows] = _calibrate(above, perplexity, itself=1)
    probabilities.fill_diagonal_(0)
    return (probabilities + probabilities.T).mul_(1 / (2 * n)), beta


def _calibrate(
    above: Float32[Tensor, "r k"], perplexity: int | float, *, itself: int
) -> tuple[Float32[Tensor, "r k"], Float64[Tensor, " r"]]:
    """Return probabilities and beta of rows of squared distances above the row's smallest.

    With ``itself`` 1, one entry of each row is the point itself and stands at 0: its weight is 1 exactly, and is taken
    off every sum.
    """
    others = above.shape[1] - itself
    scale = above.sum(1, keepdim=True, dtype=torch.float64) / others
    scale = scale.where(scale > 0, 1)
    scaled = (above / scale).float()
    if perplexity >= others:
        beta = scale.new_zeros(len(above))
    else:
        beta = _search(scaled, perplexity, itself).exp()
    weights = (scaled * -beta[:, None].float()).exp_()
    total = weights.sum(1, keepdim=True, dtype=torch.float64) - itself
    return weights.div_(total.float()), beta / scale[:, 0]


def _search(scaled: Float32[Tensor, "r k"], perplexity: int | float, itself: int) -> Float64[Tensor, " r"]:
    """Return log(beta) of each row."""
    entropy = math.log(perplexity)
    close = _CLOSE * min(1.0, entropy, math.log(scaled.shape[1] - itself) - entropy)
    low = torch.full((len(scaled),), _LOWEST, dtype=torch.float64, device=scaled.device)
    high, log_beta = torch.full_like(low, _HIGHEST), torch.zeros_like(low)
    found = torch.zeros_like(low, dtype=torch.bool)
    for step in range(_STEPS):
        excess, slope = _excess(scaled, log_beta, entropy, itself)
        move = excess / slope.clamp(min=1e-12)
        near = (excess.abs() < close) & (move.abs() < _SHORT)
        low = low.where(found | (excess <= 0), log_beta)
        high = high.where(found | (excess > 0), log_beta)
        newton = log_beta + move
        inside = (newton > low) & (newton < high) & (near | (step % 3 < 2))
        middle = ((low + high) / 2).where(~near, log_beta)
        log_beta = log_beta.where(found, newton.where(inside, middle))
        found = found | near | (high - low < _SETTLED)
        if step % _LOOK == _LOOK - 1 and bool(found.all()):
            break
    return log_beta


def _excess(
    scaled: Float32[Tensor, "r k"], log_beta: Float64[Tensor, " r"], entropy: float, itself: int
) -> tuple[Float64[Tensor, " r"], Float64[Tensor, " r"]]:
    """Return how far the entropy of each row is above the wanted one, and how fast it falls with log(beta)."""
    beta = log_beta.exp()
    weights = (scaled * -beta[:, None].float()).exp_()
    total = weights.sum(1, dtype=torch.float64) - itself
    mean = weights.mul_(scaled).sum(1, dtype=torch.float64) / total
    variance = weights.mul_(scaled).sum(1, dtype=torch.float64) / total - mean.square()
    return total.log() + beta * mean - entropy, beta.square() * variance


def _check_perplexity(perplexity: int | float, low: int, high: int, what: str) -> None:
    """Refuse a perplexity out of range."""
    if not low <= perplexity <= high:
        raise ValueError(
            f"perplexity must be between {low} and {high} for so many {what} (it is a number of neighbors), "
            f"got {perplexity:g}"
        )
