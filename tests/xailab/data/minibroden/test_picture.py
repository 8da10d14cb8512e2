"""Pictures: the same bytes for the same seed, the same composition at every size, labels that agree with each other."""

import subprocess
import sys
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from xailab.data.minibroden import CATEGORIES, NUMBERS, SCENES, TEXTURES, THINGS, sample
from xailab.data.minibroden.picture import MODES, Picture
from xailab.data.minibroden.vocabulary import NAMES, PARTS_OF
from xailab.errors import UnknownName

NAME_OF = {number: name for category in CATEGORIES for name, number in NUMBERS[category].items()}


@pytest.fixture(scope="module")
def pictures(rendered) -> list[Picture]:
    """Render 700 scene and 300 object pictures."""
    return rendered(range(700), mode="scene") + rendered(range(300), mode="object")


def same(one: Picture, other: Picture) -> bool:
    maps = all(np.array_equal(one.labels[category], other.labels[category]) for category in one.labels)
    return maps and np.array_equal(one.image, other.image) and np.array_equal(one.instances, other.instances)


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_gives_the_same_picture_whatever_was_rendered_before(mode):
    first = sample(11, mode=mode)
    sample(12, mode="scene", size=96)
    assert same(first, sample(11, mode=mode))
    assert first.facts == sample(11, mode=mode).facts


def test_threads_do_not_change_pictures():
    alone = [sample(seed, mode="scene") for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: sample(seed, mode="scene"), range(8)))
    assert all(same(one, other) for one, other in zip(alone, together, strict=True))


def test_another_process_renders_the_same_bytes_and_needs_no_torch():
    program = (
        "import sys, zlib; from xailab.data.minibroden import sample; modes = 'object', 'scene', 'texture'; "
        "sums = [zlib.crc32(sample(s, mode=m).image.tobytes()) for m in modes for s in (3, 4)]; "
        "print(sums, 'torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    sums = [zlib.crc32(sample(s, mode=m).image.tobytes()) for m in MODES for s in (3, 4)]
    assert answer.strip() == f"{sums} False"


def test_different_seeds_give_different_pictures(pictures):
    assert len({picture.image.tobytes() for picture in pictures}) == len(pictures)


@pytest.mark.parametrize("mode", MODES)
def test_a_larger_picture_shows_the_same_composition(mode):
    for seed in range(5):
        small, large = sample(seed, mode=mode, size=64), sample(seed, mode=mode, size=128)
        reduced = large.image.reshape(64, 2, 64, 2, 3).mean((1, 3))
        assert np.abs(reduced - small.image).mean() < 8.5  # gray levels; grain alone makes about 4
        assert np.mean(large.labels["object"][::2, ::2] == small.labels["object"]) > 0.94
        names = [(i.name, i.facets, i.colors, i.center) for i in small.facts.instances]
        assert names == [(i.name, i.facets, i.colors, i.center) for i in large.facts.instances]


@pytest.mark.parametrize("size", [32, 33, 64, 97, 224])
def test_any_size_from_32_on_is_rendered(size):
    picture = sample(1, size=size, mode="scene")
    assert picture.image.shape == (size, size, 3)
    assert picture.image.dtype == np.uint8
    assert {labels.shape for labels in picture.labels.values()} == {(size, size)}
    assert {labels.dtype for labels in picture.labels.values()} == {np.dtype(np.uint8)}


def test_labels_are_concepts_of_their_category(pictures):
    for picture in pictures:
        for category, labels in picture.labels.items():
            assert set(np.unique(labels)) <= {0, *NUMBERS[category].values()}
        assert picture.scene in NUMBERS["scene"].values()


def test_objects_and_colors_cover_every_pixel(pictures):
    for picture in pictures:
        assert picture.labels["object"].all()
        assert picture.labels["color"].all()


def test_a_part_belongs_to_the_object_at_its_pixel(pictures):
    allowed = {(NUMBERS["object"][name], NUMBERS["part"][part]) for name in PARTS_OF for part in PARTS_OF[name]}
    for picture in pictures:
        there = picture.labels["part"] > 0
        pairs = set(zip(picture.labels["object"][there].tolist(), picture.labels["part"][there].tolist(), strict=True))
        assert pairs <= allowed


def test_every_part_has_an_owner():
    assert {part for parts in PARTS_OF.values() for part in parts} == set(NAMES["part"])


def test_instances_agree_with_the_object_map_and_with_the_facts(pictures):
    things = set(range(NUMBERS["object"][THINGS[0]], NUMBERS["object"][THINGS[-1]] + 1))
    for picture in pictures:
        for instance in picture.facts.instances:
            mask = picture.instances == instance.number
            assert instance.visible == mask.sum()
            assert (picture.labels["object"][mask] == NUMBERS["object"][instance.name]).all()
            parts = Counter(NAME_OF[number] for number in picture.labels["part"][mask].tolist() if number)
            assert instance.parts == parts
            if instance.box is None:
                assert not mask.any()
            else:
                ys, xs = np.nonzero(mask)
                assert instance.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        owned = np.isin(picture.labels["object"], list(things))
        assert np.array_equal(owned, picture.instances > 0)


def test_object_pictures_hold_one_thing_and_its_class(pictures):
    for picture in pictures:
        if picture.mode == "object":
            (instance,) = picture.facts.instances
            assert THINGS[picture.target] == instance.name
            assert instance.visible > 60
        else:
            assert SCENES[picture.target] == picture.facts.scene
        assert NAME_OF[picture.scene] == picture.facts.scene


def test_the_middle_of_the_picture_is_a_bad_guess_for_the_object(pictures):
    objects = [picture for picture in pictures if picture.mode == "object"]
    hits = np.mean([picture.instances[32, 32] > 0 for picture in objects])
    centers = np.array([np.argwhere(picture.instances).mean(0) / 64 for picture in objects])
    assert hits < 0.4
    assert (centers.std(0) > 0.14).all()


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_concept_occurs_at_a_reasonable_frequency(pictures, category):
    counts = Counter()
    for picture in pictures:
        numbers = [picture.scene] if category == "scene" else np.unique(picture.labels[category]).tolist()
        counts.update(numbers)
    rare = {name: counts[number] for name, number in NUMBERS[category].items() if counts[number] < 45}
    assert not rare, f"in 1,000 pictures: {rare}"


def test_every_thing_has_at_least_two_values_of_a_facet(pictures):
    values: dict[str, dict[str, set[str]]] = {name: {} for name in THINGS}
    for picture in pictures:
        for instance in picture.facts.instances:
            for facet, value in instance.facets.items():
                values[instance.name].setdefault(facet, set()).add(value)
    for name, facets in values.items():
        assert facets, name
        assert all(len(options) > 1 for options in facets.values()), (name, facets)


def test_things_lower_in_a_scene_are_larger(pictures):
    people = [
        i
        for p in pictures
        if p.mode == "scene" and p.facts.scene == "field"
        for i in p.facts.instances
        if i.name == "tree"
    ]
    feet, scales = np.array([(i.center[1] + i.scale, i.scale) for i in people]).T
    assert np.corrcoef(feet, scales)[0, 1] > 0.7


def test_scenes_share_mountains_sand_sea_buildings_and_trees(pictures):
    homes: dict[str, set[str]] = {}
    for picture in pictures:
        if picture.mode == "scene":
            for number in np.unique(picture.labels["object"]).tolist():
                homes.setdefault(NAME_OF[number], set()).add(picture.facts.scene)
    for name in ("mountain", "sand", "sea", "building", "tree", "road", "grass"):
        assert len(homes[name]) >= 3, (name, homes[name])


def test_striped_cats_are_of_fur(pictures):
    striped = [
        (picture, i)
        for picture in pictures
        for i in picture.facts.instances
        if i.name == "cat" and i.facets["coat"] == "striped" and i.visible > 100
    ]
    assert striped
    fur, stripes, body = NUMBERS["material"]["fur"], NUMBERS["texture"]["striped"], NUMBERS["part"]["cat_body"]
    for picture, cat in striped:
        mask = (picture.instances == cat.number) & (picture.labels["part"] == body)
        assert (picture.labels["material"][mask] == fur).all()
        assert (picture.labels["texture"][mask] == stripes).all()


def test_color_labels_have_no_speckle():
    picture = sample(5, mode="scene", scene="desert")
    sand = picture.labels["object"] == NUMBERS["object"]["sand"]
    colors = np.where(sand, picture.labels["color"], 0)
    alone = (colors[1:-1, 1:-1] > 0) & sand[:-2, 1:-1] & sand[2:, 1:-1] & sand[1:-1, :-2] & sand[1:-1, 2:]
    for neighbor in (colors[:-2, 1:-1], colors[2:, 1:-1], colors[1:-1, :-2], colors[1:-1, 2:]):
        alone &= neighbor != colors[1:-1, 1:-1]
    assert not alone.any()


@pytest.mark.parametrize("name", TEXTURES)
def test_texture_pictures_are_labelled_all_over(name):
    picture = sample(2, mode="texture", subject=name)
    assert (picture.labels["texture"] == NUMBERS["texture"][name]).all()
    assert not picture.labels["object"].any()
    assert (picture.scene, TEXTURES[picture.target], picture.facts.instances) == (0, name, ())
    assert len(np.unique(picture.labels["color"])) == 2 == len(picture.facts.colors)


def test_subject_and_scene_can_be_chosen():
    picture = sample(4, subject="boat", scene="desert")
    assert (picture.facts.instances[0].name, picture.facts.scene) == ("boat", "desert")
    assert (
        sample(4, mode="scene", subject="snow").facts.scene
        == "snow"
        == sample(4, mode="scene", scene="snow").facts.scene
    )


def test_arguments_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"size must be at least 32 pixels .* got 31"):
        sample(0, size=31)
    with pytest.raises(ValueError, match="seed must be >= 0, got -1"):
        sample(-1)
    with pytest.raises(UnknownName, match="no mode 'objects'; did you mean 'object'"):
        sample(0, mode="objects")
    with pytest.raises(UnknownName, match="no object class 'boot'; did you mean 'boat'"):
        sample(0, subject="boot")
    with pytest.raises(UnknownName, match="no scene 'beech'; did you mean 'beach'"):
        sample(0, scene="beech")
    with pytest.raises(ValueError, match="a texture picture has no scene"):
        sample(0, mode="texture", scene="beach")
    with pytest.raises(ValueError, match="in scene mode subject is the scene: got subject='snow' and scene='beach'"):
        sample(0, mode="scene", subject="snow", scene="beach")
