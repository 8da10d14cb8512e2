"""Classes and their looks: told apart with any color vision, the same everywhere."""

from itertools import combinations

import numpy as np
import pytest

from xailab.embedding.pictures.classes import COLORS, GRAY, MARKERS, Classes, classes_of, shade, styles, unlabelled

# Machado, Oliveira, Fernandes 2009, table of full deficiency, for linear RGB.
DEFICIENCIES = {
    "none": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    "protanopia": (0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998),
    "deuteranopia": (0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881),
    "tritanopia": (1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900),
}


def lab(colors: tuple[str, ...], seen: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of colors, as somebody with a deficiency sees them."""
    srgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colors])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ seen.T, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = linear @ to_xyz.T / (0.9505, 1.0, 1.089)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


@pytest.mark.parametrize("vision", DEFICIENCIES)
def test_ten_classes_are_told_apart_with_every_color_vision(vision: str) -> None:
    seen = lab(COLORS, np.reshape(DEFICIENCIES[vision], (3, 3)))
    least = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
    assert least > 15  # a difference of 2.3 is just noticed


def test_forty_classes_have_different_looks_and_the_smallest_of_more_are_gray() -> None:
    sizes = np.repeat(np.arange(45), np.arange(45, 0, -1))
    looks = styles(Classes(tuple(f"class {i}" for i in range(45)), sizes))
    colored = [(looks[i].color, looks[i].marker) for i in range(40)]
    assert len(set(colored)) == len(COLORS) * len(MARKERS) == 40
    assert {looks[i].color for i in range(40, 45)} == {looks[-1].color} == {GRAY}


def test_classes_without_points_take_no_color() -> None:
    looks = styles(Classes(("a", "b", "c"), np.array([0, 2, 2, -1])))
    assert set(looks) == {-1, 0, 2}
    assert (looks[0].color, looks[2].color) == COLORS[:2]


def test_names_numbers_and_nothing_become_classes() -> None:
    named = classes_of(["b", "a", "b"], 3)
    assert named.names == ("a", "b")
    assert named.index.tolist() == [1, 0, 1]
    assert classes_of(np.array([7, 3, 7]), 3).names == ("3", "7")
    assert classes_of(None, 2).present == unlabelled(2).present == ()


def test_classes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="a class for each of the 4 points, got 3"):
        classes_of(["a", "b", "c"], 4)
    with pytest.raises(ValueError, match=r"from -1 \(no class\) to 0 for 1 names, got 0 to 1"):
        Classes(("a",), np.array([0, 1]))


def test_shades_go_from_the_color_to_the_other() -> None:
    assert shade("#3f90da", 0) == "#3f90da"
    assert shade("#3f90da", 1) == "#000000"
    assert shade("#000000", 0.5, toward="white") == "#808080"
