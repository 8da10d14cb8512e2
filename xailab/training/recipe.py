"""The numbers of a training run, and the learning rate over time.

- ``Recipe``         a frozen record; the engine interprets it
- ``learning_rate``  of one step
- ``stream``         a random generator of its own for every purpose and step
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How a mini-AlexNet is trained: AdamW, a short warm-up and then a linear decay to 0, flips and color jitter.

    Counted in epochs and not in minutes, so that the same recipe gives the same network on a slow machine.

    Parameters
    ----------
    loss
        ``(logits, targets) -> scalar``: cross-entropy for one class per image, binary cross-entropy for tags.
    epochs
        How often each image is seen.
    seed
        Of the initial weights, the order of the images, the augmentation and the dropout.
    conv5
        Units of the last convolution.
    batch_size
        Images per step. A last, smaller batch of an epoch is left out.
    peak_rate
        The largest learning rate.
    warmup
        Fraction of all steps in which the learning rate rises from 0 to its peak.
    weight_decay
        AdamW's, applied to all weights.
    dropout
        Probability with which a hidden unit of the head is dropped.
    jitter
        Each color channel of each image is multiplied by a number drawn from ``1 - jitter ... 1 + jitter``: an object
        must be known by more than its exact color.

    Source: Loshchilov and Hutter 2019 (AdamW); Ioffe and Szegedy 2015 (batch normalization).
    """

    loss: Loss
    epochs: int
    seed: int = 0
    conv5: int = 128
    batch_size: int = 64
    peak_rate: float = 2e-3
    warmup: float = 0.03
    weight_decay: float = 2e-2
    dropout: float = 0.1
    jitter: float = 0.3

    def __post_init__(self) -> None:
        if min(self.epochs, self.conv5, self.batch_size) < 1:
            raise ValueError(f"epochs, conv5 and batch_size must be at least 1, got {self}")
        if not (0 <= self.dropout < 1 and 0 <= self.jitter <= 1 and 0 <= self.warmup < 1):
            raise ValueError(f"dropout and warmup must be in [0, 1) and jitter in [0, 1], got {self}")
        if not (self.peak_rate > 0 and self.weight_decay >= 0):
            raise ValueError(f"peak_rate must be positive and weight_decay not negative, got {self}")

    def __str__(self) -> str:
        """All numbers in one line: kept in the exported file, and the key of a checkpoint."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{name}={value.__name__ if callable(value) else value}" for name, value in values)


def learning_rate(recipe: Recipe, done: float) -> float:
    """Return the learning rate after a fraction ``done`` in [0, 1) of all steps."""
    rising = done / recipe.warmup if recipe.warmup else 1.0
    return recipe.peak_rate * min(1.0, rising) * (1 - done)


def stream(seed: int, purpose: str, number: int) -> torch.Generator:
    """Return the generator for one purpose at one step or epoch.

    A generator depends on these three only and not on what was drawn before, so a run that is resumed at any step draws
    what the uninterrupted one would have.
    """
    digest = hashlib.sha256(f"{seed}/{purpose}/{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))
