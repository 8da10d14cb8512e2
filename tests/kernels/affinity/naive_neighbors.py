"""The slow, obvious twins of the kernels for neighbors."""

import numpy as np
import scipy.sparse


def nearest(features, k):
    """Sort all squared distances in float64; equal ones stay in the order of their indices."""
    sqdist = squared_distances(features, features)
    np.fill_diagonal(sqdist, np.inf)
    return _first(sqdist, k)


def nearest_among(queries, features, k):
    """Sort all squared distances in float64."""
    return _first(squared_distances(queries, features), k)


def squared_distances(queries, features):
    """Subtract, square, sum."""
    queries, features = np.asarray(queries, np.float64), np.asarray(features, np.float64)
    return np.array([((query - features) ** 2).sum(1) for query in queries]).reshape(len(queries), len(features))


def symmetrize(index, conditional):
    """Add a sparse matrix to its transpose; canonical form."""
    n, k = index.shape
    matrix = scipy.sparse.csr_array(
        (conditional.ravel().astype(np.float64), index.ravel(), np.arange(n + 1) * k), (n, n)
    )
    joint = ((matrix + matrix.T) / (2 * n)).tocsr()
    joint.sum_duplicates()
    return joint


def _first(sqdist, k):
    index = np.argsort(sqdist, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(sqdist, index, 1), index
