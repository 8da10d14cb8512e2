"""The right functions of this lab, in plain numpy: written to be read, and equal to xailab's compiled library.

- ``thresholds``        when is a unit on?
- ``upsample``          maps at the size of the labels
- ``iou_table``         how well does each unit's mask agree with each concept?
- ``label_units``       what does each unit detect?
- ``unique_detectors``  how many different concepts is that?
- ``null_table``        the same table for the labels of other images
- ``random_rotation``   new axes, every direction equally likely
- ``fractional``        part of a rotation
- ``pca_basis``         the axes of greatest variance
- ``shuffle_patches``   images and labels cut into patches and put together anew

Called on the trusted side only. The examination of the grading changes these functions line by line, so each depends
on numpy and on its neighbours in this file alone.
"""

import math
from fractions import Fraction

import numpy as np


def thresholds(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    """Return, for each unit, the smallest of its activations that at most a part q of them exceeds.

    Source: Bau et al. 2017, section 2.3: T such that P(a > T) = q over every place of every image.
    """
    result = []
    for values in np.moveaxis(activations, 1, 0):
        descending = np.sort(values, axis=None)[::-1]
        result.append(descending[math.floor(Fraction(str(q)) * values.size)])
    return np.array(result)


def upsample(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Interpolate the last two axes bilinearly to ``height`` x ``width``; the edge is continued."""
    *_, cells_high, cells_wide = maps.shape
    return _hats(cells_high, height) @ maps @ _hats(cells_wide, width).T


def _hats(cells: int, outputs: int) -> np.ndarray:
    """Return the weight of each cell (columns) for each output (rows), both grids covering the same area."""
    places = (np.arange(outputs) + 0.5) * cells / outputs - 0.5
    places = np.clip(places, 0, cells - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(cells)))


def iou_table(activations: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    """Return the IoU of every unit with concepts 0 ... size - 1; column 0, unlabelled, is 0.

    Source: Bau et al. 2017, eq. 1. The unit's area counts in the images that carry the category
    (``xailab.statistics.conventions.category_present``); labels are of one category, so in the images with any label.
    """
    height, width = labels.shape[1:]
    masks = upsample(activations, height, width) > limits[:, None, None]
    concepts = labels[:, None] == np.arange(size)[:, None, None]
    concepts[:, 0] = False
    carries = (labels > 0).any((1, 2))
    both = np.einsum("nkhw,nchw->kc", masks.astype(float), concepts.astype(float))
    union = masks[carries].sum((0, 2, 3))[:, None] + concepts.sum((0, 2, 3)) - both  # eq. 1
    return both / np.maximum(union, 1)


def label_units(iou: np.ndarray, threshold: float = 0.04) -> list[tuple[int, int, float]]:
    """Return unit, best concept and IoU of every unit whose best IoU is greater than the threshold.

    Source: Bau et al. 2017, section 2.3. In a tie the smaller concept number wins, as in ``xailab.dissection``.
    """
    found = []
    for unit, row in enumerate(iou):
        concept = 1 + int(np.argmax(row[1:]))
        if row[concept] > threshold:
            found.append((unit, concept, float(row[concept])))
    return found


def unique_detectors(found: list[tuple[int, int, float]]) -> int:
    """Return how many different concepts were found."""
    return len({concept for _, concept, _ in found})


def null_table(
    activations: np.ndarray, limits: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the IoU table for label maps dealt out anew among all images."""
    return iou_table(activations, limits, labels[rng.permutation(len(labels))], size)


def random_rotation(k: int, rng: np.random.Generator) -> np.ndarray:
    """Return a rotation of k axes with determinant +1, uniform over all of them (Haar). Source: Mezzadri 2007."""
    q, r = np.linalg.qr(rng.standard_normal((k, k)))
    q = q @ np.diag(np.sign(np.diag(r)))
    if np.linalg.det(q) < 0:
        q[0] = -q[0]
    return q


def fractional(rotation: np.ndarray, alpha: float) -> np.ndarray:
    """Return the rotation by alpha times the angles, in the same planes.

    Rotations by half a turn in some plane have no unique root; the cases stay away from them.

    Source: Bau et al. 2017, section 3.2, rotates by fractional powers Q^alpha.
    """
    values, vectors = np.linalg.eig(rotation)
    turned = np.exp(1j * alpha * np.angle(values))
    return (vectors @ np.diag(turned) @ np.linalg.inv(vectors)).real


def pca_basis(activations: np.ndarray) -> np.ndarray:
    """Return the principal directions of the channels as rows, the one of the greatest variance first."""
    activations = activations.astype(float)
    centred = activations - activations.mean((0, 2, 3))[:, None, None]
    covariance = np.einsum("nihw,njhw->ij", centred, centred)
    vectors = np.linalg.eigh(covariance)[1]
    return vectors[:, ::-1].T


def shuffle_patches(
    images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut each image and its labels into grid x grid patches and put them together in a random order of its own."""
    new_images, new_labels = images.copy(), labels.copy()
    high, wide = labels.shape[1] // grid, labels.shape[2] // grid
    for n in range(len(images)):
        for new, old in enumerate(rng.permutation(grid * grid)):
            top, left = new // grid * high, new % grid * wide
            row, column = old // grid * high, old % grid * wide
            patch = images[n, :, row : row + high, column : column + wide]
            new_images[n, :, top : top + high, left : left + wide] = patch
            patch = labels[n, row : row + high, column : column + wide]
            new_labels[n, top : top + high, left : left + wide] = patch
    return new_images, new_labels
