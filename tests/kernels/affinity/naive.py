"""Probabilities of neighbors straight from the formulas, in float64; bandwidths by bisection to twelve digits."""

import numpy as np


def conditional(sqdist, perplexity):
    """Return p(j|i) and beta; columns in which a row is inf are no neighbors."""
    d = sqdist.astype(np.float64)
    d = d - d.min(1, keepdims=True)
    low, high = np.full(len(d), -90.0), np.full(len(d), 90.0)  # of log beta
    while (high - low).max() > 1e-12:
        middle = (low + high) / 2
        too_wide = entropy(weights(d, middle)) > np.log(perplexity)
        low, high = np.where(too_wide, middle, low), np.where(too_wide, high, middle)
        if np.array_equal((low + high) / 2, middle):
            break
    w = weights(d, (low + high) / 2)
    return w / w.sum(1, keepdims=True), np.exp((low + high) / 2)


def weights(d, log_beta):
    """Return exp(-beta d)."""
    return np.exp(-np.minimum(d * np.exp(log_beta)[:, None], 800))


def entropy(w):
    """Return the entropy in nats of each row, once it is divided by its sum."""
    p = w / w.sum(1, keepdims=True)
    return -(p * np.log(np.where(p > 0, p, 1))).sum(1)


def joint(features, perplexity):
    """Return p_ij."""
    x = features.astype(np.float64)
    sqdist = ((x[:, None] - x) ** 2).sum(2)
    np.fill_diagonal(sqdist, np.inf)
    p = conditional(sqdist, perplexity)[0]
    return (p + p.T) / (2 * len(x))


def best_polynomial(degree, grid):
    """Return the coefficients (of 1, x, ...) with the smallest largest relative error from 2**x on a grid, and that.

    Remez' exchange: solve for errors that are equal and alternate at degree + 2 points, move those to the extremes.
    """
    n = degree + 2
    points = (grid[0] + grid[-1]) / 2 - (grid[-1] - grid[0]) / 2 * np.cos(np.pi * np.arange(n) / (n - 1))
    for _ in range(20):
        powers = np.vander(points, degree + 1, increasing=True) * np.exp2(-points)[:, None]
        solution = np.linalg.solve(np.column_stack([powers, (-1.0) ** np.arange(n)]), np.ones(n))
        error = np.polynomial.polynomial.polyval(grid, solution[:-1]) * np.exp2(-grid) - 1
        changes = np.flatnonzero(np.diff(np.sign(error))) + 1
        pieces = np.split(np.arange(len(grid)), changes)
        points = grid[[piece[np.abs(error[piece]).argmax()] for piece in pieces]][:n]
    return solution[:-1], np.abs(error).max()
