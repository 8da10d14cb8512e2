"""Known wrong ways to convolve, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``conv2d_naive``
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import conv2d_naive


def _flipped(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w[:, :, ::-1, ::-1], b, stride, pad)


def _kernel_turned(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w.swapaxes(2, 3), b, stride, pad)


def _result_turned(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, b, stride, pad).swapaxes(1, 2)


def _image_turned(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x.swapaxes(1, 2), w, b, stride, pad)


def _no_padding(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, b, stride, 0)


def _below_and_right(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (0, pad), (0, pad))), w, b, stride, 0)


def _above_and_left(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (pad, 0), (pad, 0))), w, b, stride, 0)


def _all_below(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad))), w, b, stride, 0)


def _all_above(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (2 * pad, 0), (2 * pad, 0))), w, b, stride, 0)


def _edge_padding(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (pad, pad), (pad, pad)), mode="edge"), w, b, stride, 0)


def _wrapped_padding(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (pad, pad), (pad, pad)), mode="wrap"), w, b, stride, 0)


def _mirrored_padding(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(np.pad(x, ((0, 0), (pad, pad), (pad, pad)), mode="reflect"), w, b, stride, 0)


def _padding_in_channels(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    padded = np.pad(x, pad)[: len(x)]  # np.pad with one number pads the channels as well
    return conv2d_naive(padded, w, b, stride, 0)


def _no_stride(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, b, 1, pad)


def _stride_in_size_only(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    right = conv2d_naive(x, w, b, stride, pad)
    return conv2d_naive(x, w, b, 1, pad)[:, : right.shape[1], : right.shape[2]]


def _stride_is_filter(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, b, w.shape[2], pad)


def _last_missing(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, b, stride, pad)[:, :-1, :-1]


def _rounded_up(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    more = [-(n + 2 * pad - w.shape[2]) % stride for n in x.shape[1:]]
    return conv2d_naive(np.pad(x, ((0, 0), (pad, pad + more[0]), (pad, pad + more[1]))), w, b, stride, 0)


def _no_bias(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, 0 * b, stride, pad)


def _bias_per_channel(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, len(x) * b, stride, pad)


def _bias_per_weight(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, w[0].size * b, stride, pad)


def _first_bias(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w, b[0] + 0 * b, stride, pad)


def _first_channel(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x[:1], w[:, :1], b, stride, pad)


def _last_channel(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x[-1:], w[:, -1:], b, stride, pad)


def _first_filter(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w[:1], b[:1], stride, pad).repeat(len(w), 0)


def _mean(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w / w[0].size, b, stride, pad)


def _mean_over_channels(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return conv2d_naive(x, w / len(x), b, stride, pad)


def _rectified(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    return np.maximum(conv2d_naive(x, w, b, stride, pad), 0)


MISCONCEPTIONS = (
    Misconception(
        "kernel-flipped",
        _flipped,
        "You turn the filter by 180 degrees before you multiply. That is what mathematics calls convolution; the "
        "layers of networks do not flip (it is a cross-correlation), so that a filter looks like what it looks for.",
        "Dumoulin and Visin 2016, section 1.1",
    ),
    Misconception(
        "rows-and-columns",
        _kernel_turned,
        "Rows and columns are exchanged, in the filter, in the image or in the result. Rows come first in all three.",
        "notebook, section 1",
        also=(_result_turned, _image_turned),
    ),
    Misconception(
        "no-padding",
        _no_padding,
        "The padding is not used: windows at the border are missing, and the result is too small.",
        "notebook, section 1",
    ),
    Misconception(
        "padding-on-one-side",
        _all_below,
        "The zeros stand on one side only, or the padding is counted once in the size of the result. pad rows belong "
        "above and as many below, pad columns to the left and as many to the right.",
        "notebook, section 1",
        also=(_below_and_right, _above_and_left, _all_above),
    ),
    Misconception(
        "padding-not-zero",
        _edge_padding,
        "Outside the image you continue it in some way: repeated, mirrored or wrapped around. Here the outside is 0.",
        "notebook, section 1",
        also=(_wrapped_padding, _mirrored_padding),
    ),
    Misconception(
        "channels-padded",
        _padding_in_channels,
        "np.pad(x, pad) pads all axes, the channels as well: the first channel is then a zero one. Give a pair of "
        "numbers for each axis.",
        "the documentation of np.pad",
    ),
    Misconception(
        "stride-ignored",
        _no_stride,
        "The stride is not used: the windows move by one pixel, and the result is too large.",
        "notebook, section 1",
        also=(_stride_is_filter,),
    ),
    Misconception(
        "stride-in-the-size-only",
        _stride_in_size_only,
        "The result has the right size, but its windows lie one pixel apart. Window (i, j) begins at i * stride, "
        "j * stride.",
        "notebook, section 1",
    ),
    Misconception(
        "last-window-missing",
        _last_missing,
        "The last row and column of windows are missing. n windows need only n - 1 steps: hence the + 1.",
        "notebook, section 1, the size of the output",
    ),
    Misconception(
        "size-rounded-up",
        _rounded_up,
        "The size is rounded up, and the last windows reach beyond the padded image. Only windows that fit count: "
        "round down.",
        "notebook, section 1, the size of the output",
    ),
    Misconception("bias-missing", _no_bias, "The bias is missing.", "notebook, section 1"),
    Misconception(
        "bias-too-often",
        _bias_per_channel,
        "The bias is added more than once: in every channel, or for every weight. It is added once, after the sum.",
        "notebook, section 1",
        also=(_bias_per_weight,),
    ),
    Misconception(
        "one-bias-for-all",
        _first_bias,
        "All outputs get the bias of the first filter. Output o gets b[o].",
        "notebook, section 1",
    ),
    Misconception(
        "one-channel",
        _first_channel,
        "Only one channel of the image is looked at. The sum runs over all channels; each filter has weights for each.",
        "notebook, section 1",
        also=(_last_channel,),
    ),
    Misconception(
        "one-filter",
        _first_filter,
        "All outputs come from the first filter. Output o belongs to filter o.",
        "notebook, section 1",
    ),
    Misconception(
        "mean-for-sum",
        _mean,
        "You take a mean where the sum is asked: over the window, or over the channels.",
        "notebook, section 1",
        also=(_mean_over_channels,),
    ),
    Misconception(
        "rectified",
        _rectified,
        "Negative numbers have become 0: a ReLU is a layer of its own, after the convolution.",
        "notebook, section 1",
    ),
)
