"""One color for one meaning, and one scale for values that are compared."""

import itertools

import numpy as np
import pytest
import torch
from PIL import ImageColor

from xailab.render.colors import CATEGORY_COLORS, MISSING, OTHER_COLORS, category_color, colorize, ink_on, shared_limits


def test_the_six_categories_of_broden_have_six_colors() -> None:
    assert set(CATEGORY_COLORS) == {"object", "part", "scene", "material", "texture", "color"}
    assert len(set(CATEGORY_COLORS.values())) == 6
    assert category_color("object") == "#0072b2"


def test_other_categories_have_the_same_color_on_every_machine() -> None:
    assert category_color("animal") == category_color("animal")
    assert [OTHER_COLORS.index(category_color(name)) for name in ("animal", "vehicle", "digit")] == [3, 4, 5]


def test_the_categories_differ_also_for_color_blind_people() -> None:
    # Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB
    deficiencies = {
        "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    }
    colors = np.array([ImageColor.getrgb(color) for color in CATEGORY_COLORS.values()]) / 255
    for matrix in deficiencies.values():
        seen = np.clip(colors**2.2 @ np.array(matrix).T, 0, 1) ** (1 / 2.2)
        distances = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
        assert min(distances) > 0.12


def test_shared_limits_hold_all_values_and_are_symmetric_when_signed() -> None:
    assert shared_limits(torch.tensor([1.0, 3.0]), torch.tensor([[0.5]])) == (0.0, 3.0)
    assert shared_limits(torch.tensor([1.0, 3.0]), torch.tensor([-4.0])) == (-4.0, 4.0)
    assert shared_limits(torch.tensor([-1.0, 3.0])) == (-3.0, 3.0)


def test_shared_limits_leave_out_nan_and_give_a_scale_for_all_zero_maps() -> None:
    assert shared_limits(torch.tensor([torch.nan, 2.0])) == (0.0, 2.0)
    assert shared_limits(torch.zeros(2, 2)) == (0.0, 1.0)
    assert shared_limits(torch.tensor([torch.nan])) == (0.0, 1.0)


def test_shared_limits_refuse_infinity_and_nothing() -> None:
    with pytest.raises(ValueError, match="finite values, got 0 to inf"):
        shared_limits(torch.tensor([1.0, torch.inf]))
    with pytest.raises(ValueError, match="got none"):
        shared_limits()


def test_zero_is_white_on_the_diverging_scale_and_black_on_the_sequential_one() -> None:
    zero = torch.zeros(1, 1)
    assert colorize(zero, (-2.0, 2.0)).min() > 0.95
    assert colorize(zero, (0.0, 2.0)).max() < 0.05


def test_red_is_above_zero_and_blue_below() -> None:
    below, above = colorize(torch.tensor([[-1.0, 1.0]]), (-1.0, 1.0))[0]
    assert above[0] > above[2]
    assert below[2] > below[0]


def test_values_beyond_the_limits_have_the_color_of_the_end_and_nan_is_gray() -> None:
    colors = colorize(torch.tensor([[1.0, 7.0, torch.nan]]), (0.0, 1.0))[0]
    assert np.array_equal(colors[0], colors[1])
    assert tuple(colors[2]) == MISSING


def test_a_scale_can_be_chosen_by_name() -> None:
    assert colorize(torch.ones(1, 1), (0.0, 1.0), "gray")[0, 0].tolist() == [1, 1, 1]
    assert colorize(torch.zeros(1, 1), (-1.0, 3.0), "gray")[0, 0].max() < 0.3


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((1.0, 1.0), "finite and ascending, got 1 and 1"),
        ((0.0, float("nan")), "finite and ascending"),
        ((-1.0, 3.0), "signed limits must be symmetric"),
    ],
)
def test_limits_that_make_no_scale_are_refused(limits: tuple[float, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        colorize(torch.zeros(1, 1), limits)


def test_ink_is_black_on_light_and_white_on_dark() -> None:
    assert [ink_on(color) for color in ("white", "#ffe14d", "#0072b2", "black")] == ["black", "black", "white", "white"]
