import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.policy import Lateness
from xailab_autograder.course.students import Student
from xailab_autograder.exports.canvas import fill

from tests.autograder.exports.classes import LAB, TEXTS, absent, class_of, excused, file_of, standing
from xailab.errors import XailabError

POINTS = f"{LAB.points:.2f}"
HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes", "Quiz (11)", "Lab 90: Toys (12)",
          "Assignments Current Score", "Final Score"]  # fmt: skip
TARGET = 7
NAMES = st.text(st.sampled_from([*'abc ,;\t"\r\n=+-@', "ü", "\u202e", "名", "😀"]), max_size=10)
MARKS = st.sampled_from(["", "3.00", "EX", "12.50"])


@st.composite
def gradebooks(draw):
    """A gradebook, and for each of its students whether the class knows a mark, as a share of the points."""
    delimiter, decimal = draw(st.sampled_from(",;\t")), draw(st.sampled_from(".,"))
    rows = [[(name, draw(st.booleans())) for name in HEADER]]
    if draw(st.booleans()):
        rows.append([(text, False) for text in ["", "", "", "", "", "", "Manual Posting", "", "", ""]])
    possible = ["    Points Possible", "", "", "", "", "", "10.00", POINTS, "(read only)", "(read only)"]
    rows.append([(text.replace(".", decimal), draw(st.booleans())) for text in possible])
    shares = draw(st.lists(st.none() | st.integers(0, 100), max_size=6))
    first = len(rows)
    for number in range(len(shares)):
        marks = [text.replace(".", decimal) for text in (draw(MARKS), draw(MARKS), "77.10")]
        texts = [draw(NAMES), str(1000 + number), *(draw(NAMES) for _ in range(4)), *marks, draw(NAMES)]
        rows.append([(text, draw(st.booleans())) for text in texts])
    rows.append([(text, False) for text in ["Student, Test", "9999", "", "hash", "A", "", "", "4.00", "", ""]])
    ends = [draw(st.sampled_from(["\n", "\r\n"])) for _ in rows]
    ends[-1] = draw(st.sampled_from(["", "\n", "\r\n"]))
    return rows, delimiter, decimal, ends, draw(st.booleans()), shares, first


@given(gradebooks())
def test_marks_are_in_the_column_and_every_other_byte_is_as_it_was(made):
    rows, delimiter, decimal, ends, bom, shares, first = made
    raw = file_of(rows, delimiter, ends, bom=bom)
    class_book = class_of(
        *(standing(Student(f"s{number}", platforms={"canvas": str(1000 + number)}), share=share / 100)
          for number, share in enumerate(shares) if share is not None)
    )  # fmt: skip
    filled = fill(raw, class_book, column="(12)")
    for number, share in enumerate(shares):
        if share is not None:
            mark = f"{LAB.points * share / 100:.2f}".replace(".", decimal)
            # What had to be in quotes stays in quotes.
            quoted = rows[first + number][TARGET][1] or delimiter in rows[first + number][TARGET][0]
            rows[first + number][TARGET] = (mark, quoted)
    assert filled.raw == file_of(rows, delimiter, ends, bom=bom)
    assert len(filled.filled) == len(class_book.standings)
    assert filled.unmatched == filled.skipped == ()
    assert fill(filled.raw, class_book, column="(12)").raw == filled.raw
    table = list(csv.reader(io.StringIO(filled.raw.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    assert [table[first + number][TARGET] for number, share in enumerate(shares) if share is not None] == [
        f"{one.score:.2f}".replace(".", decimal) for one in class_book.standings
    ]


def sheet(*people, header=HEADER, points=POINTS, delimiter=","):
    """A gradebook with a row for each person: name, canvas id, SIS id, login, then the mark."""
    rows = [header, ["    Points Possible", "", "", "", "", "", "10.00", points, "(read only)", "(read only)"]]
    rows += [[*person[:4], "A", "", "", person[4] if len(person) > 4 else "", "", ""] for person in people]
    return file_of([[(text, False) for text in row] for row in rows], delimiter, ["\r\n"] * len(rows), bom=False)


def column(raw, delimiter=","):
    return [row[TARGET] for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter)][
        2:
    ]


FULL = f"{LAB.points:.2f}"


def test_students_are_found_by_each_id_and_last_by_name():
    raw = sheet(
        ("Byron, Ada", "1", "", ""),
        ("B", "2", "s-2", ""),
        ("C", "3", "", "carl"),
        ("D", "4", "", "DORA@example.org"),
        ("Éva Nagy", "5", "", ""),
    )
    class_book = class_of(
        standing(Student("x", platforms={"canvas": "1"})),
        standing(Student("s-2")),
        standing(Student("carl")),
        standing(Student("y", email="dora@example.org")),
        standing(Student("z", name="NAGY, E\u0301va")),
    )
    filled = fill(raw, class_book)
    assert column(filled.raw) == [FULL] * 5
    assert filled.left == filled.unmatched == filled.notes == ()


def test_a_name_that_two_people_have_matches_nobody():
    raw = sheet(("Ada B", "1", "", ""), ("B, Ada", "2", "", ""), ("Carl", "3", "", ""))
    filled = fill(raw, class_of(standing(Student("x", name="Ada B")), standing(Student("c1", name="Carl")),
                                standing(Student("c2", name="carl"))))  # fmt: skip
    assert filled.raw == raw
    assert filled.unmatched == ("x", "c1", "c2")
    assert filled.left == ("Ada B", "B, Ada", "Carl")


def test_a_row_with_another_canvas_id_is_somebody_else_of_the_same_name():
    raw = sheet(("Anna Müller", "100", "", ""))
    filled = fill(raw, class_of(standing(Student("a", name="Anna Müller", platforms={"canvas": "99"}))))
    assert filled.raw == raw
    assert (filled.unmatched, filled.left) == (("a",), ("Anna Müller",))


def test_ids_that_contradict_each_other_match_nobody():
    raw = sheet(("A", "1", "s-1", ""), ("B", "2", "s-2", ""))
    filled = fill(raw, class_of(standing(Student("s-1", name="A", platforms={"canvas": "2"}))))
    assert filled.raw == raw
    assert "s-1: its ids belong to different rows (3, 4)" in filled.notes[0]


def test_a_row_that_two_students_claim_is_left_alone():
    raw = sheet(("A", "1", "s-1", ""))
    filled = fill(raw, class_of(standing(Student("s-1")), standing(Student("other", platforms={"canvas": "1"}))))
    assert filled.raw == raw
    assert "row 3 fits s-1, other" in filled.notes[0]
    assert filled.unmatched == ("s-1", "other")


def test_who_is_missing_is_said_both_ways():
    filled = fill(sheet(("Stranger", "7", "", "")), class_of(standing(Student("ada", name="Ada"))))
    assert filled.unmatched == ("ada",)
    assert filled.left == ("Stranger",)
    assert filled.filled == filled.skipped == filled.notes == ()


def test_only_marks_that_hold_are_written():
    waiting = standing("waits", marked=False)
    broken = standing("broken", statuses={LAB.tasks[0].id: "error"})
    people = [
        excused("excused"), absent("absent"), waiting, broken, standing("old", outdated=True),
        standing("new", graded=False), standing("torn", graded=False, problem="no notebook"), standing("na"),
        standing("late", lateness=Lateness(share=0.5, why="a day late")),
    ]  # fmt: skip
    ids = [one.student.id for one in people]
    raw = sheet(*((name, str(number), name, "", "N/A" if name == "na" else "1.00") for number, name in enumerate(ids)))
    filled = fill(raw, class_of(*people))
    points = LAB.points - sum(task.points for task in LAB.tasks if task.id in TEXTS)
    assert dict(zip(ids, column(filled.raw), strict=True)) == {
        "excused": "EX", "absent": "1.00", "waits": f"{points:.2f}", "broken": "1.00", "old": "1.00", "new": "1.00",
        "torn": "1.00", "na": "N/A", "late": f"{LAB.points / 2:.2f}",
    }  # fmt: skip
    assert filled.filled == ("excused", "waits", "late")
    assert {one.student: one.why for one in filled.skipped} == {
        "absent": "nothing was handed in",
        "broken": "the grader itself failed at a task; grade again",
        "old": "the result is of an earlier hand-in or an older judge; grade again",
        "new": "not graded yet",
        "torn": "no notebook",
        "na": "Canvas says N/A: the assignment is not assigned to this student",
    }
    assert filled.notes == ("1 mark is not final: a person has yet to mark a part",)


def test_decimals_are_written_as_the_sheet_writes_them():
    points = POINTS.replace(".", ",")
    raw = sheet(("A", "1", "a", ""), points=points, delimiter=";").replace(b"10.00", b"10,00")
    filled = fill(raw, class_of(standing("a", share=0.333)))
    assert column(filled.raw, ";") == [f"{LAB.points * 0.333:.2f}".replace(".", ",")]
    possible = ["    Points Possible", *[""] * 5, "10,00", points, "", ""]
    rows = [[(text, True) for text in row] for row in (HEADER, possible, ["A", "1", "a", *[""] * 7])]
    inside_commas = file_of(rows, ",", ["\n"] * 3, bom=True)
    unquoted = inside_commas.replace(b'"a","","","","","","",""', b'"a",,,,,,,')
    assert column(fill(unquoted, class_of(standing("a"))).raw) == [points]


def test_last_and_first_names_in_columns_of_their_own_are_understood():
    header = ["LastName", "FirstName", "ID", "SIS User ID", "Section", "Notes", "Quiz (11)", *HEADER[7:]]
    raw = sheet(("Byron", "Ada", "1", ""), ("Student", "Test", "2", ""), header=header)
    assert column(fill(raw, class_of(standing(Student("x", name="Ada Byron")))).raw) == [FULL, ""]


@pytest.mark.parametrize("wanted", ["12", "(12)", "lab 90: toys", "Lab 90: Toys (12)"])
def test_an_assignment_has_several_names(wanted):
    raw = sheet(("A", "1", "a", ""))
    assert column(fill(raw, class_of(standing("a")), column=wanted).raw) == [FULL]


def test_an_unknown_or_ambiguous_assignment_lists_the_columns():
    raw, class_book = sheet(("A", "1", "a", "")), class_of(standing("a"))
    with pytest.raises(XailabError, match=r"is 'Lab 4'; there are: 'Quiz \(11\)', 'Lab 90: Toys \(12\)'"):
        fill(raw, class_book, column="Lab 4")
    with pytest.raises(XailabError, match="no assignment in this sheet is 'Notes'"):
        fill(raw, class_book, column="Notes")
    twice = raw.replace(b"Quiz (11)", b"Lab 90 (11)").replace(b"Lab 90: Toys", b"Lab 90")
    with pytest.raises(XailabError, match=r"2 assignments .* 'Lab 90 \(11\)', 'Lab 90 \(12\)'; name one"):
        fill(twice, class_book)
    other = raw.replace(b"Lab 90: Toys", b"Other")
    with pytest.raises(XailabError, match="no assignment in this sheet is called like the lab"):
        fill(other, class_book)


def test_a_read_only_column_and_other_points_are_refused():
    class_book = class_of(standing("a"))
    with pytest.raises(XailabError, match="read-only column"):
        fill(sheet(("A", "1", "a", ""), points="(read only)"), class_book)
    hundred = sheet(("A", "1", "a", ""), points="100.00")
    with pytest.raises(XailabError, match="is worth 100 points, the lab"):
        fill(hundred, class_book)
    assert column(fill(hundred, class_book, scale=True).raw) == ["100.00"]
    assert column(fill(sheet(("A", "1", "a", ""), points=""), class_book).raw) == [FULL]


def test_what_is_no_gradebook_of_canvas_is_refused():
    with pytest.raises(
        XailabError, match=r"expected a gradebook downloaded from Canvas .* other columns: 'id', 'name'"
    ):
        fill(b"id,name\n1,Ada\n", class_of())


def test_an_empty_class_changes_nothing():
    raw = sheet(("A", "1", "a", ""))
    filled = fill(raw, class_of())
    assert filled.raw == raw
    assert filled.left == ("A",)


def test_half_a_hundredth_goes_up_and_nothing_is_minus_zero():
    tiny = replace(standing("a", share=0.0), lateness=Lateness(share=1e-18))
    assert column(fill(sheet(("A", "1", "a", "")), class_of(tiny)).raw) == ["0.00"]
