"""Maps as figures: every point, the names, the same colors in all panels."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from xailab import render
from xailab.embedding.pictures import Classes, class_map, history_chart, side_by_side
from xailab.embedding.pictures.classes import PLAIN

RNG = np.random.default_rng(1)
CENTERS = np.array([[0, 0], [8, 0], [0, 8]])
INDEX = np.repeat([0, 1, 2], 30)
POINTS = RNG.standard_normal((90, 2)) + CENTERS[INDEX]
CLASSES = Classes(("ball", "box", "a $name$ <b>"), INDEX)


def drawn(figure: Figure, panel: int = 0) -> np.ndarray:
    """All points of a panel."""
    return np.concatenate([np.asarray(group.get_offsets()) for group in figure.axes[panel].collections])


def texts(figure: Figure) -> list[str]:
    """What is written into the maps."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def listed(figure: Figure) -> list[str]:
    """What the legend holds."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_every_point_is_drawn_where_it_is_and_the_axes_say_nothing() -> None:
    figure = class_map(POINTS, CLASSES)
    np.testing.assert_allclose(np.sort(drawn(figure), 0), np.sort(POINTS, 0))
    axes = figure.axes[0]
    assert axes.get_aspect() == 1
    assert not len(axes.get_xticks())
    assert not len(axes.get_yticks())


def test_classes_are_named_in_the_map_and_names_are_no_formulas() -> None:
    figure = class_map(POINTS, CLASSES)
    assert sorted(texts(figure)) == ["a $name$ <b>", "ball", "box"]
    assert not figure.legends
    assert render.to_png_bytes(figure, dpi=40).startswith(b"\x89PNG")


def test_names_do_not_cover_each_other_and_those_without_room_are_in_the_legend() -> None:
    many = Classes(tuple(f"number {i}" for i in range(60)), np.arange(90) % 60)
    figure = class_map(POINTS, many, size=4)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    *rest, smaller = listed(figure)
    written = texts(figure) + rest
    assert len(set(written)) == len(written)
    assert set(written) <= set(many.names)
    assert smaller == f"{60 - len(written)} smaller classes"


def test_points_without_a_class_are_gray_and_called_so() -> None:
    figure = class_map(POINTS, Classes(("ball",), np.where(INDEX == 0, 0, -1), "no toy"))
    assert texts(figure) == ["ball"]
    assert listed(figure) == ["no toy"]


def test_a_map_without_classes_has_one_color_and_no_legend() -> None:
    figure = class_map(POINTS)
    assert len(figure.axes[0].collections) == 1
    assert to_hex(figure.axes[0].collections[0].get_facecolor()[0]) == PLAIN
    assert not figure.legends
    assert not texts(figure)


def test_panels_are_aligned_and_agree_in_their_colors() -> None:
    other = POINTS[:, ::-1] * 2
    figure = side_by_side({"one": POINTS, "two": other}, CLASSES, follow=[5, 40], notes=["left", "right"])
    one, two = drawn(figure, 0), drawn(figure, 1)
    np.testing.assert_allclose((one - one.mean(0)) * 2, two, atol=1e-9)
    first, second = ([to_hex(g.get_facecolor()[0]) for g in figure.axes[i].collections] for i in (0, 1))
    assert first == second
    assert [text for text in texts(figure) if text.isdigit()] == ["1", "2", "1", "2"]


def test_wrong_panels_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one map"):
        side_by_side({})
    with pytest.raises(ValueError, match="1 maps, 2 notes"):
        side_by_side({"one": POINTS}, notes=["a", "b"])
    with pytest.raises(ValueError, match="numbered 0 to 89"):
        side_by_side({"one": POINTS}, follow=[90])
    with pytest.raises(ValueError, match="got 89 and 90 points"):
        side_by_side({"one": POINTS, "two": POINTS[1:]})


def test_the_history_is_drawn_per_map() -> None:
    figure = history_chart({"perplexity 5": [(50, 3.0), (100, 2.0)], "perplexity 30": [(50, 2.5), (100, 1.0)]})
    lines = figure.axes[0].lines
    assert [line.get_label() for line in lines] == ["perplexity 5", "perplexity 30"]
    assert np.asarray(lines[1].get_ydata()).tolist() == [2.5, 1.0]
    assert "nats" in figure.axes[0].get_ylabel()
