"""What the torch path refuses, in the words of the kernels.

- ``check_matrix``  float32, two axes
- ``check_points``  a map: 2 or 3 coordinates
- ``check_dof``     degrees of freedom
"""

import math

import torch
from jaxtyping import Shaped
from torch import Tensor


def check_matrix(matrix: Shaped[Tensor, "..."], name: str) -> None:
    """Refuse what is not a float32 matrix with rows and columns."""
    if matrix.dtype != torch.float32:
        raise TypeError(f"{name} must be float32, got {matrix.dtype}")
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"{name} must be a matrix with rows and columns, got shape {tuple(matrix.shape)}")


def check_points(points: Shaped[Tensor, "..."], dtype: torch.dtype = torch.float32) -> None:
    """Refuse what is not a map of at least 2 points in 2 or 3 dimensions."""
    if points.dtype != dtype:
        raise TypeError(f"points must be {dtype}, got {points.dtype}")
    if points.ndim != 2 or points.shape[1] not in (2, 3) or len(points) < 2:
        raise ValueError(f"points must have shape (n, 2) or (n, 3) with n of at least 2, got {tuple(points.shape)}")


def check_dof(dof: int | float) -> None:
    """Refuse degrees of freedom that are not a positive number."""
    if not (math.isfinite(dof) and dof > 0):
        raise ValueError(f"dof must be above 0 and finite (1 is Student's t of t-SNE), got {dof}")
