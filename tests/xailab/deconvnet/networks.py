"""Tiny networks, one for each thing that can stand in the way of a projection, and projections by autograd."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from xailab import hooks


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """Draw all weights, running statistics too, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double().eval()
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * 0.3)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_var.uniform_(0.5, 2, generator=generator)
    return module


def pictures(count: int, channels: int, height: int, width: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, height, width, generator=generator, dtype=torch.float64)


def by_autograd(module: nn.Module, images: Tensor, layer: str, cotangent: Tensor) -> Tensor:
    """Return what backpropagation of torch makes of a signal at a layer."""
    given = images.detach().clone().requires_grad_()
    with hooks.Capture(module, layer, detach=False) as capture, hooks.evaluating(module):
        output = capture(given)[layer]
    return torch.autograd.grad(output, given, cotangent)[0]


class Plain(nn.Sequential):
    """Convolutions, ReLUs and overlapping pools; sizes are not square."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, (3, 5), stride=(1, 2), padding=(1, 2))
        self.relu1 = nn.ReLU(inplace=True)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=2, dilation=2, groups=2)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(8, 5, 3, padding="same")


class Even(nn.Sequential):
    """As much padding as needed, which is not the same on both sides."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, (2, 4), padding="same"), nn.ReLU(), nn.Conv2d(4, 4, (4, 1), padding="same"))


class Linear(nn.Sequential):
    """No ReLU and no maximum: every rule is the same."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2)
        self.norm1 = nn.BatchNorm2d(6)
        self.pool1 = nn.AvgPool2d(3, 2, padding=1, count_include_pad=False)
        self.conv2 = nn.Conv2d(6, 4, 3, padding=1, padding_mode="reflect")


class Residual(nn.Module):
    """One ReLU used twice, an addition in place, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1)
        self.side = nn.Conv2d(3, 6, 1)
        self.head = nn.Linear(6, 4)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.relu(self.norm1(self.conv1(images)))
        maps = self.conv2(maps)
        maps += self.side(images)
        maps = self.relu(maps)
        return self.head(functional.adaptive_avg_pool2d(maps, (1, 1)).flatten(1))


class Branches(nn.Module):
    """Functional ReLUs, a module that runs twice, branches joined and subtracted, dropout, constants."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.out = nn.Conv2d(8, 5, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = functional.relu(self.first(2 * images - 0.1))
        again = torch.relu(self.twice(maps))
        again = self.twice(again).clamp(min=0)
        maps = functional.dropout(maps, 0.5, self.training)
        joined = torch.cat([functional.max_pool2d(maps - again, 3, 1, 1), functional.avg_pool2d(again, 3, 1, 1)], 1)
        return self.out(functional.relu_(joined))


class Capped(nn.Sequential):
    """ReLUs with a ceiling, which some activations reach."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 6, 3), nn.Hardtanh(0, 0.5), nn.Conv2d(6, 4, 3), nn.ReLU6())


class Smooth(nn.Sequential):
    """A nonlinearity that is no ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3)
        self.silu = nn.SiLU()
        self.conv2 = nn.Conv2d(6, 4, 3)
        self.relu = nn.ReLU()


class Choosy(nn.Module):
    """Decides by the values of the image what it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv(images)
        return functional.relu(maps) if images.max() > 0.5 else maps


class Gated(nn.Module):
    """A product of two branches, which no rule can pass; the layer before it can be projected."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.gate = nn.Conv2d(4, 4, 1)
        self.after = nn.Conv2d(4, 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv(images)
        return self.after(maps * torch.sigmoid(self.gate(maps)))


class Tokens(nn.Module):
    """Channels last, and then tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 2, stride=2)
        self.mix = nn.Linear(4, 5)
        self.back = nn.Identity()
        self.tokens = nn.Flatten(2)

    def forward(self, images: Tensor) -> Tensor:
        mixed = self.mix(self.conv(images).permute(0, 2, 3, 1))
        return self.tokens(self.back(mixed.permute(0, 3, 1, 2)))


@contextmanager
def untouched(module: nn.Module) -> Iterator[None]:
    """Check that a block leaves a network as it was: objects, values, gradients, modes, hooks."""

    def state() -> list[object]:
        tensors = [*module.named_parameters(), *module.named_buffers()]
        known: list[object] = [(name, id(tensor), tensor._version, tensor.requires_grad) for name, tensor in tensors]
        return [*known, [one.grad for one in module.parameters()], [one.training for one in module.modules()]]

    before, values = state(), {name: tensor.clone() for name, tensor in module.state_dict().items()}
    yield
    assert state() == before
    assert hooks.hooks_left(module) == 0
    assert all(
        torch.allclose(tensor, values[name], 0, 0, equal_nan=True) for name, tensor in module.state_dict().items()
    )
