"""The vocabulary: six categories, unique numbers, Broden's names."""

from xailab.data.minibroden import CATEGORIES, NUMBERS, make_vocabulary
from xailab.data.minibroden.vocabulary import NAMES


def test_categories_are_in_the_order_of_reporting():
    assert CATEGORIES == ("object", "part", "scene", "material", "texture", "color") == make_vocabulary().categories


def test_numbers_run_from_one_over_all_categories():
    numbers = [NUMBERS[category][name] for category in CATEGORIES for name in NAMES[category]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 106 <= len(numbers) <= 255  # label maps are uint8


def test_a_name_of_two_categories_is_two_concepts():
    vocabulary = make_vocabulary()
    assert vocabulary.number("object", "grass") != vocabulary.number("material", "grass")
    assert NUMBERS["object"]["sand"] != NUMBERS["material"]["sand"]


def test_names_on_disk_have_broden_s_suffixes_and_titles_have_none():
    vocabulary = make_vocabulary()
    assert vocabulary.by_number[NUMBERS["scene"]["night_city"]].name == "night_city-s"
    assert vocabulary.by_number[NUMBERS["scene"]["night_city"]].title == "night city"
    assert vocabulary.by_number[NUMBERS["color"]["red"]].name == "red-c"
    assert vocabulary.by_number[NUMBERS["part"]["car_body"]].title == "car body"


def test_on_disk_names_are_unique_within_a_category():
    vocabulary = make_vocabulary()
    pairs = [(concept.category, concept.name) for concept in vocabulary.concepts]
    assert len(set(pairs)) == len(pairs)
