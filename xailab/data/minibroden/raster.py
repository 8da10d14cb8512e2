"""Painting a table of strokes into pixels and labels, compiled.

- ``draw``    paint all strokes in order
- ``finish``  exposure, vignette and sensor noise; bytes
- ``census``  how many pixels of each part of each instance are visible, and in which box

Every stroke is painted inside its bounding box only; distance, coverage, surface, light and labels are worked out in
one visit to the pixel. Nothing runs in parallel and no fast-math rewriting is allowed, so that the bits never depend on
anything but the arguments.
"""
# mypy: disable-error-code="no-any-return"

import math
from collections.abc import Callable

import numba
import numpy as np
from jaxtyping import Float, Int, UInt8

from xailab.data.minibroden import columns as c
from xailab.data.minibroden.distances import distance
from xailab.data.minibroden.patterns import pattern
from xailab.data.minibroden.sources import digest
from xailab.data.minibroden.surfaces import material, noise

Row = Float[np.ndarray, " width"]
Points = Float[np.ndarray, "m 3"]
Tiles = Float[np.ndarray, "3 256 256"]
Draw = Callable[..., tuple[Float[np.ndarray, "s s 3"], Float[np.ndarray, "s s 3"], UInt8[np.ndarray, "5 s s"]]]
Finish = Callable[..., UInt8[np.ndarray, "h w 3"]]
_COMPILED = ("columns.py", "distances.py", "patterns.py", "raster.py", "surfaces.py", "vocabulary.py")


@numba.njit(cache=False)
def _pixel_box(row: Row, size: int) -> tuple[int, int, int, int]:
    """Return the first and last + 1 pixel, in x and y, that a stroke may touch."""
    scale, cos, sin, flip = row[c.FRAME_SCALE], row[c.FRAME_COS], row[c.FRAME_SIN], row[c.FLIP]
    low_x = low_y = 1e9
    high_x = high_y = -1e9
    for i in range(4):
        u = flip * (row[c.LEFT] if i % 2 == 0 else row[c.RIGHT])
        v = row[c.TOP] if i < 2 else row[c.BOTTOM]
        x, y = cos * u - sin * v, sin * u + cos * v
        low_x, high_x = min(low_x, x), max(high_x, x)
        low_y, high_y = min(low_y, y), max(high_y, y)
    margin = 1.0 + row[c.SOFT] * size
    x0 = int(max((row[c.FRAME_X] + scale * low_x) * size - margin, 0.0))
    y0 = int(max((row[c.FRAME_Y] + scale * low_y) * size - margin, 0.0))
    x1 = int(min(max((row[c.FRAME_X] + scale * high_x) * size + margin + 1.0, 0.0), size))
    y1 = int(min(max((row[c.FRAME_Y] + scale * high_y) * size + margin + 1.0, 0.0), size))
    return x0, x1, y0, y1


@numba.njit(cache=False)
def _second_share(row: Row, u: float, v: float, pixels_per_unit: float, tiles: Tiles) -> float:
    """Return how much of the stroke's second color shows at local (u, v)."""
    kind = int(row[c.PATTERN])
    if kind == 0:
        return 0.0
    period = row[c.PERIOD]
    if kind == c.GRADIENT:
        share = (v - row[c.PATTERN_COS]) / (row[c.PATTERN_SIN] - row[c.PATTERN_COS])
        return float(min(max(share, 0.0), 1.0))
    if kind == c.PANES:
        x, y = math.floor((u - row[c.A0]) / row[c.A4]), math.floor((v - row[c.A1]) / row[c.A5])
        dice = math.sin(12.9898 * x + 78.233 * y + row[c.NOISE_X]) * 43758.5453
        return 1.0 if dice - math.floor(dice) < period else 0.0
    x = (row[c.PATTERN_COS] * u + row[c.PATTERN_SIN] * v) / period
    y = (row[c.PATTERN_COS] * v - row[c.PATTERN_SIN] * u) / period
    return pattern(kind, x, y, period * pixels_per_unit, tiles, row[c.NOISE_X], row[c.NOISE_Y])


@numba.njit(cache=False)
def _lightness(row: Row, u: float, v: float, light_u: float, light_v: float) -> tuple[float, float]:
    """Return the factor and the highlight of a softly rounded body, lit from the direction (light_u, light_v)."""
    rx, ry = 0.5 * (row[c.RIGHT] - row[c.LEFT]) + 1e-6, 0.5 * (row[c.BOTTOM] - row[c.TOP]) + 1e-6
    x, y = (u - row[c.LEFT]) / rx - 1.0, (v - row[c.TOP]) / ry - 1.0
    facing = x * light_u + y * light_v
    factor = 1.0 + row[c.SHADE] * (facing - 0.35 * (x * x + y * y) + 0.12)
    shine = 0.0
    if row[c.GLOSS] > 0.0:
        dx, dy = x - 0.45 * light_u, y - 0.45 * light_v
        shine = row[c.GLOSS] * math.exp(-7.0 * (dx * dx + dy * dy))
    return factor, shine


@numba.njit(cache=False)
def _label(
    row: Row,
    share: float,
    setting: Float[np.ndarray, " 8"],
    i: int,
    j: int,
    flat: Float[np.ndarray, "h w 3"],
    labels: UInt8[np.ndarray, "5 h w"],
) -> None:
    """Write a stroke's labels and its plain color into pixel (i, j). At the border of two colors it is one of them."""
    if row[c.PATTERN] != c.GRADIENT:
        share = 1.0 if share > 0.5 else 0.0
    for k in range(3):
        ambient = 1.0 if row[c.EMITS] > 0.0 else setting[2 + k]
        value = (row[c.RED + k] + share * (row[c.RED2 + k] - row[c.RED + k])) * ambient
        flat[j, i, k] = value + row[c.HAZE] * (setting[5 + k] - value)
    for k in range(5):
        labels[k, j, i] = np.uint8(row[c.OBJECT + k])


@numba.njit(cache=False)
def _stroke(
    row: Row,
    points: Points,
    setting: Float[np.ndarray, " 8"],
    tiles: Tiles,
    size: int,
    image: Float[np.ndarray, "h w 3"],
    flat: Float[np.ndarray, "h w 3"],
    labels: UInt8[np.ndarray, "5 h w"],
) -> None:
    """Paint one stroke. Cost O(pixels of its box x points of its shape)."""
    x0, x1, y0, y1 = _pixel_box(row, size)
    scale, flip = row[c.FRAME_SCALE], row[c.FLIP]
    cos, sin = row[c.FRAME_COS] / scale, row[c.FRAME_SIN] / scale
    light_u = flip * (row[c.FRAME_COS] * setting[0] + row[c.FRAME_SIN] * setting[1])
    light_v = row[c.FRAME_COS] * setting[1] - row[c.FRAME_SIN] * setting[0]
    sharpness = scale * size / (1.0 + row[c.SOFT] * size)
    kind = int(row[c.MATERIAL])
    rough, haze, nx, ny = row[c.ROUGH], row[c.HAZE], row[c.NOISE_X], row[c.NOISE_Y]
    emits, quiet, soft = row[c.EMITS] > 0.0, row[c.QUIET] > 0.0, row[c.SOFT] > 0.0
    for j in range(y0, y1):
        y = (j + 0.5) / size
        for i in range(x0, x1):
            x = (i + 0.5) / size
            dx, dy = x - row[c.FRAME_X], y - row[c.FRAME_Y]
            u, v = flip * (cos * dx + sin * dy), cos * dy - sin * dx
            d = distance(u, v, row, points)
            if rough != 0.0:
                d += rough * noise(tiles, 1, 40.0 * u + nx, 40.0 * v + ny)
            cover = 0.5 - d * sharpness
            if cover <= 0.0:
                continue
            cover = min(cover, 1.0)
            if soft:
                cover = cover * cover * (3.0 - 2.0 * cover)
            share = _second_share(row, u, v, scale * size, tiles)
            factor, shine = _lightness(row, u, v, light_u, light_v)
            factor *= material(kind, u, v, x, y, scale, row[c.HORIZON], tiles, nx, ny)
            alpha = cover * row[c.OPACITY]
            for k in range(3):
                value = row[c.RED + k] + share * (row[c.RED2 + k] - row[c.RED + k])
                value = value * (1.0 if emits else setting[2 + k]) * factor + shine
                value += haze * (setting[5 + k] - value)
                image[j, i, k] += alpha * (min(max(value, 0.0), 1.0) - image[j, i, k])
            if cover > 0.5 and not quiet:
                _label(row, share, setting, i, j, flat, labels)


@numba.njit(cache=False)
def _draw(
    rows: Float[np.ndarray, "n width"], points: Points, setting: Float[np.ndarray, " 8"], tiles: Tiles, size: int
) -> tuple[Float[np.ndarray, "s s 3"], Float[np.ndarray, "s s 3"], UInt8[np.ndarray, "5 s s"]]:
    """Paint all strokes in order (``draw``).

    Parameters
    ----------
    rows
        Float64 (n, columns.WIDTH), one stroke each.
    points
        Float64 (m, 3): the corners of polygons and the centers and radii of blobs.
    setting
        Float64 (8,): the direction to the light (x, y), the ambient color, the color of haze.
    tiles
        ``noise.TILES``.
    size
        Pixels per side.

    Returns
    -------
    image, flat, labels
        Float64 (size, size, 3) as seen; the same without shading, grain and gloss (from which colors are named); uint8
        (5, size, size), planes as in ``columns.PLANES``.
    """
    image = np.zeros((size, size, 3))
    flat = np.zeros((size, size, 3))
    labels = np.zeros((5, size, size), np.uint8)
    for k in range(rows.shape[0]):
        _stroke(rows[k], points, setting, tiles, size, image, flat, labels)
    return image, flat, labels


@numba.njit(cache=False)
def _mixed(value: np.uint64) -> np.uint64:
    """Scramble 64 bits (splitmix64's finalizer)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=False)
def _finish(
    image: Float[np.ndarray, "h w 3"], exposure: float, grain: float, key: np.uint64, tiles: Tiles, nx: float, ny: float
) -> UInt8[np.ndarray, "h w 3"]:
    """Return the picture as uint8: exposure, a faint unevenness of light, a vignette, and sensor noise.

    The noise of a pixel is the sum of two random numbers (a triangular distribution) of standard deviation ``grain``,
    from a hash of ``key`` (uint64) and the pixel's position.
    """
    size = image.shape[0]
    out = np.empty(image.shape, np.uint8)
    state = key
    for j in range(size):
        y = (j + 0.5) / size
        for i in range(size):
            x = (i + 0.5) / size
            light = exposure * (1.0 + 0.025 * noise(tiles, 2, 40.0 * x + nx, 40.0 * y + ny))
            light *= 1.0 - 0.16 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
            state += np.uint64(0x9E3779B97F4A7C15)
            low = _mixed(state)
            for k in range(3):
                both = (low >> np.uint64(20 * k)) & np.uint64(0xFFFFF)
                total = (both & np.uint64(1023)) + (both >> np.uint64(10))
                jitter = (float(total) - 1023.0) / 417.7
                value = image[j, i, k] * light + grain * jitter
                out[j, i, k] = np.uint8(min(max(value, 0.0), 1.0) * 255.0 + 0.5)
    return out


@numba.njit(cache=True)
def name_colors(flat: Float[np.ndarray, "h w 3"], table: UInt8[np.ndarray, "32 32 32"]) -> UInt8[np.ndarray, "h w"]:
    """Return uint8 (h, w): the entry of a (32, 32, 32) table at each pixel's color."""
    h, w = flat.shape[:2]
    out = np.empty((h, w), np.uint8)
    for j in range(h):
        for i in range(w):
            r = min(max(int(flat[j, i, 0] * 32.0), 0), 31)
            g = min(max(int(flat[j, i, 1] * 32.0), 0), 31)
            b = min(max(int(flat[j, i, 2] * 32.0), 0), 31)
            out[j, i] = table[r, g, b]
    return out


@numba.njit(cache=True)
def census(
    instances: UInt8[np.ndarray, "h w"], parts: UInt8[np.ndarray, "h w"], count: int
) -> tuple[Int[np.ndarray, "n 4"], Int[np.ndarray, "n 256"]]:
    """Count what is visible of each instance.

    Returns
    -------
    boxes, pixels
        Int64 (count + 1, 4) as x0, y0, x1, y1 with the ends excluded (x0 >= x1 where nothing is visible), and int64
        (count + 1, 256): pixels per part number; part 0 is what carries no part.
    """
    h, w = instances.shape
    boxes = np.zeros((count + 1, 4), np.int64)
    boxes[:, 0], boxes[:, 1] = w, h
    pixels = np.zeros((count + 1, 256), np.int64)
    for j in range(h):
        for i in range(w):
            k = instances[j, i]
            pixels[k, parts[j, i]] += 1
            boxes[k, 0], boxes[k, 2] = min(boxes[k, 0], i), max(boxes[k, 2], i + 1)
            boxes[k, 1], boxes[k, 3] = min(boxes[k, 1], j), max(boxes[k, 3], j + 1)
    return boxes, pixels


def _bound(sources: str) -> tuple[Draw, Finish]:
    """Return ``draw`` and ``finish`` as they are called from Python, compiled once and then kept on disk.

    numba keeps compiled code until the file of the *called* function changes, and would not notice a change in the
    files of what that calls. But what is closed over is part of its key: so these two close over the hash of all
    compiled sources, and what they call is not kept on its own.
    """

    @numba.njit(cache=True)
    def draw(rows, points, setting, tiles, size):  # type: ignore[no-untyped-def]
        sources  # noqa: B018 closing over it is all
        return _draw(rows, points, setting, tiles, size)

    @numba.njit(cache=True)
    def finish(image, exposure, grain, key, tiles, nx, ny):  # type: ignore[no-untyped-def]
        sources  # noqa: B018 closing over it is all
        return _finish(image, exposure, grain, key, tiles, nx, ny)

    return draw, finish


draw, finish = _bound(digest(_COMPILED))
