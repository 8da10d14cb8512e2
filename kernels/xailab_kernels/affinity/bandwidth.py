"""The bandwidth that gives a row of squared distances its perplexity; called from kernels.

- ``search``      find beta for one row
- ``weight``      exp(-beta (d - least)), as a power of two
- ``smallest``    of squared distances
- ``NOBODY``      stands in a row for a point that is no neighbor

With y = beta (d - least), w = exp(-y), W = sum w and p = w / W, the entropy in nats is H = log W + E[y]. It falls with
t = log beta, with slope Var[y]. One pass over the row sums w y^m for m = 0..3, which gives H and two derivatives and so
steps of third order (Halley's), held in a bracket: 2.3 to 2.9 passes find a bandwidth, where bisection takes 20.

Source: van der Maaten and Hinton 2008, section 2 (the perplexity; they bisect)
"""

import math

import numpy as np

from xailab_kernels.affinity.exponential import LEAST, exp2
from xailab_kernels.compiling import fast_serial, fused_serial, serial

NOBODY = np.float32(3e38)
LN2 = math.log(2)
PASSES = 100
"""More than it takes to halve the widest bracket down to nothing."""
CLOSE = 4e-3
"""A step so short, in units of log beta, leaves an error of its third power."""
BLURRED = 0.1
"""A step so short may be wrong in float32 if the variance is small."""
LONGEST = 2.0
"""Longest step in log beta while nothing is known beyond."""
NOTHING = 1e-20
"""A variance below means that all neighbors with weight tie."""
HIGHEST = 80.0
"""Ties that log beta = 80 does not break are exact ones, for distances of any scale that float32 can hold."""
EQUAL = 1e-12
"""Perplexities so near the number of neighbors, in nats, are taken for it."""
SLIGHT = 0.05
"""With a variance below, the entropy hardly depends on beta and the noise of float32 sums would decide: the search then
ends in float64. It begins there if the perplexity is this near the number of neighbors, in nats."""


@fused_serial
def weight(sqdist, least, factor):  # type: ignore[no-untyped-def]
    """Return the exponent, (sqdist - least) * factor with factor = -beta / log 2, and two to its power."""
    exponent = max((sqdist - least) * factor, LEAST)
    return exponent, exp2(exponent)


@fast_serial
def smallest(row):  # type: ignore[no-untyped-def]
    """Return the minimum of values that are not negative: as integers, their bits are in the same order."""
    bits = row.view(np.int32)
    least = bits[0]
    for j in range(len(bits)):
        least = min(least, bits[j])
    return np.int32(least).view(np.float32)


@fast_serial
def _sums(row, least, beta):  # type: ignore[no-untyped-def]
    """Return the sums of w, w y, w y^2 and w y^3."""
    factor = np.float32(-beta / LN2)
    s0, s1, s2, s3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for j in range(len(row)):
        exponent, power = weight(row[j], least, factor)
        first = power * exponent
        second = first * exponent
        s0 += power
        s1 += first
        s2 += second
        s3 += second * exponent
    return np.float64(s0), -LN2 * np.float64(s1), LN2**2 * np.float64(s2), -(LN2**3) * np.float64(s3)


@fast_serial
def _exact_sums(row, least, beta):  # type: ignore[no-untyped-def]
    """Return the same in float64."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    for j in range(len(row)):
        y = min(beta * (np.float64(row[j]) - np.float64(least)), 700.0)
        w = math.exp(-y)
        s0 += w
        s1 += w * y
        s2 += w * y * y
        s3 += w * y * y * y
    return s0, s1, s2, s3


@serial
def _log_spread(row, least):  # type: ignore[no-untyped-def]
    """Return the logarithm of the mean of d - least over the neighbors; -inf if all tie."""
    total, neighbors = 0.0, 0
    for j in range(len(row)):
        neighbor = row[j] < NOBODY
        total += np.float64(row[j] - least) if neighbor else 0.0
        neighbors += neighbor
    return math.log(total / neighbors)


@serial
def _moments(row, least, beta, exact):  # type: ignore[no-untyped-def]
    """Return log W and the mean, variance and third central moment of y."""
    s0, s1, s2, s3 = _exact_sums(row, least, beta) if exact else _sums(row, least, beta)
    mean, square, cube = s1 / s0, s2 / s0, s3 / s0
    return math.log(s0), mean, max(square - mean * mean, 0.0), cube - 3 * mean * square + 2 * mean**3


@serial
def _step(excess, variance, third, low, high, t):  # type: ignore[no-untyped-def]
    """Return by how much to change t = log beta, for an entropy that is too high by ``excess``."""
    step = math.copysign(LONGEST if variance > NOTHING else 10 * LONGEST, excess)
    if variance > abs(excess) / LONGEST:
        newton = excess / variance
        step = excess / max(variance - newton * (third / 2 - variance), variance / 2)
    if low < t + step < high:
        return step
    return math.copysign(LONGEST, excess) if math.isinf(high - low) else (low + high) / 2 - t


@serial
def search(row, neighbors, log_perplexity, guess):  # type: ignore[no-untyped-def]
    """Find the bandwidth of a row.

    Parameters
    ----------
    row
        float32 squared distances, C-contiguous; ``NOBODY`` where there is no neighbor.
    neighbors
        How many are not ``NOBODY``, at least 1.
    log_perplexity
        Entropy to reach, in nats.
    guess
        A beta to start from, or 0.

    Returns
    -------
    beta
        0 if the perplexity is that of equal probabilities. Where more neighbors tie for the nearest place than the
        perplexity asks for, a beta so large that nobody else has weight; 1 if all tie.
    least
        The smallest squared distance.
    scale
        1 / W at beta.
    """
    least = smallest(row)
    room = math.log(neighbors) - log_perplexity
    if room < EQUAL:
        return 0.0, least, 1.0 / neighbors
    t = math.log(guess) if guess > 0 else -_log_spread(row, least)
    if t == math.inf:
        return 1.0, least, 1.0 / neighbors
    log_total, low, high, exact = 0.0, -math.inf, math.inf, room < SLIGHT
    for _ in range(PASSES):
        log_total, mean, variance, third = _moments(row, least, math.exp(t), exact)
        excess = log_total + mean - log_perplexity
        if excess > 0:
            low = t
        else:
            high = t
        step = _step(excess, variance, third, low, high, t)
        if abs(step) < BLURRED and variance < SLIGHT and not exact:
            low, high, exact = -math.inf, math.inf, True
        elif abs(step) < CLOSE:
            change = mean + step / 2 * (mean - variance + step / 3 * (mean - 3 * variance + third))
            return math.exp(t + step), least, math.exp(step * change - log_total)
        elif excess > 0 and variance < NOTHING and (t == HIGHEST or _log_spread(row, least) == -math.inf):
            break
        t = min(t + step, HIGHEST)
    return math.exp(t), least, math.exp(-log_total)
