"""Exercise ``iou_table``: how well does each unit's mask agree with each concept, over the whole set of images?

- ``EXERCISE``    the declaration
- ``make_scene``  activations, thresholds and labels for cases, without ties

Its wrong implementations are in ``iou_mistakes``.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant

from .iou_mistakes import MISCONCEPTIONS
from .reference import iou_table, upsample

Scene = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Activations (N, K, h, w), thresholds (K,), labels (N, H, W)."""

MARGIN = 2e-3
"""How near, relatively, an enlarged activation may come to its threshold: right algorithms then agree on the mask."""


def make_scene(
    rng: np.random.Generator,
    *,
    images: int = 5,
    units: int = 3,
    maps: tuple[int, int] = (3, 4),
    size: tuple[int, int] = (8, 8),
    concepts: int = 4,
) -> Scene:
    """Return a small set of images in which every usual mistake shows.

    The last image has no label at all, and no image has all concepts. Unit 0 is 0 in many places and has threshold 0.
    No enlarged activation comes near its threshold, unless both are exactly 0. Sizes must be such that no pixel lies
    exactly on a cell's centre: rounding would let a neighbour in, and what is 0 would be a little more.
    """
    while True:
        activations = rng.gamma(2.0, 1.0, (images, units, *maps))
        activations[rng.random((images, units)) < 0.15] = 0
        activations[:, 0] *= rng.random((images, *maps)) < 0.25
        activations = activations.astype(np.float32)
        limits = rng.uniform(1.5, 3.0, units).astype(np.float32)
        limits[0] = 0
        if not _near(upsample(activations.astype(float), *size), limits):
            break
    return activations, limits, _make_labels(rng, images, size, concepts)


def _make_labels(rng: np.random.Generator, images: int, size: tuple[int, int], concepts: int) -> np.ndarray:
    """Return label maps: rectangles of concepts on unlabelled ground. The first has concept 1 only, the last none."""
    labels = np.zeros((images, *size), np.int64)
    for image in range(images - 1):
        absent = 1 if image % 2 else rng.integers(2, concepts + 1)
        for concept in (c for c in rng.permutation(np.arange(1, concepts + 1)) if c != absent and (image or c == 1)):
            top, left = rng.integers(0, size[0] - 2), rng.integers(0, size[1] - 2)
            bottom, right = top + rng.integers(2, size[0]), left + rng.integers(2, size[1] // 2 + 2)
            labels[image, top:bottom, left:right] = concept
        labels[image, rng.integers(size[0])] = 0  # some of every image stays unlabelled
    return labels


def _near(enlarged: np.ndarray, limits: np.ndarray) -> bool:
    """Say whether any enlarged activation is so near its threshold that rounding could decide."""
    limits = limits[:, None, None]
    close = np.abs(enlarged - limits) <= MARGIN * np.maximum(limits, 0.05)
    return bool((close & ~((limits == 0) & (enlarged == 0))).any())


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("5 images, 3 units of 3x4 cells, labels of 8x8, concepts 1 to 4", (*make_scene(rng), 5))
    scene = make_scene(rng, images=6, units=2, maps=(4, 4), size=(10, 10), concepts=3)
    yield Case("6 images, 2 units of 4x4 cells, labels of 10x10, concepts 1 to 3", (*scene, 4))
    scene = make_scene(rng, images=4, units=4, maps=(3, 3), size=(8, 6), concepts=3)
    yield Case("4 images, 4 units of 3x3 cells, labels of 8x6, concepts 1 to 3", (*scene, 4))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    activations, limits, labels = make_scene(rng)
    yield Case("concept 5 never occurs, nor do 6 and 7: IoU 0, not NaN", (activations, limits, labels, 8))
    silent = np.full(3, 100.0)
    yield Case("units that are never on", (activations, silent, labels, 5))
    yield Case("no labels at all", (activations, limits, np.zeros_like(labels), 5))
    yield Case("one image of one pixel", (np.float32([[[[5]]]]), np.float32([2]), np.array([[[1]]]), 2))
    yield Case("one image, one unit", (activations[:1, :1], limits[:1], labels[:1], 5))
    wide = np.repeat(activations, 2, axis=3)[..., ::2]
    yield Case("every second column of a wider array", (wide, limits, np.repeat(labels, 2, 2)[..., ::2], 5))
    yield Case("Fortran order, float64", (np.asfortranarray(activations.astype(float)), limits, labels, 5))
    yield Case("labels of a small integer type", (activations, limits, labels.astype(np.uint8), 5))
    tied = rng.integers(0, 4, (4, 2, 6, 6)).astype(np.float32)
    _, _, sharp = make_scene(rng, images=4, size=(6, 6))
    yield Case("activations equal to T are off (labels as large as the maps)", (tied, np.float32([1, 2]), sharp, 5))


def _units(call: Call, rng: np.random.Generator) -> str | None:
    activations, limits, labels = make_scene(rng)
    before, after = call(activations, limits, labels, 5), call(activations[:, [2, 0, 1]], limits[[2, 0, 1]], labels, 5)
    return (
        None
        if np.allclose(before[[2, 0, 1]], after, rtol=1e-4)
        else f"expected rows 2, 0, 1 of\n{before}\ngot\n{after}"
    )


def _images(call: Call, rng: np.random.Generator) -> str | None:
    activations, limits, labels = make_scene(rng)
    order = rng.permutation(len(labels))
    before, after = call(activations, limits, labels, 5), call(activations[order], limits, labels[order], 5)
    return None if np.allclose(before, after, rtol=1e-4) else f"got\n{before}\nand in another order\n{after}"


def _twice(call: Call, rng: np.random.Generator) -> str | None:
    activations, limits, labels = make_scene(rng)
    once = call(activations, limits, labels, 5)
    twice = call(np.concatenate([activations] * 2), limits, np.concatenate([labels] * 2), 5)
    return None if np.allclose(once, twice, rtol=1e-4) else f"got\n{once}\nand with every image twice\n{twice}"


def _bounded(call: Call, rng: np.random.Generator) -> str | None:
    activations, limits, labels = make_scene(rng)
    table = np.asarray(call(activations, limits, labels, 5))
    # A pixel has one label, so the intersections of a unit are disjoint parts of its mask.
    parts = (table / (1 + table)).sum(1)
    if table.min() < 0 or parts.max() > 1:
        return f"intersections larger than unions: {table.min():.3g} to {table.max():.3g}"
    return None


_WORKED_A = np.float32([[[[5, 0], [5, 5]]], [[[0, 5], [0, 0]]]])
_WORKED_L = np.array([[[1, 1], [2, 0]], [[2, 1], [0, 0]]])

EXERCISE = Exercise(
    id="iou-table",
    function="iou_table",
    signature="iou_table(activations (N, K, h, w), T (K,), labels (N, H, W), size) -> iou (K, size)",
    title="The table of IoUs",
    task=(
        "A unit's mask is where its map, enlarged to the labels, is greater than T (strictly). For each unit and "
        "concept divide the pixels in both by the pixels in either, each summed over all images first. Labels are "
        "of one category; 0 means unlabelled. The unit's pixels count only in images with at least one label. "
        "Column c is concept c; column 0 is 0, and so is a concept that never occurs."
    ),
    points=4,
    minutes=12,
    reference=iou_table,
    worked=(
        Case(
            "1 unit, 2 images of 2x2, nothing to enlarge",
            (_WORKED_A, np.float32([2]), _WORKED_L, 3),
            np.float64([[0, 2 / 5, 1 / 5]]),
        ),
        Case(
            "the same and an image without labels: nothing changes",
            (
                np.concatenate([_WORKED_A, np.full((1, 1, 2, 2), 5, np.float32)]),
                np.float32([2]),
                np.concatenate([_WORKED_L, np.zeros((1, 2, 2), int)]),
                3,
            ),
            np.float64([[0, 2 / 5, 1 / 5]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("units", "renumbering the units renumbers the rows", _units),
        Invariant("images", "the order of the images does not matter", _images),
        Invariant("twice", "a set with every image twice has the same table", _twice),
        Invariant("bounded", "intersections are parts of unions", _bounded),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Three numbers per unit and concept: pixels in both, pixels of the unit, pixels of the concept. Sum each "
        "over all images; divide once, at the end.",
        "Pixels in either = pixels of the unit + pixels of the concept - pixels in both.",
        "In a loop over images: masks as (K, H*W) and labels == c as (C, H*W), both as floats; then masks @ concepts.T "
        "counts the pixels in both. Add a unit's own pixels only if (labels > 0).any().",
    ),
    read="Bau et al. 2017, section 2.3, eq. 1",
)
