"""Where the points of a map begin.

- ``pca_start``       the first principal components of the features
- ``spectral_start``  the slowest diffusion on the graph of neighbors: for affinities without features
- ``given_start``     places of your own, checked

All return points around the origin whose first coordinate has a standard deviation of 1e-4: small enough that the
forces at the beginning are those of a single heap. Source: Kobak and Berens 2019, who show that a start from principal
components keeps the order of far clusters that a random one loses.
"""

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from threadpoolctl import threadpool_limits

from xailab.embedding.affinity import SparseAffinity, check_affinity
from xailab.embedding.checking import Features, as_matrix

START_STD = 1e-4
JITTER = 0.01
"""Noise relative to the spread of the start: equal rows must part, and a seed must have a meaning."""
_WIDE = 256  # from so many features on, the covariance matrix is not worth its cost
_FEW = 1000  # points up to which solving an eigenproblem whole takes a fraction of a second
_NOTHING = 1e-6  # a component with so little of the first one's spread is rounding


def pca_start(features: object, *, dimensions: int = 2, seed: int = 0) -> Float32[np.ndarray, "n c"]:
    """Return the first principal components of features [n d], scaled, with a hundredth of noise.

    The sign of a component is such that its largest loading is positive. Where the features have fewer components than
    the map (one column, equal rows), noise takes their place.
    """
    return pca_of(Features.of(features), dimensions, seed)


def pca_of(features: Features, dimensions: int, seed: int) -> Float32[np.ndarray, "n c"]:
    """Return the start of features that were checked."""
    values = features.values
    centred = values - values.mean(0, dtype=np.float64).astype(np.float32)
    points = np.zeros((len(values), dimensions))
    with threadpool_limits(limits=1, user_api="blas"):  # its sums depend on its threads, and a map on their last bits
        axes = _principal_axes(centred, dimensions, seed)
        strongest = np.abs(axes).argmax(0)
        axes *= np.sign(axes[strongest, range(axes.shape[1])])
        points[:, : axes.shape[1]] = centred @ axes.astype(np.float32)
    return _noisy(points, seed)


def spectral_start(
    affinity: SparseAffinity | Float32[np.ndarray, "n n"], *, dimensions: int = 2, seed: int = 0
) -> Float32[np.ndarray, "n c"]:
    """Return the eigenvectors of the normalized affinity after the trivial one, scaled, with a hundredth of noise.

    They are the coordinates in which a random walk along the affinities mixes most slowly. Where they cannot be found
    (a handful of points, no convergence) the start is noise.
    """
    known = check_affinity(affinity)
    points = np.zeros((len(known), dimensions))
    if len(known) > dimensions + 2:
        matrix = known.matrix if isinstance(known, SparseAffinity) else known
        slow = _slow_modes(matrix, dimensions, seed)
        if slow is not None:
            points[:] = slow
    return _noisy(points, seed)


def given_start(start: object, *, points: int, dimensions: int) -> Float32[np.ndarray, "n c"]:
    """Return places [n c] of your own as a start, moved to the origin and scaled.

    Raises
    ------
    TypeError, ValueError
        They are not numbers, not finite, not one row per point, or all equal.
    """
    places = as_matrix(start, name="start").astype(np.float64)
    if places.shape != (points, dimensions):
        raise ValueError(
            f"start must have one row per point and one column per dimension, shape ({points}, {dimensions}), "
            f"got {places.shape}"
        )
    if not np.isfinite(places).all():
        raise ValueError("start must be finite, got NaN or infinity")
    places -= places.mean(0)
    spread = places.std(0).max()
    if not spread > 0:
        raise ValueError("start must have different places: points in one place never part")
    return np.ascontiguousarray(places * (START_STD / spread), np.float32)


def _noisy(points: Float64[np.ndarray, "n c"], seed: int) -> Float32[np.ndarray, "n c"]:
    """Scale a start, fill coordinates that hold nothing with noise, and jitter it."""
    points = points - points.mean(0)
    spread = points.std(0)
    noise = np.random.default_rng([seed, 1]).standard_normal(points.shape)
    noise = (noise - noise.mean(0)) / noise.std(0)
    if not spread[0] > 0:
        return np.ascontiguousarray(noise * START_STD, np.float32)
    points *= START_STD / spread[0]
    empty = spread <= _NOTHING * spread[0]
    points[:, empty] = noise[:, empty] * START_STD
    return np.ascontiguousarray(points + (JITTER * START_STD) * noise, np.float32)


def _principal_axes(centred: Float32[np.ndarray, "n d"], count: int, seed: int) -> Float64[np.ndarray, "d r"]:
    """Return up to ``count`` orthonormal directions of largest variance, the largest first."""
    d = centred.shape[1]
    if d <= _WIDE:
        _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        return np.ascontiguousarray(vectors[:, ::-1][:, :count])
    # Subspace iteration: powers of the covariance matrix, which is never formed, turn any directions to the first ones.
    directions = np.random.default_rng([seed, 2]).standard_normal((d, count + 8))
    for _ in range(12):
        directions, _ = np.linalg.qr((centred.T @ (centred @ directions.astype(np.float32))).astype(np.float64))
    _, _, rotation = np.linalg.svd((centred @ directions.astype(np.float32)).astype(np.float64), full_matrices=False)
    return np.ascontiguousarray(directions @ rotation.T[:, :count])


def _slow_modes(matrix: Any, count: int, seed: int) -> Float64[np.ndarray, "n c"] | None:
    """Return the eigenvectors of the random walk after the constant one; None where the method fails."""
    n = matrix.shape[0]
    degrees = np.asarray(matrix.sum(1, dtype=np.float64)).reshape(n)
    scale = _per_root(degrees)
    modes = _few_modes(matrix, scale, count) if n <= _FEW else _many_modes(matrix, scale, np.sqrt(degrees), count, seed)
    if modes is None:
        return None
    modes = modes * scale[:, None]
    return np.asarray(modes * np.sign(modes[np.abs(modes).argmax(0), range(count)]))


def _few_modes(matrix: Any, scale: Float64[np.ndarray, " n"], count: int) -> Float64[np.ndarray, "n c"]:
    """Solve the whole eigenproblem: also right where eigenvalues coincide, as in a graph of several pieces."""
    from scipy.linalg import eigh

    n = len(scale)
    full = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    _, vectors = eigh(full * scale[:, None] * scale, subset_by_index=(n - 1 - count, n - 2))
    return np.asarray(vectors[:, ::-1])


def _many_modes(
    matrix: Any, scale: Float64[np.ndarray, " n"], constant: Float64[np.ndarray, " n"], count: int, seed: int
) -> Float64[np.ndarray, "n c"] | None:
    """Find the eigenvectors by the Lanczos method; the trivial one, which is known, is taken out."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    n, known = len(scale), constant / np.linalg.norm(constant)
    matrix = matrix.astype(np.float64)

    def walk(vector: np.ndarray) -> np.ndarray:
        flat = vector.reshape(n)
        return np.asarray(scale * (matrix @ (scale * flat)) - known * (known @ flat))

    first = np.random.default_rng([seed, 3]).standard_normal(n)
    try:
        values, vectors = eigsh(LinearOperator((n, n), walk, dtype=np.float64), count, which="LA", v0=first, tol=1e-6)
    except ArpackError:
        return None
    return np.asarray(vectors[:, np.argsort(values)[::-1]])


def _per_root(values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Return one over the square root, 0 for 0."""
    return np.asarray(np.divide(1.0, np.sqrt(values), out=np.zeros_like(values), where=values > 0))
