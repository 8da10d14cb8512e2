"""Exercise ``project``: one activation, projected down to the pixels.

- ``EXERCISE``  the declaration

Its wrong implementations are in ``projecting_mistakes``.

Scenes are drawn such that rounding decides nothing (``maps.MARGIN``): where a maximum is, whether a ReLU was on. What
comes back may come near to 0, but a rule that rectifies it is continuous there. The tolerance is that of
``conv_transpose``: sums of products of the size of 1, in float32 off by some 1e-6 also where they happen to be small.

Source: Zeiler and Fergus 2014, section 2.1; Springenberg et al. 2015, section 3.4.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Tolerance

from .maps import Recipe, Scene, make_maps, make_scene
from .projecting_mistakes import MISCONCEPTIONS
from .reference import Layers, convolve, max_pool_switches, project

SMALL: Recipe = (("conv", 4, 3, 1, 1), ("relu",), ("pool", 2), ("conv", 4, 3, 1, 1), ("relu",))
"""The order of layers of a small network, up to its second ReLU."""

STRIDED: Recipe = (
    ("conv", 4, 5, 2, 2), ("relu",), ("pool", 2), ("conv", 5, 3, 1, 1), ("relu",), ("pool", 2), ("conv", 5, 3, 1, 1),
)  # fmt: skip
"""With a stride, and a rest at every pooling: the order of the first layers of ``tags``."""


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2 channels of 10x12, the second ReLU", make_scene(rng, SMALL, (2, 10, 12)))
    scene = make_scene(rng, STRIDED, (3, 23, 19), layer=5)
    yield Case("3 channels of 23x19, stride 2, the second pooling; another layer follows", scene)
    scene = make_scene(rng, SMALL, (2, 9, 10), layer=3, negative=True)
    yield Case("the second convolution: a negative activation, before its ReLU", scene)
    yield Case("rule 'gradient'", (*make_scene(rng, SMALL, (2, 10, 8)), "gradient"))
    yield Case("rule 'guided'", (*make_scene(rng, SMALL, (2, 8, 10)), "guided"))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the first convolution: its kernel", make_scene(rng, SMALL, (2, 7, 8), layer=0))
    yield Case("the first ReLU", make_scene(rng, SMALL, (2, 7, 8), layer=1))
    pools: Recipe = (("pool", 2), ("pool", 2))
    yield Case("two poolings, no convolution", ([("pool", 2)] * len(pools), make_maps(rng, 2, 9, 8), 1, 1, (1, 0)))
    twice: Recipe = (("conv", 3, 3, 1, 0), ("conv", 3, 2, 1, 1), ("relu",))
    yield Case("two convolutions without a ReLU between", make_scene(rng, twice, (2, 7, 8)))
    net, x, layer, unit, pos = make_scene(rng, SMALL, (2, 9, 10))
    yield Case("a black image: every window is a tie", (net, np.zeros(x.shape), layer, unit, pos))
    yield Case("at the corner", (net, x, layer, unit, (0, 0)))
    yield Case("float32", (_single(net), x.astype(np.float32), layer, unit, pos))
    yield Case("Fortran order", (net, np.asfortranarray(x), layer, unit, pos))
    yield Case("every second column of a wider image", (net, x.repeat(2, 2)[:, :, ::2], layer, unit, pos, "guided"))
    yield Case("a unit that is off", _off(rng))
    for rule in ("gradient", "guided"):
        yield Case(f"exactly 0 goes into a ReLU, rule {rule!r}", (*_zero_into_a_relu(rng), rule))


def _single(net: Layers) -> Layers:
    """Return the same network in float32."""
    return [tuple(v.astype(np.float32) if isinstance(v, np.ndarray) else v for v in layer) for layer in net]


def _off(rng: np.random.Generator) -> Scene:
    """Return a scene whose target is 0."""
    net, x, layer, unit, pos = make_scene(rng, SMALL, (2, 9, 10))
    kind, w, b, stride, pad = net[3]
    silent = b.copy()
    silent[unit] = -100
    return [*net[:3], (kind, w, silent, stride, pad), *net[4:]], x, layer, unit, pos


def _zero_into_a_relu(rng: np.random.Generator) -> Scene:
    """Return a black image and a network whose unit 0 has the bias 0: exactly 0 goes into its ReLU, which is off."""
    net, x, layer, *_ = make_scene(rng, SMALL, (2, 9, 10), layer=3)
    kind, w, b, stride, pad = net[0]
    some = np.abs(b) + 0.3
    some[0] = 0
    net, x = [(kind, w, some, stride, pad), *net[1:]], np.zeros(x.shape)
    strength = [abs(_activation(net, x, layer, unit, (2, 1))) for unit in range(4)]
    return net, x, layer, int(np.argmax(strength)), (2, 1)


def _activation(net: Layers, x: np.ndarray, layer: int, unit: int, pos: tuple[int, int]) -> float:
    for kind, *values in net[: layer + 1]:
        if kind == "conv":
            x = convolve(x, *values)
        else:
            x = np.maximum(x, 0) if kind == "relu" else max_pool_switches(x, values[0])[0]
    return float(x[unit, pos[0], pos[1]])


def _slope(call: Call, rng: np.random.Generator) -> str | None:
    """Compare the rule 'gradient' with a difference quotient: no ReLU and no maximum changes in a step of 1e-5."""
    net, x, layer, unit, pos = make_scene(rng, SMALL, (2, 8, 10))
    direction, step = rng.standard_normal(x.shape), 1e-5
    ahead, behind = (_activation(net, x + s * direction, layer, unit, pos) ** 2 / 2 for s in (step, -step))
    slope = float((np.asarray(call(net, x, layer, unit, pos, "gradient"), np.float64) * direction).sum())
    expected = (ahead - behind) / (2 * step)
    if abs(slope - expected) < 1e-3 * max(1.0, abs(expected)):
        return None
    return f"by rule 'gradient' half the squared activation changes by {slope:.4g} per step, measured: {expected:.4g}"


def _field(call: Call, rng: np.random.Generator) -> str | None:
    """No pixel outside the receptive field: 3x3, pool 2, 3x3 reach 8 pixels, from 2 * row - 3 to 2 * row + 4."""
    net, x, layer, unit, pos = make_scene(rng, SMALL, (2, 16, 16))
    outside = np.asarray(call(net, x, layer, unit, pos)).copy()
    outside[:, max(0, 2 * pos[0] - 3) : 2 * pos[0] + 5, max(0, 2 * pos[1] - 3) : 2 * pos[1] + 5] = 0
    return None if not outside.any() else "pixels outside the receptive field are not 0"


def _linear_without_relu(call: Call, rng: np.random.Generator) -> str | None:
    recipe: Recipe = (("conv", 3, 3, 1, 1), ("pool", 2), ("conv", 3, 3, 1, 1))
    scene = make_scene(rng, recipe, (2, 9, 8))
    one, two, three = (np.asarray(call(*scene, rule)) for rule in ("deconv", "gradient", "guided"))
    same = np.allclose(one, two, atol=1e-5) and np.allclose(one, three, atol=1e-5)
    return None if same else "in a network without ReLU the three rules should give the same"


_READ = "notebook, section 5"

_ONE_KERNEL: Layers = [
    ("conv", np.float64([[[[1, -1], [0, 2]]]]), np.float64([-1]), 1, 0),
    ("relu",),
    ("pool", 2),
]
_THREE_UNITS: Layers = [
    ("conv", np.float64([1, -1, 2]).reshape(3, 1, 1, 1), np.zeros(3), 1, 0),
    ("relu",),
    ("conv", np.float64([3, 1, -1]).reshape(1, 3, 1, 1), np.zeros(1), 1, 0),
]
_PIXEL = np.float64([[[3]]])

EXERCISE = Exercise(
    id="project",
    function="project",
    signature='project(net, x (C, H, W), layer, unit, pos (row, column), rule="deconv") -> (C, H, W)',
    title="One activation, down to the pixels",
    task=(
        "Project one activation after net[layer] down to x: that of the unit at pos. Keep it as it is, set all other "
        "cells of the layer to 0, and go back through net[layer], ..., net[0]: unpool at a pooling, backward_relu with "
        "the rule at a ReLU, conv_transpose without the bias at a convolution."
    ),
    points=3,
    minutes=20,
    reference=project,
    worked=(
        Case(
            "one kernel, ReLU, pooling: 6 times the kernel, where the 6 was",
            (_ONE_KERNEL, np.float64([[[1, 0, 2], [0, 3, 0], [1, 0, 1]]]), 2, 0, (0, 0)),
            np.float64([[[6, -6, 0], [0, 12, 0], [0, 0, 0]]]),
        ),
        Case("one pixel, three units, rule 'deconv'", (_THREE_UNITS, _PIXEL, 2, 0, (0, 0)), np.float64([[[6]]])),
        Case(
            "one pixel, three units, rule 'gradient'",
            (_THREE_UNITS, _PIXEL, 2, 0, (0, 0), "gradient"),
            np.float64([[[3]]]),
        ),
        Case(
            "one pixel, three units, rule 'guided'", (_THREE_UNITS, _PIXEL, 2, 0, (0, 0), "guided"), np.float64([[[9]]])
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("field", "no pixel outside the receptive field is touched", _field),
        Invariant("slope", "by rule 'gradient' it is the gradient of half the squared activation", _slope),
        Invariant("linear", "in a network without ReLU all rules agree", _linear_without_relu),
    ),
    misconceptions=MISCONCEPTIONS,
    hints=(
        "r begins as zeros of the shape of maps[-1], with one number in it. Then a loop over i from layer down to 0: "
        "for i in reversed(range(layer + 1)).",
        "maps[i] went into net[i]. At a ReLU: r = backward_relu(r, maps[i], rule). At a pooling: r = unpool(r, "
        "switches[i], maps[i].shape). What does conv_transpose need of the convolution and of maps[i]?",
        "If everything here looks right: do max_pool_switches, unpool, conv_transpose and backward_relu pass all of "
        "their checks? A mistake in one of them shows here again.",
    ),
    tolerance=Tolerance(1e-4, 1e-5),
    read=_READ,
)
