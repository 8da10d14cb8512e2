"""What each layer hands down on the way to the pixels, as small pictures with numbers.

- ``steps_of``  one example of a unit -> ``StepPicture`` for each step worth showing
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from xailab import render
from xailab.deconvnet.examples import Forward, Subject
from xailab.deconvnet.pictures import own_scales, signed_picture
from xailab.deconvnet.rules import RULES
from xailab.deconvnet.tracing import Passage, passages
from xailab.graph.operations import Identity, Input

MOST = 20
"""Steps shown, of those that get a signal; of more, the first, the last, and others at equal distances between them."""

LARGEST = 96
"""Pixels of a picture: larger signals are made smaller, smaller ones keep one pixel per cell."""


@dataclass(frozen=True, eq=False)
class StepPicture:
    """One step on the way back.

    Parameters
    ----------
    name, doing
        The step, and what it does to the signal, in words.
    shape
        Of what it hands down.
    nonzero, cut
        Shares in 0 ... 1: of what is handed down that is not 0; of what arrived that a ReLU's rule set to 0 (None for
        other steps).
    projection
        Whether it is the last step.
    picture
        Strength per place, over all channels, on a scale of its own; of the last step the projection itself.
    """

    name: str
    doing: str
    shape: tuple[int, ...]
    nonzero: float
    cut: float | None
    projection: bool
    picture: Image.Image


def steps_of(subject: Subject, forward: Forward, row: int, unit: int, *, rule: str) -> tuple[list[StepPicture], int]:
    """Return the steps of one image's projection, from the layer to the pixels, and how many are left out.

    Parameters
    ----------
    subject, forward
        As for ``examples.unit_examples``.
    row
        Of the image in ``forward``.
    unit
        Of the layer.
    rule
        A name in ``RULES``.
    """
    signal = forward.signal(torch.full((len(forward.indices),), unit))[row : row + 1]
    found = passages(forward.replayed, signal, sources=[row], rule=RULES[rule])
    shown = [one for one in found if _matters(one)]
    chosen = _chosen(shown)
    return [_step(one) for one in chosen], len(shown) - len(chosen)


def _matters(passage: Passage) -> bool:
    """Say whether a step does something: no dropout, no branch into which no signal went."""
    return isinstance(passage.operation, Input) or (
        not isinstance(passage.operation, Identity) and bool(passage.arriving.any())
    )


def _chosen(found: Sequence[Passage]) -> list[Passage]:
    """Choose the steps to show."""
    if len(found) <= MOST:
        return list(found)
    return [found[round(place)] for place in torch.linspace(0, len(found) - 1, MOST).tolist()]


def _step(passage: Passage) -> StepPicture:
    """Draw one step."""
    last = isinstance(passage.operation, Input)
    signal = passage.handed[0].detach().float().cpu()
    picture = _strengths(signal)
    if last:
        projection = signed_picture(signal, float(own_scales(signal[None])[0]))
        picture = render.enlarge(projection, size=LARGEST, smooth=True)
    return StepPicture(
        passage.name,
        passage.doing,
        passage.shape,
        float(passage.nonzero[0]),
        None if passage.cut is None else float(passage.cut[0]),
        last,
        picture if max(picture.size) <= LARGEST else render.enlarge(picture, size=LARGEST),
    )


def _strengths(signal: Float[Tensor, "..."]) -> Image.Image:
    """Draw a signal as heat: maps by their norm over the channels, numbers without places in a square, row by row."""
    if signal.ndim == 3:
        values = torch.linalg.vector_norm(signal, dim=0)
    else:
        flat = signal.flatten().abs()
        side = math.ceil(math.sqrt(flat.numel()))
        values = torch.cat([flat, flat.new_zeros(side * side - flat.numel())]).view(side, side)
    return render.heatmap(values)
