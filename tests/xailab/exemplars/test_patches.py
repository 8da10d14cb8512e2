"""A patch is exactly what the cell could see, at its place in the image, whatever was resized."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.toys import Boxes, watcher
from xailab import graph, images
from xailab.errors import XailabError
from xailab.exemplars import Plan, gather, patches, seen_images, spread
from xailab.receptive import Box, receptive_field
from xailab.statistics import Exemplars


class Watched(Boxes):
    def __init__(self, count: int = 24) -> None:
        super().__init__(count)
        self.seen: list[int] = []

    def read(self, indices):  # type: ignore[no-untyped-def]
        self.seen += list(indices)
        return super().read(indices)


def network(size: int = 16):  # type: ignore[no-untyped-def]
    """3x3 windows with padding 1 and stride 2: cell i sees the pixels 2i - 1 ... 2i + 1."""
    convolution = nn.Conv2d(3, 5, 3, stride=2, padding=1)
    module = nn.Sequential(convolution, nn.ReLU()).eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return replace(watcher(), module=module, image_size=size)


def at(image: int, row: int, column: int) -> Exemplars:
    """One image for one unit, and an empty place."""
    return Exemplars(
        torch.tensor([[image, -1]]), torch.tensor([[2.5, -torch.inf]]), torch.tensor([[[row, column], [-1, -1]]])
    )


def field(size: int | tuple[int, int] = 16):  # type: ignore[no-untyped-def]
    height, width = (size, size) if isinstance(size, int) else size
    return receptive_field(graph.trace(network().module, (height, width)), "1")


def test_a_patch_is_cut_at_the_border_or_padded_with_gray() -> None:
    data = Boxes()
    (inside,) = patches(at(3, 4, 2), [0], data, field())
    assert (inside.unit, inside.rank, inside.image, inside.value, inside.cell) == (0, 0, 3, 2.5, (4, 2))
    assert inside.box == inside.frame == inside.box_in_image == Box(7, 3, 10, 6)
    assert torch.equal(inside.pixels, data.images[3].clamp(0, 1)[:, 7:10, 3:6])
    assert torch.equal(inside.padded(), inside.pixels)
    (corner,) = patches(at(3, 0, 0), [0], data, field())
    assert (corner.box, corner.frame) == (Box(0, 0, 2, 2), Box(-1, -1, 2, 2))
    assert torch.equal(corner.padded()[:, 1:, 1:], corner.pixels)
    assert (corner.padded()[:, 0] == 0.5).all()
    assert (corner.padded(fill=0.0)[:, :, 0] == 0).all()


def test_boxes_are_those_of_the_input_and_of_the_image() -> None:
    """Images of 16 x 16 are resized to 32 x 8: half as many pixels per row, twice as many per column."""
    data = Boxes()
    (patch,) = patches(at(3, 5, 1), [0], data, field((32, 8)))
    assert patch.box == Box(9, 1, 12, 4)
    assert patch.box_in_image == Box(4, 2, 6, 8)  # rounded outward: rows 4.5 ... 6
    resized = images.resize(data.images[3:4], (32, 8)).clamp(0, 1)[0]
    assert torch.equal(patch.pixels, resized[:, 9:12, 1:4])


def test_the_cell_of_a_patch_gives_the_value() -> None:
    """The padded patch alone, normalized, drives the unit as the image did: nothing else was seen."""
    one, data = network(), Boxes()
    found = gather(one, "1", data, plan=Plan(count=3, sample=8), progress=False)["1"]
    for exemplars in (found.best, found.lowest, spread(found)):
        for patch in patches(exemplars, range(5), data, field()):
            there = patch.padded(fill=0.0)[None]  # 0 is what the convolution pads with: this normalization keeps it
            with torch.no_grad():
                value = nn.functional.conv2d(there, one.module[0].weight, one.module[0].bias).relu()[0, patch.unit]
            assert value.item() == pytest.approx(patch.value, abs=1e-5)


def test_patches_come_in_order_and_each_image_is_read_once() -> None:
    data = Watched()
    found = gather(network(), "1", data, plan=Plan(count=6), progress=False)["1"]
    data.seen.clear()
    cut = patches(found.best, [4, 0, 2], data, field())
    assert [(patch.unit, patch.rank) for patch in cut] == [(unit, rank) for unit in (4, 0, 2) for rank in range(6)]
    assert [patch.image for patch in cut] == found.best.indices[[4, 0, 2]].flatten().tolist()
    assert data.seen == sorted(set(found.best.indices[[4, 0, 2]].flatten().tolist()))


def test_a_layer_that_sees_everything_gives_the_whole_image() -> None:
    whole = receptive_field(graph.trace(watcher().module, (16, 16)), "3")
    (patch,) = patches(at(5, 0, 0), [0], Boxes(), whole)
    assert torch.equal(patch.pixels, Boxes().images[5].clamp(0, 1))
    assert patch.padded().shape == (3, 16, 16)


def test_cells_with_fields_of_different_size_share_one_frame() -> None:
    """Adaptive pooling of 16 pixels to 3 cells: the fields are pixels 0-5, 5-10 and 10-15."""
    pooled = receptive_field(graph.trace(nn.Sequential(nn.AdaptiveAvgPool2d(3)), (16, 16)), "0")
    cut = [patches(at(5, row, 1), [0], Boxes(), pooled)[0] for row in range(3)]
    assert [(patch.box.top, patch.box.bottom) for patch in cut] == [(0, 6), (5, 11), (10, 16)]
    assert {patch.padded().shape for patch in cut} == {(3, 6, 6)}


def test_images_are_seen_as_the_network_sees_them() -> None:
    data = Watched()
    shown = dict(seen_images(data, [7, 2, 7], (8, 20)))
    assert data.seen == [7, 2, 7]
    assert torch.equal(shown[2], images.resize(data.images[2:3], (8, 20)).clamp(0, 1)[0])


def test_exemplars_of_something_else_are_refused() -> None:
    data = Watched()
    with pytest.raises(XailabError, match="layer '1' has no unit 1: there are 1, counted from 0"):
        patches(at(3, 0, 0), [1], data, field())
    for wrong in (at(24, 0, 0), at(3, 8, 0), at(3, 0, 8)):
        with pytest.raises(XailabError, match="these exemplars are of another layer, data set or image size"):
            patches(wrong, [0], data, field())
    assert data.seen == []
