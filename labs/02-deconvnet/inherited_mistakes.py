"""Right ways through the network in which a function of an earlier exercise is wrong.

- ``INHERITED``  misconceptions of the exercise ``project``

They are named, so that nobody looks for the mistake in the wrong place.
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .pooling_mistakes import height_for_width, inside_the_window, last_maximum, rows_for_columns
from .reference import Layers
from .rules import deconv_and_gradient_exchanged, deconv_and_guided_exchanged, forward_again, magnitude
from .transposed_mistakes import (
    channels_reshaped,
    cropped_below,
    left_to_right,
    not_flipped,
    overwritten,
    repeated,
    stride_ignored,
    transposed_kernel,
    upside_down,
)
from .unpooling import marks, negative_lost
from .unpooling import rows_for_columns as switches_read_by_columns
from .walking import Place, walk


def _pool_last(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, pool=last_maximum)


def _pool_inside(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, pool=inside_the_window)


def _pool_columns(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, pool=rows_for_columns)


def _pool_height(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, pool=height_for_width)


def _unpool_columns(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=switches_read_by_columns)


def _unpool_marks(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=marks)


def _unpool_positive(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=negative_lost)


def _conv_mirrored(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=not_flipped)


def _conv_transposed(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=transposed_kernel)


def _conv_upside_down(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=upside_down)


def _conv_left_to_right(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=left_to_right)


def _conv_reshaped(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=channels_reshaped)


def _conv_stride(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=stride_ignored)


def _conv_repeated(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=repeated)


def _conv_cropped(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=cropped_below)


def _conv_overwritten(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_conv=overwritten)


def _relu_deconv_gradient(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_relu=deconv_and_gradient_exchanged)


def _relu_deconv_guided(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_relu=deconv_and_guided_exchanged)


def _relu_forward(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_relu=forward_again)


def _relu_magnitude(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_relu=magnitude)


INHERITED = (
    Misconception(
        "mistake-in-max-pool-switches",
        _pool_last,
        "This is what comes out if max_pool_switches is wrong and everything else is right: its switches. Look at its "
        "check first.",
        "exercise 1",
        also=(_pool_inside, _pool_columns, _pool_height),
    ),
    Misconception(
        "mistake-in-unpool",
        _unpool_columns,
        "This is what comes out if unpool is wrong and everything else is right. Look at its check first.",
        "exercise 2",
        also=(_unpool_marks, _unpool_positive),
    ),
    Misconception(
        "mistake-in-conv-transpose",
        _conv_mirrored,
        "This is what comes out if conv_transpose is wrong and everything else is right. Look at its check first.",
        "exercise 3",
        also=(
            _conv_transposed,
            _conv_upside_down,
            _conv_left_to_right,
            _conv_reshaped,
            _conv_stride,
            _conv_repeated,
            _conv_cropped,
            _conv_overwritten,
        ),
    ),
    Misconception(
        "mistake-in-backward-relu",
        _relu_deconv_gradient,
        "This is what comes out if backward_relu is wrong and everything else is right. Look at its check first.",
        "exercise 4",
        also=(_relu_deconv_guided, _relu_forward, _relu_magnitude),
    ),
)
