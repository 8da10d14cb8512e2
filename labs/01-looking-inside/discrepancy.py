"""Exercise ``discrepancy_map``: where does a unit look?

- ``EXERCISE``     the declaration
- ``make_looking`` a network, a picture and a unit whose answer is clear

Its wrong implementations are in ``discrepancy_mistakes``.

The tolerance: the network computes in float32, and in another order when the pictures come one by one; activations of
up to 10 are then off by some 1e-5. In every case the largest change is at least ``CHANGE``, a thousand times the
absolute tolerance, and the strongest cell leads by ``LEAD``.

Source: Zhou et al. 2015, section 3.2.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Tolerance
from xailab_autograder.sandbox.values import NetworkHandle

from .discrepancy_mistakes import MISCONCEPTIONS, all_answers, answers, corners, covered
from .reference import discrepancy_map, receptive_field

CHANGE, LEAD = 0.1, 0.01
"""Least size of the largest change in a case, and of the strongest cell's lead, in units of the activation."""

CONV2 = ((5, 2, 2), (2, 2, 0), (3, 1, 1))
"""The layers of the small networks up to conv2: (k, s, p)."""

Looking = tuple[NetworkHandle, str, np.ndarray, int, int, int]


def make_picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a picture in normalized units: some colored rectangles on a colored ground, and noise."""
    x = np.empty((3, height, width))
    x[:] = rng.uniform(-1.5, 1.5, (3, 1, 1))
    for _ in range(6):
        row, column = rng.integers(0, height - 3), rng.integers(0, width - 3)
        high, wide = rng.integers(3, height // 2 + 1), rng.integers(3, width // 2 + 1)
        x[:, row : row + high, column : column + wide] = rng.uniform(-2, 2, (3, 1, 1))
    return (x + 0.2 * rng.standard_normal(x.shape)).astype(np.float32)


def make_looking(
    rng: np.random.Generator, name: str, layer: str, size: tuple[int, int], patch: int, stride: int
) -> Looking:
    """Return arguments whose strongest cell is clear, not in the middle, and loses its lead to another when covered."""
    network = _network(name)
    while True:
        x = make_picture(rng, *size)
        batch = np.concatenate([x[None], covered(x, corners(x, patch, stride), patch)])
        units = np.flatnonzero(_clear(all_answers(network, layer, batch)))
        if len(units):
            return NetworkHandle(name), layer, x, int(rng.choice(units)), patch, stride


@lru_cache(maxsize=8)
def _network(name: str) -> Any:
    """Load a network once: drawing cases asks it often, and never changes it."""
    from xailab import models

    return models.load(name)


def _clear(maps: np.ndarray) -> np.ndarray:
    """Say of which units (K,) the strongest cell is far ahead of all others and answers to covering, down and up.

    ``maps`` (n, K, h, w) are the answers to the picture and to its covered copies. The last unit is left out: the next
    one has to exist.
    """
    flat = maps.reshape(*maps.shape[:2], -1)
    middle = flat[0, :, (maps.shape[2] // 2) * maps.shape[3] + maps.shape[3] // 2]
    second, best = np.sort(flat[0], 1)[:, -2:].T
    here = np.take_along_axis(flat, flat[0].argmax(1)[None, :, None], 2)[:, :, 0]
    changes, tops = here[0] - here[1:], here[0] - flat[1:].max(2)
    clear = (best > CHANGE) & (best - second > LEAD) & (middle < best) & (changes.max(0) > CHANGE)
    clear &= (changes.min(0) < -CHANGE / 5) & (np.abs(np.abs(tops) - np.abs(changes)).max(0) > CHANGE / 5)
    clear[-1] = False
    return np.asarray(clear)


def waves(height: int, width: int) -> np.ndarray:
    """Return a picture by a formula: the same everywhere, and nowhere symmetric."""
    color, row, column = np.ogrid[:3, :height, :width]
    return np.round(2 * np.sin(1.0 + 2.1 * color + (0.7 + 0.3 * color) * row + 1.1 * column), 1).astype(np.float32)


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("conv2 of tags, 16x20 pixels, patch 5, stride 3", make_looking(rng, "tags", "conv2", (16, 20), 5, 3))
    seed = int(rng.integers(100))
    yield Case(
        "conv1 of a random network, 12x10 pixels, patch 4, stride 2",
        make_looking(rng, f"random:{seed}", "conv1", (12, 10), 4, 2),
    )
    yield Case(
        "conv5 of tags before its ReLU, 24x24 pixels, patch 8, stride 4",
        make_looking(rng, "tags", "conv5.conv", (24, 24), 8, 4),
    )


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(
        "the last columns are never covered: patch 4, stride 4, 13x15 pixels",
        make_looking(rng, "tags", "conv2", (13, 15), 4, 4),
    )
    yield Case("gaps between the occluders: patch 2, stride 5", make_looking(rng, "tags", "conv1", (12, 14), 2, 5))
    yield Case("an occluder of one pixel", make_looking(rng, "tags", "conv1", (8, 9), 1, 2))
    network, layer, x, unit, patch, stride = make_looking(rng, "tags", "conv2", (16, 14), 4, 3)
    wide = np.repeat(x, 2, 2)[:, :, ::2]
    yield Case("every second column of a wider array", (network, layer, wide, unit, patch, stride))


def _gray(call: Call, rng: np.random.Generator) -> str | None:
    x, unit = np.zeros((3, 16, 16), np.float32), int(rng.choice([3, 14, 24, 46]))  # these answer to gray
    most = float(np.abs(np.asarray(call(NetworkHandle("tags"), "conv2", x, unit, 6, 5))).max())
    return None if most < 1e-4 else f"a gray picture was covered with gray, and the map runs up to {most:.3g}"


def _inside_the_field(call: Call, rng: np.random.Generator) -> str | None:
    arguments = make_looking(rng, "tags", "conv2", (28, 28), 4, 4)
    out = np.abs(np.asarray(call(*arguments)))
    whole = answers(_network("tags"), "conv2", arguments[2][None], arguments[3])[0]
    size, jump, start = receptive_field(CONV2)
    can = np.zeros((28, 28), bool)
    row, column = (round(start + jump * place - size / 2) for place in divmod(int(whole.argmax()), whole.shape[1]))
    top, left = (max(0, n) // 4 * 4 for n in (row, column))
    can[top : row + int(size) + 3, left : column + int(size) + 3] = True  # of an occluder that touches the box
    return None if out[~can].max() < 1e-4 else "covering pixels outside the receptive field changed the activation"


EXERCISE = Exercise(
    id="discrepancy-map",
    function="discrepancy_map",
    signature="discrepancy_map(network, layer, x (3, H, W), unit, patch, stride) -> D (H, W)",
    title="Where the unit looks",
    task=(
        "x is a normalized picture (float32). Find the cell in which the unit of the layer answers most strongly to "
        "it. Then cover a square of patch x patch pixels with 0 in all three channels, at all rows and columns 0, "
        "stride, 2 * stride, ... at which the whole square fits, one square at a time, and note by how much the "
        "answer of that same cell changes (absolute value). D is, at each pixel, the mean of the changes over the "
        "squares that cover it; 0 where none does."
    ),
    points=2,
    minutes=15,
    reference=discrepancy_map,
    worked=(
        Case(
            "7x8 pixels, squares of 4 with stride 3: two in a column, two in a row",
            (NetworkHandle("random:1"), "conv1", waves(7, 8), 22, 4, 3),
        ),
        Case(
            "10x9 pixels, squares of 3 with stride 2",
            (NetworkHandle("tags"), "conv2", waves(10, 9), 21, 3, 2),
        ),
        Case(
            "a gray picture: covering gray with gray changes nothing",
            (NetworkHandle("tags"), "conv1", np.zeros((3, 4, 6), np.float32), 22, 2, 2),
            np.zeros((4, 6)),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("gray", "covering gray with gray changes nothing", _gray),
        Invariant("inside", "outside the receptive field the map is 0", _inside_the_field),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "First the picture itself: hooks.activations(network.module, torch.from_numpy(x[None]), layer)[layer] has the "
        "shape (1, K, h, w). Where is the maximum of map [0, unit]? Remember the value and the place.",
        "For each square: y = x.copy(), then y[:, row:row + patch, column:column + patch] = 0, and ask the network "
        "again. How does the answer at the remembered place differ?",
        "Keep two arrays of the picture's size: add the change to total[row:row + patch, column:column + patch], and 1 "
        "to count there. At the end, total / np.maximum(count, 1).",
    ),
    tolerance=Tolerance(1e-3, 1e-4),
    read="Zhou et al. 2015, section 3.2",
)
