"""New points in a finished map.

- ``transform``  their places; the map itself stays as it is
"""

import numpy as np
from jaxtyping import Float32

from xailab.embedding.affinity import NEIGHBORS, conditional
from xailab.embedding.checking import check_count, check_perplexities
from xailab.embedding.result import Embedding
from xailab.embedding.threads import threads as threads_limited


def transform(
    embedding: Embedding,
    features: object,
    *,
    perplexity: int | float = 5.0,
    iterations: int = 100,
    threads: int | None = None,
) -> Float32[np.ndarray, "m c"]:
    """Return places for new points in a map, which itself stays as it is.

    Each new point begins at the mean of its nearest neighbors' places, weighted by its affinities, and then descends
    its own KL divergence: attracted by these neighbors, pushed away by all points of the map. New points do not see
    each other, so a point's place does not depend on which others come with it. A point equal to one of the map's gets
    that one's place. Cost: points of the map times new points.
    Source: Poličar et al. 2023, whose scheme it is; their points begin at the median and take an exaggeration of 1.5.

    Parameters
    ----------
    embedding
        From ``tsne``.
    features
        Real numbers [m d], computed like those of the map.
    perplexity
        The effective number of neighbors, in 2..n-1; small, because one point is to be placed and not a structure.
        Lowered where the map has too few points.
    iterations
        Of the descent; 0 leaves the points at the mean of their neighbors.
    threads
        How many; None: as many as numba uses.

    Raises
    ------
    TypeError, ValueError
        Features that are not numbers, not finite, or of another width than those of the map; options out of range; a
        map that was made from affinities and so has no features.
    """
    from xailab_kernels.affinity.neighbors import nearest_among
    from xailab_kernels.embedding.placing import place

    known = embedding.features
    if known is None:
        raise ValueError("this map was made from affinities alone: only one made by tsne() can place new points")
    new = known.alike(features)
    n = len(known.values)
    chosen = check_perplexities(min(perplexity, n - 1), n)
    check_count(iterations, "iterations", low=0)
    with threads_limited(threads):
        sqdist, index = nearest_among(new, known.values, min(n, int(NEIGHBORS * max(chosen))))
        weights = conditional(sqdist, chosen)
        places = place(weights, index, embedding.points, iterations=iterations, dof=embedding.dof)
    equal = sqdist[:, 0] == 0
    places[equal] = embedding.points[index[equal, 0]]
    return places
