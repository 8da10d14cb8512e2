"""One picture from one image and what was found in it.

- ``enlarge``        nearest (every pixel a square) or smooth
- ``heatmap``        a map in colors
- ``overlay``        a map in colors over its image
- ``masked``         the classic picture of dissection: the region bright and outlined, the rest dimmed
- ``with_colorbar``  the scale beside a picture
- ``as_picture``     tensor or Pillow image -> RGB Pillow image
"""

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont
from torch import Tensor

from xailab.images import resize, to_pil
from xailab.render.colors import check_limits, colorize, ink_on, shared_limits

OUTLINE = "#ffe14d"
"""A yellow that stands out from most photographs, also dimmed ones."""


def as_picture(image: Image.Image | Float[Tensor, "3 h w"]) -> Image.Image:
    """Return an RGB Pillow image. Raises ValueError for a tensor with pixels outside [0, 1]."""
    return image.convert("RGB") if isinstance(image, Image.Image) else to_pil(image)


def enlarge(image: Image.Image | Float[Tensor, "3 h w"], *, size: int, smooth: bool = False) -> Image.Image:
    """Scale an image so that its longer side has ``size`` pixels, keeping the aspect ratio.

    Parameters
    ----------
    smooth
        False: every pixel becomes a block, for small images and maps whose pixels matter. True: bicubic, for looks.
        Shrinking always averages.

    Raises
    ------
    ValueError
        A size below 1 pixel.
    """
    picture = as_picture(image)
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")
    factor = size / max(picture.size)
    width, height = (max(1, round(side * factor)) for side in picture.size)
    method = Image.Resampling.BICUBIC if smooth or factor < 1 else Image.Resampling.NEAREST
    return picture.resize((width, height), method)


def heatmap(
    values: Float[Tensor, "h w"], *, limits: tuple[float, float] | None = None, cmap: str | None = None
) -> Image.Image:
    """Draw a map, one pixel per cell (``enlarge`` it to see the cells).

    Parameters
    ----------
    values
        Any range. NaN is drawn gray.
    limits
        The values at the two ends of the color scale; beyond them the color stays that of the end. Give the same limits
        (``shared_limits``) to maps that are compared. Default: the map's own.
    cmap
        matplotlib's name of a scale. Default: diverging when the limits reach below 0, else sequential.

    Raises
    ------
    ValueError
        Infinite values, limits that do not ascend, or signed limits that are not symmetric (0 would not be neutral).
    """
    limits = shared_limits(values) if limits is None else limits
    return _from_array(colorize(values, limits, cmap))


def overlay(
    image: Image.Image | Float[Tensor, "3 h w"],
    values: Float[Tensor, "h2 w2"],
    *,
    alpha: float = 0.75,
    limits: tuple[float, float] | None = None,
) -> Image.Image:
    """Draw a map in colors over its image, enlarged (bilinear) to the image's size.

    The stronger a value, the more opaque its color: where the map says nothing, the image is seen, in muted colors.
    Signed values are red above 0 and blue below.

    Parameters
    ----------
    alpha
        Opacity of the strongest value, in [0, 1].
    limits
        As in ``heatmap``.

    Raises
    ------
    ValueError
        NaN or infinite values (they would smear over their neighbors), ``alpha`` outside [0, 1], or bad limits.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be in [0, 1], got {alpha:g}")
    if not bool(values.isfinite().all()):
        raise ValueError("the map has NaN or infinite values; heatmap() shows where (NaN is gray)")
    low, high = check_limits(shared_limits(values) if limits is None else limits)
    picture = as_picture(image)
    values = resize(values.detach().float()[None, None], (picture.height, picture.width))[0, 0]
    signed, top = low < 0, max(-low, high)
    strength = (values.abs() / top if signed else (values - low) / (high - low)).clamp(0, 1)
    # A diverging scale is white near 0 and dark at its ends; here opacity says how much, the color only which sign.
    shown = values.sign() * top * 0.75 if signed else values
    opacity = alpha * strength.double().cpu().numpy()[..., None]
    photo = (
        np.asarray(Image.blend(picture.convert("L").convert("RGB"), picture, 0.1 if signed else 0.4), np.float64) / 255
    )
    return _from_array(photo * (1 - opacity) + colorize(shown, (low, high)) * opacity)


def masked(
    image: Image.Image | Float[Tensor, "3 h w"],
    mask: Bool[Tensor, "h2 w2"],
    *,
    size: int | None = None,
    dim: float = 0.25,
    outline: str | None = OUTLINE,
) -> Image.Image:
    """Show the region of a mask: bright inside with a thin outline, dimmed outside.

    Parameters
    ----------
    mask
        Of any resolution; its edge is drawn smoothly, at the resolution of the picture.
    size
        Pixels of the picture's longer side. Default: the image's own. Small images are enlarged smoothly.
    dim
        Brightness outside, in [0, 1].
    outline
        A color (``#rrggbb`` or a name), or None for no outline.

    Raises
    ------
    ValueError
        ``dim`` outside [0, 1], ``size`` below 1, or an unknown color.
    """
    if not 0 <= dim <= 1:
        raise ValueError(f"dim must be in [0, 1], got {dim:g}")
    picture = as_picture(image)
    picture = picture if size is None else enlarge(picture, size=size, smooth=True)
    distance = _signed_distance(mask, picture)
    inside = np.clip(distance + 0.5, 0, 1)[..., None]
    photo = np.asarray(picture, np.float64) / 255 * (dim + (1 - dim) * inside)
    if outline is not None:
        width = max(1.25, max(picture.size) / 130)
        color = np.array(ImageColor.getrgb(outline)[:3]) / 255
        for half, ink in ((width / 2 + 0.8, np.zeros(3)), (width / 2, color)):  # a dark casing under the bright line
            cover = np.clip(half + 0.5 - np.abs(distance), 0, 1)[..., None] * (0.55 if half > width / 2 else 1.0)
            photo = photo * (1 - cover) + ink * cover
    return _from_array(photo)


def with_colorbar(
    picture: Image.Image, limits: tuple[float, float], *, cmap: str | None = None, background: str = "white"
) -> Image.Image:
    """Put the color scale of ``heatmap`` or ``overlay``, with its ends and 0 written out, to the right of a picture."""
    low, high = check_limits(limits)
    height = picture.height
    letters = font(max(10, min(22, height // 12)))
    ticks = sorted({low, high, *([0.0] if low < 0 < high else [])})
    texts = [f"{tick:.3g}".replace("-", "−") for tick in ticks]
    thick, gap = max(6, height // 16), max(4, height // 32)
    room = max(int(letters.getlength(text)) for text in texts) + 1
    canvas = Image.new("RGB", (picture.width + gap + thick + gap + room, height), background)
    canvas.paste(picture)
    scale = torch.linspace(high, low, height)[:, None].expand(height, thick)
    canvas.paste(_from_array(colorize(scale, limits, cmap)), (picture.width + gap, 0))
    draw = ImageDraw.Draw(canvas)
    for tick, text in zip(ticks, texts, strict=True):
        y = (height - 1) * (high - tick) / (high - low)
        anchor = {high: "la", low: "ld"}.get(tick, "lm")
        draw.text((picture.width + thick + 2 * gap, y), text, fill=ink_on(background), font=letters, anchor=anchor)
    return canvas


@lru_cache(maxsize=32)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font of all pictures, at ``size`` pixels: DejaVu Sans, which comes with matplotlib everywhere."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def _signed_distance(mask: Tensor, picture: Image.Image) -> Float[np.ndarray, "h w"]:
    """Approximate distance to the mask's edge in pixels of the picture, positive inside, good near the edge.

    The mask is enlarged and blurred by about half of its own pixel; value over slope is then the distance to level 0.
    """
    soft = Image.fromarray(np.asarray(mask.cpu().numpy(), np.uint8) * 255).convert("F")
    radius = 0.6 * max(picture.width / soft.width, picture.height / soft.height, 1.0)
    level = soft.resize(picture.size, Image.Resampling.BILINEAR)
    pad = int(4 * radius) + 1  # continue the edge values, so that no outline runs along the border of the picture
    padded = Image.fromarray(np.pad(np.asarray(level), pad, mode="edge").astype(np.uint8))
    blurred = np.asarray(padded.filter(ImageFilter.GaussianBlur(radius)), np.float64)[pad:-pad, pad:-pad] / 255 - 0.5
    down, right = np.gradient(np.pad(blurred, 1, mode="edge"))
    slope = np.hypot(down, right)[1:-1, 1:-1]
    return np.asarray(blurred / np.maximum(slope, 1e-3), np.float64)


def _from_array(colors: Float[np.ndarray, "h w 3"]) -> Image.Image:
    """RGB in [0, 1] -> Pillow image."""
    return Image.fromarray(np.round(np.clip(colors, 0, 1) * 255).astype(np.uint8))
