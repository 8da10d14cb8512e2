"""Known wrong ways to fill an IoU table. Each makes one mistake, and no other.

- ``MISCONCEPTIONS``  for ``iou.EXERCISE``
- ``Counted``         what they are all made of: pixel counts per image
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import upsample
from .upsampling import align_corners, corner, nearest

Enlarge = Callable[[np.ndarray, int, int], np.ndarray]


@dataclass(frozen=True)
class Counted:
    """Pixels per image: ``both`` (N, K, C), of the units ``on`` (N, K), of the concepts ``of`` (N, C), 0 among them."""

    both: np.ndarray
    on: np.ndarray
    of: np.ndarray

    @property
    def carries(self) -> np.ndarray:
        """Which images have any label, ``(N,)``."""
        return self.of[:, 1:].sum(1) > 0

    @property
    def area(self) -> np.ndarray:
        """The pixels of the units in those images, ``(K, 1)``."""
        return self.on[self.carries].sum(0)[:, None]


def _count(masks: np.ndarray, labels: np.ndarray, size: int) -> Counted:
    concepts = (labels[:, None] == np.arange(size)[:, None, None]).astype(float)
    masks = masks.astype(float)
    return Counted(np.einsum("nkhw,nchw->nkc", masks, concepts), masks.sum((2, 3)), concepts.sum((2, 3)))


def _masks(activations: np.ndarray, limits: np.ndarray, labels: np.ndarray, enlarge: Enlarge = upsample) -> np.ndarray:
    return enlarge(activations, *labels.shape[1:]) > limits[:, None, None]


def _table(both: np.ndarray, union: np.ndarray) -> np.ndarray:
    table = np.divide(both, union, out=np.zeros(np.broadcast_shapes(both.shape, union.shape)), where=union > 0)
    table[:, 0] = 0
    return table


def _usual(masks: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(masks, labels, size)
    return _table(n.both.sum(0), n.area + n.of.sum(0) - n.both.sum(0))


def _averaged(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    union = n.on[:, :, None] + n.of[:, None] - n.both
    return _table(np.divide(n.both, union, out=np.zeros_like(union), where=union > 0).mean(0), np.ones(size))


def _precision(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    return _table(n.both.sum(0), n.area)


def _recall(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    return _table(n.both.sum(0), n.of.sum(0)[None])


def _dice(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    return _table(2 * n.both.sum(0), n.area + n.of.sum(0))


def _overlap_twice(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    return _table(n.both.sum(0), n.area + n.of.sum(0))


def _concept_present(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    area = np.einsum("nk,nc->kc", n.on, (n.of > 0).astype(float))
    return _table(n.both.sum(0), area + n.of.sum(0) - n.both.sum(0))


def _all_images(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    return _table(n.both.sum(0), n.on.sum(0)[:, None] + n.of.sum(0) - n.both.sum(0))


def _labelled_pixels(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    return _usual(_masks(a, t, labels) & (labels > 0)[:, None], labels, size)


def _unlabelled(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    n = _count(_masks(a, t, labels), labels, size)
    both, union = n.both.sum(0), n.area + n.of.sum(0) - n.both.sum(0)
    return np.divide(both, union, out=np.zeros_like(both), where=union > 0)


def _not_strict(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    return _usual(upsample(a, *labels.shape[1:]) >= t[:, None, None], labels, size)


def _cut_first(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    return _usual(upsample((a > t[:, None, None]).astype(float), *labels.shape[1:]) > 0.5, labels, size)


def _nearest(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    return _usual(_masks(a, t, labels, nearest), labels, size)


def _align_corners(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    return _usual(_masks(a, t, labels, align_corners), labels, size)


def _corner(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    return _usual(_masks(a, t, labels, corner), labels, size)


def _shifted(a: np.ndarray, t: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    table = _usual(_masks(a, t, labels), labels, size)
    return np.concatenate([table[:, 1:], table[:, :1]], 1)


MISCONCEPTIONS = (
    Misconception(
        "averaged-over-images",
        _averaged,
        "You compute an IoU in each image and average. An image with three pixels of the concept then counts as "
        "much as one that is full of it. Sum the pixels over the set first, divide once.",
        "Bau et al. 2017, eq. 1",
    ),
    Misconception(
        "precision",
        _precision,
        "You divide by the pixels of the unit alone. That is the precision: a unit that fires on one pixel of the "
        "concept would get 1. The union also holds the pixels that the unit misses.",
        "notebook, section 3",
    ),
    Misconception(
        "recall",
        _recall,
        "You divide by the pixels of the concept alone. That is the recall: a unit that is on everywhere would get "
        "1. The union also holds the unit's other pixels.",
        "notebook, section 3",
    ),
    Misconception(
        "dice",
        _dice,
        "Your numbers are the Dice coefficient, twice the intersection over the sum of both areas. It ranks like "
        "IoU but is up to twice as large, so a threshold for IoU means something else.",
        "Bau et al. 2017, eq. 1",
    ),
    Misconception(
        "overlap-counted-twice",
        _overlap_twice,
        "Your union is the sum of both areas. The pixels in both are then counted twice; a perfect unit gets 1/2.",
        "notebook, section 3, the worked example",
    ),
    Misconception(
        "only-images-with-the-concept",
        _concept_present,
        "You count the unit's pixels only in the images that show the very concept. Firing everywhere else then costs "
        "nothing. Count them in all images with at least one label of the category.",
        "Bau et al. 2017, section 2.3",
    ),
    Misconception(
        "unlabelled-images-counted",
        _all_images,
        "You count the unit's pixels in images without any label too. Nobody said what is in them: the unit cannot be "
        "right there, so it must not be wrong either.",
        "Bau et al. 2017, section 2.3",
    ),
    Misconception(
        "only-labelled-pixels",
        _labelled_pixels,
        "You drop the unit's pixels where the label is 0. In an image with labels, unlabelled pixels mean 'none of "
        "these concepts', so firing there is wrong and belongs to the union.",
        "notebook, section 3",
    ),
    Misconception(
        "unlabelled-as-a-concept",
        _unlabelled,
        "Column 0 is filled: you treat 'unlabelled' as a concept. It is the absence of a label. Units would be called "
        "detectors of nothing.",
        "notebook, section 3",
    ),
    Misconception(
        "greater-or-equal",
        _not_strict,
        "You use >= where > is asked. Many units have T = 0 because most activations after a ReLU are 0; with >= "
        "they are on everywhere.",
        "notebook, section 3",
    ),
    Misconception(
        "cut-before-enlarging",
        _cut_first,
        "You compare with T first and enlarge the mask of zeros and ones. That is the way of Net2Vec; here the map is "
        "enlarged first, then compared.",
        "Bau et al. 2017, section 2.3",
    ),
    Misconception(
        "nearest-maps",
        _nearest,
        "The table is right for maps enlarged by the nearest neighbour. Look at your upsample: it has to be bilinear.",
        "notebook, section 2",
    ),
    Misconception(
        "align-corners-maps",
        _align_corners,
        "The table is right for maps enlarged with aligned corners. Look at your upsample: both grids cover the "
        "same area.",
        "notebook, section 2",
    ),
    Misconception(
        "shifted-maps",
        _corner,
        "The table is right for maps that are shifted by about half a cell. Look at the half pixels in your upsample.",
        "notebook, section 2",
    ),
    Misconception(
        "columns-shifted",
        _shifted,
        "Your numbers stand one column too far left: concept c belongs into column c, and column 0 stays 0.",
        "notebook, section 3",
    ),
)
