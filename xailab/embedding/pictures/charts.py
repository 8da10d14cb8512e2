"""Maps and their history as matplotlib figures that need no screen.

- ``class_map``      points colored by class, with the names in the map
- ``side_by_side``   several maps of the same points: two perplexities, or before and after training
- ``history_chart``  the KL divergence over the iterations

There are no axes: neither the place nor the orientation nor the unit of a t-SNE map means anything.
"""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float64, Int
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import BboxBase

from xailab import render
from xailab.embedding.pictures.classes import GRAY, Classes, Style, classes_of, shade, styles
from xailab.embedding.pictures.placing import aligned, anchors, checked

Labels = Sequence[str] | Int[np.ndarray, " n"] | Classes | None

SIGNS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D"}
"""matplotlib's names of the markers."""

LETTERS = 11
"""Of a note, per inch."""

INK, HALO = "#1b2330", "white"


def class_map(
    points: Float[np.ndarray, "n 2"], classes: Labels = None, *, title: str = "", note: str = "", size: int | float = 8
) -> Figure:
    """Draw a map, its points colored by class. The name of a class stands at its densest group where there is room.

    Names for which there is none are in a legend below, and so are points without a class.

    Parameters
    ----------
    points
        Any unit; both directions have the same scale.
    classes
        A name or number per point, or ``Classes``. None: one color.
    title, note
        Above and below the map; the note is for the perplexity, the KL divergence and the like.
    size
        Side of the map in inches.

    Raises
    ------
    ValueError
        Points that are no map, or not as many classes as points.
    """
    spots, known = checked(points), classes_of(classes, len(points))
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.add_subplot()
    _draw(axes, spots, known, area=_area(len(spots), size))
    _entitle(axes, title, note, size)
    unnamed = _name_classes(figure, [(axes, spots)], known)
    _legend(figure, known, unnamed)
    return figure


def side_by_side(
    maps: Mapping[str, Float[np.ndarray, "n 2"]],
    classes: Labels = None,
    *,
    follow: Sequence[int] = (),
    notes: Sequence[str] = (),
    columns: int = 3,
    size: int | float = 6,
) -> Figure:
    """Draw several maps of the same points beside each other, in the same colors.

    Every map is turned, and mirrored if need be, so that it lies as the first one does (``aligned``).

    Parameters
    ----------
    maps
        Title -> map, drawn from left to right.
    classes
        As for ``class_map``.
    follow
        Points that are numbered in every map, so that one sees where each of them went.
    notes
        One below each map.
    columns
        The most maps in a row.
    size
        Side of a map in inches.

    Raises
    ------
    ValueError
        No maps, maps of different points, not as many notes as maps, a point to follow that does not exist.
    """
    if not maps or (notes and len(notes) != len(maps)) or columns < 1:
        raise ValueError(
            "expected at least one map, no notes or one for each, and at least one column; got "
            f"{len(maps)} maps, {len(notes)} notes, {columns} columns"
        )
    panels = list(maps.values())
    spots = [checked(panels[0])] + [aligned(panel, panels[0]) for panel in panels[1:]]
    known = classes_of(classes, len(spots[0]))
    if any(not 0 <= point < len(spots[0]) for point in follow):
        raise ValueError(f"points to follow are numbered 0 to {len(spots[0]) - 1}, got {list(follow)}")
    rows = -(-len(spots) // columns)
    columns = -(-len(spots) // rows)
    figure = Figure(figsize=(size * columns, (size + 0.5) * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    drawn = []
    for axes, place, title, note in zip(grid, spots, maps, notes or [""] * len(spots), strict=False):
        _draw(axes, place, known, area=_area(len(place), size))
        _entitle(axes, title, note, size)
        _follow(axes, place, follow)
        drawn.append((axes, place))
    for axes in grid[len(spots) :]:
        axes.set_axis_off()
    _legend(figure, known, _name_classes(figure, drawn, known))
    return figure


def history_chart(history: Mapping[str, Sequence[tuple[int, float]]], *, title: str = "") -> Figure:
    """Draw the KL divergence in nats over the iterations, one curve per map.

    Parameters
    ----------
    history
        Name of a map -> (iteration, KL divergence) as recorded; ``Embedding.history``.
    """
    series = {
        name: ([float(at) for at, _ in recorded], [value for _, value in recorded])
        for name, recorded in history.items()
    }
    return render.line_chart(series, x_label="iteration", y_label="KL divergence, nats", title=title)


def _area(count: int, size: int | float) -> float:
    """Return the area of a point in square points of typography: so that neither few nor many points look lost."""
    return float(np.clip(36_000 / count, 5, 90)) * (size / 8) ** 2


def _draw(axes: Axes, places: Float64[np.ndarray, "n 2"], classes: Classes, *, area: float) -> None:
    """Draw the points, those without a class first, below the others."""
    looks = styles(classes)
    edge = 0.5 if len(places) <= 5000 else 0.0
    for number, look in looks.items():
        mine = places[classes.index == number]
        axes.scatter(
            mine[:, 0], mine[:, 1], s=area, c=look.color, marker=SIGNS[look.marker], linewidths=edge,
            edgecolors=shade(look.color, 0.3), alpha=0.55 if number == -1 and classes.present else 0.9,
            zorder=1 if number == -1 else 2,
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(0.04)
    for spine in axes.spines.values():
        spine.set_color("#d5dae2")


def _entitle(axes: Axes, title: str, note: str, size: int | float) -> None:
    """Write above and below a map of so many inches."""
    axes.set_title(title, loc="left", fontsize=16, color=INK, pad=10, parse_math=False)
    axes.set_xlabel(
        textwrap.fill(note, int(LETTERS * size)), loc="left", fontsize=12, color="#5d6878", parse_math=False
    )


def _follow(axes: Axes, places: Float64[np.ndarray, "n 2"], follow: Sequence[int]) -> None:
    """Write numbers on some points."""
    for number, point in enumerate(follow, start=1):
        x, y = places[point].tolist()
        axes.plot(x, y, "o", markersize=15, color=INK, markeredgecolor=HALO, zorder=5)
        axes.text(x, y, str(number), color=HALO, size=10, weight="bold", ha="center", va="center", zorder=6)


def _name_classes(
    figure: Figure, panels: Sequence[tuple[Axes, Float64[np.ndarray, "n 2"]]], classes: Classes
) -> set[int]:
    """Write the names into the maps, the largest class first, and return the classes that got none in some map.

    A name that would cover another, or be longer than a third of its map, is left to the legend.
    """
    canvas, looks = FigureCanvasAgg(figure), styles(classes)
    figure.draw_without_rendering()
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    unnamed = {number for number, look in looks.items() if number == -1 and classes.present}
    order = sorted(classes.present, key=lambda number: -classes.counts[number])
    for axes, places in panels:
        taken: list[BboxBase] = []
        inside = axes.get_window_extent(renderer)
        found = anchors(places, classes)
        unnamed |= set(classes.present) - set(found)
        for number, spot in sorted(found.items(), key=lambda item: order.index(item[0])):
            text = axes.text(
                spot[0], spot[1], classes.names[number], size=13, weight="bold", ha="center", va="center", zorder=4,
                parse_math=False, color=_ink(looks[number]), path_effects=[withStroke(linewidth=3.5, foreground=HALO)],
            )  # fmt: skip
            text.set_in_layout(False)
            if not _settle(axes, text, taken, inside, renderer):
                text.remove()
                unnamed.add(number)
    return unnamed


def _settle(axes: Axes, text: Text, taken: list[BboxBase], inside: BboxBase, renderer: RendererBase) -> bool:
    """Move a text to the nearest free place, at most two lines away; say whether there is one."""
    box = text.get_window_extent(renderer)
    if box.width > inside.width / 3:
        return False
    step = box.height * 0.75
    offsets = sorted(
        ((dx * step, dy * step) for dx in range(-4, 5) for dy in range(-3, 4)),
        key=lambda move: move[0] ** 2 + move[1] ** 2,
    )
    for dx, dy in offsets:
        moved = box.translated(dx, dy)
        free = not any(moved.overlaps(other) for other in taken)
        if free and inside.x0 <= moved.x0 and moved.x1 <= inside.x1 and inside.y0 <= moved.y0 and moved.y1 <= inside.y1:
            center = ((moved.x0 + moved.x1) / 2, (moved.y0 + moved.y1) / 2)
            x, y = axes.transData.inverted().transform(center).tolist()
            text.set_position((x, y))
            taken.append(moved)
            return True
    return False


def _ink(look: Style) -> str:
    """Return the color of a class, dark enough to be read on white."""
    return shade(look.color, 0.45)


def _legend(figure: Figure, classes: Classes, unnamed: set[int]) -> None:
    """List below the maps the classes that are not named in all of them. The figure grows by the lines it takes."""
    looks = styles(classes)
    colored = [number for number in sorted(unnamed - {-1}) if looks[number].color != GRAY]
    rows = [(looks[number], _short(classes.names[number])) for number in colored]
    smaller = len(unnamed - {-1}) - len(colored)
    if smaller:
        rows.append((looks[-1], f"{smaller} smaller class{'es' * (smaller > 1)}"))
    if -1 in unnamed and (classes.index == -1).any():
        rows.append((looks[-1], classes.none))
    if not rows:
        return
    handles = [
        Line2D([], [], linestyle="", marker=SIGNS[look.marker], markersize=9, color=look.color, label=name)
        for look, name in rows
    ]
    width, height = figure.get_size_inches().tolist()
    letter = 0.1  # inches
    columns = max(1, min(len(rows), int(width / (0.55 + letter * max(len(name) for _, name in rows)))))
    figure.set_size_inches(width, height + 0.3 * -(-len(rows) // columns))
    legend = figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False, fontsize=12)
    for text in legend.get_texts():
        text.set_parse_math(False)  # names are not formulas, whatever is in them


def _short(name: str) -> str:
    """Cut a name that would need a line of its own."""
    return name if len(name) <= 28 else name[:27] + "…"
