"""How good a map is.

- ``kl_divergence``    what t-SNE minimizes, exactly
- ``neighbor_recall``  how many nearest neighbors are neighbors in the map: what is kept at close range
- ``trustworthiness``  whether neighbors in the map are neighbors indeed
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32, Float64

from xailab.embedding.affinity import SparseAffinity, check_affinity
from xailab.embedding.checking import Features, check_count, check_number

_BLOCK = 2**20


def kl_divergence(affinity: object, points: object, *, dof: int | float = 1.0) -> float:
    """Return the KL divergence, in nats, of a map's similarities q from the affinities p: sum p_ij log(p_ij / q_ij).

    Exact and in float64, whatever made the map. All pairs go into the normalization of q, which takes about a second
    for 30,000 points. Values are comparable only for the same affinities.
    Source: van der Maaten and Hinton 2008, eq. 2; the kernel with other degrees of freedom: Kobak et al. 2020.

    Parameters
    ----------
    affinity
        Joint probabilities: of ``affinities`` or ``dense_affinities``, or a matrix of your own.
    points
        The map [n c], with c = 2 or 3.
    dof
        Degrees of freedom a of the kernel (1 + d^2 / a)^-a; 1 is Student's t.

    Raises
    ------
    TypeError, ValueError
        Not affinities, not a map of as many points, or not finite.
    """
    from xailab_kernels.embedding.repulsion import normalization

    known = check_affinity(affinity)
    places = check_points(points, len(known))
    check_dof(dof)
    divergence = 0.0
    for values, sqdist in _pairs(known, places):
        divergence += float((values * (np.log(values) + dof * np.log1p(sqdist / dof))).sum())
    total = known.values.sum(dtype=np.float64) if isinstance(known, SparseAffinity) else known.sum(dtype=np.float64)
    return divergence + float(total) * float(np.log(normalization(places, float(dof))))


def neighbor_recall(features: object, points: object, *, k: int = 10) -> float:
    """Return which part of each point's k nearest neighbors, by features, is among its k nearest in the map: 0 to 1.

    Exact, over all points. A random map has k / n.

    Parameters
    ----------
    features
        Real numbers [n d].
    points
        The map [n c].
    k
        Neighbors of each point, in 1..n-1.

    Raises
    ------
    TypeError, ValueError
        Not numbers, not as many points as features, or k out of range.
    """
    from xailab_kernels.affinity.neighbors import nearest

    values = Features.of(features).values
    places = Features.of(check_points(points, len(values))).values
    check_count(k, "k", low=1, high=len(values) - 1)
    _, by_features = nearest(values, k)
    _, in_map = nearest(places, k)
    offset = np.arange(len(values), dtype=np.int64)[:, None] * len(values)  # makes the pair (i, j) one number
    kept = np.intersect1d(by_features + offset, in_map + offset, assume_unique=True)
    return len(kept) / by_features.size


def trustworthiness(features: object, points: object, *, k: int = 10, limit: int = 3000, seed: int = 0) -> float:
    """Return how far the neighbors in a map can be trusted, from 0 to 1: scikit-learn's measure.

    A neighbor in the map costs the more the further down it is in the order of the neighbors by features. It takes n^2
    numbers, so of more than ``limit`` points that many are drawn by the seed, and judged among themselves.
    Source: Venna and Kaski 2001.

    Parameters
    ----------
    features
        Real numbers [n d].
    points
        The map [n c].
    k
        Neighbors of each point, less than half the points.
    limit
        The most points judged.
    seed
        Of the draw.

    Raises
    ------
    TypeError, ValueError
        Not numbers, not as many points as features, or k out of range.
    """
    from sklearn.manifold import trustworthiness as judge

    values = Features.of(features).values
    places = check_points(points, len(values))
    check_count(limit, "limit", low=3)
    chosen = np.arange(len(values))
    if len(values) > limit:
        chosen = np.sort(np.random.default_rng(seed).choice(len(values), limit, replace=False))
    check_count(k, "k", low=1, high=(len(chosen) - 1) // 2)
    return float(judge(values[chosen].astype(np.float64), places[chosen], n_neighbors=k))


def check_points(points: object, count: int) -> Float64[np.ndarray, "n c"]:
    """Return a map as float64; raises ValueError where it is not one of ``count`` points in 2 or 3 dimensions."""
    places = np.asarray(points)
    if places.shape not in ((count, 2), (count, 3)) or places.dtype.kind not in "fiu":
        raise ValueError(f"expected a map of shape ({count}, 2) or ({count}, 3), got {places.shape}, {places.dtype}")
    if not np.isfinite(places).all():
        raise ValueError("the points of a map must be finite")
    return np.ascontiguousarray(places, np.float64)


def check_dof(dof: object) -> float:
    """Return the degrees of freedom; raises TypeError or ValueError where they are not a number in 0.1..1000."""
    return check_number(dof, "dof (degrees of freedom; 1 is Student's t)", low=0.1, high=1000.0)


def _pairs(
    affinity: "SparseAffinity | Float32[np.ndarray, 'n n']", places: Float64[np.ndarray, "n c"]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield affinities above 0 and squared distances in the map, part by part."""
    if isinstance(affinity, SparseAffinity):
        owners = np.repeat(np.arange(len(places), dtype=np.int32), np.diff(affinity.starts))
        columns, values = affinity.neighbors, affinity.values
        for first in range(0, len(values), _BLOCK):
            part = slice(first, first + _BLOCK)
            keep = values[part] > 0
            apart = places[owners[part][keep]] - places[columns[part][keep]]
            yield values[part][keep].astype(np.float64), (apart**2).sum(1)
        return
    step = max(1, _BLOCK // len(places))
    for first in range(0, len(places), step):
        rows = affinity[first : first + step]
        row, column = np.nonzero(rows)
        apart = places[first + row] - places[column]
        yield rows[row, column].astype(np.float64), (apart**2).sum(1)
