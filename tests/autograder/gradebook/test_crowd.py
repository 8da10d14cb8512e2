"""Many who register, grade, mark and read at the same time neither block each other nor lose anything."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from xailab_autograder.course.students import Student
from xailab_autograder.gradebook.claims import beat, claim, counts, release
from xailab_autograder.gradebook.contents import HandMark
from xailab_autograder.gradebook.hand_marks import Conflict, set_hand_mark
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import changes, class_book
from xailab_autograder.gradebook.writing import register, write_result

from tests.autograder.gradebook.classes import FIRST, LAB, hand_in, hand_mark, record

CLASS = [hand_in(f"student-{number}") for number in range(6)]


def test_everything_at_once_by_four(filled_address):
    accepted: list[tuple[str, HandMark]] = []

    def work(number: int) -> None:
        chance, grader = random.Random(number), f"grader {number}"
        with open_gradebook(filled_address) as book:
            for turn in range(4):
                people = [Student(each.student, platforms={f"{number}-{turn}": "x"}) for each in CLASS]
                register(book, LAB, people, chance.sample(CLASS, 6))
                everybody = [each.student for each in CLASS]
                for each in claim(book, "90", FIRST, grader, most=2, anew=everybody if turn % 2 else None):
                    write_result(book, each, record(each), FIRST)
                beat(book, grader)
                (seen,) = class_book(book, LAB, students={student := chance.choice(everybody)}).standings
                mark = hand_mark(float(turn % 3), marker=grader, comment=str(turn))
                try:
                    set_hand_mark(book, "90", student, mark, replaces=seen.marks[-1].by_hand)
                    accepted.append((student, mark))
                except Conflict:
                    pass
                if turn % 2:
                    release(book, grader)

    with open_gradebook(filled_address) as book:
        register(book, LAB, [], CLASS)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(4)))
        while found := claim(book, "90", FIRST, "last", most=9):
            for each in found:
                write_result(book, each, record(each), FIRST)
        assert counts(book, "90", FIRST).done == len(CLASS)
        standings = class_book(book, LAB).standings
        assert [each.record for each in standings] == [record(each) for each in CLASS]
        for each in standings:  # what anybody said of a student is kept, and so is the last mark
            assert set(each.student.platforms) == {f"{number}-{turn}" for number in range(4) for turn in range(4)}
            marks = [mark for student, mark in accepted if student == each.student.id]
            assert each.marks[-1].by_hand in (marks or [None])
        assert {each.why for each in changes(book, "90")} <= {"marked by hand"}


def test_of_four_who_mark_the_same_at_once_one_is_first(filled_address):
    with open_gradebook(filled_address) as book:
        register(book, LAB, [], CLASS)

        def accepted(number: int) -> list[str]:
            done = []
            for each in CLASS:
                try:
                    set_hand_mark(book, "90", each.student, hand_mark(marker=str(number)), replaces=None)
                    done.append(each.student)
                except Conflict:
                    pass
            return done

        with ThreadPoolExecutor(4) as threads:
            first = [student for each in threads.map(accepted, range(4)) for student in each]
        assert sorted(first) == [each.student for each in CLASS]
        assert len(changes(book, "90")) == len(CLASS)


def test_what_four_say_of_a_student_in_four_labs_at_once_is_all_kept(filled_address):
    with open_gradebook(filled_address) as book:

        def say(number: int) -> None:
            for turn in range(5):
                people = [Student(each.student, platforms={f"{number}-{turn}": "x"}) for each in CLASS]
                register(book, replace(LAB, number=f"9{number}"), people, [])

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(say, range(4)))
        for each in class_book(book, replace(LAB, number="90")).standings:
            assert set(each.student.platforms) == {f"{number}-{turn}" for number in range(4) for turn in range(5)}
