"""Exercise ``upsample``: bring the maps of a layer to the size of the label maps.

- ``EXERCISE``  the declaration
- ``nearest``, ``align_corners``, ``corner``  mistakes that ``iou_table`` may inherit

Source: Bau et al. 2017, section 2.3 interpolates bilinearly; the half-pixel convention is that of the later codes.
"""

from collections.abc import Callable, Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import upsample

Positions = Callable[[int, int], np.ndarray]
"""(cells, outputs) -> where each output lies, in units of cells: 0 is the centre of the first cell."""


def _by(maps: np.ndarray, height: int, width: int, positions: Positions) -> np.ndarray:
    """Interpolate with another idea of where the outputs lie; beyond the outermost cells the edge is continued."""
    hats = []
    for cells, outputs in zip(maps.shape[-2:], (height, width), strict=True):
        place = np.clip(positions(cells, outputs), 0, cells - 1)
        hats.append(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells))))
    return hats[0] @ maps @ hats[1].T


def _half_pixel(cells: int, outputs: int) -> np.ndarray:
    return (np.arange(outputs) + 0.5) * cells / outputs - 0.5


def nearest(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return blocks: each output takes the cell that it lies in (a mistake here, and inside ``iou_table``)."""
    return _by(maps, height, width, lambda cells, outputs: np.floor((np.arange(outputs) + 0.5) * cells / outputs))


def _nearest_by_origin(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    return _by(maps, height, width, lambda cells, outputs: np.arange(outputs) * cells // outputs)


def _nearest_by_rounding(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    return _by(maps, height, width, lambda cells, outputs: np.rint(np.arange(outputs) * cells / outputs))


def align_corners(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Put the centres of the corner cells on the corner outputs (a mistake here, and inside ``iou_table``)."""
    return _by(maps, height, width, lambda cells, outputs: np.arange(outputs) * (cells - 1) / max(outputs - 1, 1))


def corner(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Forget both halves of a pixel (a mistake here, and inside ``iou_table``)."""
    return _by(maps, height, width, lambda cells, outputs: np.arange(outputs) * cells / outputs)


def _half_pixel_kept(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    return _by(maps, height, width, lambda cells, outputs: _half_pixel(cells, outputs) + 0.5)


def _fading(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    hats = [
        np.maximum(0, 1 - np.abs(_half_pixel(cells, outputs)[:, None] - np.arange(cells)))
        for cells, outputs in zip(maps.shape[-2:], (height, width), strict=True)
    ]
    return hats[0] @ maps @ hats[1].T


def _extrapolating(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    lines = []
    for cells, outputs in zip(maps.shape[-2:], (height, width), strict=True):
        place = _half_pixel(cells, outputs)
        first = np.clip(np.floor(place), 0, max(cells - 2, 0)).astype(int)
        line = np.zeros((outputs, max(cells, 2)))
        line[np.arange(outputs), first], line[np.arange(outputs), first + 1] = 1 - (place - first), place - first
        lines.append(line if cells > 1 else np.ones((outputs, 1)))
    return lines[0] @ maps @ lines[1].T


def _transposed(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.swapaxes(upsample(maps, width, height), -1, -2)


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for shape, height, width in (((3, 4), 9, 8), ((2, 4, 4), 8, 8), ((2, 3, 5, 3), 7, 12)):
        name = f"maps of {shape[-2]}x{shape[-1]} to {height}x{width}"
        yield Case(name, (rng.standard_normal(shape).astype(np.float32), height, width))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("a single cell becomes a constant", (np.float32([[2.5]]), 3, 4))
    yield Case("the same size: nothing changes", (rng.standard_normal((2, 3, 4)), 3, 4))
    yield Case("one row of cells", (rng.standard_normal((1, 4)), 2, 8))
    yield Case("every second cell of a wider map", (rng.standard_normal((2, 4, 8))[..., ::2], 8, 8))
    yield Case("Fortran order", (np.asfortranarray(rng.standard_normal((3, 4, 5))), 6, 7))
    yield Case("float64", (rng.standard_normal((5, 4)), 11, 9))


def _constant(call: Call, rng: np.random.Generator) -> str | None:
    value = float(rng.uniform(1, 2))
    out = np.asarray(call(np.full((3, 5), value), 7, 11))
    return (
        None if np.allclose(out, value, rtol=1e-4) else f"all cells are {value:.4g}, the result runs to {out.min():.4g}"
    )


def _linear(call: Call, rng: np.random.Generator) -> str | None:
    one, two = rng.standard_normal((2, 3, 4))
    out, parts = call(one + 2 * two, 6, 9), call(one, 6, 9) + 2 * np.asarray(call(two, 6, 9))
    return None if np.allclose(out, parts, rtol=1e-3, atol=1e-5) else "up(a + 2 b) differs from up(a) + 2 up(b)"


def _mirrored(call: Call, rng: np.random.Generator) -> str | None:
    maps = rng.standard_normal((4, 3))
    out, turned = np.asarray(call(maps, 8, 7)), np.asarray(call(maps[::-1, ::-1], 8, 7))
    if np.allclose(out[::-1, ::-1], turned, rtol=1e-3, atol=1e-5):
        return None
    return "turning the map by 180 degrees and enlarging it differs from enlarging and turning: there is a shift"


EXERCISE = Exercise(
    id="upsample",
    function="upsample",
    signature="upsample(maps (..., h, w), height, width) -> (..., height, width)",
    title="Enlarged maps",
    task=(
        "Enlarge the last two axes bilinearly. Both grids cover the same area: pixel i of n lies at "
        "(i + 1/2) * h / n - 1/2 in units of cells, where cell 0 has its centre at 0. Beyond the outermost centres the "
        "edge is continued. Any number of leading axes, none included."
    ),
    points=2,
    minutes=8,
    reference=upsample,
    worked=(
        Case("one row, 2 cells to 4 pixels", (np.float64([[0, 4]]), 1, 4), np.float64([[0, 1, 3, 4]])),
        Case(
            "2x2 cells to 4x2 pixels",
            (np.float64([[0, 4], [8, 12]]), 4, 2),
            np.float64([[0, 4], [2, 6], [6, 10], [8, 12]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("constant", "a constant map stays constant, up to its borders", _constant),
        Invariant("linear", "enlarging is linear", _linear),
        Invariant("mirrored", "a map turned by 180 degrees gives the turned result", _mirrored),
    ),
    misconceptions=(
        Misconception(
            "nearest",
            nearest,
            "Each pixel gets the value of its nearest cell: the result has steps. Bilinear means a weighted mean of "
            "the four cells around the pixel.",
            "notebook, section 2",
            also=(_nearest_by_origin, _nearest_by_rounding),
        ),
        Misconception(
            "align-corners",
            align_corners,
            "You put the corner cells' centres onto the corner pixels (torch calls it align_corners=True). Then the "
            "two grids do not cover the same area, and masks are off by up to half a cell.",
            "notebook, section 2, the drawing of the two grids",
        ),
        Misconception(
            "half-pixels-forgotten",
            corner,
            "Pixel i lies at i * h / n in your version. Both halves are missing: that of the pixel's centre and "
            "that of the cell's. The result is shifted.",
            "notebook, section 2, the formula",
        ),
        Misconception(
            "half-cell-not-removed",
            _half_pixel_kept,
            "You add the half pixel but do not take off the half cell: cell 0 has its centre at 0, so its left "
            "border is at -1/2. Everything is shifted by half a cell.",
            "notebook, section 2, the formula",
        ),
        Misconception(
            "fades-at-the-border",
            _fading,
            "Your result fades towards the border: outside the outermost cells you count zeros. The edge is to be "
            "continued.",
            "notebook, section 2",
        ),
        Misconception(
            "extrapolates",
            _extrapolating,
            "At the border you go on with the slope of the last two cells, which can invent values above every "
            "activation. The edge is to be continued as a constant.",
            "notebook, section 2",
        ),
        Misconception(
            "transposed",
            _transposed,
            "Rows and columns are exchanged. The height belongs to the last but one axis, the width to the last.",
            "the documentation of np.swapaxes",
        ),
    ),
    hints=(
        "One axis at a time: first find, for one row of cells, where each pixel lies, in units of cells.",
        "Clip the positions to 0 ... h - 1. The integer part says which cell is to the left, the rest is the weight of "
        "the next one.",
        "Put the weights of one axis into a matrix of shape (height, h). Then the result is rows @ maps @ columns.T.",
    ),
    read="Bau et al. 2017, section 2.3",
)
