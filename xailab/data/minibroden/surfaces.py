"""The fifteen materials as functions of a point, compiled.

- ``noise``     a smooth look-up in the periodic tiles
- ``material``  the factor by which a material brightens or darkens its color at a point

A material changes brightness only, never the label of the color: color labels are taken before it.
"""
# mypy: disable-error-code="no-any-return"

import math

import numba
import numpy as np
from jaxtyping import Float

from xailab.data.minibroden.vocabulary import MATERIALS

Tiles = Float[np.ndarray, "3 256 256"]

BRICK = MATERIALS.index("brick") + 1
WOOD = MATERIALS.index("wood") + 1
GLASS = MATERIALS.index("glass") + 1
METAL = MATERIALS.index("metal") + 1
WATER = MATERIALS.index("water") + 1
GRASS = MATERIALS.index("grass") + 1
SAND = MATERIALS.index("sand") + 1
FOLIAGE = MATERIALS.index("foliage") + 1
FABRIC = MATERIALS.index("fabric") + 1
ASPHALT = MATERIALS.index("asphalt") + 1
SNOW = MATERIALS.index("snow") + 1
FUR = MATERIALS.index("fur") + 1
STONE = MATERIALS.index("stone") + 1


@numba.njit(cache=False)
def noise(tiles: Tiles, which: int, x: float, y: float) -> float:
    """Return the noise tile ``which`` at (x, y), in texels, between lattice points linearly; periodic with 256."""
    fx, fy = math.floor(x), math.floor(y)
    i, j = int(fx) & 255, int(fy) & 255
    wx, wy = x - fx, y - fy
    k, below = (i + 1) & 255, (j + 1) & 255
    tile = tiles[which]
    top = tile[j, i] + wx * (tile[j, k] - tile[j, i])
    bottom = tile[below, i] + wx * (tile[below, k] - tile[below, i])
    return float(top + wy * (bottom - top))


@numba.njit(cache=False)
def _brick(u: float, v: float, scale: float) -> float:
    height = max(0.15, 0.042 / scale)  # never below 2.7 of 64 pixels: smaller bricks could not be seen
    row = math.floor(v / height)
    y = v / height - row
    x = u / (2.1 * height) + 0.5 * (row - 2.0 * math.floor(row * 0.5))
    tone = 0.05 * math.sin(12.9 * math.floor(x) + 7.3 * row)
    x -= math.floor(x)
    if y > 0.74 or x > 0.86:
        return 1.36
    return 0.97 + tone


@numba.njit(cache=False)
def _planks(u: float, v: float, tiles: Tiles, nx: float, ny: float) -> float:
    """Boards along v, with a dark joint and a tone of their own."""
    board = math.floor(u / 0.3)
    x = u / 0.3 - board
    tone = 0.10 * math.sin(9.7 * board + nx)
    joint = -0.28 if x < 0.09 else 0.0
    return 1.0 + tone + joint + 0.05 * noise(tiles, 1, 60.0 * u + nx, 9.0 * v + ny)


@numba.njit(cache=False)
def _ground(  # noqa: PLR0911 one return per material
    kind: int, x: float, y: float, horizon: float, tiles: Tiles, nx: float, ny: float
) -> float:
    """Materials that lie on the ground, seen in perspective: the grain grows towards the viewer."""
    near = max(y - horizon, 0.0)
    depth = 1.0 / (near + 0.22)
    gx, gy = (x - 0.5) * depth * 0.62, depth * 0.55
    fade = min(0.35 + 2.2 * near, 1.0)
    if kind == WOOD:
        return _planks((x - 0.5) / (near + 0.42) * 1.25, gy * 2.0, tiles, nx, ny)
    fine = noise(tiles, 0, 128.0 * x + nx, 128.0 * y + ny)
    medium = noise(tiles, 1, 110.0 * gx + nx, 210.0 * gy + ny)
    coarse = noise(tiles, 2, 40.0 * gx + nx, 90.0 * gy + ny)
    if kind == GRASS:
        return 1.0 + fade * (0.12 * fine + 0.11 * medium) + 0.06 * coarse
    if kind == SAND:
        ripple = math.sin(75.0 * gy + 1.7 * coarse)
        return 1.0 + fade * (0.06 * fine + 0.03 * medium + 0.035 * ripple) + 0.03 * coarse
    if kind == SNOW:
        return 1.0 + 0.02 * fine + 0.035 * coarse
    if kind == WATER:
        wave = math.sin(150.0 * gy + 2.6 * noise(tiles, 2, 46.0 * gx + nx, 60.0 * gy + ny))
        return 1.0 + fade * (0.13 * wave + 0.03 * fine) + 0.05 * coarse
    if kind == STONE:
        return 1.0 + fade * (0.06 * fine + 0.035 * medium)
    return 1.0 + fade * 0.085 * fine + 0.03 * coarse


@numba.njit(cache=False)
def material(  # noqa: PLR0911, PLR0912 one return per material
    kind: int, u: float, v: float, x: float, y: float, scale: float, horizon: float, tiles: Tiles, nx: float, ny: float
) -> float:
    """Return the brightness factor of a material (its position in the vocabulary, from 1; 0 is none).

    Local (u, v) carries what belongs to the object (bricks, boards), picture (x, y) the grain. ``horizon`` >= 0 lays
    the material on the ground below that height.
    """
    if kind == 0:
        return 1.0
    if horizon >= 0.0:
        return _ground(kind, x, y, horizon, tiles, nx, ny)
    if kind == BRICK:
        return _brick(u, v, scale)
    if kind == GLASS:
        s = (u + v) * 1.6
        return 1.0 - 0.08 * v + (0.25 if s - math.floor(s) < 0.3 else 0.0)
    if kind == METAL:
        return 1.0 + 0.24 * math.exp(-(((v + 0.12) / 0.14) ** 2)) - 0.10 * v
    fine = noise(tiles, 0, 128.0 * x + nx, 128.0 * y + ny)
    if kind == WOOD:
        return 1.0 + 0.13 * math.sin(21.0 * v + 2.0 * noise(tiles, 2, 30.0 * u + nx, 30.0 * v + ny)) + 0.04 * fine
    if kind == WATER:
        wave = math.sin(70.0 * y + 1.6 * noise(tiles, 2, 40.0 * x + nx, 40.0 * y + ny))
        return 1.0 + 0.06 * wave + 0.02 * fine
    if kind == FUR:
        return (
            1.0
            + 0.10 * math.sin(8.0 * u + 27.0 * v + 1.8 * noise(tiles, 1, 60.0 * u + nx, 60.0 * v + ny))
            + 0.08 * fine
        )
    if kind == FABRIC:
        return 1.0 + 0.045 * noise(tiles, 2, 50.0 * u + nx, 30.0 * v + ny) + 0.02 * fine
    medium = noise(tiles, 1, 120.0 * x + nx, 120.0 * y + ny)
    if kind == FOLIAGE:
        return 1.0 + 0.17 * medium + 0.10 * fine
    if kind == GRASS:
        return 1.0 + 0.12 * fine + 0.11 * medium
    if kind == STONE:
        return 1.0 + 0.13 * medium + 0.05 * fine
    if kind in (SAND, ASPHALT):
        return 1.0 + 0.07 * fine
    if kind == SNOW:
        return 1.0 + 0.025 * fine + 0.02 * medium
    return 1.0
