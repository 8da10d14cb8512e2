"""Exercise ``receptive_field``: how much of the picture can a unit see?

- ``EXERCISE``  the declaration

Its wrong implementations are in ``fields_mistakes``.

Source: Araujo et al. 2019, section "Single-path networks".
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant

from .fields_mistakes import MISCONCEPTIONS, Field
from .reference import receptive_field


def make_layers(rng: np.random.Generator, *, short: bool) -> list[tuple[int, int, int]]:
    """Return layers (k, s, p) with strides before and after each other, an even kernel, and padding behind a stride."""
    first = (int(rng.choice([3, 5])), 2, int(rng.integers(0, 2)))
    second = (int(rng.choice([2, 4])), int(rng.choice([2, 3])), 0)
    third = (int(rng.choice([3, 5, 7])), 1, int(rng.integers(1, 3)))
    if short:
        return [second, third]
    last = (int(rng.choice([2, 3, 4])), int(rng.choice([3, 4])), int(rng.integers(0, 2)))
    return [first, second, third, last]


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2 layers", (make_layers(rng, short=True),))
    yield Case("4 layers", (make_layers(rng, short=False),))
    yield Case("5 layers", ([*make_layers(rng, short=False), (3, 1, 1)],))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("no layer at all: a pixel sees itself", ([],))
    yield Case("one layer of 1x1 with a stride", ([(1, int(rng.integers(2, 5)), 0)],))
    yield Case("a stride larger than the kernel", ([(2, 5, 0), *make_layers(rng, short=True)],))
    yield Case("more padding than kernel", ([*make_layers(rng, short=True), (2, 1, 3)],))
    yield Case("twelve layers", ([*make_layers(rng, short=False)] * 3,))


def _pointwise(call: Call, rng: np.random.Generator) -> str | None:
    layers = make_layers(rng, short=False)
    at = int(rng.integers(5))
    same = np.allclose(_numbers(call(layers)), _numbers(call([*layers[:at], (1, 1, 0), *layers[at:]])))
    return None if same else "a layer of 1x1 in between changed the result; such a layer sees nothing more"


def _split(call: Call, rng: np.random.Generator) -> str | None:
    layers = make_layers(rng, short=True)
    one, two = _numbers(call([*layers, (5, 1, 2)])), _numbers(call([*layers, (3, 1, 1), (3, 1, 1)]))
    return None if np.allclose(one, two) else f"5x5 with pad 2 gives {one}; two times 3x3 with pad 1 gives {two}"


def _seen(call: Call, rng: np.random.Generator) -> str | None:
    """Follow the box of one cell back through the layers, pixel by pixel."""
    layers, cell = make_layers(rng, short=False), int(rng.integers(1, 6))
    first = last = cell
    for k, s, p in layers[::-1]:
        first, last = first * s - p, last * s - p + k - 1
    size, jump, start = _numbers(call(layers))
    low, high = start + cell * jump - size / 2, start + cell * jump + size / 2
    if np.allclose((low, high), (first, last + 1)):
        return None
    return (
        f"layers {layers}: cell {cell} can be reached from the pixels {first} ... {last}, so its box goes from "
        f"{first} to {last + 1}; yours goes from {low:g} to {high:g}"
    )


def _numbers(value: Field) -> Field:
    """Return three floats: whether size and jump come as whole numbers does not matter."""
    size, jump, start = value
    return float(size), float(jump), float(start)


EXERCISE = Exercise(
    id="receptive-field",
    function="receptive_field",
    signature="receptive_field(layers [(k, s, p), ...]) -> (size, jump, start)",
    title="Receptive fields",
    task=(
        "layers lists convolutions and poolings in order, each with kernel size k, stride s and padding p. For a unit "
        "after the last of them return, in pixels: the size of its receptive field, the jump from one cell's field to "
        "the next one's, and the center of the first cell's field, where pixel 0 reaches from 0 to 1."
    ),
    points=2,
    minutes=12,
    reference=receptive_field,
    worked=(
        Case("conv 3x3, stride 2, pad 1, then conv 3x3, pad 1", ([(3, 2, 1), (3, 1, 1)],), (7.0, 2.0, 0.5)),
        Case("pool 2x2, stride 2, then conv 3x3 without padding", ([(2, 2, 0), (3, 1, 0)],), (6.0, 2.0, 3.0)),
        Case(
            "conv5 of our network: 5/2/2, 2/2, 3/1/1, 2/2 and three times 3/1/1",
            ([(5, 2, 2), (2, 2, 0), (3, 1, 1), (2, 2, 0), (3, 1, 1), (3, 1, 1), (3, 1, 1)],),
            (67.0, 8.0, 3.5),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("pointwise", "a layer of 1x1 changes nothing", _pointwise),
        Invariant("split", "two layers of 3x3 see what one of 5x5 sees", _split),
        Invariant("seen", "the box holds the pixels that reach the unit, and no others", _seen),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Before any layer: size 1, jump 1, start 0.5. Then a loop over the layers that updates the three numbers.",
        "Which of the three lines needs the old jump? So which line comes last?",
        "size + (k - 1) * jump, start + ((k - 1) / 2 - p) * jump, and only then jump * s.",
    ),
    canonical=_numbers,
    read="notebook, section 4",
)
