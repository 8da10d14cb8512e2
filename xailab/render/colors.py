"""Which color stands for what, everywhere in xailab.

- ``CATEGORY_COLORS``, ``category_color``  one color per category of concepts
- ``shared_limits``                        one color scale for values that are to be compared
- ``colorize``                             values -> RGB on a sequential or diverging scale
- ``ink_on``                               black or white writing for a background
"""

import hashlib
import math

import matplotlib
import numpy as np
from jaxtyping import Float
from PIL import ImageColor
from torch import Tensor

CATEGORY_COLORS = {
    "object": "#0072b2",
    "part": "#56b4e9",
    "scene": "#009e73",
    "material": "#e69f00",
    "texture": "#d55e00",
    "color": "#cc79a7",
}
"""The six categories of Broden, in the palette of Okabe and Ito (2008), which color-blind people can tell apart."""

OTHER_COLORS = ("#332288", "#88ccee", "#117733", "#999933", "#882255", "#aa4499", "#6b6b6b", "#a65628")
"""For categories of other data sets and for series of charts; mostly Paul Tol's muted scheme."""

SEQUENTIAL = "inferno"
"""matplotlib's name of the scale for values from 0 up: dark is none."""

DIVERGING = "RdBu_r"
"""matplotlib's name of the scale for signed values: blue below 0, white at 0, red above."""

MISSING = (0.6, 0.6, 0.6)
"""The gray of NaN."""


def category_color(category: str) -> str:
    """Return a category's color as ``#rrggbb``; names outside Broden too have the same one on every machine."""
    if category in CATEGORY_COLORS:
        return CATEGORY_COLORS[category]
    digest = hashlib.sha256(category.encode()).digest()
    return OTHER_COLORS[digest[0] % len(OTHER_COLORS)]


def shared_limits(*values: Float[Tensor, "..."]) -> tuple[float, float]:
    """Return the ends of one color scale that holds all the values, so that pictures of them can be compared.

    Signed values get (-m, m), so that 0 is the neutral color; values >= 0 get (0, m). m is the largest magnitude, or 1
    where all values are 0. NaN is left out.

    Raises
    ------
    ValueError
        No values, or infinite ones.
    """
    low, high = 0.0, 0.0
    for value in values:
        finite = value.detach()[~value.isnan()]
        if finite.numel():
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if not values or not math.isfinite(high - low):
        raise ValueError(
            "a color scale needs finite values" + (f", got {low:g} to {high:g}" if values else ", got none")
        )
    top = max(-low, high) or 1.0
    return (-top if low < 0 else 0.0, top)


def colorize(
    values: Float[Tensor, "h w"], limits: tuple[float, float], cmap: str | None = None
) -> Float[np.ndarray, "h w 3"]:
    """Return float64 RGB in [0, 1]: a diverging scale if the limits reach below 0, else sequential, or ``cmap``.

    Values beyond the limits get the color of the nearer end, NaN is gray.
    """
    low, high = check_limits(limits)
    if cmap is None and low < 0 and low != -high:
        raise ValueError(f"signed limits must be symmetric, or 0 is not the neutral color; got {low:g} and {high:g}")
    cells = values.detach().double().cpu().numpy()
    positions = np.clip((cells - low) / (high - low), 0, 1)
    colors = matplotlib.colormaps[cmap or (DIVERGING if low < 0 else SEQUENTIAL)](np.nan_to_num(positions))[..., :3]
    colors[np.isnan(cells)] = MISSING
    return np.asarray(colors, np.float64)


def ink_on(background: str) -> str:
    """Return ``"black"`` or ``"white"``, whichever is read better on a background color (``#rrggbb`` or a name)."""
    red, green, blue = ImageColor.getrgb(background)[:3]
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127 else "white"  # weights of Rec. 709


def check_limits(limits: tuple[float, float]) -> tuple[float, float]:
    """Return the limits if they are the two ends of a scale. Raises ValueError otherwise."""
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"limits must be finite and ascending, got {low:g} and {high:g}; see render.shared_limits")
    return low, high
