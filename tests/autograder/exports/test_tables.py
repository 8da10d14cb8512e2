"""Plain CSV, nbgrader's columns, JSON lines and LTI scores."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.policy import Lateness
from xailab_autograder.course.students import Student
from xailab_autograder.exports import csv_marks, jsonl_records, lti, nbgrader
from xailab_autograder.exports.spreadsheet import harmless, table
from xailab_autograder.judging.records import SubmissionRecord

from tests.autograder.exports.classes import LAB, NOON, absent, class_of, excused, standing

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\r=1",
    " =1",
    "a;=1+1",
    "x\n=2",
    "＝1",
    'Doe, "Ada"',
    "أدا",
    "😀",
    "\ud800",
    "",
]


def read(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


EVERYBODY = [
    standing(Student("ada", "Byron, Ada", "ada@example.org", {"lti": "u-1"}), share=0.5, mistake="sum-of-squares",
             lateness=Lateness(timedelta(hours=26), 0.2, "handed in 1 d 2 h after the deadline: 20% off")),
    standing("bea", marked=False),
    standing("carl", statuses={LAB.tasks[1].id: "error"}),
    standing("dora", graded=False, problem="no notebook"),
    standing("emil", outdated=True),
    absent("finn", known=False),
    excused("gina"),
]  # fmt: skip
STATES = ["final", "waiting", "grader failed", "problem", "outdated", "nothing", "excused"]


@given(st.text(max_size=20) | st.sampled_from(HOSTILE))
def test_no_cell_is_a_formula_however_the_file_is_split(text):
    for delimiter in ",;\t":
        lines = csv.reader(io.StringIO(table([["x", text, "y"]]), newline=""), delimiter=delimiter)
        for row in lines:
            for cell in row:
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")), (delimiter, row)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0;\t\r\n"), max_size=20))
def test_harmless_text_is_left_as_it_is_but_for_one_quote(text):
    assert harmless(text) in (text, f"'{text}")


def test_plain_marks_say_who_has_what_and_why():
    rows = read(csv_marks.marks(class_of(*EVERYBODY)))
    assert [row["state"] for row in rows] == STATES
    ada = rows[0]
    assert (ada["student"], ada["name"], ada["email"]) == ("ada", "Byron, Ada", "ada@example.org")
    assert [float(ada[task.id]) for task in LAB.tasks] == [task.points / 2 for task in LAB.tasks]
    assert float(ada["raw"]) == LAB.points / 2
    assert float(ada["deduction"]) == pytest.approx(LAB.points / 10)
    assert float(ada["score"]) == pytest.approx(LAB.points * 0.4)
    assert float(ada["points"]) == LAB.points
    assert ada["submitted"] == "2026-11-20T11:00:00+00:00"
    assert float(ada["late_hours"]) == 26
    assert ada["mistakes"] == f"{LAB.tasks[0].id}:sum-of-squares"
    assert ada["remarks"] == "handed in 1 d 2 h after the deadline: 20% off"
    assert rows[1]["reflect-mean"] == ""
    assert rows[2][LAB.tasks[1].id] == ""
    assert rows[3]["score"] == rows[5]["score"] == rows[6]["score"] == ""
    assert rows[3]["remarks"] == "no notebook"
    assert [row["on_roster"] for row in rows] == ["yes"] * 5 + ["no", "yes"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_column(name):
    class_book = class_of(standing(Student("s", name=name, email=name)))
    for text in (csv_marks.marks(class_book), nbgrader.export(class_book)):
        (row,) = read(text)
        assert None not in row
        assert float(row["score"]) == LAB.points
        text.encode("utf-8-sig")
    (line,) = jsonl_records.records(class_book).splitlines()
    assert json.loads(line)["student"]["name"] == name


def test_nbgrader_columns_are_nbgraders():
    text = nbgrader.export(replace(class_of(*EVERYBODY), due=NOON))
    rows = read(text)
    assert text.splitlines()[0] == ("assignment,duedate,timestamp,student_id,last_name,first_name,email,"
                                    "raw_score,late_submission_penalty,score,max_score")  # fmt: skip
    ada = rows[0]
    assert (ada["assignment"], ada["duedate"], ada["timestamp"]) == (
        "90-toy", "2026-11-20 12:00:00", "2026-11-20 11:00:00"
    )  # fmt: skip
    assert (ada["student_id"], ada["last_name"], ada["first_name"]) == ("ada", "Byron", "Ada")
    assert float(ada["raw_score"]) - float(ada["late_submission_penalty"]) == pytest.approx(float(ada["score"]))
    assert float(ada["max_score"]) == LAB.points
    assert rows[3]["score"] == rows[6]["score"] == ""  # not graded, excused: no zero that is not true
    assert float(rows[5]["score"]) == 0


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada", ("Ada", "")),
        ("Ada King Byron", ("Byron", "Ada King")),
        ("Byron, Ada, x", ("Byron", "Ada, x")),
        ("", ("", "")),
    ],
)
def test_names_are_parted(name, parts):
    assert nbgrader.names(name) == parts


def test_json_lines_hold_everything_and_the_record_is_read_back():
    lines = jsonl_records.records(class_of(*EVERYBODY)).splitlines()
    entries = [json.loads(line) for line in lines]
    assert all(line.isascii() for line in lines)
    assert [entry["state"] for entry in entries] == STATES
    ada = entries[0]
    assert ada["student"]["platforms"] == {"lti": "u-1"}
    assert ada["score"] == pytest.approx(LAB.points * 0.4)
    assert ada["late_s"] == 26 * 3600
    assert ada["marks"][-1]["by_hand"]["comment"] == "well read"
    assert ada["handed_in"]["source"] == "lab.ipynb"
    assert SubmissionRecord.from_json(json.dumps(ada["record"])) == EVERYBODY[0].settled
    assert entries[3]["record"] is entries[5]["handed_in"] is None


AGS_SCORE = {
    "type": "object",
    "required": ["userId", "timestamp", "activityProgress", "gradingProgress"],
    "additionalProperties": False,
    "dependentRequired": {"scoreGiven": ["scoreMaximum"]},
    "properties": {
        "userId": {"type": "string", "minLength": 1},
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$"},
        "activityProgress": {"enum": ["Initialized", "Started", "InProgress", "Submitted", "Completed"]},
        "gradingProgress": {"enum": ["FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"]},
        "scoreGiven": {"type": "number", "minimum": 0},
        "scoreMaximum": {"type": "number", "exclusiveMinimum": 0},
        "comment": {"type": "string"},
        "submission": {
            "type": "object",
            "properties": {"submittedAt": {"type": "string", "pattern": r"\.\d{3,6}Z$"}},
            "additionalProperties": False,
        },
    },
}


def test_lti_scores_have_the_form_of_ags():
    entries = [json.loads(line) for line in lti.scores(class_of(*EVERYBODY)).splitlines()]
    for entry in entries:
        jsonschema.validate(entry, AGS_SCORE)
    assert [(entry["userId"], entry["activityProgress"], entry["gradingProgress"]) for entry in entries] == [
        ("u-1", "Completed", "FullyGraded"),
        ("bea", "Submitted", "PendingManual"),
        ("carl", "Submitted", "Failed"),
        ("dora", "Submitted", "Failed"),
        ("emil", "Submitted", "Pending"),
    ]
    assert ["scoreGiven" in entry for entry in entries] == [True, True, False, False, False]
    assert entries[0]["scoreGiven"] == pytest.approx(LAB.points * 0.4)
    assert "handed in 1 d 2 h after the deadline" in entries[0]["comment"]
    assert entries[3]["comment"] == "Lab 90: no notebook"


def test_lti_scores_are_younger_at_every_export_so_that_a_platform_takes_them():
    class_book = class_of(EVERYBODY[0], EVERYBODY[1])
    times = [json.loads(line)["timestamp"] for line in lti.scores(class_book).splitlines()]
    assert times == ["2026-11-20T13:00:00.000000Z"] * 2
    later = replace(class_book, read=class_book.read + timedelta(microseconds=1))
    assert {json.loads(line)["timestamp"] for line in lti.scores(later).splitlines()} == {"2026-11-20T13:00:00.000001Z"}


def test_an_empty_class_has_headings_or_nothing():
    assert read(csv_marks.marks(class_of())) == read(nbgrader.export(class_of())) == []
    assert jsonl_records.records(class_of()) == lti.scores(class_of()) == ""
