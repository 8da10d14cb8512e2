"""The step of an iteration in torch, as ``xailab.embedding.engine`` states it.

- ``step``  move all points once, in place; nothing waits for the device

Source: Jacobs 1988 (gains); Belkina et al. 2019 (learning rate).
"""

import torch
from jaxtyping import Float, Float32, Shaped
from torch import Tensor


def step(
    points: Float32[Tensor, "n c"],
    velocity: Float32[Tensor, "n c"],
    gains: Float32[Tensor, "n c"],
    attraction: Float32[Tensor, "n c"],
    repulsion: Float32[Tensor, "n c"],
    normalization: Float[Tensor, ""],
    *,
    exaggeration: int | float,
    learning_rate: int | float,
    momentum: int | float,
    longest_step: int | float,
) -> Float32[Tensor, "c 2"]:
    """Move all points once, in place; return their bounds afterwards: smallest and largest value of each coordinate.

    Parameters
    ----------
    points, velocity, gains
        The state; changed in place.
    attraction, repulsion, normalization
        From ``attract`` and ``repel``.
    exaggeration, learning_rate, momentum
        The settings of the phase.
    longest_step
        A point moves at most so far.

    Raises
    ------
    TypeError
        A tensor of the state is not float32.
    ValueError
        Shapes that differ.
    """
    _check_state(points, velocity=velocity, gains=gains, attraction=attraction, repulsion=repulsion)
    gradient = attraction * exaggeration - repulsion / normalization.float()
    onward = velocity * gradient > 0
    torch.where(onward, gains * 0.8 + 0.01, gains + 0.2, out=gains)
    velocity.mul_(momentum).sub_(gradient.mul_(gains).mul_(learning_rate))
    length = velocity.square().sum(1, keepdim=True).sqrt_()
    velocity.mul_((longest_step / length).clamp_(max=1))  # at length 0: infinity, clamped
    points.add_(velocity)
    points.sub_(points.mean(0, dtype=torch.float64).float())
    return torch.stack(torch.aminmax(points, dim=0), 1)


def _check_state(points: Shaped[Tensor, "..."], **others: Shaped[Tensor, "..."]) -> None:
    """Refuse tensors that do not belong together."""
    for name, tensor in {"points": points, **others}.items():
        if tensor.dtype != torch.float32:
            raise TypeError(f"{name} must be float32, got {tensor.dtype}")
        if tensor.shape != points.shape:
            raise ValueError(
                f"{name} must have the shape of the points, {tuple(points.shape)}, got {tuple(tensor.shape)}"
            )
