"""Bilinear interpolation as tables, one per axis: which two cells an output position lies between, and how far.

- ``Table``            cell index and weight of every output position, the form in which the kernels want it
- ``table``            turn real-valued positions, in units of cells, into a table
- ``half_pixel``       both grids cover the same area (the default everywhere in xailab)
- ``align_corners``    the centers of the first and of the last cells coincide
- ``corner``           cell i stands at output position i * scale
- ``ReceptiveField``   cell i stands where its receptive field has its center

An *alignment* is any function ``(n_in, n_out) -> Table``. The kernels know none of them: a new convention is a new
function here, or anywhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32

Table = tuple[Int32[np.ndarray, " n_out"], Float32[np.ndarray, " n_out"]]
"""Index of the cell to the left (above), and the weight, in [0, 1), of the next one."""

Alignment = Callable[[int, int], Table]
"""From the numbers of cells and of output positions along one axis to the table."""

LARGEST_WEIGHT = 1 - 2.0**-20
"""Weights above it would round to "all of the next cell"; the IoU kernel's proof needs a margin of 2**-22."""


def table(positions: Float64[np.ndarray, " n_out"], n_in: int) -> Table:
    """Say between which cells each position lies, and where.

    Positions outside the outermost cells are clamped to them: the edge is continued (``padding_mode="border"``).

    Parameters
    ----------
    positions
        In units of cells: 0 is the center of the first cell, ``n_in - 1`` that of the last.
    n_in
        Number of cells, at least 1.

    Returns
    -------
    index
        int32 in [0, n_in - 1]. Output i interpolates from cell ``index[i]`` to ``min(index[i] + 1, n_in - 1)``.
    weight
        float32 in [0, 1 - 2**-20] of the second of the two. A position within 2**-20 below a cell's center counts as
        the center.

    Raises
    ------
    ValueError
        No cells, or positions that are not finite.
    """
    _positive(n_in=n_in)
    positions = np.asarray(positions, np.float64)
    if not np.isfinite(positions).all():
        raise ValueError("positions must be finite")
    clamped = np.clip(positions, 0, n_in - 1)
    index = np.floor(clamped)
    weight = clamped - index
    snapped = weight > LARGEST_WEIGHT
    index[snapped] += 1
    weight[snapped] = 0
    return index.astype(np.int32), weight.astype(np.float32)


def half_pixel(n_in: int, n_out: int) -> Table:
    """Let both grids cover the same area, edge to edge: position ``(i + 1/2) * n_in / n_out - 1/2``.

    The convention of PIL, OpenCV, and of ``torch.nn.functional.interpolate(align_corners=False)`` without antialiasing;
    NetDissect-Lite's through PIL.
    """
    _positive(n_in=n_in, n_out=n_out)
    return table((np.arange(n_out) + 0.5) * n_in / n_out - 0.5, n_in)


def align_corners(n_in: int, n_out: int) -> Table:
    """Put the centers of the corner cells on the corner outputs: position ``i * (n_in - 1) / (n_out - 1)``.

    The convention of ``torch.nn.functional.interpolate(align_corners=True)`` and of every torch before 0.4, hence of
    Net2Vec's released code. A single output takes the first cell, as in torch.
    """
    _positive(n_in=n_in, n_out=n_out)
    return table(np.arange(n_out) * (n_in - 1) / max(n_out - 1, 1), n_in)


def corner(n_in: int, n_out: int) -> Table:
    """Put cell i on the first output that it covers: position ``i * n_in / n_out`` ("asymmetric" in ONNX)."""
    _positive(n_in=n_in, n_out=n_out)
    return table(np.arange(n_out) * n_in / n_out, n_in)


@dataclass(frozen=True)
class ReceptiveField:
    """The alignment in which cell i stands at the center of its receptive field.

    The labels are a regular subsample of the image: label pixel j lies at ``label_start + label_stride * j``. All
    lengths are in input pixels, and whole numbers are pixel centers.

    Source: Bau et al. 2017, section 2.3: the interpolation is anchored at the receptive fields' centers. Their
    released code puts label pixel j at ``label_stride * j`` (pass ``label_start=0``) and rounds the centers to whole
    label pixels; nothing is rounded here.

    Parameters
    ----------
    start
        Center of the first cell's receptive field.
    jump
        Distance between the centers of neighbors, > 0.
    label_stride
        Image size / label size, > 0.
    label_start
        Center of the first label pixel; by default ``(label_stride - 1) / 2``, both grids covering the same area.
    """

    start: float
    jump: float
    label_stride: float
    label_start: float | None = None

    def __post_init__(self) -> None:
        if not (self.jump > 0 and self.label_stride > 0):
            raise ValueError(f"jump and label_stride must be > 0 input pixels, got {self.jump} and {self.label_stride}")

    def __call__(self, n_in: int, n_out: int) -> Table:
        """Return the table of one axis."""
        _positive(n_in=n_in, n_out=n_out)
        first = (self.label_stride - 1) / 2 if self.label_start is None else self.label_start
        return table((first + self.label_stride * np.arange(n_out) - self.start) / self.jump, n_in)


def _positive(**sizes: int) -> None:
    """Refuse an axis without cells."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
