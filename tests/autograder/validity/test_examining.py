"""The examination finds what is wrong with a lab's grading."""

from dataclasses import replace

import numpy as np
import pytest
from xailab_autograder.exercises import Case, Choice, Lab, Misconception
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.validity.examining import extremes, flickering, mistakes, rights, survivors

from tests.autograder.judging.toys import ROW_MEANS, row_means

RIGHT = """
import numpy as np
def row_means(table):
    return np.asarray(table, dtype=np.float64).mean(axis=1)
"""


def lab_of(*tasks):
    return Lab("90", "toy", "Toy", "", tasks)


def right_one(table):
    return np.asarray(table).mean(axis=1)


def right_two(table):
    return np.array([sum(row) / len(row) for row in np.asarray(table).tolist()])


def right_three(table):
    return np.einsum("rc->r", np.asarray(table)) / np.shape(table)[1]


def nearly_right(table):
    return np.asarray(table).mean(axis=1) * 1.01


RIGHTS = (right_one, right_two, right_three)


def test_a_sound_lab_has_no_problems(zygote):
    lab = lab_of(ROW_MEANS)
    assert rights(lab, {"row-means": RIGHTS}, zygote) == []
    assert mistakes(lab) == []
    assert flickering(lab, seeds=range(3)) == []


def test_a_right_solution_that_fails_is_reported(zygote):
    found = rights(lab_of(ROW_MEANS), {"row-means": (*RIGHTS, nearly_right)}, zygote)
    assert len(found) == 1
    assert "nearly_right gets 0 of 4" in found[0]


def test_too_few_right_solutions_are_reported(zygote):
    found = rights(lab_of(ROW_MEANS), {"row-means": RIGHTS[:2]}, zygote)
    assert found == ["row-means: 2 independent right solutions, expected 3 or more"]


def test_a_misconception_that_passes_or_looks_like_another_is_reported():
    twins = (Misconception("a", lambda t: row_means(t) + 1, ""), Misconception("b", lambda t: row_means(t) + 1.0, ""))
    found = mistakes(lab_of(replace(ROW_MEANS, misconceptions=(*twins, Misconception("c", row_means, "")))))
    assert any("a (<lambda>) with seed 0 is named None" in line for line in found)
    assert any("b (<lambda>) with seed 0 is named None" in line for line in found)
    assert any("c (row_means) with seed 0 passes" in line for line in found)


def test_a_verdict_that_depends_on_the_seed_is_reported():
    odd = Misconception("odd", lambda t: row_means(t) + (t.sum() > 0), "")
    task = replace(ROW_MEANS, misconceptions=(odd,), worked=(), invariants=(), edges=lambda rng: (),
                   random=lambda rng: (Case("one", (rng.normal(size=(1, 1)),)),))  # fmt: skip
    found = flickering(lab_of(task), seeds=range(12))
    assert len(found) == 1
    assert "odd 0 flickers" in found[0]


def test_weak_checks_let_mutants_live_and_strong_ones_do_not(zygote):
    tried, alive = survivors(lab_of(ROW_MEANS), zygote)
    assert tried >= 4
    assert {survival.mutant.change for survival in alive} <= {
        "row_means: return np.asarray(table, dtype=np.float64).mean(axis=1)  =>  without dtype=np.float64"
    }
    square = (Case("zeros", (np.zeros((2, 2)),)),)
    weak = replace(ROW_MEANS, worked=square, random=lambda rng: (), invariants=(), edges=lambda rng: ())
    _, alive = survivors(lab_of(weak), zygote)
    assert len(alive) >= 3


@pytest.mark.parametrize(
    ("empty", "solved", "count"), [("", RIGHT, 0), (RIGHT, RIGHT, 1), ("", "", 1), ("prediction = 'b'", RIGHT, 1)]
)
def test_free_points_and_lost_points_are_reported(zygote, empty, solved, count):
    choice = Choice("predict", "prediction", "?", {"a": "1", "b": "2"}, "b", {"a": "no"}, 1)
    lab = lab_of(ROW_MEANS, choice)
    found = extremes(lab, [Cell("one", empty)], [Cell("one", f"{solved}\nprediction = 'b'\n")], zygote)
    assert len(found) == count
