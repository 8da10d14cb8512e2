"""Known wrong ways to project an activation down to the pixels, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``project``; the last ones are those of ``inherited_mistakes``
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .inherited_mistakes import INHERITED
from .reference import Layers, project
from .unpooling import in_the_center, shared_out, spread, top_left
from .walking import Place, keep_one, walk


def _keep_channel(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    r = np.zeros(maps.shape)
    r[unit] = maps[unit]
    return r


def _keep_place(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    r = np.zeros(maps.shape)
    r[:, pos[0], pos[1]] = maps[:, pos[0], pos[1]]
    return r


def _keep_all(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    return maps.copy()


def _keep_strongest(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    row, column = np.unravel_index(maps[unit].argmax(), maps[unit].shape)
    return keep_one(maps, unit, (int(row), int(column)))


def _put_one(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    r = np.zeros(maps.shape)
    r[unit, pos[0], pos[1]] = 1
    return r


def _keep_positive(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    return np.maximum(keep_one(maps, unit, pos), 0)


def _linear(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    return r


def _whole_channel(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, start=_keep_channel)


def _whole_place(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, start=_keep_place)


def _whole_layer(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, start=_keep_all)


def _strongest(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, start=_keep_strongest)


def _one(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, start=_put_one)


def _start_rectified(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, start=_keep_positive)


def _nothing_rectified(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_relu=_linear)


def _no_switches(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=spread)


def _no_switches_shared(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=shared_out)


def _all_maxima(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, all_maxima=True)


def _bias_subtracted(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_bias=-1)


def _bias_added(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_bias=1)


def _no_bias_forward(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, forward_bias=0)


def _no_relu_forward(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, forward_relu=False)


def _rectified(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, rectified=True)


def _no_switches_top_left(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=top_left)


def _no_switches_center(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv"
) -> np.ndarray:
    return walk(net, x, layer, unit, pos, rule, back_pool=in_the_center)


def _always_gradient(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer, unit, pos, "gradient")


def _always_guided(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer, unit, pos, "guided")


def _always_deconv(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer, unit, pos, "deconv")


def _place_exchanged(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer, unit, (pos[1], pos[0]), rule)


def _layer_before(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer - 1, unit, pos, rule)


def _layer_after(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer + 1, unit, pos, rule)


def _image_positive(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return np.maximum(project(net, x, layer, unit, pos, rule), 0)


def _image_magnitude(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return np.abs(project(net, x, layer, unit, pos, rule))


def _image_scaled(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    image = project(net, x, layer, unit, pos, rule)
    return image / max(float(np.abs(image).max()), 1e-12)


def _image_stretched(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    image = project(net, x, layer, unit, pos, rule)
    return (image - image.min()) / max(float(np.ptp(image)), 1e-12)


def _times_the_image(net: Layers, x: np.ndarray, layer: int, unit: int, pos: Place, rule: str = "deconv") -> np.ndarray:
    return project(net, x, layer, unit, pos, rule) * x


_READ = "notebook, section 5"
_PAPER = "Zeiler and Fergus 2014, section 2.1"
_FIGURE = "Springenberg et al. 2015, figure 1"

MISCONCEPTIONS = (
    Misconception(
        "nothing-rectified",
        _nothing_rectified,
        "The ReLUs are missing on the way back. Every ReLU that was passed on the way forward is passed again, with "
        "backward_relu and the rule.",
        _PAPER,
    ),
    Misconception(
        "always-gradient",
        _always_gradient,
        "You let pass what the ReLU let pass on the way forward, whatever the rule is. That is backpropagation, the "
        "gradient. The deconvnet rectifies what comes back.",
        _FIGURE,
    ),
    Misconception(
        "always-guided",
        _always_guided,
        "You apply both conditions at every ReLU, whatever the rule is. That is guided backpropagation.",
        _FIGURE,
    ),
    Misconception(
        "always-deconv",
        _always_deconv,
        "You use the rule 'deconv' whatever the rule is: hand rule on to backward_relu.",
        _READ,
    ),
    Misconception(
        "whole-channel",
        _whole_channel,
        "You send the whole map of the unit back. Only its activation at pos is kept; all other cells are 0.",
        _PAPER,
    ),
    Misconception(
        "all-units",
        _whole_place,
        "You send all units at this place back. Only the one unit is kept; all others are 0.",
        _PAPER,
    ),
    Misconception(
        "whole-layer",
        _whole_layer,
        "You send the whole layer back. One activation is kept, of one unit at one place; all others are 0.",
        _PAPER,
    ),
    Misconception(
        "strongest-place",
        _strongest,
        "You begin at the strongest place of the unit's map. The place is given: pos.",
        _READ,
    ),
    Misconception(
        "one-for-the-activation",
        _one,
        "You begin with 1. What is sent back is the activation itself: a strong one gives strong pixels.",
        _READ,
    ),
    Misconception(
        "row-and-column-exchanged",
        _place_exchanged,
        "You exchange row and column of the place: pos is (row, column), and maps are indexed [unit, row, column].",
        _READ,
    ),
    Misconception(
        "layer-before",
        _layer_before,
        "You begin one layer too early: net[layer] itself is part of the way, forward and back.",
        _READ,
    ),
    Misconception(
        "layer-after",
        _layer_after,
        "You begin one layer too late: the way forward ends with net[layer].",
        _READ,
    ),
    Misconception(
        "start-rectified",
        _start_rectified,
        "You rectify before the way back has begun. It begins with layer net[layer] itself; a ReLU that comes after it "
        "is no part of the way, and a negative activation is sent back as it is.",
        _READ,
    ),
    Misconception(
        "no-switches",
        _no_switches,
        "You go back through the pooling without its switches: the whole window gets the value, or always the same "
        "place in it. Use unpool with the switches of the way forward. (Do the checks of exercises 1 and 2 pass?)",
        _PAPER,
        also=(_no_switches_shared, _no_switches_top_left, _no_switches_center),
    ),
    Misconception(
        "all-maxima",
        _all_maxima,
        "Where a window has its maximum several times, you give the value to all of these pixels. The switch names one "
        "of them, the first. (Windows full of zeros are common after a ReLU, and the deconvnet sends values there.)",
        _READ,
    ),
    Misconception(
        "bias-on-the-way-back",
        _bias_subtracted,
        "You subtract or add the biases on the way back. They have no part in it: only the filters go back.",
        _READ,
        also=(_bias_added,),
    ),
    Misconception(
        "no-bias-forward",
        _no_bias_forward,
        "The biases are missing on the way forward, so the activation and the switches are not those of the network.",
        _READ,
    ),
    Misconception(
        "no-relu-forward",
        _no_relu_forward,
        "The ReLUs are missing on the way forward: np.maximum(maps, 0).",
        _READ,
    ),
    Misconception(
        "image-rectified",
        _rectified,
        "The projection has no number below 0: you rectify at the very end, or after every step. Only ReLUs rectify; a "
        "pixel may well be negative, which means: darker here.",
        _READ,
        also=(_image_positive, _image_magnitude),
    ),
    Misconception(
        "image-scaled",
        _image_scaled,
        "You scale the result. That is for showing it; the function returns it as it comes down.",
        _READ,
        also=(_image_stretched,),
    ),
    Misconception(
        "times-the-image",
        _times_the_image,
        "You multiply the result by the image. The projection is what comes down, nothing else.",
        _READ,
    ),
    *INHERITED,
)
