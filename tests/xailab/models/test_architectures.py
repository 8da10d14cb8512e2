"""The mini-AlexNet: the shapes and names that every lab relies on."""

import pytest
import torch
from torch import nn

from xailab.models.architectures import mini_alexnet


def test_the_cells_of_a_64_pixel_image_are_32_16_and_8():
    network = mini_alexnet(12)
    images = torch.zeros(2, 3, 64, 64)
    shapes = {name: tuple((images := layer(images)).shape[1:]) for name, layer in network.named_children()}
    assert shapes == {
        "conv1": (32, 32, 32),
        "pool1": (32, 16, 16),
        "conv2": (64, 16, 16),
        "pool2": (64, 8, 8),
        "conv3": (96, 8, 8),
        "conv4": (96, 8, 8),
        "conv5": (128, 8, 8),
        "pool5": (128, 4, 4),
        "flatten": (2048,),
        "fc6": (128,),
        "logits": (12,),
    }


def test_it_has_as_many_parameters_as_layers_and_widths_say():
    convolutions = 3 * 32 * 25 + 32 + 32 * 64 * 9 + 64 + 64 * 96 * 9 + 96 + 96 * 96 * 9 + 96 + 96 * 128 * 9 + 128
    head = 2048 * 128 + 128 + 128 * 59 + 59
    assert sum(p.numel() for p in mini_alexnet(59).parameters()) == convolutions + head == 539_963


def test_a_conv5_unit_sees_67_pixels():
    network = mini_alexnet(12).double()
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.01)  # the gradient is positive on the receptive field
    for pool in ("pool1", "pool2"):
        network.set_submodule(pool, nn.AvgPool2d(2))  # a max-pool lets only the largest through
    images = torch.ones(1, 3, 160, 160, dtype=torch.double, requires_grad=True)
    network[: list(dict(network.named_children())).index("conv5") + 1](images)[0, 0, 10, 10].backward()
    rows = images.grad[0, 0].sum(1).nonzero()[:, 0]
    assert rows[-1] - rows[0] + 1 == 67
    assert rows.double().mean() + 0.5 == 3.5 + 8 * 10  # pixel centers are at halves


def test_no_relu_overwrites_its_input():
    assert not any(layer.inplace for layer in mini_alexnet(12).modules() if isinstance(layer, nn.ReLU))


def test_batch_norm_and_dropout_stand_where_training_wants_them_and_nowhere_else():
    names = dict(mini_alexnet(12, batch_norm=True, dropout=0.3).named_modules())
    assert isinstance(names["conv3.norm"], nn.BatchNorm2d)
    assert names["conv3.conv"].bias is None
    assert list(dict(mini_alexnet(12, dropout=0.3).named_children()))[-3:] == ["fc6", "dropout", "logits"]
    kinds = {type(layer) for layer in mini_alexnet(12).modules()}
    assert kinds == {nn.Sequential, nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Linear}


def test_no_classes_or_units_is_an_error():
    with pytest.raises(ValueError, match=r"classes, conv5 and head must be at least 1, got 0, 128 and 128"):
        mini_alexnet(0)
