"""Everything that an exercise may take and return, through a real worker; and what hostile submissions cannot gain."""

from dataclasses import replace

import numpy as np
import pytest
from xailab_autograder.exercises import Case, Exercise, Lab
from xailab_autograder.judging.grading import Hand, grade_submission
from xailab_autograder.judging.judge import check_task
from xailab_autograder.judging.seeds import for_student
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.values import GeneratorHandle, NetworkHandle, TorchTensor

from tests.autograder.judging.toys import ROW_MEANS

DRAW = for_student(b"0123456789abcdef", "90", "mixed", "ada")


def describe(network, pictures, options, names, rng):
    """The reference: numpy in, numpy out."""
    shift = rng.normal()
    return {
        "network": network.name,
        "means": pictures.mean((1, 2, 3)) * options["scale"] + shift,
        "first": (names[0], len(names), bool(options["flip"])),
    }


def cases(rng):
    for count in (1, 3):
        pictures = rng.random((count, 3, 4, 4)).astype(np.float32)
        options = {"scale": 2.5, "flip": True}
        arguments = (NetworkHandle("tags"), TorchTensor(pictures), options, ["boat", "tree"], GeneratorHandle(7))
        yield Case(f"{count} pictures", arguments)


MIXED = Exercise(
    id="mixed",
    function="describe",
    signature="describe(network, pictures, options, names, rng)",
    title="Mixed",
    task="Describe.",
    points=1,
    minutes=1,
    reference=describe,
    worked=tuple(cases(np.random.default_rng(0)))[:1],
    random=cases,
)

RIGHT = """
import torch

def describe(network, pictures, options, names, rng):
    assert isinstance(pictures, torch.Tensor)
    with torch.no_grad():
        assert network.module(pictures.new_zeros(1, 3, 64, 64)).shape[0] == 1
    means = torch.stack([picture.double().mean() for picture in pictures])
    first, *rest = names
    means = means * options["scale"] + rng.normal()
    return {"first": [first, 1 + len(rest), True], "network": network.name, "means": means}
"""


def judged(zygote, source, task=MIXED):
    with SandboxedStudent(zygote, [Cell("cell 1", source)], [Wanted(task.id, task.function)]) as student:
        return check_task(task, student, DRAW, hidden=True).record


def test_networks_tensors_dicts_strings_and_generators_go_in_and_out(zygote):
    record = judged(zygote, RIGHT)
    assert record.status == "passed", [check.message for check in record.checks]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("network.name", "'objects'", "expected 'tags' at ['network'], got 'objects'"),
        ("True]", "False]", "expected True in ['first'][2], got False"),
        ('"means": means', '"means": means.float()[:0]', "expected shape (1,) at ['means'], got (0,)"),
        ("network.name", "network.module", "returned an object of class"),
        ("+ rng.normal()", "", "['means']"),
    ],
)
def test_what_is_wrong_inside_a_dict_is_found(zygote, old, new, words):
    assert old in RIGHT
    record = judged(zygote, RIGHT.replace(old, new))
    assert record.score == 0
    assert any(words in check.message for check in record.checks)


CHEATS = {
    "the reference from the grader's memory": """
import gc, sys
def row_means(table):
    for found in gc.get_objects():
        if callable(found) and getattr(found, "__name__", "") == "row_means" and found is not row_means:
            return found(table)
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            if getattr(value, "expected", None) is not None:
                return value.expected
        frame = frame.f_back
    return table
""",
    "the lab's files": """
def row_means(table):
    import importlib.util, glob
    places = ("/**/labs/**/reference.py", "/**/tests/autograder/judging/toys.py")
    for path in [path for place in places for path in glob.glob(place, recursive=True)]:
        spec = importlib.util.spec_from_file_location("found", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.row_means(table)
    return table
""",
    "an answer that agrees": """
import numpy as np
class Agreeable(np.ndarray):
    def __eq__(self, other): return np.True_
    def __sub__(self, other): return np.zeros(2)
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return np.zeros(2)
def row_means(table):
    return np.zeros(len(table)).view(Agreeable)
""",
    "tools that agree": """
import numpy as np
np.isclose = np.allclose = np.array_equal = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
def row_means(table):
    return np.zeros(len(table))
""",
    "the same answer for all": """
import numpy as np
def row_means(table):
    return np.array([1.5, 4.0])
""",
    "the answers of another student": """
import numpy as np
KNOWN = {(2, 2): [1.5, 4.0], (3, 4): [0.1, 0.2, 0.3], (5, 2): [0.0] * 5, (1, 3): [0.0], (3, 3): [0.0] * 3}
def row_means(table):
    return np.array(KNOWN.get(table.shape, [0.0]))
""",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_no_cheat_earns_a_point(zygote, cheat):
    assert judged(zygote, CHEATS[cheat], ROW_MEANS).score == 0


def test_what_kills_one_exercise_leaves_the_others(zygote):
    source = """
import numpy as np
def row_means(table):
    return table.mean(1)
def crash(table):
    import os
    os._exit(0)
def again(table):
    return table.mean(axis=1)
"""
    tasks = [replace(ROW_MEANS, id=name, function=function)
             for name, function in (("one", "row_means"), ("two", "crash"), ("three", "again"))]  # fmt: skip
    lab = Lab("90", "toy", "Toy", "", tuple(tasks))
    submission = Submission("hand-in.py", (Cell("hand-in.py", source),))
    record = grade_submission(lab, submission, Hand("ada", b"0123456789abcdef"), zygote)
    assert [exercise.score for exercise in record.exercises] == [4, 0, 4]
    again = grade_submission(lab, submission, Hand("ada", b"0123456789abcdef"), zygote)
    assert [replace(e, seconds=0, checks=()) for e in again.exercises] == [
        replace(e, seconds=0, checks=()) for e in record.exercises
    ]
