"""Bringing an image of any size to a given one, in two ways.

- ``crop``    keep the aspect ratio: cover the size, then cut out the center
- ``squash``  ignore the aspect ratio, as Broden does
- ``FITS``    both by name
"""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from xailab.errors import UnknownName
from xailab.images import resize

Fit = Callable[[Tensor, tuple[int, int]], Tensor]


def crop(image: Float[Tensor, "3 h w"], size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
    """Resize until the image just covers ``size`` (height, width), then cut out the center."""
    height, width = size
    scale = max(height / image.shape[1], width / image.shape[2])
    covering = max(height, round(image.shape[1] * scale)), max(width, round(image.shape[2] * scale))
    image = resize(image[None], covering)[0]
    top, left = (covering[0] - height) // 2, (covering[1] - width) // 2
    return image[:, top : top + height, left : left + width].contiguous()


def squash(image: Float[Tensor, "3 h w"], size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
    """Resize to ``size`` (height, width) whatever the aspect ratio."""
    return resize(image[None], size)[0]


FITS: dict[str, Fit] = {"crop": crop, "squash": squash}


def fit_named(name: str) -> Fit:
    """Return ``crop`` or ``squash``. Raises UnknownName."""
    if name not in FITS:
        raise UnknownName("fit", name, FITS)
    return FITS[name]


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width; one number means a square. Raises ValueError below 1 pixel."""
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")
    return height, width
