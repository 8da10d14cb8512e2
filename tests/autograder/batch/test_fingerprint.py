"""A fingerprint changes with whatever could change a verdict, and with nothing else."""

import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from xailab_autograder.batch import fingerprint as module
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.gradebook.contents import Fingerprint

from xailab.errors import UnknownName

KEY = b"0123456789abcdef"


def differing(one: Fingerprint, other: Fingerprint) -> set[str]:
    return {field.name for field in fields(one) if getattr(one, field.name) != getattr(other, field.name)}


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("# a word\n")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "xailab_autograder"
    shutil.copytree(module._PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "_PACKAGE", copy)
    return copy


def test_the_same_sources_have_the_same_fingerprint(toylabs, package):
    first = fingerprint("90", KEY)
    assert fingerprint("90", KEY) == first
    assert len({first.lab, first.grader, first.key}) == 3


@pytest.mark.parametrize("name", ["exercises.py", "reference.py"])
def test_a_changed_declaration_or_reference_changes_the_labs_part(toylabs, name):
    before = fingerprint("90", KEY)
    append(toylabs / "90-toy" / name)
    assert differing(before, fingerprint("90", KEY)) == {"lab"}


def test_a_new_module_changes_the_labs_part(toylabs):
    before = fingerprint("90", KEY)
    (toylabs / "90-toy" / "more.py").touch()
    assert differing(before, fingerprint("90", KEY)) == {"lab"}


@pytest.mark.parametrize("name", ["lab.py", "variants.py", "picture.png", ".ipynb_checkpoints/exercises.py"])
def test_what_decides_no_verdict_changes_nothing(toylabs, name):
    before = fingerprint("90", KEY)
    path = toylabs / "90-toy" / name
    path.parent.mkdir(exist_ok=True)
    append(path)
    assert fingerprint("90", KEY) == before


def test_line_endings_change_nothing(toylabs, package):
    before = fingerprint("90", KEY)
    for path in (toylabs / "90-toy" / "exercises.py", package / "judging" / "judge.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert fingerprint("90", KEY) == before


@pytest.mark.parametrize(
    "name", ["judging/naming.py", "sandbox/limits.py", "notebooks/submission.py", "exercises.py", "labs.py"]
)
def test_changed_judging_changes_the_graders_part(toylabs, package, name):
    before = fingerprint("90", KEY)
    append(package / name)
    assert differing(before, fingerprint("90", KEY)) == {"grader"}


@pytest.mark.parametrize("name", ["sandbox/attacks/files.py", "feedback/page.py", "notebooks/build.py"])
def test_pages_and_attacks_do_not_count_as_judging(toylabs, package, name):
    before = fingerprint("90", KEY)
    append(package / name)
    assert fingerprint("90", KEY) == before


def test_a_text_that_moves_to_another_file_is_noticed(toylabs):
    folder = toylabs / "90-toy"
    (folder / "a.py").write_text("x = 1\n")
    (folder / "b.py").write_text("")
    before = fingerprint("90", KEY)
    (folder / "a.py").write_text("")
    (folder / "b.py").write_text("x = 1\n")
    assert differing(before, fingerprint("90", KEY)) == {"lab"}


def test_another_version_changes_the_graders_part(toylabs, monkeypatch):
    before = fingerprint("90", KEY)
    monkeypatch.setattr(module.xailab, "__version__", "99.0")
    assert differing(before, fingerprint("90", KEY)) == {"grader"}


def test_another_key_changes_the_keys_part_and_is_not_in_it(toylabs):
    before = fingerprint("90", KEY)
    assert differing(before, fingerprint("90", KEY + b"!")) == {"key"}
    assert KEY.hex() not in before.key


def test_an_unknown_lab_is_named(toylabs):
    with pytest.raises(UnknownName, match="no lab '77'"):
        fingerprint("77", KEY)
