"""What every image data set yields, and the words for what is labelled in it.

- ``Concept``, ``Vocabulary``  what can be labelled: numbers, names, categories (Broden's global numbering)
- ``Labels``                   the labels of some images: maps per category, whole-image labels per category
- ``Batch``                    images in [0, 1] with their labels and class indices
- ``Dataset``                  the protocol: a length and ``read(indices)``
- ``batches``                  walk through a data set in order

A concept is known by its *number*, 1 ... n, unique over all categories; 0 always means "unlabelled".

Source: the numbering and the categories are Broden's, Bau et al. 2017, section 2.1.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Concept:
    """One thing that can be labelled.

    Parameters
    ----------
    number
        Global number, >= 1.
    name
        As it stands on disk: scenes of Broden end in ``-s``, colors in ``-c``.
    category
        The primary category: the one in which the concept covers most (Broden reader), or the only one.
    categories
        All categories in which it occurs, the primary one among them.
    """

    number: int
    name: str
    category: str
    categories: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name for people: no ``-s`` or ``-c`` suffix, spaces for underscores."""
        return re.sub(r"-[sc]$", "", self.name).replace("_", " ")


@dataclass(frozen=True)
class Vocabulary:
    """The concepts of a data set, ordered by number, and its categories in the order in which they are reported."""

    categories: tuple[str, ...]
    concepts: tuple[Concept, ...]

    def __post_init__(self) -> None:
        numbers = [concept.number for concept in self.concepts]
        if numbers != sorted(set(numbers)) or (numbers and numbers[0] < 1):
            raise ValueError("concept numbers must be unique, ascending and >= 1 (0 means unlabelled)")
        for concept in self.concepts:
            if concept.category not in self.categories:
                raise ValueError(
                    f"concept {concept.name!r} is of category {concept.category!r}, not in {self.categories}"
                )

    @property
    def size(self) -> int:
        """Length of a table indexed by concept number: the largest number + 1."""
        return self.concepts[-1].number + 1 if self.concepts else 1

    @cached_property
    def by_number(self) -> dict[int, Concept]:
        """The concepts, keyed by number."""
        return {concept.number: concept for concept in self.concepts}

    @cached_property
    def category_codes(self) -> Int[np.ndarray, " size"]:
        """Int64 index into ``categories`` of each concept number's primary category; -1 where there is no concept."""
        codes = np.full(self.size, -1, np.int64)
        for concept in self.concepts:
            codes[concept.number] = self.categories.index(concept.category)
        return codes

    def number(self, category: str, name: str) -> int:
        """Return the number of the concept ``name`` (on-disk name or title) of ``category``."""
        from xailab.errors import UnknownName

        for concept in self.concepts:
            if concept.category == category and name in (concept.name, concept.title):
                return concept.number
        raise UnknownName(f"{category} concept", name, [c.title for c in self.concepts if c.category == category])


@dataclass(frozen=True)
class Labels:
    """The labels of b images.

    Parameters
    ----------
    maps
        Category -> int32 concept numbers per pixel, ``b p h w``: p label planes, each a full map (Broden gives parts
        several planes, because a pixel may belong to a part of a part). 0 = unlabelled.
    tags
        Category -> int32 concept numbers of the whole image, ``b n``, padded with 0.

    A category may be in both. The maps of all categories share ``h w``, which need not be the images' size.
    """

    maps: Mapping[str, Int[Tensor, "b _ h w"]] = field(default_factory=dict)
    tags: Mapping[str, Int[Tensor, "b _"]] = field(default_factory=dict)

    def stacked(self) -> tuple[Int[Tensor, "b p h w"] | None, Int[Tensor, "b n"] | None]:
        """Return the planes of all categories one after the other, and all whole-image labels; None for none."""
        planes = torch.cat(list(self.maps.values()), 1) if self.maps else None
        tags = torch.cat(list(self.tags.values()), 1) if self.tags else None
        return planes, tags


@dataclass(frozen=True)
class Batch:
    """Some images of a data set.

    Parameters
    ----------
    images
        RGB float32 in [0, 1], ``b 3 h w``.
    indices
        Int64 positions in the data set, ``b``.
    labels
        Concept labels, or None where the data set has none.
    targets
        Int64 class index per image, or None where the data set has no classes.
    """

    images: Float[Tensor, "b 3 h w"]
    indices: Int[Tensor, " b"]
    labels: Labels | None = None
    targets: Int[Tensor, " b"] | None = None


@runtime_checkable
class Dataset(Protocol):
    """What every image data set of xailab offers. Reading the same index twice gives the same bytes."""

    @property
    def name(self) -> str:
        """A short name for tables and titles."""

    @property
    def fingerprint(self) -> str:
        """A string that changes whenever an image or a label would: cached and resumed work is keyed by it."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The concepts that may be labelled, or None for a data set without concept labels."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes that ``Batch.targets`` counts; empty where there are none."""

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images in pixels."""

    def __len__(self) -> int:
        """How many images there are."""

    def read(self, indices: Sequence[int]) -> Batch:
        """Return the images at these positions, in this order, with everything that is known about them."""

    def read_labels(self, indices: Sequence[int]) -> Labels | None:
        """Return only the labels at these positions (no image is decoded)."""


def batches(dataset: Dataset, size: int = 64, *, start: int = 0, stop: int | None = None) -> Iterator[Batch]:
    """Yield the images ``start`` ... ``stop - 1`` of a data set in order, ``size`` at a time, the last may be fewer."""
    if size < 1:
        raise ValueError(f"size must be at least 1 image, got {size}")
    stop = len(dataset) if stop is None else min(stop, len(dataset))
    for first in range(start, stop, size):
        yield dataset.read(range(first, min(first + size, stop)))
