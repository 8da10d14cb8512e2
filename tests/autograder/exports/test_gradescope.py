import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_autograder.course.policy import Lateness
from xailab_autograder.exports.gradescope import Metadata, read_metadata, refused, results, unfinished
from xailab_autograder.gradebook.contents import Fingerprint

from tests.autograder.exports.classes import LAB, absent, standing
from tests.autograder.exports.gradescope_form import check

MANUAL = 2
AUTOMATIC = LAB.points - MANUAL


def test_a_record_has_one_test_for_each_task_and_texts_have_no_score():
    made = results(
        standing("ada", share=0.5, mistake="sum").record,
        attempt=3,
        fingerprint=Fingerprint("a" * 64, "b" * 64, "c" * 64),
    )
    check(made, graded=True)
    assert [test["number"] for test in made["tests"]] == ["1", "2", "3", "4", "5"]
    assert sum(test.get("score", 0) for test in made["tests"]) == made["score"] == AUTOMATIC / 2
    assert sum(test.get("max_score", 0) for test in made["tests"]) == AUTOMATIC
    assert "score" not in made["tests"][-1]
    assert "status" not in made["tests"][-1]
    assert made["stdout_visibility"] == "hidden"
    assert "2 more points are for texts that a person reads" in made["output"]
    extra = made["extra_data"]
    assert (extra["attempt"], extra["fingerprint"]) == (3, "aaaaaaaaaaaa-bbbbbbbbbbbb-cccccccccccc")
    assert extra["mistakes"] == {"predict-scale": "sum"}
    assert made["tests"][0]["tags"] == ["sum"]


def test_a_text_that_was_not_handed_in_counts_no_more_than_one_that_waits():
    made = results(standing("ada", statuses={"reflect-mean": "missing"}).record)
    check(made, graded=True)
    assert sum(test.get("max_score", 0) for test in made["tests"]) == AUTOMATIC


def test_a_standing_counts_what_people_marked_and_what_lateness_costs():
    late = replace(standing("ada"), lateness=Lateness(share=0.1, why="a day late: 10% off"))
    made = results(late)
    check(made, graded=True)
    assert made["score"] == pytest.approx(LAB.points * 0.9)
    assert made["tests"][-1]["score"] == MANUAL
    assert "Prof. X writes: well read" in made["tests"][-1]["output"]
    assert "Less 1.1: a day late: 10% off." in made["output"]


@pytest.mark.parametrize("visibility", ["visible", "hidden", "after_due_date", "after_published"])
def test_students_see_tests_when_the_instructor_says(visibility):
    made = results(standing("ada").record, visibility=visibility)
    check(made, graded=True)
    assert {made["visibility"], *(test["visibility"] for test in made["tests"])} == {visibility}


def test_where_the_grader_failed_no_score_is_claimed():
    made = results(standing("ada", statuses={"pairs": "error"}).record, attempt=1)
    check(made, graded=False)
    assert "The grader itself failed" in made["output"]
    assert made["extra_data"]["attempt"] == 1


def test_a_standing_without_a_result_has_none():
    with pytest.raises(ValueError, match="expected a standing with a result"):
        results(absent("ada"))


def test_what_did_not_finish_has_no_score_and_what_cannot_be_graded_has_zero():
    check(unfinished("why"), graded=False)
    check(refused("why"), graded=True)
    assert refused("why")["score"] == 0


@given(st.text(max_size=300))
def test_whatever_a_student_wrote_is_plain_text_in_the_results(text):
    record = standing("ada").record
    one = replace(record.exercises[1], output=text, title=text, function=text, notes=(text,))
    made = results(replace(record, source=text, notes=(text,), exercises=(record.exercises[0], one)))
    check(made, graded=True)
    assert made["output_format"] == "text"
    assert (
        {test["output_format"] for test in made["tests"]} == {test["name_format"] for test in made["tests"]} == {"text"}
    )
    assert "\x1b" not in json.dumps(made)
    assert "\\u001b" not in json.dumps(made)


def test_long_output_is_cut():
    record = standing("ada").record
    loud = replace(record.exercises[1], output="x" * 10**6, title="t" * 10**5)
    check(results(replace(record, exercises=(loud,), notes=("n" * 10**5,))), graded=True)


METADATA = {
    "id": 123, "created_at": "2026-11-20T12:00:00.123456-08:00", "submission_method": "upload",
    "assignment": {"title": "Lab 90", "total_points": "11.0"},
    "users": [{"email": "Zoe@example.org", "id": 2, "name": "Zoe"}, {"email": "ada@example.org", "name": "Ada"}],
    "previous_submissions": [{"submission_time": "x", "score": 0.0, "results": {}}, {}],
}  # fmt: skip


def test_metadata_say_who_and_how_often():
    said = read_metadata(json.dumps(METADATA).encode())
    assert said.emails == ("Zoe@example.org", "ada@example.org")
    assert said.student == "Zoe@example.org+ada@example.org"
    assert (said.number, said.assignment, said.attempt) == ("123", "Lab 90", 3)
    assert said.submitted is not None
    assert said.submitted.utcoffset() is not None
    assert read_metadata(b'{"id": 5}').student == "5"
    assert read_metadata(b'{"users": [{"name": "Ada"}], "id": 5}').student == "Ada"


@given(st.binary(max_size=30))
def test_metadata_that_are_no_metadata_say_nothing_and_raise_nothing(raw):
    assert isinstance(read_metadata(raw), Metadata)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*METADATA, "email", "name", "title"]), inner, max_size=5)
        ),
    )
)
def test_metadata_of_other_types_raise_nothing(data):
    said = read_metadata(json.dumps(data).encode())
    assert isinstance(said.student, str)
    assert said.attempt >= 1


def test_metadata_nested_without_end_raise_nothing():
    assert read_metadata(b"[" * 100_000) == Metadata()
