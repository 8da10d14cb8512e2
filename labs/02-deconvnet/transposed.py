"""Exercise ``conv_transpose``: filters on the way back.

- ``EXERCISE``  the declaration
- ``make_way``  the arguments of a way back through a convolution

Its wrong implementations are in ``transposed_mistakes``.

The tolerance: a number is a sum of up to O k k products of the size of 1, so in float32 it is off by some 1e-6 also
where the sum happens to be small. 1e-5 is above that, and 1,000 times less than what any mistake changes.

Source: Dumoulin and Visin 2016, chapter 4; Zeiler and Fergus 2014, section 2.1.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Tolerance

from .maps import make_kernels
from .reference import conv_transpose, convolve
from .transposed_mistakes import MISCONCEPTIONS

Way = tuple[np.ndarray, np.ndarray, int, int, tuple[int, int, int]]
"""The arguments of ``conv_transpose``."""


def make_way(
    rng: np.random.Generator, units: int, out_shape: tuple[int, int, int], k: int, stride: int, pad: int
) -> Way:
    """Return what comes back to a convolution of maps of this shape, and the convolution."""
    h, w = ((side + 2 * pad - k) // stride + 1 for side in out_shape[1:])
    return rng.standard_normal((units, h, w)), make_kernels(rng, units, out_shape[0], k), stride, pad, out_shape


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2 maps, 2 units, 3x3, stride 1, pad 1", make_way(rng, 2, (2, 5, 6), 3, 1, 1))
    yield Case("2 maps, 3 units, 3x3, stride 2, no padding", make_way(rng, 3, (2, 7, 9), 3, 2, 0))
    yield Case("3 maps, 2 units, 5x5, stride 2, pad 2, of 8x7", make_way(rng, 2, (3, 8, 7), 5, 2, 2))
    yield Case("2 maps, 2 units, 2x2, stride 3, pad 1, of 9x8", make_way(rng, 2, (2, 9, 8), 2, 3, 1))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("kernels of one pixel", make_way(rng, 3, (2, 4, 5), 1, 1, 0))
    yield Case("one unit, one map, one value", make_way(rng, 1, (1, 3, 3), 3, 1, 0))
    yield Case("kernels of one pixel, stride 2: gaps stay 0", make_way(rng, 2, (2, 6, 5), 1, 2, 0))
    yield Case("more padding than usual", make_way(rng, 2, (3, 4, 5), 3, 1, 2))
    yield Case("stride 4, a rest of 3", make_way(rng, 2, (1, 14, 15), 4, 4, 0))
    r, w, *rest = make_way(rng, 3, (2, 6, 6), 3, 2, 1)
    yield Case("float32", (r.astype(np.float32), w.astype(np.float32), *rest))
    yield Case("Fortran order", (np.asfortranarray(r), np.asfortranarray(w), *rest))
    yield Case("every second column of wider arrays", (r.repeat(2, 2)[:, :, ::2], w.repeat(2, 3)[..., ::2], *rest))


_GEOMETRIES = ((3, 1, 1), (3, 2, 1), (5, 2, 2), (4, 2, 1), (2, 3, 0))


def _adjoint(call: Call, rng: np.random.Generator) -> str | None:
    for k, stride, pad in _GEOMETRIES:
        shape = (2, int(rng.integers(7, 10)), int(rng.integers(7, 10)))
        r, w, *_ = make_way(rng, 3, shape, k, stride, pad)
        x = rng.standard_normal(shape)
        right = float((convolve(x, w, np.zeros(3), stride, pad) * r).sum())
        left = float((x * np.asarray(call(r, w, stride, pad, shape), np.float64)).sum())
        if abs(left - right) > 1e-5 * max(1.0, np.linalg.norm(r) * np.linalg.norm(x)):
            return f"kernel {k}, stride {stride}, pad {pad}: <x, back(r)> = {left:.5g}, but <conv(x), r> = {right:.5g}"
    return None


def _linear(call: Call, rng: np.random.Generator) -> str | None:
    r, w, *rest = make_way(rng, 2, (2, 7, 8), 3, 2, 1)
    one, other = (np.asarray(call(some, w, *rest)) for some in (r, -3 * r))
    return None if np.allclose(-3 * one, other, rtol=1e-4, atol=1e-5) else "with -3 r came something else than -3 times"


_READ = "notebook, section 3"

EXERCISE = Exercise(
    id="conv-transpose",
    function="conv_transpose",
    signature="conv_transpose(r (O, h, w), w (O, C, k, k), stride, pad, out_shape) -> (C, H, W)",
    title="Filters on the way back",
    task=(
        "w, stride and pad belong to a convolution that made O maps of h x w cells out of C maps of the shape "
        "out_shape = (C, H, W). Send r back through it: each value r[o, i, j] puts its kernel w[o], times the value, "
        "at the pixels that it was computed from; what overlaps is added, what falls into the padding is dropped."
    ),
    points=2,
    minutes=15,
    reference=conv_transpose,
    worked=(
        Case(
            "one value 2, stride 1, no padding: the kernel, times 2",
            (np.float64([[[2]]]), np.float64([[[[1, 2], [3, 4]]]]), 1, 0, (1, 2, 2)),
            np.float64([[[2, 4], [6, 8]]]),
        ),
        Case(
            "two values 1 and 10, side by side, stride 1: kernels overlap in the middle column",
            (np.float64([[[1, 10]]]), np.float64([[[[1, 2], [3, 4]]]]), 1, 0, (1, 2, 3)),
            np.float64([[[1, 12, 20], [3, 34, 40]]]),
        ),
        Case(
            "two values, stride 2, pad 1, kernels of 3x3, back to 3x4 pixels (the formula alone would give 3x3)",
            (np.float64([[[1, 10], [0, 0]]]), np.float64([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]), 2, 1, (1, 3, 4)),
            np.float64([[[5, 46, 50, 60], [8, 79, 80, 90], [0, 0, 0, 0]]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("adjoint", "<conv(x), r> = <x, conv_transpose(r)> for every x and r", _adjoint),
        Invariant("linear", "r times a number gives the result times this number", _linear),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "Which pixels of the padded input was cell (i, j) computed from? Rows i * stride to i * stride + k - 1. Begin "
        "with zeros of the padded shape, H + 2 * pad by W + 2 * pad, and put kernels there.",
        "For one cell: padded[:, top : top + k, left : left + k] += the sum over o of r[o, i, j] * w[o]. That sum is "
        "np.tensordot(r[:, i, j], w, 1), of shape (C, k, k). At the end cut the padding off on all four sides.",
        "Faster, with loops over the kernel's k x k places instead of the cells: place (u, v) of all kernels lands at "
        "padded[:, u : u + stride * h : stride, v : v + stride * w : stride].",
    ),
    tolerance=Tolerance(1e-4, 1e-5),
    read="Dumoulin and Visin 2016, chapter 4",
)
