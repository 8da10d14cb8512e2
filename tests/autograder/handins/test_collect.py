"""A class is collected: names of all kinds, nothing to collect, progress, two hundred students."""

import unicodedata

import pytest
from xailab_autograder.course.roster import Roster
from xailab_autograder.course.students import Student
from xailab_autograder.handins.collect import collect, collect_one

from xailab.errors import XailabError

NAMES = ["O'Hara, Ada", '"quoted"', "=1+1", "+cmd", "@sum", "🦊 fox", "عمر", "שרה", "-x", "a;b", "<b>bold", "é"]


def test_names_of_all_kinds_are_ids_as_they_are(download, by_student, notebook):
    found = by_student(download({f"{name}/lab.ipynb": notebook(mark=name) for name in NAMES}))
    assert sorted(found) == sorted(NAMES)
    assert not any(hand_in.problem for hand_in in found.values())


def test_characters_that_hide_are_written_out_in_ids(download, by_student, notebook):
    hidden = "ada\u202ebob\u200b"
    found = by_student(download({f"{hidden}.ipynb": notebook(), "bob.ipynb": notebook()}))
    assert set(found) == {"ada<U+202E>bob<U+200B>", "bob"}


def test_two_ways_to_write_one_id_are_one_student(download, by_student, notebook):
    files = {f"{unicodedata.normalize(form, 'émile')}/lab.ipynb": notebook(mark=form) for form in ("NFC", "NFD")}
    found = by_student(download({**files, "bob.ipynb": notebook()}))
    assert set(found) == {"émile", "bob"}
    assert "2 hand-ins, and nobody knows which is newer" in found["émile"].problem


@pytest.mark.parametrize("files", [{}, {"README.md": b"", "notes.txt": b""}, {".hidden/ada.ipynb": b"{}"}])
def test_nothing_to_collect_says_what_was_looked_for_and_what_was_seen(download, lab, scratch, files):
    with pytest.raises(XailabError, match="no hand-ins found") as caught:
        collect(download(files), lab, scratch)
    for platform in ("Gradescope", "Moodle", "nbgrader", "Canvas", "plain"):
        assert f"{platform}: " in str(caught.value)
    assert ("README.md, notes.txt" in str(caught.value)) == ("README.md" in files)


@pytest.mark.parametrize("name", ["nothing", "file.rar", "/dev/null"])
def test_what_is_no_download_is_an_error_that_says_what_to_do(tmp_path, lab, scratch, name):
    (tmp_path / "file.rar").write_bytes(b"Rar!")
    with pytest.raises(XailabError, match=r"expected a folder, a zip archive|unpack it yourself"):
        collect(tmp_path / name, lab, scratch)


def test_a_damaged_download_is_an_error_for_all(tmp_path, lab, scratch, zipped, notebook):
    path = tmp_path / "download.zip"
    path.write_bytes(zipped({"ada.ipynb": notebook(), "bob.ipynb": notebook()})[:-30])
    with pytest.raises(XailabError, match=r"download\.zip: not a zip archive that can be read"):
        collect(path, lab, scratch)


def test_students_of_the_roster_who_handed_in_nothing_are_students(download, collected, notebook):
    roster = Roster((Student("ada", "Ada"), Student("bob", "Bob")))
    found = collected(download({"ADA.ipynb": notebook(), "eve.ipynb": notebook()}), roster=roster)
    assert [hand_in.student for hand_in in found.hand_ins] == ["ada", "eve"]
    assert [student.id for student in found.students] == ["ada", "bob", "eve"]
    assert found.students[0].name == "Ada"
    assert found.notes == ("1 not on the roster, kept as they are: eve",)


def test_an_overlong_name_keeps_its_suffix(download, by_student, notebook):
    name = "x" * 230
    (found,) = by_student(download({f"ada/{name}.ipynb": notebook()})).values()
    assert found.problem == ""
    assert found.source.endswith("x.ipynb")
    assert len(found.source) < 200


def test_a_scratch_folder_that_cannot_be_written_to_is_an_error_not_a_problem(tmp_path, lab, notebook):
    (tmp_path / "ada.ipynb").write_bytes(notebook())
    with pytest.raises(XailabError, match="cannot write to the scratch folder"):
        collect_one(tmp_path / "ada.ipynb", lab, tmp_path / "nowhere", student="ada")


def test_two_hundred_students_are_collected_with_progress(tmp_path, lab, scratch, zipped, notebook):
    files = {}
    for number in range(200):
        mark = f"{number} " * 20_000  # about 100 kB each, as with outputs
        content = notebook(number % 5, mark=mark)
        name = f"s{number:03}"
        files[f"{name}.zip" if number % 2 else f"{name}/lab.ipynb"] = (
            zipped({"lab.ipynb": content}) if number % 2 else content
        )
    path = tmp_path / "download.zip"
    path.write_bytes(zipped(files))
    told = []
    found = collect(path, lab, scratch, progress=lambda done, total: told.append((done, total)))
    assert len(found.hand_ins) == 200
    assert not any(hand_in.problem for hand_in in found.hand_ins)
    assert told == [(done, 200) for done in range(1, 201)]
