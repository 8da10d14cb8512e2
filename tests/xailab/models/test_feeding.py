"""Pictures reach a network resized, normalized and where it runs; what cannot be fed is refused in plain words."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.toys import watcher
from xailab import images
from xailab.errors import UnknownName, XailabError
from xailab.models.feeding import described, digest, find_device, on_device, output_shapes, prepare


def test_a_device_is_found_or_refused() -> None:
    assert find_device("cpu") == find_device(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(XailabError, match="no device 'gpu'; expected cpu, cuda or cuda:NUMBER"):
        find_device("gpu")
    with pytest.raises(XailabError, match=r"no device 'cuda:99' here: torch sees \d+ CUDA devices"):
        find_device("cuda:99")


def test_a_network_that_is_on_the_device_stays_the_same_and_another_is_copied() -> None:
    network = watcher()
    assert on_device(network, torch.device("cpu")) is network
    there = on_device(network, torch.device("meta"))
    assert {value.device.type for value in there.module.state_dict().values()} == {"meta"}
    assert {value.device.type for value in network.module.state_dict().values()} == {"cpu"}
    assert replace(there, module=network.module) == network


def test_shapes_are_those_of_all_layers_for_a_size() -> None:
    assert output_shapes(watcher(), ["1"], 16) == {"0": (5, 8, 8), "1": (5, 8, 8), "2": (320,), "3": (2,)}
    convolution = replace(watcher(), module=nn.Sequential(nn.Conv2d(3, 4, 3)))
    assert output_shapes(convolution, [], (9, 5)) == {"0": (4, 7, 3)}


def test_layers_that_are_not_there_and_images_that_are_too_small_are_refused() -> None:
    with pytest.raises(UnknownName, match=r"no layer 'conv'; there are 4: 0, 1, 2, 3 \(xailab models watcher"):
        output_shapes(watcher(), ["0", "conv"], 16)
    with pytest.raises(XailabError, match="watcher cannot take images of 8 x 12 pixels"):
        output_shapes(watcher(), ["0"], (8, 12))


def test_a_shape_is_described_in_words() -> None:
    assert described((64, 8)) == "gives 64 x 8 numbers"
    assert described(()) == described(None) == "does not run or gives no tensor"


def test_pictures_are_resized_then_normalized() -> None:
    network = replace(watcher(), normalization=images.MINIBRODEN)
    pictures = torch.rand(2, 3, 20, 12, generator=torch.Generator().manual_seed(0))
    inputs = prepare(network, pictures, (16, 10), torch.device("cpu"))
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(inputs, (images.resize(pictures, (16, 10)) - 0.5) / 0.25)
    # What rounding left outside [0, 1] is cut.
    slack = prepare(network, torch.full((1, 3, 16, 16), 1.00005), 16, torch.device("cpu"))
    assert float(slack.max()) == 2.0


def test_a_digest_changes_with_every_number_name_and_type() -> None:
    def module(value: float = 1.0) -> nn.Module:
        linear = nn.Linear(2, 1, bias=False)
        nn.init.constant_(linear.weight, value)
        return linear

    whole = digest(module())
    assert digest(module()) == whole
    others = [
        digest(module(1.0 + 2**-23)),
        digest(nn.Sequential(module())),
        digest(module().double()),
        digest(module().bfloat16()),
        digest(module(), "layer"),
        digest(module(), "layer", 64),
    ]
    assert len({whole, *others}) == 7


@pytest.mark.gpu
def test_inputs_lie_where_the_network_runs() -> None:
    there = on_device(watcher(), torch.device("cuda"))
    inputs = prepare(there, torch.rand(1, 3, 16, 16), 16, torch.device("cuda"))
    assert there.module(inputs).device.type == "cuda"
