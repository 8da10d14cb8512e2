"""Grids of projections, each beside the part of the image that it explains.

- ``zeiler_grid``    from a network and a data set: for each unit the best images' projections beside their patches
- ``unit_block``     the two squares of one unit
- ``block_sheet``    many of them
- ``rules_grid``     one image under all three rules, and the same in a network with random weights

Source: Zeiler and Fergus 2014, fig. 2.
"""

import math
from collections.abc import Mapping, Sequence

from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from xailab import render
from xailab.data.batch import Dataset
from xailab.deconvnet.controls import likeness
from xailab.deconvnet.examples import Example, UnitExamples, checked_units, run_forward, subject_of, unit_examples
from xailab.deconvnet.pictures import crop, own_scales, signed_picture
from xailab.exemplars import LayerExemplars, Plan, gather
from xailab.models.network import Network
from xailab.receptive import Box
from xailab.render.colors import ink_on
from xailab.render.pictures import font

TILE = 96
"""Pixels of a small picture."""

GAP = 2

STANDARD = Plan(sample=0)


def zeiler_grid(
    network: Network,
    layer: str,
    units: Sequence[int],
    dataset: Dataset,
    *,
    rule: str = "deconv",
    plan: Plan = STANDARD,
    gathered: LayerExemplars | None = None,
    device: str = "cpu",
    tile: int = TILE,
    progress: bool = True,
) -> Image.Image:
    """Draw, for each unit, the projections of its strongest images beside the parts of the images that they explain.

    Parameters
    ----------
    network
        It is as before afterwards.
    layer
        Dotted name.
    units
        Any of the layer.
    dataset
        It is walked through once, unless ``gathered`` is given.
    rule
        A name in ``RULES``.
    plan
        How many images per unit (``count``, 9 of them as in the paper), and how many at once through the network.
    gathered
        ``xailab.exemplars.gather(network, layer, dataset)[layer]``, if it is at hand.
    device
        Where the network runs.
    tile
        Pixels of a small picture.
    progress
        Show a bar on stderr.

    Raises
    ------
    UnknownName, XailabError
        As ``examples.subject_of`` and ``examples.checked_units``, before the data set is walked through.
    ValueError
        No units.

    Source: Zeiler and Fergus 2014, fig. 2. They cut patches to the receptive field; we cut both to the part around its
    center that holds 90 % of the squared projections (``pictures.tight_extent``).
    """
    size = None if gathered is None else gathered.image_size
    subject = subject_of(network, layer, rules=(rule,), image_size=size, device=device)
    units = checked_units(subject, units)
    if not units:
        raise ValueError("a grid needs at least one unit")
    if gathered is None:
        gathered = gather(network, layer, dataset, plan=plan, device=device, progress=progress)[layer]
    best, blocks = gathered.best, []
    for unit in units:
        chosen = best.indices[unit, : plan.count].tolist()
        forward = run_forward(subject, dataset, chosen, best.positions[unit, : plan.count])
        blocks.append(unit_block(unit_examples(subject, forward, unit), rule=rule, tile=tile))
    return block_sheet(blocks)


def projection_tile(pixels: Float[Tensor, "3 h w"], part: Box, *, tile: int = TILE) -> Image.Image:
    """Draw a part of a projection, at a scale of its own (``pictures.own_scales``), enlarged smoothly."""
    scale = float(own_scales(pixels[None])[0])
    return render.enlarge(signed_picture(crop(pixels, part), scale), size=tile, smooth=True)


def patch_tile(example: Example, *, tile: int = TILE) -> Image.Image:
    """Draw the same part of the image."""
    return render.enlarge(crop(example.picture, example.part), size=tile, smooth=True)


def unit_block(
    unit: UnitExamples, *, rule: str, tile: int = TILE, title: str | None = None, background: str = "white"
) -> Image.Image:
    """Draw a square of projections and, to its right, the square of the patches, best first in reading order.

    Parameters
    ----------
    unit
        With at least one example.
    rule
        Of the projections.
    tile
        Pixels of a small picture's longer side.
    title
        Above. Default: the unit, and its largest and smallest activation shown.
    background
        A color.

    Raises
    ------
    ValueError
        A unit without examples.
    """
    if not unit.examples:
        raise ValueError(f"unit {unit.unit} has no examples to show")
    columns = math.ceil(math.sqrt(len(unit.examples)))
    squares = [
        render.grid(tiles, columns=columns, gap=GAP, background=background)
        for tiles in (
            [projection_tile(one.projections[rule], one.part, tile=tile) for one in unit.examples],
            [patch_tile(one, tile=tile) for one in unit.examples],
        )
    ]
    values = [one.value for one in unit.examples]
    spoken = title if title is not None else f"unit {unit.unit}   activation {values[0]:.3g} to {values[-1]:.3g}"
    return _titled(render.grid(squares, columns=2, gap=GAP, background=background), spoken, background=background)


def block_sheet(blocks: Sequence[Image.Image], *, columns: int | None = None, background: str = "white") -> Image.Image:
    """Arrange the blocks of many units.

    Parameters
    ----------
    blocks
        Of ``unit_block``.
    columns
        Blocks in a row. Default: so that the sheet is about as wide as high.
    background
        A color.

    Raises
    ------
    ValueError
        No blocks.
    """
    if not blocks:
        raise ValueError("a sheet needs at least one unit")
    ratio = blocks[0].width / blocks[0].height
    columns = max(1, round(math.sqrt(len(blocks) / ratio))) if columns is None else columns
    return render.grid(blocks, columns=columns, gap=4 * GAP, background=background)


def rules_grid(
    example: Example, *, rules: Sequence[str] | None = None, tile: int = 2 * TILE, background: str = "white"
) -> Image.Image:
    """Draw one image under several rules side by side, and below what each control gives for it.

    Where the rows look alike, the picture comes from the image and the architecture, and not from the unit (``another
    unit``) or from what the network has learned (``random weights``). Below the controls stands ``controls.likeness``.

    Parameters
    ----------
    example
        With the controls that are to be shown (``controls.another_unit``, ``controls.random_weights``).
    rules
        Names. Default: all by which the example was projected.
    tile
        Pixels of a picture.
    background
        A color.

    Source: Nie et al. 2018; Adebayo et al. 2018.
    """
    rules = tuple(example.projections) if rules is None else rules
    tiles, captions = [], []
    for projections in (example.projections, *example.controls.values()):
        tiles += [patch_tile(example, tile=tile)]
        tiles += [projection_tile(projections[rule], example.part, tile=tile) for rule in rules]
        captions += [f"image {example.image}" if projections is example.projections else ""]
        captions += [_said(example, projections, rule) for rule in rules]
    titles = [name.replace(" ", "\n") for name in ("this unit", *example.controls)]
    return render.grid(
        tiles, columns=1 + len(rules), gap=2 * GAP, captions=captions, row_titles=titles, background=background
    )


def _said(example: Example, projections: Mapping[str, Tensor], rule: str) -> str:
    """Return what stands below a projection: the rule, and of a control how alike it is."""
    if projections is example.projections:
        return rule
    alike = likeness(example.projections[rule], projections[rule], example.box)
    return "" if math.isnan(alike) else f"alike: {alike:.2f}"


def _titled(picture: Image.Image, title: str, *, background: str) -> Image.Image:
    """Put a line of writing above a picture."""
    letters = font(max(11, min(24, picture.width // 32)))
    line = round(letters.size * 1.5)
    canvas = Image.new("RGB", (picture.width, picture.height + line), background)
    canvas.paste(picture, (0, line))
    ImageDraw.Draw(canvas).text((GAP, line // 2), title, fill=ink_on(background), font=letters, anchor="lm")
    return canvas
