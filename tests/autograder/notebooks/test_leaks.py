"""The students' notebook shows nothing of the answers; if it did, it would be found."""

from copy import deepcopy

import pytest
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.leaks import leaks


@pytest.fixture
def versions(toy_folder):
    return generate.student(toy_folder), generate.instructor(toy_folder)


def test_the_toy_labs_notebook_shows_nothing(versions, lab):
    assert leaks(*versions, lab) == []


def test_an_uncut_notebook_shows_every_answer(versions, lab):
    _, instructor = versions
    shown = {leak.task for leak in leaks(instructor, instructor, lab)}
    assert {task.id for task in lab.tasks} <= shown


@pytest.mark.parametrize(
    ("cell", "text", "task"),
    [
        ("check-pairs", "lab('90')\nprediction_scale='c'", None),
        ("predict-scale", 'prediction_scale = "c"', "predict-scale"),
        ("normalize", "def normalize(x):\n    euclidean = np.sqrt(np.sum(x * x))", "normalize"),
        ("check-normalize", "y = 3\neuclidean=np.sqrt( np.sum(x*x) )  # so", "normalize"),
        (
            "about-reflect-mean",
            "Think: one large outlier dominates it, and the signs of the numbers...",
            "reflect-mean",
        ),
        ("about-reflect-mean", "1 point for outliers, 1 for the lost signs", "reflect-mean"),
        ("about-mean-square", "You seem to square the mean: square every number first.", None),
        ("about-predict-scale", "You may have thought of the mean.", "predict-scale"),
        ("pairs", "### BEGIN SOLUTION", "pairs"),
    ],
)
def test_a_planted_answer_is_found(versions, lab, cell, text, task):
    student, instructor = deepcopy(versions)
    (planted,) = [c for c in student.cells if c.metadata.get("nbgrader", {}).get("grade_id") == cell]
    planted.source = text
    assert {leak.task for leak in leaks(student, instructor, lab)} == ({task} if task else set())


def test_code_that_cannot_be_parsed_is_searched_too(versions, lab):
    student, instructor = deepcopy(versions)
    student.cells[1].source = "'''\neuclidean = np.sqrt(np.sum(x * x))\nif euclidean == 0:"
    assert [leak.task for leak in leaks(student, instructor, lab)] == ["normalize"]
