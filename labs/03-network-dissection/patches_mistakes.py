"""Known wrong ways to shuffle patches. Each makes one mistake, and no other.

- ``MISCONCEPTIONS``  for ``patches.EXERCISE``
- ``cut``, ``join``   images to patches and back
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import shuffle_patches

Pair = tuple[np.ndarray, np.ndarray]
"""Images (N, C, H, W) and their labels (N, H, W)."""


def cut(maps: np.ndarray, grid: int) -> np.ndarray:
    """Return the patches of maps (N, ..., H, W), as (N, grid * grid, ..., H / grid, W / grid)."""
    rows = np.stack(np.split(maps, grid, axis=-2), 1)
    patches = np.stack(np.split(rows, grid, axis=-1), 2)
    return patches.reshape(len(maps), grid * grid, *patches.shape[3:])


def join(patches: np.ndarray, grid: int) -> np.ndarray:
    """Undo ``cut``."""
    rows = patches.reshape(len(patches), grid, grid, *patches.shape[2:])
    wide = np.concatenate([rows[:, :, column] for column in range(grid)], -1)
    return np.concatenate([wide[:, row] for row in range(grid)], -2)


def _not_shuffled(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    return images.copy(), labels.copy()


def _labels_left(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    return shuffle_patches(images, labels, grid, rng)[0], labels.copy()


def _labels_elsewhere(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    return shuffle_patches(images, labels, grid, rng)[0], shuffle_patches(images, labels, grid, rng)[1]


def _one_order(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    order = rng.permutation(grid * grid)
    return join(cut(images, grid)[:, order], grid), join(cut(labels, grid)[:, order], grid)


def _across_images(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    order = rng.permutation(len(images) * grid * grid)
    results = []
    for maps in (images, labels):
        patches = cut(maps, grid)
        flat = patches.reshape(-1, *patches.shape[2:])
        results.append(join(flat[order].reshape(patches.shape), grid))
    return results[0], results[1]


def _pixels(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    new_images, new_labels = images.copy(), labels.copy()
    for n in range(len(images)):
        order = rng.permutation(labels[n].size)
        new_images[n] = images[n].reshape(len(images[n]), -1)[:, order].reshape(images[n].shape)
        new_labels[n] = labels[n].reshape(-1)[order].reshape(labels[n].shape)
    return new_images, new_labels


def _size_for_count(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    return shuffle_patches(images, labels, labels.shape[1] // grid, rng)


def _rows_only(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    new_images, new_labels = images.copy(), labels.copy()
    for n in range(len(images)):
        order = rng.permutation(grid)
        new_images[n] = np.concatenate([np.split(images[n], grid, axis=1)[i] for i in order], 1)
        new_labels[n] = np.concatenate([np.split(labels[n], grid, axis=0)[i] for i in order], 0)
    return new_images, new_labels


def _turned(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    pixels, tags = shuffle_patches(images, labels, grid, rng)
    return join(np.swapaxes(cut(pixels, grid), -1, -2), grid), join(np.swapaxes(cut(tags, grid), -1, -2), grid)


def _with_replacement(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    of_images, of_labels = cut(images, grid), cut(labels, grid)
    for n in range(len(images)):
        order = rng.integers(grid * grid, size=grid * grid)
        of_images[n], of_labels[n] = of_images[n][order], of_labels[n][order]
    return join(of_images, grid), join(of_labels, grid)


def _seeds_itself(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    return shuffle_patches(images, labels, grid, np.random.default_rng(0))


def _ignores_rng(images: np.ndarray, labels: np.ndarray, grid: int, rng: np.random.Generator) -> Pair:
    return shuffle_patches(images, labels, grid, np.random.default_rng())


MISCONCEPTIONS = (
    Misconception(
        "not-shuffled",
        _not_shuffled,
        "Nothing has moved: the images come back as they were. Is the result of rng.permutation used?",
        "notebook, section 9",
    ),
    Misconception(
        "labels-not-shuffled",
        _labels_left,
        "The labels stay where they were while the pixels move. You would measure how wrong the labels have "
        "become, not what the units see.",
        "notebook, section 9",
    ),
    Misconception(
        "labels-other-order",
        _labels_elsewhere,
        "Images and labels are shuffled in two different orders. Draw one order per image and use it for both.",
        "notebook, section 9",
    ),
    Misconception(
        "one-order-for-all",
        _one_order,
        "All images are rearranged in the same order. Draw a new order for each image, or one lucky order "
        "decides the experiment.",
        "notebook, section 9",
    ),
    Misconception(
        "across-images",
        _across_images,
        "Your patches travel from image to image. They stay in theirs: the picture of a boat still has all its pieces.",
        "notebook, section 9",
    ),
    Misconception(
        "pixels-not-patches",
        _pixels,
        "You shuffle single pixels. Inside a patch everything keeps its place: that is what is left for a unit to see.",
        "notebook, section 9",
    ),
    Misconception(
        "patch-size-for-count",
        _size_for_count,
        "You take grid for the size of a patch in pixels. It is the number of patches along each side.",
        "notebook, section 9",
    ),
    Misconception(
        "only-rows",
        _rows_only,
        "You shuffle whole rows of patches. No patch ever leaves its column.",
        "notebook, section 9",
    ),
    Misconception(
        "patches-turned",
        _turned,
        "Inside each patch rows and columns are exchanged. Look at the order of the axes when you put the "
        "patches back.",
        "the documentation of np.transpose",
    ),
    Misconception(
        "with-replacement",
        _with_replacement,
        "You draw patches with replacement: some occur several times, others are lost. An order is a permutation.",
        "the documentation of np.random.Generator.permutation",
    ),
    Misconception(
        "seeds-itself",
        _seeds_itself,
        "You make a generator with a fixed seed inside the function: it always gives the same orders. Use the "
        "generator that is passed in.",
        "the documentation of np.random.Generator",
    ),
    Misconception(
        "ignores-rng",
        _ignores_rng,
        "You do not draw from rng, so nobody can repeat your experiment. Use the generator that is passed in.",
        "the documentation of np.random.Generator",
    ),
)
