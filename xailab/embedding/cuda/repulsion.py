"""Repulsion in torch, exactly: every point is pushed away by every other one.

- ``repel``          the forces and their normalization Z, float32
- ``normalization``  Z alone, float64: the evaluator behind an exact KL divergence

Deterministic: each row of the matrix of all pairs is summed along its axis. Z stays on the device until it is asked
for.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from xailab.embedding.cuda.checking import check_dof, check_points

_VALUES = 2**24  # of a temporary array: 64 MB of float32


def repel(points: Float32[Tensor, "n c"], dof: int | float) -> tuple[Float32[Tensor, "n c"], Float64[Tensor, ""]]:
    """Return the sum over j of k_ij w_ij (y_i - y_j) for each point i, and Z, the sum of k_ij over all i != j.

    k = (1 + d^2 / dof)^-dof and w = 1 / (1 + d^2 / dof). O(n^2).

    Parameters
    ----------
    points
        The map, in 2 or 3 dimensions; finite.
    dof
        Degrees of freedom of the kernel, above 0; 1 is Student's t of t-SNE.

    Raises
    ------
    TypeError
        ``points`` is not float32.
    ValueError
        A shape other than (n, 2) or (n, 3), or ``dof`` out of range.
    """
    check_points(points)
    check_dof(dof)
    forces, total = torch.empty_like(points), torch.zeros((), dtype=torch.float64, device=points.device)
    for rows, differences, sqdist in _pairs(points):
        w = sqdist.div_(dof).add_(1).reciprocal_()
        k = w if dof == 1 else w.pow(dof)
        total += k.sum(dtype=torch.float64)
        push = w.square() if dof == 1 else k * w
        for column, difference in enumerate(differences):
            forces[rows, column] = difference.mul_(push).sum(1)
    return forces, total - len(points)


def normalization(points: Float64[Tensor, "n c"], dof: int | float) -> Float64[Tensor, ""]:
    """Return Z, the sum of (1 + d^2 / dof)^-dof over all ordered pairs of different points, in float64. O(n^2).

    Parameters
    ----------
    points
        The map, float64, in 2 or 3 dimensions.
    dof
        Degrees of freedom of the kernel, above 0.

    Raises
    ------
    TypeError
        ``points`` is not float64.
    ValueError
        A shape other than (n, 2) or (n, 3), or ``dof`` out of range.
    """
    check_points(points, torch.float64)
    check_dof(dof)
    total = points.new_zeros(())
    for _, _, sqdist in _pairs(points):
        w = sqdist.div_(dof).add_(1).reciprocal_()
        total += (w if dof == 1 else w.pow_(dof)).sum()
    return total - len(points)


def _pairs(
    points: Float[Tensor, "n c"],
) -> Iterator[tuple[slice, list[Float[Tensor, "r n"]], Float[Tensor, "r n"]]]:
    """Yield, for some rows at a time, the differences to all points, by coordinate, and the squared distances."""
    axes = points.T.contiguous()
    step = max(1, _VALUES // len(points))
    for first in range(0, len(points), step):
        rows = slice(first, first + step)
        differences = [axis[rows, None] - axis for axis in axes]
        sqdist = differences[0].square()
        for difference in differences[1:]:
            sqdist.addcmul_(difference, difference)
        yield rows, differences, sqdist
