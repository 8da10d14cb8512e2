"""``xailab grade`` and what follows it, for a class, as an instructor types it."""

import csv
import io
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xailab_autograder.cli import app
from xailab_autograder.exercises import Lab
from xailab_autograder.rehearsal.making import rehearse

from xailab.errors import XailabError

runner = CliRunner()
pytestmark = pytest.mark.slow
STUDENTS = 14


def run(*arguments: str | Path) -> str:
    """Run a command; what it raises is raised."""
    result = runner.invoke(app, list(map(str, arguments)), catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def made(toy_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    rehearse(toy_lab, students=STUDENTS, seed=5, out=folder)
    return folder


@pytest.fixture(scope="module")
def graded(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A results folder, and what grading said."""
    results = tmp_path_factory.mktemp("results")
    said = run(
        "grade", "90", made / "submissions", "--course", made / "course.toml", "--out", results, "--jobs", 2
    )  # fmt: skip
    return results, said


def test_everything_is_there_and_the_summary_says_where(graded):
    results, said = graded
    assert {file.name for file in results.iterdir()} == {"gradebook.db", "90"}  # the key is course.toml's
    names = {file.name for file in (results / "90").iterdir()}
    assert names == {"index.html", "feedback", "marks.csv", "records.jsonl", "similar.html", "similar.json"}
    assert f"open {results / '90' / 'index.html'}" in said
    assert "graded, 0 unchanged" in said


def test_every_student_of_the_roster_has_a_line_and_a_page(graded, made):
    results, _ = graded
    with (made / "roster.csv").open(encoding="utf-8-sig", newline="") as file:
        roster = {row["id"] for row in csv.DictReader(file)}
    lines = list(csv.DictReader(io.StringIO((results / "90" / "marks.csv").read_text("utf-8-sig"))))
    assert {line["student"] for line in lines} == roster
    records = [json.loads(line) for line in (results / "90" / "records.jsonl").read_text("utf-8").splitlines()]
    assert len(records) == len(lines) == len(list((results / "90" / "feedback").iterdir())) == STUDENTS


def test_the_marks_are_the_true_ones(graded, made, toy_lab):
    from xailab_autograder.gradebook.opening import open_gradebook
    from xailab_autograder.gradebook.reading import class_book
    from xailab_autograder.rehearsal.comparing import compare
    from xailab_autograder.rehearsal.truth import read

    with open_gradebook(graded[0] / "gradebook.db") as book:
        assert compare(class_book(book, toy_lab), read(made / "truth.json")[0]) == ()


def test_another_course_is_refused_and_nothing_changes(graded, made, tmp_path):
    other = tmp_path / "course.toml"
    other.write_text(f'course = "Another course"\nkey_file = "{made / "course.key"}"\n')
    before = (graded[0] / "gradebook.db").read_bytes()
    with pytest.raises(XailabError, match="Another course"):
        run("grade", "90", made / "submissions", "--course", other, "--out", graded[0])
    assert (graded[0] / "gradebook.db").read_bytes() == before


def test_another_key_is_refused(graded, made, tmp_path):
    key = tmp_path / "other.key"
    key.write_text("some other key of another course")
    with pytest.raises(XailabError, match="key"):
        run("grade", "90", made / "submissions", "--key-file", key, "--out", graded[0])


def test_regrading_one_exercise_changes_nothing_where_nothing_was_fixed(graded, made):
    said = run("regrade", "90", graded[0], "mean-square", "--key-file", made / "course.key", "--jobs", 2)
    assert "no mark changed" in said


def test_pages_can_be_made_again_from_the_gradebook_alone(graded, tmp_path):
    shutil.copy(graded[0] / "gradebook.db", tmp_path)
    run("pages", "90", tmp_path)
    for name in ("marks.csv", "records.jsonl", "similar.json"):
        assert (tmp_path / "90" / name).read_bytes() == (graded[0] / "90" / name).read_bytes()


def test_files_for_platforms(graded, tmp_path):
    for name in ("csv", "jsonl", "nbgrader", "lti"):
        out = tmp_path / f"marks.{name}"
        assert str(out) in run("marks", name, "90", graded[0], "--out", out)
        assert out.stat().st_size > 100
    assert "no mark has changed" in run("changes", "90", graded[0])


def test_a_canvas_sheet_is_filled(graded, made, tmp_path):
    with (made / "roster.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = ["Student,ID,SIS Login ID,Section,Toy lab (77)", "    Points Possible,,,,11.00"]
    lines += [f'"Doe, {n}",{1000 + n},{row["id"]},1,' for n, row in enumerate(rows)]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("\n".join(lines) + "\n")
    said = run(
        "marks", "canvas", "90", graded[0], sheet, "--column", "77", "--out", tmp_path / "filled.csv"
    )  # fmt: skip
    filled = (tmp_path / "filled.csv").read_text()
    assert "marks filled in" in said
    assert [line.rsplit(",", 1)[0] for line in filled.splitlines()] == [line.rsplit(",", 1)[0] for line in lines]
    assert sum(not line.endswith(",") for line in filled.splitlines()[2:]) > STUDENTS // 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["grade", "90", "{empty}", "--out", "{out}"], "no submissions|nothing|empty"),
        (["grade", "90", "{missing}", "--out", "{out}"], "missing"),
        (["grade", "90", "{class}"], "--out"),
        (["grade", "90", "{class}", "--student", "ada", "--out", "{out}"], "--student is for one notebook"),
        (["grade", "91", "{class}", "--out", "{out}"], "91"),
        (["grade", "90", "{class}", "--out", "{out}", "--jobs", "2", "--executor", "tcp://x:1"], "give one of them"),
        (["grade", "90", "{class}", "--out", "{out}", "--course", "{missing}"], "missing"),
        (["grade", "90", "{class}", "--out", "{out}", "--gradebook", "mysql://x/y"], "mysql"),
        (["pages", "90", "{missing}"], "no gradebook.db"),
        (["regrade", "90", "{missing}", "mean-square"], "no gradebook.db"),
        (["marks", "csv", "90", "{missing}", "--out", "{out}"], "no gradebook.db"),
        (["rehearse", "90", "--out", "{class}"], "not empty"),
        (["rehearse", "90", "--out", "{out}", "--platform", "canvass"], "canvas"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_run(arguments, expected, made, tmp_path):
    (tmp_path / "empty").mkdir()
    places = {"class": made / "submissions", "out": tmp_path / "out"}
    places |= {name: tmp_path / name for name in ("empty", "missing")}
    with pytest.raises(XailabError, match=expected):
        run(*(argument.format(**places) for argument in arguments))
    assert not (tmp_path / "out" / "90").exists()


def test_a_gradebook_that_is_none_is_refused_and_left_alone(made, tmp_path):
    with sqlite3.connect(tmp_path / "gradebook.db") as connection:
        connection.execute("create table cats (name text)")
    connection.close()
    before = (tmp_path / "gradebook.db").read_bytes()
    with pytest.raises(XailabError, match="cats"):
        run("grade", "90", made / "submissions", "--out", tmp_path)
    assert (tmp_path / "gradebook.db").read_bytes() == before
