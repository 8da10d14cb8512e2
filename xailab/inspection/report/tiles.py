"""Many small pictures as one image, in rows and columns of equal tiles: light pages, and one thing to click on.

- ``Sheet``    such an image for a page, with a note per column
- ``sheet``    make one
- ``patch_tile``, ``image_tile``, ``map_tile``, ``slice_tile``  the tiles
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from xailab import render
from xailab.exemplars import Patch
from xailab.images import to_pil
from xailab.receptive import Box

SIDE = 90
"""Pixels from one tile to the next."""

GAP = 1
"""Pixels around each tile."""

INNER = SIDE - 2 * GAP
"""Pixels of a tile."""

QUALITY = 80
"""Of the JPEG inside the page."""

PIXELS_SHOWN = 16
"""Pictures of fewer pixels are enlarged pixel by pixel, larger ones smoothly."""

SMALLEST = 20
"""Pixels of a box with a dot."""

FRAME = (255, 225, 77)
GROUND = (128, 128, 128)


@dataclass(frozen=True)
class Sheet:
    """An image of rows and columns of tiles.

    Parameters
    ----------
    src
        For a page.
    rows, columns
        Of tiles.
    notes
        One per column, for whoever enlarges it.
    names
        One per row.
    """

    src: str
    rows: int
    columns: int
    notes: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def notes_json(self) -> str:
        """The notes, for the script of the page."""
        return json.dumps(self.notes)

    @property
    def names_json(self) -> str:
        """The names of the rows, for the script of the page."""
        return json.dumps(self.names)


def sheet(
    rows: Sequence[Sequence[Image.Image]], *, notes: Sequence[str], names: Sequence[str], columns: int | None = None
) -> Sheet:
    """Paste tiles into one image; missing ones at the end of a row stay gray. Rows must not be empty."""
    width = columns or max(len(row) for row in rows)
    canvas = Image.new("RGB", (width * SIDE, len(rows) * SIDE), GROUND)
    for y, row in enumerate(rows):
        for x, tile in enumerate(row):
            canvas.paste(tile, (x * SIDE + GAP, y * SIDE + GAP))
    src = render.data_uri(canvas, quality=QUALITY)
    return Sheet(src, len(rows), width, tuple(notes), tuple(names))


def patch_tile(patch: Patch) -> Image.Image:
    """Draw what a unit looked at; gray where the image has no pixels."""
    return _square(to_pil(patch.padded().clamp(0, 1)))


def image_tile(image: Float[Tensor, "3 h w"], box: Box, frame: Box) -> Image.Image:
    """Draw an image as the network sees it, a box around what the cell sees, and a dot at its uncut center."""
    tile, scale, (left, top) = _placed(to_pil(image.clamp(0, 1)))
    draw = ImageDraw.Draw(tile)
    edges = (
        left + box.left * scale, top + box.top * scale,
        max(left + box.right * scale - 1, left + box.left * scale + 2),
        max(top + box.bottom * scale - 1, top + box.top * scale + 2),
    )  # fmt: skip
    draw.rectangle((edges[0] - 1, edges[1] - 1, edges[2] + 1, edges[3] + 1), outline=(0, 0, 0))
    draw.rectangle(edges, outline=FRAME, width=2)
    if min(edges[2] - edges[0], edges[3] - edges[1]) < SMALLEST:
        return tile  # a dot would hide what is in it
    x, y = left + (frame.left + frame.right) / 2 * scale, top + (frame.top + frame.bottom) / 2 * scale
    draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=FRAME, outline=(0, 0, 0))
    return tile


def map_tile(image: Float[Tensor, "3 h w"], values: Float[Tensor, "h2 w2"], limits: tuple[float, float]) -> Image.Image:
    """Draw a unit's map over the image."""
    photo, _, place = _placed(to_pil(image.clamp(0, 1)))
    inner = photo.crop((*place, INNER - place[0], INNER - place[1]))
    photo.paste(render.overlay(inner, values.cpu(), limits=limits), place)
    return photo


def slice_tile(picture: Image.Image) -> Image.Image:
    """Draw one slice of a filter, weight by weight."""
    return _square(picture)


def _square(picture: Image.Image) -> Image.Image:
    return _placed(picture)[0]


def _placed(picture: Image.Image) -> tuple[Image.Image, float, tuple[int, int]]:
    """Put a picture into the middle of a tile; return the tile, its scale and its place."""
    scale = INNER / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    small = max(picture.size) < PIXELS_SHOWN
    method = Image.Resampling.NEAREST if small else Image.Resampling.BICUBIC
    scaled = picture.resize((size[0], size[1]), method)
    if scaled.size == (INNER, INNER):
        return scaled, scale, (0, 0)
    tile = Image.new("RGB", (INNER, INNER), GROUND)
    place = ((INNER - scaled.width) // 2, (INNER - scaled.height) // 2)
    tile.paste(scaled, place)
    return tile, scale, place
