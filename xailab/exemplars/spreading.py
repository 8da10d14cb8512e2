"""Examples over the whole range of a unit's activation, and not only from its top.

The best images alone make nearly every unit look like a detector of one thing. What it gives for the other 99 % of the
images is the larger part of what it does.

- ``spread``         the images at given quantiles of each unit's activation
- ``random_images``  images chosen at random, ordered by each unit's activation: the control of every grid

Source: Olah et al. 2017 show examples over the whole range of a neuron beside those at its ends.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Int64

from xailab.exemplars.collecting import LayerExemplars
from xailab.statistics.topk import Exemplars

QUANTILES = (1.0, 0.99, 0.9, 0.75, 0.5, 0.25, 0.0)
"""Of the images that ``spread`` shows: the part of the data set whose activation is at most theirs."""


def spread(found: LayerExemplars, quantiles: Sequence[float] = QUANTILES) -> Exemplars:
    """Return, for each unit, an image at each quantile of its spatial maximum over the data set.

    At 1 stands the best image of all. The others are taken from the random images, so that their quantiles are
    estimates, to about sqrt(q (1 - q) / sample). No image stands twice for a unit.

    Parameters
    ----------
    found
        From ``gather``.
    quantiles
        In [0, 1], descending.

    Returns
    -------
    Exemplars
        One column per quantile; index -1 where there are too few images for another.

    Raises
    ------
    ValueError
        Quantiles that are out of range or do not descend.
    """
    wanted = np.array(quantiles, np.float64)
    if not (np.all((wanted >= 0) & (wanted <= 1)) and np.all(np.diff(wanted) < 0)):
        raise ValueError(f"expected quantiles from 1 to 0, descending, got {tuple(quantiles)}")
    top = 1 if len(wanted) and wanted[0] == 1 else 0
    best, sample = found.best, found.sample
    excluded = sample.indices[:, None] == best.indices[:, 0].numpy() if top else np.zeros(sample.values.shape, bool)
    there = len(sample) - excluded.sum(0)  # per unit
    order = np.where(excluded, np.inf, sample.values).argsort(0, kind="stable")  # equal ones stay in random order
    ranks = np.round(wanted[top:, None] * np.maximum(there - 1, 0)).astype(np.int64)
    new = (np.diff(ranks, axis=0, prepend=-1) != 0) & (there > 0)
    rows = np.take_along_axis(order, ranks, 0) if len(sample) else ranks
    rest = _of_sample(found, rows, new)
    return Exemplars(
        torch.cat([best.indices[:, :top], rest.indices], 1),
        torch.cat([best.values[:, :top], rest.values], 1),
        torch.cat([best.positions[:, :top], rest.positions], 1),
    )


def random_images(found: LayerExemplars, count: int) -> Exemplars:
    """Return the same ``count`` random images for all units, for each unit those first that excite it most.

    Raises
    ------
    ValueError
        A count below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1 image, got {count}")
    chosen = min(count, len(found.sample))
    rows = (-found.sample.values[:chosen]).argsort(0, kind="stable")
    empty = np.zeros((count - chosen, rows.shape[1]), np.int64)
    there = np.arange(count)[:, None] < np.full(rows.shape[1], chosen)
    return _of_sample(found, np.concatenate([rows, empty]), there)


def _of_sample(found: LayerExemplars, rows: Int64[np.ndarray, "n k"], there: Bool[np.ndarray, "n k"]) -> Exemplars:
    """Return, per unit, the images in some rows of the sample; those that are not ``there`` as empty places."""
    units, columns = np.arange(rows.shape[1]), found.shape[2]
    if not len(found.sample):
        indices, values, cells = np.zeros_like(rows), np.zeros(rows.shape, np.float32), np.zeros_like(rows)
    else:
        indices = found.sample.indices[rows]
        values, cells = found.sample.values[rows, units], found.sample.cells[rows, units].astype(np.int64)
    positions = np.where(there[..., None], np.stack([cells // columns, cells % columns], 2), -1)
    return Exemplars(
        torch.from_numpy(np.where(there, indices, -1).T.copy()),
        torch.from_numpy(np.where(there, values, np.float32(-np.inf)).T.copy()),
        torch.from_numpy(positions.transpose(1, 0, 2).copy()),
    )
