"""A receptive field drawn over its image.

- ``on_image``  the box of a cell, with the effective field in it
"""

import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from xailab.receptive.effective import EffectiveField
from xailab.receptive.field import Box, ReceptiveField
from xailab.render import enlarge, overlay
from xailab.render.pictures import OUTLINE, as_picture

BEYOND = "#8a8a8a"
"""What lies outside the image: gray, near the mean color that most networks pad with."""

REACH = 0.5
"""How much of its own size is shown beyond the image at most, on each side."""


def on_image(
    image: Image.Image | Float[Tensor, "3 h w"],
    field: ReceptiveField,
    row: int,
    column: int,
    *,
    effective: EffectiveField | None = None,
    size: int = 448,
) -> Image.Image:
    """Draw the receptive field of a cell: what it sees in yellow, where the field goes on beyond the image a thin line.

    Parameters
    ----------
    image
        RGB in [0, 1], of the size that the field was computed for.
    field, row, column
        The layer's field, and the cell.
    effective
        Its weights are laid over the image, as if measured at this cell: the redder, the more a pixel counts.
    size
        Pixels of the longer side of the image in the picture; what is shown beyond it comes on top.

    Raises
    ------
    ValueError
        An image of another size, or weights of another size than the field's.
    IndexError
        No such cell.
    """
    picture = as_picture(image)
    if (picture.height, picture.width) != field.image_size:
        height, width = field.image_size
        raise ValueError(
            f"the field is that of images of {height} x {width} pixels, got one of {picture.height} x {picture.width}"
        )
    box, uncut = field.box(row, column), field.uncut_box(row, column)
    shown = enlarge(picture, size=size, smooth=True)
    if effective is not None:
        shown = overlay(shown, _placed(effective.weights, uncut, field.image_size))
    scale = shown.width / picture.width
    left, top, right, bottom = (
        round(min(max(over, 0), REACH * side) * scale)
        for over, side in (
            (-uncut.left, picture.width),
            (-uncut.top, picture.height),
            (uncut.right - picture.width, picture.width),
            (uncut.bottom - picture.height, picture.height),
        )
    )
    canvas = Image.new("RGB", (left + shown.width + right, top + shown.height + bottom), BEYOND)
    canvas.paste(shown, (left, top))
    draw = ImageDraw.Draw(canvas)
    width = max(2, size // 150)
    _outline(draw, uncut, (left, top), scale, width=1)
    if box.height and box.width:
        _outline(draw, box, (left, top), scale, width=width)
    return canvas


def _placed(weights: Tensor, uncut: Box, size: tuple[int, int]) -> Tensor:
    """Return weights of a field as a map of the image."""
    if tuple(weights.shape) != (uncut.height, uncut.width):
        raise ValueError(f"expected weights of {uncut.height} x {uncut.width} pixels, got {tuple(weights.shape)}")
    whole = torch.zeros(size, dtype=torch.float32)
    top, left, bottom, right = (
        max(uncut.top, 0), max(uncut.left, 0), min(uncut.bottom, size[0]), min(uncut.right, size[1])
    )  # fmt: skip
    if top < bottom and left < right:
        inside = weights[top - uncut.top : bottom - uncut.top, left - uncut.left : right - uncut.left]
        whole[top:bottom, left:right] = inside.float()
    return whole


def _outline(draw: ImageDraw.ImageDraw, box: Box, corner: tuple[int, int], scale: float, *, width: int) -> None:
    """Draw the edge of a box outside its pixels, yellow over a dark casing."""
    left, top = (corner[0] + box.left * scale, corner[1] + box.top * scale)
    right, bottom = (corner[0] + box.right * scale - 1, corner[1] + box.bottom * scale - 1)
    for more, color in ((1, "#202020"), (0, OUTLINE)):
        edge = (left - more, top - more, right + more, bottom + more)
        draw.rectangle([round(one) for one in edge], outline=color, width=width + 2 * more)
