"""What is typed is either a mark or a sentence that says what is expected."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.marking.forms import Refused, Typed, choices, points_of, read, stamp

from tests.autograder.marking.classroom import PAIRS, REFLECT, mark


@pytest.mark.parametrize(
    ("points", "expected"), [("0", 0), ("1.5", 1.5), ("1,5", 1.5), (".5", 0.5), ("2", 2), ("2.0", 2), ("1.", 1)]
)
def test_points_are_numbers_up_to_the_tasks_points(points: str, expected: float) -> None:
    assert points_of(Typed(points), REFLECT) == expected


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ("", "no points chosen; expected a number from 0 to 2"),
        ("2.01", "expected a number from 0 to 2, got 2.01"),
        ("-1", "got '-1'"),
        ("nan", "got 'nan'"),
        ("inf", "got 'inf'"),
        ("1e0", "got '1e0'"),
        ("٢", "got '٢'"),
        ("1_0", "got '1_0'"),
        ("two", "got 'two'"),
        ("1 1", "got '1 1'"),
        ("9" * 30, "expected a number"),
    ],
)
def test_anything_else_is_refused_with_what_is_expected(points: str, says: str) -> None:
    with pytest.raises(Refused, match=r"^[^\n]*$") as refused:
        points_of(Typed(points), REFLECT)
    assert says in str(refused.value)


@given(st.text(max_size=20))
def test_no_text_becomes_points_out_of_range(text: str) -> None:
    try:
        points = points_of(read({"points": "other", "number": text}), REFLECT)
    except Refused:
        return
    assert math.isfinite(points)
    assert 0 <= points <= 2


def test_a_judged_mark_is_changed_with_a_reason_only() -> None:
    with pytest.raises(Refused, match="say why the judge's mark is changed"):
        points_of(Typed("3"), PAIRS)
    assert points_of(Typed("3", "It is right, the cell was renamed."), PAIRS) == 3


def test_a_comment_has_a_longest_length() -> None:
    assert points_of(Typed("1", "x" * 10_000), REFLECT) == 1
    with pytest.raises(Refused, match="at most 10,000 characters, this one has 10,001"):
        points_of(Typed("1", "x" * 10_001), REFLECT)


def test_a_comment_keeps_its_lines_and_loses_what_no_database_takes() -> None:
    typed = read({"points": "1", "comment": " a\r\nb\x00\x1b[31m\td\ud800\r\n"})
    assert typed == Typed("1", "a\nb[31m\td")


def test_the_number_counts_where_other_is_chosen_or_nothing() -> None:
    assert read({"points": "other", "number": "1.25"}).points == "1.25"
    assert read({"number": "1.25"}).points == "1.25"
    assert read({"points": "0.5", "number": "1.25"}).points == "0.5"
    assert read({}) == Typed()


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (1, ["0", "0.5", "1"]),
        (2, ["0", "0.5", "1", "1.5", "2"]),
        (1.75, ["0", "0.5", "1", "1.5", "1.75"]),
        (0.25, ["0", "0.25"]),
        (20, [str(at) for at in range(21)]),
    ],
)
def test_buttons_reach_from_nothing_to_all(points: float, expected: list[str]) -> None:
    assert choices(replace(REFLECT, points=points)) == expected


def test_many_points_have_few_buttons() -> None:
    made = choices(replace(REFLECT, points=500.5))
    assert len(made) <= 30
    assert (made[0], made[-1]) == ("0", "500.5")


def test_every_other_mark_has_another_stamp() -> None:
    base = mark(1, "fine")
    later = base.marked + timedelta(seconds=1)
    others = [
        None, base, replace(base, score=2), replace(base, comment="Fine"), replace(base, marker="Ben"),
        replace(base, marked=later), replace(base, text_sha256="0f"), replace(base, task="x"),
    ]  # fmt: skip
    assert len({stamp(each) for each in others}) == len(others)
    assert stamp(base) == stamp(replace(base, marked=base.marked.astimezone()))
    assert stamp(replace(base, comment="\ud800"))
