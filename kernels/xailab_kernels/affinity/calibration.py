"""Conditional probabilities of neighbors, with a bandwidth for each point that gives a perplexity.

- ``conditional``       p(j|i) over given squared distances
- ``conditional_mean``  the mean of p(j|i) over several perplexities
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numba import prange

from xailab_kernels.affinity.bandwidth import LN2, NOBODY, search, weight
from xailab_kernels.compiling import fast_parallel, running

BLOCK = 64
"""Rows whose searches start from each other's bandwidths. Fixed, so that results do not depend on the threads."""


def conditional(
    sqdist: Float32[np.ndarray, "n k"], perplexity: float
) -> tuple[Float32[np.ndarray, "n k"], Float64[np.ndarray, " n"]]:
    """Compute p(j|i) = exp(-beta_i d_ij) / sum_l exp(-beta_i d_il), with the given perplexity in every row.

    O(n k). Parallel over blocks of rows; no result depends on the number of threads.

    Source: van der Maaten and Hinton 2008, section 2

    Parameters
    ----------
    sqdist
        float32, squared distances of n points to k neighbors each, in any order; not negative, below 3e38.
    perplexity
        exp of the entropy in nats, in 1..k.

    Returns
    -------
    p
        Rows sum to 1. For perplexity k, and where all distances are equal, they are uniform. Where more neighbors tie
        for the nearest place than the perplexity asks for, they are uniform over the ties.
    beta
        1 / (2 sigma_i^2) for each row; 0 for perplexity k, some large number for ties.

    Raises
    ------
    TypeError
        Squared distances that are not float32.
    ValueError
        Not a matrix with at least one column, negative or too large values, or a perplexity out of range.
    """
    sqdist = _check(sqdist)
    _check_perplexity(perplexity, sqdist.shape[1])
    p, beta = np.empty_like(sqdist), np.empty(len(sqdist))
    with running(8 * sqdist.size):
        _calibrate(sqdist, math.log(perplexity), p, beta)
    return p, beta


def conditional_mean(
    sqdist: Float32[np.ndarray, "n k"], perplexities: Float64[np.ndarray, " m"]
) -> Float32[np.ndarray, "n k"]:
    """Return the mean of p(j|i) over several perplexities, by which neighbors at several scales count at once.

    Source: Kobak and Berens 2019 (they average two)

    Parameters
    ----------
    sqdist
        As for ``conditional``.
    perplexities
        At least one, each in 1..k.

    Returns
    -------
    p
        Rows sum to 1.

    Raises
    ------
    TypeError
        Squared distances that are not float32.
    ValueError
        As for ``conditional``, or no perplexities.
    """
    sqdist = _check(sqdist)
    if len(perplexities) == 0:
        raise ValueError("at least one perplexity is needed")
    for perplexity in perplexities:
        _check_perplexity(float(perplexity), sqdist.shape[1])
    total = np.zeros_like(sqdist)
    for perplexity in perplexities:
        total += conditional(sqdist, float(perplexity))[0]
    total /= np.float32(len(perplexities))
    return total


def _check(sqdist: Float32[np.ndarray, "n k"]) -> Float32[np.ndarray, "n k"]:
    """Return squared distances as the kernel wants them, or say what is wrong."""
    if sqdist.dtype != np.float32:
        raise TypeError(f"squared distances must be float32, not {sqdist.dtype}")
    if sqdist.ndim != 2 or sqdist.shape[1] < 1:
        raise ValueError(f"squared distances must have shape (n, k) with k >= 1, not {sqdist.shape}")
    if sqdist.size and not (sqdist.min() >= 0 and sqdist.max() < NOBODY):
        raise ValueError(f"squared distances must be in 0..3e38, found {sqdist.min():g}..{sqdist.max():g}")
    return np.ascontiguousarray(sqdist)


def _check_perplexity(perplexity: float, neighbors: int) -> None:
    """Refuse what cannot be reached."""
    if not 1 <= perplexity <= neighbors:
        raise ValueError(f"perplexity must be in 1..{neighbors} for {neighbors} neighbors, not {perplexity:g}")


@fast_parallel
def _calibrate(
    sqdist: Float32[np.ndarray, "n k"],
    log_perplexity: float,
    p: Float32[np.ndarray, "n k"],
    beta: Float64[np.ndarray, " n"],
) -> None:
    """Search each row and write its probabilities."""
    n, k = sqdist.shape
    for block in prange((n + BLOCK - 1) // BLOCK):
        start: Any = np.int64(block) * BLOCK
        guess = 0.0
        for i in range(start, min(n, start + BLOCK)):
            row, out = sqdist[i], p[i]
            guess, least, scale = search(row, k, log_perplexity, guess)
            factor, share = np.float32(-guess / LN2), np.float32(scale)
            for j in range(k):
                out[j] = share * weight(row[j], least, factor)[1]
            beta[i] = guess
