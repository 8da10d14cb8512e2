"""A disguised copy computes the same and looks different."""

import random
import warnings

import numpy as np
import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Exercise
from xailab_autograder.judging.materials import materialize
from xailab_autograder.rehearsal.copies import disguised
from xailab_autograder.rehearsal.standalone import standalone

LAB, VARIANTS = labs.load("03"), labs.variants("03")
EXERCISES = [task for task in LAB.tasks if isinstance(task, Exercise)]


def same(one: object, other: object) -> bool:
    """The same up to rounding: linear algebra gives other last bits for arrays that lie elsewhere in memory."""
    if isinstance(one, list | tuple):
        return isinstance(other, type(one)) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | float | np.generic):
        return type(one) is type(other) and np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)
    return repr(one) == repr(other)


def outcomes(text: str, task: Exercise) -> list[object]:
    made: dict = {"__name__": "__main__"}
    exec(text, made)
    found = []
    for case in (*task.worked, *task.random(np.random.default_rng(0))):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # wrong ways divide by zero
            found.append(made[task.function](*materialize(case.arguments)))
    return found


@pytest.mark.parametrize("task", EXERCISES, ids=lambda task: task.id)
def test_every_answer_of_lab_3_in_disguise_computes_the_same(task, monkeypatch):
    real = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed=7: real(seed))
    ways = [way for known in task.misconceptions for way in known.ways]
    for number, function in enumerate((task.reference, *VARIANTS[task.id], *ways)):
        original = standalone(function, task.function).text
        copy = disguised(original, task.function, random.Random(number))
        assert copy != original
        assert same(outcomes(copy, task), outcomes(original, task)), function


def test_a_disguise_leaves_no_line_with_a_variable_as_it_was_and_no_helper_s_name():
    (task,) = (task for task in EXERCISES if task.id == "iou-table")
    original = standalone(VARIANTS[task.id][1], task.function).text
    copy = disguised(original, task.function, random.Random(1))
    assert not {line for line in original.split("\n") if " = " in line} & set(copy.split("\n"))
    assert "upsample_gather" in original
    assert "upsample_gather" not in copy


def test_names_that_are_used_as_keywords_stay():
    text = "def scaled(x, factor=2):\n    return x * factor\n\ndef f(value):\n    return scaled(value, factor=3)\n"
    made: dict = {}
    exec(disguised(text, "f", random.Random(0)), made)
    assert made["f"](2) == 6
