"""Every lab of the course: its notebooks are whole, show no answer, and run."""

import ast
import re
import time

import nbformat
import pytest
from xailab_autograder import labs
from xailab_autograder.notebooks import generate, handout
from xailab_autograder.notebooks.leaks import leaks
from xailab_autograder.notebooks.submission import read
from xailab_autograder.sandbox.definitions import collect
from xailab_autograder.sandbox.outcomes import Wanted

MOST_S = 120
COURSE = sorted(place.name for place in labs.folder().glob("[0-9][0-9]-*") if (place / "exercises.py").is_file())


@pytest.fixture(autouse=True)
def course(toys, monkeypatch):
    """The course's own labs, not the toys."""
    monkeypatch.delenv("XAILAB_LABS")


@pytest.mark.parametrize("name", COURSE)
def test_the_students_notebook_is_whole_and_shows_no_answer(name):
    place = labs.find(name)
    student = generate.student(place)
    nbformat.validate(student)
    assert leaks(student, generate.instructor(place), labs.load(name)) == []
    for cell in student.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)


@pytest.mark.parametrize("name", COURSE)
def test_every_formula_of_the_page_is_drawn_and_nothing_is_loaded(name):
    page = handout.page(generate.student(labs.find(name)))
    assert re.findall(r'<code class="formula">.*?</code>', page) == []
    assert not re.search(r'<script|<link|(?:src|href)="(?!data:|#)', page)


@pytest.mark.parametrize("name", COURSE)
def test_the_definitions_of_the_solved_notebook_need_no_demonstration(name, tmp_path):
    lab, path = labs.load(name), tmp_path / "solved.ipynb"
    path.write_text(generate.to_text(generate.instructor(labs.find(name))))
    names = [(task.id, getattr(task, "function", getattr(task, "variable", None))) for task in lab.tasks]
    wanted = [Wanted(task, function) for task, function in names if function]
    result = collect(read(path, lab).cells, wanted)
    assert {name for name, found in result.found.items() if not found.stub} == {want.name for want in wanted}
    assert result.notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", COURSE)
def test_the_instructors_notebook_runs_in_time_and_passes_its_checks(name, tmp_path):
    began = time.monotonic()
    executed = handout.execute(generate.instructor(labs.find(name)), folder=tmp_path, limit_s=MOST_S)
    assert time.monotonic() - began < MOST_S
    for cell in executed.cells:
        outputs = cell.get("outputs", ())
        if cell.metadata.xailab.role == "check":
            assert not any(output.get("name") == "stderr" for output in outputs), cell.source
            assert ".check(" not in cell.source or "public cases passed" in str(outputs), cell.source
