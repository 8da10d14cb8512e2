"""What is built is the same every time and shows no answer."""

import json

import pytest
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.build import build

from xailab.errors import XailabError


def test_build_writes_everything_and_the_same_again(tmp_path, toy_folder):
    steps: list[str] = []
    paths = build(90, tmp_path, run=False, progress=steps.append)
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        "student/90-toy.ipynb",
        "instructor/90-toy.ipynb",
        "nbgrader/source/90-toy/90-toy.ipynb",
        "student/90-toy.html",
        "instructor/90-toy.html",
    ]
    before = [path.read_bytes() for path in paths]
    assert steps == ["notebooks", "the students' page", "the instructors' page"]
    assert [path.read_bytes() for path in build(90, tmp_path, run=False)] == before
    assert json.loads(before[0])["cells"]


def test_build_refuses_a_notebook_that_shows_an_answer(tmp_path, toy_folder, monkeypatch):
    monkeypatch.setattr(generate, "student", generate.instructor)
    with pytest.raises(XailabError, match="the students' notebook shows a part of"):
        build(90, tmp_path / "out", run=False)
    assert list((tmp_path / "out").iterdir()) == []
