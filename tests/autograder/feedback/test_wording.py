"""The line that everybody reads says what is the case."""

from dataclasses import replace

import pytest
from xailab_autograder.feedback.wording import (
    check_title,
    earned,
    headline,
    late_words,
    likely_words,
    number,
    shown_tiers,
    status_words,
    tiers,
)
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord

from tests.autograder.feedback import examples


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (examples.THRESHOLDS, "thresholds: public cases passed; 6 hidden checks remain"),
        (replace(examples.THRESHOLDS, remaining=1), "thresholds: public cases passed; 1 hidden check remains"),
        (replace(examples.THRESHOLDS, remaining=0), "thresholds: all 9 checks pass"),
        (examples.UPSAMPLE, "upsample: 7 of 10 checks pass"),
        (examples.EDGE, "random_rotation: 7 of 8 checks pass; only edge cases are missing"),
        (examples.MISSING, "pca_basis: not written yet"),
        (examples.ANSWERED, "prediction_null: answered; the experiment shows whether it is right"),
        (examples.PREDICTION, "prediction_rotation: b: nothing, a rotation loses no information (not what happens)"),
        (replace(examples.PREDICTION, status="passed", text="a"), "prediction_rotation: a (that is what happens)"),
    ],
)  # fmt: skip
def test_headlines(record: ExerciseRecord, line: str) -> None:
    assert headline(record) == line


def test_a_fault_of_the_grader_is_never_the_students() -> None:
    assert "not your fault" in headline(examples.FAULT)
    assert "no mark is final" in headline(examples.FAULT)


def test_a_kind_of_checks_fails_with_one_of_them_and_counts_those_that_pass() -> None:
    checks = [
        CheckRecord("random", "a", "passed"),
        CheckRecord("random", "b", "failed"),
        CheckRecord("edges", "c", "blocked"),
    ]
    assert [(mark.name, mark.outcome, mark.passed, mark.total) for mark in tiers(checks)] == [
        ("random cases", "failed", 1, 2),
        ("edge cases", "blocked", 0, 1),
    ]


def test_points_are_written_without_needless_zeros() -> None:
    assert [number(value) for value in (0, 2.0, 0.75, 1 / 3, 10, 100.10)] == ["0", "2", "0.75", "0.33", "10", "100.1"]


def test_points_that_a_person_still_gives_are_announced() -> None:
    assert earned(examples.submission()) == "2.75 of 18 points so far; 2 more are marked by a person"
    assert earned(examples.submission(examples.THRESHOLDS)) == "2 of 2 points"


def test_a_sentence_is_not_said_twice() -> None:
    assert likely_words(examples.PREDICTION) == ""
    assert likely_words(examples.UPSAMPLE) == examples.UPSAMPLE.likely


def test_cases_say_of_what_kind_they_are() -> None:
    assert check_title(CheckRecord("worked", "2 units", "failed")) == "worked by hand: 2 units"
    assert check_title(CheckRecord("invariants", "Q Q^T = I", "failed")) == "Q Q^T = I"


def test_what_counts_is_said_before_what_was_earned() -> None:
    late = replace(examples.submission(), deduction=0.55, deduction_why="late")
    assert earned(late) == "2.2 of 18 points (2.75 earned, 0.55 off) so far; 2 more are marked by a person"
    assert late_words(late) == "Late."
    assert late_words(examples.submission()) == ""


def test_a_persons_mark_has_words_of_its_own() -> None:
    judged = replace(examples.UPSAMPLE, status="partial", score=1.0, marker="Ada", comment="close")
    assert headline(judged) == "upsample: 1 of 2 points, marked by Ada"
    assert status_words(judged) == "marked by a person"
    assert status_words(examples.EDGE) == "almost: edge cases"
    unsigned = replace(examples.REFLECTION, status="failed")
    assert headline(unsigned).endswith("0 of 2 points, marked by a person")


def test_the_tiers_of_a_text_tell_nothing() -> None:
    assert shown_tiers(replace(examples.REFLECTION, status="passed", score=2.0)) == []
    assert shown_tiers(examples.MISSING) == []
    assert len(shown_tiers(examples.THRESHOLDS)) == 8
