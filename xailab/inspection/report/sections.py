"""What the page shows of a layer beside its units: what it can see, what is wrong with it, its filters.

- ``Section``  a layer on the page
- ``section``  make one
- ``field_picture``  an image with the fields of two cells, and what the middle one listens to
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from xailab import render
from xailab.inspection.diagnosis import KINDS, Diagnosis
from xailab.inspection.filters import from_least_to_most
from xailab.inspection.report.cards import Card
from xailab.inspection.report.examining import Examined, Plan
from xailab.inspection.report.posters import filter_poster
from xailab.receptive import Box, ReceptiveField, Stage
from xailab.receptive.effective import EffectiveField
from xailab.render.pictures import OUTLINE

SIDE = 300
"""Pixels of the picture of a receptive field."""

CORNER = "#6ec6ff"
"""Of the box of the first cell."""

STAGES = ("layer", "operation", "kernel", "stride", "padding", "dilation", "size", "jump", "start")


@dataclass(frozen=True)
class Section:
    """A layer on the page.

    Parameters
    ----------
    layer
        Its name.
    units
        How many it has.
    cells
        Rows and columns of its maps, in words.
    nature
        What kind of numbers it gives.
    facts
        Name -> what to write: of its receptive field.
    stages
        The derivation of the field, as rows of texts under ``STAGES``.
    field_src, other_src
        Pictures of the field: of the network, and of the one with random weights (or None).
    health
        Per kind that was looked for: its name, how many units, how many with random weights (or None), advice,
        evidence.
    sound
        Units without a finding.
    filters_src
        Posters of the filters by way of coloring; empty but for first layers.
    cards
        Of the units that are shown.
    reads
        In words, what its filters read; empty where that is not known.
    """

    layer: str
    units: int
    cells: str
    nature: str
    facts: Mapping[str, str]
    stages: Sequence[Sequence[str]]
    field_src: str
    other_src: str | None
    health: Sequence[Mapping[str, object]]
    sound: int
    filters_src: Mapping[str, str]
    cards: Sequence[Card]
    reads: str


def section(
    plan: Plan, one: Examined, shown: Sequence[Card], image: Float[Tensor, "3 h w"], control: Examined | None
) -> Section:
    """Put together what the page shows of a layer; ``image`` is one as the network sees it."""
    rows, columns = one.field.map_size
    reading = plan.readings.get(one.layer)
    reads = "" if reading is None else "the image" if reading.layer is None else reading.layer or "the layer before"
    posters = {}
    if reading is not None and reading.layer is None and reading.weights.shape[1] == 3:
        posters = {
            "gray is 0": _uri(filter_poster(plan, one.layer)),
            "from least to most": _uri(filter_poster(plan, one.layer, coloring=from_least_to_most)),
        }
    return Section(
        one.layer,
        one.diagnosis.summary.units,
        f"{rows} × {columns} cells" if rows * columns > 1 else "one number per unit",
        one.diagnosis.nature.words,
        field_facts(one.field, one.effective, control.effective if control is not None else None),
        [_stage(stage) for stage in one.field.table],
        _uri(field_picture(image, one.field, one.effective)),
        _uri(field_picture(image, control.field, control.effective)) if control is not None else None,
        [_health(kind, one.diagnosis, control) for kind in one.diagnosis.asked],
        one.diagnosis.sound,
        posters,
        shown,
        reads,
    )


def field_facts(
    field: ReceptiveField, effective: EffectiveField | None, other: EffectiveField | None
) -> dict[str, str]:
    """Say in words what a layer can see, and what it listens to."""
    facts = {
        "size": f"{_pair(field.size)} px" + (" (more than the image)" if _beyond(field) else ""),
        "jump": "none: one cell" if field.map_size == (1, 1) else f"{_pair(field.jump)} px from cell to cell",
        "start": f"center of the first cell at pixel {_pair(field.start)}",
        "image": f"{field.image_size[0]} × {field.image_size[1]} px",
    }
    if effective is not None:
        facts["95 % of the gradient"] = _area(effective, 0.95)
        facts["50 % of the gradient"] = _area(effective, 0.5)
        rows, columns = effective.deviation
        facts["spread"] = (
            f"standard deviation {rows:.1f} × {columns:.1f} px, {_even(field)} if all pixels counted alike"
        )
    if other is not None:
        facts["95 %, random weights"] = _area(other, 0.95)
    return facts


def field_picture(
    image: Float[Tensor, "3 h w"], field: ReceptiveField, effective: EffectiveField | None
) -> Image.Image:
    """Draw the fields of the middle and of the first cell on an image, and over it what the middle one listens to."""
    height, width = field.image_size
    middle = effective.cells[0] if effective is not None else field.cell_at((height - 1) / 2, (width - 1) / 2)
    picture = render.enlarge(image.clamp(0, 1), size=SIDE, smooth=True)
    if effective is not None:
        weights = torch.zeros(height, width)
        frame = field.uncut_box(*middle)
        top, left, bottom, right = (
            max(frame.top, 0),
            max(frame.left, 0),
            min(frame.bottom, height),
            min(frame.right, width),
        )
        weights[top:bottom, left:right] = effective.weights[
            top - frame.top : bottom - frame.top, left - frame.left : right - frame.left
        ].float()
        picture = render.overlay(picture, weights.sqrt(), alpha=0.85)
    draw = ImageDraw.Draw(picture)
    scale = SIDE / max(height, width)
    boxes = [(field.box(0, 0), CORNER)] if field.map_size != (1, 1) else []
    for box, color in [*boxes, (field.box(*middle), OUTLINE)]:
        _outline(draw, box, scale, color)
    return picture


def _outline(draw: ImageDraw.ImageDraw, box: Box, scale: float, color: str) -> None:
    """Draw a box with a dark casing; at least a few pixels large."""
    left, top = box.left * scale, box.top * scale
    right, bottom = max(box.right * scale - 1, left + 3), max(box.bottom * scale - 1, top + 3)
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="black")
    draw.rectangle((left, top, right, bottom), outline=color, width=3)
    if min(right - left, bottom - top) > 16:  # else it would hide what is in it
        draw.rectangle((left + 3, top + 3, right - 3, bottom - 3), outline="black")


def _health(kind: str, diagnosis: Diagnosis, control: Examined | None) -> dict[str, object]:
    units = diagnosis.units(kind)
    evidence = [f"{one.unit} ({one.evidence})" for one in diagnosis.findings if one.kind == kind]
    return {
        "kind": kind,
        "units": len(units),
        "control": None if control is None else len(control.diagnosis.units(kind)),
        "advice": KINDS[kind],
        "evidence": evidence,
    }


def _stage(stage: Stage) -> list[str]:
    pairs = (stage.kernel, stage.stride, stage.padding, stage.dilation, stage.size, stage.jump, stage.start)
    return [stage.name or "images", stage.kind, *("" if pair is None else _pair(pair) for pair in pairs)]


def _pair(pair: Sequence[int | float | None]) -> str:
    first, second = ("varies" if one is None else f"{one:g}" for one in pair)
    return first if first == second else f"{first} × {second}"


def _beyond(field: ReceptiveField) -> bool:
    return any(size > side for size, side in zip(field.size, field.image_size, strict=True))


def _area(effective: EffectiveField, share: float) -> str:
    box = effective.field.box(*effective.cells[0])
    pixels, there = effective.area(share), box.height * box.width
    return f"in {pixels:,} of {there:,} px ({pixels / there:.0%} of what it can see)"


def _even(field: ReceptiveField) -> str:
    rows, columns = (((size**2 - 1) / 12) ** 0.5 for size in field.size)
    return f"{rows:.1f} × {columns:.1f}"


def _uri(picture: Image.Image) -> str:
    return render.data_uri(picture, quality=88)
