"""What the kernels of the embedding refuse, in one wording.

- ``check_points``  a map: float32, 2 or 3 coordinates
- ``check_dof``     degrees of freedom
- ``check_state``   arrays that change in place
- ``check_phase``   settings of a descent
"""

import math

import numpy as np
from jaxtyping import Float, Float32


def check_points(points: Float[np.ndarray, "n c"], dtype: type[np.floating] = np.float32) -> None:
    """Refuse what is not a map of at least 2 points in 2 or 3 dimensions."""
    if points.dtype != dtype:
        raise TypeError(f"points must be {np.dtype(dtype)}, got {points.dtype}")
    if points.ndim != 2 or points.shape[1] not in (2, 3) or len(points) < 2:
        raise ValueError(f"points must have shape (n, 2) or (n, 3) with n of at least 2, got {points.shape}")


def check_dof(dof: float) -> None:
    """Refuse degrees of freedom that are not a positive number."""
    if not (math.isfinite(dof) and dof > 0):
        raise ValueError(f"dof must be above 0 and finite (1 is Student's t of t-SNE), got {dof}")


def check_state(points: Float32[np.ndarray, "n c"], **others: Float32[np.ndarray, "n c"]) -> None:
    """Refuse arrays that cannot be changed in place together with the points."""
    check_points(points)
    for name, array in {"points": points, **others}.items():
        if array.dtype != np.float32:
            raise TypeError(f"{name} must be float32, got {array.dtype}")
        if array.shape != points.shape:
            raise ValueError(f"{name} must have the shape of the points, {points.shape}, got {array.shape}")
        if not array.flags.c_contiguous or not array.flags.writeable:
            raise ValueError(f"{name} changes in place: it must be C-contiguous and writeable")


def check_phase(
    iterations: int, exaggeration: float, learning_rate: float, momentum: float, longest_step: float
) -> None:
    """Refuse settings of a descent that make no sense."""
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, got {iterations}")
    for name, value in (
        ("exaggeration", exaggeration),
        ("learning_rate", learning_rate),
        ("longest_step", longest_step),
    ):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be above 0 and finite, got {value}")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must lie in [0, 1), got {momentum}")
