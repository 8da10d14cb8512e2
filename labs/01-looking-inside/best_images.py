"""Exercise ``top_k``: the pictures that excite each unit most.

- ``EXERCISE``  the declaration

Its wrong implementations are in ``best_images_mistakes``.

Source: Zhou et al. 2015, section 3.2; Zeiler and Fergus 2014, section 4.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant

from .best_images_mistakes import MISCONCEPTIONS
from .reference import top_k


def make_maps(rng: np.random.Generator, images: int, units: int, height: int, width: int) -> np.ndarray:
    """Return activations in which some images hold two strong cells of a unit, and some a strongly negative one."""
    A = rng.standard_normal((images, units, height, width))
    for unit in range(units):
        twice, low = rng.permutation(images)[:2]
        rows, columns = np.divmod(rng.permutation(height * width)[:2], width)
        A[twice, unit, rows, columns] = rng.uniform(5.0, 6.0, 2)
        A[low, unit, 0, 0] = -rng.uniform(8.0, 9.0)
    return A


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("6 images, 3 units, 3x4 cells, k = 3", (make_maps(rng, 6, 3, 3, 4), 3))
    yield Case("9 images, 5 units, 4x3 cells, k = 4", (make_maps(rng, 9, 5, 4, 3), 4))
    yield Case("5 images, 2 units, 4x4 cells, k = 2", (make_maps(rng, 5, 2, 4, 4), 2))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("as many places as images", (make_maps(rng, 4, 2, 3, 3), 4))
    yield Case("one image, one unit, one cell", (rng.standard_normal((1, 1, 1, 1)), 1))
    many = np.maximum(make_maps(rng, 48, 3, 2, 3) - 4.5, 0)
    yield Case("after a ReLU most maxima are 0: of equal ones the lower image counts", (many, 12))
    few = rng.integers(0, 3, (40, 2, 3, 3)).astype(float)
    yield Case("three different activations only: equal images, and equal cells", (few, 25))
    yield Case("float32", (make_maps(rng, 6, 2, 2, 5).astype(np.float32), 3))
    yield Case("every second image of more, Fortran order", (np.asfortranarray(make_maps(rng, 12, 3, 3, 2))[::2], 3))


def _one_each(call: Call, rng: np.random.Generator) -> str | None:
    idx = np.asarray(call(make_maps(rng, 7, 4, 3, 3), 4)[0])
    twice = [unit for unit, row in enumerate(idx.tolist()) if len(set(row)) < len(row)]
    return f"an image occurs twice among the best of unit {twice[0]}: {idx[twice[0]].tolist()}" if twice else None


def _values(call: Call, rng: np.random.Generator) -> str | None:
    A = make_maps(rng, 8, 3, 3, 4)
    idx, pos = (np.asarray(part) for part in call(A, 8))
    inside = (idx >= 0).all() and (idx < 8).all() and (pos >= 0).all() and (pos < (3, 4)).all()
    if not inside:
        return "an image or a cell is named that is not there"
    found = A[idx, np.arange(3)[:, None], pos[..., 0], pos[..., 1]]
    if not np.array_equal(found, A.max((2, 3))[idx, np.arange(3)[:, None]]):
        return "A[idx[u, j], u, row, column] is not the maximum of unit u in that image"
    return None if (np.diff(found, axis=1) <= 0).all() else "the maxima do not descend along a row"


def _renumbered(call: Call, rng: np.random.Generator) -> str | None:
    A, order = make_maps(rng, 6, 4, 3, 3), rng.permutation(4)
    one, two = call(A, 3), call(A[:, order], 3)
    same = all(np.array_equal(np.asarray(a)[order], b) for a, b in zip(one, two, strict=True))
    return None if same else "with the units in another order, other images or places came"


EXERCISE = Exercise(
    id="top-k",
    function="top_k",
    signature="top_k(A (N, K, h, w), k) -> idx (K, k), pos (K, k, 2)",
    title="The pictures that excite a unit most",
    task=(
        "A holds the activations of K units for N images. The score of an image for a unit is the maximum of the "
        "unit's map. Row u of idx lists the k images with the highest scores of unit u, the best first, each image at "
        "most once; of equal scores the lower image number comes first. pos[u, j] is (row, column) of the maximum in "
        "image idx[u, j], the first one in reading order if there are several."
    ),
    points=2,
    minutes=10,
    reference=top_k,
    worked=(
        Case(
            "3 images, 1 unit, 2x2 cells, k = 2",
            (np.float64([[[[0, 7], [6, 0]]], [[[5, 5], [5, 5]]], [[[0, 0], [8, -9]]]]), 2),
            (np.array([[2, 0]]), np.array([[[1, 0], [0, 1]]])),
        ),
        Case(
            "4 images, 2 units, 2x3 cells, k = 3",
            (
                np.float64(
                    [
                        [[[1, 0, 0], [0, 9, 8]], [[2, 2, 2], [2, 2, 2]]],
                        [[[3, 3, 3], [3, 3, 4]], [[0, 0, 7], [0, 0, 0]]],
                        [[[0, 0, 0], [0, 0, 0]], [[1, 0, 0], [-8, 0, 0]]],
                        [[[0, 5, 0], [0, 0, 0]], [[0, 0, 0], [6, 5, 0]]],
                    ]
                ),
                3,
            ),
            (np.array([[0, 3, 1], [1, 3, 0]]), np.array([[[1, 1], [0, 1], [1, 2]], [[0, 2], [1, 0], [0, 0]]])),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("one-each", "an image occurs at most once for each unit", _one_each),
        Invariant("values", "at the places named, the maxima are found, in descending order", _values),
        Invariant("renumbered", "the units do not depend on each other", _renumbered),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "In two steps: one number for each image and unit, the maximum of its map; then sort the images by it, for "
        "each unit.",
        "np.argsort(-scores, axis=0, kind='stable') sorts downwards and keeps the order of equals. Its result has the "
        "shape (N, K); you need its first k rows, transposed.",
        "A.reshape(N, K, h * w).argmax(2) is the number of the best cell, first in reading order; // w and % w make "
        "row and column of it. A loop over units is fine.",
    ),
    read="notebook, section 5",
)
