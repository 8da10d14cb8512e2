"""A folder is read without following links and without opening what is no file."""

import os
import socket

import pytest
from xailab_autograder.handins import folders
from xailab_autograder.handins.folders import Folder

from xailab.errors import XailabError


def test_a_link_is_its_students_problem_and_its_target_is_never_read(tmp_path, by_student, notebook):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(notebook())
    place = tmp_path / "class"
    (place / "ada").mkdir(parents=True)
    (place / "bob.ipynb").write_bytes(notebook())
    (place / "ada" / "lab.ipynb").symlink_to(secret)
    (place / "cy.zip").symlink_to(secret)
    found = by_student(place)
    assert found["ada"].problem == "lab.ipynb: this is a link; hand in the file itself"
    assert found["ada"].sha256 == ""
    assert found["cy"].problem == "cy.zip: this is a link; hand in the file itself"
    assert found["bob"].problem == ""


def test_a_linked_folder_is_not_entered(tmp_path, notebook):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "lab.ipynb").write_bytes(notebook())
    place = tmp_path / "class"
    place.mkdir()
    (place / "ada").symlink_to(outside, target_is_directory=True)
    (place / "loop").symlink_to(place, target_is_directory=True)
    folder = Folder(place)
    assert [entry.path for entry in folder.entries] == ["ada", "loop"]
    assert all(entry.refused for entry in folder.entries)
    assert folder.notes == ("ada: a link; hand in the file itself", "loop: a link; hand in the file itself")


def test_pipes_sockets_and_devices_are_not_opened(tmp_path, by_student, notebook):
    place = tmp_path / "class"
    (place / "ada").mkdir(parents=True)
    os.mkfifo(place / "ada" / "lab.ipynb")
    (place / "bob.ipynb").write_bytes(notebook())
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place / "cy.py"))
        found = by_student(place)
    assert found["ada"].problem == "lab.ipynb: this is a pipe, not a file"
    assert found["cy"].problem == "cy.py: this is a socket, not a file"
    assert found["bob"].problem == ""


def test_a_folder_with_a_whole_python_in_it_is_cut_off_and_the_notebook_found(
    tmp_path, monkeypatch, collected, notebook
):
    monkeypatch.setattr(folders, "MOST_OF_ONE", 20)
    place = tmp_path / "class"
    (place / "ada" / "venv" / "deep").mkdir(parents=True)
    for number in range(30):
        (place / "ada" / "venv" / f"m{number}.py").write_text("x = 1")
    (place / "ada" / "lab.ipynb").write_bytes(notebook())
    (place / "bob.ipynb").write_bytes(notebook())
    found = collected(place)
    assert [hand_in.problem for hand_in in found.hand_ins] == ["", ""]
    assert any("ada/venv: more than 20 files" in note for note in found.notes)
    monkeypatch.setattr(folders, "MOST_ENTRIES", 5)
    with pytest.raises(XailabError, match="more than 5 files; expected a folder of hand-ins"):
        Folder(place)


def test_folders_nested_without_end_are_cut_off(tmp_path):
    deep = tmp_path / "class"
    for _ in range(60):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "lab.ipynb").write_text("{}")
    folder = Folder(tmp_path / "class")
    assert folder.entries == ()
    assert "nested deeper than 32" in folder.notes[0]


def test_names_of_files_that_are_no_text_are_shown_and_read(tmp_path, by_student, notebook):
    place = tmp_path / "class"
    place.mkdir()
    name = os.fsencode(place) + b"/ren\xe9\x1b[2J\xe2\x80\xae.ipynb"
    with open(name, "wb") as file:  # noqa: PTH123 (a Path cannot hold these bytes)
        file.write(notebook())
    (place / "bob.ipynb").write_bytes(notebook())
    found = by_student(place)
    assert set(found) == {"ren<0xE9><U+001B>[2J<U+202E>", "bob"}
    assert found["ren<0xE9><U+001B>[2J<U+202E>"].submission is not None


EVIL = b"e\xe9\x1b[2J\n\xe2\x80\xae"


@pytest.mark.parametrize(
    "layout",
    [
        b"%s/lab.ipynb",
        b"%s_12_assignsubmission_file_/%s.ipynb",
        b"%s_12_34_%s.ipynb",
        b"submitted/%s/90-toy/%s.ipynb",
        b"submission_1/%s/%s.ipynb",
    ],
)
def test_names_never_reach_a_terminal_as_they_are(tmp_path, collected, notebook, layout):
    place = tmp_path / "class"
    path = os.fsencode(place) + b"/" + layout.replace(b"%s", EVIL)
    os.makedirs(os.path.dirname(path))  # noqa: PTH103, PTH120 (a Path cannot hold these bytes)
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(notebook())
    os.symlink("/etc/passwd", path[:-6] + b".py")  # noqa: PTH211
    if layout.startswith(b"submission_"):
        (place / "submission_metadata.yml").write_text('submission_1:\n  :submitters:\n  - :name: "e\\e[2J\\n"\n')
    (hand_in,) = collected(place).hand_ins
    assert hand_in.problem == ""
