"""t-SNE: a map in which near neighbors stay near. Source: van der Maaten and Hinton 2008.

- ``tsne``   features -> map
- ``embed``  affinities -> map

What is done, in order: affinities of the nearest neighbors (``affinity``), a start (``start``), and gradient descent on
the KL divergence (``descent``) of the map's similarities from the affinities.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from xailab.embedding import memory
from xailab.embedding.affinity import SparseAffinity, check_affinity, sparse
from xailab.embedding.checking import Features, check_count, check_perplexities
from xailab.embedding.descent import Callback, Watch, choose_engine, descend
from xailab.embedding.placement import device_of
from xailab.embedding.progress import Bar
from xailab.embedding.quality import check_dof
from xailab.embedding.result import Embedding
from xailab.embedding.schedule import DEFAULTS, Descent
from xailab.embedding.start import given_start, pca_of, spectral_start
from xailab.embedding.threads import threads as threads_limited

_MANY = 50_000  # points from which on the memory that is needed is said


def tsne(
    features: object,
    *,
    perplexity: object = 30.0,
    dimensions: int = 2,
    seed: int = 0,
    start: object = None,
    dof: int | float = 1.0,
    descent: Descent = DEFAULTS,
    threads: int | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
) -> Embedding:
    """Return a map of features in which points that are near neighbors in feature space lie near each other.

    Sources: van der Maaten and Hinton 2008 (the method); Linderman et al. 2019 (interpolation); Belkina et al. 2019
    (learning rate); Kobak and Berens 2019 (start from principal components, several perplexities); Kobak et al. 2020
    (degrees of freedom). The same arguments give the same bits on the same machine with the same number of threads.

    Parameters
    ----------
    features
        Real numbers [n d], one row per point: an array of any type, or a tensor. Distances are Euclidean; the common
        scale of the features does not matter, but that of one column against another does. Tensors on a CUDA device
        are mapped there.
    perplexity
        The effective number of neighbors of a point, in 2..n-1; a sequence of several looks at several scales at once.
    dimensions
        Of the map, 2 or 3. With 3 repulsion is exact: for up to some ten thousand points.
    seed
        Of the noise in the start.
    start
        None: the first principal components. Or places of your own [n c], such as an earlier map of the same points or
        ``spectral_start(affinities(features))``; only their shape counts, not their scale.
    dof
        Degrees of freedom of the map's kernel: 1 is t-SNE's; less than 1 opens clusters up, more closes them.
    descent
        Iterations, exaggeration, learning rate, how to compute repulsion.
    threads
        How many; None: as many as numba uses (NUMBA_NUM_THREADS).
    callback
        ``callback(iteration, kl, points)``, called every 50 iterations and at the end; returns True to end early.
    progress
        Whether to show a bar on stderr; None: where that is a terminal.

    Returns
    -------
    Embedding
        After Ctrl-C during the iterations what there is so far, with ``finished`` False.

    Raises
    ------
    TypeError
        Features that are not numbers; options of the wrong kind.
    ValueError
        Features that are no matrix, or hold NaN or infinity; a perplexity out of range; fewer than three points; more
        points than the memory can hold.
    KeyboardInterrupt
        Ctrl-C while affinities are computed, or a second time.
    """
    checked, device = Features.of(features), device_of(features)
    n, d = checked.values.shape
    perplexities = check_perplexities(perplexity, n)
    options = _Options(dimensions, seed, dof, descent, threads, callback, progress)
    needed = memory.estimate(n, d, max(perplexities), dimensions)
    memory.refuse_too_large(needed, f"a map of {n:,} points", "use fewer points or a lower perplexity")
    places = None if start is None else given_start(start, points=n, dimensions=dimensions)
    with options.begun() as bar:
        said = f" ({memory.readable(needed)} of memory)" if n >= _MANY else ""
        bar.stage(f"t-SNE: neighbors of {n:,} points{said}")
        affinity = sparse(checked, perplexities, device)
        places = pca_of(checked, dimensions, seed) if places is None else places
        found = options.descended(affinity, places, bar, device)
    return replace(found, features=checked)


def embed(
    affinity: object,
    *,
    dimensions: int = 2,
    seed: int = 0,
    start: object = None,
    dof: int | float = 1.0,
    descent: Descent = DEFAULTS,
    threads: int | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    device: Any = None,
) -> Embedding:
    """Return a map of affinities: the second half of ``tsne``, for affinities of any origin.

    ``embed(dense_affinities(features))`` is exact t-SNE, without neglecting far pairs.

    Parameters
    ----------
    affinity
        Joint probabilities: of ``affinities``, of ``dense_affinities``, or a symmetric matrix of your own (of
        scipy.sparse, or of NumPy with the sum 1).
    start
        None: ``spectral_start``. Or places [n c] of your own, such as ``pca_start(features)``.
    dimensions, seed, dof, descent, threads, callback, progress
        See ``tsne``.
    device
        A torch.device to compute on; None: the kernels, on the CPU.

    Raises
    ------
    TypeError, ValueError
        They are not affinities, or an option is out of range.
    """
    known = check_affinity(affinity)
    options = _Options(dimensions, seed, dof, descent, threads, callback, progress)
    places = None if start is None else given_start(start, points=len(known), dimensions=dimensions)
    with options.begun() as bar:
        bar.stage("t-SNE: start")
        places = spectral_start(known, dimensions=dimensions, seed=seed) if places is None else places
        return options.descended(known, places, bar, device)


@dataclass(frozen=True)
class _Options:
    """What the two functions have in common."""

    dimensions: int
    seed: int
    dof: float
    descent: Descent
    threads: int | None
    callback: Callback | None
    progress: bool | None

    def __post_init__(self) -> None:
        check_count(self.dimensions, "dimensions", low=2, high=3)
        check_count(self.seed, "seed", low=0)
        check_dof(self.dof)
        if not isinstance(self.descent, Descent):
            raise TypeError(f"descent must be a Descent, got {self.descent!r}: Descent(iterations=1000)")

    @contextmanager
    def begun(self) -> Iterator[Bar]:
        """Yield the progress bar of a block that runs on as many threads as were asked for."""
        with threads_limited(self.threads), Bar(self.progress, self.descent.total) as bar:
            yield bar

    def descended(
        self, affinity: SparseAffinity | np.ndarray, start: Float32[np.ndarray, "n c"], bar: Bar, device: Any
    ) -> Embedding:
        """Return the map that descends from a start."""
        engine = choose_engine(affinity, start, dof=float(self.dof), repulsion=self.descent.repulsion, device=device)
        history, finished = descend(engine, self.descent, len(start), Watch(self.callback, bar))
        perplexity = affinity.perplexity if isinstance(affinity, SparseAffinity) else ()
        kl = history[-1][1]
        return Embedding(
            engine.points(), kl, history, affinity, perplexity, self.seed, self.dof, finished, bar.compile_s
        )
