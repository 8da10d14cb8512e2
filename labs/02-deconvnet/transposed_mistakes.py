"""Known wrong ways to send maps back through a convolution, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``conv_transpose``

The public ones are what ``projecting_mistakes`` builds on: a projection with a mistake below.
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import conv_transpose

Shape = tuple[int, int, int]


def _fitted(maps: np.ndarray, shape: Shape) -> np.ndarray:
    """Cut maps at the right and below, or fill them up with zeros there."""
    out = np.zeros(shape)
    cut = maps[:, : shape[1], : shape[2]]
    out[:, : cut.shape[1], : cut.shape[2]] = cut
    return out


def _padded(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Return the right maps with their padding."""
    channels, height, width = out_shape
    return conv_transpose(r, w, stride, 0, (channels, height + 2 * pad, width + 2 * pad))


def not_flipped(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Use the kernels mirrored in both axes."""
    return conv_transpose(r, w[:, :, ::-1, ::-1], stride, pad, out_shape)


def transposed_kernel(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Exchange rows and columns of each kernel."""
    return conv_transpose(r, w.transpose(0, 1, 3, 2), stride, pad, out_shape)


def upside_down(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Mirror the rows of each kernel."""
    return conv_transpose(r, w[:, :, ::-1], stride, pad, out_shape)


def left_to_right(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Mirror the columns of each kernel."""
    return conv_transpose(r, w[:, :, :, ::-1], stride, pad, out_shape)


def _channels_not_exchanged(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    return conv_transpose(r, w.transpose(1, 0, 2, 3), stride, pad, out_shape)


def channels_reshaped(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Reshape where axes should be exchanged."""
    units, channels, k, _ = w.shape
    return conv_transpose(r, w.reshape(channels, units, k, k).transpose(1, 0, 2, 3), stride, pad, out_shape)


def _kernels_of_the_first_unit(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    return conv_transpose(r[:1], w[:1], stride, pad, out_shape)


def _units_mean(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    return conv_transpose(r, w, stride, pad, out_shape) / len(r)


def stride_ignored(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Put the cells side by side."""
    (_, h, wide), k = r.shape, w.shape[2]
    dense = conv_transpose(r, w, 1, 0, (out_shape[0], h + k - 1, wide + k - 1))
    return _fitted(dense[:, pad:, pad:], out_shape)


def repeated(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Repeat each cell where zeros belong between the cells."""
    large, k = r.repeat(stride, axis=1).repeat(stride, axis=2), w.shape[2]
    dense = conv_transpose(large, w, 1, 0, (out_shape[0], large.shape[1] + k - 1, large.shape[2] + k - 1))
    return _fitted(dense[:, pad:, pad:], out_shape)


def _not_cropped(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    return _padded(r, w, stride, pad, out_shape)


def cropped_below(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Cut all of the padding off at the right and below."""
    return _padded(r, w, stride, pad, out_shape)[:, : out_shape[1], : out_shape[2]].copy()


def _cropped_above(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    return _padded(r, w, stride, pad, out_shape)[:, 2 * pad :, 2 * pad :].copy()


def _by_formula(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    (_, h, wide), k = r.shape, w.shape[2]
    return conv_transpose(
        r, w, stride, pad, (out_shape[0], (h - 1) * stride + k - 2 * pad, (wide - 1) * stride + k - 2 * pad)
    )


def _rest_above(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    without = _by_formula(r, w, stride, pad, out_shape)
    rest = (out_shape[1] - without.shape[1], out_shape[2] - without.shape[2])
    out = np.zeros(out_shape)
    out[:, rest[0] :, rest[1] :] = without
    return out


def _rest_empty(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    return _fitted(_by_formula(r, w, stride, pad, out_shape), out_shape)


def overwritten(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    """Let the last cell win where kernels overlap."""
    k, (channels, height, width) = w.shape[2], out_shape
    padded = np.zeros((channels, height + 2 * pad, width + 2 * pad))
    for i, j in np.ndindex(r.shape[1:]):
        padded[:, i * stride : i * stride + k, j * stride : j * stride + k] = np.tensordot(r[:, i, j], w, 1)
    return padded[:, pad : pad + height, pad : pad + width]


def _overwritten_by_place(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    (_, h, wide), k, (channels, height, width) = r.shape, w.shape[2], out_shape
    padded = np.zeros((channels, height + 2 * pad, width + 2 * pad))
    for u, v in np.ndindex(k, k):
        padded[:, u : u + stride * h : stride, v : v + stride * wide : stride] = np.tensordot(w[:, :, u, v], r, (0, 0))
    return padded[:, pad : pad + height, pad : pad + width]


def _averaged(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: Shape) -> np.ndarray:
    counts = conv_transpose(np.ones(r[:1].shape), np.ones((1, 1, *w.shape[2:])), stride, pad, (1, *out_shape[1:]))
    return conv_transpose(r, w, stride, pad, out_shape) / np.maximum(counts, 1)


_READ = "notebook, section 3"
_ARITHMETIC = "Dumoulin and Visin 2016, chapter 4"

MISCONCEPTIONS = (
    Misconception(
        "kernel-mirrored",
        not_flipped,
        "Your kernels arrive mirrored in both directions. Whoever puts whole kernels at their places must not flip "
        "them; whoever correlates maps that are filled up with zeros must flip them exactly once: not never, not "
        "twice.",
        _READ,
    ),
    Misconception(
        "kernel-transposed",
        transposed_kernel,
        "Your kernels arrive with rows and columns exchanged. 'Transposed' means the matrix of the whole convolution, "
        "not the single kernel.",
        _READ,
    ),
    Misconception(
        "kernel-mirrored-in-one-axis",
        upside_down,
        "Your kernels are mirrored in one direction only.",
        _READ,
        also=(left_to_right,),
    ),
    Misconception(
        "channels-not-exchanged",
        _channels_not_exchanged,
        "You use w[c, o] where w[o, c] is meant. On the way back units come in and maps go out: the sum is over the "
        "first axis of w. (Did you reshape w? reshape only counts the same numbers differently; it exchanges no axes. "
        "transpose and swapaxes do.)",
        _READ,
        also=(channels_reshaped,),
    ),
    Misconception(
        "one-unit-only",
        _kernels_of_the_first_unit,
        "Only the first unit comes back. Each pixel gets the sum over all units o.",
        _READ,
    ),
    Misconception(
        "mean-over-units", _units_mean, "You take the mean over the units. The way back adds them up.", _READ
    ),
    Misconception(
        "stride-ignored",
        stride_ignored,
        "You put the cells side by side as if the stride were 1. Cell (i, j) was computed from the pixels that begin "
        "at row i * stride and column j * stride of the padded maps.",
        _ARITHMETIC,
    ),
    Misconception(
        "repeated-for-zeros",
        repeated,
        "You enlarge r by repeating each cell. Between the cells there are zeros: every cell puts its kernel down "
        "once.",
        _ARITHMETIC,
    ),
    Misconception(
        "padding-not-cut",
        _not_cropped,
        "Your maps still have the padding around them. The border of pad pixels was no part of the image: cut it off "
        "on all four sides.",
        _READ,
    ),
    Misconception(
        "padding-cut-on-one-side",
        cropped_below,
        "You cut all of the padding off on one side, so everything is shifted by pad pixels. It lies around the image: "
        "cut pad pixels off on each side.",
        _READ,
        also=(_cropped_above,),
    ),
    Misconception(
        "shape-by-formula",
        _by_formula,
        "You compute the shape as (h - 1) * stride + k - 2 * pad. With a stride above 1 several sizes lead to the same "
        "h; which it was says out_shape.",
        _ARITHMETIC,
        also=(_rest_empty,),
    ),
    Misconception(
        "rest-on-the-wrong-side",
        _rest_above,
        "You put the rows and columns that the stride left over at the top and the left. The convolution begins at the "
        "top left; the rest is below and at the right.",
        _READ,
    ),
    Misconception(
        "overwritten",
        overwritten,
        "Where kernels overlap, you keep what was written last. A pixel took part in several cells, so what comes back "
        "from them is added: += instead of =.",
        _READ,
        also=(_overwritten_by_place,),
    ),
    Misconception(
        "averaged",
        _averaged,
        "You divide by the number of kernels that overlap. What comes back is added, nothing else.",
        _READ,
    ),
)
