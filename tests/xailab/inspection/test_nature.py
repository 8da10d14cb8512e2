"""What kind of numbers a layer gives is read from what the network computes."""

import pytest
import torch
from torch import Tensor, nn

from xailab.graph import trace
from xailab.inspection.nature import Nature, nature_of, reading_of, weight_rows

LINEAR = "a linear output, with no nonlinearity right behind it"


def chain(*behind: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), *behind)


class Branches(nn.Module):
    """Two ReLUs side by side, joined, and a third one around a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.join = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1), nn.Identity()
        self.last = nn.ReLU()

    def forward(self, images: Tensor) -> Tensor:
        joined = self.join(torch.cat([self.one(images).relu(), self.two(images).relu()], 1))
        summed: Tensor = self.last(joined + joined)
        return summed


@pytest.mark.parametrize(
    ("module", "layer", "expected"),
    [
        (chain(nn.ReLU()), "0", Nature("before a ReLU", True)),
        (chain(nn.ReLU(inplace=True)), "1", Nature("after a ReLU", True)),
        (chain(nn.ReLU(), nn.MaxPool2d(2)), "2", Nature("after a ReLU", True)),
        (chain(nn.BatchNorm2d(4), nn.ReLU()), "1", Nature("before a ReLU", True)),
        (chain(nn.BatchNorm2d(4), nn.ReLU()), "0", Nature(LINEAR, False)),
        (chain(nn.ReLU6()), "1", Nature("after a ReLU cut at 6", True, (None, 6.0))),
        (chain(nn.Sigmoid()), "1", Nature("after sigmoid between 0 and 1", False, (0.0, 1.0))),
        (chain(nn.Tanh()), "0", Nature("before tanh between -1 and 1", False)),
        (chain(nn.GELU()), "1", Nature("after gelu", False)),
        (chain(nn.PReLU(4)), "1", Nature("after prelu", False)),
        (chain(nn.Flatten(), nn.Linear(144, 2)), "2", Nature(LINEAR, False)),
        (chain(nn.ReLU(), nn.Flatten()), "2", Nature("after a ReLU", True)),
        (Branches(), "join", Nature("after a ReLU", True)),
        (Branches(), "last", Nature("after a ReLU", True)),
        (Branches(), "one", Nature("before a ReLU", True)),
    ],
)
def test_the_nature_of_a_layer(module: nn.Module, layer: str, expected: Nature) -> None:
    assert nature_of(trace(module, 8), layer) == expected


def test_weights_are_found_behind_relu_and_pooling_but_not_behind_a_normalization_or_groups() -> None:
    plain = chain(nn.ReLU(), nn.MaxPool2d(2))
    rows = weight_rows(trace(plain, 8), "2")
    assert rows is not None
    assert torch.equal(rows[:, :-1], plain[0].weight.flatten(1))
    assert torch.equal(rows[:, -1], plain[0].bias)
    assert weight_rows(trace(chain(nn.BatchNorm2d(4)), 8), "1") is None
    assert weight_rows(trace(chain(nn.Conv2d(4, 4, 1, groups=2)), 8), "1") is None


def test_filters_are_those_that_act_on_what_is_read() -> None:
    norm = nn.BatchNorm2d(4)
    module = chain(norm, nn.ReLU(), nn.Conv2d(4, 2, 3), nn.ReLU()).eval()
    with torch.no_grad():
        norm.weight[:] = torch.tensor([1.0, -2.0, 3.0, 4.0])
    graph = trace(module, 8)
    first, second = reading_of(graph, "2"), reading_of(graph, "4")
    assert first is not None
    assert second is not None
    assert first.layer is None  # the image
    expected = module[0].weight * (norm.weight / (1 + norm.eps) ** 0.5)[:, None, None, None]
    assert torch.allclose(first.weights, expected)
    assert (second.name, second.layer) == ("3", "2")
    assert reading_of(trace(Branches(), 8), "last") is None
