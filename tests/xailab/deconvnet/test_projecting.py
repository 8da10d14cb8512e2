"""Projections are what the definitions say, for every kind of network; the network stays as it was."""

import inspect

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.xailab.deconvnet.networks import (
    Branches,
    Capped,
    Choosy,
    Even,
    Gated,
    Linear,
    Plain,
    Residual,
    Smooth,
    Tokens,
    by_autograd,
    pictures,
    seeded,
    untouched,
)
from xailab.deconvnet import (
    RULES,
    deconv,
    everywhere,
    gradient,
    guided,
    project,
    project_signal,
    projecting,
    replay,
)
from xailab.errors import UnknownName, XailabError
from xailab.graph import trace
from xailab.receptive import receptive_field

NETWORKS = {
    "plain": (Plain, ["conv1", "relu1", "pool1", "conv3"]),
    "linear": (Linear, ["conv2"]),
    "residual": (Residual, ["norm1", "relu", "head", ""]),
    "branches": (Branches, ["first", "twice", "out"]),
    "capped": (Capped, ["1", "3"]),
    "smooth": (Smooth, ["relu"]),
    "even": (Even, ["0", "2"]),
}
CASES = [(kind, layer) for kind, (_, layers) in NETWORKS.items() for layer in layers]
IMAGES = pictures(3, 3, 13, 17)
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # torch's, of Even


def close(got: Tensor, expected: Tensor, *, tolerance: float = 1e-12) -> bool:
    return bool((got - expected).abs().max() <= tolerance * expected.abs().max())


@pytest.mark.parametrize(("kind", "layer"), CASES)
def test_the_gradient_rule_is_backpropagation(kind, layer):
    module = seeded(NETWORKS[kind][0]())
    replayed = replay(module, IMAGES, layer)
    signal = torch.randn(replayed.outputs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    expected = by_autograd(module, IMAGES, layer, signal)
    assert expected.abs().max() > 0
    assert close(project_signal(replayed, signal, rule=gradient), expected)


@pytest.mark.parametrize(("kind", "layer"), CASES)
def test_the_network_stays_as_it_was(kind, layer):
    module = seeded(NETWORKS[kind][0]())
    module.train()
    images = IMAGES.clone().requires_grad_()
    with untouched(module):
        found = project(module, images, layer, 1, rule=gradient)
    assert not found.pixels.requires_grad
    assert images.grad is None
    module.eval()
    assert torch.equal(project(module, IMAGES, layer, 1, rule=gradient).pixels, found.pixels)


@pytest.mark.parametrize("rule", [deconv, guided])
def test_without_relus_every_rule_is_the_gradient(rule):
    module = seeded(Linear())
    expected = project(module, IMAGES, "conv2", 2, rule=gradient).pixels
    assert torch.equal(project(module, IMAGES, "conv2", 2, rule=rule).pixels, expected)


@pytest.mark.parametrize("rule", [deconv, guided])
def test_with_nothing_negative_every_rule_is_the_gradient(rule):
    module = seeded(Plain())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    expected = project(module, IMAGES.abs(), "conv3", 2, rule=gradient).pixels
    assert expected.max() > 0
    assert torch.equal(project(module, IMAGES.abs(), "conv3", 2, rule=rule).pixels, expected)


def by_hand(module: Plain, images: Tensor, signal: Tensor, rule: str) -> Tensor:
    """Write the deconvnet of ``Plain`` down with torch's own functions."""

    def back(signal: Tensor, output: Tensor) -> Tensor:
        signal = signal if rule == "gradient" else functional.relu(signal)
        return signal if rule == "deconv" else torch.where(output > 0, signal, 0)

    with torch.no_grad():
        first = functional.relu(module.conv1(images))
        pooled, switches = functional.max_pool2d(first, 3, 2, ceil_mode=True, return_indices=True)
        second = functional.relu(module.conv2(pooled))
        signal = back(functional.conv_transpose2d(signal, module.conv3.weight, padding=1), second)
        signal = functional.conv_transpose2d(signal, module.conv2.weight, padding=2, dilation=2, groups=2)
        planes = torch.zeros_like(first).flatten(2).scatter_add_(2, switches.flatten(2), signal.flatten(2))
        signal = back(planes.view(first.shape), first)
        return functional.conv_transpose2d(signal, module.conv1.weight, stride=(1, 2), padding=(1, 2))


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_the_one_written_by_hand(name):
    module = seeded(Plain())
    replayed = replay(module, IMAGES, "conv3")
    signal = replayed.outputs
    expected = by_hand(module, IMAGES, signal, name)
    assert close(project_signal(replayed, signal, rule=RULES[name]), expected)


def test_a_unit_is_projected_from_its_maximum_with_its_activation():
    module = seeded(Plain())
    found = project(module, IMAGES, "conv3", 4, rule=gradient)
    with torch.no_grad():
        maps = module(IMAGES)[:, 4]
    assert torch.equal(found.values, maps.flatten(1).amax(1))
    assert [tuple(cell) for cell in found.cells.tolist()] == [divmod(int(one.argmax()), maps.shape[2]) for one in maps]
    images = IMAGES.clone().requires_grad_()
    (expected,) = torch.autograd.grad((found.values * module(images)[:, 4].flatten(1).amax(1)).sum(), images)
    assert close(found.pixels, expected)
    ones = project(module, IMAGES, "conv3", 4, rule=gradient, value=1.0)
    assert close(ones.pixels * found.values[:, None, None, None], expected)
    assert torch.equal(ones.values, found.values)


def test_cells_can_be_given_or_all_taken():
    module = seeded(Plain())
    strongest = project(module, IMAGES, "conv3", 2)
    assert torch.equal(project(module, IMAGES, "conv3", 2, cells=strongest.cells).pixels, strongest.pixels)
    one = project(module, IMAGES, "conv3", 2, cells=(0, 1))
    assert one.cells.tolist() == [[0, 1]] * 3
    replayed = replay(module, IMAGES, "conv3")
    signal = torch.zeros_like(replayed.outputs)
    signal[:, 2] = replayed.outputs[:, 2]
    whole = project(module, IMAGES, "conv3", 2, cells=everywhere)
    assert torch.equal(whole.pixels, project_signal(replayed, signal))
    assert torch.equal(whole.values, strongest.values)
    positive = project(module, IMAGES, "conv3", 2, cells=lambda maps: maps > 1e9)
    assert positive.cells.tolist() == [[-1, -1]] * 3
    assert not positive.pixels.any()
    assert not positive.values.any()


def test_many_rows_are_the_single_ones():
    module = seeded(Plain())
    together = project(module, IMAGES, "conv3", [4, 0, 4, 1], sources=[2, 2, 0, 1])
    assert together.sources.tolist() == [2, 2, 0, 1]
    assert together.units.tolist() == [4, 0, 4, 1]
    for row, (image, unit) in enumerate([(2, 4), (2, 0), (0, 4), (1, 1)]):
        alone = project(module, IMAGES[image : image + 1], "conv3", unit)
        assert close(together.pixels[row], alone.pixels[0])
        assert together.cells[row].tolist() == alone.cells[0].tolist()
    several = project(module, IMAGES[:1], "conv3", torch.tensor([3, 1]))
    assert close(several.pixels[1], project(module, IMAGES[:1], "conv3", 1).pixels[0])


def test_little_memory_means_more_rounds_and_the_same_result(monkeypatch):
    module, options = seeded(Plain()), {"sources": [2, 0, 0, 2, 1], "cells": torch.tensor([[0, 1]] * 4 + [[2, 0]])}
    at_once = project(module, IMAGES, "conv3", [4, 0, 4, 1, 2], **options)
    monkeypatch.setattr(projecting, "MEMORY", 1)
    assert projecting.rows_at_once(trace(module, (13, 17)), 3, 8) == 1
    in_rounds = project(module, IMAGES, "conv3", [4, 0, 4, 1, 2], **options)
    assert close(in_rounds.pixels, at_once.pixels)
    assert torch.equal(in_rounds.cells, at_once.cells)


def test_some_relus_can_have_a_rule_of_their_own():
    module = seeded(Plain())
    mixed = project(module, IMAGES, "conv3", 1, rule=gradient, rules={"relu2": deconv}).pixels
    plain = [project(module, IMAGES, "conv3", 1, rule=rule).pixels for rule in (gradient, deconv)]
    assert all((mixed - one).abs().max() > 1e-6 for one in plain)
    both = project(module, IMAGES, "conv3", 1, rule=gradient, rules={"relu2": deconv, "relu1": deconv}).pixels
    assert torch.equal(both, plain[1])
    alone = project(module, IMAGES, "conv3", 1, rule=lambda signal, output: signal * 0)
    assert not alone.pixels.any()


def test_a_smooth_nonlinearity_needs_the_gradient_at_least_there():
    module = seeded(Smooth())
    with pytest.raises(XailabError, match=r"step 'silu' cannot be passed .* no deconv rule for silu"):
        project(module, IMAGES, "relu", 0)
    some = project(module, IMAGES, "relu", 0, rules={"silu": gradient}).pixels
    assert torch.equal(some, project(module, IMAGES, "relu", 0, rule=gradient).pixels)  # its ReLU is the first step


def field_of(cell: tuple[int, int]) -> Tensor:
    """Return the receptive field of a cell of ``conv3`` of ``Plain``: what reaches it if nothing is negative."""
    module = seeded(Plain())
    module.pool1 = nn.AvgPool2d(3, 2, ceil_mode=True)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    pixels = project(module, IMAGES[:1].abs(), "conv3", 0, cells=cell, value=1.0, rule=gradient).pixels
    return pixels[0].amax(0) > 0


@pytest.mark.parametrize("cell", [(0, 0), (1, 3), (5, 1)])
def test_a_projection_lies_in_the_receptive_field(cell):
    module, field = seeded(Plain()), field_of(cell)
    assert 0 < field.sum() < field.numel()
    for rule in RULES.values():
        pixels = project(module, IMAGES, "conv3", 1, cells=cell, rule=rule).pixels
        assert pixels.any()
        assert not pixels[:, :, ~field].any()


@pytest.mark.parametrize(("kind", "layer"), [(Plain, "conv2"), (Branches, "twice"), (Even, "2"), (Capped, "3")])
def test_a_projection_lies_in_the_box_of_its_cell(kind, layer):
    module = seeded(kind())
    graph = trace(module, (13, 17))
    found = project(module, IMAGES[:1], layer, range(4), graph=graph)
    field = receptive_field(graph, layer)
    for pixels, cell in zip(found.pixels, found.cells.tolist(), strict=True):
        box = field.box(*cell)
        outside = pixels.clone()
        outside[:, box.top : box.bottom, box.left : box.right] = 0
        assert not outside.any()
        assert box.height * box.width < 13 * 17
    assert found.pixels.any()


@pytest.mark.parametrize("name", RULES)
def test_a_shifted_image_has_a_shifted_projection(name):
    module, image = seeded(Plain()), pictures(1, 3, 32, 64)
    moved = image.roll((4, 8), (2, 3))  # the strides are (1, 2), then 2
    here = project(module, image, "conv3", 3, cells=(6, 6), rule=RULES[name])
    there = project(module, moved, "conv3", 3, cells=(8, 8), rule=RULES[name])
    assert here.pixels.any()
    assert close(there.pixels, here.pixels.roll((4, 8), (2, 3)))


def test_permuted_units_have_the_same_projections():
    module, order = seeded(Plain()), torch.tensor([3, 1, 4, 0, 2])
    expected = project(module, IMAGES[:1], "conv3", order).pixels
    with torch.no_grad():
        module.conv3.weight.copy_(module.conv3.weight[order])
        module.conv3.bias.copy_(module.conv3.bias[order])
    assert close(project(module, IMAGES[:1], "conv3", range(5)).pixels, expected)


def test_other_weights_give_another_projection():
    found = [project(seeded(Plain(), seed), IMAGES, "conv3", 1).pixels for seed in (0, 1)]
    cosine = functional.cosine_similarity(found[0].flatten(), found[1].flatten(), dim=0)
    assert abs(cosine) < 0.5


def test_a_graph_can_be_made_once_and_follows_the_weights():
    module = seeded(Plain())
    graph = trace(module, (13, 17))
    with torch.no_grad():
        module.conv1.weight.mul_(-2)
    expected = project(module, IMAGES, "conv3", 1).pixels
    assert torch.equal(project(module, IMAGES, "conv3", 1, graph=graph).pixels, expected)


@pytest.mark.parametrize("shape", [(0, 3, 13, 17), (2, 1, 9, 8), (1, 4, 5, 30)])
def test_odd_images_work(shape):
    found = project(seeded(Plain(shape[1])), pictures(*shape), "conv3", 1)
    assert found.pixels.shape == shape
    assert found.cells.shape == (shape[0], 2)


def test_single_precision_and_inference_mode_work():
    module, double = seeded(Plain()).float(), seeded(Plain())
    with torch.inference_mode():
        found = project(module, IMAGES.float() * 1, "conv3", 1, rule=gradient).pixels
    assert found.dtype == torch.float32
    assert close(found.double(), project(double, IMAGES, "conv3", 1, rule=gradient).pixels, tolerance=1e-5)


def test_an_output_without_maps_has_one_cell():
    module = seeded(Residual())
    found = project(module, IMAGES, "head", 2)
    assert found.cells.tolist() == [[0, 0]] * 3
    assert torch.equal(found.values, module(IMAGES).detach()[:, 2])
    assert torch.equal(project(module, IMAGES, "", 2).pixels, found.pixels)


def test_only_the_steps_on_the_way_matter():
    module = seeded(Gated())
    assert project(module, IMAGES, "conv", 1).pixels.any()
    with pytest.raises(XailabError, match=r"cannot be passed on the way back: .*mul"):
        project(module, IMAGES, "after", 1, rule=gradient)


def test_a_network_that_decides_by_values_is_refused_where_it_matters():
    module = seeded(Choosy())
    assert project(module, IMAGES.clamp(max=0.4), "", 1).pixels.any()
    with untouched(module), pytest.raises(XailabError, match="decides by the values of an image"):
        project(module, IMAGES, "", 1)


@pytest.mark.parametrize(("layer", "shape"), [("mix", "(6, 8, 5) .* axis of 5"), ("tokens", "(5, 48)")])
def test_layers_without_units_are_refused(layer, shape):
    shape = shape.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(XailabError, match=rf"layer {layer!r} gives {shape}.* units are maps"):
        project(seeded(Tokens()), IMAGES, layer, 0)
    assert project(seeded(Tokens()), IMAGES, "back", 0).pixels.any()  # channels are the first axis again


ERRORS = {
    "unit": ({"units": 5}, ValueError, "no unit 5 in layer 'conv3': there are 5, counted from 0"),
    "negative unit": ({"units": [0, -1, 2]}, ValueError, "no unit -1"),
    "units": ({"units": [0, 1]}, ValueError, "2 units for 3 images"),
    "half a unit": ({"units": torch.tensor(0.5)}, ValueError, "units must be whole numbers, .* got torch.float32"),
    "source": ({"sources": [0, 3, 1]}, ValueError, r"sources must be in 0 \.\.\. 2, got 0 \.\.\. 3"),
    "cell": ({"cells": (0, 4)}, ValueError, r"no cell \(0, 4\): the maps have 6 x 4 cells"),
    "cells": ({"cells": torch.zeros(2, 2, dtype=torch.int64)}, ValueError, r"cells must be a function, .*\(3, 2\)"),
    "no mask": ({"cells": lambda maps: maps}, TypeError, "must return a bool tensor .* got torch.float64"),
    "nothing": ({"cells": lambda maps: None}, TypeError, "must return a bool tensor .* got NoneType"),
    "half a mask": ({"cells": lambda maps: maps[0] > 0}, ValueError, r"returned shape \(6, 4\)"),
    "layer": ({"layer": "conv4"}, UnknownName, "no layer 'conv4'; did you mean 'conv"),
    "rule": ({"rules": {"relu9": deconv}}, UnknownName, "no ReLU on the way to the pixels 'relu9'; did you mean"),
    "axes": ({"images": IMAGES[0]}, ValueError, r"b c h w, got shape \(3, 13, 17\); one image is images\[None\]"),
    "bytes": ({"images": IMAGES.to(torch.uint8)}, TypeError, "floating point and normalized, got torch.uint8"),
    "dtype": ({"images": IMAGES.float()}, ValueError, r"images are torch.float32, the network is torch.float64"),
    "NaN": ({"images": torch.full_like(IMAGES, torch.nan)}, ValueError, "image 0 holds NaN"),
    "channels": ({"images": IMAGES[:, :1]}, XailabError, "cannot take images of 1 x 13 x 17"),
    "graph": (
        {"graph": trace(Plain(), (13, 13))},
        ValueError,
        r"traced for images of \(3, 13, 13\), got \(3, 13, 17\)",
    ),
    "other graph": ({"graph": trace(seeded(Plain(), 9), (13, 17))}, XailabError, "of another network"),
}


@pytest.mark.parametrize("fault", ERRORS)
def test_bad_input_is_refused_and_leaves_no_trace(fault):  # unwrapped: tests check signatures before the function does
    changes, kind, message = ERRORS[fault]
    module = seeded(Plain())
    with untouched(module), pytest.raises(kind, match=message):
        inspect.unwrap(project)(module, **{"images": IMAGES, "layer": "conv3", "units": 1, **changes})


def test_a_network_that_gives_nan_is_refused():
    module = seeded(Plain())
    with torch.no_grad():
        module.conv2.bias[0] = torch.nan
    with untouched(module), pytest.raises(XailabError, match="layer 'conv3' gives NaN for image 0"):
        project(module, IMAGES, "conv3", 1)
    assert project(module, IMAGES, "pool1", 1).pixels.any()


def test_an_overflow_on_the_way_back_is_refused():
    module = seeded(Plain()).float()
    replayed = replay(module, IMAGES.float(), "conv3")
    with pytest.raises(XailabError, match=r"overflows torch\.float32"):
        project_signal(replayed, torch.full_like(replayed.outputs, 1e38), rule=gradient)


@pytest.mark.parametrize(("shape", "dtype"), [((3, 4, 6, 4), torch.float64), ((3, 5, 6, 4), torch.float32)])
def test_a_signal_must_be_like_the_layer(shape, dtype):
    replayed = replay(seeded(Plain()), IMAGES, "conv3")
    with pytest.raises(ValueError, match=r"signal must be like the output of layer 'conv3', \(5, 6, 4\)"):
        project_signal(replayed, torch.zeros(shape, dtype=dtype))


@pytest.mark.gpu
@pytest.mark.parametrize("name", RULES)
def test_a_gpu_gives_what_the_cpu_gives(name, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # by default convolutions keep 10 bits
    module, images = seeded(Plain()).float(), IMAGES.float()
    expected = project(module, images, "conv3", [1, 2, 3], rule=RULES[name])
    found = project(module.cuda(), images.cuda(), "conv3", [1, 2, 3], rule=RULES[name])
    assert found.pixels.device.type == "cuda"
    assert found.cells.tolist() == expected.cells.tolist()
    assert close(found.pixels.cpu(), expected.pixels, tolerance=1e-4)
