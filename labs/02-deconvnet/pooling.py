"""Exercise ``max_pool_switches``: max pooling that remembers where each maximum was.

- ``EXERCISE``  the declaration

Its wrong implementations are in ``pooling_mistakes``.

Source: Zeiler and Fergus 2014, section 2.1.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant

from .maps import make_maps, make_rectified
from .pooling_mistakes import MISCONCEPTIONS
from .reference import max_pool_switches


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2 maps of 4x6, windows of 2x2", (make_maps(rng, 2, 4, 6), 2))
    yield Case("2 maps of 7x5, windows of 2x2: a row and a column are left over", (make_maps(rng, 2, 7, 5), 2))
    yield Case("1 map of 6x9, windows of 3x3", (make_maps(rng, 1, 6, 9), 3))
    yield Case("2 maps of 6x4 as a ReLU leaves them", (make_rectified(rng, 2, 6, 4), 2))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("windows of one pixel: every pixel is a maximum", (make_maps(rng, 2, 3, 4), 1))
    yield Case("one window", (make_maps(rng, 1, 3, 3), 3))
    yield Case("all numbers are negative", (-1 - np.abs(make_maps(rng, 2, 4, 4)), 2))
    yield Case("nothing but zeros: the first of each window counts", (np.zeros((2, 4, 6)), 2))
    yield Case("float32", (make_maps(rng, 3, 5, 8).astype(np.float32), 2))
    yield Case("whole numbers of both signs", (rng.integers(-4, 5, (2, 5, 6)).astype(float), 2))
    yield Case("every second column of wider maps", (make_maps(rng, 2, 4, 12)[:, :, ::2], 2))
    yield Case("Fortran order", (np.asfortranarray(make_maps(rng, 2, 6, 4)), 2))


def _point_to_maxima(call: Call, rng: np.random.Generator) -> str | None:
    a = make_maps(rng, 3, 6, 8)
    p, idx = (np.asarray(part) for part in call(a, 2))
    if idx.min() < 0 or idx.max() >= 48:
        return f"switches from {idx.min()} to {idx.max()} in a plane of 48 pixels"
    found = np.take_along_axis(a.reshape(3, -1), idx.reshape(3, -1), 1).reshape(p.shape)
    return None if np.allclose(found, p) else "some switch points to a pixel that does not hold the maximum returned"


def _stay_in_the_window(call: Call, rng: np.random.Generator) -> str | None:
    idx = np.asarray(call(make_maps(rng, 2, 6, 9), 3)[1])
    rows, columns = idx // 9 // 3, idx % 9 // 3
    same = (rows == np.arange(2)[:, None]).all() and (columns == np.arange(3)).all()
    return None if same else "some switch points to a pixel outside its own window"


EXERCISE = Exercise(
    id="max-pool-switches",
    function="max_pool_switches",
    signature="max_pool_switches(a (C, H, W), k) -> p (C, h, w), idx (C, h, w)",
    title="Pooling that remembers",
    task=(
        "Cut each map into windows of k x k pixels that do not overlap; h = H // k, w = W // k, and rows and columns "
        "left over are ignored. p holds the maximum of each window. idx says where it was: row * W + column, in the "
        "whole map (H, W). If a window has its maximum several times, the first in reading order counts."
    ),
    points=2,
    minutes=12,
    reference=max_pool_switches,
    worked=(
        Case(
            "a map of 4x4, windows of 2x2",
            (np.float64([[[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]]]), 2),
            (np.float64([[[5, 6], [7, 8]]]), np.array([[[5, 2], [12, 15]]])),
        ),
        Case(
            "3x5 pixels: the last row and the last column are left over; 4 is there twice",
            (np.float64([[[0, 4, -1, -2, 9], [4, 1, -3, -1, 9], [9, 9, 9, 9, 9]]]), 2),
            (np.float64([[[4, -1]]]), np.array([[[1, 2]]])),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("points", "each switch points to the maximum", _point_to_maxima),
        Invariant("inside", "each switch stays in its own window", _stay_in_the_window),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Two loops over the windows (i, j) are fine: a[c, i * k : (i + 1) * k, j * k : (j + 1) * k] is one of them.",
        "argmax of a window gives the place of the first maximum inside the window, counted row by row: n. Its row in "
        "the window is n // k, its column n % k. Where does the window itself begin?",
        "row = i * k + n // k, column = j * k + n % k; the switch is row * W + column, with the W of the whole map.",
    ),
    read="Zeiler and Fergus 2014, section 2.1",
)
