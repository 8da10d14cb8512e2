"""Exercise ``shuffle_patches``: what is left of the detectors when nothing is where it belongs?

- ``EXERCISE``  the declaration
- ``origins``   where each patch of a result comes from: right answers may draw any order

Its wrong implementations are in ``patches_mistakes``.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Breach, Call, Case, Exercise, Invariant
from xailab_autograder.sandbox.values import GeneratorHandle

from .patches_mistakes import MISCONCEPTIONS, Pair, cut
from .reference import shuffle_patches


def origins(new: np.ndarray, old: np.ndarray, grid: int, *, turn: bool = False) -> np.ndarray:
    """Return which patch of the same image of ``old`` each patch of ``new`` is, (N, grid * grid); -1 for none."""
    fresh, known = cut(new, grid), cut(old, grid)
    if turn:
        known = np.swapaxes(known, -1, -2)
    if fresh.shape[-2:] != known.shape[-2:]:
        return np.full(fresh.shape[:2], -1)
    same = np.abs(fresh[:, :, None].astype(float) - known[:, None]) < 1e-5
    same = same.reshape(*same.shape[:3], -1).all(-1)
    return np.where(same.any(2), same.argmax(2), -1)


def _judge(case: Case, value: Pair) -> str | None:
    """Check that each patch is in the result once, and that the labels went with the pixels."""
    images, labels, grid = case.arguments[:3]
    found = [origins(np.asarray(new), old, grid) for new, old in zip(value, (images, labels), strict=True)]
    for what, origin in zip(("image", "label map"), found, strict=True):
        for n, sources in enumerate(origin):
            if (sources < 0).any():
                row, column = divmod(int(np.argmax(sources < 0)), grid)
                return f"{what} {n}: the patch in row {row}, column {column} of the result is none of its patches"
            if len(set(sources.tolist())) < len(sources):
                return f"{what} {n}: some patch is in the result several times, another is missing"
    if (found[0] != found[1]).any():
        n = int(np.argmax((found[0] != found[1]).any(1)))
        return (
            f"image {n}: its patches come from {found[0][n].tolist()}, those of its labels from {found[1][n].tolist()}"
        )
    return None


def make_pair(rng: np.random.Generator, images: int, size: tuple[int, int]) -> Pair:
    """Return images of 3 channels and labels; no two patches are equal."""
    labels = rng.permutation(images * size[0] * size[1]).reshape(images, *size)
    return rng.random((images, 3, *size)).astype(np.float32), labels


def _handle(rng: np.random.Generator) -> GeneratorHandle:
    return GeneratorHandle(int(rng.integers(2**31)))


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("3 images of 8x8, 2x2 patches", (*make_pair(rng, 3, (8, 8)), 2, _handle(rng)))
    yield Case("2 images of 12x12, 3x3 patches", (*make_pair(rng, 2, (12, 12)), 3, _handle(rng)))
    yield Case("2 images of 8x16, 4x4 patches", (*make_pair(rng, 2, (8, 16)), 4, _handle(rng)))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one patch: nothing changes", (*make_pair(rng, 2, (4, 4)), 1, _handle(rng)))
    yield Case("one image, patches of one pixel", (*make_pair(rng, 1, (4, 4)), 4, _handle(rng)))
    images, labels = make_pair(rng, 3, (6, 9))
    yield Case("Fortran order, float64", (np.asfortranarray(images.astype(float)), labels, 3, _handle(rng)))
    wide = np.repeat(images, 2, axis=3)[..., ::2]
    yield Case("every second column of a wider array", (wide, labels, 3, _handle(rng)))


def _diagnosed(call: Call, rng: np.random.Generator) -> Breach | None:
    """Shuffle 12 images of 8x8 in 2x2 patches; return what is wrong, and which known mistake does that."""
    images, labels = make_pair(rng, 12, (8, 8))
    pixels, tags = (np.asarray(part) for part in call(images, labels, 2, _handle(rng)))
    found, with_labels = origins(pixels, images, 2), origins(tags, labels, 2)
    if (tags == labels).all() and (found != np.arange(4)).any():
        return Breach("the images changed and the labels did not", "labels-not-shuffled")
    if (found < 0).any():
        return _no_patches((images, labels), (pixels, tags))
    return _wrong_orders(found, with_labels)


def _wrong_orders(found: np.ndarray, with_labels: np.ndarray) -> Breach | None:
    """Say what is wrong with the orders of whole patches (N, 4), of pixels and of labels."""
    if any(len(set(row)) < len(row) for row in found.tolist()):
        return Breach("some patches are in the result several times", "with-replacement")
    if (found % 2 == np.arange(4) % 2).all() and (found != np.arange(4)).any():
        return Breach("no patch has left its column", "only-rows")
    if (found == np.arange(4)).all():
        return Breach("12 images came back with every patch in its place", "not-shuffled")
    if (found == found[0]).all():
        return Breach("all 12 images were rearranged in the same order", "one-order-for-all")
    if (with_labels >= 0).all() and (found != with_labels).any():
        return Breach("labels and pixels were rearranged in different orders", "labels-other-order")
    return None


def _no_patches(old: Pair, new: Pair) -> Breach | None:
    """Say what was done to images of 8x8 whose 2x2 patches are not in the result."""
    (images, labels), (pixels, tags) = old, new
    if (origins(pixels, images, 2, turn=True) >= 0).all():
        return Breach("inside the patches, rows and columns are exchanged", "patches-turned")
    if (origins(pixels, images, 4) >= 0).all():
        return Breach("with grid = 2 the images of 8x8 were cut into patches of 2x2 pixels", "patch-size-for-count")
    if all(np.allclose(np.sort(a[0], None), np.sort(b[0], None)) for a, b in zip(pixels, images, strict=True)):
        return Breach("single pixels moved, not patches", "pixels-not-patches")
    if set(tags.ravel().tolist()) == set(labels.ravel().tolist()):
        return Breach("images exchanged patches among each other", "across-images")
    return Breach("some patch of the result is none of the image's patches")


def _everywhere(call: Call, rng: np.random.Generator) -> str | None:
    """Every patch lands everywhere in 120 images; right answers fail with a probability of 16 * 0.75**120 < 2e-14."""
    images, labels = make_pair(rng, 120, (2, 2))
    found = origins(np.asarray(call(images, labels, 2, _handle(rng))[0]), images, 2)
    pairs = {(new, int(old)) for row in found for new, old in enumerate(row)}
    return None if len(pairs) == 16 else "in 120 images cut into 2x2, some patch never came to some place"


def _repeats(call: Call, rng: np.random.Generator) -> str | None:
    images, labels = make_pair(rng, 6, (8, 8))
    handle = _handle(rng)
    one, two = call(images, labels, 4, handle), call(images, labels, 4, handle)
    same = all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    return None if same else "two generators in the same state gave two different results"


def _differs(call: Call, rng: np.random.Generator) -> str | None:
    """Two orders of 16 patches in each of 6 images are equal by chance with a probability of (1 / 16!)**6."""
    images, labels = make_pair(rng, 6, (8, 8))
    one, two = (np.asarray(call(images, labels, 4, _handle(rng))[0]) for _ in range(2))
    return "two generators in different states gave the same result" if np.array_equal(one, two) else None


EXERCISE = Exercise(
    id="shuffle-patches",
    function="shuffle_patches",
    signature="shuffle_patches(images (N, C, H, W), labels (N, H, W), grid, rng) -> (new_images, new_labels)",
    title="Shuffled patches",
    task=(
        "Cut each image into grid x grid equal patches and put them together in a random order; do the same to its "
        "labels, in the same order, so that every pixel keeps its label. Each image gets an order of its own, drawn "
        "from rng. H and W are multiples of grid. Return new arrays."
    ),
    points=1,
    minutes=7,
    reference=shuffle_patches,
    worked=(
        Case(
            "1 image of 2x2 pixels, 2x2 patches",
            (
                np.float32([[[[0.1, 0.2], [0.3, 0.4]]] * 3]),
                np.array([[[1, 2], [3, 4]]]),
                2,
                GeneratorHandle(3),
            ),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("rearranged", "whole patches move, with their labels, in an order of each image's own", _diagnosed),
        Invariant("everywhere", "every patch can come to every place", _everywhere),
        Invariant("differs", "another state of rng gives another order", _differs, "seeds-itself"),
        Invariant("repeats", "the same state of rng gives the same result", _repeats, "ignores-rng"),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "rng.permutation(grid * grid) for each image: entry i says which old patch comes to place i.",
        "Patch i lies in row i // grid and column i % grid. Copy from slices of the old arrays to slices of new ones.",
    ),
    judge=_judge,
    read="notebook, section 9",
)
