"""Pages need no network; notebooks run."""

import re

import nbformat
import pytest
from xailab_autograder.notebooks import generate, handout

from xailab.errors import XailabError

LOADS = re.compile(
    r"<(?:script|link|iframe|object|embed)\b|(?:src|srcset|href)=\"(?!data:|#)|url\((?!['\"]?data:)|@import", re.I
)


def test_a_page_has_no_scripts_and_loads_nothing(toy_folder):
    page = handout.page(generate.student(toy_folder))
    assert LOADS.findall(page) == []
    assert '<img alt="m = ' in page or 'alt="m = ' in page
    assert "<title>Lab 90: A toy lab</title>" in page
    assert page == handout.page(generate.student(toy_folder))


def test_a_page_shows_questions_hints_and_holes(toy_folder):
    page = handout.page(generate.student(toy_folder))
    assert page.count("<summary>Hint") == 5
    assert page.count('class="xailab-hole"') == 4
    assert "NotImplementedError" in page
    assert "BEGIN SOLUTION" not in page


def test_the_instructors_page_shows_model_answers_without_markers_in_text(toy_folder):
    page = handout.page(generate.instructor(toy_folder))
    assert "One large outlier dominates it" in page
    assert not re.search(r"<h3[^>]*>\s*BEGIN SOLUTION", page)
    assert page.count('class="xailab-instructor"') == 1


def test_progress_bars_are_not_printed_but_warnings_are(toy_folder):
    notebook = generate.student(toy_folder)
    say = {"output_type": "stream", "name": "stderr"}
    notebook.cells[1].outputs = [
        nbformat.NotebookNode(say | {"text": "\r10 % of pictures\r20 % of pictures"}),
        nbformat.NotebookNode(say | {"text": "take care"}),
    ]
    page = handout.page(notebook)
    assert "take care" in page
    assert "of pictures" not in page
    assert len(notebook.cells[1].outputs) == 2


def test_the_instructors_notebook_runs_and_passes_every_check(toy_folder):
    notebook = generate.instructor(toy_folder)
    executed = handout.execute(notebook)
    texts = ["".join(o.get("text", "") + str(o.get("data", "")) for o in c.get("outputs", ())) for c in executed.cells]
    checks = [
        t for c, t in zip(executed.cells, texts, strict=True) if c.metadata.get("xailab", {}).get("role") == "check"
    ]
    assert sum("passed" in text for text in checks) == 3
    assert not any("failed" in text.lower() for text in checks)
    assert not any(o.get("name") == "stderr" for c in executed.cells for o in c.get("outputs", ()))
    assert all("execution" not in cell.metadata for cell in executed.cells)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_the_students_notebook_stops_at_the_first_hole_that_is_used(toy_folder):
    with pytest.raises(
        XailabError, match=r"cell \d+ of the notebook raised NotImplementedError: mean-square: Return the mean"
    ):
        handout.execute(generate.student(toy_folder))


def test_a_cell_that_takes_too_long_is_stopped(toy_folder):
    notebook = generate.student(toy_folder)
    notebook.cells = notebook.cells[1:2]
    notebook.cells[0].source = "import time; time.sleep(60)"
    with pytest.raises(XailabError, match="ran for more than 1 s"):
        handout.execute(notebook, limit_s=1)


def test_a_kernel_that_dies_is_said(toy_folder):
    notebook = generate.student(toy_folder)
    notebook.cells = notebook.cells[1:2]
    notebook.cells[0].source = "import os; os._exit(1)"
    with pytest.raises(XailabError, match="process died"):
        handout.execute(notebook)
