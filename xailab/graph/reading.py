"""From a call of a function of torch to what it computes.

- ``read``  name and arguments of a call -> ``Operation``

A function that no reader knows becomes ``Unknown``: better no explanation than one of another network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

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
    Pair,
    Rectification,
    Sum,
    Unknown,
    Windows,
)

Arguments = Mapping[str, Any]


def read(
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    inputs: Sequence[Tensor],
    output: Tensor,
    which: int | None = None,
) -> Operation:
    """Return what a call computes.

    Parameters
    ----------
    name
        torch's: ``"torch.nn.functional.conv2d"``.
    function
        What was called.
    args, kwargs
        Its arguments.
    inputs
        Those of them that depend on the images, in their order.
    output
        What it gave, or the part that is read.
    which
        The position of ``output``, if the call gave several.
    """
    short = name.rpartition(".")[2].removesuffix("_") if not name.endswith("__") else name.rpartition(".")[2]
    if short in _SIGNATURES and len(inputs) == 1 and which is None:
        found = dict(zip(_SIGNATURES[short][0], args, strict=False)) | dict(kwargs)
        if found.get("input", found.get("self")) is not inputs[0]:
            return Unknown(name, "its input is fixed and its parameters depend on the image")
        return _SIGNATURES[short][1](name, found, inputs[0], output)
    if (short in _MEETINGS or short in _POINTWISE) and _per_image(args, kwargs, inputs, output):
        return Unknown(name, "it takes a value for every image that does not come from the images")
    if short in _QUOTIENTS and (not args or args[0] is not inputs[0] or kwargs.get("rounding_mode") is not None):
        return Unknown(name, "it divides by something that depends on the image, or rounds")
    if short in _MEETINGS and which is None:
        return _MEETINGS[short](name, args, kwargs, inputs)
    operation = _other(name, short, inputs, _replay(function, args, kwargs, inputs[0], which))
    if short in _MIXING and isinstance(operation, Nonlinearity):
        operation = replace(operation, mixes=_mixed(short, args, kwargs, inputs[0]))
    return operation


def _other(name: str, short: str, inputs: Sequence[Tensor], replay: Callable[[Tensor], Tensor]) -> Operation:
    """Return what is known of a function only by its name."""
    if short not in _AFFINE | _POINTWISE_NONLINEAR | _NONLINEAR:
        return Unknown(name, "it is no function that xailab.graph knows")
    if len(inputs) != 1:
        return Unknown(name, f"it takes {len(inputs)} tensors that depend on the image")
    if short in _AFFINE:
        return Affine(name, replay, pointwise=short in _POINTWISE_AFFINE)
    return Nonlinearity(name, replay, pointwise=short in _POINTWISE_NONLINEAR)


def _mixed(short: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], given: Tensor) -> tuple[int, ...] | None:
    """Return the axes, counted from the last, over which a softmax or a layer normalization goes."""
    option = kwargs.get(_MIXING[short], args[1] if len(args) > 1 else None)
    if option is None:
        return None
    if short == "layer_norm":
        return tuple(range(-len(option), 0))
    return (int(option) % given.ndim - given.ndim,)


def _per_image(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Tensor], output: Tensor) -> bool:
    """Tell whether a constant has an axis of images: noise, say, that would be another one the next time."""
    return any(
        isinstance(value, Tensor) and value.ndim == output.ndim > 0 and value.shape[0] == output.shape[0] > 1
        for value in (*args, *kwargs.values())
        if not any(value is known for known in inputs)
    )


def _replay(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], given: Tensor, which: int | None
) -> Callable[[Tensor], Tensor]:
    """Return the call as a function of its one input. It gets a copy of it, which it may change in place."""

    def put(value: Any, new: Tensor) -> Any:
        if value is given:
            return new
        if isinstance(value, Tensor) and value.ndim and value.device != new.device:
            # torch itself may say nothing and give what happens to lie in memory, if the one of them has no data
            raise RuntimeError(f"a tensor on {value.device} meets one on {new.device}")
        return type(value)(put(part, new) for part in value) if type(value) in (tuple, list) else value

    def replay(values: Tensor) -> Tensor:
        new = values.clone()
        result = function(*(put(value, new) for value in args), **{key: put(kwargs[key], new) for key in kwargs})
        made: Tensor = result if which is None else result[which]
        return made

    return replay


def _pair(value: Any) -> Pair:
    """Read one number or two, in any of torch's ways."""
    numbers = [value] if isinstance(value, int) else list(value)
    return (int(numbers[0]), int(numbers[-1]))


def _convolution(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    weight = found["weight"]
    if given.ndim != 4:
        return Unknown(name, f"it convolves a tensor of {given.ndim} axes, not b c h w")
    kernel, dilation = _pair(weight.shape[2:]), _pair(found.get("dilation", 1))
    padding = found.get("padding", 0)
    if padding == "same":
        excess = [(size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
        sides = ((excess[0] // 2, excess[0] - excess[0] // 2), (excess[1] // 2, excess[1] - excess[1] // 2))
    else:
        rows, columns = (0, 0) if padding == "valid" else _pair(padding)
        sides = ((rows, rows), (columns, columns))
    windows = Windows(kernel, _pair(found.get("stride", 1)), sides, dilation)
    return Convolution(weight, found.get("bias"), windows, int(found.get("groups", 1)))


def _pool_windows(found: Arguments) -> Windows:
    kernel, stride = _pair(found["kernel_size"]), found.get("stride")
    rows, columns = _pair(found.get("padding", 0))
    no_stride = stride is None or (not isinstance(stride, int) and len(stride) == 0)
    steps = kernel if no_stride else _pair(stride)
    return Windows(kernel, steps, ((rows, rows), (columns, columns)), _pair(found.get("dilation", 1)))


def _max_pooling(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return MaxPooling(_pool_windows(found), bool(found.get("ceil_mode", False)))


def _average_pooling(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return AveragePooling(
        _pool_windows(found),
        bool(found.get("ceil_mode", False)),
        bool(found.get("count_include_pad", True)),
        found.get("divisor_override"),
    )


def _adaptive(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return AdaptiveAveragePooling(_pair(output.shape[2:]))


def _linear(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return FullyConnected(found["weight"], found.get("bias"))


def _rectification(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return Rectification()


def _relu6(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return Rectification(6.0)


def _clamp(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    low, high = (found.get(bound, found.get(f"{bound}_val")) for bound in ("min", "max"))
    if name.endswith("hardtanh"):
        low, high = (-1.0 if low is None else low), (1.0 if high is None else high)
    if isinstance(low, int | float) and low == 0 and (high is None or (isinstance(high, int | float) and high > 0)):
        return Rectification(None if high is None else float(high))
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return Unknown(name, "its bounds are tensors")
    return Nonlinearity(name, lambda values: values.clamp(low, high), pointwise=True)


def _batch_norm(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    if found.get("training", False) or found.get("running_mean") is None:
        return Unknown(name, "it normalizes by the statistics of the batch, also in evaluation mode")
    return BatchNormalization(
        found["running_mean"], found["running_var"], found.get("weight"), found.get("bias"), found.get("eps", 1e-5)
    )


def _dropout(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    if found.get("training", True) and found.get("p", 0.5) > 0:
        return Unknown(name, "it drops units also in evaluation mode: give it training=self.training")
    return Identity()


def _identity(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    return Identity() if output.dtype == given.dtype else Unknown(name, "it changes the type of the numbers")


def _reshaping(name: str, found: Arguments, given: Tensor, output: Tensor) -> Operation:
    shape = tuple(output.shape[1:])
    same = given.ndim == output.ndim and shape == tuple(given.shape[1:])
    return Affine(name, lambda values: values.reshape(len(values), *shape), pointwise=same)


def _sum(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Tensor]) -> Operation:
    """Read an addition or a subtraction: of two branches, or of a constant."""
    alpha = float(kwargs.get("alpha", 1))
    minus = name.rpartition(".")[2].strip("_") in ("sub", "isub", "subtract")
    if len(inputs) == 2 and inputs[0].shape == inputs[1].shape and args[:1] and args[0] is inputs[0]:
        return Sum(-alpha if minus else alpha)
    if len(inputs) != 1 or not args or args[0] is not inputs[0]:
        return Unknown(name, "it adds tensors of different shapes, or from a constant")
    constant = args[1] if len(args) > 1 else kwargs["other"]
    signed = -alpha if minus else alpha
    return Affine(name, lambda values: values + signed * constant, pointwise=True)


def _concatenation(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Tensor]) -> Operation:
    parts = args[0] if args else kwargs["tensors"]
    axis = int(kwargs.get("dim", args[1] if len(args) > 1 else 0)) % parts[0].ndim
    if len(parts) != len(inputs) or axis == 0:
        return Unknown(name, "it joins images, or something that does not depend on them")
    return Concatenation(axis)


_POOL = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode")
_MEAN = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
_NORM = ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")

Reader = Callable[[str, Arguments, Tensor, Tensor], Operation]
_SIGNATURES: dict[str, tuple[tuple[str, ...], Reader]] = {
    "conv2d": (("input", "weight", "bias", "stride", "padding", "dilation", "groups"), _convolution),
    "max_pool2d": (_POOL, _max_pooling),
    "avg_pool2d": (_MEAN, _average_pooling),
    "adaptive_avg_pool2d": (("input", "output_size"), _adaptive),
    "linear": (("input", "weight", "bias"), _linear),
    "relu": (("input",), _rectification),
    "relu6": (("input",), _relu6),
    "hardtanh": (("input", "min_val", "max_val"), _clamp),
    "clamp": (("input", "min", "max"), _clamp),
    "clamp_min": (("input", "min"), _clamp),
    "batch_norm": (_NORM, _batch_norm),
    **dict.fromkeys(
        ("dropout", "dropout2d", "feature_dropout", "alpha_dropout", "dropout1d"),
        (("input", "p", "training"), _dropout),
    ),
    **dict.fromkeys(("contiguous", "clone", "detach", "to", "float", "double"), (("input",), _identity)),
    **dict.fromkeys(("view", "reshape", "flatten", "squeeze", "unsqueeze", "unflatten"), (("input",), _reshaping)),
}
"""Functions of one tensor: the names of their positional arguments, and who reads them."""

_MEETINGS: dict[str, Callable[[str, tuple[Any, ...], Mapping[str, Any], Sequence[Tensor]], Operation]] = {
    **dict.fromkeys(("add", "__add__", "__iadd__", "__radd__", "sub", "__sub__", "__isub__", "subtract"), _sum),
    **dict.fromkeys(("cat", "concat", "concatenate"), _concatenation),
}
"""Where branches can meet."""

_QUOTIENTS = frozenset({"div", "divide", "true_divide", "__truediv__", "__itruediv__"})
_POINTWISE_AFFINE = _QUOTIENTS | {"mul", "__mul__", "__imul__", "__rmul__", "multiply", "neg"}
_AFFINE = _POINTWISE_AFFINE | frozenset(
    {"__getitem__", "transpose", "permute", "movedim", "swapaxes", "chunk", "split", "unbind", "narrow", "select"}
    | {"mean", "sum", "pad", "interpolate", "upsample", "conv_transpose2d", "pixel_shuffle", "pixel_unshuffle"}
    | {"channel_shuffle", "roll", "flip"}
)
"""Linear but for a constant, whatever their other arguments; a product of two branches is not among them."""

_POINTWISE_NONLINEAR = frozenset(
    {"sigmoid", "tanh", "silu", "gelu", "elu", "celu", "selu", "leaky_relu", "prelu", "hardswish"}
    | {"hardsigmoid", "mish", "softplus", "local_response_norm", "abs", "exp", "pow", "square", "sqrt"}
)
_POINTWISE = _POINTWISE_AFFINE | _POINTWISE_NONLINEAR
_MIXING = {"softmax": "dim", "log_softmax": "dim", "layer_norm": "normalized_shape"}
"""The argument that says which axes are mixed, the second one."""

_NONLINEAR = frozenset({"softmax", "log_softmax", "layer_norm", "group_norm", "instance_norm", "adaptive_max_pool2d"})
