"""The labels of a batch, cut into runs of equal labels: what the IoU kernel counts in, and the pixels of each concept.

- ``localize``        find the runs and count the labelled pixels; once per batch, for any number of tallies
- ``Local``           the result of it
- ``concept_pixels``  totals per concept
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int32, Int64
from numba import prange

from xailab_kernels.compiling import parallel, running, serial

_U = np.uint64  # an unsigned index cannot count from the end: without that case, loops become vector instructions


class Local(NamedTuple):
    """The labels of b images as runs: neighbors in a row of a plane that have the same label.

    Parameters
    ----------
    planes
        The label planes themselves, pixels in one axis, for rows in which runs do not pay.
    runs
        First column, column after the last, and concept number of each labelled run; by image, row, and plane.
    first
        Runs of row y of image i: ``first[i, y]`` ... ``first[i, y + 1] - 1``.
    names
        The different concept numbers in the planes of each image, ascending; the rest of the line is 0.
    tags
        Whole-image labels, 0 = none.
    pixels
        Labelled pixels of each image and concept; a whole-image label counts ``H * W``. Column 0 is 0.
    shape
        H and W of the label planes.
    """

    planes: Int32[np.ndarray, "b p n"]
    runs: Int32[np.ndarray, "r 3"]
    first: Int64[np.ndarray, "b y"]
    names: Int32[np.ndarray, "b c"]
    tags: Int32[np.ndarray, "b t"]
    pixels: Int64[np.ndarray, "b c"]
    shape: tuple[int, int]


def localize(planes: Int32[np.ndarray, "b p h w"], tags: Int32[np.ndarray, "b t"], vocabulary_size: int) -> Local:
    """Find the runs of equal labels of each image and count the labelled pixels.

    Cost: about 0.4 ns per label pixel and 10 ns per run. Parallel over images; integer sums.

    Parameters
    ----------
    planes
        Concept numbers per pixel, 0 = unlabelled; p may be 0. A pixel counts once for each plane that labels it.
    tags
        Concept numbers of the whole images, padded with 0; t may be 0.
    vocabulary_size
        Length C of tables indexed by concept number: every number is < C.

    Raises
    ------
    TypeError
        ``planes`` or ``tags`` are not int32.
    ValueError
        Shapes that do not belong together, or numbers outside 0 ... C - 1.
    """
    for what, array, dims in (("planes", planes, 4), ("tags", tags, 2)):
        if array.dtype != np.int32:
            raise TypeError(f"{what} must be int32, got {array.dtype}")
        if array.ndim != dims:
            raise ValueError(f"{what} must have {dims} axes, got shape {array.shape}")
    if len(planes) != len(tags):
        raise ValueError(f"planes are of {len(planes)} images, tags of {len(tags)}")
    if vocabulary_size < 1:
        raise ValueError(f"vocabulary_size must be at least 1, got {vocabulary_size}")
    b, p, h, w = planes.shape
    flat = np.ascontiguousarray(planes).reshape(b, p, h * w)
    tags = np.ascontiguousarray(tags)
    first = np.zeros((b, h + 1), np.int64)
    names = np.zeros((b, vocabulary_size), np.int32)
    pixels = np.zeros((b, vocabulary_size), np.int64)
    wrong = np.zeros(b, np.bool_)
    with running(planes.size):
        _count_runs(flat, w, first)
        first[1:] += np.cumsum(first[:-1, -1])[:, None]
        runs = np.empty((first[-1, -1] if b else 0, 3), np.int32)
        _find_runs(flat, w, tags, first, runs, names, pixels, wrong)
    if wrong.any():
        raise ValueError(
            f"labels must be in 0 ... {vocabulary_size - 1} (vocabulary_size - 1); those of image "
            f"{int(np.flatnonzero(wrong)[0])} of the batch are not"
        )
    return Local(flat, runs, first, names, tags, pixels, (h, w))


def concept_pixels(
    planes: Int32[np.ndarray, "b p h w"], tags: Int32[np.ndarray, "b t"], vocabulary_size: int
) -> Int64[np.ndarray, " c"]:
    """Return how many pixels each concept labels in all. Arguments and errors are those of ``localize``.

    Presence per image is ``localize(...).pixels > 0``.
    """
    pixels: Int64[np.ndarray, " c"] = localize(planes, tags, vocabulary_size).pixels.sum(0)
    return pixels


@parallel
def _count_runs(planes, width, first):  # type: ignore[no-untyped-def]
    """Make room: the running sum, per image, of how many runs each row may have."""
    images, n_planes = planes.shape[:2]
    for image in prange(images):
        for y in range(first.shape[1] - 1):
            runs = n_planes if width else 0
            for p in range(n_planes):
                for i in range(_U(y * width + 1), _U((y + 1) * width)):
                    runs += planes[image, p, i] != planes[image, p, i - _U(1)]
            first[image, y + 1] = first[image, y] + runs


@parallel
def _find_runs(planes, width, tags, first, runs, names, pixels, wrong):  # type: ignore[no-untyped-def]
    """Write down the labelled runs, and close up the gaps that the unlabelled ones leave within an image."""
    images, n_planes, n_pixels = planes.shape
    for image in prange(images):
        starts = np.empty(width + 1, np.int32)
        found = first[image, 0]
        for y in range(first.shape[1] - 1):
            first[image, y] = found
            for p in range(n_planes):
                plane = planes[image, p, y * width : (y + 1) * width]
                n = _find_starts(plane, starts)
                for i in range(n):
                    label = plane[starts[i]]
                    if label < 0 or label >= pixels.shape[1]:
                        wrong[image] = True
                        label = np.int32(0)
                    if label > 0:
                        runs[found, 0], runs[found, 1], runs[found, 2] = starts[i], starts[i + 1], label
                        pixels[image, label] += starts[i + 1] - starts[i]
                        found += 1
        first[image, first.shape[1] - 1] = found
        wrong[image] |= _name(pixels[image], names[image], tags[image], n_pixels)


@serial
def _find_starts(line, starts):  # type: ignore[no-untyped-def]
    """List the columns at which a run starts, then the width; no branch, since it could not be foreseen."""
    n = 0
    for x in range(line.size):
        starts[n] = x
        n += x == 0 or line[x] != line[x - 1]
    starts[n] = line.size
    return n


@serial
def _name(pixels, names, tags, n_pixels):  # type: ignore[no-untyped-def]
    """List an image's concepts, then count its whole-image labels; return whether one of these is wrong."""
    n = 0
    for concept in range(pixels.size):
        if pixels[concept] > 0:
            names[n] = concept
            n += 1
    wrong = False
    for tag in tags:
        if tag < 0 or tag >= pixels.size:
            wrong = True
        elif tag > 0:
            pixels[tag] += n_pixels
    return wrong
