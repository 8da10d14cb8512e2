"""Many pictures in rows and columns.

- ``grid``  with captions below the pictures and titles left of the rows
"""

from collections.abc import Sequence
from itertools import accumulate

from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from xailab.render.colors import ink_on
from xailab.render.pictures import as_picture, font


def grid(
    images: Sequence[Image.Image | Float[Tensor, "3 h w"]] | Float[Tensor, "b 3 h w"],
    *,
    columns: int,
    gap: int = 6,
    background: str = "white",
    captions: Sequence[str] | None = None,
    row_titles: Sequence[str] | None = None,
) -> Image.Image:
    """Arrange pictures row by row. A column is as wide as its widest picture, a row as high as its highest.

    Parameters
    ----------
    images
        Tensors in [0, 1] or Pillow images, which may be of different sizes; each is centered in its cell.
    columns
        Pictures per row; the last row may be shorter.
    gap
        Pixels between the cells.
    background
        A color (``#rrggbb`` or a name); writing is black or white, whichever is read better on it.
    captions
        One per picture, written below it, of one or more lines; a line too long for its cell ends in an ellipsis.
    row_titles
        One per row, written to its left.

    Raises
    ------
    ValueError
        No images, ``columns`` below 1, a negative ``gap``, captions or titles that are not as many as pictures or rows.
    """
    pictures = [as_picture(image) for image in images]
    if not pictures or columns < 1 or gap < 0:
        raise ValueError(
            f"a grid needs images, columns >= 1 and gap >= 0; got {len(pictures)} images, {columns}, {gap}"
        )
    starts = range(0, len(pictures), columns)
    for what, texts, count in (("captions", captions, len(pictures)), ("row_titles", row_titles, len(starts))):
        if texts is not None and len(texts) != count:
            raise ValueError(f"expected {count} {what} for {len(pictures)} pictures, {columns} a row; got {len(texts)}")
    widths = [
        max(picture.width for picture in pictures[column::columns]) for column in range(min(columns, len(pictures)))
    ]
    heights = [max(picture.height for picture in pictures[start : start + columns]) for start in starts]
    letters = font(max(11, min(30, max(widths) // 12)))
    line = round(letters.size * 1.25)
    below = line * max(text.count("\n") + 1 for text in captions) + line // 3 if captions else 0
    left = _widest(row_titles, letters) + line // 2 if row_titles else 0
    xs = list(accumulate((width + gap for width in widths), initial=left + gap))
    ys = list(accumulate((height + below + gap for height in heights), initial=gap))
    canvas = Image.new("RGB", (xs[-1], ys[-1]), background)
    draw, ink = ImageDraw.Draw(canvas), ink_on(background)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        middle, bottom = xs[column] + widths[column] // 2, ys[row] + heights[row]
        canvas.paste(picture, (middle - picture.width // 2, ys[row] + (heights[row] - picture.height) // 2))
        for number, text in enumerate(captions[index].split("\n") if captions else ()):
            fitted = _fitted(text, widths[column], letters)
            draw.text((middle, bottom + line // 4 + number * line), fitted, fill=ink, font=letters, anchor="ma")
    for y, height, title in zip(ys, heights, row_titles or (), strict=False):
        draw.multiline_text((left, y + height // 2), title, fill=ink, font=letters, anchor="rm", align="right")
    return canvas


def _widest(texts: Sequence[str], letters: ImageFont.FreeTypeFont) -> int:
    """Return the width in pixels of the longest line."""
    return max(int(letters.getlength(line)) + 1 for text in texts for line in text.split("\n"))


def _fitted(text: str, width: int, letters: ImageFont.FreeTypeFont) -> str:
    """Shorten a line until it fits."""
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
