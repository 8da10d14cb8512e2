"""How a concept lies in the space of units: in how many directions, and how near to single units.

- ``concept_loadings``  the directions of a set of activation vectors, by SVD after removing mean and scale
- ``ConceptLoadings``   the record of that
- ``participation``     how many entries of a vector matter: 1 for one, k for k equal ones
- ``concept_vectors``   the activation vectors at the pixels of a concept in a data set
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int64
from torch import Tensor
from xailab_kernels.resampling import half_pixel

from xailab.data.batch import Dataset, Labels
from xailab.dissection.alignment.principal import oriented
from xailab.dissection.subject import activations, subject_of
from xailab.errors import XailabError
from xailab.models.network import Network
from xailab.statistics.upsampling import tables


@dataclass(frozen=True, eq=False)
class ConceptLoadings:
    """The directions of a set of activation vectors, the strongest first.

    Parameters
    ----------
    directions
        Unit vectors, one per row, at right angles to each other. Entry j is the *loading* of unit j.
    shares
        Which part of the vectors' sum of squares lies along each direction; they add up to 1.
    """

    directions: Float64[np.ndarray, "m k"]
    shares: Float64[np.ndarray, " m"]

    @property
    def effective_directions(self) -> float:
        """How many directions the vectors use: 1 if they lie on a line, m if they spread evenly over m directions."""
        return participation(np.sqrt(self.shares))

    @property
    def effective_units(self) -> Float64[np.ndarray, " m"]:
        """How many units each direction uses: 1 if it is the axis of a unit, k if all units load equally on it."""
        return np.array([participation(direction) for direction in self.directions])

    @property
    def largest_loading(self) -> Float64[np.ndarray, " m"]:
        """The cosine between each direction and the nearest unit axis, in [1 / sqrt(k), 1]."""
        return np.asarray(np.abs(self.directions).max(1, initial=0.0))

    @property
    def alignment(self) -> float:
        """One number in (0, 1]: the squared largest loading of the directions, averaged with their shares.

        1 if every direction is the axis of a unit. Directions drawn at random have little: about 0.06 among 128 units
        (rotate the vectors by ``random_rotation`` to see it).
        """
        return float(self.shares @ self.largest_loading**2)


def concept_loadings(
    vectors: Float[np.ndarray, "n k"],
    *,
    mean: Float[np.ndarray, " k"] | None = None,
    scale: Float[np.ndarray, " k"] | None = None,
) -> ConceptLoadings:
    """Return the directions of some activation vectors: the right singular vectors of ``(vectors - mean) / scale``.

    Two uses, which answer two questions:

    - ``vectors`` at the pixels of *one* concept, with mean and standard deviation of the units over the *whole* data
      set: the first direction is how the concept differs from everything else, the others how it varies.
    - the mean vectors of *several* concepts (or classes), with nothing given: mean and standard deviation are those of
      the rows, and the directions are those in which the concepts differ from each other.

    The scale makes loud and quiet units comparable. A unit whose scale is 0 is constant; it gets the loading 0. A
    direction points to the side on which the average of the vectors lies; where that is on neither, its greatest
    loading is positive. There are m directions, m the rank: at most the smaller of n and k, and 0 if all vectors are
    equal to the mean.

    Parameters
    ----------
    vectors
        Activations of k units, one row per pixel or per concept.
    mean, scale
        What to subtract from and divide by for each unit. Default: mean and standard deviation of the rows.

    Raises
    ------
    ValueError
        No rows, numbers that are not finite, or a negative scale.
    """
    rows = np.asarray(vectors, np.float64)
    if not len(rows):
        raise ValueError("no activation vectors: the concept has no pixels here")
    center = rows.mean(0) if mean is None else np.asarray(mean, np.float64)
    spread = rows.std(0) if scale is None else np.asarray(scale, np.float64)
    if not (np.isfinite(rows).all() and np.isfinite(center).all() and np.isfinite(spread).all()):
        raise ValueError("activation vectors, mean and scale must be finite; are there NaN in the layer?")
    if (spread < 0).any():
        raise ValueError(f"scale must not be negative, got {spread.min():g} for unit {int(spread.argmin())}")
    moving = spread > 1e-12 * np.abs(rows).max(initial=0.0)
    plain = np.where(moving, (rows - center) / np.where(moving, spread, 1.0), 0.0)
    _, sizes, directions = np.linalg.svd(plain, full_matrices=False)
    rank = int((sizes > sizes.max(initial=0.0) * max(plain.shape) * np.finfo(np.float64).eps).sum())
    directions, power = oriented(directions[:rank]), sizes[:rank] ** 2
    average = directions @ plain.mean(0)
    # Only a clear average turns a direction: one that is 0 but for rounding must not.
    turn = np.where(average < -1e-9 * np.sqrt(power / len(rows)), -1.0, 1.0)
    return ConceptLoadings(directions * turn[:, None], power / power.sum() if rank else power)


def participation(vector: Float[np.ndarray, " k"]) -> float:
    """Return (sum v^2)^2 / sum v^4: how many entries share the squared length; 0 for a vector of zeros.

    1 for one entry alone, k for k equal ones. (The inverse of Herfindahl's index of concentration of the squares.)
    """
    sizes = np.abs(np.asarray(vector, np.float64))
    top = sizes.max(initial=0.0)
    if top == 0:
        return 0.0
    squares = (sizes / top) ** 2  # so that nothing underflows
    return float(squares.sum() ** 2 / (squares**2).sum())


def concept_vectors(
    network: Network,
    dataset: Dataset,
    layer: str,
    concept: int,
    *,
    limit: int = 5000,
    seed: int = 0,
    batch_size: int = 64,
    device: str | torch.device = "cpu",
) -> Float[np.ndarray, "n k"]:
    """Return the activations of a layer at pixels of a concept: maps enlarged to the labels' size, labelled pixels.

    Parameters
    ----------
    concept
        Its number in the data set's vocabulary; a whole-image label counts on every pixel.
    limit
        At most so many pixels, chosen from all of them with equal chances. Which, depends on ``seed`` and the data set,
        not on ``batch_size``.

    Raises
    ------
    XailabError
        The data set has no such concept, or no pixel of it.
    ValueError
        ``limit`` below 1.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1 pixel, got {limit}")
    vocabulary = dataset.vocabulary
    if vocabulary is None or concept not in vocabulary.by_number:
        raise XailabError(f"{dataset.name} has no concept number {concept}; its vocabulary lists them")
    subject = subject_of(network, [layer], device=device)
    sample = _Sample(limit)
    for first in range(0, len(dataset), batch_size):
        indices = range(first, min(first + batch_size, len(dataset)))
        mask = _where(dataset.read_labels(indices), concept, dataset.image_size)
        rows = mask.flatten(1).any(1).nonzero()[:, 0].tolist()
        if not rows:
            continue
        maps = activations(subject, dataset.read([indices[row] for row in rows]).images)[layer].cpu()
        for row, cells in zip(rows, maps, strict=True):
            y, x = mask[row].nonzero(as_tuple=True)
            keys = np.random.default_rng([seed, indices[row]]).random(len(y))
            chosen = torch.from_numpy(np.flatnonzero(keys < sample.highest))  # few, once the sample is full
            values = _enlarged_at(cells, y[chosen], x[chosen], (mask.shape[1], mask.shape[2]))
            sample.add(keys[chosen.numpy()], values.T.numpy())
    found = sample.result()
    if found is None:
        raise XailabError(f"{dataset.name} has no pixel of {vocabulary.by_number[concept].title!r}")
    return found


class _Sample:
    """The ``limit`` rows with the smallest keys: an even draw without repetition, in whatever batches they come.

    Rows whose key is not below ``highest`` need not be added.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.highest = limit, np.inf
        self._parts: list[tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n k"]]] = []

    def add(self, keys: Float[np.ndarray, " n"], rows: Float[np.ndarray, "n k"]) -> None:
        """Take rows with their keys; cut down to the limit once four times as many wait."""
        self._parts.append((keys, rows))
        if sum(len(part) for part, _ in self._parts) > 4 * self.limit:
            self._cut()

    def result(self) -> Float[np.ndarray, "n k"] | None:
        """Return the chosen rows, in the order of their keys; None where none came."""
        if not self._parts:
            return None
        self._cut()
        return self._parts[0][1]

    def _cut(self) -> None:
        keys = np.concatenate([part for part, _ in self._parts])
        best = np.argsort(keys, kind="stable")[: self.limit]
        self._parts = [(keys[best], np.concatenate([rows for _, rows in self._parts])[best])]
        if len(best) == self.limit:
            self.highest = float(keys[best[-1]])


def _enlarged_at(
    cells: Float32[Tensor, "k h w"], y: Int64[Tensor, " n"], x: Int64[Tensor, " n"], size: tuple[int, int]
) -> Float32[Tensor, "k n"]:
    """Return what ``upsample`` to ``size`` gives at some pixels, without the others."""
    (iy, fy), (ix, fx) = tables(cells.shape[1], cells.shape[2], size, alignment=half_pixel, device=cells.device)
    row, column = iy[y], ix[x]
    below, right = (row + 1).clamp(max=cells.shape[1] - 1), (column + 1).clamp(max=cells.shape[2] - 1)
    top = cells[:, row, column] + (cells[:, row, right] - cells[:, row, column]) * fx[x]
    bottom = cells[:, below, column] + (cells[:, below, right] - cells[:, below, column]) * fx[x]
    return top + (bottom - top) * fy[y]


def _where(labels: Labels | None, concept: int, size: tuple[int, int]) -> Bool[Tensor, "b h w"]:
    """Return which pixels are labelled with a concept, in any plane or as a whole image."""
    if labels is None:
        return torch.zeros((0, *size), dtype=torch.bool)
    planes, tags = labels.stacked()
    if planes is None:
        planes = torch.zeros((0 if tags is None else len(tags), 1, *size), dtype=torch.int32)
    mask = (planes == concept).any(1)
    return mask if tags is None else mask | (tags == concept).any(1)[:, None, None]
