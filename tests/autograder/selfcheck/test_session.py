"""``lab("90").check(f)``: judges the live function in a fresh worker, shows a verdict, returns None."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from xailab_autograder import lab
from xailab_autograder.judging.judge import Evidence, Verdict
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.zygote import SandboxError
from xailab_autograder.selfcheck import engine, session
from xailab_autograder.selfcheck.refusals import CannotCheck, CheckFailed

from tests.autograder.feedback.examples import EXPECTED, SHIFTED, THRESHOLDS, UPSAMPLE
from tests.autograder.selfcheck.conftest import Student
from xailab.errors import XailabError

RIGHT = "import numpy as np\ndef mean_square(x):\n    return float(np.mean(np.asarray(x, float) ** 2))\n"
SUM = "import numpy as np\ndef mean_square(x):\n    print('summing')\n    return float(np.sum(x * x))\n"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.err == ""  # nbgrader takes marks for anything on stderr
    return captured.out


def test_a_right_function_passes_and_what_remains_is_said(student: Student, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab("90").check(student(RIGHT)["mean_square"]) is None  # type: ignore[func-returns-value]
    shown = said(capsys)
    assert "✓ mean_square: public cases passed; 4 hidden checks remain" in shown
    assert "Note" not in shown


def test_a_known_mistake_is_named_and_each_attempt_earns_one_more_hint(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    work, checks = student(SUM), lab("90")
    checks.check(work["mean_square"])
    first = said(capsys)
    for words in (
        "Likely: You seem to return the sum, not the mean.",
        "Hint: Which comes first",
        "Read: section 1",
        "summing",
    ):
        assert words in first
    assert "yours:    14" in first
    checks.check(work["mean_square"])
    assert "Hint: Divide by how many numbers there are." in said(capsys)


def test_the_session_is_one_object_however_the_number_is_written() -> None:
    assert lab("90") is lab(90)
    assert "check(function)" in repr(lab("90"))


def test_a_definition_that_came_later_counts(student: Student, capsys: pytest.CaptureFixture[str]) -> None:
    work = student(SUM + RIGHT)
    lab("90").check(work["mean_square"])
    assert "public cases passed" in said(capsys)


def test_functions_under_another_name_are_found_by_the_name_in_the_notebook(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "import numpy as np, functools\ndef attempt(k, x):\n    return float(np.mean(np.asarray(x, float) ** k))\n"
    work = student(source + "mean_square = functools.partial(attempt, 2)")
    lab("90").check(work["mean_square"])
    assert "public cases passed" in said(capsys)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (len, "lab 90 has no function 'len'; it has: mean_square, normalize, pairs"),
        (4.67, "without brackets or quotes: check(mean_square); got a float"),
        ("mean_square", "got a str"),
        (None, "got None"),
        (lambda x: x, "lab 90 has no function '<lambda>'"),
    ],
)
def test_what_is_no_exercise_is_refused_with_the_list_of_those_there_are(wrong: Any, words: str) -> None:
    with pytest.raises(CannotCheck) as caught:
        lab("90").check(wrong)
    assert words in str(caught.value)
    assert caught.value._render_traceback_() == [str(caught.value)]


def test_a_lab_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(CannotCheck, match="no lab '91'"):
        lab("91")


def test_a_variable_that_is_no_argument_is_a_verdict_of_its_own(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    work = student("g = iter([1])\ndef mean_square(x):\n    return next(g)")
    lab("90").check(work["mean_square"])
    shown = said(capsys)
    assert shown.startswith("✗ mean_square: not checked, because it could not be graded")
    assert "relies on the notebook variable `g`" in shown.replace("\n", " ")


def test_arrays_of_the_notebook_are_pointed_out_only_where_something_is_wrong(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    work = student("import numpy as np\nx0 = np.arange(3.0)\ndef mean_square(x):\n    return float(np.mean(x0 ** 2))")
    lab("90").check(work["mean_square"])
    assert "is it meant to be an argument?" in " ".join(said(capsys).split())


def test_a_function_of_ones_own_file_is_checked_and_where_it_stands_is_said(
    student: Student, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my_solutions.py").write_text("K = 1\n" + RIGHT.replace("** 2", "** 2 * K"))
    work = student("from my_solutions import mean_square")
    lab("90").check(work["mean_square"])
    shown = " ".join(said(capsys).split())
    assert "public cases passed" in shown
    assert "mean_square stands in your file my_solutions.py: hand in that file" in shown
    del sys.modules["my_solutions"]


def test_the_empty_hole_is_missing_and_costs_no_hint(student: Student, capsys: pytest.CaptureFixture[str]) -> None:
    work = student("def mean_square(x):\n    raise NotImplementedError('mean-square: write it')")
    lab("90").check(work["mean_square"])
    assert "○ mean_square: not written yet" in said(capsys)


def test_lines_of_an_error_are_those_of_the_students_file(student: Student, capsys: pytest.CaptureFixture[str]) -> None:
    work = student("\n\n\ndef mean_square(x):\n    y = x[99]\n    return y")
    lab("90").check(work["mean_square"])
    shown = said(capsys)
    assert "it raised IndexError" in shown
    assert "work.py, line 5: y = x[99]" in shown


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_under_nbgrader_a_failed_check_is_an_error_with_the_verdict(
    mode: str, student: Student, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    with pytest.raises(CheckFailed, match="You seem to return the sum"):
        lab("90").check(student(SUM)["mean_square"])
    with pytest.raises(CheckFailed, match="not written yet"):
        lab("90").check(student("def mean_square(x):\n    ...")["mean_square"])
    with pytest.raises(CheckFailed, match="relies on"):
        lab("90").check(student("g = iter([1])\ndef mean_square(x):\n    return next(g)")["mean_square"])
    lab("90").check(student(RIGHT)["mean_square"])
    assert "public cases passed" in said(capsys)


def test_a_prediction_is_recorded_without_saying_whether_it_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("a", "b", "c", " B "):
        lab("90").check_choice("predict-scale", option)
        shown = said(capsys)
        assert shown == f"● Recorded: {option.strip().lower()}. The next cell shows what comes out.\n"


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "has no answer yet"), ("z", "is 'z', which is none of the options"), (3, "is '3', which")],
)
def test_no_prediction_says_how_to_make_one(value: object, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    lab("90").check_choice("predict-scale", value)
    shown = " ".join(said(capsys).split())
    assert words in shown
    assert 'Write one of "a", "b", "c"' in shown


def test_a_prediction_under_nbgrader(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from xailab_autograder import labs
    from xailab_autograder.exercises import Choice

    (choice,) = [task for task in labs.load("90").tasks if isinstance(task, Choice)]
    wrong = next(key for key in choice.options if key != choice.answer)
    for mode in ("autograde", "validate"):
        monkeypatch.setenv("NBGRADER_EXECUTION", mode)
        lab("90").check_choice(choice.id, choice.answer)
        with pytest.raises(CheckFailed, match="has no answer yet"):
            lab("90").check_choice(choice.id, None)
    lab("90").check_choice(choice.id, wrong)  # validate: students may not learn it from this
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(CheckFailed, match="is not what happens"):
        lab("90").check_choice(choice.id, wrong)
    assert "not what happens" not in said(capsys)
    with pytest.raises(CannotCheck, match="no prediction 'predict-scal'; did you mean 'predict-scale'"):
        lab("90").check_choice("predict-scal", "a")


def test_progress_shows_the_last_verdict_of_every_task(student: Student, capsys: pytest.CaptureFixture[str]) -> None:
    lab("90").check(student(SUM)["mean_square"])
    lab("90").check(student(RIGHT)["mean_square"])
    lab("90").check_choice("predict-scale", "a")
    said(capsys)
    lab("90").progress()
    lines = {line[2:].split("  ")[0]: line for line in said(capsys).splitlines()}
    assert lines["The mean of squares"].startswith("✓")
    assert "not checked yet" in lines["A vector of length one"]


def test_an_interrupt_ends_the_check_and_the_next_one_works(
    student: Student, capsys: pytest.CaptureFixture[str]
) -> None:
    lab("90").check(student(RIGHT)["mean_square"])  # the zygote is warm now
    work = student("def mean_square(x):\n    while True: pass\n")
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        lab("90").check(work["mean_square"])
    assert time.monotonic() - began < 5
    said(capsys)
    lab("90").check(student(RIGHT)["mean_square"])
    assert "public cases passed" in said(capsys)


def test_later_checks_take_less_than_a_third_of_a_second(student: Student, capsys: pytest.CaptureFixture[str]) -> None:
    work = student(RIGHT)
    lab("90").check(work["mean_square"])
    times = []
    for _ in range(5):
        began = time.monotonic()
        lab("90").check(work["mean_square"])
        times.append(time.monotonic() - began)
    assert min(times) < 0.3, times
    said(capsys)


def test_a_machine_without_a_sandbox_says_so_in_one_sentence(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise SandboxError("Windows cannot keep student code apart. Install WSL (wsl --install) and run xailab in it.")

    monkeypatch.setattr(engine, "judge", refuse)
    with pytest.raises(CannotCheck, match="Install WSL"):
        lab("90").check(student(RIGHT)["mean_square"])
    assert issubclass(CannotCheck, XailabError)


def test_a_machine_without_walls_is_told_of(
    student: Student, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lab("90").check(student(RIGHT)["mean_square"])
    assert "no sandbox" not in said(capsys)

    class Bare:
        level = Level.L0

    monkeypatch.setattr(engine, "judge", lambda *arguments, **options: Verdict(THRESHOLDS))
    monkeypatch.setattr(engine, "zygote", Bare)
    lab("90").check(student(RIGHT)["mean_square"])
    assert "this machine has no sandbox" in said(capsys)


def test_the_values_of_a_worked_case_become_a_picture(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(session, "show", lambda html, text: shown.append(html))
    monkeypatch.setattr(
        engine, "judge", lambda *arguments, **options: Verdict(UPSAMPLE, Evidence("2 x 2", EXPECTED, SHIFTED))
    )
    lab("90").check(student(RIGHT)["mean_square"])
    assert 'src="data:image/svg+xml;base64,' in shown[0]


@pytest.mark.parametrize("name", ["random.py", "numpy.py", "torch/__init__.py"])
def test_a_file_that_hides_a_module_is_named(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    with pytest.raises(CannotCheck, match=f"your file {name.split('/', maxsplit=1)[0]} hides Python's own module"):
        lab("90")


def test_a_script_that_hides_a_module_is_told_so_at_its_import(tmp_path: Path) -> None:
    script = tmp_path / "random.py"
    script.write_text("from xailab_autograder import lab\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert "your file random.py hides Python's own module 'random'" in done.stderr.splitlines()[-1]


def test_files_with_names_of_their_own_hide_nothing(tmp_path: Path) -> None:
    for name in ("lab03.py", "my_random.py", "test.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "numpy").mkdir()  # no package: python prefers the installed one
    assert lab("90")


def test_importing_lab_is_cheap() -> None:
    code = "import sys; from xailab_autograder import lab; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert {"numpy", "torch", "numba", "matplotlib", "IPython", "nbformat"}.isdisjoint(loaded.split())
