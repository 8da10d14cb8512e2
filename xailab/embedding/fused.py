"""Engines whose whole iterations are one compiled call, with exact repulsion: for small maps.

- ``SparseEngine``  attraction along the edges of a sparse affinity
- ``DenseEngine``   attraction between all pairs: exact t-SNE
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float32
from xailab_kernels.embedding.attraction import cross_term, pack
from xailab_kernels.embedding.descent_dense import descend_dense, triangle
from xailab_kernels.embedding.descent_sparse import descend_sparse
from xailab_kernels.embedding.divergence import map_terms
from xailab_kernels.embedding.repulsion import normalization

from xailab.embedding.affinity import SparseAffinity, entropy_sum
from xailab.embedding.engine import LONGEST_STEP, Phase


class _Fused:
    """The state of a descent, and a kernel that moves it on along some matrix."""

    def __init__(self, descend: Callable[..., float], matrix: object, start: Float32[np.ndarray, "n c"], dof: float):
        self._descend, self._matrix, self._dof = descend, matrix, dof
        self._points = start.copy()
        self._velocity, self._gains = np.zeros_like(self._points), np.ones_like(self._points)

    def advance(self, phase: Phase, iterations: int) -> None:
        """Run so many iterations."""
        self._descend(
            self._matrix,
            self._points,
            self._velocity,
            self._gains,
            iterations=iterations,
            exaggeration=phase.exaggeration,
            learning_rate=phase.learning_rate,
            momentum=phase.momentum,
            longest_step=LONGEST_STEP,
            dof=self._dof,
        )

    def points(self) -> Float32[np.ndarray, "n c"]:
        """Return a copy of the points."""
        return self._points.copy()


class SparseEngine(_Fused):
    """Exact repulsion, attraction along edges. See ``Engine`` for the methods.

    Parameters
    ----------
    affinity
        What attracts.
    start
        The first places [n c], in two or three dimensions; copied.
    dof
        Degrees of freedom of the kernel.
    """

    def __init__(self, affinity: SparseAffinity, start: Float32[np.ndarray, "n c"], *, dof: float = 1.0) -> None:
        order = np.arange(len(start), dtype=np.int32)
        self._edges = pack(affinity.starts, affinity.neighbors, affinity.values, order)
        self._entropy = entropy_sum(affinity.values)
        super().__init__(descend_sparse, self._edges, start, dof)

    def divergence(self) -> float:
        """Return the KL divergence, exactly but for the rounding of the affinities."""
        z = normalization(self._points.astype(np.float64), self._dof)
        return self._entropy + cross_term(self._edges, self._points, self._dof) + math.log(z)


class DenseEngine(_Fused):
    """Exact repulsion, attraction between all pairs. See ``SparseEngine`` for the parameters."""

    def __init__(
        self, joint: Float32[np.ndarray, "n n"], start: Float32[np.ndarray, "n c"], *, dof: float = 1.0
    ) -> None:
        self._joint, self._entropy = joint, entropy_sum(joint)
        super().__init__(descend_dense, triangle(joint), start, dof)

    def divergence(self) -> float:
        """Return the KL divergence, exactly but for the rounding of the affinities."""
        spread, z = map_terms(self._joint, self._points, self._dof)
        return self._entropy + spread + math.log(z)
