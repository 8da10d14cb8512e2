"""The slow, obvious twins: each straight from its definition, with nothing clever in it."""

from fractions import Fraction

import numpy as np


def upsample(cells, rows, cols):
    """Bilinear, in float32, in the order of operations that is the definition (see ``xailab_kernels.iou``)."""
    (iy, fy), (ix, fx) = rows, cols
    jy, jx = np.minimum(iy + 1, cells.shape[0] - 1), np.minimum(ix + 1, cells.shape[1] - 1)
    fy, fx = fy[:, None], fx[None, :]
    with np.errstate(all="ignore"):
        top = cells[iy][:, ix] + (cells[iy][:, jx] - cells[iy][:, ix]) * fx
        bottom = cells[jy][:, ix] + (cells[jy][:, jx] - cells[jy][:, ix]) * fx
        return top + (bottom - top) * fy


def tally(activations, thresholds, rows, cols, planes, tags, vocabulary_size, categories):
    """Intersection [k c], active pixels [b k], and touched categories [b k] as sets, one unit and image at a time."""
    b, k = activations.shape[:2]
    intersection = np.zeros((k, vocabulary_size), np.int64)
    on = np.zeros((b, k), np.int64)
    touched = np.empty((b, k), object)
    for i in range(b):
        for u in range(k):
            mask = upsample(activations[i, u], rows, cols) > thresholds[u]
            on[i, u] = mask.sum()
            counts = np.zeros(vocabulary_size, np.int64)
            for plane in planes[i]:
                counts += np.bincount(plane[mask], minlength=vocabulary_size)
            for tag in tags[i]:
                counts[tag] += mask.sum()
            counts[0] = 0
            intersection[u] += counts
            touched[i, u] = {int(categories[c]) for c in np.flatnonzero(counts) if categories[c] >= 0}
    return intersection, on, touched


def concept_pixels(planes, tags, vocabulary_size):
    """Labelled pixels per image and concept, [b c]."""
    pixels = np.zeros((len(planes), vocabulary_size), np.int64)
    for i in range(len(planes)):
        for plane in planes[i]:
            pixels[i] += np.bincount(plane.ravel(), minlength=vocabulary_size)
        for tag in tags[i]:
            pixels[i, tag] += planes.shape[2] * planes.shape[3]
    pixels[:, 0] = 0
    return pixels


def without_duplicates(planes, tags):
    """A label stays at the first plane of a pixel that has it; a whole-image label stays once, and nowhere else."""
    planes, tags = planes.copy(), tags.copy()
    for i in range(len(planes)):
        seen = set()
        for j, tag in enumerate(tags[i]):
            if tag in seen:
                tags[i, j] = 0
            seen.add(tag)
        for y in range(planes.shape[2]):
            for x in range(planes.shape[3]):
                here = set(seen)
                for p in range(planes.shape[1]):
                    if planes[i, p, y, x] in here:
                        planes[i, p, y, x] = 0
                    here.add(planes[i, p, y, x])
    return planes, tags


def threshold(values, quantile):
    """The smallest of the values that has at most quantile * N of them strictly above it."""
    values = np.asarray(values).ravel()
    allowed = Fraction(str(quantile)) * len(values)
    return min(v for v in values if (values > v).sum() <= allowed)


def top_images(maxima, count):
    """Per unit, (value, image) pairs of the ``count`` largest maxima; among equals the lower image number first."""
    return [
        sorted(((float(m), i) for i, m in enumerate(unit)), key=lambda pair: (-pair[0], pair[1]))[:count]
        for unit in maxima.T
    ]
