"""Records go to JSON and back."""

import json

import pytest
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, SubmissionRecord

RECORD = SubmissionRecord(
    lab="03",
    title="Network Dissection",
    student="Ann O'Brien, שלום",
    source="hand-in.ipynb",
    sha256="ab" * 32,
    graded="2026-11-20T12:00:00+00:00",
    grader="xailab 0.1.0",
    level="L3",
    seconds=0.2,
    notes=("cell 7: invalid syntax",),
    exercises=(
        ExerciseRecord(
            "iou", "IoU", "iou_table", "partial", 3.0, 4.0,
            (CheckRecord("worked", "two units", "failed", "<b>\u202e", True),), "dice",
        ),
        ExerciseRecord("reflect", "Why?", "", "manual", 0.0, 2.0, text="=cmd()"),
    ),
)  # fmt: skip


def test_a_record_comes_back_as_it_went():
    assert SubmissionRecord.from_json(RECORD.to_json()) == RECORD


def test_the_sums_are_in_the_file():
    data = json.loads(RECORD.to_json())
    assert (data["score"], data["points"], data["format"]) == (3.0, 6.0, 1)


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": 2}'])
def test_what_is_no_record_is_refused(text):
    with pytest.raises(ValueError, match="expected a submission record of format 1"):
        SubmissionRecord.from_json(text)
