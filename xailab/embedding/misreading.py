"""Ready figures for the three mistakes that people make with t-SNE maps, each with the sentence that goes with it.

- ``cluster_sizes``      the size of a group in the map says nothing
- ``cluster_distances``  nor does the distance between groups
- ``perplexities``       the same data look different at different perplexities
- ``noise``              and noise looks like groups at a low one
- ``LESSONS``, ``write_lessons``   all of them, by name and as files; ``Lesson`` is what they return

Each draws the data, which are simple enough to be known, beside maps of them. The same seed gives the same figure.

Source: Wattenberg et al. 2016; the data are our own.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from matplotlib.figure import Figure

from xailab.embedding.pictures import Classes, side_by_side
from xailab.embedding.pictures.charts import INK
from xailab.embedding.tsne import tsne
from xailab.files import writable_folder, write_beside
from xailab.render import to_png_bytes

WIDTH = 10.0
"""How many times wider the wide group is, and how many times further away the far one."""

LETTERS = 8.5
"""Of a caption, per inch."""

DPI = 110
"""Dots per inch of the files."""

DIMENSIONS = 20
"""Of the noise, which has no group in any direction."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A figure and the sentence that says what it shows."""

    figure: Figure
    caption: str


def cluster_sizes(*, count: int = 150, seed: int = 0) -> Lesson:
    """Show two groups, one ten times as wide as the other, that are of the same size in the map.

    Parameters
    ----------
    count
        Points of each group, at least 20.
    seed
        Of the points.
    """
    _check(count, 20)
    draw = np.random.default_rng(seed).standard_normal
    data = np.concatenate([draw((count, 2)), draw((count, 2)) * WIDTH + (6 * WIDTH, 0)]).astype(np.float32)
    groups = Classes(("narrow", "wide"), np.repeat([0, 1], count))
    panels = {"the data": data, "their map, perplexity 30": _map(data, 30.0, seed)}
    return _lesson(
        side_by_side(panels, groups, notes=_radii(panels, groups)),
        f"The size of a group in a map means nothing: one group is {WIDTH:g} times as wide as the other, and t-SNE, "
        "which gives every point the same number of neighbors, draws both alike.",
    )


def cluster_distances(*, count: int = 100, seed: int = 0) -> Lesson:
    """Show three groups, one far away from the other two, and maps that keep that or do not.

    Parameters
    ----------
    count
        Points of each group, at least 40.
    seed
        Of the points.
    """
    _check(count, 40)
    draw = np.random.default_rng(seed).standard_normal
    middles = [(0.0, 0.0), (10.0, 0.0), (10.0 + 5 * 10.0, 0.0)]
    data = np.concatenate([draw((count, 2)) + middle for middle in middles]).astype(np.float32)
    groups = Classes(("left", "middle", "far"), np.repeat([0, 1, 2], count))
    panels = {
        "the data": data,
        "perplexity 5": _map(data, 5.0, seed),
        f"perplexity {count / 2:g}": _map(data, count / 2, seed),
    }
    return _lesson(
        side_by_side(panels, groups, notes=_gaps(panels, groups)),
        "Distances between groups mean little: the far group is five times as far away as the other two are from each "
        "other, and in neither map is it.",
    )


def perplexities(*, count: int = 100, perplexity: Sequence[int | float] = (2, 5, 30, 100), seed: int = 0) -> Lesson:
    """Show the same three groups at several perplexities.

    Parameters
    ----------
    count
        Points of each group, at least 40.
    perplexity
        At most five.
    seed
        Of the points.
    """
    _check(count, 40)
    draw = np.random.default_rng(seed).standard_normal
    middles = [(0.0, 0.0), (12.0, 0.0), (6.0, 10.0)]
    data = np.concatenate([draw((count, 2)) + middle for middle in middles]).astype(np.float32)
    groups = Classes(("a", "b", "c"), np.repeat([0, 1, 2], count))
    panels = {"the data": data} | {f"perplexity {value:g}": _map(data, value, seed) for value in perplexity}
    return _lesson(
        side_by_side(panels, groups, columns=5, size=4.0),
        "The perplexity decides what one sees: the same three groups fall into clumps at a low one, and shrink to "
        "points at one that is as high as a group has points.",
    )


def noise(*, count: int = 300, perplexity: Sequence[int | float] = (2, 5, 30, 100), seed: int = 0) -> Lesson:
    """Show points without any structure, which fall into groups at a low perplexity.

    Parameters
    ----------
    count
        Points, at least 120.
    perplexity
        At most five.
    seed
        Of the points.
    """
    _check(count, 120)
    data = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    panels = {f"first two of {DIMENSIONS} dimensions": data[:, :2]}
    panels |= {f"perplexity {value:g}": _map(data, value, seed) for value in perplexity}
    return _lesson(
        side_by_side(panels, columns=5, size=4.0),
        "Groups in a map can be made of nothing: these points are pure noise, and a low perplexity ties them into "
        "clumps. Look at several perplexities before you believe in a group.",
    )


LESSONS: Mapping[str, Callable[..., Lesson]] = {
    "sizes": cluster_sizes,
    "distances": cluster_distances,
    "perplexity": perplexities,
    "noise": noise,
}
"""Name -> the function that draws it."""


def write_lessons(out: Path, *, seed: int = 0) -> list[str]:
    """Write every lesson as ``misreading-NAME.png``; return the lines to print.

    Raises
    ------
    XailabError
        The folder cannot be written to.
    """
    folder, lines = writable_folder(out), []
    for name, draw in LESSONS.items():
        lesson, path = draw(seed=seed), folder / f"misreading-{name}.png"
        with write_beside(path) as temporary:
            temporary.write_bytes(to_png_bytes(lesson.figure, dpi=DPI))
        lines.append(f"{path}: {lesson.caption}")
    return lines


def _lesson(figure: Figure, caption: str) -> Lesson:
    """Write the sentence below the figure."""
    width = int(figure.get_figwidth() * LETTERS)
    figure.supxlabel(textwrap.fill(caption, width), x=0.005, ha="left", fontsize=14, color=INK)
    return Lesson(figure, caption)


def _map(data: Float32[np.ndarray, "n d"], perplexity: int | float, seed: int) -> Float32[np.ndarray, "n 2"]:
    """Return the usual map of some data."""
    return tsne(data, perplexity=float(perplexity), seed=seed, progress=False).points


def _check(count: int, least: int) -> None:
    """Refuse groups that are too small for their perplexities."""
    if count < least:
        raise ValueError(f"this figure needs at least {least} points, got {count}")


def _radii(panels: Mapping[str, np.ndarray], groups: Classes) -> list[str]:
    """Say how much wider the second group is than the first in each panel."""
    wide = [_radius(points, groups, 1) / _radius(points, groups, 0) for points in panels.values()]
    return [f"wide : narrow = {value:.1f} : 1" for value in wide]


def _radius(points: np.ndarray, groups: Classes, number: int) -> float:
    """Return the root of the mean squared distance from the middle of a group."""
    mine = points[groups.index == number]
    return float(np.sqrt(((mine - mine.mean(0)) ** 2).sum(1).mean()))


def _gaps(panels: Mapping[str, np.ndarray], groups: Classes) -> list[str]:
    """Say how far the middles of the groups are from each other in each panel."""
    notes = []
    for points in panels.values():
        left, middle, far = (points[groups.index == number].mean(0) for number in range(3))
        ratio = np.linalg.norm(far - middle) / np.linalg.norm(middle - left)
        notes.append(f"far–middle : left–middle = {ratio:.1f} : 1")
    return notes
