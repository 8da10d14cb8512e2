"""Attraction in torch: every point is drawn to its neighbors in the space of the features.

- ``Edges``       the joint probabilities of neighbors, in a form that a device sums without chance
- ``pack``        make them from compressed sparse rows
- ``attract``     the forces
- ``cross_term``  what the distances between neighbors contribute to the KL divergence

Rows differ in length: a point may be the neighbor of thousands. So each row is cut into pieces of 32 edges, the last
one filled up with edges of weight 0 to the point itself. A piece is summed along an axis of a tensor; then the pieces
of a row are summed in the same way, 16 at a time, until one number per row is left. Every value has its place in such a
table, so the order of each sum is fixed, and no row is longer than another.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float32, Float64, Int32, Int64, Shaped
from torch import Tensor

from xailab.embedding.cuda.checking import check_dof, check_points

_PIECE = 32  # edges summed at once
_FAN = 16  # sums of pieces summed at once


class Edges(NamedTuple):
    """Weighted edges from each point to its neighbors, in pieces.

    Attributes
    ----------
    owners
        The point that each piece belongs to.
    ends
        The neighbors at the other end of a piece's edges.
    weights
        Their joint probabilities.
    tables
        How sums of pieces are summed further: each table names the entries of the sums before it, the number of which
        stands for nothing. After the last one there is a sum for each point.
    points
        How many points.
    """

    owners: Int64[Tensor, " b"]
    ends: Int32[Tensor, "b w"]
    weights: Float32[Tensor, "b w"]
    tables: tuple[Int64[Tensor, "..."], ...]
    points: int


def pack(starts: Int64[Tensor, " s"], neighbors: Int32[Tensor, " e"], values: Float32[Tensor, " e"]) -> Edges:
    """Return the edges of a sparse matrix.

    Parameters
    ----------
    starts, neighbors, values
        Compressed sparse rows (``starts`` has n + 1 entries): the entries of row i are those from ``starts[i]`` to
        ``starts[i + 1]``.

    Raises
    ------
    TypeError
        A dtype other than in the signature.
    ValueError
        Shapes that do not belong together, no entry at all, or a neighbor that does not exist.
    """
    _check_rows(starts, neighbors, values)
    n = len(starts) - 1
    slots, owners, offsets = _cut(starts, _PIECE)
    real = slots < len(values)
    slots.clamp_(max=len(values) - 1)
    ends = neighbors[slots].where(real, owners[:, None].int())
    weights = values[slots].where(real, 0)
    tables, count = [], len(owners)
    while count > n:
        table, above, offsets = _cut(offsets, _FAN)
        tables.append(table)
        count = len(above)
    return Edges(owners, ends, weights, tuple(tables), n)


def attract(edges: Edges, points: Float32[Tensor, "n c"], dof: int | float) -> Float32[Tensor, "n c"]:
    """Return the sum over j of p_ij w_ij (y_i - y_j) for each point i, with w = 1 / (1 + d^2 / dof).

    Parameters
    ----------
    edges
        From ``pack``.
    points
        The map, in 2 or 3 dimensions; finite.
    dof
        Degrees of freedom of the kernel, above 0; 1 is Student's t of t-SNE.

    Raises
    ------
    TypeError
        ``points`` is not float32.
    ValueError
        Shapes that do not belong together, or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    _check_fit(edges, points)
    differences, sqdist = _spans(edges, points)
    pull = edges.weights / sqdist.div_(dof).add_(1)
    sums = torch.stack([difference.mul_(pull).sum(1) for difference in differences])
    for table in edges.tables:
        sums = torch.cat([sums, sums.new_zeros(len(sums), 1)], 1)[:, table].sum(2)
    return sums.T.contiguous()


def cross_term(edges: Edges, points: Float32[Tensor, "n c"], dof: int | float) -> Float64[Tensor, ""]:
    """Return the sum over edges of p_ij dof log(1 + d^2 / dof), summed in float64; on the device.

    With it, KL(P||Q) = sum p log p + cross term + log Z.

    Parameters
    ----------
    edges, points, dof
        As for ``attract``.

    Raises
    ------
    TypeError
        ``points`` is not float32.
    ValueError
        Shapes that do not belong together, or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    _check_fit(edges, points)
    _, sqdist = _spans(edges, points)
    return (edges.weights * sqdist.div_(dof).log1p_()).sum(dtype=torch.float64) * dof


def _spans(edges: Edges, points: Float32[Tensor, "n c"]) -> tuple[list[Float32[Tensor, "b w"]], Float32[Tensor, "b w"]]:
    """Return the differences along every edge, one coordinate at a time, and their squared lengths."""
    differences = [axis[edges.owners][:, None] - axis[edges.ends] for axis in points.T.contiguous()]
    sqdist = differences[0].square()
    for difference in differences[1:]:
        sqdist.addcmul_(difference, difference)
    return differences, sqdist


def _cut(
    starts: Int64[Tensor, " s"], width: int
) -> tuple[Int64[Tensor, "b w"], Int64[Tensor, " b"], Int64[Tensor, " s"]]:
    """Cut rows into pieces; a row without entries is one piece, too.

    Return the entries of each piece (the number of all entries for none), its row, and where the rows' pieces begin.
    """
    pieces = starts.diff().add(width - 1).div(width, rounding_mode="floor").clamp(min=1)
    owners = torch.arange(len(starts) - 1, device=starts.device).repeat_interleave(pieces)
    offsets = torch.cat([pieces.new_zeros(1), pieces.cumsum(0)])
    within = torch.arange(len(owners), device=starts.device) - offsets[owners]
    table = (starts[owners] + within * width)[:, None] + torch.arange(width, device=starts.device)
    return table.where(table < starts[owners + 1][:, None], starts[-1]), owners, offsets


def _check_rows(starts: Shaped[Tensor, "..."], neighbors: Shaped[Tensor, "..."], values: Shaped[Tensor, "..."]) -> None:
    """Refuse what is not a square matrix in compressed sparse rows."""
    for name, tensor, dtype in (
        ("starts", starts, torch.int64),
        ("neighbors", neighbors, torch.int32),
        ("values", values, torch.float32),
    ):
        if tensor.dtype != dtype:
            raise TypeError(f"{name} must be {dtype}, got {tensor.dtype}")
        if tensor.ndim != 1:
            raise ValueError(f"{name} must have one axis, got shape {tuple(tensor.shape)}")
    if neighbors.shape != values.shape or not len(values):
        raise ValueError(f"expected one value per neighbor, got {len(neighbors)} neighbors and {len(values)} values")
    n = len(starts) - 1
    ordered = n > 0 and bool((starts.diff() >= 0).all())
    if not ordered or int(starts[0]) != 0 or int(starts[-1]) != len(values):
        raise ValueError(f"starts must rise from 0 to the number of entries, {len(values)}")
    low, high = torch.stack(torch.aminmax(neighbors)).tolist()
    if low < 0 or high >= n:
        raise ValueError(f"neighbors must lie in 0..{n - 1}, got {low}..{high}")


def _check_fit(edges: Edges, points: Float32[Tensor, "n c"]) -> None:
    """Refuse edges that were packed for another number of points."""
    if edges.points != len(points):
        raise ValueError(f"edges of {edges.points} points do not fit {len(points)} points: pack them for these points")
