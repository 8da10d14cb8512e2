"""The engine for many points: repulsion over a grid, memory in the order of the map.

- ``InterpolatedEngine``  two dimensions, any number of points
"""

import math

import numpy as np
from jaxtyping import Float32
from xailab_kernels.embedding.attraction import Edges, attract, cross_term, pack
from xailab_kernels.embedding.descent import step
from xailab_kernels.embedding.interpolation.interpolator import Interpolator
from xailab_kernels.embedding.interpolation.ordering import morton_order

from xailab.embedding.affinity import SparseAffinity, entropy_sum
from xailab.embedding.engine import LONGEST_STEP, Phase

_REORDER_AT = (60, 250)
"""Iterations before which points are put into the order of the map again: by then most have moved to another place."""


class InterpolatedEngine:
    """Interpolated repulsion, attraction along edges. See ``Engine`` for the methods.

    Points that are near each other in the map are kept near each other in memory, so that most of what a point's edges
    lead to is in the processor's cache.

    Parameters
    ----------
    affinity
        What attracts.
    start
        The first places [n 2]; copied.
    dof
        Degrees of freedom of the kernel.
    spacing
        See ``Interpolated``.
    """

    def __init__(
        self,
        affinity: SparseAffinity,
        start: Float32[np.ndarray, "n 2"],
        *,
        dof: float = 1.0,
        spacing: float = 0.25,
    ) -> None:
        self._affinity, self._dof = affinity, dof
        self._entropy = entropy_sum(affinity.values)
        self._repulsion = Interpolator(spacing=spacing, dof=dof)
        self._order = np.arange(len(start), dtype=np.int32)
        self._points = start.copy()
        self._velocity, self._gains = np.zeros_like(self._points), np.ones_like(self._points)
        self._sort()
        self._edges = self._packed()
        self._iteration = 0

    def advance(self, phase: Phase, iterations: int) -> None:
        """Run so many iterations."""
        for _ in range(iterations):
            if self._iteration in _REORDER_AT:
                del self._edges  # free them before the next are made
                self._sort()
                self._edges = self._packed()
            attraction = attract(self._edges, self._points, self._dof)
            repulsion, z = self._repulsion.repel(self._points)
            step(
                self._points,
                self._velocity,
                self._gains,
                attraction,
                repulsion,
                z,
                exaggeration=phase.exaggeration,
                learning_rate=phase.learning_rate,
                momentum=phase.momentum,
                longest_step=LONGEST_STEP,
            )
            self._iteration += 1

    def divergence(self) -> float:
        """Return the KL divergence; its normalization is interpolated, to about one part in ten thousand."""
        _, z = self._repulsion.repel(self._points)
        return self._entropy + cross_term(self._edges, self._points, self._dof) + math.log(z)

    def points(self) -> Float32[np.ndarray, "n 2"]:
        """Return the points in the order of the affinity."""
        places = np.empty_like(self._points)
        places[self._order] = self._points
        return places

    def _sort(self) -> None:
        """Sort the points along a curve through the map."""
        order = morton_order(self._points)
        self._points, self._velocity, self._gains = (
            np.ascontiguousarray(array[order]) for array in (self._points, self._velocity, self._gains)
        )
        self._order = self._order[order]

    def _packed(self) -> Edges:
        known = self._affinity
        return pack(known.starts, known.neighbors, known.values, self._order)
