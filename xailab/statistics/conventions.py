"""The conventions of IoU tallies that change numbers, each a value that can be passed, compared and named.

Which images count for the unit's area |A| in the union of a unit and a concept (``ImageSet``):

- ``category_present``  images with any label of the concept's category: the paper (Bau et al. 2017, section 2.3)
- ``mask_touches``      images where the unit's mask lies on a label of that category: NetDissect-Lite's released code
- ``all_images``        every image: Bau et al. 2020, Mu & Andreas 2020
- ``concept_present``   images with that very concept: Net2Vec (Fong & Vedaldi 2018), its IoU_set

What a label on several planes of one pixel counts (``PlaneRule``):

- ``sum_of_planes``     once per plane, in the intersection and in the concept's area: all released codes
- ``union_of_planes``   once
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int, Int32, Int64
from torch import Tensor

PlaneRule = Callable[
    [Int32[Tensor, "b p h w"], Int32[Tensor, "b t"]], tuple[Int32[Tensor, "b p h w"], Int32[Tensor, "b t"]]
]
"""Label planes and whole-image labels in, the same with fewer labels out."""


@dataclass(frozen=True)
class Evidence:
    """What a batch says about where units are active.

    Parameters
    ----------
    on
        Active pixels of each image and unit.
    touched
        Bit g is set iff the unit's mask lies on a label of category g in that image.
    concepts
        Whether each image has each concept.
    categories
        Code of each concept's category, -1 for none.
    """

    on: Int64[Tensor, "b k"]
    touched: Int64[Tensor, "b k"]
    concepts: Bool[Tensor, "b c"]
    categories: Int64[Tensor, " c"]


@dataclass(frozen=True)
class ImageSet:
    """Which images count for a unit's area.

    Parameters
    ----------
    name
        For tables and saved states.
    total
        The area of each unit over the batch's images that count, in as many columns as differ (categories, say).
    spread
        From those columns, and the concepts' categories, to one column per concept.
    """

    name: str
    total: Callable[[Evidence], Int64[Tensor, "k s"]]
    spread: Callable[[Int64[Tensor, "k s"], Int64[Tensor, " c"]], Int64[Tensor, "k c"]]


def sum_of_planes(planes: Int32[Tensor, "b p h w"], tags: Int32[Tensor, "b t"]) -> tuple[Tensor, Tensor]:
    """Return the labels as they are: a label on two planes of one pixel counts twice, in |A & L| and in |L|."""
    return planes, tags


def union_of_planes(planes: Int32[Tensor, "b p h w"], tags: Int32[Tensor, "b t"]) -> tuple[Tensor, Tensor]:
    """Return the labels such that each counts once per pixel: only the first plane that has it keeps it.

    A whole-image label counts on every pixel already, so that it is removed from the planes, and from further columns.
    """
    single_tags, single_planes = tags.clone(), planes.clone()
    for i in range(tags.shape[1]):
        for j in range(i):
            single_tags[:, i][tags[:, i] == tags[:, j]] = 0
    for p in range(planes.shape[1]):
        known = [planes[:, q] for q in range(p)] + [tag[:, None, None] for tag in tags.unbind(1)]
        for label in known:
            single_planes[:, p][planes[:, p] == label] = 0
    return single_planes, single_tags


def category_count(categories: Int64[Tensor, " c"]) -> int:
    """Return the largest code + 1, and at least 1."""
    return int(categories.clamp(min=0).max()) + 1


def _weighted(on: Int64[Tensor, "b k"], counts: Bool[Tensor, "b s"]) -> Int64[Tensor, "k s"]:
    """Sum the areas over the images that count. In float64 the sums are exact (< 2**53) and the product is fast."""
    return (on.T.double() @ counts.double()).long()


def _with_category(evidence: Evidence) -> Tensor:
    """Sum over the images that have any concept of each category."""
    members = _members(evidence.categories)
    return _weighted(evidence.on, (evidence.concepts.float() @ members.float()) > 0)


def _touching(evidence: Evidence) -> Tensor:
    """Sum over the images in which the mask lies on a label of each category."""
    columns = []
    for code in range(category_count(evidence.categories)):
        columns.append((evidence.on * (evidence.touched >> code & 1)).sum(0))
    return torch.stack(columns, 1)


def _members(categories: Int64[Tensor, " c"]) -> Bool[Tensor, "c g"]:
    """Which concept is of which category; column g is empty where no concept has code g."""
    return categories[:, None] == torch.arange(category_count(categories), device=categories.device)


def _by_category(totals: Int[Tensor, "k g"], categories: Int64[Tensor, " c"]) -> Tensor:
    """Give each concept its category's column; 0 to concepts without a category."""
    return totals[:, categories.clamp(min=0)] * (categories >= 0)


category_present = ImageSet("category_present", _with_category, _by_category)
mask_touches = ImageSet("mask_touches", _touching, _by_category)
all_images = ImageSet(
    "all_images",
    lambda evidence: evidence.on.sum(0)[:, None],
    lambda totals, categories: totals.expand(-1, len(categories)).clone(),
)
concept_present = ImageSet(
    "concept_present",
    lambda evidence: _weighted(evidence.on, evidence.concepts),
    lambda totals, categories: totals,
)
