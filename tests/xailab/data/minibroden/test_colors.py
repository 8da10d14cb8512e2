"""Colors get the names that people would give them."""

import pytest

from xailab.data.minibroden.colors import PAINTS, PROTOTYPES, any_color, mixed, name_of, shade_of
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.vocabulary import COLORS


@pytest.mark.parametrize("name", COLORS)
def test_a_prototype_has_its_own_name(name):
    assert name_of(PROTOTYPES[name]) == name


@pytest.mark.parametrize("name", PAINTS)
def test_most_variations_of_a_paint_keep_its_name(name):
    rng = Random(1)
    kept = sum(name_of(shade_of(rng, name)) == name for _ in range(200))
    assert kept > 160


def test_colors_stay_within_the_cube():
    rng = Random(2)
    for _ in range(300):
        assert all(0 <= value <= 1 for value in any_color(rng))


def test_mixing_is_linear():
    assert mixed((0.0, 0.5, 1.0), (1.0, 0.5, 0.0), 0.25) == (0.25, 0.5, 0.75)


def test_unheard_of_values_are_clipped_not_refused():
    assert name_of((2.0, 2.0, 2.0)) == "white"
    assert name_of((-1.0, -1.0, -1.0)) == "black"
