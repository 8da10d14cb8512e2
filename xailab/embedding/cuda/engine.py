"""A descent on the device of its tensors.

- ``TorchEngine``  the points of a map, their neighbors, and a way to move on: an ``xailab.embedding.engine.Engine``

An iteration is about 80 launches of small programs and does not wait for them, but every ``_LOOK`` iterations, to see
whether the map has outgrown the grid. Shapes change only there.
"""

import math

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int32, Int64
from torch import Tensor

from xailab.embedding.cuda.attraction import attract, cross_term, pack
from xailab.embedding.cuda.checking import check_dof, check_points
from xailab.embedding.cuda.descent import step
from xailab.embedding.cuda.grid import SPACING, Grid, bounds_of, grid_for, repel_on, span_of
from xailab.embedding.cuda.repulsion import repel
from xailab.embedding.engine import LONGEST_STEP, Phase

EXACT_UP_TO = 3000
"""Points up to which all pairs are computed: about where, by count of operations, the grid begins to be faster."""

_LOOK = 5  # iterations between two looks at how large the map is
_ROOM = 1.1  # the grid is chosen for a map so much larger: it grows until the next look


class TorchEngine:
    """Points on their way to a map, on the device of the tensors given.

    The same start and affinities give the same bits on the same device and version of torch, however the iterations are
    divided among calls of ``advance``.

    Parameters
    ----------
    starts, neighbors, values
        The joint probabilities as compressed sparse rows, from ``symmetrize``, ``sparse`` or ``rows_of``.
    start
        Where the points begin, in 2 or 3 dimensions; copied. Three dimensions are computed with all pairs.
    dof
        Degrees of freedom of the kernel; 1 is Student's t of t-SNE.
    spacing
        Largest distance between nodes of the grid, in units of the map; 0 computes all pairs. By default all pairs up
        to ``EXACT_UP_TO`` points, and ``grid.SPACING`` beyond.

    Raises
    ------
    TypeError
        A dtype other than in the signature.
    ValueError
        Shapes that do not belong together, ``dof`` or ``spacing`` out of range, or a grid for 3 dimensions.
    """

    def __init__(
        self,
        starts: Int64[Tensor, " s"],
        neighbors: Int32[Tensor, " e"],
        values: Float32[Tensor, " e"],
        start: Float32[Tensor, "n c"],
        *,
        dof: int | float = 1.0,
        spacing: int | float | None = None,
    ) -> None:
        check_points(start)
        check_dof(dof)
        self._edges = pack(starts, neighbors, values)
        if self._edges.points != len(start):
            raise ValueError(f"the affinities are of {self._edges.points} points, the start has {len(start)}")
        self._spacing = _checked_spacing(spacing, start)
        self._dof, self._iteration = dof, 0
        self._points = start.detach().clone(memory_format=torch.contiguous_format)
        self._velocity, self._gains = torch.zeros_like(self._points), torch.ones_like(self._points)
        self._bounds = bounds_of(self._points)
        self._grid = None if self._spacing is None else self._look()
        self._entropy = torch.special.xlogy(values.double(), values.double()).sum()

    def advance(self, phase: Phase, iterations: int) -> None:
        """Run so many iterations with the settings of a phase."""
        for _ in range(iterations):
            if self._grid is not None and self._iteration % _LOOK == 0:
                self._grid = self._look()
            repulsion, normalization = self._repel()
            self._bounds = step(
                self._points,
                self._velocity,
                self._gains,
                attract(self._edges, self._points, self._dof),
                repulsion,
                normalization,
                exaggeration=phase.exaggeration,
                learning_rate=phase.learning_rate,
                momentum=phase.momentum,
                longest_step=LONGEST_STEP,
            )
            self._iteration += 1

    def divergence(self) -> float:
        """Return the KL divergence in nats at the present points, without exaggeration.

        With the normalization of the forces: exact up to float32 for few points, to about 1e-4 with a grid.
        """
        _, normalization = self._repel()
        return float(self._entropy + cross_term(self._edges, self._points, self._dof)) + math.log(normalization)

    def points(self) -> Float32[np.ndarray, "n c"]:
        """Return the present points, in the order of the features."""
        return self._points.cpu().numpy().copy()

    def _repel(self) -> tuple[Float32[Tensor, "n c"], Float64[Tensor, ""]]:
        """Return the repulsion and its normalization, by the grid or by all pairs."""
        if self._grid is None:
            return repel(self._points, self._dof)
        return repel_on(self._grid, self._points, self._bounds, self._dof)

    def _look(self) -> Grid:
        """Return a grid for a map somewhat larger than the present one."""
        assert self._spacing is not None
        return grid_for(span_of(self._bounds) * _ROOM, self._points.device, self._spacing)


def _checked_spacing(spacing: int | float | None, start: Float32[Tensor, "n c"]) -> float | None:
    """Return the spacing of the grid, or None for all pairs."""
    if spacing is None:
        return None if start.shape[1] == 3 or len(start) <= EXACT_UP_TO else SPACING
    if spacing < 0 or not math.isfinite(spacing):
        raise ValueError(f"spacing must be 0 (all pairs) or above, got {spacing}")
    if spacing and start.shape[1] == 3:
        raise ValueError("a grid works in 2 dimensions only: use spacing=0 for a map of 3")
    return spacing or None
