"""Values that were made to hurt the grader: a verdict comes out of each, and no point."""

import numpy as np
import pytest
from xailab_autograder.exercises import Choice
from xailab_autograder.judging.judge import check_task
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.judging.seeds import for_student

from tests.autograder.judging.toys import ROW_MEANS, row_means

DRAW = for_student(b"0123456789abcdef", "90", "row-means", "ada")
HOSTILE = [
    10**4900,
    -(10**4900),
    [10**4900],
    ("\ud800", 1),
    "\ud800",
    "</script><script>alert(1)</script>",
    {"\ud800": 10**4900, "a" * 5000: 1},
    {},
    [[[[[[[[[]]]]]]]]],
    float("nan"),
    complex("inf+nanj"),
    np.float64("nan"),
    np.zeros((0,)),
    np.zeros((0, 0, 0, 0, 0, 0, 0, 0)),
    np.zeros((1, 1, 1, 1, 1, 1, 1, 2)),
    np.full(2, np.inf, np.float32),
    np.full(2, np.nan, np.complex64),
    np.full(2, 2**64 - 1, np.uint64),
    np.full(2, 6e4, np.float16),
    [1.5, "4"],
    list(range(15000)),
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("hidden", [True, False])
def test_any_value_gets_a_verdict_and_no_point(value, hidden):
    record = check_task(ROW_MEANS, LocalStudent({"row_means": lambda table: value}), DRAW, hidden=hidden).record
    assert (record.status, record.score) == ("failed", 0)
    text = SubmissionRecord("90", "", "", "", "", "", "", "", 0, (), (record,)).to_json()
    assert SubmissionRecord.from_json(text.encode("utf-8").decode()).exercises == (record,)
    assert len(text) < 60_000


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_any_value_of_a_prediction_gets_a_verdict_and_no_point(value):
    choice = Choice("predict", "prediction", "?", {"a": "1", "b": "2"}, "b", {"a": "no"}, 1)
    record = check_task(choice, LocalStudent({"prediction": value}), DRAW, hidden=True).record
    assert (record.status, record.score) == ("failed", 0)
    assert len(record.checks[0].message) < 300


def test_shapes_that_were_never_meant_to_meet_do_not_meet_in_the_grader():
    calls = []

    def grows(table):
        calls.append(table)
        good = row_means(table)
        if len(calls) <= 3:
            return good
        return np.zeros((20_000, 1)) if len(calls) % 2 else np.zeros((1, 20_000))

    record = check_task(ROW_MEANS, LocalStudent({"row_means": grows}), DRAW, hidden=True).record
    assert record.score == 0
    breach = next(check for check in record.checks if check.tier == "invariants")
    assert "of another form" in breach.message
