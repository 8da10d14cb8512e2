"""The grading of every lab is valid. A new lab is examined by existing; `make validity` tries more of everything."""

import json

import numpy as np
import pytest
from xailab_autograder import labs
from xailab_autograder.exercises import Exercise
from xailab_autograder.notebooks import generate, submission
from xailab_autograder.validity.examining import extremes, flickering, functions, mistakes, rights, survivors

LABS = [entry.number for entry in labs.listing()]


@pytest.fixture(params=LABS)
def lab(request):
    return labs.load(request.param)


def test_there_are_labs():
    assert LABS


def test_independent_right_solutions_pass(lab, zygote):
    assert rights(lab, labs.variants(lab.number), zygote) == []


def test_every_misconception_is_rejected_by_its_own_name(lab):
    assert mistakes(lab) == []


def test_no_verdict_depends_on_the_seed(lab):
    assert flickering(lab, seeds=range(3)) == []


def test_mutants_of_the_references_are_rejected_or_explained(lab, zygote):
    tried, alive = survivors(lab, zygote, every=3)
    explained = labs.equivalent(lab.number)
    assert tried > 0
    assert [s for s in alive if s.mutant.change not in explained.get(s.exercise, {})] == []


def test_every_exercise_has_what_makes_its_grading_strong(lab):
    for task in functions(lab):
        assert task.misconceptions, task.id
        assert task.hints, task.id
        assert tuple(task.edges(np.random.default_rng(0))), task.id


def test_the_empty_notebook_scores_nothing_and_the_instructors_everything(lab, zygote, tmp_path):
    cells = {}
    for name, make in (("empty", generate.student), ("solved", generate.instructor)):
        path = tmp_path / f"{name}.ipynb"
        path.write_text(generate.to_text(make(labs.find(lab.number))))
        cells[name] = submission.read(path, lab).cells
    assert extremes(lab, cells["empty"], cells["solved"], zygote) == []


def test_worked_cases_are_what_the_reference_gives(lab):
    from xailab_autograder.judging.comparing import compare
    from xailab_autograder.judging.materials import materialize

    for task in lab.tasks:
        for case in task.worked if isinstance(task, Exercise) else ():
            if case.expected is not None:
                got = task.reference(*materialize(case.arguments))
                canonical = task.canonical or (lambda value: value)
                assert compare(canonical(got), canonical(case.expected), task.tolerance) is None, (task.id, case.name)


def test_no_answer_stands_in_the_students_notebook(lab):
    text = generate.to_text(generate.student(labs.find(lab.number)))
    sources = ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
    assert not any("BEGIN SOLUTION" in source or "END SOLUTION" in source for source in sources)
