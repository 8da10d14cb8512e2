"""Projections as pictures, and what is done to their numbers to show them.

How strong a value must be to be drawn at full strength:

- ``own_scales``    for each projection by itself: every picture has full contrast, strengths do not compare
- ``shared_scale``  one for a set: strengths compare, weak projections stay gray

What is drawn:

- ``signed_picture``     the values themselves: 0 is gray, a channel's positive values are bright, negative ones dark
- ``magnitudes``, ``magnitude_picture``  how strong each pixel is, over its channels, as heat
- ``window``, ``crop``   the part around the center of a receptive field, of one size for all
- ``full_extent``, ``tight_extent``  that size: the whole field, or as little as holds 90 % of the projections
- ``framed``             a whole image with the receptive field drawn in
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from xailab import render
from xailab.receptive import Box
from xailab.render.pictures import OUTLINE, as_picture

PERCENTILE = 99.9
"""Of the magnitudes that are not 0. High, because the strongest few are the object and the many weak ones are noise."""

MARGIN = 0.08
"""Seen around a whole receptive field, as a part of its size: one should see that the projection ends there."""

SHARE = 0.9
"""Of a unit's squared projections that lies in the part shown of each."""


def own_scales(pixels: Float[Tensor, "b c h w"], *, percentile: float = PERCENTILE) -> Float[Tensor, " b"]:
    """Return for each projection the magnitude that is drawn at full strength: a percentile of those that are not 0.

    Zeros are left out, because most of a projection may lie outside of the receptive field. A projection of nothing but
    zeros gets 1.

    Raises
    ------
    ValueError
        A percentile outside (0, 100], NaN or infinite values.
    """
    return torch.tensor([shared_scale(one[None], percentile=percentile) for one in pixels])


def shared_scale(pixels: Float[Tensor, "b c h w"], *, percentile: float = PERCENTILE) -> float:
    """Return one magnitude for a set of projections: the percentile of all their values that are not 0; 1 if none is.

    Raises
    ------
    ValueError
        As ``own_scales``.
    """
    if not 0 < percentile <= 100:
        raise ValueError(f"percentile must be above 0 and at most 100, got {percentile:g}")
    values = pixels.detach().abs().flatten()
    if not bool(values.isfinite().all()):
        raise ValueError("the projections have NaN or infinite values")
    values = values[values > 0]
    if not values.numel():
        return 1.0
    rank = max(1, math.ceil(values.numel() * percentile / 100))  # torch.quantile stops at 16 million values
    return float(values.kthvalue(rank).values)


def signed_picture(pixels: Float[Tensor, "c h w"], scale: float) -> Image.Image:
    """Draw a projection: a channel's value v becomes brightness 1/2 + v / (2 scale), cut at black and full brightness.

    0 is gray, and all channels have one scale, so that colors are those of the values: red where the red channel is
    positive, cyan where it is negative. Nothing is added, such as the mean of the training images.

    Parameters
    ----------
    pixels
        Of 3 channels, taken for red, green and blue, or of 1, drawn in gray.
    scale
        The magnitude drawn at full strength: ``own_scales`` or ``shared_scale``.

    Raises
    ------
    ValueError
        Another number of channels, or a scale that is not a positive number.
    """
    if pixels.shape[0] not in (1, 3):
        raise ValueError(
            f"a picture in color needs 3 channels, or 1 for gray, got {pixels.shape[0]}; see magnitude_picture"
        )
    _check_scale(scale)
    shown = (0.5 + pixels.detach().float() / (2 * scale)).clamp(0, 1)
    return as_picture(shown.expand(3, -1, -1))


def magnitudes(pixels: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h w"]:
    """Return the Euclidean norm of each pixel over its channels. Signs and colors are lost, places are kept."""
    return pixels.detach().square().sum(1, keepdim=True).sqrt()


def magnitude_picture(pixels: Float[Tensor, "c h w"], scale: float) -> Image.Image:
    """Draw ``magnitudes`` as heat, black for 0, for any number of channels.

    Parameters
    ----------
    pixels
        A projection.
    scale
        The magnitude drawn brightest, ``own_scales(magnitudes(pixels))`` for example.

    Raises
    ------
    ValueError
        A scale that is not a positive number.
    """
    _check_scale(scale)
    return render.heatmap(magnitudes(pixels[None])[0, 0], limits=(0.0, scale))


def window(box: Box, extent: tuple[int, int], image_size: tuple[int, int]) -> Box:
    """Return the part of an image to show around a receptive field: of the same size for every cell of a layer.

    Its center is the field's, but where it would reach over the image's border it is moved inside; it is no larger than
    the image.

    Parameters
    ----------
    box
        The cell's field as if the image went on beyond its border (``ReceptiveField.uncut_box``).
    extent
        Height and width of the part: ``full_extent`` or ``tight_extent``.
    image_size
        Height and width of the image.
    """
    top, bottom = _around(box.top + box.bottom, extent[0], image_size[0])
    left, right = _around(box.left + box.right, extent[1], image_size[1])
    return Box(top, left, bottom, right)


def full_extent(size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a whole receptive field with a margin: outside, every projection is gray."""
    height, width = (side + 2 * max(2, round(MARGIN * side)) for side in size)
    return (height, width)


def tight_extent(
    pixels: Float[Tensor, "b c h w"], boxes: Sequence[Box], size: tuple[int, int], *, share: float = SHARE
) -> tuple[int, int]:
    """Return height and width of the smallest parts around the fields' centers that hold most of some projections.

    Most of the theoretical field of a deep layer has little influence (Luo et al. 2016). At least a third of the field
    and 16 pixels are shown, and no more than ``full_extent``.

    Parameters
    ----------
    pixels
        The projections.
    boxes
        Their uncut fields.
    size
        Height and width of the layer's fields.
    share
        Of the sum of the squared values, on average over the projections.
    """
    full, image_size = full_extent(size), (pixels.shape[2], pixels.shape[3])
    energy = pixels.detach().square().sum(1)
    total = energy.sum((1, 2))
    some = total > 0
    if not bool(some.any()):
        return full
    for part in range(8, 24):
        height, width = (min(most, max(16, math.ceil(side * part / 24))) for most, side in zip(full, size, strict=True))
        parts = [window(box, (height, width), image_size) for box in boxes]
        held = torch.stack([crop(one[None], place).sum() for one, place in zip(energy, parts, strict=True)])
        if float((held[some] / total[some]).mean()) >= share:
            return (height, width)
    return full


def crop(pixels: Float[Tensor, "c h w"], part: Box) -> Float[Tensor, "c p q"]:
    """Return a part of an image or a projection. Raises ValueError where it is empty or reaches outside."""
    height, width = pixels.shape[1:]
    if not (0 <= part.top < part.bottom <= height and 0 <= part.left < part.right <= width):
        raise ValueError(f"no part {part} in an image of {height} x {width}")
    return pixels[:, part.top : part.bottom, part.left : part.right]


def framed(image: Image.Image | Float[Tensor, "3 h w"], box: Box, *, size: int, color: str = OUTLINE) -> Image.Image:
    """Draw a box into a whole image.

    Parameters
    ----------
    image
        RGB in [0, 1], or a picture.
    box
        In the image's pixels.
    size
        The picture's longer side; the image is enlarged smoothly, the line stays thin.
    color
        Of the line, which has a dark casing.
    """
    small = as_picture(image)
    picture = render.enlarge(small, size=size, smooth=True)
    across, down = picture.width / small.width, picture.height / small.height
    corners = (
        round(box.left * across),
        round(box.top * down),
        max(round(box.right * across), round(box.left * across) + 3) - 1,
        max(round(box.bottom * down), round(box.top * down) + 3) - 1,
    )
    thick = max(2, size // 110)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(
        [c + shift for c, shift in zip(corners, (-1, -1, 1, 1), strict=True)], outline="black", width=thick + 2
    )
    draw.rectangle(corners, outline=color, width=thick)
    return picture


def _around(twice_center: int, extent: int, pixels: int) -> tuple[int, int]:
    """Return begin and end, along one axis, of the part of an image around a field."""
    extent = min(pixels, extent)
    begin = min(max((twice_center - extent) // 2, 0), pixels - extent)
    return begin, begin + extent


def _check_scale(scale: float) -> None:
    """Refuse a scale by which nothing can be divided."""
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"scale must be a positive number, got {scale:g}")
