"""Every way back is the adjoint of the way there: <A x, y> = <x, adjoint(y)> for random x, y and geometries."""

import random

import pytest
import torch
from torch import Tensor

from tests.xailab.deconvnet.networks import pictures
from xailab.deconvnet.adjoints import Passing, handed_down, through, transposed
from xailab.deconvnet.rules import deconv, gradient
from xailab.errors import XailabError
from xailab.graph import operations as ops

SWEEP = range(60)


def assert_adjoint(operation: ops.Operation, *inputs: Tensor, tolerance: float = 1e-10) -> None:
    """Compare the two inner products; the constant part of the operation is taken off."""
    output = operation.apply(*inputs) - operation.apply(*(torch.zeros_like(one) for one in inputs))
    signal = torch.randn(output.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    shapes = tuple(tuple(one.shape[1:]) for one in inputs)
    parts = handed_down(operation, signal, Passing(shapes, deconv))
    assert [part.shape for part in parts] == [one.shape for one in inputs]
    there = (output * signal).sum()
    back = sum((one * part).sum() for one, part in zip(inputs, parts, strict=True))
    assert abs(there - back) <= tolerance * (output.norm() * signal.norm() + 1e-30)


def geometry(draw: random.Random, *, most: int) -> tuple[ops.Windows, tuple[int, int]]:
    """Draw windows, and a size on which at least one of them fits."""
    kernel, stride, dilation = ((draw.randint(1, most), draw.randint(1, most)) for _ in range(3))
    sides = [(draw.randint(0, 3), draw.randint(0, 3)) for _ in range(2)]
    if draw.random() < 0.5:
        sides = [(before, before) for before, _ in sides]
    reach = [gap * (cells - 1) + 1 for gap, cells in zip(dilation, kernel, strict=True)]
    size = [max(1, length - sum(pad)) + draw.randint(0, 7) for length, pad in zip(reach, sides, strict=True)]
    return ops.Windows(kernel, stride, (sides[0], sides[1]), dilation), (size[0], size[1])


@pytest.mark.parametrize("seed", SWEEP)
def test_convolutions_of_any_geometry(seed):
    draw = random.Random(seed)
    windows, size = geometry(draw, most=4)
    groups = draw.choice([1, 2, 3])
    inputs, outputs = groups * draw.randint(1, 3), groups * draw.randint(1, 3)
    weight = pictures(outputs, inputs // groups, *windows.kernel, seed=seed)
    bias = torch.ones(outputs, dtype=torch.float64) if draw.random() < 0.5 else None
    convolution = ops.Convolution(weight, bias, windows, groups)
    assert_adjoint(convolution, pictures(2, inputs, *size, seed=seed + 1))


def test_cells_that_no_window_reached_get_nothing():
    convolution = ops.Convolution(torch.ones(1, 1, 2, 2), None, ops.Windows((2, 2), (3, 3)))
    (back,) = handed_down(convolution, torch.ones(1, 1, 2, 2), Passing(((1, 7, 7),), deconv))
    assert back[0, 0, :, 0].tolist() == [1, 1, 0, 1, 1, 0, 0]


@pytest.mark.parametrize("seed", SWEEP)
def test_mean_pooling_of_any_geometry(seed):
    draw = random.Random(seed)
    kernel = (draw.randint(1, 4), draw.randint(1, 4))
    padding = tuple((draw.randint(0, size // 2),) * 2 for size in kernel)
    windows = ops.Windows(kernel, (draw.randint(1, 4), draw.randint(1, 4)), padding)
    divisor = draw.choice([None, None, 3])
    pooling = ops.AveragePooling(windows, draw.random() < 0.5, draw.random() < 0.5, divisor)
    assert_adjoint(pooling, pictures(2, 3, kernel[0] + draw.randint(0, 6), kernel[1] + draw.randint(0, 6), seed=seed))


SCALE = torch.tensor([0.5, -2, 3], dtype=torch.float64)
OTHERS = {
    "adaptive": (ops.AdaptiveAveragePooling((3, 2)), [(3, 7, 5)]),
    "adaptive, upward": (ops.AdaptiveAveragePooling((5, 6)), [(3, 2, 4)]),
    "norm": (ops.BatchNormalization(SCALE, SCALE.abs(), SCALE, SCALE, 1e-5), [(3, 4, 5)]),
    "norm of features": (ops.BatchNormalization(SCALE, SCALE.abs(), None, None, 1e-5), [(3,)]),
    "fully connected": (ops.FullyConnected(SCALE[None], None), [(3,)]),
    "fully connected, channels last": (ops.FullyConnected(SCALE[None], SCALE[:1]), [(4, 5, 3)]),
    "sum": (ops.Sum(), [(3, 4, 5), (3, 4, 5)]),
    "difference": (ops.Sum(-2.0), [(3, 4, 5), (3, 4, 5)]),
    "channels": (ops.Concatenation(1), [(3, 4, 5), (1, 4, 5), (2, 4, 5)]),
    "columns": (ops.Concatenation(3), [(3, 4, 5), (3, 4, 1)]),
    "identity": (ops.Identity(), [(3, 4, 5)]),
    "slice": (ops.Affine("slice", lambda maps: maps[:, 1:, ::2] * 3 + 1), [(3, 4, 5)]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_steps(name):
    operation, shapes = OTHERS[name]
    inputs = [torch.randn(2, *one, dtype=torch.float64, generator=torch.Generator().manual_seed(9)) for one in shapes]
    assert_adjoint(operation, *inputs)


def test_a_function_is_transposed_without_a_trace_on_parameters():
    weight = torch.nn.Parameter(torch.eye(3))
    signal = transposed(lambda values: values @ weight, torch.ones(2, 3), (3,))
    assert not signal.requires_grad
    assert weight.grad is None


def test_a_nonlinearity_hands_down_its_derivative_at_the_input():
    point = torch.tensor([[0.0, 1.0]])
    torch.testing.assert_close(through(torch.exp, torch.ones(1, 2), point), point.exp())


@pytest.mark.parametrize("operation", [ops.MaxPooling(ops.Windows((2, 2))), ops.Rectification()])
def test_what_needs_the_forward_run_says_so(operation):
    with pytest.raises(ValueError, match=r"needs .* forward run"):
        handed_down(operation, torch.ones(1, 1, 2, 2), Passing(((1, 4, 4),), gradient))


def test_a_nonlinearity_needs_the_forward_run_too():
    with pytest.raises(ValueError, match="tanh needs its input"):
        handed_down(ops.Nonlinearity("torch.tanh", torch.tanh), torch.ones(1, 2), Passing(((2,),), gradient))


def test_what_has_no_way_back_is_refused():
    with pytest.raises(XailabError, match="no deconv rule for tanh"):
        handed_down(ops.Nonlinearity("torch.tanh", torch.tanh), torch.ones(1, 2), Passing(((2,),), deconv))
    with pytest.raises(XailabError, match=r"torch\.sort: it is strange"):
        handed_down(ops.Unknown("torch.sort", "it is strange"), torch.ones(1, 2), Passing(((2,),), gradient))


def test_a_rule_that_returns_something_else_is_refused():
    def broken(signal: Tensor, forward_output: Tensor) -> Tensor:
        return signal[:, :1]

    with pytest.raises(ValueError, match=r"rule broken must return a signal of shape \(1, 2\), got \(1, 1\)"):
        handed_down(ops.Rectification(), torch.ones(1, 2), Passing(((2,),), broken, torch.ones(1, 2)))
