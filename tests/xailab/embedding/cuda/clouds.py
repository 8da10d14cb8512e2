"""Features and maps for the tests of the torch path, and a slow search for the bandwidth."""

import inspect
import math

import numpy as np
import torch

raw = inspect.unwrap
"""A function without the types that tests check: what a user calls."""


def gaussian(n, d, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def mixture(n, d, seed=0):
    """A few clusters, so that neighborhoods mean something."""
    generator = torch.Generator().manual_seed(seed)
    centres = 4 * torch.randn(5, d, generator=generator)
    return centres[torch.arange(n) % 5] + torch.randn(n, d, generator=generator)


def maps(n, seed=0):
    """Maps of span 1 of several shapes, by name."""
    generator = torch.Generator().manual_seed(seed)
    centres = 3 * torch.randn(8, 2, generator=generator)
    spread = 0.2 * torch.randn(n, 2, generator=generator)
    shapes = {
        "round": torch.randn(n, 2, generator=generator),
        "clusters": centres[torch.randint(0, 8, (n,), generator=generator)] + spread,
        "line": torch.stack([torch.rand(n, generator=generator), torch.zeros(n)], 1),
    }
    return {name: (y - y.mean(0)) / (y.amax(0) - y.amin(0)).max() for name, y in shapes.items()}


def sqdist64(features):
    """Squared distances in float64; infinity from a point to itself."""
    features = np.asarray(features, np.float64)
    sqdist = ((features[:, None] - features[None]) ** 2).sum(2)
    np.fill_diagonal(sqdist, np.inf)
    return sqdist


def conditional64(sqdist, perplexity):
    """p_{j|i} by bisection, float64. Source of truth: the definition."""
    return np.stack([_row(np.asarray(row, np.float64), perplexity) for row in sqdist])


def _row(row, perplexity):
    above = row - row.min()
    scale = above[np.isfinite(above)].mean() or 1.0
    low, high = -60.0, 90.0
    while high - low > 1e-13:
        middle = (low + high) / 2
        p = np.exp(-math.exp(middle) / scale * above)
        p /= p.sum()
        entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
        low, high = (middle, high) if entropy > math.log(perplexity) else (low, middle)
        if (low + high) / 2 in (low, high):
            break
    return p
