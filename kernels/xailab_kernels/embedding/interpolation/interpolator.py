"""Repulsion of t-SNE between all points of the plane, in time that grows with their number and area, not its square.

- ``Interpolator``  forces and normalization; keeps filters and memory from call to call
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from xailab_kernels.compiling import running
from xailab_kernels.embedding.interpolation import levels
from xailab_kernels.embedding.interpolation.grids import allocate, coarsen, filter_band, filter_rest
from xailab_kernels.embedding.interpolation.layout import COARSEST, ONLY, Layout, lay_out
from xailab_kernels.embedding.interpolation.spreading import BLOCK, all_finite, bound, gather, spread

SPACING = 0.25
"""Of the finest grid, for one degree of freedom or more."""

MOST_NODES = 2**24
"""Of the finest grid: 4096 x 4096, enough for a span of 1,000 units; then all grids together take 180 MB."""

_F = np.float32
_TINY = 1e-3  # spans below it: the kernel is 1 - d^2 to 1e-6
_PARTS = 64  # sums of potentials, added in this order on any number of threads
_REMEMBERED = 64  # sets of filters
_STEPS_PER_POINT, _STEPS_PER_NODE = 20, 5  # for ``running``: five times the ns they take, a second thread soon pays


@dataclass(frozen=True)
class _Filters:
    """What the kernels need to know about k on a ladder of grids."""

    bands: tuple[tuple[Float32[np.ndarray, "t r"], Float32[np.ndarray, "t r"]], ...]
    weights: Float32[np.ndarray, " t"]
    mirrored: Float32[np.ndarray, "t m"]
    own_potential: float
    own_force: Float32[np.ndarray, "2"]


class Interpolator:
    """Repulsive forces between all points of the plane, by interpolation on grids.

    Every point spreads a charge of 1 over the 16 nodes around it (cubic splines), the charges are filtered with the
    kernel k(d) = (1 + d^2/dof)^-dof, and the force is minus half the gradient of the potential that the splines
    interpolate: sum_j k_ij w_ij (y_i - y_j) = -1/2 grad sum_j k_ij, for any dof. One charge and one filter do, where
    the form with separate sums needs four.

    The relative L2 error of the forces is below 5e-3 and that of the normalization below 1e-4 (above one degree of
    freedom: 3e-4), for clouds of any span from 0 to 1,000: about 1e-5 up to a span of 3, then 1e-3 to 4e-3, the less
    the more neighbors a point has (1.5e-3 for a map of 10,000 points). Clouds whose forces cancel have larger relative
    errors: a line 1e-2; groups much narrower than 1, as while attraction is exaggerated, up to 5e-2 (openTSNE's: 7e-2).

    Memory: 10.7 bytes for each node of the finest grid, 16 nodes per unit of area: 6 MB for a span of 190, at most
    180 MB. One call at a time: an object keeps its memory from call to call.

    Source: Linderman et al. 2019, for interpolation on a grid. We differ: potential form, splines, filters in place of
    Fourier transforms (``levels``), and a point's spurious force on itself is taken away.

    Parameters
    ----------
    spacing
        Of the finest grid. The error of the forces grows with about its third power; below 0.25 it hardly falls.
    dof
        Degrees of freedom a of the kernel, at least 0.1. Below 1 it is steeper: the spacing is multiplied by sqrt(a).
    most_nodes
        Of the finest grid. Where the points span more, the spacing is widened and the forces become less accurate:
        off by 1 to 4 % at twice the spacing. A single point far away has the same effect.

    Raises
    ------
    ValueError
        A spacing outside (0, 1], degrees of freedom below 0.1, fewer nodes than 4096.
    """

    def __init__(self, *, spacing: float = SPACING, dof: float = 1.0, most_nodes: int = MOST_NODES) -> None:
        if not 0 < spacing <= 1:
            raise ValueError(f"spacing must be in (0, 1], got {spacing}")
        if not 0.1 <= dof < math.inf:
            raise ValueError(f"degrees of freedom must be at least 0.1 and finite, got {dof}")
        if most_nodes < 4096:
            raise ValueError(f"most_nodes must be at least 4096, got {most_nodes}")
        self._steepness = min(1.0, math.sqrt(dof))
        self._spacing, self._dof, self._most_nodes = spacing * self._steepness, float(dof), most_nodes
        self._filters: dict[tuple[float, int], _Filters] = {}
        self._grids: tuple[tuple[tuple[int, int], ...], list[Float32[np.ndarray, "r c"]]] = ((), [])

    def repel(self, points: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
        """Return the forces and the normalization.

        Cost: O(n) and O(area / spacing^2). Points may come in any order; those sorted along a curve
        (``ordering.morton_order``) are faster by a factor of about two. The same bits on any number of threads.

        Parameters
        ----------
        points
            float32, finite.

        Returns
        -------
        forces
            ``sum_j k_ij w_ij (y_i - y_j)`` of each point.
        normalization
            Z, the sum of k_ij over i != j.

        Raises
        ------
        TypeError
            Not float32.
        ValueError
            Not the shape (n, 2), no point, or NaN or infinity among them.
        """
        points = _checked(points)
        boxes = np.empty((-(-len(points) // BLOCK), 4), np.float32)
        bound(points, boxes)
        low, high = boxes[:, [0, 2]].min(0).astype(np.float64), boxes[:, [1, 3]].max(0).astype(np.float64)
        if (high - low).max() < _TINY * self._steepness:
            return _repel_linearly(points)
        layout = lay_out((low[0], low[1]), (high[0], high[1]), self._spacing, self._most_nodes)
        return self._repel_on(points, boxes, layout)

    def _repel_on(
        self, points: Float32[np.ndarray, "n 2"], boxes: Float32[np.ndarray, "b 4"], layout: Layout
    ) -> tuple[Float32[np.ndarray, "n 2"], float]:
        """Spread, filter, gather."""
        n = len(points)
        filters, grids = self._filters_for(layout), self._grids_for(layout)
        corner, per_unit = np.array(layout.corner, np.float32), _F(1 / layout.spacing)
        with running(_STEPS_PER_POINT * n):
            spread(points, boxes, corner, per_unit, grids[0])
        _filter(grids, layout.shapes, filters)
        forces, sums = np.empty_like(points), np.empty(_PARTS)
        with running(_STEPS_PER_POINT * n):
            gather(points, corner, per_unit, grids[-1], filters.own_force, forces, sums)
        total = float(sums.sum()) + (float(n) * n if layout.close else 0.0)
        return forces, total - n * filters.own_potential

    def _filters_for(self, layout: Layout) -> _Filters:
        """Return filters from memory, or compute them: some milliseconds, a few dozen times in an embedding."""
        key = (layout.spacing, len(layout.shapes))
        if key not in self._filters:
            if len(self._filters) >= _REMEMBERED:
                self._filters.clear()
            self._filters[key] = _design(levels.Kernel(self._dof, layout.close), *key)
        return self._filters[key]

    def _grids_for(self, layout: Layout) -> list[Float32[np.ndarray, "r c"]]:
        """Return the memory of all grids, of charges and potentials: what was used last, if it has the right shapes."""
        if self._grids[0] != layout.shapes:
            charges = [allocate(*shape) for shape in layout.shapes]
            potentials = [allocate(*shape) for shape in layout.shapes[::-1]]
            self._grids = (layout.shapes, charges + potentials)
        return self._grids[1]


def _checked(points: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n 2"]:
    """Refuse what the kernels cannot take."""
    if points.dtype != np.float32:
        raise TypeError(f"points must be float32, got {points.dtype}")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"points must have the shape (n, 2) with n >= 1, got {points.shape}")
    points = np.ascontiguousarray(points)
    if not all_finite(points):
        raise ValueError("points must be finite; these have NaN or infinity")
    return points


def _repel_linearly(points: Float32[np.ndarray, "n 2"]) -> tuple[Float32[np.ndarray, "n 2"], float]:
    """Repel points that nearly coincide: k = 1 - d^2 and k w = 1, whatever the degrees of freedom."""
    n = len(points)
    centered = points - points.mean(0, dtype=np.float64)
    return (n * centered).astype(np.float32), float(n) * (n - 1) - 2 * n * float((centered**2).sum())


def _filter(grids: list[Float32[np.ndarray, "r c"]], shapes: tuple[tuple[int, int], ...], filters: _Filters) -> None:
    """Go down the ladder with the charges and up again with the potentials; the finest come last."""
    last = len(shapes) - 1
    for level in range(last):
        with running(_STEPS_PER_NODE * grids[level].size // 8):
            coarsen(grids[level], *shapes[level + 1], grids[level + 1])
    filter_rest(grids[last], *shapes[last], filters.mirrored, filters.weights, grids[last + 1])
    for level in range(last - 1, -1, -1):
        potentials = grids[2 * last + 1 - level]
        with running(_STEPS_PER_NODE * grids[level].size):
            filter_band(grids[level], grids[2 * last - level], *filters.bands[level], potentials)


def _design(kernel: levels.Kernel, spacing: float, grids: int) -> _Filters:
    """Compute filters for a ladder of so many grids."""
    bands = []
    for level in range(grids - 1):
        weights, profiles = levels.band(kernel, spacing, level)
        bands.append(((weights[:, None] * profiles).astype(np.float32), profiles.astype(np.float32)))
    weights, profiles = levels.rest(kernel, spacing, grids - 1, ONLY if kernel.lowered else COARSEST)
    mirrored = np.concatenate([profiles[:, :0:-1], profiles], 1)
    potential, force = levels.self_term(kernel, spacing)
    return _Filters(
        tuple(bands), weights.astype(np.float32), mirrored.astype(np.float32), potential, force.astype(np.float32)
    )
