"""Maps of features, with what is measured of them.

- ``Map``                one map
- ``make_maps``          one per perplexity, and one of the untrained network
- ``nearest_neighbors``  the nearest others of every point
- ``kept_neighbors``     how many of them the map keeps
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from xailab_kernels.affinity.neighbors import nearest

from xailab.embedding.checking import Features
from xailab.embedding.gathering import Gathered
from xailab.embedding.quality import trustworthiness
from xailab.embedding.result import Embedding
from xailab.embedding.schedule import Descent
from xailab.embedding.tsne import tsne
from xailab.errors import Interrupted

NEIGHBORS = 10
"""Of a point, that are shown, and counted as kept or not."""


@dataclass(frozen=True, eq=False)
class Map:
    """One map of a data set.

    Parameters
    ----------
    title
        For people.
    slug
        For columns of tables: the perplexity, or ``random_`` and it.
    network
        Which network the features come from.
    features
        What the map shows.
    embedding
        The map.
    trust
        Trustworthiness.
    neighbors
        Per point its nearest others in the features, nearest first.
    kept
        Per point how many of them are among as many nearest in the map.
    agreement
        Which part of the nearest in the features is of the same class, over the points that have one; None without
        classes.
    """

    title: str
    slug: str
    network: str
    features: Float32[np.ndarray, "n d"]
    embedding: Embedding
    trust: float
    neighbors: Int64[np.ndarray, "n k"]
    kept: Int64[np.ndarray, " n"]
    agreement: float | None

    @property
    def recall(self) -> float:
        """Which part of the nearest neighbors is kept, over all points."""
        return float(self.kept.sum()) / self.neighbors.size


def make_maps(
    found: Mapping[str, tuple[str, Gathered]],
    *,
    perplexities: Sequence[float],
    descent: Descent,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = True,
) -> Iterator[Map]:
    """Yield a map of the first features per perplexity, and one of each of the others at the first perplexity.

    Parameters
    ----------
    found
        Where features come from -> the network's name and the features: ``""`` for the network itself, ``"random"``.
    perplexities
        At least one; the same one twice counts once.
    descent
        Iterations and the like.
    seed
        Of the start.
    device
        Where maps are made.
    progress
        Show bars on stderr.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed.
    """
    wanted = [("", value) for value in dict.fromkeys(perplexities)]
    wanted += [(slug, perplexities[0]) for slug in found if slug]
    nearby = {slug: nearest_neighbors(one.features) for slug, (_, one) in found.items()}
    for slug, perplexity in wanted:
        network, gathered = found[slug]
        features = gathered.features if device == "cpu" else torch.from_numpy(gathered.features).to(device)
        embedding = tsne(features, perplexity=perplexity, seed=seed, descent=descent, progress=progress)
        if not embedding.finished:
            raise Interrupted("interrupted; the features are kept, and the same command goes on from there")
        name, neighbors = f"perplexity {perplexity:g}", nearby[slug]
        trust = trustworthiness(gathered.features, embedding.points, k=neighbors.shape[1], seed=seed)
        yield Map(
            f"{slug} weights, {name}" if slug else name,
            f"{slug}_{perplexity:g}" if slug else f"{perplexity:g}",
            network,
            gathered.features,
            embedding,
            trust,
            neighbors,
            kept_neighbors(neighbors, embedding.points),
            _agreement(neighbors, gathered.labels),
        )


def nearest_neighbors(features: Float[np.ndarray, "n d"], most: int = NEIGHBORS) -> Int64[np.ndarray, "n k"]:
    """Return the nearest others of every point, nearest first: ``most``, or of few points fewer than half of them."""
    k = max(1, min(most, (len(features) - 1) // 2))
    return np.asarray(nearest(Features.of(features).values, k)[1], np.int64)


def kept_neighbors(neighbors: Int64[np.ndarray, "n k"], points: Float[np.ndarray, "n c"]) -> Int64[np.ndarray, " n"]:
    """Return, per point, how many of its k nearest in the features are among its k nearest in the map."""
    _, in_map = nearest(Features.of(points).values, neighbors.shape[1])
    return np.asarray((neighbors[:, :, None] == in_map[:, None, :]).any(2).sum(1), np.int64)


def _agreement(neighbors: Int64[np.ndarray, "n k"], labels: Int64[np.ndarray, " n"]) -> float | None:
    """Return which part of the neighbors is of the same class; of points and neighbors that have one."""
    pairs = (labels[:, None] >= 0) & (labels[neighbors] >= 0)
    same = (labels[:, None] == labels[neighbors]) & pairs
    return float(same.sum() / pairs.sum()) if pairs.any() else None
