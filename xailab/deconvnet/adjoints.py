"""The way back through one step of a network: the adjoint of its linear part.

For every linear map A and all x, y: ⟨A x, y⟩ = ⟨x, adjoint(y)⟩. Constants (biases, the offset of a batch normalization)
do not exist on the way back.

- ``handed_down``      any step: the signal at its output -> the signals at its inputs
- ``convolution``      filters transposed, the output of exactly the size that went in
- ``fully_connected``  weights transposed
- ``batch_normalization``  the factor of each channel; the offset is dropped
- ``concatenation``    each branch gets its part
- ``transposed``       of any function that is linear but for a constant, by torch: pooling by means, reshaping
- ``through``          the same at a given input, for what is not linear

Max pooling is in ``switches``, the ReLU in ``rules``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from xailab.deconvnet.rules import Rule, gradient
from xailab.deconvnet.switches import unpool
from xailab.errors import XailabError
from xailab.graph.operations import (
    AdaptiveAveragePooling,
    Affine,
    AveragePooling,
    BatchNormalization,
    Concatenation,
    Convolution,
    FullyConnected,
    Identity,
    MaxPooling,
    Nonlinearity,
    Operation,
    Rectification,
    Sum,
    Windows,
)


@dataclass(frozen=True, eq=False)
class Passing:
    """What a step needs to know on the way back, besides the signal.

    Parameters
    ----------
    shapes
        Of its inputs, for one image.
    rule
        Of its ReLU.
    kept
        What ``Replay.kept`` holds of the forward run for it, one row for each row of the signal: the output of a ReLU,
        the switches of a max pooling, the input of another nonlinearity. None for steps that need nothing.
    """

    shapes: tuple[tuple[int, ...], ...]
    rule: Rule
    kept: Tensor | None = None


def handed_down(operation: Operation, signal: Float[Tensor, "r ..."], passing: Passing) -> tuple[Tensor, ...]:
    """Return what a step hands down to each of its inputs.

    Raises
    ------
    XailabError
        A step that has no way back under this rule (see ``refusal``).
    """
    refused = refusal(operation, passing.rule)
    if refused:
        raise XailabError(refused)
    return _ADJOINTS[type(operation)](operation, signal, passing)


def refusal(operation: Operation, rule: Rule) -> str | None:
    """Say why a step has no way back under a rule, or None if it has one."""
    if isinstance(operation, Nonlinearity):
        name = operation.name.rpartition(".")[2]
        return None if rule is gradient else f"there is no {_name(rule)} rule for {name}; rule gradient works"
    if type(operation) in _ADJOINTS:
        return None
    return f"{getattr(operation, 'name', type(operation).__name__)}: {getattr(operation, 'reason', 'not known')}"


def convolution(
    signal: Float[Tensor, "r o p q"],
    weight: Float[Tensor, "o i y x"],
    windows: Windows,
    *,
    size: tuple[int, int],
    groups: int = 1,
) -> Float[Tensor, "r c h w"]:
    """Return the adjoint of a convolution: every value is spread over its window, weighted by its filter.

    Parameters
    ----------
    signal
        At the output.
    weight
        i = input channels / groups.
    windows
        Geometry; the padding may differ from side to side.
    size
        Height and width of what was convolved: several sizes give the same output when the stride is above 1, as
        the last cells belong to no window. Those get 0.
    groups
        Blocks of channels that do not see each other.

    Source: Dumoulin and Visin 2016, chapter 4.
    """
    (above, below), (left, right) = windows.padding
    if above != below or left != right:  # of the padded map, then without its padding
        unpadded = replace(windows, padding=((0, 0), (0, 0)))
        padded = (size[0] + above + below, size[1] + left + right)
        spread = convolution(signal, weight, unpadded, size=padded, groups=groups)
        return spread[:, :, above : above + size[0], left : left + size[1]]
    missing = []  # cells after the last window
    for axis in range(2):
        reach = windows.dilation[axis] * (windows.kernel[axis] - 1) + 1
        covered = (signal.shape[2 + axis] - 1) * windows.stride[axis] + reach
        missing.append(size[axis] + sum(windows.padding[axis]) - covered)
    return functional.conv_transpose2d(
        signal, weight, None, windows.stride, (above, left), tuple(missing), groups, windows.dilation
    )


def fully_connected(signal: Float[Tensor, "*r o"], weight: Float[Tensor, "o i"]) -> Float[Tensor, "*r i"]:
    """Return the adjoint of a fully connected layer: the transposed weights."""
    return signal @ weight


def batch_normalization(signal: Float[Tensor, "r c *hw"], scale: Float[Tensor, " c"]) -> Float[Tensor, "r c *hw"]:
    """Return the adjoint of a batch normalization in evaluation mode: each channel times its factor."""
    return signal * scale.view(1, -1, *(1,) * (signal.ndim - 2))


def concatenation(signal: Tensor, lengths: tuple[int, ...], *, axis: int = 1) -> tuple[Tensor, ...]:
    """Return the adjoint of a concatenation: to each branch its own part."""
    return torch.split(signal, list(lengths), dim=axis)


def transposed(function: Callable[[Tensor], Tensor], signal: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the adjoint of a function that is linear but for a constant; ``shape`` is that of one of its inputs."""
    return through(function, signal, signal.new_zeros(len(signal), *shape))


def through(function: Callable[[Tensor], Tensor], signal: Tensor, at: Tensor) -> Tensor:
    """Return the adjoint of the derivative of a function at an input."""
    with torch.enable_grad():
        point = at.detach().requires_grad_()
        output = function(point)
    return torch.autograd.grad(output, point, signal)[0]


def _convolution(operation: Convolution, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    ((_, height, width),) = passing.shapes
    options: Any = {"size": (height, width), "groups": operation.groups}
    return (convolution(signal, operation.weight.detach(), operation.windows, **options),)


def _max_pooling(operation: MaxPooling, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    ((_, height, width),) = passing.shapes
    if passing.kept is None:
        raise ValueError("max pooling needs the switches of the forward run")
    return (unpool(signal, passing.kept, (height, width)),)


def _rectification(operation: Rectification, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    if passing.kept is None:
        raise ValueError("a ReLU needs its output in the forward run")
    passed = passing.rule(signal, passing.kept)
    if not isinstance(passed, Tensor) or passed.shape != signal.shape:
        got = tuple(passed.shape) if isinstance(passed, Tensor) else type(passed).__name__
        raise ValueError(
            f"the rule {_name(passing.rule)} must return a signal of shape {tuple(signal.shape)}, got {got}"
        )
    return (passed,)


def _batch_normalization(operation: BatchNormalization, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    return (batch_normalization(signal, operation.scale),)


def _fully_connected(operation: FullyConnected, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    return (fully_connected(signal, operation.weight.detach()),)


def _identity(operation: Identity, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    return (signal,)


def _sum(operation: Sum, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    return signal, signal if operation.weight == 1 else signal * operation.weight


def _concatenation(operation: Concatenation, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    lengths = tuple(shape[operation.axis - 1] for shape in passing.shapes)  # shapes are without the axis of images
    return concatenation(signal, lengths, axis=operation.axis)


def _linear(operation: Operation, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    return (transposed(operation.apply, signal, passing.shapes[0]),)


def _nonlinearity(operation: Nonlinearity, signal: Tensor, passing: Passing) -> tuple[Tensor, ...]:
    if passing.kept is None:
        raise ValueError(f"{operation.name} needs its input in the forward run")
    return (through(operation.apply, signal, passing.kept),)


_ADJOINTS: dict[type, Callable[[Any, Tensor, Passing], tuple[Tensor, ...]]] = {
    Convolution: _convolution,
    MaxPooling: _max_pooling,
    AveragePooling: _linear,
    AdaptiveAveragePooling: _linear,
    Rectification: _rectification,
    BatchNormalization: _batch_normalization,
    FullyConnected: _fully_connected,
    Identity: _identity,
    Sum: _sum,
    Concatenation: _concatenation,
    Affine: _linear,
    Nonlinearity: _nonlinearity,
}


def _name(rule: Rule) -> str:
    return getattr(rule, "__name__", repr(rule))
