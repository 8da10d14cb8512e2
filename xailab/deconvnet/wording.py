"""What each step does to a signal on the way back, in words.

- ``in_words``  operation, rule -> a phrase such as ``"convolution 5 x 5, stride 2, transposed: 16 -> 3 channels"``
"""

from typing import Any

from xailab.deconvnet.rules import Rule
from xailab.graph.operations import (
    AdaptiveAveragePooling,
    Affine,
    AveragePooling,
    BatchNormalization,
    Concatenation,
    Convolution,
    FullyConnected,
    Identity,
    Input,
    MaxPooling,
    Nonlinearity,
    Operation,
    Rectification,
    Sum,
    Windows,
)


def in_words(operation: Operation, rule: Rule) -> str:
    """Say what a step does to the signal. The first word is what the step is."""
    describe = _WORDS.get(type(operation))
    return type(operation).__name__ if describe is None else describe(operation, getattr(rule, "__name__", "own"))


def _windows(windows: Windows) -> str:
    """Kernel, stride, padding, dilation; only what is not the rule."""
    parts = [_by(windows.kernel)]
    if windows.stride != (1, 1):
        parts.append(f"stride {_by(windows.stride)}")
    (above, below), (left, right) = windows.padding
    if above == below and left == right and above + left:
        parts.append(f"padding {_by((above, left))}")
    elif above + below + left + right:
        parts.append(f"padding {above} above, {below} below, {left} left, {right} right")
    if windows.dilation != (1, 1):
        parts.append(f"dilation {_by(windows.dilation)}")
    return ", ".join(parts)


def _by(pair: tuple[int, int]) -> str:
    return f"{pair[0]} x {pair[1]}" if pair[0] != pair[1] else f"{pair[0]}"


def _convolution(operation: Convolution, rule: str) -> str:
    outputs, inputs = operation.weight.shape[0], operation.weight.shape[1] * operation.groups
    groups = f" in {operation.groups} groups" if operation.groups > 1 else ""
    return f"convolution {_windows(operation.windows)}: filters transposed, {outputs} -> {inputs} channels{groups}"


def _fully_connected(operation: FullyConnected, rule: str) -> str:
    outputs, inputs = operation.weight.shape
    return f"fully connected: weights transposed, {outputs} -> {inputs}"


def _ceiling(operation: Rectification) -> str:
    return "" if operation.ceiling is None else f"{operation.ceiling:g}"


def _short(operation: Any) -> str:
    return str(operation.name).rpartition(".")[2].strip("_")


_WORDS: dict[type, Any] = {
    Input: lambda operation, rule: "image: the projection",
    Convolution: _convolution,
    FullyConnected: _fully_connected,
    MaxPooling: lambda operation, rule: f"max pooling {_windows(operation.windows)}: values return to their switches",
    AveragePooling: lambda operation, rule: f"mean pooling {_windows(operation.windows)}: spread evenly",
    AdaptiveAveragePooling: lambda operation, rule: f"mean over cells to {_by(operation.size)}: spread evenly",
    Rectification: lambda operation, rule: f"ReLU{_ceiling(operation)}, rule {rule}",
    BatchNormalization: lambda operation, rule: "batch normalization: each channel times its factor, offset dropped",
    Identity: lambda operation, rule: "nothing is done",
    Sum: lambda operation, rule: "sum: handed down to both branches",
    Concatenation: lambda operation, rule: "concatenation: each branch gets its own channels",
    Affine: lambda operation, rule: f"{_short(operation)}: transposed",
    Nonlinearity: lambda operation, rule: f"{_short(operation)}: times its derivative",
}
