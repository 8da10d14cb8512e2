"""What one step of a network computes.

Every operation is a frozen record with ``apply(*inputs)``, which calls the very function of torch that the network
called, with the same options; parameters are the network's own tensors, not copies.

- ``Windows``   kernel, stride, padding and dilation of what slides over a map
- ``Convolution``, ``MaxPooling``, ``AveragePooling``   with windows
- ``AdaptiveAveragePooling``, ``FullyConnected``         over all places, or most of them
- ``Rectification``, ``BatchNormalization``, ``Identity``   place by place
- ``Sum``, ``Concatenation``   where branches meet
- ``Affine``        any other map that is linear but for a constant: reshaping, slices, constants added or multiplied
- ``Nonlinearity``  any other function of one tensor: sigmoid, GELU, softmax, local response normalization
- ``Input``         the image
- ``Unknown``       what none of these describes; says why
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Pair = tuple[int, int]
"""Rows and columns."""


@dataclass(frozen=True)
class Windows:
    """Windows that slide over a map; every pair is rows and columns.

    Parameters
    ----------
    kernel
        Cells of a window.
    stride
        Cells from one window to the next.
    padding
        Cells added ((above, below), (left, right)). ``ceil_mode`` of pooling may let windows reach further out.
    dilation
        Cells from one cell of a window to its next.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)


@runtime_checkable
class Operation(Protocol):
    """What a step computes from the outputs of the steps that it names as inputs."""

    def apply(self, *inputs: Tensor) -> Tensor:
        """Compute the output."""
        ...


@dataclass(frozen=True)
class Input:
    """The images, normalized, ``b c h w``."""

    def apply(self, *inputs: Tensor) -> Tensor:
        """Return the images."""
        (images,) = inputs
        return images


@dataclass(frozen=True, eq=False)
class Convolution:
    """Cross-correlation with filters, plus a bias.

    Parameters
    ----------
    weight
        ``o i r c``: i = input channels / groups.
    bias
        ``o``, or None.
    windows
        Geometry; the padding is zeros.
    groups
        Blocks of channels that do not see each other.
    """

    weight: Float[Tensor, "o i r c"]
    bias: Float[Tensor, " o"] | None
    windows: Windows
    groups: int = 1

    def apply(self, *inputs: Tensor) -> Tensor:
        """Convolve."""
        (maps,) = inputs
        (above, below), (left, right) = self.windows.padding
        if above != below or left != right:  # "same" with an even kernel
            maps, above, left = functional.pad(maps, (left, right, above, below)), 0, 0
        geometry = self.windows.stride, (above, left), self.windows.dilation
        return functional.conv2d(maps, self.weight, self.bias, *geometry, self.groups)


@dataclass(frozen=True)
class MaxPooling:
    """The largest value of each window. The padding never wins."""

    windows: Windows
    ceil_mode: bool = False

    def apply(self, *inputs: Tensor) -> Tensor:
        """Pool."""
        (maps,) = inputs
        windows = self.windows
        padding = (windows.padding[0][0], windows.padding[1][0])
        return functional.max_pool2d(
            maps, windows.kernel, windows.stride, padding, windows.dilation, ceil_mode=self.ceil_mode
        )


@dataclass(frozen=True)
class AveragePooling:
    """The mean of each window: ``count_include_pad`` and ``divisor`` as in ``torch.nn.functional.avg_pool2d``."""

    windows: Windows
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor: int | None = None

    def apply(self, *inputs: Tensor) -> Tensor:
        """Pool."""
        (maps,) = inputs
        windows = self.windows
        padding = (windows.padding[0][0], windows.padding[1][0])
        return functional.avg_pool2d(
            maps, windows.kernel, windows.stride, padding, self.ceil_mode, self.count_include_pad, self.divisor
        )


@dataclass(frozen=True)
class AdaptiveAveragePooling:
    """Means of as many cells as needed for an output of ``size``: cell i is from ⌊i h / p⌋ to ⌈(i + 1) h / p⌉."""

    size: Pair

    def apply(self, *inputs: Tensor) -> Tensor:
        """Pool."""
        (maps,) = inputs
        return functional.adaptive_avg_pool2d(maps, self.size)


@dataclass(frozen=True, eq=False)
class FullyConnected:
    """``inputs @ weight.T + bias`` over the last axis."""

    weight: Float[Tensor, "o i"]
    bias: Float[Tensor, " o"] | None

    def apply(self, *inputs: Tensor) -> Tensor:
        """Multiply and add."""
        (features,) = inputs
        return functional.linear(features, self.weight, self.bias)


@dataclass(frozen=True)
class Rectification:
    """``max(x, 0)``; with a ceiling ``min(max(x, 0), ceiling)``, as the ReLU6 of MobileNet."""

    ceiling: float | None = None

    def apply(self, *inputs: Tensor) -> Tensor:
        """Rectify, into a new tensor, whatever the network does in place."""
        (values,) = inputs
        return functional.relu(values) if self.ceiling is None else functional.hardtanh(values, 0.0, self.ceiling)


@dataclass(frozen=True, eq=False)
class BatchNormalization:
    """``(x - mean) / sqrt(variance + epsilon) * weight + bias`` per channel, with the statistics of the training."""

    mean: Float[Tensor, " c"]
    variance: Float[Tensor, " c"]
    weight: Float[Tensor, " c"] | None
    bias: Float[Tensor, " c"] | None
    epsilon: float

    @property
    def scale(self) -> Float[Tensor, " c"]:
        """What each channel is multiplied by."""
        scale = (self.variance + self.epsilon).rsqrt()
        return scale if self.weight is None else scale * self.weight.detach()

    def apply(self, *inputs: Tensor) -> Tensor:
        """Normalize."""
        (maps,) = inputs
        return functional.batch_norm(
            maps, self.mean, self.variance, self.weight, self.bias, training=False, eps=self.epsilon
        )


@dataclass(frozen=True)
class Identity:
    """Hands its input on: dropout in evaluation mode, ``contiguous``, ``clone``."""

    def apply(self, *inputs: Tensor) -> Tensor:
        """Return the input."""
        (values,) = inputs
        return values


@dataclass(frozen=True)
class Sum:
    """The sum of two branches; ``weight`` multiplies the second one (-1: a difference)."""

    weight: float = 1.0

    def apply(self, *inputs: Tensor) -> Tensor:
        """Add."""
        first, second = inputs
        return torch.add(first, second, alpha=self.weight)


@dataclass(frozen=True)
class Concatenation:
    """The branches one after another along ``axis`` (1: channels)."""

    axis: int = 1

    def apply(self, *inputs: Tensor) -> Tensor:
        """Concatenate."""
        return torch.cat(inputs, self.axis)


@dataclass(frozen=True, eq=False)
class Affine:
    """A map of one tensor that is linear but for a constant, such as a reshaping or a slice.

    Parameters
    ----------
    name
        torch's, for messages.
    function
        Computes it.
    pointwise
        Whether each place depends on the same place of the input only, for maps.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    pointwise: bool = False

    def apply(self, *inputs: Tensor) -> Tensor:
        """Compute it."""
        (values,) = inputs
        return self.function(values)


@dataclass(frozen=True, eq=False)
class Nonlinearity:
    """A function of one tensor that is neither affine nor a rectification.

    Parameters
    ----------
    name, function, pointwise
        As of ``Affine``.
    mixes
        The axes of the input, counted from the last (-1), over which it mixes numbers; None: any.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    pointwise: bool = False
    mixes: tuple[int, ...] | None = None

    def apply(self, *inputs: Tensor) -> Tensor:
        """Compute it."""
        (values,) = inputs
        return self.function(values)


@dataclass(frozen=True)
class Unknown:
    """A step that nothing here describes.

    Parameters
    ----------
    name
        torch's name of the function.
    reason
        Why, for messages.
    """

    name: str
    reason: str

    def apply(self, *inputs: Any) -> Tensor:
        """Refuse. Raises ``XailabError``."""
        from xailab.errors import XailabError

        raise XailabError(f"{self.name} cannot be followed: {self.reason}")
