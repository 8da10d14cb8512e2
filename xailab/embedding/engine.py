"""What a descent runs on: the points, their forces, and a way to move on.

- ``Phase``   so many iterations with the same settings
- ``Engine``  the points; compiled kernels or torch

The step of an iteration, as in FIt-SNE and openTSNE, for each coordinate y of each point::

    g = exaggeration * attraction - repulsion / Z  # a quarter of the gradient of the KL divergence
    gain = 0.8 * gain + 0.01 if velocity * g > 0 else gain + 0.2
    velocity = momentum * velocity - learning_rate * gain * g  # a point's velocity is cut to length ``LONGEST_STEP``
    y = y + velocity

and then the mean of all points is moved to the origin.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

LONGEST_STEP = 5.0
"""A point moves at most so far in one iteration: it keeps outliers from being thrown out (openTSNE's value)."""


@dataclass(frozen=True)
class Phase:
    """Iterations with the same settings.

    Attributes
    ----------
    iterations
        How many.
    exaggeration
        Factor of the attraction; above 1 clusters contract and find their places.
    momentum
        In [0, 1).
    learning_rate
        Factor of a quarter of the gradient.
    """

    iterations: int
    exaggeration: float
    momentum: float
    learning_rate: float


@runtime_checkable
class Engine(Protocol):
    """Points on their way to a map. Between two calls everything is in a consistent state."""

    def advance(self, phase: Phase, iterations: int) -> None:
        """Run so many iterations with the settings of a phase."""
        ...

    def divergence(self) -> float:
        """Return the KL divergence in nats at the present points, without exaggeration."""
        ...

    def points(self) -> Float32[np.ndarray, "n c"]:
        """Return the present points, in the order of the features."""
        ...
