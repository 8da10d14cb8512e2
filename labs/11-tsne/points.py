"""Points and similarities for the cases of this lab.

- ``make_points``        points with features of different scale, some nearer to each other
- ``make_conditional``   rows of probabilities, not symmetric
- ``make_joint``         joint probabilities
- ``make_map``           points of a map, in the middle of a descent
"""

import numpy as np


def make_points(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return n points of d features: a dense and a loose group, so that no two points have the same surroundings."""
    centers = rng.permutation(2)[np.arange(n) % 2][:, None] * rng.uniform(1.0, 2.0, d)
    return centers + rng.standard_normal((n, d)) * rng.uniform(0.4, 1.2, (n, 1))


def make_conditional(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return conditional probabilities (n, n): rows sum to 1, the diagonal is 0."""
    rows = rng.gamma(1.0, 1.0, (n, n)) + 0.05
    np.fill_diagonal(rows, 0)
    return rows / rows.sum(1, keepdims=True)


def make_joint(rng: np.random.Generator, n: int, *, empty: int = 0) -> np.ndarray:
    """Return joint probabilities (n, n); the first ``empty`` points have nothing to do with the last point."""
    conditional = make_conditional(rng, n)
    conditional[:empty, -1] = conditional[-1, :empty] = 0
    joint = conditional + conditional.T
    return joint / joint.sum()


def make_map(rng: np.random.Generator, n: int, *, spread: float = 1.5) -> np.ndarray:
    """Return n points of a map whose mean is not at the origin."""
    return spread * rng.standard_normal((n, 2)) + rng.uniform(0.5, 1.5, 2)
