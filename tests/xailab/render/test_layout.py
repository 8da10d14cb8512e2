"""A grid puts every picture where it belongs, and its writing where there is room."""

import numpy as np
import pytest
import torch
from PIL import Image

from xailab.render.layout import grid


def squares(*colors: str, size: int = 40) -> list[Image.Image]:
    return [Image.new("RGB", (size, size), color) for color in colors]


def test_pictures_stand_row_by_row_with_gaps_all_around() -> None:
    canvas = grid(squares("red", "lime", "blue"), columns=2, gap=5)
    assert canvas.size == (5 + 40 + 5 + 40 + 5, 5 + 40 + 5 + 40 + 5)
    assert [canvas.getpixel(place) for place in ((5, 5), (89, 44), (5, 50))] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert canvas.getpixel((60, 60)) == canvas.getpixel((0, 0)) == (255, 255, 255)


def test_a_tensor_of_images_is_a_grid_of_its_images() -> None:
    canvas = grid(torch.zeros(4, 3, 8, 6), columns=9, gap=0)
    assert canvas.size == (24, 8)
    assert not np.asarray(canvas).any()


def test_columns_and_rows_are_as_large_as_their_largest_picture_and_smaller_ones_are_centered() -> None:
    small, wide, high = (Image.new("RGB", size, "black") for size in ((10, 10), (30, 10), (10, 50)))
    canvas = grid([small, wide, high], columns=2, gap=0)
    assert canvas.size == (10 + 30, 10 + 50)
    column = Image.new("RGB", (10, 30), "black")
    centered = grid([column, small], columns=2, gap=0)
    assert centered.getpixel((15, 9)) == (255, 255, 255)
    assert centered.getpixel((15, 10)) == (0, 0, 0)


def test_captions_are_written_below_and_only_there() -> None:
    canvas = np.asarray(grid(squares("white", "white", size=80), columns=2, gap=0, captions=["one\ntwo", ""]))
    assert canvas.shape[0] > 80 + 2 * 11
    assert canvas[:80].min() == 255
    assert canvas[80:, :80].min() < 100
    assert canvas[80:, 80:].min() == 255


def test_long_captions_stay_in_their_cell() -> None:
    canvas = np.asarray(grid(squares("white", "white", size=80), columns=2, gap=20, captions=["w" * 99, ""]))
    assert canvas[:, :20].min() == 255
    assert canvas[:, 101:].min() == 255
    assert canvas[:, 20:100].min() < 100


def test_row_titles_are_written_left_of_the_rows() -> None:
    plain = grid(squares("white", "white", size=80), columns=1, gap=0)
    canvas = np.asarray(grid(squares("white", "white", size=80), columns=1, gap=0, row_titles=["unit 7", ""]))
    left = canvas.shape[1] - plain.width
    assert canvas[:80, :left].min() < 100
    assert canvas[80:].min() == 255
    assert canvas[:, left:].min() == 255


def test_writing_is_white_on_a_dark_background() -> None:
    canvas = np.asarray(grid(squares("black", size=80), columns=1, background="#101018", captions=["word"]))
    assert canvas[-16:].max() == 255


@pytest.mark.parametrize(
    ("count", "options", "message"),
    [
        (0, {"columns": 2}, "needs images, columns >= 1 and gap >= 0; got 0 images"),
        (1, {"columns": 0}, "got 1 images, 0, 6"),
        (1, {"columns": 1, "gap": -1}, "gap >= 0"),
        (3, {"columns": 2, "captions": ["a"]}, "expected 3 captions for 3 pictures, 2 a row; got 1"),
        (3, {"columns": 2, "row_titles": ["a", "b", "c"]}, "expected 2 row_titles for 3 pictures, 2 a row; got 3"),
    ],
)
def test_grids_that_do_not_add_up_are_refused(count: int, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grid(squares(*["red"] * count), **options)
