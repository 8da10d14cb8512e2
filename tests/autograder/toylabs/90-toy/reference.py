"""The toy lab's right answers."""

import numpy as np


def mean_square(x: np.ndarray) -> float:
    """Return the mean of squares."""
    return float(np.mean(np.asarray(x, float) ** 2))


def normalize(x: np.ndarray) -> np.ndarray:
    """Return x with length one; zeros stay zeros."""
    x = np.asarray(x, float)
    length = np.linalg.norm(x)
    return x / length if length > 0 else np.zeros_like(x)


def pairs(labels: np.ndarray) -> list[tuple[int, int]]:
    """Return the positions of all pairs of equal labels."""
    n = len(labels)
    return [(i, j) for i in range(n) for j in range(i + 1, n) if labels[i] == labels[j]]
