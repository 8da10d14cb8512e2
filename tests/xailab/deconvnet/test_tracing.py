"""The trace is the projection, step by step, and its numbers are of what is handed down."""

import pytest
import torch
from torch.nn import functional

from tests.xailab.deconvnet.networks import Branches, Capped, Linear, Plain, Residual, pictures, seeded, untouched
from xailab.deconvnet import RULES, gradient, project, replay, trace_projection
from xailab.deconvnet.tracing import passages
from xailab.graph.operations import MaxPooling, Rectification

IMAGES = pictures(2, 3, 13, 17)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("kind", "layer"), [(Plain, "conv3"), (Residual, "head"), (Branches, "out")])
def test_the_last_passage_is_the_projection(kind, layer, name):
    module = seeded(kind())
    with untouched(module):
        steps = trace_projection(module, IMAGES, layer, 1, rule=RULES[name])
    found = project(module, IMAGES, layer, 1, rule=RULES[name])
    assert torch.equal(steps[-1].handed, found.pixels)
    assert steps[-1].doing == "image: the projection"
    assert steps[0].name == layer


def test_each_step_gets_what_those_above_handed_down():
    for kind, layer in [(Plain, "conv3"), (Residual, "head"), (Branches, "out")]:
        steps = trace_projection(seeded(kind()), IMAGES, layer, 1)
        handed: dict[int, torch.Tensor] = {}
        for step in steps:
            if step.position in handed:
                assert torch.equal(step.arriving, handed.pop(step.position))
            for receiver, part in zip(step.receivers, step.leaving, strict=True):
                handed[receiver] = handed[receiver] + part if receiver in handed else part
        assert not handed


def test_the_numbers_are_of_what_is_handed_down():
    steps = trace_projection(seeded(Plain()), IMAGES, "conv3", 1)
    assert [step.name for step in steps] == ["conv3", "relu2", "conv2", "pool1", "relu1", "conv1", "input"]
    for step in steps:
        flat = step.handed.flatten(1)
        assert step.shape == tuple(step.handed.shape[1:])
        torch.testing.assert_close(step.norm, flat.square().sum(1).sqrt())
        torch.testing.assert_close(step.nonzero, (flat != 0).double().mean(1).float())
        assert torch.equal(step.low, flat.min(1).values)
        assert torch.equal(step.high, flat.max(1).values)
        assert (step.cut is not None) == isinstance(step.operation, Rectification)
        assert (step.switches_used is not None) == isinstance(step.operation, MaxPooling)
    start, relu, pool = steps[0], steps[1], steps[3]
    assert (start.arriving != 0).flatten(1).sum(1).tolist() == [1, 1]
    negative = (relu.arriving < 0).flatten(1).sum(1) / (relu.arriving != 0).flatten(1).sum(1)
    torch.testing.assert_close(relu.cut, negative.float())
    used = (pool.arriving != 0).flatten(1).double().mean(1).float()
    torch.testing.assert_close(pool.switches_used, used)


def test_what_the_forward_run_gave_stands_beside_it():
    module = seeded(Plain())
    steps = {step.name: step for step in trace_projection(module, IMAGES, "conv3", [3, 1, 1], sources=[1, 0, 1])}
    with torch.no_grad():
        first = functional.relu(module.conv1(IMAGES))
        _, switches = functional.max_pool2d(first, 3, 2, ceil_mode=True, return_indices=True)
    assert torch.equal(steps["relu1"].forward, first[[1, 0, 1]])
    assert torch.equal(steps["pool1"].forward, switches[[1, 0, 1]])
    assert steps["conv1"].forward is None


def test_the_steps_are_described_in_words():
    module, words = seeded(Plain()), {}
    for step in trace_projection(module, IMAGES, "conv3", 1, rule=gradient):
        words[step.name] = step.doing
    assert words == {
        "conv3": "convolution 3, padding 1: filters transposed, 5 -> 8 channels",
        "relu2": "ReLU, rule gradient",
        "conv2": "convolution 3, padding 2, dilation 2: filters transposed, 8 -> 6 channels in 2 groups",
        "pool1": "max pooling 3, stride 2: values return to their switches",
        "relu1": "ReLU, rule gradient",
        "conv1": "convolution 3 x 5, stride 1 x 2, padding 1 x 2: filters transposed, 6 -> 3 channels",
        "input": "image: the projection",
    }


def test_other_steps_have_words_too():
    said = [
        step.doing.partition(":")[0]
        for kind, layer in [(Residual, "head"), (Linear, "conv2"), (Capped, "3"), (Branches, "out")]
        for step in trace_projection(seeded(kind()), IMAGES, layer, 1)
    ]
    for words in (
        "fully connected", "mean over cells to 1", "sum", "batch normalization", "mean pooling 3, stride 2, padding 1",
        "pad", "ReLU6, rule deconv", "ReLU0.5, rule deconv", "concatenation", "flatten", "nothing is done",
    ):  # fmt: skip
        assert words in said


def test_any_signal_can_be_traced():
    replayed = replay(seeded(Plain()), IMAGES, "conv3")
    steps = passages(replayed, torch.zeros_like(replayed.outputs))
    assert all(not step.handed.any() for step in steps)
    assert all(float(step.cut.sum()) == 0 for step in steps if step.cut is not None)


def test_an_empty_batch_is_traced():
    steps = trace_projection(seeded(Plain()), IMAGES[:0], "conv3", 1)
    assert [len(step.norm) for step in steps] == [0] * 7
    assert [len(step.low) for step in steps] == [0] * 7
