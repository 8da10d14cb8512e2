"""One unit as the page shows it: its small pictures, and what a picture tells when it is opened.

- ``Card``      one unit, ready for the page
- ``card_of``   makes it from the unit's examples
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from xailab import render
from xailab.deconvnet.controls import likeness
from xailab.deconvnet.examples import Example, UnitExamples
from xailab.deconvnet.grids import patch_tile, projection_tile
from xailab.deconvnet.pictures import magnitude_picture, magnitudes, own_scales, signed_picture
from xailab.deconvnet.report.stepping import StepPicture
from xailab.images import to_pil
from xailab.receptive import Box

TILE = 128
"""Pixels of a small picture: what is in it was 20 to 60 pixels in the image."""

WHOLE = 208
"""Least size of a whole image and a whole projection; strengths are smooth enough for less."""

HEAT = 112

QUALITY = 80
"""Of the JPEGs."""


@dataclass(frozen=True, eq=False)
class Card:
    """One unit.

    Parameters
    ----------
    unit
        Its number.
    facts
        A sentence below it.
    tiles
        What stands on the page: of each example the projection by the main rule, the patch, and a text for both.
    opened
        What the script shows of each example: names, pictures, steps.
    """

    unit: int
    facts: str
    tiles: list[dict[str, str]]
    opened: list[dict[str, Any]]


def card_of(
    found: UnitExamples, steps: Sequence[tuple[list[StepPicture], int]], names: Sequence[str], *, facts: str, rule: str
) -> Card:
    """Return the card of a unit.

    Parameters
    ----------
    found
        Its examples.
    steps
        Of each example: the steps to the pixels, and how many are left out.
    names
        Of the images.
    facts
        A sentence.
    rule
        The main one.
    """
    tiles = [
        {
            "projection": _jpeg(projection_tile(one.projections[rule], one.part, tile=TILE)),
            "patch": _jpeg(patch_tile(one, tile=TILE)),
            "text": f"{name}, activation {one.value:.3g}",
        }
        for one, name in zip(found.examples, names, strict=True)
    ]
    opened = [
        _opened(one, name, *walked, main=rule) for one, name, walked in zip(found.examples, names, steps, strict=True)
    ]
    return Card(found.unit, facts, tiles, opened)


def _opened(example: Example, name: str, steps: list[StepPicture], left_out: int, *, main: str) -> dict[str, Any]:
    """Return what is shown of one example when it is opened."""
    height, width = example.picture.shape[1:]
    others = {rule: pixels for rule, pixels in example.projections.items() if rule != main}
    return {
        "name": name,
        "value": f"{example.value:.4g}",
        "place": f"row {example.cell[0]}, column {example.cell[1]}",
        "sees": f"{example.box.height} × {example.box.width}",
        "box": _percent(example.box, height, width),
        "part": _percent(example.part, height, width),
        "whole": _jpeg(_large(to_pil(example.picture))),
        "full": {rule: _full(pixels) for rule, pixels in example.projections.items()},
        "heat": {rule: _heat(pixels) for rule, pixels in example.projections.items()},
        "tiles": {rule: _tile(pixels, example) for rule, pixels in others.items()},
        "controls": {
            control: {rule: _tile(pixels, example) for rule, pixels in by_rule.items()}
            for control, by_rule in example.controls.items()
        },
        "alike": {
            control: {
                rule: _number(likeness(example.projections[rule], pixels, example.box)) for rule, pixels in by.items()
            }
            for control, by in example.controls.items()
        },
        "steps": [_step(one) for one in steps],
        "leftOut": left_out,
    }


def _tile(pixels: Float[Tensor, "3 h w"], example: Example) -> str:
    return _jpeg(projection_tile(pixels, example.part, tile=TILE))


def _full(pixels: Float[Tensor, "3 h w"]) -> str:
    """Return a whole projection."""
    return _jpeg(_large(signed_picture(pixels, float(own_scales(pixels[None])[0]))))


def _heat(pixels: Float[Tensor, "3 h w"]) -> str:
    """Return the magnitudes of a whole projection."""
    return _jpeg(_large(magnitude_picture(pixels, float(own_scales(magnitudes(pixels[None]))[0])), HEAT))


def _large(picture: Image.Image, least: int = WHOLE) -> Image.Image:
    """Enlarge a picture smoothly if it is small."""
    return render.enlarge(picture, size=max(least, *picture.size), smooth=True)


def _jpeg(picture: Image.Image) -> str:
    return render.data_uri(picture, quality=QUALITY)


def _step(step: StepPicture) -> dict[str, Any]:
    """Return one step for the script."""
    return {
        "name": step.name,
        "doing": step.doing.replace("->", "→"),
        "shape": " × ".join(map(str, step.shape)),
        "nonzero": _share(step.nonzero),
        "cut": None if step.cut is None else _share(step.cut),
        "picture": _jpeg(step.picture) if step.projection else render.data_uri(step.picture.quantize(256)),
    }


def _number(value: float) -> str:
    """Write a likeness; nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.2f}"


def _share(part: float) -> str:
    """Write a share: no 0 % or 100 % that is not one."""
    percent = 100 * part
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if percent < 10 and percent:
        return f"{percent:.1f} %"
    return f"{percent:.0f} %" if percent in (0, 100) or percent < 99.5 else "nearly 100 %"


def _percent(box: Box, height: int, width: int) -> list[float]:
    """Return left, top, width and height in percent of an image."""
    return [
        round(100 * value, 2) for value in (box.left / width, box.top / height, box.width / width, box.height / height)
    ]
