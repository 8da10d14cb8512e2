import contextlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from xailab_autograder.course.students import Student
from xailab_autograder.exports import gradescope_run
from xailab_autograder.exports.gradescope_zip import NEEDED, autograder_zip
from xailab_autograder.sandbox.levels import Layer, Level
from xailab_autograder.sandbox.zygote import SandboxError, Zygote

from tests.autograder.exports.classes import LAB, TOYS
from tests.autograder.exports.gradescope_form import check

KEY = b"0123456789abcdef\n0123456789abcd "  # a key of any bytes
RIGHT = (TOYS / "90-toy" / "reference.py").read_text() + '\nprediction_scale = "c"\n'
AUTOMATIC = LAB.points - 2


@pytest.fixture(autouse=True)
def toylabs(monkeypatch):
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))


@pytest.fixture
def root(tmp_path, zygote, monkeypatch):
    """A container's /autograder, with the tests' own zygote in it."""
    monkeypatch.setattr(gradescope_run, "Zygote", lambda *minimum: contextlib.nullcontext(zygote))
    return container(tmp_path)


def container(place: Path, **config) -> Path:
    with zipfile.ZipFile(write_zip(place, **config)) as archive:
        for name in ("config.json", "course.key"):
            archive.extract(name, place / "source")
    (place / "submission").mkdir()
    users = [{"email": "Ada@example.org", "name": "Ada", "id": 1}]
    (place / "submission_metadata.json").write_text(json.dumps({"users": users, "previous_submissions": [{}]}))
    return place


def write_zip(place: Path, **config) -> Path:
    path = place / "autograder.zip"
    path.write_bytes(autograder_zip("90", key=KEY, **config))
    return path


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack a zip with the rights that it gives, as Gradescope does."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        for info in archive.infolist():
            (folder / info.filename).chmod(info.external_attr >> 16 & 0o777)
    return folder


def set_config(root: Path, **changes) -> None:
    path = root / gradescope_run.CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def hand_in(root, **files):
    for name, text in files.items():
        (root / "submission" / name.replace("_py", ".py").replace("_ipynb", ".ipynb")).write_text(text)


def made(root, *, graded=True):
    found = json.loads((root / "results" / "results.json").read_text())
    check(found, graded=graded)
    assert [path.name for path in (root / "results").iterdir()] == ["results.json"]
    return found


def test_a_right_submission_has_all_points(root):
    hand_in(root, answers_py=RIGHT)
    assert gradescope_run.run(root) == 0
    found = made(root)
    assert found["score"] == AUTOMATIC
    assert found["extra_data"]["attempt"] == 2
    assert found["extra_data"]["lab"] == "90"


def test_the_cases_are_those_of_the_students_id(root, monkeypatch):
    seen = []
    original = gradescope_run.grade_submission
    monkeypatch.setattr(
        gradescope_run,
        "grade_submission",
        lambda lab, sub, hand, zygote: seen.append(hand) or original(lab, sub, hand, zygote),
    )
    hand_in(root, answers_py=RIGHT)
    gradescope_run.run(root)
    config = json.loads((root / gradescope_run.CONFIG).read_text())
    students = [Student("s-1", email="ada@EXAMPLE.org"), Student("nobody")]
    with zipfile.ZipFile(write_zip(root, students=students)) as archive:
        mapped = json.loads(archive.read("config.json"))
    assert mapped == {**config, "students": {"ada@example.org": "s-1"}}
    set_config(root, **mapped)
    gradescope_run.run(root)
    assert [(hand.student, hand.key) for hand in seen] == [("Ada@example.org", KEY), ("s-1", KEY)]


def test_of_several_files_the_one_that_fits_is_graded_and_said(root):
    hand_in(root, answers_py=RIGHT, helper_py="x = 1\n")
    gradescope_run.run(root)
    found = made(root)
    assert found["score"] == AUTOMATIC
    assert "answers.py" in found["output"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no file was handed in"),
        ({"notes.txt": "hello"}, "no notebook (.ipynb) was handed in, but: notes.txt"),
        ({"lab.ipynb": "{"}, "cut off"),
    ],
)
def test_a_submission_that_cannot_be_graded_has_no_points_and_says_why(root, files, words):
    hand_in(root, **files)
    assert gradescope_run.run(root) == 0
    found = made(root)
    assert found["score"] == 0
    assert found["output"].startswith("Your submission could not be graded: ")
    assert words in found["output"]


def test_links_out_of_the_submission_are_not_followed(root, tmp_path):
    secret = tmp_path / "answers.py"
    secret.write_text(RIGHT)
    (root / "submission" / "mine.py").symlink_to(secret)
    gradescope_run.run(root)
    assert made(root)["score"] == 0


@pytest.mark.parametrize("breakage", ["config.json", "course.key", "grader", "sandbox"])
def test_where_the_grader_fails_no_score_is_claimed(root, monkeypatch, breakage, capsys):
    hand_in(root, answers_py=RIGHT)
    if breakage == "grader":
        monkeypatch.setattr(gradescope_run, "grade_submission", lambda *a: 1 / 0)
    elif breakage == "sandbox":
        monkeypatch.setattr(gradescope_run, "self_test", lambda zygote: 1 / 0)
    else:
        (root / "source" / breakage).unlink()
    assert gradescope_run.run(root) == 2
    assert made(root, graded=False)["output"].startswith("The grader itself failed")
    assert "Traceback" in capsys.readouterr().err


def test_before_anything_else_the_results_say_that_grading_did_not_finish(root, monkeypatch):
    hand_in(root, answers_py=RIGHT)
    seen = []
    original = gradescope_run.grade_submission

    def look(*arguments):
        seen.append(made(root, graded=False)["output"])
        return original(*arguments)

    monkeypatch.setattr(gradescope_run, "grade_submission", look)
    gradescope_run.run(root)
    assert seen[0].startswith("Grading did not finish")
    assert made(root)["score"] == AUTOMATIC


def test_it_grades_in_a_container_without_namespaces(tmp_path, monkeypatch, capsys):
    root = container(tmp_path)
    hand_in(root, answers_py=RIGHT)
    with Zygote(Level.L2, without=frozenset({Layer.NAMESPACES})) as poor:
        monkeypatch.setattr(gradescope_run, "Zygote", lambda *minimum: contextlib.nullcontext(poor))
        assert gradescope_run.run(root) == 0
        assert made(root)["score"] == AUTOMATIC
        assert gradescope_run.check(root) == 0
        assert "ready to grade lab 90, A toy lab; student code is kept apart by L2" in capsys.readouterr().out
        set_config(root, minimum="L3")
        assert gradescope_run.check(root) == 0
        assert "WARNING: this autograder asks for L3" in capsys.readouterr().out


def test_below_the_minimum_nothing_is_graded(tmp_path, monkeypatch):
    root = container(tmp_path)
    hand_in(root, answers_py=RIGHT)

    def refuse(minimum):
        raise SandboxError(f"this machine reaches L1, and {minimum} is asked for")

    monkeypatch.setattr(gradescope_run, "Zygote", refuse)
    assert gradescope_run.run(root) == 2
    assert "L2" not in made(root, graded=False)["output"]  # the traceback on stderr says it to the instructor


def test_the_zip_grades_with_its_own_sources_as_gradescope_would_start_it(tmp_path, monkeypatch):
    root = tmp_path / "autograder"
    source = unpacked(write_zip(tmp_path, minimum=Level.L1), root / "source")
    (root / "submission").mkdir()
    hand_in(root, answers_py=RIGHT)
    monkeypatch.delenv("XAILAB_LABS")
    monkeypatch.setenv("AUTOGRADER_ROOT", str(root))
    monkeypatch.setenv("XAILAB_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(source))
    subprocess.run([str(source / "run_autograder")], check=True, cwd="/", timeout=120)
    assert made(root)["score"] == AUTOMATIC
    code = "import xailab_autograder.exports.gradescope_run as run, xailab_autograder.labs as labs; "
    code += "print(run.__file__, labs.folder())"
    where = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd="/", check=True)
    module = source / "xailab_autograder" / "exports" / "gradescope_run.py"
    assert where.stdout.split() == [str(module), str(source / "xailab_labs")]


def test_where_python_does_not_start_the_results_say_so(tmp_path, monkeypatch):
    source = unpacked(write_zip(tmp_path), tmp_path / "source")
    monkeypatch.setenv("AUTOGRADER_ROOT", str(tmp_path))
    monkeypatch.setenv("XAILAB_PYTHON", "/bin/false")
    assert subprocess.run([str(source / "run_autograder")], check=False).returncode != 0
    assert made(tmp_path, graded=False)["output"].startswith("Grading could not start")


def test_grading_imports_nothing_that_the_container_does_not_install():
    code = """
import sys
import xailab_autograder.exports.gradescope_run
print(*sorted({name.split(".")[0] for name in sys.modules if not name.startswith("_")} - set(sys.stdlib_module_names)))
"""
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    installed = {*NEEDED, "PIL", "sklearn", "xailab", "xailab_autograder", "xailab_kernels", "cython_runtime"}
    brought = {"pygments", "markdown_it", "mdurl", "typing_extensions"}  # by rich
    assert {name for name in ran.stdout.split() if "distutils" not in name} <= installed | brought
