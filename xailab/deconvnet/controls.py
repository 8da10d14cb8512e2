"""Controls: does a projection say something about the unit, and about what the network has learned?

Deconvnets and guided backpropagation restore much of the image whatever unit they start from: the switches and ReLUs of
the forward run know where its edges are. So beside every projection stand two that should look different:

- ``another_unit``    of the same network, on at the same cell of the same image
- ``random_weights``  the same cell of the same image in a network that has learned nothing
- ``likeness``        how alike two projections are, as a number

Source: Mahendran and Vedaldi 2016, Nie et al. 2018 and Adebayo et al. 2018.
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from xailab.deconvnet.examples import Forward, Subject, UnitExamples, projected
from xailab.deconvnet.pictures import crop, magnitudes
from xailab.receptive import Box

ANOTHER = "another unit"
RANDOM = "random weights"


def another_unit(subject: Subject, forward: Forward, found: UnitExamples, *, seed: int = 0) -> UnitExamples:
    """Add the projections of another unit at the same cell of each image; they are the control ``ANOTHER``.

    It is drawn among the units that are above 0 there, of each image anew; where no other one is, it is the strongest
    other one. A layer with a single unit has no such control.

    Parameters
    ----------
    subject, forward
        As of ``found``.
    found
        Of ``unit_examples``.
    seed
        Of the draw.
    """
    if subject.units < 2:
        return found
    here = forward.here()
    here[:, found.unit] = -torch.inf
    units = here.argmax(1)
    for row, image in enumerate(forward.indices):
        on = (here[row] > 0).nonzero()[:, 0].tolist()
        if on:
            units[row] = on[int(np.random.default_rng([seed, found.unit, image]).integers(len(on)))]
    return _with(found, ANOTHER, projected(subject, forward, units))


def random_weights(subject: Subject, forward: Forward, found: UnitExamples) -> UnitExamples:
    """Add the projections of a network with random weights; they are the control ``RANDOM``.

    No unit of a random network corresponds to one of the trained network, so the one is taken that is strongest at the
    cells of the examples, summed over the images.

    Parameters
    ----------
    subject
        ``subject_of`` the same layer of ``xailab.models.randomized(network)``.
    forward
        ``run_forward`` of that subject, for the images and cells of ``found``.
    found
        Of ``unit_examples``.
    """
    unit = forward.here().sum(0).argmax()
    return _with(found, RANDOM, projected(subject, forward, unit.expand(len(forward.indices))))


def likeness(first: Float[Tensor, "c h w"], second: Float[Tensor, "c h w"], box: Box) -> float:
    """Return the correlation (Pearson) of the magnitudes of two projections over the pixels of a box, -1 to 1.

    1: strong at the same places. NaN where one of them is constant, such as 0 everywhere.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = (crop(magnitudes(one[None])[0], box).double().flatten().numpy() for one in (first, second))
        a, b = a - a.mean(), b - b.mean()
        return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _with(found: UnitExamples, control: str, pixels: dict[str, Tensor]) -> UnitExamples:
    """Add a control to every example."""
    return replace(
        found,
        examples=tuple(
            replace(example, controls={**example.controls, control: {rule: p[row] for rule, p in pixels.items()}})
            for row, example in enumerate(found.examples)
        ),
    )
