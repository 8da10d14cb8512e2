"""What a mistake is worth is found without the judge."""

from dataclasses import replace

import numpy as np
import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Case, Exercise, Invariant
from xailab_autograder.rehearsal.oracle import differs, worth


def double(x):
    return x * 2.0


TASK = Exercise(
    id="double",
    function="double",
    signature="double(x)",
    title="Double",
    task="Double.",
    points=4,
    minutes=1,
    reference=double,
    worked=(Case("one", (np.array([1.0, 2.0]),), np.array([2.0, 4.0])),),
    random=lambda rng: [Case("random", (rng.random(3) + 1,))],
    edges=lambda rng: [Case("empty", (np.zeros(0),)), Case("negative", (-1 - rng.random(2),))],
    edge_share=0.25,
)


def in_place(x):
    result = x * 2.0
    x[...] = 0
    return result


@pytest.mark.parametrize(
    ("wrong", "points"),
    [
        (double, 4),
        (lambda x: x * 3.0, 0),
        (lambda x: np.abs(x) * 2.0, 3),
        (lambda x: x * 2.0 if x.size else None, 3),
        (in_place, 3),
        (lambda x: list(x * 2.0), 0),
        (lambda x: x[:, None] * 2.0, 0),
        (lambda x: x * 2.0 + 1j, 0),
        (lambda x: x.missing, 0),
        (lambda x: x * 2.0 if len(x) == 2 else x, 0),
    ],
)
def test_points_of_a_mistake(wrong, points):
    assert worth(TASK, wrong) == points


def test_a_mistake_that_shows_in_some_draws_only_is_unsure():
    flickers = replace(TASK, worked=TASK.worked, random=lambda rng: [Case("one", (rng.random(1) - 0.5,))])
    assert worth(flickers, lambda x: np.abs(x) * 2.0) is None


def test_a_mistake_that_only_an_invariant_sees_earns_nothing():
    broken = Invariant("linear", "is linear", lambda call, rng: None if call(np.array([7.0])) == 14 else "is not")
    assert worth(replace(TASK, invariants=(broken,)), lambda x: np.where(x == 7, 0.0, x * 2.0)) == 0


def test_a_result_of_many_right_ones_is_judged_by_its_properties():
    judged = replace(TASK, judge=lambda case, value: None if np.all(value > 0) else "not above 0", edges=lambda rng: ())
    assert worth(judged, lambda x: x + 5) == 4
    assert worth(judged, lambda x: -x) == 0
    assert worth(judged, lambda x: np.ones(9)) == 0


def test_a_free_order_is_brought_into_order():
    free = replace(TASK, canonical=np.sort, edges=lambda rng: ())
    assert worth(free, lambda x: (x * 2.0)[::-1]) == 4


@pytest.mark.parametrize(
    ("got", "expected", "different"),
    [
        ([1, 2], (1, 2), False),
        (np.array([1, 2]), (1, 2), False),
        ([1], (1, 2), True),
        ({"a": 1.0}, {"a": 1.0}, False),
        ({"b": 1.0}, {"a": 1.0}, True),
        ("x", "x", False),
        (None, "x", True),
        (3, 3.0, False),
        (3.5, 3, True),
        (True, 1, True),
        (float("nan"), float("nan"), False),
        (np.array([1.0]), 1.0, True),
        (1.00001, 1.0, False),
        (1.001, 1.0, True),
    ],
)
def test_two_values_are_different_answers(got, expected, different):
    assert differs(got, expected, TASK) is different


def test_every_misconception_of_lab_3_is_sure_and_costs_points():
    lab = labs.load("03")
    for task in lab.tasks:
        for known in task.misconceptions if isinstance(task, Exercise) else ():
            for way in known.ways:
                points = worth(task, way)
                assert points is not None, known.id
                assert points < task.points, known.id
