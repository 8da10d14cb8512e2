"""A real nbgrader accepts what is generated. Installs it, so it runs only when asked for.

``XAILAB_TEST_NBGRADER=1`` makes a virtual environment and installs nbgrader into it; any other value is the folder of
an environment that has it.
"""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from xailab_autograder.notebooks import generate

CHOSEN = os.environ.get("XAILAB_TEST_NBGRADER", "")
TOYS = Path(__file__).parents[1] / "toylabs"
NAME = "90-toy"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHOSEN, reason="installs nbgrader; set XAILAB_TEST_NBGRADER=1 (or an environment)"),
]


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory):
    """A function that runs an nbgrader command in a course folder and returns what it said."""
    if CHOSEN == "1":
        environment = tmp_path_factory.mktemp("environment")
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run(
            [environment / "bin" / "python", "-m", "pip", "install", "-q", "nbgrader"], check=True, timeout=900
        )
    else:
        environment = Path(CHOSEN)
    jupyter = tmp_path_factory.mktemp("jupyter")
    kernel = jupyter / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "this one", "language": "python"}))
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by its name
    settings = os.environ | {"JUPYTER_PATH": str(jupyter), "XAILAB_LABS": str(TOYS), "PATH": path}

    def run(course: Path, *arguments: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            [environment / "bin" / "nbgrader", *arguments],
            cwd=course, env=settings, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, said
        return said

    return run


@pytest.fixture
def course(tmp_path):
    """A course folder with the toy lab's source."""
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'toys'\n")
    place = tmp_path / "source" / NAME
    place.mkdir(parents=True)
    (place / f"{NAME}.ipynb").write_text(generate.to_text(generate.nbgrader_source(TOYS / NAME)))
    return tmp_path


def submit(course: Path, student: str, notebook) -> None:
    folder = course / "submitted" / student / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(generate.to_text(notebook))


def test_its_generate_assignment_makes_our_student_notebook(nbgrader, course):
    nbgrader(course, "generate_assignment", NAME)
    theirs = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text())
    ours = json.loads(generate.to_text(generate.student(TOYS / NAME, stubs="nbgrader")))
    assert theirs["cells"] == ours["cells"]
    assert theirs["metadata"] == ours["metadata"]


def test_its_validate_passes_the_solved_notebook_and_not_the_empty_one(nbgrader, course):
    source = f"source/{NAME}/{NAME}.ipynb"
    assert "Success! Your notebook passes all the tests." in nbgrader(course, "validate", source)
    (course / "empty.ipynb").write_text(generate.to_text(generate.student(TOYS / NAME)))
    said = nbgrader(course, "validate", "empty.ipynb")
    assert "VALIDATION FAILED ON 5 CELL(S)!" in said  # three functions, the prediction, the reflection


def test_its_autograde_gives_full_marks_to_the_instructors_and_none_to_the_empty_notebook(nbgrader, course):
    nbgrader(course, "generate_assignment", NAME)
    submit(course, "instructor", generate.instructor(TOYS / NAME))
    submit(course, "empty", generate.student(TOYS / NAME))
    submit(course, "release", generate.student(TOYS / NAME, stubs="nbgrader"))
    shutil.copytree(course / "release" / NAME, course / "submitted" / "copied" / NAME)
    nbgrader(course, "autograde", NAME)
    nbgrader(course, "export", "--to", "grades.csv")
    with (course / "grades.csv").open() as file:
        scores = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    by_hand = 2  # the reflection waits for a person
    assert scores == {"instructor": (11 - by_hand, 11), "empty": (0, 11), "release": (0, 11), "copied": (0, 11)}


def test_grades_wait_for_a_person_only_where_the_reflection_was_written(nbgrader, course):
    nbgrader(course, "generate_assignment", NAME)
    submit(course, "instructor", generate.instructor(TOYS / NAME))
    submit(course, "empty", generate.student(TOYS / NAME))
    nbgrader(course, "autograde", NAME)
    with sqlite3.connect(course / "gradebook.db") as connection:
        rows = connection.execute(
            "select submitted_assignment.student_id, grade.needs_manual_grade from grade "
            "join submitted_notebook on grade.notebook_id = submitted_notebook.id "
            "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id "
            "join base_cell on grade.cell_id = base_cell.id where base_cell.name = 'reflect-mean'"
        ).fetchall()
    connection.close()
    assert dict(rows) == {"instructor": 1, "empty": 0}
