"""Affinities: how likely two points are neighbors in the space of the features.

- ``affinities``        the joint probabilities of nearest neighbors: sparse, for any number of points
- ``dense_affinities``  those of all pairs, n x n
- ``SparseAffinity``    what the first returns; made from a matrix of your own with ``from_matrix``
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32, Int64

from xailab.embedding import memory
from xailab.embedding.checking import Features, check_perplexities
from xailab.embedding.placement import device_of

NEIGHBORS = 3
"""Neighbors that count, per unit of perplexity: further ones weigh next to nothing. Source: van der Maaten 2014."""


@dataclass(frozen=True, eq=False)
class SparseAffinity:
    """Joint probabilities p_ij, symmetric, of sum 1, with p_ii = 0: the rows of a sparse matrix, one after the other.

    Attributes
    ----------
    starts
        Row i lies at ``starts[i]:starts[i + 1]``.
    neighbors
        The columns, ascending in each row.
    values
        The probabilities.
    perplexity
        What they were calibrated to; empty for a matrix of your own.
    """

    starts: Int64[np.ndarray, " n_plus_1"]
    neighbors: Int32[np.ndarray, " e"]
    values: Float32[np.ndarray, " e"]
    perplexity: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def matrix(self) -> Any:
        """The same as a scipy.sparse CSR matrix (which shares the memory)."""
        from scipy.sparse import csr_array

        return csr_array((self.values, self.neighbors, self.starts), shape=(len(self), len(self)))

    @staticmethod
    def from_matrix(matrix: Any) -> "SparseAffinity":
        """Take over a scipy.sparse matrix of affinities that were computed elsewhere.

        Raises
        ------
        ValueError
            It is not square or not symmetric, has negative, infinite or NaN values or nothing off the diagonal.
        """
        from scipy.sparse import csr_array

        rows = csr_array(matrix, dtype=np.float64)
        rows.sum_duplicates()
        rows.setdiag(0)
        rows.eliminate_zeros()
        n = _square(rows.shape)
        if rows.nnz == 0 or not np.isfinite(rows.data).all() or rows.data.min() < 0:
            raise ValueError("affinities must be finite, at least 0, and somewhere above 0 off the diagonal")
        total = rows.data.sum()
        if abs(rows - rows.T).max() > 1e-5 * rows.data.max():
            raise ValueError("affinities must be symmetric: use (P + P.T) / 2")
        values = (rows.data / total).astype(np.float32)
        assert len(rows.indptr) == n + 1
        return SparseAffinity(rows.indptr.astype(np.int64), rows.indices.astype(np.int32), values)


def affinities(features: object, *, perplexity: object = 30.0) -> SparseAffinity:
    """Return joint probabilities of the nearest neighbors of each point, the other pairs having none.

    The Gaussian around each point is as wide as the perplexity asks: exp(H) = perplexity with the entropy H in nats.
    Neighbors are exact: the 3 * perplexity nearest ones, or all where there are fewer.
    Source: van der Maaten and Hinton 2008, eq. 1; the neighbors of van der Maaten 2014; the mean over several
    perplexities of Kobak and Berens 2019.

    Parameters
    ----------
    features
        Real numbers [n d], one row per point: an array of any type, or a tensor. Distances are Euclidean. With a tensor
        on a CUDA device they are computed there.
    perplexity
        The effective number of neighbors, in 2..n-1; a sequence of several takes the mean of their probabilities.

    Raises
    ------
    TypeError, ValueError
        See ``tsne``.
    """
    checked = Features.of(features)
    return sparse(checked, check_perplexities(perplexity, len(checked.values)), device_of(features))


def sparse(features: Features, perplexities: tuple[float, ...], device: Any = None) -> SparseAffinity:
    """Return the affinities of features that were checked; computed by the kernels, or by torch on a device."""
    if device is not None:
        from xailab.embedding.cuda.arrays import affinities_on

        return SparseAffinity(*affinities_on(device, features.values, perplexities), perplexities)
    from xailab_kernels.affinity import neighbors, symmetric

    sqdist, index = neighbors.nearest(features.values, neighbor_count(len(features.values), perplexities))
    starts, ends, values = symmetric.symmetrize(index, conditional(sqdist, perplexities))
    return SparseAffinity(starts, ends, values, perplexities)


def neighbor_count(points: int, perplexities: tuple[float, ...]) -> int:
    """Return how many nearest neighbors count."""
    return min(points - 1, int(NEIGHBORS * max(perplexities)))


def conditional(sqdist: Float32[np.ndarray, "n k"], perplexities: tuple[float, ...]) -> Float32[np.ndarray, "n k"]:
    """Return p_{j|i} for squared distances to neighbors, the mean over several perplexities."""
    from xailab_kernels.affinity import calibration

    if len(perplexities) == 1:
        return calibration.conditional(sqdist, perplexities[0])[0]
    return calibration.conditional_mean(sqdist, np.array(perplexities))


def dense_affinities(features: object, *, perplexity: object = 30.0) -> Float32[np.ndarray, "n n"]:
    """Return the joint probabilities p_ij of all pairs: symmetric, p_ii = 0, of sum 1.

    Source: van der Maaten and Hinton 2008, eq. 1. For up to some ten thousand points: it takes 4 n^2 bytes.

    Parameters
    ----------
    features
        Real numbers [n d], one row per point. Distances are Euclidean.
    perplexity
        The effective number of neighbors, in 2..n-1.

    Raises
    ------
    TypeError, ValueError
        See ``tsne``; also ValueError when the memory does not suffice.
    """
    matrix = Features.of(features)
    n, d = matrix.values.shape
    perplexities = check_perplexities(perplexity, n)
    if len(perplexities) != 1:
        raise ValueError("dense affinities take one perplexity; affinities() takes several")
    advice = "affinities() keeps only the nearest neighbors"
    memory.refuse_too_large(memory.estimate_dense(n, d), f"an affinity of all pairs of {n:,} points", advice)
    if (device := device_of(features)) is not None:
        from xailab.embedding.cuda.arrays import joint_on

        return joint_on(device, matrix.values, perplexities[0])
    from xailab_kernels.affinity import dense

    return dense.joint(matrix.values, perplexities[0])[0]


def check_affinity(affinity: Any) -> "SparseAffinity | Float32[np.ndarray, 'n n']":
    """Return affinities as they are used: sparse ones, or a dense matrix as float32.

    Raises
    ------
    TypeError
        They are neither.
    ValueError
        They are no affinities: see ``SparseAffinity.from_matrix``.
    """
    if isinstance(affinity, SparseAffinity):
        return affinity
    if hasattr(affinity, "tocsr"):
        return SparseAffinity.from_matrix(affinity)
    if not isinstance(affinity, np.ndarray) or affinity.dtype.kind != "f":
        raise TypeError(
            "affinities must be a SparseAffinity, a scipy.sparse matrix or a NumPy matrix of probabilities; "
            f"got {type(affinity).__name__}. Features go to tsne()"
        )
    return _check_dense(affinity)


def _check_dense(matrix: np.ndarray) -> Float32[np.ndarray, "n n"]:
    n = _square(matrix.shape)
    total = matrix.sum(dtype=np.float64)
    if not np.isfinite(total) or matrix.min() < 0 or np.diagonal(matrix).any():
        raise ValueError("affinities must be finite, at least 0, and 0 on the diagonal")
    if abs(total - 1) > 1e-3:
        raise ValueError(f"affinities must have the sum 1, got {total:.6g}: divide by it")
    largest, step = float(matrix.max()), max(1, 2**20 // n)
    for first in range(0, n, step):
        if np.abs(matrix[first : first + step] - matrix[:, first : first + step].T).max() > 1e-5 * largest:
            raise ValueError("affinities must be symmetric: use (P + P.T) / 2")
    return np.ascontiguousarray(matrix, np.float32)


def _square(shape: tuple[int, ...]) -> int:
    """Return n of a shape (n, n)."""
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 3:
        raise ValueError(f"affinities must be a square matrix of at least 3 points, got shape {shape}")
    return shape[0]


def entropy_sum(values: Float32[np.ndarray, "..."]) -> float:
    """Return the sum of p log p over all pairs: the part of the KL divergence that no map changes."""
    flat, step, total = values.reshape(-1), 2**20, 0.0
    for first in range(0, len(flat), step):
        part = flat[first : first + step]
        part = part[part > 0]
        total += float((part * np.log(part)).sum(dtype=np.float64))
    return total
