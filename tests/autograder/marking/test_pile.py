"""The order is the marker's own and always the same, codes stand for one student each, and filters lose nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.students import Student
from xailab_autograder.gradebook.contents import ClassBook, Standing
from xailab_autograder.marking.pile import SHOWS, Pile, codes, find, search, state

from tests.autograder.marking.classroom import PAIRS, REFLECT, class_book, handed, mark, people, standing

CLASS = class_book(*map(standing, people(40)))


def ids(pile: Pile) -> list[str]:
    return [answer.standing.student.id for answer in pile.answers]


def test_the_order_is_drawn_per_marker_and_question_and_always_the_same() -> None:
    first = ids(Pile.of(CLASS, REFLECT, "Ada"))
    assert first == ids(Pile.of(class_book(*CLASS.standings[::-1]), REFLECT, "Ada"))
    assert sorted(first) == [each.student.id for each in CLASS.standings] != first
    others = [ids(Pile.of(CLASS, REFLECT, "Ben")), ids(Pile.of(CLASS, PAIRS, "Ada"))]
    assert first not in others
    assert others[0] != others[1]


def test_a_new_student_changes_nobody_elses_order() -> None:
    grown = class_book(*CLASS.standings, standing(handed("late", "A text")))
    assert [id_ for id_ in ids(Pile.of(grown, REFLECT, "Ada")) if id_ != "late"] == ids(Pile.of(CLASS, REFLECT, "Ada"))


def test_positions_are_spread_evenly_over_markers() -> None:
    places = [ids(Pile.of(CLASS, REFLECT, f"marker {at}")).index("s000") for at in range(200)]
    assert 15 < sum(places) / len(places) < 24
    assert len(set(places)) > 35


def test_what_each_mark_still_needs() -> None:
    text, blank = handed("a", "Something"), handed("b", "")
    assert state(standing(text), standing(text).marks[-1]) == "unmarked"
    assert state(standing(blank), standing(blank).marks[-1]) == "settled"
    assert state(standing(text), standing(text).marks[3]) == "settled"  # the judge has said something
    by_hand = standing(text, {"reflect-mean": mark(1)})
    assert state(by_hand, by_hand.marks[-1]) == "marked"
    again = standing(text, {"reflect-mean": mark(1)}, outdated=True)
    assert state(again, again.marks[-1]) == "outdated"
    failed = replace(text.record.exercises[3], status="error")
    broken = replace(standing(text).marks[3], judged=failed)
    assert state(standing(text), broken) == "unmarked"


def test_a_text_waits_for_a_person_before_the_judge_has_been_there() -> None:
    of = handed("a", "Something")
    ungraded = replace(standing(of), record=None, marks=tuple(replace(m, judged=None) for m in standing(of).marks))
    assert state(ungraded, ungraded.marks[-1]) == "unmarked"


def test_who_handed_in_nothing_is_not_in_the_pile() -> None:
    absent = Standing(Student("x"), None, None, standing(handed("x", "")).marks)
    assert ids(Pile.of(class_book(absent), REFLECT, "Ada")) == []


def mixed() -> tuple[ClassBook, Pile]:
    states: list[Standing] = []
    for at, of in enumerate(people(21)):
        marks = {"reflect-mean": mark(1)} if at % 3 == 0 else {}
        states.append(standing(of, marks, outdated=at % 6 == 0))
    book = class_book(*states)
    return book, Pile.of(book, REFLECT, "Ada")


def test_filters_lose_nobody_and_progress_counts_what_needs_a_person() -> None:
    _, pile = mixed()
    count = {show: pile.count(show) for show in SHOWS}
    assert count == {"waiting": 16, "unmarked": 12, "outdated": 4, "marked": 3, "all": 21}
    progress = pile.progress
    assert (progress.marked, progress.total, progress.outdated, progress.waiting) == (3, 19, 4, 16)


@pytest.mark.parametrize("show", SHOWS)
def test_stepping_visits_each_answer_of_a_filter_once(show: str) -> None:
    _, pile = mixed()
    visited, code = [], ""
    while (answer := pile.after(code, show)) is not None:  # type: ignore[arg-type]
        code = answer.code
        visited.append(code)
        assert pile.position(code, show) == (len(visited), pile.count(show))  # type: ignore[arg-type]
    assert visited == [answer.code for answer in pile.answers if answer.fits(show)]  # type: ignore[arg-type]
    back = [visited[-1]]
    while (answer := pile.before(back[-1], show)) is not None:  # type: ignore[arg-type]
        back.append(answer.code)
    assert back == visited[::-1]


def test_the_next_that_waits_is_found_from_the_end_too_but_never_the_answer_itself() -> None:
    _, pile = mixed()
    last, first = pile.answers[-1], pile.after("", "waiting")
    assert pile.after(last.code, "waiting", round_again=True) == first
    only = Pile(pile.task, tuple(a for a in pile.answers if a == first or a.state == "marked"))
    assert first is not None
    assert only.after(first.code, "waiting", round_again=True) is None


def test_codes_are_the_same_for_all_markers_and_stand_for_one_student_each() -> None:
    many = class_book(*(Standing(Student(f"s{at}"), None, None, ()) for at in range(5000)))
    names = codes(many)
    assert len(set(names.values())) == 5000
    assert sum(len(code) == 4 for code in names.values()) > 4900
    for id_ in ("s0", "s77", "s4999"):
        found = find(many, names[id_])
        assert found is not None
        assert found.student.id == id_
    clash = next(code for code in names.values() if len(code) > 4)
    assert find(many, clash[:4]) is None
    assert find(many, "") is None


@given(st.lists(st.text(), unique=True, max_size=30))
def test_any_id_has_a_code_that_leads_back(students: list[str]) -> None:
    book = class_book(*(Standing(Student(id_), None, None, ()) for id_ in students))
    for id_, code in codes(book).items():
        assert code.isascii()
        assert code.isalnum()
        found = find(book, code)
        assert found is not None
        assert found.student.id == id_


def test_a_search_among_codes_tells_nothing_about_names() -> None:
    code = codes(CLASS)["s003"]
    for query in ("s003", " S003 ", code, code.lower()):
        assert [each.student.id for each in search(CLASS, query, names=False)] == ["s003"]
    assert search(CLASS, "lovelace", names=False) == []
    assert search(CLASS, "s00", names=False) == []
    assert {each.student.name for each in search(CLASS, "lovelace", names=True)} == {"Ada Lovelace"}
    assert len(search(CLASS, "s00", names=True)) == 10
    assert search(CLASS, "  ", names=True) == []
