"""Small data for the tests of maps, and slow twins."""

import numpy as np


def groups(points: int = 120, features: int = 6, count: int = 3, *, seed: int = 0):
    """Return features of well separated groups of points, and the group of each."""
    rng = np.random.default_rng(seed)
    which = np.arange(points) % count
    centers = rng.normal(size=(count, features)) * 6
    return centers[which] + rng.normal(size=(points, features)), which


def joint_by_definition(features, perplexity):
    """Joint probabilities in float64, by bisection. van der Maaten and Hinton 2008, eq. 1 and below."""
    n = len(features)
    conditional = np.zeros((n, n))
    for i in range(n):
        others = np.arange(n) != i
        sqdist = ((features[others] - features[i]) ** 2).sum(1)
        sqdist -= sqdist.min()
        low, high = -60.0, 60.0
        for _ in range(100):
            middle = (low + high) / 2
            p = np.exp(-np.exp(middle) * sqdist)
            p /= p.sum()
            entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
            low, high = (middle, high) if entropy > np.log(perplexity) else (low, middle)
        conditional[i, others] = p
    return (conditional + conditional.T) / (2 * n)


def kl_by_definition(joint, points, dof=1.0):
    """The KL divergence in float64, straight from its definition."""
    sqdist = ((points[:, None].astype(float) - points[None].astype(float)) ** 2).sum(-1)
    kernel = (1 + sqdist / dof) ** -dof
    np.fill_diagonal(kernel, 0)
    similarity = kernel / kernel.sum()
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / similarity[some])).sum())
