"""Grids: every projection stands beside the patch that it explains."""

import pytest
import torch
from PIL import Image

from tests.toys import Boxes, watcher
from xailab.deconvnet.examples import Example, UnitExamples
from xailab.deconvnet.grids import GAP, block_sheet, rules_grid, unit_block, zeiler_grid
from xailab.errors import XailabError
from xailab.exemplars import Plan, gather
from xailab.receptive import Box

SIDE = Box(0, 0, 8, 8)


def example(number: int) -> Example:
    """A plain red image of brightness ``number``, and a projection that is positive in green in the same place."""
    picture = torch.zeros(3, 8, 8)
    picture[0] = number / 10
    pixels = torch.zeros(3, 8, 8)
    pixels[1] = 1.0 + number
    controls = {"another unit": {"deconv": -pixels, "gradient": pixels}}
    return Example(
        number, float(9 - number), (0, 0), SIDE, SIDE, picture, {"deconv": pixels, "gradient": -pixels}, controls
    )


def blob(picture: Image.Image, column: int, row: int, *, tile: int, top: int) -> tuple[int, ...]:
    """The middle of a tile; columns 3 to 5 are the second square."""
    x = GAP + GAP + column * (tile + GAP) + (column // 3) * 2 * GAP + tile // 2
    return tuple(picture.getpixel((x, top + GAP + GAP + row * (tile + GAP) + tile // 2)))  # type: ignore[arg-type]


def test_a_projection_and_its_patch_have_the_same_place_in_their_squares() -> None:
    unit = UnitExamples(4, tuple(example(number) for number in range(9)))
    drawn = unit_block(unit, rule="deconv", tile=24, title="")
    top = drawn.height - (3 * 24 + 4 * GAP + 2 * GAP)
    for place in range(9):
        row, column = divmod(place, 3)
        assert blob(drawn, column, row, tile=24, top=top) == (128, 255, 128)
        assert blob(drawn, column + 3, row, tile=24, top=top) == (round(place * 25.5), 0, 0)
    signed = unit_block(unit, rule="gradient", tile=24, title="")
    assert blob(signed, 0, 0, tile=24, top=top) == (128, 0, 128)


def test_squares_are_as_wide_as_needed() -> None:
    widths = [
        unit_block(UnitExamples(0, tuple(map(example, range(count)))), rule="deconv", tile=20).width
        for count in (1, 4, 9)
    ]
    assert widths[1] - widths[0] == widths[2] - widths[1] == 2 * (20 + GAP)
    with pytest.raises(ValueError, match="unit 3 has no examples"):
        unit_block(UnitExamples(3, ()), rule="deconv")
    with pytest.raises(ValueError, match="at least one unit"):
        block_sheet([])


def test_rules_stand_side_by_side_and_controls_below() -> None:
    alone = rules_grid(example(1), rules=("deconv",), tile=30)
    assert rules_grid(example(1), tile=30).width > alone.width
    bare = Example(1, 1.0, (0, 0), SIDE, SIDE, torch.zeros(3, 8, 8), {"deconv": torch.zeros(3, 8, 8)})
    assert rules_grid(bare, tile=30).height < alone.height


def test_a_grid_from_a_network_is_that_of_gathered_exemplars() -> None:
    network, data = watcher(), Boxes(24)
    parameters = [(p, p.clone()) for p in network.module.parameters()]
    plan = Plan(count=4, sample=0)
    drawn = zeiler_grid(network, "1", [1, 0], data, plan=plan, tile=20, progress=False)
    gathered = gather(network, "1", data, plan=Plan(count=9), progress=False)["1"]
    again = zeiler_grid(network, "1", [1, 0], data, plan=plan, gathered=gathered, tile=20, progress=False)
    assert drawn.tobytes() == again.tobytes()
    assert (
        zeiler_grid(network, "1", [1, 0], data, rule="gradient", plan=plan, tile=20, progress=False).size == drawn.size
    )
    for now, then in parameters:
        assert torch.equal(now, then)
        assert now.grad is None


def test_a_grid_refuses_before_the_data_are_read() -> None:
    class Unreadable(Boxes):
        def read(self, indices):  # type: ignore[no-untyped-def]
            raise AssertionError("the data were read")

    with pytest.raises(XailabError, match="no unit 9 in layer '1'"):
        zeiler_grid(watcher(), "1", [0, 9], Unreadable(3), progress=False)
    with pytest.raises(ValueError, match="at least one unit"):
        zeiler_grid(watcher(), "1", [], Unreadable(3), progress=False)
