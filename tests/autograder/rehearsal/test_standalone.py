"""A function's text alone computes what the function computes, bit by bit, under the exercise's name."""

import functools
import math
import re
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Exercise
from xailab_autograder.judging.materials import materialize
from xailab_autograder.rehearsal.standalone import standalone

from xailab.errors import XailabError

TOYS = Path(__file__).parents[1] / "toylabs"


def everything(number: str):
    lab, variants = labs.load(number), labs.variants(number)
    for task in lab.tasks:
        if isinstance(task, Exercise):
            ways = [way for known in task.misconceptions for way in known.ways]
            for function in (task.reference, *variants[task.id], *ways):
                yield task, function


def same(one, other) -> bool:
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "detach"):
        one, other = one.numpy(), other.numpy()
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return type(one) is type(other) and (one == other or (math.isnan(one) and math.isnan(other)))


def outcome(function, case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong ways divide by zero
        try:
            return function(*materialize(case.arguments))
        except Exception as error:
            return type(error).__name__


@pytest.mark.parametrize("number", ["03", "90"])
def test_every_right_answer_and_every_mistake_computes_the_same_alone(number, monkeypatch):
    if number == "90":
        monkeypatch.setenv("XAILAB_LABS", str(TOYS))
    unseeded = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed=7: unseeded(seed))
    tried = 0
    for task, function in everything(number):
        alone: dict = {"__name__": "__main__"}
        exec(standalone(function, task.function).text, alone)
        for case in (*task.worked, *task.random(unseeded(3)), *task.edges(unseeded(4))):
            assert same(outcome(alone[task.function], case), outcome(function, case)), (function, case.name)
            tried += 1
    assert tried > (90 if number == "90" else 1000)


def test_everything_that_is_defined_carries_the_name_of_its_exercise():
    for task, function in everything("03"):
        source = standalone(function, task.function)
        names = re.findall(r"^(?:def|class) (\w+)|^(\w+) =", source.text, re.MULTILINE)
        defined = [one or other for one, other in names]
        assert defined.count(task.function) == 1, function
        assert all(name == task.function or name.startswith(f"_{task.function}_") for name in defined), defined
        assert "xailab" not in source.text


def test_a_mistake_in_one_exercise_does_not_reach_those_that_build_on_it():
    lab = labs.load("03")
    tasks = {task.function: task for task in lab.tasks if isinstance(task, Exercise)}
    notebook: dict = {}
    for task in tasks.values():
        exec(standalone(task.reference, task.function).text, notebook)
    for name in ("upsample", "iou_table"):
        wrong = tasks[name].misconceptions[0].wrong
        exec(standalone(wrong, name).text, notebook)
    for case in tasks["null_table"].random(np.random.default_rng(0)):
        assert same(outcome(notebook["null_table"], case), outcome(tasks["null_table"].reference, case))


def module(monkeypatch, tmp_path, text: str) -> types.ModuleType:
    """Load a module of a made-up lab."""
    path = tmp_path / "mistakes.py"
    path.write_text(text)
    package = types.ModuleType("xailab_lab_77")
    package.__path__ = [str(tmp_path)]
    made = types.ModuleType("xailab_lab_77.mistakes")
    made.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "xailab_lab_77", package)
    monkeypatch.setitem(sys.modules, "xailab_lab_77.mistakes", made)
    exec(compile(text, str(path), "exec"), made.__dict__)
    return made


def test_constants_decorators_and_comments_come_along(monkeypatch, tmp_path):
    text = '''
import functools
from math import pi as circle

FACTOR: int = 2  # why two
"""Said about it."""

@functools.lru_cache
def helper(x: int) -> float:
    """Doc."""
    # twice around
    return FACTOR * circle * x


def wrong(x: int, *more: int, scale: float = 1.0, **options: int) -> float:
    return helper(x) * scale
'''
    source = standalone(module(monkeypatch, tmp_path, text).wrong, "area")
    assert source.imports == ("from math import pi as circle", "import functools")
    assert "_area_FACTOR: int = 2  # why two" in source.helpers
    assert "@functools.lru_cache\ndef _area_helper(x):\n    # twice around" in source.text
    assert source.main == "def area(x, *more, scale=1.0, **options):\n    return _area_helper(x) * scale"
    assert source.preparation + "\n\n" + source.main + "\n" == source.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def make():\n    def inner(x):\n        return x\n    return inner\nwrong = make()", "inside a function"),
        ("from functools import partial\nwrong = partial(max, 1)", "expected a function made by def or lambda"),
        ("from xailab.errors import nearest\ndef wrong(x):\n    return nearest(x)", "is not for student code"),
        ("def helper(x):\n    return x\ndef wrong(helper_=0):\n    return helper(max(helper for helper in [1]))",
         "both a global and a local name"),
        ("def wrong(x):\n    return missing(x)", "not defined at its top"),
        ("a, b = 1, 2\na = 3\ndef wrong(x):\n    return a", "2 statements that define it"),
    ],
)  # fmt: skip
def test_what_cannot_stand_alone_fails_and_says_why(text, says, monkeypatch, tmp_path):
    wrong = module(monkeypatch, tmp_path, text).wrong
    with pytest.raises(XailabError, match=says):
        standalone(wrong, "answer")


def test_lambdas_in_one_line_are_told_apart(monkeypatch, tmp_path):
    pair = module(monkeypatch, tmp_path, "pair = (lambda x: x + 1, lambda x: (lambda y: y + x)(2) if x else 0)").pair
    assert [standalone(one, "f").main for one in pair] == [
        "def f(x):\n    return x + 1",
        "def f(x):\n    return (lambda y: y + x)(2) if x else 0",
    ]


def test_a_partial_of_a_function_is_refused():
    with pytest.raises(XailabError, match="cannot stand alone"):
        standalone(functools.partial(len), "f")
