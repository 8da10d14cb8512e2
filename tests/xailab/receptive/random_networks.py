"""Random small networks whose boxes can be found by gradients: all weights are positive, so nothing cancels.

Pooling can also be computed as a sum over its windows (``sums``): it depends on every cell that the maximum looks at.
"""

import math
import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from xailab.receptive import Box

Layer = Callable[[Tensor], Tensor]


class RandomNetwork(nn.Module):
    """Some layers in a row, some of them made of branches; made to fit an image size by trying."""

    def __init__(self, seed: int, *, channels: int, size: tuple[int, int], regular: bool = False) -> None:
        super().__init__()
        self.draw, self.sums = random.Random(seed), False
        self.weights = nn.ParameterList([torch.ones((), dtype=torch.float64)])
        self.parts: list[Layer] = []
        x = torch.ones(1, channels, *size, dtype=torch.float64)
        for _ in range(self.draw.randint(2, 5)):
            layer, y = self._fitting(x, regular=regular)
            self.parts.append(layer)
            x = y

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _fitting(self, x: Tensor, *, regular: bool) -> tuple[Layer, Tensor]:
        kinds = [self.convolution, self.convolution, self.max_pooling, self.average_pooling, self.branches]
        kinds += [] if regular else [self.adaptive, self.moved, self.enlarged]
        while True:
            layer = self.draw.choice(kinds)(x.shape[1])
            try:
                y = layer(x)
            except RuntimeError:  # the map is too small for it
                continue
            if min(y.shape[2:]) >= 1 and max(y.shape[2:]) <= 40:
                return layer, y

    def _pair(self, low: int, high: int) -> tuple[int, int]:
        return self.draw.randint(low, high), self.draw.randint(low, high)

    def convolution(self, channels: int, stride: tuple[int, int] | None = None) -> Layer:
        draw = self.draw
        kernel, dilation = self._pair(1, 4), self._pair(1, 3)
        weight = self._weight(draw.randint(1, 3), channels, *kernel)
        if stride == (1, 1) and draw.random() < 0.5:
            return lambda x: functional.conv2d(x, weight, padding="same", dilation=dilation)
        stride, padding = stride or self._pair(1, 3), self._pair(0, 3)
        if draw.random() < 0.5:
            return lambda x: functional.conv2d(x, weight, stride=stride, padding=padding, dilation=dilation)
        sides = [draw.randint(-1, 3) for _ in range(4)]
        return lambda x: functional.relu(functional.conv2d(functional.pad(x, sides), weight, None, stride, 0, dilation))

    def max_pooling(self, channels: int) -> Layer:
        kernel, stride, dilation = self._pair(1, 3), self._pair(1, 3), self._pair(1, 2)
        padding, ceil = (self.draw.randint(0, kernel[0] // 2), self.draw.randint(0, kernel[1] // 2)), self._coin()

        def pool(x: Tensor) -> Tensor:
            y = functional.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode=ceil)
            return _summed(x, kernel, stride, padding, dilation, y.shape[2:]) if self.sums else y

        return pool

    def average_pooling(self, channels: int) -> Layer:
        kernel, stride, ceil = self._pair(1, 3), self._pair(1, 3), self._coin()
        padding = (self.draw.randint(0, kernel[0] // 2), self.draw.randint(0, kernel[1] // 2))
        return lambda x: functional.avg_pool2d(x, kernel, stride, padding, ceil_mode=ceil)

    def adaptive(self, channels: int) -> Layer:
        size = self._pair(1, 9)
        return lambda x: functional.adaptive_avg_pool2d(x, size)

    def moved(self, channels: int) -> Layer:
        first, step = self._pair(0, 2), self._pair(1, 2)
        return self.draw.choice(
            [
                lambda x: x[:, :, first[0] :: step[0], first[1] :: step[1]],
                lambda x: x[:, :1, first[0] :],
                lambda x: x.chunk(2, 2)[-1],
                lambda x: x.flip(2),
                lambda x: x.roll((1, 2), (2, 3)),
                lambda x: functional.pad(x, (1, 0, 0, 1), mode="circular"),
                lambda x: functional.pad(x, (1, 1, 1, 0), mode="reflect"),
                lambda x: functional.pad(x, (0, 2, 1, 0), value=0.5),
                lambda x: torch.cat([x, x.relu()], self.draw_axis(x)),
                lambda x: x * 2 + 1,
            ]
        )

    def draw_axis(self, x: Tensor) -> int:
        return 3 if x.shape[3] < x.shape[2] else 2

    def enlarged(self, channels: int) -> Layer:
        weight, stride = self._weight(channels, 2, *self._pair(1, 4)), self._pair(1, 2)
        return self.draw.choice(
            [
                lambda x: functional.interpolate(x, scale_factor=2, mode="nearest"),
                lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
                lambda x: functional.conv_transpose2d(x, weight, None, stride, padding=0),
            ]
        )

    def branches(self, channels: int) -> Layer:
        """Two or three branches that keep the map's size, put together along channels or added."""
        paths: list[Layer] = [self._keeping(channels) for _ in range(self.draw.randint(1, 2))] + [lambda x: x]
        if self._coin():
            return lambda x: torch.cat([path(x) for path in paths], 1)
        return lambda x: sum((path(x).sum(1, keepdim=True) for path in paths[1:]), paths[0](x).sum(1, keepdim=True))

    def _keeping(self, channels: int) -> Layer:
        weight = self._weight(2, channels, *self._pair(1, 4))
        dilation = self._pair(1, 2)
        return lambda x: functional.conv2d(x, weight, padding="same", dilation=dilation)

    def _weight(self, *shape: int) -> Tensor:
        numbers = [self.draw.uniform(0.1, 1.1) for _ in range(math.prod(shape))]
        self.weights.append(torch.tensor(numbers, dtype=torch.float64).view(shape))
        return self.weights[-1]

    def _coin(self) -> bool:
        return self.draw.random() < 0.5


def _summed(
    x: Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    size: torch.Size,
) -> Tensor:
    more = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(size, stride, kernel, dilation, strict=True)]
    x = functional.pad(x, (padding[1], max(0, more[1]), padding[0], max(0, more[0])))
    ones = torch.ones(x.shape[1], 1, *kernel, dtype=x.dtype)
    return functional.conv2d(x, ones, None, stride, 0, dilation, groups=x.shape[1])[:, :, : size[0], : size[1]]


def seen(network: nn.Module, image: Tensor, cell: tuple[int, int]) -> Box:
    """Return the smallest box around the pixels with a gradient: what the cell depends on."""
    pixels = image.clone().requires_grad_()
    output = network(pixels)
    (gradient,) = torch.autograd.grad(output[:, :, cell[0], cell[1]].sum(), pixels)
    rows, columns = torch.nonzero(gradient.abs().sum((0, 1)), as_tuple=True)
    if not len(rows):
        return Box(0, 0, 0, 0)
    return Box(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)


def some_cells(size: tuple[int, int], draw: random.Random) -> list[tuple[int, int]]:
    """Two opposite corners, the middle and two others."""
    height, width = size
    cells = {(0, 0), (height - 1, width - 1), (height // 2, width // 2)}
    return sorted(cells | {(draw.randrange(height), draw.randrange(width)) for _ in range(2)})
