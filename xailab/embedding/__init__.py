"""Maps of features in two dimensions: t-SNE. Source: van der Maaten and Hinton 2008.

- ``tsne``, ``Descent``, ``Exact``, ``Interpolated``  features -> ``Embedding``, and the choices on the way
- ``affinities``, ``dense_affinities``, ``SparseAffinity``, ``embed``  the two halves of it
- ``pca_start``, ``spectral_start``                   where points begin
- ``transform``                                       new points into a map
- ``kl_divergence``, ``neighbor_recall``, ``trustworthiness``  how good a map is
- ``estimator``: ``TSNE``                             the same for scikit-learn's pipelines
- ``memory``: ``estimate``                            how many bytes it takes
- ``pictures``                                        charts, images as points, the page to explore
- ``misreading``                                      the classic mistakes in reading such maps, as figures
- ``gathering``, ``report``, ``command``              what ``xailab embed`` does

Order of reading: ``checking``, ``affinity``, ``start``, ``engine`` (the step), ``schedule``, ``descent``, ``tsne``.
"""

from xailab.embedding.affinity import SparseAffinity, affinities, dense_affinities
from xailab.embedding.quality import kl_divergence, neighbor_recall, trustworthiness
from xailab.embedding.result import Embedding
from xailab.embedding.schedule import Descent, Exact, Interpolated
from xailab.embedding.start import pca_start, spectral_start
from xailab.embedding.transform import transform
from xailab.embedding.tsne import embed, tsne

__all__ = [
    "Descent",
    "Embedding",
    "Exact",
    "Interpolated",
    "SparseAffinity",
    "affinities",
    "dense_affinities",
    "embed",
    "kl_divergence",
    "neighbor_recall",
    "pca_start",
    "spectral_start",
    "transform",
    "trustworthiness",
    "tsne",
]
