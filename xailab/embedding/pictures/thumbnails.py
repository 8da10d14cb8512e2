"""Images as points.

- ``image_map``     a map in which images stand at the places of their points
- ``sprite_sheet``  all images in one picture, for a page
- ``thumbnail``     an image as bytes, small, padded to a square
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageColor, ImageDraw

from xailab.embedding.pictures.classes import Classes, classes_of, styles
from xailab.embedding.pictures.placing import fitted, without_overlap

Labels = Sequence[str] | Int[np.ndarray, " n"] | Classes | None


def image_map(
    points: Float[np.ndarray, "n 2"],
    images: UInt8[np.ndarray, "m h w 3"],
    classes: Labels = None,
    *,
    size: int = 1600,
    side: int | None = None,
    background: str = "white",
) -> Image.Image:
    """Draw a map with images for points, framed in the color of their class.

    Images stand at the true places of their points. None covers another: where points are denser than images, some are
    images and the others dots.

    Parameters
    ----------
    points
        Any unit.
    images
        RGB, 0 ... 255, one per point.
    classes
        A name or number per point, or ``Classes``. None: one color.
    size
        Side of the picture in pixels.
    side
        Side of an image in pixels, with its frame. None: 48, and more where there are few points.
    background
        A color (``#rrggbb`` or a name).

    Raises
    ------
    ValueError
        Not as many images or classes as points, an image smaller than 8 pixels or larger than a quarter of the picture.
    """
    if side is None:
        side = round(min(max(0.03 * size, 0.45 * size / max(len(points), 1) ** 0.5), size / 8))
    if not 8 <= side <= size / 4:
        raise ValueError(f"expected images of 8 to {size // 4} pixels in a picture of {size}, got {side}")
    if len(images) != len(points):
        raise ValueError(f"expected an image for each of the {len(points)} points, got {len(images)}")
    known = classes_of(classes, len(points))
    places, looks = fitted(points, (size, size), margin=side / 2 + 12), styles(known)
    canvas = Image.new("RGB", (size, size), ImageColor.getrgb(background))
    draw = ImageDraw.Draw(canvas)
    radius = max(2.0, size / 500)
    for place, number in zip(places.tolist(), known.index.tolist(), strict=True):
        draw.circle(place, radius, fill=looks[number].color)
    frame = max(2, side // 16)
    for i in _chosen(places, side + 2):
        left, top = (round(value - side / 2) for value in places[i].tolist())
        color = looks[int(known.index[i])].color
        draw.rectangle((left, top, left + side - 1, top + side - 1), fill=color)
        inner = side - 2 * frame
        canvas.paste(thumbnail(images[i], inner), (left + frame, top + frame))
    return canvas


def _chosen(places: Float[np.ndarray, "n 2"], side: int) -> Sequence[int]:
    """Return the points that are images: no two overlap, also when their places are rounded to pixels."""
    return [int(i) for i in without_overlap(np.round(places), side)]


def sprite_sheet(tiles: UInt8[np.ndarray, "n t t 3"]) -> tuple[Image.Image, int]:
    """Return all tiles in one picture, row by row, and the number of columns.

    Raises
    ------
    ValueError
        No tiles.
    """
    if not len(tiles):
        raise ValueError("a sprite sheet needs at least one tile")
    count, side = tiles.shape[:2]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * columns, side, side, 3), np.uint8)
    sheet[:count] = tiles
    joined = sheet.reshape(rows, columns, side, side, 3).swapaxes(1, 2).reshape(rows * side, columns * side, 3)
    return Image.fromarray(joined), columns


def thumbnail(image: UInt8[np.ndarray, "h w 3"], side: int) -> Image.Image:
    """Return an image as a square of ``side`` pixels; what is not square is cut to its center."""
    picture = Image.fromarray(image)
    width, height = picture.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    method = Image.Resampling.NEAREST if edge * 2 <= side else Image.Resampling.LANCZOS
    return picture.resize((side, side), method, box=(left, top, left + edge, top + edge))
