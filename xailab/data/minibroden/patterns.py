"""The nine textures as functions of a point, compiled.

- ``pattern``  how much of the second color shows at a point of a patterned surface, anti-aliased

Each pattern is a signed distance to the border between the two colors, in periods; times the period in pixels it gives
the share of the pixel that has the second color.
"""
# mypy: disable-error-code="no-any-return"

import math

import numba
import numpy as np
from jaxtyping import Float

from xailab.data.minibroden.surfaces import noise
from xailab.data.minibroden.vocabulary import TEXTURES

Tiles = Float[np.ndarray, "3 256 256"]

STRIPED = TEXTURES.index("striped") + 1
DOTTED = TEXTURES.index("dotted") + 1
CHECKERED = TEXTURES.index("checkered") + 1
ZIGZAGGED = TEXTURES.index("zigzagged") + 1
GRID = TEXTURES.index("grid") + 1
SWIRLY = TEXTURES.index("swirly") + 1
BANDED = TEXTURES.index("banded") + 1
SCALY = TEXTURES.index("scaly") + 1
BLOTCHY = TEXTURES.index("blotchy") + 1


@numba.njit(cache=False)
def _saw(x: float) -> float:
    """Distance to the middle between two integers' stripes: 0.25 inside a stripe's center, -0.25 between stripes."""
    return 0.25 - abs(x - math.floor(x) - 0.5)


@numba.njit(cache=False)
def _scales(x: float, y: float) -> float:
    """Overlapping round scales: the border of the topmost disc at this point; rows are half a period apart."""
    row = math.floor(y * 2.0)
    best = 1.0
    for k in range(2):
        r = row - 1 + k
        cx = x - 0.5 * (r - 2.0 * math.floor(r * 0.5))
        cx = cx - math.floor(cx) - 0.5
        cy = y - r * 0.5
        radius = math.sqrt(cx * cx + (cy * 0.75) ** 2)
        if radius < 0.56:
            best = radius
            break
    return 0.11 - abs(best - 0.49)


@numba.njit(cache=False)
def _border(  # noqa: PLR0911 one return per texture
    kind: int, x: float, y: float, tiles: Tiles, nx: float, ny: float
) -> float:
    """Signed distance to the border of the two colors at (x, y), all in periods; positive where the second color is."""
    if kind == STRIPED:
        return _saw(x)
    if kind == BANDED:
        return (math.sin(6.283185 * x) + 0.7 * math.sin(13.8 * x + 1.0) + 0.3) / 7.5
    if kind == DOTTED:
        shift = 0.5 * (math.floor(y) - 2.0 * math.floor(y * 0.5))
        dx, dy = x + shift, y
        dx, dy = dx - math.floor(dx) - 0.5, dy - math.floor(dy) - 0.5
        return 0.3 - math.sqrt(dx * dx + dy * dy)
    if kind == CHECKERED:
        a, b = _saw(0.5 * x), _saw(0.5 * y)
        return 2.0 * max(min(a, b), -max(a, b))
    if kind == ZIGZAGGED:
        return _saw(x + 0.9 * abs(y - math.floor(y) - 0.5)) * 0.8
    if kind == GRID:
        dx, dy = abs(x - math.floor(x) - 0.5), abs(y - math.floor(y) - 0.5)
        return 0.15 - min(dx, dy)
    if kind == SWIRLY:
        return _saw(0.8 * x + 0.75 * noise(tiles, 2, 11.0 * x + nx, 11.0 * y + ny)) * 0.7
    if kind == SCALY:
        return _scales(x, y)
    return 0.16 * (noise(tiles, 2, 30.0 * x + nx, 30.0 * y + ny) - 0.2)


@numba.njit(cache=False)
def pattern(kind: int, x: float, y: float, pixels: float, tiles: Tiles, nx: float, ny: float) -> float:
    """Return the share of the second color in [0, 1] at (x, y), in periods.

    ``pixels`` is the period's length in pixels; ``nx``, ``ny`` choose a place in the noise tiles.
    """
    share = 0.5 + _border(kind, x, y, tiles, nx, ny) * pixels
    return min(max(share, 0.0), 1.0)
