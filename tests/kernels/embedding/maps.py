"""Small graphs and maps for the tests of the forces."""

import numpy as np
from xailab_kernels.embedding.attraction import pack


def joint(n, seed=0, share=1.0):
    """Return a symmetric joint matrix of sum 1 with zeros on the diagonal; ``share`` of the pairs have weights."""
    rng = np.random.default_rng(seed)
    p = rng.random((n, n)) ** 4 * (rng.random((n, n)) < share)
    p = np.triu(p + 1e-12 * (share == 1), 1)
    p[0, 1] += 0.01
    return ((p + p.T) / (2 * p.sum())).astype(np.float32)


def csr(matrix):
    """Return starts, neighbors and values of the entries that are not zero."""
    rows, columns = np.nonzero(matrix)
    starts = np.searchsorted(rows, np.arange(len(matrix) + 1)).astype(np.int64)
    return starts, columns.astype(np.int32), matrix[rows, columns]


def edges(matrix):
    """Pack them in the order of the points."""
    return pack(*csr(matrix), np.arange(len(matrix), dtype=np.int32))


def points(n, c=2, scale=1.0, seed=0):
    """Return a normal map."""
    return (np.random.default_rng(seed).standard_normal((n, c)) * scale).astype(np.float32)


def error(found, expected):
    """Return the relative error in the Euclidean norm."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)
