"""What the points of a map are colored by, and the look of each class.

- ``Classes``        the class of every point, or none
- ``unlabelled``     points without classes
- ``Style``          color and marker of a class
- ``styles``         the look of every class: the same in all pictures and on the page
- ``shade``          a color mixed with black or white: for writing in the color of a class

Ten colors that people with any color vision can tell apart, then the same colors with other markers; what is beyond
forty classes, and points without a class, are gray.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Int64
from PIL import ImageColor

COLORS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#92dadd", "#717581", "#94a4a2"),
)  # fmt: skip
"""Source: Petroff 2021, the sequence of ten; its two grays stand last here, so that few classes do without them."""

MARKERS = ("circle", "square", "triangle", "diamond")
"""The marker of the first ten classes, of the next ten, and so on."""

PLAIN = "#3f6fa8"
"""Of all points, where none has a class."""

GRAY = "#b4b8bf"
"""Of points without a class, and of classes for which no color is left."""


@dataclass(frozen=True, eq=False)
class Classes:
    """The class of every point.

    Parameters
    ----------
    names
        Of all classes, those without a point too.
    index
        Per point the position in ``names``; -1 for a point without a class.
    none
        What points without a class are called.

    Raises
    ------
    ValueError
        An index outside -1 ... number of names - 1.
    """

    names: tuple[str, ...]
    index: Int64[np.ndarray, " n"]
    none: str = "no class"

    def __post_init__(self) -> None:
        if len(self.index) and not (self.index.min() >= -1 and self.index.max() < len(self.names)):
            raise ValueError(
                f"class indices go from -1 (no class) to {len(self.names) - 1} for {len(self.names)} names, got "
                f"{self.index.min()} to {self.index.max()}"
            )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def counts(self) -> Int64[np.ndarray, " c"]:
        """How many points each class has."""
        return np.bincount(self.index[self.index >= 0], minlength=len(self.names)).astype(np.int64)

    @property
    def present(self) -> tuple[int, ...]:
        """The classes that have points, in the order of the names."""
        return tuple(np.flatnonzero(self.counts).tolist())


def unlabelled(count: int) -> Classes:
    """Return the classes of so many points that have none."""
    return Classes((), np.full(count, -1, np.int64))


def classes_of(labels: Sequence[str] | Int[np.ndarray, " n"] | Classes | None, count: int) -> Classes:
    """Turn what people have into ``Classes``: None, a name or a number per point, or ``Classes`` itself.

    Raises
    ------
    ValueError
        Not as many as there are points.
    """
    if labels is None:
        return unlabelled(count)
    if not isinstance(labels, Classes):
        names, index = np.unique(np.asarray(labels), return_inverse=True)
        labels = Classes(tuple(map(str, names)), index.astype(np.int64))
    if len(labels) != count:
        raise ValueError(f"expected a class for each of the {count} points, got {len(labels)}")
    return labels


@dataclass(frozen=True)
class Style:
    """The look of a class: ``#rrggbb``, and one of ``MARKERS``."""

    color: str
    marker: str


def styles(classes: Classes) -> dict[int, Style]:
    """Return the look of every class that has points, and of -1, which is no class.

    Classes get their looks in the order of their names; where there are more than looks, the largest get one.
    """
    room = len(COLORS) * len(MARKERS)
    largest = sorted(sorted(classes.present, key=lambda number: -classes.counts[number])[:room])
    looks = {
        number: Style(COLORS[place % len(COLORS)], MARKERS[place // len(COLORS)])
        for place, number in enumerate(largest)
    }
    gray = Style(GRAY, MARKERS[0])
    without = gray if classes.present else Style(PLAIN, MARKERS[0])
    return {-1: without} | {number: looks.get(number, gray) for number in classes.present}


def shade(color: str, amount: int | float, *, toward: str = "black") -> str:
    """Return a color mixed with ``amount`` (0 ... 1) of another, as ``#rrggbb``."""
    mixed = (
        round(a + (b - a) * amount)
        for a, b in zip(ImageColor.getrgb(color)[:3], ImageColor.getrgb(toward)[:3], strict=True)
    )
    return "#" + "".join(f"{value:02x}" for value in mixed)
