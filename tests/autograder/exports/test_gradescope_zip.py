import importlib.util
import io
import json
import os
import subprocess
import sys
import tomllib
import zipfile

import pytest
from xailab_autograder.exports.gradescope_zip import NEEDED, autograder_zip
from xailab_autograder.sandbox.levels import Level

from tests.autograder.exports.classes import TOYS
from xailab.errors import UnknownName, XailabError

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def toylabs(monkeypatch):
    monkeypatch.setenv("XAILAB_LABS", str(TOYS))


@pytest.fixture
def archive():
    with zipfile.ZipFile(io.BytesIO(autograder_zip("90", key=KEY))) as opened:
        yield opened


def test_gradescopes_files_are_at_the_root_and_programs(archive):
    for name in ("setup.sh", "run_autograder"):
        info = archive.getinfo(name)
        assert info.external_attr >> 16 == 0o100755
        assert info.create_system == 3
        text = archive.read(name)
        assert text.startswith(b"#!/bin/sh\n")
        assert b"\r" not in text
        subprocess.run(["sh", "-n"], input=text, check=True)
    assert archive.getinfo("course.key").external_attr >> 16 == 0o100600
    assert archive.read("course.key") == KEY
    assert json.loads(archive.read("config.json")) == {
        "format": 1, "lab": "90", "minimum": "L2", "visibility": "visible", "students": {}
    }  # fmt: skip


def test_it_holds_the_packages_and_the_lab_without_solutions(archive):
    names = archive.namelist()
    for name in (
        "xailab/__init__.py", "xailab/models/weights/tags.safetensors", "xailab_kernels/__init__.py",
        "xailab_autograder/feedback/page.html.j2", "xailab_autograder/exports/gradescope_files/setup.sh",
        "xailab_labs/90-toy/exercises.py", "xailab_labs/90-toy/reference.py",
    ):  # fmt: skip
        assert name in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("/", ".")) or ".." in name]
    assert not [name for name in names if name.startswith("xailab_labs") and name.endswith(("lab.py", "variants.py"))]
    assert len(names) == len(set(names))


def test_the_same_lab_and_key_give_the_same_bytes():
    first = autograder_zip("90", key=KEY)
    assert first == autograder_zip(90, key=KEY)
    assert first != autograder_zip("90", key=KEY, minimum=Level.L1)


def test_what_is_installed_is_what_marks_were_made_with(archive):
    project = tomllib.loads(archive.read("pyproject.toml").decode())
    wanted = [text.split(">")[0] for text in project["project"]["dependencies"]]
    pins = archive.read("constraints.txt").decode().split()
    assert wanted == list(NEEDED) == [pin.split("==")[0] for pin in pins]
    assert not [pin for pin in pins if "+" in pin]
    for name in ("setup.sh", "pyproject.toml", "constraints.txt", "README.md"):
        assert b"://" not in archive.read(name)
        assert b"$" not in archive.read(name) or name == "setup.sh"


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("hatchling", "pip"))), reason="pip and hatchling build what the zip holds"
)
def test_pip_installs_it(archive, tmp_path):
    archive.extractall(tmp_path / "source")
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile", "-q", "--disable-pip-version-check"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        "--target",
        str(tmp_path / "site"),
        str(tmp_path / "source"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    installed = {
        path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*") if path.is_file()
    }
    packages = ("xailab/", "xailab_kernels/", "xailab_autograder/", "xailab_labs/")
    assert {name for name in archive.namelist() if name.startswith(packages)} <= installed


FAKE = """#!/bin/sh
echo "$@" >>"$LOG"
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *constraints.txt*) exit "$PINS" ;;
esac
"""


@pytest.mark.parametrize("pins", ["0", "1"])
def test_setup_makes_an_environment_installs_and_checks(archive, tmp_path, pins):
    archive.extractall(tmp_path / "source")
    fake = tmp_path / "python3.11"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    environment = {
        **os.environ, "AUTOGRADER_ROOT": str(tmp_path), "XAILAB_PYTHON_BASE": str(fake), "LOG": str(tmp_path / "log"),
        "PINS": pins, "XAILAB_PIP_OPTIONS": "--no-deps --no-index",
    }  # fmt: skip
    subprocess.run(["sh", str(tmp_path / "source" / "setup.sh")], env=environment, check=True, capture_output=True)
    done = [line for line in (tmp_path / "log").read_text().splitlines() if not line.startswith("-c")]
    options = "-m pip install --disable-pip-version-check --no-cache-dir --no-deps --no-index"
    assert done == [
        f"-m venv {tmp_path}/venv",
        f"{options} -c {tmp_path}/source/constraints.txt {tmp_path}/source",
        *([f"{options} {tmp_path}/source"] if pins == "1" else []),
        "-m xailab_autograder.exports.gradescope_run --check",
    ]


def test_a_key_that_could_be_guessed_and_an_unknown_lab_are_refused():
    with pytest.raises(XailabError, match="the course key has 5 bytes and could be guessed"):
        autograder_zip("90", key=b"short")
    with pytest.raises(UnknownName):
        autograder_zip("04", key=KEY)
