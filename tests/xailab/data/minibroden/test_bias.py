"""Planted shortcuts: at the stated probability, for the stated class, and nothing else changes."""

import numpy as np
import pytest

from xailab.data.minibroden import NUMBERS, SCENES, THINGS, Bias, Cue, sample
from xailab.data.minibroden.bias import CORNERS, POSITIONS, plant
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.scenes import HOME
from xailab.errors import UnknownName


def share(bias: Bias, name: str, field: str, count: int = 1000) -> float:
    """Return how many of the first pictures of a class have a cue."""
    return float(np.mean([bool(getattr(plant(Random(seed), bias, name, THINGS), field)) for seed in range(count)]))


@pytest.mark.parametrize(
    ("kind", "value"), [("tag", "top-right"), ("texture", "dotted"), ("color", "red"), ("position", "left")]
)
def test_a_cue_appears_with_its_probability_and_only_for_its_class(kind, value):
    bias = Bias(**{kind: Cue("boat", 0.8, value)})
    assert abs(share(bias, "boat", kind) - 0.8) < 0.04
    for other in set(THINGS) - {"boat"}:
        assert share(bias, other, kind, 30) == 0
    counter = Bias(**{kind: Cue("boat", 0.0, value, others=0.3)})
    assert share(counter, "boat", kind, 100) == 0
    assert abs(share(counter, "cat", kind) - 0.3) < 0.04


def test_home_puts_things_into_their_home_scene(rendered):
    pictures = rendered(range(500), size=32, bias=Bias(home=0.9))
    at_home = [picture.facts.scene == HOME[picture.facts.instances[0].name] for picture in pictures]
    assert abs(np.mean(at_home) - (0.9 + 0.1 / len(SCENES))) < 0.05
    assert all(home for home, picture in zip(at_home, pictures, strict=True) if picture.facts.planted.home)


def test_cues_are_drawn_independently_of_each_other():
    both = Bias(tag=Cue("car", 0.5), color=Cue("car", 0.5, "red"))
    alone = Bias(tag=Cue("car", 0.5))
    for seed in range(50):
        assert plant(Random(seed), both, "car", THINGS).tag == plant(Random(seed), alone, "car", THINGS).tag


@pytest.mark.parametrize("corner", CORNERS)
def test_a_tag_changes_nothing_outside_its_box(corner):
    for seed in range(4):
        plain = sample(seed, subject="car")
        tagged = sample(seed, subject="car", bias=Bias(tag=Cue("car", 1.0, corner)))
        x0, y0, x1, y1 = tagged.facts.planted.tag_box
        assert (x0 < 32) == corner.endswith("left")
        assert (y0 < 32) == corner.startswith("top")
        outside = np.ones((64, 64), bool)
        outside[y0:y1, x0:x1] = False
        assert np.array_equal(plain.image[outside], tagged.image[outside])
        for category in plain.labels:
            assert np.array_equal(plain.labels[category][outside], tagged.labels[category][outside])
        inside = tagged.labels["object"][y0 + 1 : y1 - 1, x0 + 1 : x1 - 1]
        assert not inside.any()
        assert tagged.image[y0:y1, x0:x1].max() > 190
        assert not np.array_equal(plain.image, tagged.image)


def test_a_scene_can_be_tagged():
    bias = Bias(tag=Cue("beach", 1.0))
    assert sample(3, mode="scene", subject="beach", bias=bias).facts.planted.tag_box is not None
    assert sample(3, mode="scene", subject="snow", bias=bias).facts.planted.tag_box is None
    assert sample(3, subject="car", bias=bias).facts.planted.tag_box is None


@pytest.mark.parametrize("name", THINGS)
def test_a_texture_is_on_the_main_surface_and_the_rest_is_unchanged(name):
    number = NUMBERS["texture"]["checkered"]
    plain = sample(6, subject=name)
    planted = sample(6, subject=name, bias=Bias(texture=Cue(name, 1.0, "checkered")))
    mask = planted.instances > 0
    assert (planted.labels["texture"][mask] == number).sum() > 0.15 * mask.sum()
    assert np.array_equal(plain.instances, planted.instances)
    glow = 3 if name == "lamp" else 0
    assert (plain.image[~mask] != planted.image[~mask]).any(-1).mean() < 0.05 + glow


@pytest.mark.parametrize("name", THINGS)
def test_a_color_is_on_the_main_surface_and_the_rest_is_unchanged(name):
    plain = sample(6, subject=name, scene="field")
    planted = sample(6, subject=name, scene="field", bias=Bias(color=Cue(name, 1.0, "pink")))
    mask = planted.instances > 0
    assert "pink" in planted.facts.instances[0].colors or name == "lamp"
    changed = (plain.image != planted.image).any(-1)
    assert changed[mask].sum() > 0.1 * mask.sum()
    assert np.array_equal(plain.labels["part"], planted.labels["part"])
    assert changed[~mask].mean() < 0.05


@pytest.mark.parametrize("position", POSITIONS)
def test_a_position_moves_the_thing_into_its_half(rendered, position):
    axis, low = {"left": (0, True), "right": (0, False), "top": (1, True), "bottom": (1, False)}[position]
    bias = Bias(position=Cue("bird", 1.0, position))
    for picture in rendered(range(60), size=32, subject="bird", bias=bias):
        assert (picture.facts.instances[0].center[axis] < 0.5) == low


def test_an_explicit_scene_wins_over_home():
    picture = sample(1, subject="boat", scene="room", bias=Bias(home=1.0))
    assert picture.facts.scene == "room"
    assert not picture.facts.planted.home


def test_impossible_cues_are_named():
    with pytest.raises(ValueError, match=r"probability of the cue for 'boat' must be in \[0, 1\], got 1.2"):
        Cue("boat", 1.2)
    with pytest.raises(ValueError, match="others of the cue for 'boat'"):
        Cue("boat", 1.0, others=-0.1)
    with pytest.raises(ValueError, match=r"home must be a probability in \[0, 1\], got 2"):
        Bias(home=2)
    with pytest.raises(UnknownName, match="no class for the tag cue 'boot'; did you mean 'boat'"):
        Bias(tag=Cue("boot", 1.0))
    with pytest.raises(UnknownName, match="no value of the texture cue 'stripes'; did you mean 'striped'"):
        Bias(texture=Cue("boat", 1.0, "stripes"))
    with pytest.raises(UnknownName, match="no value of the color cue ''"):
        Bias(color=Cue("boat", 1.0))
    with pytest.raises(UnknownName, match="no class for the position cue 'beach'"):
        Bias(position=Cue("beach", 1.0, "left"))
