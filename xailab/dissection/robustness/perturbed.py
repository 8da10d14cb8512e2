"""A data set whose images are changed as they are read.

- ``Perturbation``    a change of images, and of label maps with them
- ``uniform_noise``, ``gaussian_noise``, ``rotation``, ``shuffled_patches``   the kinds there are
- ``PERTURBATIONS``   those of the experiment
- ``Perturbed``       the data set
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from xailab.data.batch import Batch, Dataset, Labels, Vocabulary
from xailab.dissection.robustness.perturbing import (
    GRAY,
    add_gaussian_noise,
    add_uniform_noise,
    patch_orders,
    rearrange,
    turn,
)

Change = Callable[[Tensor, np.random.Generator], Tensor]
"""Maps ``1 c h w`` of one image in, changed maps of the same shape out."""

GRAY_LEVEL = 1 / 255
"""The unit of uniform noise: one step of an 8-bit image, which no eye sees."""


@dataclass(frozen=True)
class Perturbation:
    """A change of images, and of label maps with them.

    Parameters
    ----------
    name
        For tables, and part of the key of an interrupted run: it must say everything that matters.
    kind
        Perturbations of one kind are drawn side by side.
    images
        What becomes of an image.
    labels
        What becomes of its label maps, the planes of all categories. Gets a generator in the same state as ``images``.
    """

    name: str
    kind: str
    images: Change
    labels: Change


def uniform_noise(times: int | float) -> Perturbation:
    """Noise drawn evenly from plus or minus ``times`` gray levels (1 / 255): at 100, images are hard to recognize."""
    return Perturbation(
        f"uniform noise x{times:g}", "noise", lambda x, rng: add_uniform_noise(x, times * GRAY_LEVEL, rng), _same
    )


def gaussian_noise(sigma: int | float) -> Perturbation:
    """Noise of normal distribution and deviation ``sigma``; images are in [0, 1]."""
    return Perturbation(f"gaussian noise {sigma:g}", "noise", lambda x, rng: add_gaussian_noise(x, sigma, rng), _same)


def rotation(degrees: int | float, *, fill: int | float = GRAY) -> Perturbation:
    """Images and label maps rotated counterclockwise; images are ``fill`` outside, label maps unlabelled."""
    name = f"rotated {degrees:g} degrees" + ("" if fill == GRAY else f", {fill:g} outside")
    return Perturbation(
        name, "rotation", lambda x, _: turn(x, degrees, fill=fill), lambda maps, _: turn(maps, degrees, fill=0)
    )


def shuffled_patches(grid: int) -> Perturbation:
    """Images and label maps cut into ``grid`` x ``grid`` patches, which are put together in a random order."""

    def change(maps: Tensor, rng: np.random.Generator) -> Tensor:
        return rearrange(maps, patch_orders(len(maps), grid, rng))

    return Perturbation(f"patches {grid}x{grid} shuffled", "patches", change, change)


def _same(maps: Tensor, rng: np.random.Generator) -> Tensor:
    """Leave labels as they are."""
    return maps


PERTURBATIONS = (
    *(uniform_noise(times) for times in (1, 5, 10, 100)),
    *(gaussian_noise(sigma) for sigma in (0.05, 0.1, 0.2)),
    *(rotation(degrees) for degrees in (10, 45, 90)),
    *(shuffled_patches(grid) for grid in (2, 4, 8)),
)
"""Those of the experiment, from harmless to destructive within each kind."""


class Perturbed:
    """A data set whose images, and label maps with them, are changed as they are read.

    What is random about an image depends on the seed and its position only: reading it twice, or in another batch,
    gives the same bytes. Noise of different strengths is the same noise, scaled, so that strengths can be compared.

    Parameters
    ----------
    dataset
        What is changed.
    perturbation
        How.
    seed
        Of everything random.
    """

    def __init__(self, dataset: Dataset, perturbation: Perturbation, *, seed: int = 0) -> None:
        self._dataset, self._perturbation, self._seed = dataset, perturbation, seed

    @property
    def name(self) -> str:
        """``minibroden, patches 4x4 shuffled``."""
        return f"{self._dataset.name}, {self._perturbation.name}"

    @property
    def fingerprint(self) -> str:
        """Changes with the data set, the perturbation's name and the seed."""
        return f"{self._dataset.fingerprint}, {self._perturbation.name}, seed {self._seed}"

    @property
    def vocabulary(self) -> Vocabulary | None:
        """That of the data set."""
        return self._dataset.vocabulary

    @property
    def classes(self) -> tuple[str, ...]:
        """Those of the data set."""
        return self._dataset.classes

    @property
    def image_size(self) -> tuple[int, int]:
        """That of the data set."""
        return self._dataset.image_size

    def __len__(self) -> int:
        return len(self._dataset)

    def read(self, indices: Sequence[int]) -> Batch:
        """Return changed images and labels."""
        batch = self._dataset.read(indices)
        images = self._changed(batch.images, indices, self._perturbation.images)
        return replace(batch, images=images, labels=self._with_labels(batch.labels, indices))

    def read_labels(self, indices: Sequence[int]) -> Labels | None:
        """Return changed labels."""
        return self._with_labels(self._dataset.read_labels(indices), indices)

    def _with_labels(self, labels: Labels | None, indices: Sequence[int]) -> Labels | None:
        """Change the maps of every category alike: all planes of an image at once."""
        if labels is None or self._perturbation.labels is _same:
            return labels
        planes, _ = labels.stacked()
        if planes is None:
            return labels
        changed = self._changed(planes, indices, self._perturbation.labels)
        parts = torch.split(changed, [maps.shape[1] for maps in labels.maps.values()], 1)
        return Labels(dict(zip(labels.maps, parts, strict=True)), labels.tags)

    def _changed(self, maps: Tensor, indices: Sequence[int], change: Change) -> Tensor:
        """Change the maps of each image with its own generator, at its start."""
        if not len(maps):
            return maps
        return torch.cat(
            [
                change(one, np.random.default_rng([self._seed, index]))
                for one, index in zip(maps[:, None], indices, strict=True)
            ]
        )
