"""The class as it stands: who is in it, what counts, what waits; and the text by which two gradebooks are compared."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select
from xailab_autograder.course.policy import Terms
from xailab_autograder.course.students import Student
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.claims import claim
from xailab_autograder.gradebook.hand_marks import set_hand_mark, text_sha256
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import changes, class_book, digest, labs_in
from xailab_autograder.gradebook.retrying import read
from xailab_autograder.gradebook.writing import register, write_problem, write_result

from tests.autograder.gradebook.classes import (
    FIRST,
    HOSTILE,
    LAB,
    NEWER_GRADER,
    NOON,
    REFLECTION,
    hand_in,
    hand_mark,
    record,
    without_file,
)


def ids(book, **options):
    return [each.student.id for each in class_book(book, LAB, **options).standings]


def standing(book, student):
    (found,) = class_book(book, LAB, students={student}).standings
    return found


def test_an_empty_gradebook_has_an_empty_class(book):
    assert class_book(book, LAB).standings == ()
    assert labs_in(book) == ()
    assert digest(book, "90") == ""


def test_students_of_the_roster_who_handed_nothing_in_are_in_the_class(book):
    register(book, LAB, [Student("bob", "Bob")], [hand_in("ada")], roster={"ada", "bob"})
    ada, bob = class_book(book, LAB).standings
    assert (bob.student.name, bob.handed_in, bob.record, bob.problem, bob.known) == ("Bob", None, None, "", True)
    assert bob.points == LAB.points
    assert ada.handed_in == hand_in("ada")


def test_who_is_not_on_the_roster_is_told_apart(book):
    register(book, LAB, [], [hand_in("ada"), hand_in("mallory")])
    assert standing(book, "mallory").known  # there is no roster
    register(book, LAB, [], [], roster={"ada", "bob"})
    assert [each.known for each in class_book(book, LAB).standings] == [True, True, False]
    register(book, LAB, [], [hand_in("trudy")])  # the roster that is stored still holds
    assert not standing(book, "trudy").known


def test_who_leaves_the_roster_without_having_handed_in_leaves_the_class(book):
    register(book, LAB, [], [hand_in("ada")], roster={"ada", "bob", "cyd"})
    set_hand_mark(book, "90", "cyd", hand_mark(), replaces=None)
    register(book, LAB, [], [], roster=[])
    assert ids(book) == ["ada", "cyd"]
    register(book, LAB, [], [], roster={"bob"})
    assert ids(book) == ["ada", "bob", "cyd"]


def test_each_lab_has_its_own_class(book):
    other = replace(LAB, number="91")
    register(book, LAB, [], [hand_in("ada")])
    register(book, other, [], [hand_in("bob", lab="91")])
    assert labs_in(book) == ("90", "91")
    assert ids(book) == ["ada"]
    assert [each.student.id for each in class_book(book, other).standings] == ["bob"]
    write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    assert class_book(book, other).standings[0].record is None


def test_some_students_can_be_read_alone(book):
    register(book, LAB, [], [hand_in(name) for name in ("ada", "bob", "cyd")])
    whole = {each.student.id: each for each in class_book(book, LAB).standings}
    assert class_book(book, LAB, students={"cyd", "ada", "nobody"}).standings == (whole["ada"], whole["cyd"])
    assert class_book(book, LAB, students=()).standings == ()


def test_what_is_read_is_of_one_moment(book):
    """Somebody registers a student in between; who reads sees nothing of it."""
    count = select(func.count()).select_from(schema.students)
    later = Thread(target=register, args=(book, LAB, [], [hand_in("bob")]))

    def work(connection):
        before = connection.execute(count).scalar()
        later.start()
        later.join(0.5)  # a SQLite file lets nobody finish writing while somebody reads
        return before, connection.execute(count).scalar()

    register(book, LAB, [], [hand_in("ada")])
    assert read(book, work) == (1, 1)
    later.join()
    assert ids(book) == ["ada", "bob"]


def test_marks_are_those_of_the_labs_tasks_in_order(book):
    register(book, LAB, [], [hand_in("ada")])
    write_result(book, hand_in("ada"), replace(record(hand_in("ada")), exercises=()), FIRST)
    assert [(mark.task, mark.judged) for mark in standing(book, "ada").marks] == [(task, None) for task in LAB.tasks]
    write_result(book, hand_in("ada"), record(hand_in("ada"), 0.5), FIRST)
    found = standing(book, "ada")
    assert [mark.judged for mark in found.marks] == list(record(hand_in("ada"), 0.5).exercises)
    assert found.raw == record(hand_in("ada"), 0.5).score
    assert not found.complete  # the reflection waits for a person


def test_lateness_and_marks_by_hand_count(book):
    terms = Terms(due=NOON - timedelta(hours=1), per_day=0.25)
    register(book, LAB, [], [hand_in("ada")], terms)
    write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    mark = hand_mark(2, text_sha256=text_sha256(hand_in("ada"), REFLECTION))
    set_hand_mark(book, "90", "ada", mark, replaces=None)
    found = standing(book, "ada")
    assert found.raw == LAB.points - REFLECTION.points + 2
    assert found.score == found.raw * 0.75
    assert found.complete
    assert found.settled is not None
    assert found.settled.exercises[-1].comment == "well said"
    assert found.settled.final == found.score


@pytest.mark.parametrize(("again", "outdated"), [("because", False), ("because not", True)])
def test_a_mark_of_another_text_is_outdated(book, again, outdated):
    register(book, LAB, [], [hand_in("ada")])
    mark = hand_mark(text_sha256=text_sha256(hand_in("ada"), REFLECTION))
    set_hand_mark(book, "90", "ada", mark, replaces=None)
    register(book, LAB, [], [hand_in("ada", 1, text=again)])
    found = standing(book, "ada").marks[-1]
    assert (found.outdated, found.waits, found.score) == (outdated, outdated, 1)


def test_a_mark_instead_of_the_judges_is_outdated_by_another_file(book):
    task = LAB.tasks[1]
    register(book, LAB, [], [hand_in("ada")])
    for hash_ in (text_sha256(hand_in("ada"), task), ""):
        mark = hand_mark(task=task.id, text_sha256=hash_)
        set_hand_mark(book, "90", "ada", mark, replaces=standing(book, "ada").marks[1].by_hand)
        register(book, LAB, [], [hand_in("ada", 1)])
        assert standing(book, "ada").marks[1].outdated == bool(hash_)
        register(book, LAB, [], [hand_in("ada")])


def test_the_hash_of_a_text_is_there_without_a_text_and_for_any_text():
    assert text_sha256(None, REFLECTION) == text_sha256(without_file("ada"), REFLECTION)
    assert text_sha256(None, LAB.tasks[0]) == ""
    assert len({text_sha256(hand_in("ada", text=text), REFLECTION) for text in HOSTILE}) == len(HOSTILE)


def filled(book):
    """Fill a gradebook with a bit of everything."""
    names = ["ada", "bob", "eve", *HOSTILE]
    register(book, LAB, [Student(name, text) for name, text in HOSTILE.items()], map(hand_in, names), Terms(due=NOON))
    for name in names:
        write_result(book, hand_in(name), record(hand_in(name), 0, text=name), FIRST)
        register(book, LAB, [], [hand_in(name, 1)], roster=names[1:])
    for name in names[3:]:
        write_result(book, hand_in(name, 1), record(hand_in(name, 1), 0.5), NEWER_GRADER)
    write_problem(book, hand_in("bob", 1), "died \x00", FIRST)
    set_hand_mark(book, "90", "ada", hand_mark(0.1 + 0.2), replaces=None)
    register(book, LAB, [], [without_file("eve", "\ud800")])


def test_both_databases_give_the_same_text_and_the_same_class(postgres, tmp_path):
    with open_gradebook(tmp_path / "one.db") as one, open_gradebook(postgres.database()) as other:
        for book in (one, other):
            filled(book)
        assert digest(one, "90") == digest(other, "90")
        assert digest(one, "90").isascii()
        assert class_book(one, LAB).standings == class_book(other, LAB).standings
        told = [[replace(change, when=NOON) for change in changes(book, "90")] for book in (one, other)]
        assert told[0] == told[1]


def test_clocks_seconds_and_claims_are_not_in_the_text(book):
    register(book, LAB, [], [hand_in("ada")])
    write_result(book, hand_in("ada"), record(hand_in("ada"), clock=1), FIRST)
    set_hand_mark(book, "90", "ada", hand_mark(), replaces=None)
    before = digest(book, "90")
    set_hand_mark(book, "90", "ada", hand_mark(marked=NOON + timedelta(hours=1)), replaces=hand_mark())
    write_result(book, hand_in("ada"), record(hand_in("ada"), clock=99), FIRST)
    claim(book, "90", NEWER_GRADER, "one", most=3)
    assert digest(book, "90") == before


def test_everything_else_is_in_the_text(book):
    register(book, LAB, [Student("ada")], [hand_in("ada")])
    write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    seen = [digest(book, "90")]
    for act in (
        lambda: register(book, LAB, [Student("ada", "Ada")], []),
        lambda: register(book, LAB, [], [], Terms(due=NOON)),
        lambda: register(book, LAB, [], [hand_in("ada", submitted=NOON + timedelta(1))]),
        lambda: register(book, LAB, [], [], roster=["ada"]),
        lambda: register(book, LAB, [Student("bob")], []),
        lambda: write_result(book, hand_in("ada"), record(hand_in("ada"), text="x"), FIRST),
        lambda: write_result(book, hand_in("ada"), record(hand_in("ada"), text="x"), NEWER_GRADER),
        lambda: write_result(book, hand_in("ada"), record(hand_in("ada"), 0.5), NEWER_GRADER),
        lambda: write_problem(book, hand_in("ada"), "died", FIRST),
        lambda: set_hand_mark(book, "90", "ada", hand_mark(), replaces=None),
        lambda: register(book, LAB, [], [hand_in("ada", 1)]),
    ):
        act()
        seen.append(digest(book, "90"))
    assert len(set(seen)) == len(seen)
