"""What is written is what is read, in both databases; a result replaces the former one as a whole."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from xailab_autograder.course.policy import Terms
from xailab_autograder.course.students import Student
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.claims import claim
from xailab_autograder.gradebook.contents import Fingerprint
from xailab_autograder.gradebook.hand_marks import set_hand_mark
from xailab_autograder.gradebook.reading import changes, class_book, digest, labs_in
from xailab_autograder.gradebook.retrying import read
from xailab_autograder.gradebook.writing import register, write_problem, write_result

from tests.autograder.gradebook.classes import (
    FIRST,
    HOSTILE,
    LAB,
    NEWER_GRADER,
    NOON,
    TASKS,
    hand_in,
    hand_mark,
    record,
    without_file,
)
from xailab.errors import XailabError


def standing(book, student):
    (found,) = class_book(book, LAB, students={student}).standings
    return found


def rows(book, table):
    return read(book, lambda connection: list(connection.execute(select(schema.metadata.tables[table]))))


def test_what_is_written_comes_back_whatever_the_texts_hold(book):
    for student, words in HOSTILE.items():
        this = hand_in(student, text=words, origin=words, problem="", source=words)
        this = replace(this, notes=(words, "", words * 50))
        register(book, LAB, [Student(student, words, words, {"canvas": words})], [this])
        write_result(book, this, record(this, 0.5, text=words), FIRST)
        set_hand_mark(book, "90", student, hand_mark(comment=words, marker=words), replaces=None)
        found = standing(book, student)
        assert found.student == Student(student, words, words, {"canvas": words})
        assert found.handed_in == this
        assert found.record == record(this, 0.5, text=words)
        assert found.marks[-1].by_hand == hand_mark(comment=words, marker=words)
    assert [each.student.id for each in class_book(book, LAB).standings] == sorted(HOSTILE)


def test_a_first_result_changes_no_mark(book):
    register(book, LAB, [], [hand_in("ada")])
    assert write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST) == ()
    assert changes(book, "90") == ()


def test_the_same_result_again_changes_nothing(book):
    register(book, LAB, [], [hand_in("ada")])
    write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    before = digest(book, "90")
    assert write_result(book, hand_in("ada"), record(hand_in("ada"), clock=7), FIRST) == ()
    assert digest(book, "90") == before


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (replace(FIRST, lab="x" * 64), "the lab changed"),
        (NEWER_GRADER, "the grader changed"),
        (replace(FIRST, key="x" * 64), "the key changed"),
        (FIRST, "regraded"),
    ],
)
def test_each_mark_that_changes_is_named_with_why(book, then: Fingerprint, why):
    this = hand_in("ada")
    register(book, LAB, [], [this])
    write_result(book, this, record(this, 0), FIRST)
    returned = write_result(book, this, record(this, 1), then)
    assert returned == changes(book, "90")
    assert [(each.student, each.task, each.before, each.why) for each in returned] == [
        ("ada", task, 0, why) for task in TASKS if task != "reflect-mean"
    ]
    assert [each.after for each in returned] == [task.points for task in LAB.tasks if task.id != "reflect-mean"]
    assert {each.detail for each in returned} == {"failed (sum-of-squares); now passed"}


def test_the_caller_may_say_why(book):
    register(book, LAB, [], [hand_in("ada")])
    write_result(book, hand_in("ada"), record(hand_in("ada"), 0), FIRST)
    found = write_result(book, hand_in("ada"), record(hand_in("ada"), 0.5), FIRST, why="regraded: the edge was wrong")
    assert {each.why for each in found} == {"regraded: the edge was wrong"}
    assert found[0].detail == "failed (sum-of-squares); now partial (edges: one number)"


def test_another_file_is_handed_in_again(book):
    register(book, LAB, [], [hand_in("ada")])
    write_result(book, hand_in("ada"), record(hand_in("ada"), 0), FIRST)
    register(book, LAB, [], [hand_in("ada", 1)])
    assert standing(book, "ada").outdated
    found = write_result(book, hand_in("ada", 1), record(hand_in("ada", 1)), FIRST)
    assert {each.why for each in found} == {"handed in again"}
    assert not standing(book, "ada").outdated


def test_changes_are_told_since_a_time(book):
    register(book, LAB, [], [hand_in("ada")])
    for share in (0, 1):
        write_result(book, hand_in("ada"), record(hand_in("ada"), share), FIRST)
    (last,) = {each.when for each in changes(book, "90")}
    assert changes(book, "90", since=last) == changes(book, "90") != ()
    assert changes(book, "90", since=last + timedelta(microseconds=1)) == ()
    assert changes(book, "91") == ()


def test_a_result_of_a_file_that_no_longer_counts_does_not_replace_that_of_the_one_that_does(book):
    old, new = hand_in("ada"), hand_in("ada", 1)
    register(book, LAB, [], [old])
    register(book, LAB, [], [new])
    write_result(book, old, record(old, 0), FIRST)  # better than nothing while the new one waits
    assert standing(book, "ada").outdated
    write_result(book, new, record(new), FIRST)
    assert write_result(book, old, record(old, 0), FIRST) == ()
    assert standing(book, "ada").record == record(new)


def test_no_mark_is_ever_there_twice(book):
    register(book, LAB, [], [hand_in("ada")])
    fewer = replace(record(hand_in("ada")), exercises=record(hand_in("ada")).exercises[:2])
    for this in (record(hand_in("ada")), fewer, record(hand_in("ada"), 0)):
        write_result(book, hand_in("ada"), this, FIRST)
        assert len(rows(book, "results")) == 1
        assert sorted(row.task for row in rows(book, "task_marks")) == sorted(each.id for each in this.exercises)


def test_tasks_that_leave_and_come_are_changes(book):
    register(book, LAB, [], [hand_in("ada")])
    all_tasks = record(hand_in("ada"))
    without = replace(all_tasks, exercises=all_tasks.exercises[1:])
    write_result(book, hand_in("ada"), all_tasks, FIRST)
    (gone,) = write_result(book, hand_in("ada"), without, FIRST)
    assert (gone.task, gone.after, gone.detail) == (TASKS[0], None, "passed; now not in the lab")
    (back,) = write_result(book, hand_in("ada"), all_tasks, FIRST)
    assert (back.task, back.before) == (TASKS[0], None)


def test_a_problem_leaves_the_former_result_and_goes_with_the_next(book):
    this, again = hand_in("ada"), hand_in("ada", 1)
    register(book, LAB, [], [this])
    write_result(book, this, record(this), FIRST)
    register(book, LAB, [], [again])
    write_problem(book, again, "the grader's process died twice", FIRST)
    found = standing(book, "ada")
    assert (found.problem, found.record, found.outdated) == ("the grader's process died twice", record(this), True)
    write_result(book, again, record(again), FIRST)
    assert standing(book, "ada").problem == ""


def test_a_problem_with_an_earlier_file_says_nothing_of_the_next(book):
    register(book, LAB, [], [hand_in("ada")])
    write_problem(book, hand_in("ada"), "died", FIRST)
    register(book, LAB, [], [hand_in("ada", 1)])
    assert standing(book, "ada").problem == ""
    register(book, LAB, [], [hand_in("ada")])
    assert standing(book, "ada").problem == "died"


def test_a_result_goes_before_a_problem_whichever_comes_first(book):
    this = hand_in("ada")
    register(book, LAB, [], [this])
    write_problem(book, this, "died", FIRST)
    write_result(book, this, record(this), FIRST)
    one = digest(book, "90")
    write_problem(book, this, "died", FIRST)
    assert digest(book, "90") == one
    write_problem(book, this, "the newer grader died", NEWER_GRADER)
    assert digest(book, "90") != one


def test_results_need_a_hand_in_that_was_registered(book):
    with pytest.raises(XailabError, match="no student 'ada' in lab 90; students are registered"):
        write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    register(book, LAB, [], [hand_in("ada")])
    with pytest.raises(XailabError, match=r"'ada' handed in no file .* registered before they are graded"):
        write_problem(book, hand_in("ada", 1), "died", FIRST)


def test_a_record_of_somebody_else_is_refused(book):
    register(book, LAB, [], [hand_in("ada"), hand_in("bob")])
    with pytest.raises(ValueError, match=r"expected a record of .*'ada'.*, got one of .*'bob'"):
        write_result(book, hand_in("ada"), record(hand_in("bob")), FIRST)


def test_points_that_are_no_numbers_are_refused(book):
    register(book, LAB, [], [hand_in("ada")])
    with pytest.raises(ValueError, match="predict-scale: expected finite points, got nan"):
        write_result(book, hand_in("ada"), record(hand_in("ada"), float("nan")), FIRST)


def test_registering_again_updates_and_loses_nothing(book):
    register(book, LAB, [Student("ada", "Ada", "ada@x.org", {"canvas": "1"})], [hand_in("ada")])
    register(book, LAB, [Student("ada", "", "", {"moodle": "2"})], [hand_in("ada", submitted=None, origin="other.zip")])
    found = standing(book, "ada")
    assert found.student == Student("ada", "Ada", "ada@x.org", {"canvas": "1", "moodle": "2"})
    assert found.handed_in == hand_in("ada", origin="other.zip")  # its time was known already
    register(book, LAB, [Student("ada", "Ada Lovelace")], [hand_in("ada", submitted=NOON + timedelta(days=1))])
    found = standing(book, "ada")
    assert (found.student.name, found.handed_in.submitted) == ("Ada Lovelace", NOON + timedelta(days=1))
    register(book, LAB, [], [])
    assert standing(book, "ada") == found


def test_the_last_hand_in_counts_also_if_it_was_there_before(book):
    for revision in (0, 1, 0):
        register(book, LAB, [], [hand_in("ada", revision)])
        assert standing(book, "ada").handed_in == hand_in("ada", revision)
    assert len(rows(book, "hand_ins")) == 2
    register(book, LAB, [], [without_file("ada")])
    found = standing(book, "ada")
    assert (found.handed_in, found.problem, found.record) == (without_file("ada"), "the file is empty", None)
    assert len(rows(book, "hand_ins")) == 3


def test_the_same_time_is_the_same_in_every_zone(book):
    from zoneinfo import ZoneInfo

    register(book, LAB, [], [hand_in("ada", submitted=NOON.astimezone(ZoneInfo("Asia/Kathmandu")))])
    assert standing(book, "ada").handed_in.submitted == NOON
    assert read(book, lambda c: c.execute(text("SELECT submitted FROM hand_ins")).scalar()) == (
        "2026-11-20T12:00:00.000000+00:00"
    )


def test_a_time_without_a_zone_is_refused(book):
    with pytest.raises(Exception, match="expected a time with a zone, got 2026-11-20T12:00:00"):
        register(book, LAB, [], [hand_in("ada", submitted=NOON.replace(tzinfo=None))])


@pytest.mark.parametrize("student", ["", "x" * 301])
def test_an_id_that_no_database_can_index_is_refused_before_anything_is_written(book, student):
    with pytest.raises(XailabError, match="expected an id of 1 to 300 characters, got"):
        register(book, LAB, [Student("ada"), Student(student)], [])
    assert labs_in(book) == ()


def test_the_longest_id_can_be_kept(book):
    student = "😀" * 299 + "\x00"
    register(book, LAB, [], [hand_in(student)])
    assert standing(book, student).handed_in == hand_in(student)


def test_a_hand_in_of_another_lab_is_refused(book):
    with pytest.raises(ValueError, match="a hand-in for lab '91' of 'ada' among those of '90'"):
        register(book, LAB, [], [hand_in("ada", lab="91")])


def test_terms_are_kept_until_others_come(book):
    terms = Terms(
        NOON - timedelta(hours=30), timedelta(minutes=5), 0.1, 0.5, timedelta(days=9), {"bob": NOON}, frozenset({"cyd"})
    )
    register(book, LAB, [Student("cyd")], [hand_in("ada"), hand_in("bob")], terms)
    register(book, LAB, [], [])
    assert standing(book, "ada").lateness.share == pytest.approx(0.2)
    assert standing(book, "bob").lateness.share == 0
    assert standing(book, "cyd").lateness.excused
    register(book, LAB, [], [], Terms())
    assert standing(book, "ada").lateness.share == 0
    assert not standing(book, "cyd").lateness.excused


def test_writing_a_result_releases_the_claim(book):
    register(book, LAB, [], [hand_in("ada"), hand_in("bob")])
    assert len(claim(book, "90", FIRST, "one", most=5)) == 2
    write_result(book, hand_in("ada"), record(hand_in("ada")), FIRST)
    write_problem(book, hand_in("bob"), "died", FIRST)
    assert rows(book, "claims") == []
