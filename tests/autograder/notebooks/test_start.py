"""A student's folder is made once and never overwritten."""

import pytest
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.start import start

from xailab.errors import UnknownName, XailabError


def test_start_makes_a_working_folder(tmp_path, toy_folder):
    path, readme = start("90", tmp_path / "mine")
    assert path == tmp_path / "mine" / "90-toy.ipynb"
    assert path.read_text() == generate.to_text(generate.student(toy_folder))
    assert readme.read_text().startswith("Lab 90: A toy lab\n=================\n")
    assert "hand in this one file: 90-toy.ipynb" in readme.read_text()
    assert sorted(p.name for p in path.parent.iterdir()) == ["90-toy.ipynb", "README.txt"]


@pytest.mark.parametrize("name", ["90-toy.ipynb", "README.txt"])
def test_start_never_overwrites(tmp_path, name):
    (tmp_path / name).write_text("my work")
    with pytest.raises(XailabError, match=f"{name} exists already and was left as it is"):
        start(90, tmp_path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [(name, "my work")]


def test_start_of_an_unknown_lab_or_in_a_file_makes_nothing(tmp_path):
    with pytest.raises(UnknownName):
        start("17", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(XailabError, match="cannot write to the folder"):
        start(90, tmp_path / "file")
