"""Charts of counts and curves, as matplotlib figures that need no screen.

- ``bar_chart``   how many units detect each concept, colored by category
- ``line_chart``  named curves: trained, random, null
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from xailab.render.colors import CATEGORY_COLORS, OTHER_COLORS, category_color

Numbers = Sequence[float] | Sequence[int] | Num[np.ndarray, "..."]

CONTROL_STYLES = {"trained": ("#0072b2", "-"), "random": ("#d55e00", "--"), "null": ("#6b6b6b", ":")}
"""How a result and its two controls are drawn in every chart; also told apart without color."""

FEWEST_PLACES = 24
"""Places for bars on the x axis, so that a chart of few bars does not consist of blocks."""


def bar_chart(counts: Mapping[str, Mapping[str, int]], *, title: str = "", y_label: str = "units") -> Figure:
    """Draw one bar per concept, grouped and colored by category, the highest first in each group.

    The chart grows wider with the number of bars. The legend counts the concepts (those above 0) and the units.

    Parameters
    ----------
    counts
        Category -> concept -> number of units. Categories stand in the given order; empty ones are in the legend only.

    Raises
    ------
    ValueError
        A negative number.

    Notes
    -----
    Source: Bau et al. 2017, figure 5; their release draws it as ``bargraph.svg``.
    """
    bars = [
        (concept, count, category)
        for category, concepts in counts.items()
        for concept, count in sorted(concepts.items(), key=lambda item: (-item[1], item[0]))
    ]
    if any(count < 0 for _, count, _ in bars):
        raise ValueError(f"numbers of units cannot be negative: {min(bars, key=lambda bar: bar[1])[:2]}")
    width = min(26.0, max(14.0, 2.0 + 0.27 * len(bars)))
    figure = Figure(figsize=(width, 4.4), layout="constrained")
    axes = figure.add_subplot()
    axes.bar(range(len(bars)), [bar[1] for bar in bars], width=0.8, color=[category_color(bar[2]) for bar in bars])
    slots = max(len(bars), FEWEST_PLACES)
    longest = max([len(bar[0]) for bar in bars], default=0) * 0.115  # inches at the size of tick labels
    turned = len(bars) > 1 and longest > (width - 1.0) / slots  # an inch is the axis's
    axes.set_xticks(range(len(bars)), [bar[0] for bar in bars], rotation=90 if turned else 0)
    axes.set_xlim(-0.7, slots - 0.3)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylim(0, max([bar[1] for bar in bars], default=0) * 1.08 or 1)
    _dress(axes, title, "", y_label)
    axes.grid(visible=False, axis="x")
    if not bars:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no unit detects a concept", transform=axes.transAxes, ha="center", va="center", size=16)
    if counts:
        handles = [Patch(color=category_color(name), label=_legend(name, counts[name], y_label)) for name in counts]
        columns = min(len(handles), 4)
        figure.legend(handles=handles, loc="outside upper left", ncols=columns, frameon=False, fontsize=13)
    return figure


def line_chart(
    series: Mapping[str, tuple[Numbers, Numbers]],
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    log: str = "",
    mark: float | None = None,
) -> Figure:
    """Draw named curves.

    Parameters
    ----------
    series
        Name -> (x, y). ``trained``, ``random`` and ``null``, and the categories, look the same in every chart.
    log
        The axes with a logarithmic scale: ``""``, ``"x"``, ``"y"`` or ``"xy"``. Values <= 0 are left out of the curve.
    mark
        An x at which to draw a vertical line, such as the usual threshold.

    Raises
    ------
    ValueError
        No series, x and y of different lengths, or a ``log`` that names other axes.
    """
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f"log names the axes with a logarithmic scale: '', 'x', 'y' or 'xy', got {log!r}")
    if not series:
        raise ValueError("a line chart needs at least one series")
    for name, (x, y) in series.items():
        if len(x) != len(y):
            raise ValueError(f"series {name!r} has {len(x)} x and {len(y)} y")
    figure = Figure(figsize=(8.0, 4.5), layout="constrained")
    axes = figure.add_subplot()
    colors = iter(OTHER_COLORS * (1 + len(series) // len(OTHER_COLORS)))
    for name, (x, y) in series.items():
        color, dashes = CONTROL_STYLES.get(name) or (CATEGORY_COLORS.get(name) or next(colors), "-")
        points = np.asarray(x, np.float64), np.asarray(y, np.float64)
        axes.plot(*points, label=name, linewidth=2.6, color=color, linestyle=dashes)
    if mark is not None:
        axes.axvline(mark, color="#333333", linewidth=1.2, zorder=0)
        axes.text(mark, 1.0, f" {mark:g}", transform=axes.get_xaxis_transform(), va="top", color="#333333", size=13)
    for axis in log:
        getattr(axes, f"set_{axis}scale")("log", nonpositive="mask")
    if "x" in log:
        _tick_few(axes, {float(value) for x, _ in series.values() for value in x})
        getattr(axes, f"{axis}axis").set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if "y" not in log and all(np.min(y, initial=0) >= 0 for _, y in series.values()):
        axes.set_ylim(bottom=0)
    _dress(axes, title, x_label, y_label)
    axes.legend(frameon=False, fontsize=14)
    return figure


def _legend(category: str, concepts: Mapping[str, int], unit: str) -> str:
    """Return ``object: 10 concepts, 45 units``."""
    covered, total = sum(count > 0 for count in concepts.values()), sum(concepts.values())
    return (
        f"{category}: {covered} concept{'s' * (covered != 1)}, {total} {unit if total != 1 else unit.removesuffix('s')}"
    )


def _tick_few(axes: Axes, xs: set[float]) -> None:
    """Where there are only a few different x, write each below the axis, as people write numbers."""
    values = sorted(x for x in xs if x > 0)
    if 1 < len(values) <= 10:
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.set_xticks([], minor=True)


def _dress(axes: Axes, title: str, x_label: str, y_label: str) -> None:
    """Give a chart the sizes that are read from the back of a lecture room, and no more ink than needed."""
    axes.set_title(title, loc="left", fontsize=16, pad=12)
    axes.set_xlabel(x_label, fontsize=14)
    axes.set_ylabel(y_label, fontsize=14)
    axes.tick_params(labelsize=13, length=0)
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
