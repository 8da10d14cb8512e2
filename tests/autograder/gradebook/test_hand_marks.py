"""Marks by people: what two do at once is never lost, and every change is on record."""

import pytest
from xailab_autograder.gradebook.hand_marks import Conflict, remove_hand_mark, set_hand_mark
from xailab_autograder.gradebook.reading import changes, class_book
from xailab_autograder.gradebook.writing import register, write_result

from tests.autograder.gradebook.classes import FIRST, LAB, hand_in, hand_mark, record
from xailab.errors import XailabError


@pytest.fixture
def marked(book):
    register(book, LAB, [], [hand_in("ada")])
    write_result(book, hand_in("ada"), record(hand_in("ada"), 0.5), FIRST)
    return book


def reflection(book):
    return class_book(book, LAB).standings[0].marks[-1]


def test_a_mark_replaces_the_one_that_was_seen(marked):
    set_hand_mark(marked, "90", "ada", hand_mark(1), replaces=None)
    set_hand_mark(marked, "90", "ada", hand_mark(1.5, comment="better"), replaces=hand_mark(1))
    assert reflection(marked).by_hand == hand_mark(1.5, comment="better")
    assert reflection(marked).score == 1.5


def test_of_two_who_mark_at_once_the_second_is_told(marked):
    set_hand_mark(marked, "90", "ada", hand_mark(1), replaces=None)
    with pytest.raises(Conflict, match="reflect-mean of 'ada': ada gave 1 meanwhile") as raised:
        set_hand_mark(marked, "90", "ada", hand_mark(2, marker="bob"), replaces=None)
    assert raised.value.stored == hand_mark(1)
    with pytest.raises(Conflict):
        set_hand_mark(marked, "90", "ada", hand_mark(2), replaces=hand_mark(1, comment="other"))
    assert reflection(marked).by_hand == hand_mark(1)


def test_the_same_mark_again_is_no_conflict(marked):
    for _ in range(2):
        set_hand_mark(marked, "90", "ada", hand_mark(1), replaces=None)
    assert len(changes(marked, "90")) == 1


def test_a_mark_can_be_taken_back(marked):
    set_hand_mark(marked, "90", "ada", hand_mark(1), replaces=None)
    with pytest.raises(Conflict):
        remove_hand_mark(marked, "90", "ada", replaces=hand_mark(2))
    remove_hand_mark(marked, "90", "ada", replaces=hand_mark(1))
    remove_hand_mark(marked, "90", "ada", replaces=hand_mark(1))
    assert reflection(marked).by_hand is None
    with pytest.raises(Conflict, match="somebody took the mark back meanwhile") as raised:
        set_hand_mark(marked, "90", "ada", hand_mark(2), replaces=hand_mark(1))
    assert raised.value.stored is None


def test_every_change_of_points_is_on_record(marked):
    judged = hand_mark(3, task="mean-square", marker="eve")
    set_hand_mark(marked, "90", "ada", hand_mark(1), replaces=None)
    set_hand_mark(marked, "90", "ada", hand_mark(1, comment="the same points"), replaces=hand_mark(1))
    set_hand_mark(marked, "90", "ada", judged, replaces=None)
    remove_hand_mark(marked, "90", "ada", replaces=judged)
    assert [(each.task, each.before, each.after, each.why, each.detail) for each in changes(marked, "90")] == [
        ("reflect-mean", None, 1, "marked by hand", "by the judge: manual; now by ada"),
        ("mean-square", 1.5, 3, "marked by hand", "by the judge: partial; now by eve"),
        ("mean-square", 3, 1.5, "marked by hand", "by eve; now the mark was taken back"),
    ]


def test_a_mark_by_hand_outlives_what_the_judge_says_later(marked):
    set_hand_mark(marked, "90", "ada", hand_mark(2, task="mean-square"), replaces=None)
    found = write_result(marked, hand_in("ada"), record(hand_in("ada"), 0), FIRST)
    assert [each.detail for each in found if each.task == "mean-square"] == [
        "partial (edges: one number); now failed (sum-of-squares); the mark by hand, 2, still counts"
    ]
    assert class_book(marked, LAB).standings[0].marks[1].score == 2


def test_students_without_a_hand_in_can_be_marked(book):
    register(book, LAB, [], [], roster={"bob"})
    set_hand_mark(book, "90", "bob", hand_mark(1), replaces=None)
    assert class_book(book, LAB).standings[0].raw == 1


def test_a_mark_of_nobody_is_refused(book):
    with pytest.raises(XailabError, match="no student 'nobody' in lab 90"):
        set_hand_mark(book, "90", "nobody", hand_mark(1), replaces=None)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.5])
def test_a_score_that_is_no_mark_is_refused(marked, score):
    with pytest.raises(ValueError, match="expected a score of at least 0, got"):
        set_hand_mark(marked, "90", "ada", hand_mark(score), replaces=None)
