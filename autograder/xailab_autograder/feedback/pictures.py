"""Expected beside yours: a picture that makes a mistake in an array visible.

- ``comparison``  two arrays -> a data URI of an SVG, or None where a picture shows nothing

Written without a plotting library, which would take longer to import than the check itself takes.
"""

import base64
import io
import itertools
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from xailab_autograder.feedback.cleaning import one_line

LARGEST = 512
"""Cells along an axis; larger arrays are not drawn."""

FEWEST = 4
"""Numbers; fewer are read as easily as seen."""

WITH_NUMBERS = 8
"""Cells along an axis up to which each cell shows its number."""

SEQUENTIAL = ((0, 0, 4), (33, 12, 74), (87, 16, 110), (138, 34, 106), (188, 55, 84),
              (228, 90, 49), (249, 142, 9), (249, 203, 53), (252, 255, 164))  # fmt: skip
"""matplotlib's inferno, the scale of ``xailab.render``, at nine points."""

DIVERGING = ((5, 48, 97), (42, 113, 178), (107, 172, 209), (194, 221, 236), (247, 246, 246),
             (251, 204, 180), (228, 128, 102), (186, 40, 50), (103, 0, 31))  # fmt: skip
"""matplotlib's RdBu_r at nine points: blue below 0, red above."""

MISSING = (153, 153, 153)
PANEL = 190
NARROWEST, LOWEST, SMALLEST = 140, 26, 34
GAP = 26
TOP = 62
INK, SOFT = "#1b2330", "#566071"
FONT = 'font-family="DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif"'


def comparison(expected: np.ndarray, got: np.ndarray, title: str) -> str | None:
    """Draw expected | yours | difference as heat maps, the first two on one color scale.

    Small maps show their numbers. Of an array with more than two axes the plane with the largest difference is drawn.
    Arrays of different shapes are drawn without the difference.

    Parameters
    ----------
    expected, got
        Real numbers or booleans.
    title
        The case's name.

    Returns
    -------
    The value of an ``src`` attribute; None for a few numbers, complex ones, or too many cells.
    """
    if any(array.dtype.kind not in "biuf" or array.ndim == 0 or not array.size for array in (expected, got)):
        return None
    if max(expected.size, got.size) < FEWEST:
        return None
    right, mine = (array.astype(np.float64) for array in (expected, got))
    right, mine, place = _planes(right, mine)
    if max(*right.shape, *mine.shape) > LARGEST:
        return None
    panels = [("expected", right, _limits(right, mine)), ("yours", mine, _limits(right, mine))]
    if right.shape == mine.shape:
        with np.errstate(invalid="ignore", over="ignore"):
            difference = mine - right
        panels.append(("yours - expected", difference, _signed(difference)))
    else:
        place += f", shapes {' x '.join(map(str, expected.shape))} and {' x '.join(map(str, got.shape))}"
    drawing = _svg(panels, one_line(title, 70) + place)
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


Panel = tuple[str, np.ndarray, tuple[float, float]]


def _planes(right: np.ndarray, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """Return a plane of each, and which one it is in words."""
    if right.shape != mine.shape:
        return _first_plane(right), _first_plane(mine), ""
    if right.ndim <= 2:
        return np.atleast_2d(right), np.atleast_2d(mine), ""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.nan_to_num(np.abs(mine - right), nan=np.inf).reshape(*right.shape[:-2], -1).max(-1)
    where = np.unravel_index(int(apart.argmax()), apart.shape)
    return right[where], mine[where], f", plane [{', '.join(str(int(i)) for i in where)}, :, :]"


def _first_plane(array: np.ndarray) -> np.ndarray:
    return np.atleast_2d(array[(0,) * max(array.ndim - 2, 0)])


def _limits(*arrays: np.ndarray) -> tuple[float, float]:
    """Return one scale for all: (0, m) or, where something is negative, (-m, m)."""
    finite = np.concatenate([array[np.isfinite(array)].ravel() for array in arrays])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    top = max(-low, high) or 1.0
    return (-top if low < 0 else 0.0), top


def _signed(difference: np.ndarray) -> tuple[float, float]:
    """Return the scale of a difference: 0 is always the neutral color."""
    top = max(map(abs, _limits(difference)))
    return -top, top


def _colors(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Return 8-bit RGB per cell."""
    low, high = limits
    stops = np.array(DIVERGING if low < 0 else SEQUENTIAL, np.float64)
    position = np.clip(np.nan_to_num(values / high, nan=0, posinf=1, neginf=-1), -1 if low < 0 else 0, 1)
    position = (position + 1) / 2 if low < 0 else position
    position = position * (len(stops) - 1)
    left = np.minimum(position.astype(int), len(stops) - 2)
    part = (position - left)[..., None]
    rgb = stops[left] * (1 - part) + stops[left + 1] * part
    rgb[np.isnan(values)] = MISSING
    return np.asarray(np.rint(rgb), np.uint8)


def _svg(panels: Sequence[Panel], title: str) -> str:
    """Put the panels side by side."""
    most = max(max(values.shape) for _, values, _ in panels)
    cell = min(max(PANEL / most, SMALLEST), 46.0) if most <= WITH_NUMBERS else PANEL / most
    widths = [max(values.shape[1] * cell, NARROWEST) for _, values, _ in panels]
    depth = max(_depth(values, cell) for _, values, _ in panels)
    width = max(sum(widths) + GAP * (len(panels) + 1), 8.2 * len(title) + 2 * GAP)
    height = TOP + depth + 28
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" {FONT}>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        _label(GAP, 24, f'font-size="13" font-weight="600" fill="{INK}"', title),
    ]
    left = float(GAP)
    for (name, values, limits), taken in zip(panels, widths, strict=True):
        parts.append(_label(left, TOP - 9, f'font-size="12" fill="{SOFT}"', name))
        parts += _cells(values, limits, (left, float(TOP)), cell)
        scale = f"colors: {limits[0]:.3g} to {limits[1]:.3g}"
        parts.append(_label(left, TOP + _depth(values, cell) + 17, f'font-size="11" fill="{SOFT}"', scale))
        left += taken + GAP
    return "".join([*parts, "</svg>"])


def _label(x: float, y: float, style: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _depth(values: np.ndarray, cell: float) -> float:
    """Return the height of a heat map; a row of many narrow cells is drawn high enough to be seen."""
    return float(max(values.shape[0] * cell, LOWEST))


def _cells(values: np.ndarray, limits: tuple[float, float], corner: tuple[float, float], cell: float) -> Iterator[str]:
    """Draw one heat map: cells with numbers where they are few, else one picture."""
    colors, (left, top) = _colors(values, limits), corner
    rows, columns = values.shape
    place = f'x="{left:.1f}" y="{top:.1f}" width="{columns * cell:.1f}" height="{_depth(values, cell):.1f}"'
    frame = f'<rect {place} fill="none" stroke="#9aa5b5"/>'
    if max(values.shape) > WITH_NUMBERS:
        style = 'preserveAspectRatio="none" style="image-rendering:pixelated"'
        yield f'<image {place} {style} href="{_png(colors)}"/>{frame}'
        return
    for row, column in itertools.product(range(rows), range(columns)):
        red, green, blue = (int(part) for part in colors[row, column])
        x, y = left + column * cell, top + row * cell
        ink = "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127 else "#fff"
        text = _short(values[row, column])
        size = min(12.0, 1.55 * cell / max(len(text), 1))
        square = f'x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}" stroke="#fff" stroke-width=".6"'
        yield f'<rect {square} fill="rgb({red},{green},{blue})"/>'
        style = f'font-size="{size:.1f}" text-anchor="middle" fill="{ink}"'
        yield _label(x + cell / 2, y + cell / 2 + 0.36 * size, style, text)
    yield frame


def _png(colors: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(colors).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _short(value: float) -> str:
    text = f"{value:.3g}".replace("-0.", "-.") if abs(value) < 1 else f"{value:.3g}"
    return {"-0": "0"}.get(text, text.removeprefix("0") if text.startswith("0.") else text)
