import csv
import html
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.students import Student
from xailab_autograder.exports.moodle import fill

from tests.autograder.exports.classes import LAB, absent, class_of, excused, file_of, standing
from xailab.errors import XailabError

HEADER = ["Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum Grade",
          "Grade can be changed", "Last modified (submission)", "Online text", "Last modified (grade)",
          "Feedback comments"]  # fmt: skip
GERMAN = ["ID", "Vollständiger Name", "ID-Nummer", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung",
          "Bewertung kann geändert werden", "Zuletzt geändert (Abgabe)", "Texteingabe online",
          "Zuletzt geändert (Bewertung)", "Feedback als Kommentar"]  # fmt: skip  # codespell:ignore als
GRADE, COMMENTS = 5, 11
POINTS = f"{LAB.points:.2f}"
TEXT = st.text(st.sampled_from([*'ab ,;\t"\r\n=+-@<>&', "ü", "\u202e", "名", "😀"]), max_size=10)


@st.composite
def worksheets(draw):
    """A worksheet, and for each participant whether the class knows a mark, as a share of the points."""
    rows = [[(name, draw(st.booleans())) for name in draw(st.sampled_from([HEADER, GERMAN]))]]
    shares = draw(st.lists(st.none() | st.integers(0, 100), max_size=6))
    prefix = draw(st.sampled_from(["Participant ", "Teilnehmer/in"]))
    for number in range(len(shares)):
        person = [f"{prefix}{1000 + number}", *(draw(TEXT) for _ in range(4))]
        grade = [draw(st.sampled_from(["", "3.00"])), POINTS, "Yes"]
        texts = [*person, *grade, draw(TEXT), draw(TEXT), "Friday, 20 November 2026, 1:00 PM", ""]
        rows.append([(text, draw(st.booleans())) for text in texts])
    ends = [draw(st.sampled_from(["\n", "\r\n"])) for _ in rows]
    ends[-1] = draw(st.sampled_from(["", "\n", "\r\n"]))
    return rows, draw(st.sampled_from(",;\t")), ends, draw(st.booleans()), shares


def reread(raw, delimiter=","):
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@given(worksheets())
def test_grades_and_comments_are_filled_and_every_other_byte_is_as_it_was(made):
    rows, delimiter, ends, bom, shares = made
    raw = file_of(rows, delimiter, ends, bom=bom)
    class_book = class_of(
        *(standing(Student(f"s{number}", platforms={"moodle": str(1000 + number)}), share=share / 100)
          for number, share in enumerate(shares) if share is not None)
    )  # fmt: skip
    filled = fill(raw, class_book)
    said = reread(filled.raw, delimiter)
    for number, share in enumerate(shares, 1):
        if share is not None:
            comment = said[number][COMMENTS]
            assert comment.startswith("<p>xailab, Lab 90: ")
            rows[number][GRADE] = (f"{LAB.points * share / 100:.2f}", rows[number][GRADE][1])
            rows[number][COMMENTS] = (comment, rows[number][COMMENTS][1])
    expected = file_of(rows, delimiter, ends, bom=bom)
    assert filled.raw == expected
    assert len(filled.filled) == len(class_book.standings)
    assert fill(filled.raw, class_book).raw == filled.raw


def sheet(*people, header=HEADER, delimiter=",", encoding="utf-8"):
    """A worksheet with a row for each person, given as column -> text beside the identifier."""
    rows = [header]
    for identifier, more in people:
        row = [identifier, *[""] * 5, POINTS, "Yes", "", "", "-", ""]
        for place, text in more.items():
            row[place] = text
        rows.append(row)
    fields = [[(text, False) for text in row] for row in rows]
    return file_of(fields, delimiter, ["\n"] * len(rows), bom=False, encoding=encoding)


def grades(filled, delimiter=","):
    return [row[GRADE] for row in reread(filled.raw, delimiter)][1:]


def test_students_are_found_by_number_id_address_and_last_by_name():
    raw = sheet(("Participant 7", {}), ("Participant 8", {2: "m-8"}), ("Participant 9", {3: "Eve@Example.org"}),
                ("Participant 10", {1: "Ada Byron"}))  # fmt: skip
    class_book = class_of(
        standing(Student("a", platforms={"moodle": "Participant 7"})),
        standing(Student("m-8")),
        standing(Student("e", email="eve@example.org")),
        standing(Student("b", name="Byron, Ada")),
    )
    assert grades(fill(raw, class_book)) == [POINTS] * 4


def test_only_grades_that_hold_and_can_be_changed_are_written():
    people = [absent("absent"), excused("excused"), standing("fixed"), standing("broken", statuses={"pairs": "error"})]
    raw = sheet(*((f"Participant {number}", {2: one.student.id, 7: "No" if number == 2 else "Yes"})
                  for number, one in enumerate(people)))  # fmt: skip
    filled = fill(raw, class_of(*people))
    assert filled.raw == raw
    assert {one.student: one.why for one in filled.skipped} == {
        "absent": "nothing was handed in",
        "excused": "excused",
        "fixed": "Moodle says that the grade cannot be changed",
        "broken": "the grader itself failed at a task; grade again",
    }


def test_a_comment_that_a_person_wrote_is_left_alone():
    raw = sheet(("Participant 1", {2: "a", COMMENTS: "Come and see me"}))
    filled = fill(raw, class_of(standing("a")))
    assert reread(filled.raw)[1][COMMENTS] == "Come and see me"
    assert grades(filled) == [POINTS]
    assert "1 comment that a person wrote in Moodle: left as they were" in filled.notes
    assert reread(fill(sheet(("P1", {2: "a"})), class_of(standing("a")), comments=False).raw)[1][COMMENTS] == ""


def test_the_comment_names_points_and_mistakes_and_is_escaped():
    one = standing("a", share=0.5, mistake="sum")
    comment = reread(fill(sheet(("P1", {2: "a"})), class_of(one)).raw)[1][COMMENTS]
    assert set(re.findall(r"<(/?\w+)", comment)) == {"p", "/p", "ul", "/ul", "li", "/li"}
    plain = html.unescape(comment)
    assert "mean_square: 1.5/3" in plain
    assert "likely: You seem to return the <sum>, not the mean." in plain
    assert "reflect-mean: 1/2, well read" in plain


def test_decimals_are_written_as_the_worksheet_writes_them():
    raw = sheet(("Teilnehmer/in1", {2: "a", 6: POINTS.replace(".", ",")}), header=GERMAN, delimiter=";")
    assert grades(fill(raw, class_of(standing("a", share=0.5))), ";") == [f"{LAB.points / 2:.2f}".replace(".", ",")]


def test_another_maximum_is_refused_unless_scaling_is_asked_for():
    raw, class_book = sheet(("P1", {2: "a", 6: "100.00"})), class_of(standing("a", share=0.5))
    with pytest.raises(XailabError, match="the assignment in Moodle is worth 100 points, the lab 11"):
        fill(raw, class_book)
    assert grades(fill(raw, class_book, scale=True)) == ["50.00"]
    with pytest.raises(XailabError, match="expected one maximum grade"):
        fill(sheet(("P1", {6: "100.00"}), ("P2", {6: "10.00"})), class_book)


def test_a_worksheet_without_comments_gets_grades_and_says_so():
    raw = sheet(("P1", {2: "a"}), header=[*HEADER[:COMMENTS], "Other"])
    filled = fill(raw, class_of(standing("a")))
    assert grades(filled) == [POINTS]
    assert "no column for comments" in filled.notes[-1]


def test_what_is_no_worksheet_is_refused():
    with pytest.raises(XailabError, match="expected a grading worksheet downloaded from Moodle"):
        fill(b"Identifier,Grade\nParticipant 1,\n", class_of())


def test_an_old_encoding_takes_letters_it_has_not_as_entities():
    hand_in = standing(Student("a", name="名"), lateness=standing("a").lateness)
    raw = sheet(("P1", {2: "a", 1: "Müller"}), encoding="cp1252")
    filled = fill(raw, class_of(hand_in))
    assert "Müller" in filled.raw.decode("cp1252")
