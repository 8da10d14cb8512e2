"""A chart shows the numbers it was given, and can be read."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from xailab.render.charts import CONTROL_STYLES, bar_chart, line_chart
from xailab.render.colors import category_color


def tick_labels(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_xticklabels()]


def test_bars_are_grouped_by_category_and_sorted_by_height() -> None:
    figure = bar_chart({"object": {"car": 1, "dog": 4, "cat": 4}, "scene": {"beach": 2}})
    assert tick_labels(figure) == ["cat", "dog", "car", "beach"]
    bars = figure.axes[0].patches
    assert [bar.get_height() for bar in bars] == [4, 4, 1, 2]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [category_color("object")] * 3 + [category_color("scene")]


def test_the_legend_counts_concepts_and_units() -> None:
    figure = bar_chart({"object": {"car": 1, "dog": 4, "cat": 0}, "part": {"leg": 1}, "color": {}})
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["object: 2 concepts, 5 units", "part: 1 concept, 1 unit", "color: 0 concepts, 0 units"]


@pytest.mark.parametrize("counts", [{}, {"object": {}, "part": {}}])
def test_a_chart_without_bars_says_so(counts: dict[str, dict[str, int]]) -> None:
    figure = bar_chart(counts, title="conv1")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no unit detects a concept"]
    FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize("count", [1, 8, 9, 30, 90])
def test_the_names_of_the_bars_do_not_overlap(count: int) -> None:
    figure = bar_chart({"object": {f"airplane {i}": i for i in range(count)}})
    FigureCanvasAgg(figure).draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert len(boxes) == count
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_units_are_counted_in_whole_numbers() -> None:
    figure = bar_chart({"object": {"car": 1}})
    FigureCanvasAgg(figure).draw()
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_yticks())


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot be negative: \('car', -1\)"):
        bar_chart({"object": {"car": -1, "dog": 2}})


def test_lines_hold_the_given_points_and_controls_have_their_fixed_looks() -> None:
    series = {"random": ([1, 2], [3, 4]), "trained": ([1, 2], [5, 6]), "mine": ([1, 2, 3], [7, 8, 9])}
    lines = line_chart(series, x_label="x", y_label="y").axes[0].get_lines()
    assert [line.get_label() for line in lines] == list(series)
    for line, (x, y) in zip(lines, series.values(), strict=True):
        assert np.array_equal(line.get_xdata(), x)
        assert np.array_equal(line.get_ydata(), y)
    assert [(line.get_color(), line.get_linestyle()) for line in lines[:2]] == [
        CONTROL_STYLES["random"],
        CONTROL_STYLES["trained"],
    ]


def test_many_series_are_drawn() -> None:
    series = {f"series {i}": ([0.0], [float(i)]) for i in range(20)}
    assert len(line_chart(series, x_label="x", y_label="y").axes[0].get_lines()) == 20


def test_logarithmic_axes_leave_out_what_is_not_positive() -> None:
    figure = line_chart({"a": ([0.0, 0.01, 1.0], [-1.0, 1.0, 10.0])}, x_label="x", y_label="y", log="xy", mark=0.04)
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    FigureCanvasAgg(figure).draw()
    assert "0.01" in tick_labels(figure)
    assert [text.get_text() for text in axes.texts] == [" 0.04"]


def test_curves_of_counts_start_at_zero() -> None:
    assert line_chart({"a": ([1, 2], [50, 60])}, x_label="x", y_label="y").axes[0].get_ylim()[0] == 0
    assert line_chart({"a": ([1, 2], [-5, 6])}, x_label="x", y_label="y").axes[0].get_ylim()[0] < -5


def test_bad_series_are_refused() -> None:
    with pytest.raises(ValueError, match="series 'a' has 1 x and 2 y"):
        line_chart({"a": ([1], [1, 2])}, x_label="x", y_label="y")
    with pytest.raises(ValueError, match="at least one series"):
        line_chart({}, x_label="x", y_label="y")
    with pytest.raises(ValueError, match="'', 'x', 'y' or 'xy', got 'yx'"):
        line_chart({"a": ([1], [1])}, x_label="x", y_label="y", log="yx")


def test_a_few_x_on_a_logarithmic_axis_are_written_as_people_write_them():
    chart = line_chart({"trained": ([0.0025, 0.005, 0.04], [1, 2, 3])}, x_label="q", y_label="n", log="x")
    axes = chart.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.0025", "0.005", "0.04"]
    assert list(axes.get_xticks(minor=True)) == []
