"""Exercise ``conv2d_naive``: what a convolutional layer computes.

- ``EXERCISE``  the declaration

Its wrong implementations are in ``convolution_mistakes``.

Source: Dumoulin and Visin 2016, section 2.4.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant

from .convolution_mistakes import MISCONCEPTIONS
from .reference import conv2d_naive

Arguments = tuple[np.ndarray, np.ndarray, np.ndarray, int, int]


def make_layer(
    rng: np.random.Generator, size: tuple[int, int, int], filters: int, k: int, stride: int, pad: int
) -> Arguments:
    """Return an input of ``size`` (C, H, W), weights, biases away from 0, stride and padding."""
    x, w = rng.standard_normal(size), rng.standard_normal((filters, size[0], k, k))
    return x, w, rng.uniform(0.5, 1.5, filters) * rng.choice([-1, 1], filters), stride, pad


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2x6x7, 3 filters of 3x3, stride 1, pad 1", make_layer(rng, (2, 6, 7), 3, 3, 1, 1))
    yield Case("3x8x7, 2 filters of 3x3, stride 2, pad 1", make_layer(rng, (3, 8, 7), 2, 3, 2, 1))
    yield Case("2x9x9, 2 filters of 4x4, stride 3, pad 2", make_layer(rng, (2, 9, 9), 2, 4, 3, 2))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("filters of 1x1, no padding", make_layer(rng, (3, 4, 5), 2, 1, 1, 0))
    yield Case("an image as large as the filter: one cell", make_layer(rng, (2, 3, 3), 4, 3, 1, 0))
    yield Case("a stride larger than the filter", make_layer(rng, (1, 9, 8), 2, 2, 3, 0))
    yield Case("so much padding that some windows hold nothing but it", make_layer(rng, (1, 3, 4), 2, 2, 1, 3))
    x, w, b, stride, pad = make_layer(rng, (2, 7, 6), 3, 3, 2, 1)
    yield Case("float32", (x.astype(np.float32), w.astype(np.float32), b.astype(np.float32), stride, pad))
    x, w, b, stride, pad = make_layer(rng, (2, 12, 6), 2, 3, 1, 1)
    yield Case("every second row of more, weights in Fortran order", (x[:, ::2], np.asfortranarray(w), b, 1, 1))


def _linear(call: Call, rng: np.random.Generator) -> str | None:
    x, w, b, stride, pad = make_layer(rng, (2, 7, 6), 2, 3, 2, 1)
    y = rng.standard_normal(x.shape)
    together, apart = (
        np.asarray(call(x + 2 * y, w, 0 * b, stride, pad)),
        np.asarray(call(x, w, 0 * b, stride, pad)) + 2 * np.asarray(call(y, w, 0 * b, stride, pad)),
    )
    return (
        None if np.allclose(together, apart, rtol=1e-4, atol=1e-5) else "conv(x + 2 y) differs from conv(x) + 2 conv(y)"
    )


def _shifted(call: Call, rng: np.random.Generator) -> str | None:
    x, w, b, stride, _ = make_layer(rng, (2, 12, 9), 2, 3, 2, 0)
    whole, later = np.asarray(call(x, w, b, stride, 0)), np.asarray(call(x[:, stride:], w, b, stride, 0))
    same = np.allclose(whole[:, 1:], later, rtol=1e-4, atol=1e-5)
    return None if same else "the image was moved up by the stride, and the map did not move up by one cell"


def _picked(call: Call, rng: np.random.Generator) -> str | None:
    x = rng.standard_normal((1, 5, 6))
    w = np.zeros((1, 1, 3, 3))
    w[0, 0, 0, 1] = 1
    out = np.asarray(call(x, w, np.zeros(1), 1, 0))
    same = np.allclose(out, x[:, :3, 1:5], rtol=1e-4, atol=1e-5)
    return None if same else "a filter with a single 1 in its upper row should pick the pixel at the top of each window"


EXERCISE = Exercise(
    id="conv2d-naive",
    function="conv2d_naive",
    signature="conv2d_naive(x (C, H, W), w (O, C, k, k), b (O,), stride, pad) -> out (O, H', W')",
    title="A convolutional layer",
    task=(
        "Surround the image with pad rows and columns of zeros on all four sides. Cell (i, j) of output o is the sum "
        "of all products of filter o with the window whose upper left corner is at (i * stride, j * stride), over all "
        "channels, plus b[o]. The filter is not flipped. Only windows that fit count."
    ),
    points=2,
    minutes=12,
    reference=conv2d_naive,
    worked=(
        Case(
            "one channel of 3x3, one filter of 2x2, stride 1, no padding",
            (
                np.float64([[[1, 2, 0], [0, 1, 3], [2, 1, 0]]]),
                np.float64([[[[1, 2], [0, -1]]]]),
                np.float64([1]),
                1,
                0,
            ),
            np.float64([[[5, 0], [2, 8]]]),
        ),
        Case(
            "two channels of 3x3, one filter of 3x3, stride 2, pad 1",
            (
                np.float64([np.ones((3, 3)), [[1, 0, 0], [0, 0, 0], [0, 0, 2]]]),
                np.float64([[np.ones((3, 3)), [[0, 0, 0], [0, 5, 0], [0, 0, 1]]]]),
                np.float64([0.5]),
                2,
                1,
            ),
            np.float64([[[9.5, 4.5], [4.5, 14.5]]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("linear", "without bias, the layer is linear", _linear),
        Invariant("shifted", "moving the image by the stride moves the map by one cell", _shifted),
        Invariant("picked", "a filter with a single 1 picks one pixel of each window", _picked),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Start with one number: the window of the padded image at cell (i, j) is a block (C, k, k), as large as one "
        "filter. What has to happen to the two?",
        "np.pad(x, ((0, 0), (pad, pad), (pad, pad))) adds the zeros. There are H' = (H + 2 * pad - k) // stride + 1 "
        "windows below each other.",
        "w * window has the shape (O, C, k, k); summed over the axes 1, 2 and 3 it gives the cell of all outputs.",
    ),
    read="Dumoulin and Visin 2016, section 2",
)
