"""Receptive fields: published values, and boxes that are exactly what gradients say, for any graph."""

import random
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.xailab.receptive.random_networks import RandomNetwork, seen, some_cells
from xailab import models
from xailab.errors import UnknownName, XailabError
from xailab.graph import trace
from xailab.receptive import Box, as_text, receptive_field, receptive_fields

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # torch's, on speed


class Function(nn.Module):
    """A network made of one function, with a weight so that it has a type."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(1, 1, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)  # type: ignore[operator, no-any-return]


def field_of(function: object, size: int | tuple[int, int] = 12, *, channels: int = 1):
    return receptive_field(trace(Function(function), size, channels=channels), "")


# ---- published values


@pytest.fixture(scope="module")
def torchvision_graph():
    """Structures only, without numbers: traced on torch's meta device."""
    from torchvision import models as networks

    def graph(name: str, size: int = 224, change=lambda network: None, **options: object):
        with torch.device("meta"):
            network = networks.get_model(name, weights=None, **options).eval()
        change(network)
        return trace(network, size)

    return graph


def test_alexnet_has_the_published_fields(torchvision_graph) -> None:
    fields = receptive_fields(torchvision_graph("alexnet"), ["features.0", "features.3", "features.11", "features.12"])
    measures = [(field.size[0], field.jump[0], field.start[0]) for field in fields.values()]
    # Krizhevsky's pool5 starts at 33, as its conv1 has no padding on 227 pixels; torchvision's has 2 on 224.
    assert measures == [(11, 4, 3), (51, 8, 7), (163, 16, 15), (195, 32, 31)]
    assert fields["features.12"].map_size == (6, 6)
    assert fields["features.12"].uncut_box(0, 1) == Box(-66, -34, 129, 161)


def test_alexnet_without_padding_in_conv1_starts_at_33(torchvision_graph) -> None:
    def unpadded(network: nn.Module) -> None:
        network.features[0].padding = (0, 0)

    field = receptive_field(torchvision_graph("alexnet", 227, unpadded), "features.12")
    assert (field.size, field.jump, field.start) == ((195, 195), (32, 32), (33, 33))


def test_vgg16_has_the_published_fields(torchvision_graph) -> None:
    fields = receptive_fields(torchvision_graph("vgg16"), ["features.28", "features.30", "classifier.0"])
    measures = [(field.size[0], field.jump[0], field.start[0]) for field in fields.values()]
    assert measures[:2] == [(196, 16, 7.5), (212, 32, 15.5)]
    assert fields["classifier.0"].box(0, 0) == Box(0, 0, 224, 224)


def test_resnets_have_the_sizes_of_their_own_strides(torchvision_graph) -> None:
    # torchvision strides the 3 x 3 convolutions ("v1.5"); the published values are those of strided 1 x 1 convolutions.
    def strided_as_published(network: nn.Module) -> None:
        for block in (module for module in network.modules() if hasattr(module, "conv3")):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride

    published = {"resnet50": 483, "resnet101": 1027, "resnet152": 1507}
    for name, size in published.items():
        field = receptive_field(torchvision_graph(name, 224, strided_as_published), "layer4")
        assert (field.size, field.jump) == ((size, size), (32, 32)), name
    assert receptive_field(torchvision_graph("resnet50"), "layer4").size == (427, 427)
    assert receptive_field(torchvision_graph("resnet18"), "layer4").size == (435, 435)


def test_branches_give_the_published_sizes(torchvision_graph) -> None:
    inception = torchvision_graph("inception_v3", 299, init_weights=False)
    assert receptive_field(inception, "Mixed_7c").size == (1311, 1311)
    slices = torchvision_graph("googlenet", 64, init_weights=False, transform_input=True)
    field = receptive_field(slices, "inception3a")  # torchvision's "5 x 5" branch has a 3 x 3 kernel
    assert (field.size, field.jump, field.start) == ((43, 43), (8, 8), (6, 6))


def test_a_network_with_channels_last_inside_keeps_its_places(torchvision_graph) -> None:
    field = receptive_field(torchvision_graph("convnext_tiny", 64), "features.1")  # 4 x 4, then three times 7 x 7
    assert (field.size, field.jump, field.start) == ((76, 76), (4, 4), (1.5, 1.5))


def test_conv5_of_tags_sees_67_pixels_every_8(tags) -> None:
    field = receptive_field(trace(tags.module, 64), "conv5")
    assert (field.size, field.jump, field.start) == ((67, 67), (8, 8), (3, 3))
    assert field.box(3, 4) == Box(0, 2, 61, 64)
    assert field.box(4, 4) == Box(2, 2, 64, 64)


@pytest.fixture(scope="module")
def tags():
    return models.load("tags")


def test_dilation_moves_the_center() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 3, dilation=3, padding=2), nn.Conv2d(1, 1, 5, stride=2, padding=1, dilation=2))
    field = receptive_field(trace(net, 40, channels=1), "1")
    assert (field.size, field.jump, field.start) == ((15, 15), (2, 2), (4, 4))
    assert field.box(5, 5) == Box(7, 7, 22, 22)


# ---- exact boxes


@pytest.mark.parametrize("seed", [*range(16), 226, 286])
def test_boxes_are_the_support_of_the_gradient_of_a_positive_network(seed: int) -> None:
    draw = random.Random(seed)
    size, channels = (draw.randint(5, 24), draw.randint(5, 24)), draw.choice([1, 3])
    network = RandomNetwork(seed, channels=channels, size=size)
    field = receptive_field(trace(network, size, channels=channels), "")
    network.sums = True
    image = torch.full((1, channels, *size), 1.5, dtype=torch.float64)
    for cell in some_cells(field.map_size, draw):
        box = field.box(*cell)
        assert box == seen(network, image, cell), cell
        uncut = field.uncut_box(*cell)
        if box.height and box.width:
            assert uncut.top <= box.top
            assert uncut.left <= box.left
            assert uncut.bottom >= box.bottom
            assert uncut.right >= box.right


@pytest.mark.parametrize("seed", range(5))
def test_the_closed_form_is_the_box_far_from_the_border(seed: int) -> None:
    network = RandomNetwork(seed, channels=1, size=(20, 20), regular=True)
    network.sums = True
    height, width = receptive_field(trace(network, 60, channels=1), "").size
    size = height + 40, width + 30
    field = receptive_field(trace(network, size, channels=1), "")
    assert None not in field.jump
    row, column = field.cell_at(size[0] / 2, size[1] / 2)
    box = field.uncut_box(row, column)
    assert box == seen(network, torch.ones(1, 1, *size, dtype=torch.float64), (row, column)) == field.box(row, column)
    centers = [start + place * jump for start, place, jump in zip(field.start, (row, column), field.jump, strict=True)]
    assert [(box.top + box.bottom - 1) / 2, (box.left + box.right - 1) / 2] == centers
    assert (box.height, box.width) == field.size


def test_a_field_larger_than_the_image_is_cut_to_it() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 9, padding=4), nn.Conv2d(1, 1, 9, padding=4))
    field = receptive_field(trace(net, (3, 5), channels=1), "")
    assert field.size == (17, 17)
    assert field.box(1, 2) == Box(0, 0, 3, 5)
    assert field.uncut_box(1, 2) == Box(-7, -6, 10, 11)


def test_what_lies_in_the_padding_of_a_middle_layer_is_not_seen() -> None:
    # The last window of the first layer ends at pixel 8: nobody sees pixel 9, though the uncut box holds it.
    net = nn.Sequential(nn.Conv2d(1, 1, 3, stride=3), nn.Conv2d(1, 1, 3, padding=1))
    field = receptive_field(trace(net, 10, channels=1), "")
    assert field.box(2, 2) == Box(3, 3, 9, 9)
    assert field.uncut_box(2, 2) == Box(3, 3, 12, 12)


def test_the_last_window_of_ceil_mode_is_cut() -> None:
    field = field_of(lambda x: functional.max_pool2d(x, 3, 2, ceil_mode=True), 6)
    assert field.map_size == (3, 3)
    assert field.box(2, 0) == Box(4, 0, 6, 3)
    assert field.uncut_box(2, 0) == Box(4, 0, 7, 3)


def test_a_window_wholly_in_the_padding_sees_nothing() -> None:
    field = receptive_field(trace(nn.Conv2d(1, 1, 1, padding=2), 4, channels=1), "")
    assert field.box(0, 3) == Box(0, 0, 0, 0)
    assert field.uncut_box(0, 3) == Box(-2, 1, -1, 2)
    assert field.box(2, 3) == Box(0, 1, 1, 2)


def test_branches_with_different_centers_are_united() -> None:
    weight = torch.ones(1, 1, 2, 2)
    field = field_of(lambda x: functional.conv2d(x, weight, padding="same") + functional.pad(x, (3, -3, 1, -1)))
    assert (field.size, field.jump, field.start) == ((3, 5), (1, 1), (0, -1))
    assert field.box(4, 6) == Box(3, 3, 6, 8)


def test_rows_and_columns_of_a_map_of_one_row_are_kept_apart() -> None:
    field = field_of(lambda x: functional.pad(functional.adaptive_avg_pool2d(x, (1, 4)), (1, 0)))
    assert field.map_size == (1, 5)
    assert [field.box(0, column) for column in (0, 1, 4)] == [Box(0, 0, 0, 0), Box(0, 0, 12, 3), Box(0, 9, 12, 12)]


def test_uneven_adaptive_pooling_has_a_box_per_cell() -> None:
    field = field_of(lambda x: functional.adaptive_avg_pool2d(x, (3, 4)), (10, 8))
    assert field.jump == (None, 2)
    assert [field.box(row, 0) for row in range(3)] == [Box(0, 0, 4, 2), Box(3, 0, 7, 2), Box(6, 0, 10, 2)]
    assert field.size == (4, 2)


def test_a_layer_without_maps_is_one_cell_that_sees_what_any_cell_before_it_sees(tags) -> None:
    fields = receptive_fields(trace(tags.module, 64), ["pool5", "fc6", "logits"])
    assert fields["logits"].map_size == (1, 1)
    assert fields["logits"].box(0, 0) == Box(0, 0, 64, 64)
    # 75 pixels and 3 more cells at 16
    assert fields["fc6"].size == fields["logits"].size == (123, 123)


def test_what_may_look_everywhere_sees_the_whole_map_before_it() -> None:
    def network(x: Tensor) -> Tensor:
        return functional.group_norm(functional.max_pool2d(x, 3, 2), 1)

    field = field_of(network, 12)  # five windows: pixels 0 ... 10
    assert field.box(1, 1) == Box(0, 0, 11, 11)
    assert field.size == (11, 11)


def test_a_softmax_over_channels_looks_at_one_place_only() -> None:
    assert field_of(lambda x: x.softmax(1), channels=2).size == (1, 1)
    assert field_of(lambda x: functional.softmax(x, dim=-1), channels=2).size == (1, 12)


def test_an_affine_function_that_cannot_be_tried_sees_everything() -> None:
    weight = torch.ones(1, 1, 2, 2, device="meta")
    net = Function(lambda x: functional.conv_transpose2d(x, weight)).to("meta")
    assert receptive_field(trace(net, 6, channels=1), "").box(3, 3) == Box(0, 0, 6, 6)


# ---- places


def test_cell_at_gives_the_cell_whose_center_is_nearest() -> None:
    field = receptive_field(trace(nn.Conv2d(1, 1, 3, stride=4, padding=1), (16, 32), channels=1), "")
    assert field.start == (0, 0)
    assert field.cell_at(1.9, 30) == (0, 7)
    assert field.cell_at(2, 13) == (0, 3)  # halfway between two cells: the first
    assert field.cell_at(-50, 500) == (0, 7)


def test_rows_and_columns_are_not_mixed_up() -> None:
    net = nn.Conv2d(1, 1, (1, 5), stride=(1, 2), padding=(0, 2), dilation=(3, 1))
    field = receptive_field(trace(net, (4, 20), channels=1), "")
    assert (field.size, field.jump, field.start) == ((1, 5), (1, 2), (0, 0))
    assert field.box(3, 1) == Box(3, 0, 4, 5)


# ---- the derivation


def test_the_table_derives_the_field_step_by_step() -> None:
    layers = OrderedDict(conv=nn.Conv2d(1, 1, 5, stride=2, padding=2), relu=nn.ReLU(), pool=nn.MaxPool2d(2))
    field = receptive_field(trace(nn.Sequential(layers), (16, 20), channels=1), "pool")
    assert [(stage.name, stage.size[0], stage.jump[0], stage.start[0]) for stage in field.table] == [
        ("input", 1, 1, 0),
        ("conv", 5, 2, 0),
        ("pool", 7, 4, 1),
    ]
    lines = as_text(field).splitlines()
    assert lines[0].split() == [
        "layer",
        "operation",
        "kernel",
        "stride",
        "padding",
        "dilation",
        "size",
        "jump",
        "start",
    ]
    assert lines[2].split() == ["conv", "convolution", "5", "2", "2", "1", "5", "2", "0"]
    assert len({len(line) for line in lines}) == 1


def test_pairs_that_differ_are_both_written() -> None:
    field = receptive_field(trace(nn.Conv2d(1, 1, (1, 5)), (4, 20), channels=1), "")
    assert "1 x 5" in as_text(field)
    assert "0 x 2" in as_text(field)


def test_the_table_holds_all_branches_and_where_they_meet(torchvision_graph) -> None:
    field = receptive_field(torchvision_graph("resnet18"), "layer2.0")
    kinds = [stage.kind for stage in field.table]
    assert kinds.count("sum") == 3
    assert kinds[-1] == "sum"
    assert "layer2.0.downsample.0" in [stage.name for stage in field.table]


# ---- refusals


def test_a_step_that_cannot_be_followed_is_named_with_its_reason() -> None:
    graph = trace(Function(lambda x: x * x.mean((2, 3), keepdim=True).sort(1).values), 8, channels=3)
    with pytest.raises(XailabError, match=r"receptive field of '' cannot be computed: .*cannot be followed: it "):
        receptive_field(graph, "")


def test_an_unknown_layer_and_a_cell_outside_are_refused() -> None:
    graph = trace(nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 1, 3))), (8, 9), channels=1)
    with pytest.raises(UnknownName, match="no layer 'cnov'; did you mean 'conv'"):
        receptive_field(graph, "cnov")
    field = receptive_field(graph, "conv")
    for row, column in [(6, 0), (0, 7), (-1, 0)]:
        with pytest.raises(IndexError, match=r"no cell \(.*\): its maps have 6 rows and 7 columns, counted from 0"):
            field.box(row, column)
        with pytest.raises(IndexError):
            field.uncut_box(row, column)
