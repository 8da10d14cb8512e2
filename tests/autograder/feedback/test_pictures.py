"""Expected beside yours: shared colors, numbers where there is room, nothing where a picture shows nothing."""

import base64
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest
from xailab_autograder.feedback.pictures import DIVERGING, SEQUENTIAL, comparison

from tests.autograder.feedback.examples import EXPECTED, SHIFTED

SVG = "{http://www.w3.org/2000/svg}"


def drawn(expected: np.ndarray, got: np.ndarray, title: str = "a case") -> ET.Element:
    source = comparison(expected, got, title)
    assert source is not None
    head, _, body = source.partition(",")
    assert head == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(body))


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_small_arrays_show_their_numbers_three_times() -> None:
    words = texts(drawn(EXPECTED, SHIFTED, "2 x 2 to 4 x 4"))
    assert words[0] == "2 x 2 to 4 x 4"
    assert {"expected", "yours", "yours - expected"} <= set(words)
    assert words.count("2.25") == 2  # expected has it twice
    assert "colors: -0.75 to 0.75" in words
    assert words.count("colors: 0 to 3") == 2  # one scale for both


def test_large_arrays_are_pictures_of_bounded_size() -> None:
    ramp = np.linspace(0, 1, 512 * 512).reshape(512, 512)
    source = comparison(ramp, ramp[::-1], "ramp")
    assert source is not None
    assert len(source) < 2_000_000
    assert len(list(drawn(ramp[:64, :64], ramp[:64, :64]).iter(f"{SVG}image"))) == 3


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.array(1.0), np.array(2.0)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.zeros(3), np.ones(3)),
        (np.zeros(4, complex), np.zeros(4)),
        (np.zeros(4), np.array(["a", "b", "c", "d"])),
        (np.zeros((1, 600)), np.zeros((1, 600))),
    ],
)
def test_what_a_picture_does_not_help_with_has_none(expected: np.ndarray, got: np.ndarray) -> None:
    assert comparison(expected, got, "x") is None


def test_of_many_planes_the_one_that_differs_most_is_drawn() -> None:
    expected = np.zeros((2, 3, 2, 2))
    got = expected.copy()
    got[1, 2, 0, 0], got[0, 1, 0, 0] = 5, 4
    assert texts(drawn(expected, got))[0] == "a case, plane [1, 2, :, :]"
    got[0, 0, 0, 0] = np.nan
    assert texts(drawn(expected, got))[0] == "a case, plane [0, 0, :, :]"


def test_other_shapes_are_drawn_without_a_difference() -> None:
    words = texts(drawn(np.zeros((2, 3)), np.zeros((3, 2))))
    assert "yours - expected" not in words
    assert words[0].endswith("shapes 2 x 3 and 3 x 2")


def test_one_axis_booleans_and_what_is_not_finite_can_be_drawn() -> None:
    drawn(np.arange(4), np.arange(4.0))
    drawn(np.array([True, False] * 2), np.array([1, 0] * 2))
    words = texts(drawn(np.array([[np.inf, np.nan]] * 2), np.array([[-np.inf, 1e308]] * 2)))
    assert {"inf", "nan", "-inf", "1e+308"} <= set(words)
    drawn(np.full(4, np.nan), np.full(4, -np.inf))
    drawn(np.full(4, 1e308), np.full(4, -1e308))


def test_a_title_is_text() -> None:
    assert texts(drawn(np.zeros(4), np.ones(4), '<script>"&\x1b[31m'))[0] == '<script>"&'


def test_the_scales_are_those_of_the_other_pictures() -> None:
    for name, stops in (("inferno", SEQUENTIAL), ("RdBu_r", DIVERGING)):
        theirs = [[round(255 * part) for part in matplotlib.colormaps[name](place / 8)[:3]] for place in range(9)]
        assert [list(stop) for stop in stops] == theirs
