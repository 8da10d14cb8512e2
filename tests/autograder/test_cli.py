"""``xailab labs``, ``grade`` and ``doctor``: options are passed on, bad input is one sentence, ids are never paths."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner
from xailab_autograder import command
from xailab_autograder.cli import app
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.judging.seeds import PUBLIC_KEY
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.zygote import SandboxError, Zygote

from xailab.errors import XailabError

runner = CliRunner()
TOYS = Path(__file__).parent / "toylabs"

SOLVED = """\
# %%
import numpy as np

prediction_scale = "c"

# %%
def mean_square(x):
    return float(np.mean(np.asarray(x, float) ** 2))

# %%
def normalize(x):
    print("normalizing")
    return x / np.abs(x).sum()
"""


@pytest.fixture(autouse=True)
def toylabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))
    monkeypatch.delenv(command.KEY_VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook with one right, one wrong and one missing exercise."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in SOLVED.split("# %%\n")[1:]
    ]
    cells.append(
        {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": "reflect-mean"}}, "source": "Outliers."}
    )
    file = tmp_path / "toy.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return file


def xailab(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    code = "from xailab_autograder.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_labs_lists_them_with_points_and_minutes() -> None:
    shown = runner.invoke(app, ["labs"])
    assert shown.exit_code == 0
    assert "90" in shown.output
    assert "A toy lab" in shown.output
    assert "11" in shown.output.split("A toy lab")[1].split("\n")[0]


@pytest.mark.parametrize("words", [["labs"], ["labs", "start"], ["labs", "build"], ["grade"], ["doctor"]])
def test_every_command_explains_itself(words: list[str]) -> None:
    shown = runner.invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_grade_prints_the_text_view_and_writes_nothing_unless_told(notebook: Path, tmp_path: Path) -> None:
    done = xailab("grade", "90", str(notebook), "--student", "ada")
    assert done.returncode == 0, done.stderr
    for words in (
        "Lab 90: A toy lab", "ada: 4 of 11 points so far; 2 more are marked by a person", "✓ The mean of squares",
        "✗ A vector of length one", "○ Pairs of equal labels", "You seem to divide by the sum of magnitudes.",
        "student code ran in:", command.PUBLIC_KEY_NOTE,
    ):  # fmt: skip
        assert words in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["toy.ipynb"]


def test_grade_writes_a_record_and_a_page_that_agree(notebook: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "ada"
    key = tmp_path / "key"
    key.write_text("k" * 32 + "\n")
    student = "../../ada/\u202eשלום 🦊\\..\x00"
    request = command.Request("90", notebook, student=student, out=out, key_file=key)
    graded = command.grade(request)
    assert sorted(path.name for path in out.iterdir()) == ["feedback.html", "record.json"]
    assert sorted(graded.files) == sorted(out.iterdir())
    assert graded.notes == ()
    assert graded.faults == []
    record = SubmissionRecord.from_json((out / "record.json").read_text())
    assert record == graded.record
    assert record.student == student
    assert (record.score, record.points) == (4.0, 11.0)
    page = (out / "feedback.html").read_text()
    assert "4 of 11 points so far" in page
    assert "../../ada/[U+202E]שלום 🦊" in page
    assert not [path for path in tmp_path.rglob("*") if "ada" in path.name and path != out]


def test_a_students_cases_are_the_same_at_every_regrading_and_differ_from_anothers(
    notebook: Path, tmp_path: Path
) -> None:
    def checks(student: str) -> list[str]:
        graded = command.grade(command.Request("90", notebook, student=student), zygote=zygote)
        return [check.message for exercise in graded.record.exercises for check in exercise.checks]

    with Zygote() as zygote:
        assert checks("ada") == checks("ada")
        assert checks("ada") != checks("bob")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "91", "NOTEBOOK"], "error: no lab '91'"),
        (["grade", "90", "missing.ipynb"], "missing.ipynb"),
        (
            ["grade", "90", "NOTEBOOK", "--minimum", "L9"],
            "error: no sandbox level 'L9'; there are: L1 separate process",
        ),
        (["grade", "90", "NOTEBOOK", "--key-file", "nowhere"], "error: cannot read the key file nowhere: No such file"),
        (["grade", "90", "NOTEBOOK", "--out", "NOTEBOOK"], "error: cannot write to the folder"),
        (["grade", "90"], "Missing argument"),
        (["doctor", "--minimum", "best"], "error: no sandbox level 'best'"),
        (["labs", "start", "91", "folder"], "error: no lab '91'"),
        (["labs", "build", "91", "--out", "folder"], "error: no lab '91'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(arguments: list[str], words: str, notebook: Path) -> None:
    done = xailab(*(str(notebook) if word == "NOTEBOOK" else word for word in arguments))
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("content", ["", "{", '{"cells": 3}', "[1, 2", "\x00\x01"])
def test_a_file_that_is_no_notebook_cannot_be_graded(content: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.ipynb"
    file.write_text(content)
    with pytest.raises(XailabError, match="broken"):
        command.grade(command.Request("90", file))


def test_a_key_comes_from_the_file_then_the_environment_then_it_is_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command.course_key(None) == (PUBLIC_KEY, (command.PUBLIC_KEY_NOTE,))
    monkeypatch.setenv(command.KEY_VARIABLE, "e" * 20)
    assert command.course_key(None) == (b"e" * 20, ())
    file = tmp_path / "key"
    file.write_bytes(b"f" * 20 + b"\n")
    assert command.course_key(file) == (b"f" * 20, ())
    file.write_bytes(b"short\n")
    with pytest.raises(XailabError, match="has 5 bytes; expected 16 to 4096"):
        command.course_key(file)
    file.write_bytes(b"x" * 10_000)
    with pytest.raises(XailabError, match="expected 16 to 4096"):
        command.course_key(file)
    with pytest.raises(XailabError, match="cannot read the key file"):
        command.course_key(tmp_path)


def test_levels_have_names() -> None:
    assert command.minimum_level("l2") is Level.L2
    with pytest.raises(XailabError, match="no sandbox level 'high'"):
        command.minimum_level("high")


def test_a_fault_of_ours_is_a_sentence_that_can_be_reported(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(command, "grade_submission", broken)
    with pytest.raises(XailabError, match=r"not to blame \(ZeroDivisionError in test_cli.py, line \d+: a bug\)"):
        command.grade(command.Request("90", notebook))


def test_an_exercise_that_the_grader_could_not_judge_makes_status_2(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.autograder.feedback.examples import FAULT, submission

    monkeypatch.setattr(command, "grade", lambda request, progress: command.Graded(submission(FAULT)))
    shown = runner.invoke(app, ["grade", "90", str(notebook)])
    assert shown.exit_code == 2
    assert "the grader itself failed at: Half a rotation. No mark is final" in shown.output


def test_doctor_passes_the_level_on_and_returns_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    from xailab_autograder.sandbox import doctor

    asked: list[object] = []

    def run(*, minimum: Level, console: Console) -> int:
        asked.append(minimum)
        return 1

    monkeypatch.setattr(doctor, "run", run)
    assert runner.invoke(app, ["doctor", "--minimum", "L2"]).exit_code == 1
    assert asked == [Level.L2]


def test_grading_stops_when_a_wall_does_not_stand(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(zygote: object) -> None:
        raise SandboxError("student code could read a file of yours")

    monkeypatch.setattr(command, "self_test", fails)
    with pytest.raises(XailabError, match="student code could read"):
        command.grade(command.Request("90", notebook))


def test_labs_start_copies_a_folder_to_work_in(tmp_path: Path) -> None:
    done = xailab("labs", "start", "90", str(tmp_path / "work"))
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "work").glob("*.ipynb"))
    again = xailab("labs", "start", "90", str(tmp_path / "work"))
    assert again.returncode == 2
    assert "error:" in again.stderr
