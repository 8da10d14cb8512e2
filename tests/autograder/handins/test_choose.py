"""Of several files the one that counts is found by rules that can be told; else a person decides."""

import json
import zipfile
from datetime import UTC, datetime

import pytest
from xailab_autograder.course.roster import Roster
from xailab_autograder.course.students import Student
from xailab_autograder.handins import choose as choosing
from xailab_autograder.handins.collect import collect_one
from xailab_autograder.handins.fitting import Fit, fit
from xailab_autograder.notebooks.submission import read

STAMPED = """\
submission_1:
  :submitters:
  - :name: Ada
    :sid: ada
  :created_at: {0}
submission_2:
  :submitters:
  - :name: Ada
    :sid: ada
  :created_at: {1}
"""


@pytest.fixture
def one(tmp_path, lab, scratch):
    """Return a function that lays out one student's files and returns the hand-in."""

    def made(files):
        folder = tmp_path / "ada"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        hand_in = collect_one(folder, lab, scratch, student=" ada ")
        assert list(scratch.iterdir()) == []
        assert hand_in.student == "ada"
        return hand_in

    return made


def test_the_file_in_which_more_was_worked_on_counts_and_a_note_says_why(one, notebook):
    found = one({"90-toy.ipynb": notebook(0), "my work.ipynb": notebook(3), "old.ipynb": notebook(2)})
    assert found.source == "my work.ipynb"
    assert found.notes == (
        "3 files were handed in; 'my work.ipynb' counts, with 3 of 5 tasks worked on; not '90-toy.ipynb' (0), "
        "'old.ipynb' (2)",
    )


def test_of_equals_a_notebook_then_the_hand_outs_name_decides(one, notebook):
    code = "\n".join(cell["source"] for cell in json.loads(notebook())["cells"][:-1]).encode()
    found = one({"90-toy.ipynb": notebook(mark="a"), "copy.ipynb": notebook(mark="b"), "90-toy.py": code})
    assert found.source == "90-toy.ipynb"


def test_a_tie_is_a_problem_that_lists_the_files(one, notebook):
    found = one({"a.ipynb": notebook(mark="a"), "b/c.ipynb": notebook(mark="b"), "d.ipynb": notebook(1)})
    assert found.problem == "2 files could be meant: a.ipynb, b/c.ipynb; keep one"
    assert found.submission is None


def test_equal_bytes_are_no_tie(one, notebook):
    found = one({"a.ipynb": notebook(), "b.ipynb": notebook()})
    assert (found.source, found.problem) == ("a.ipynb", "")


def test_helper_modules_beside_the_notebook_are_passed_over(one, notebook):
    found = one({"lab.ipynb": notebook(2), "numpy.py": b"x = 1", "iou.py": b"def helper(): pass"})
    assert found.source == "lab.ipynb"
    assert not any("numpy" in note for note in found.notes)


def test_a_broken_notebook_goes_before_a_file_that_has_nothing_of_the_lab(one, notebook):
    found = one({"lab.ipynb": notebook()[:-40], "notes.py": b"x = 1"})
    assert "cut off before its end" in found.problem
    assert len(found.sha256) == 64
    found = one({"good.py": b"def mean_square(x): return 1"})
    assert found.problem == ""
    assert any("not used: lab.ipynb: the notebook is cut off" in note for note in found.notes)


def test_a_file_without_anything_of_the_lab_is_handed_in_with_a_note(one):
    found = one({"other.ipynb": b'{"cells": []}'})
    assert found.notes == ("nothing in it looks like lab 90",)
    assert found.submission is not None


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"lab.ipynb": b""}, "lab.ipynb: the file is empty; save the notebook and hand it in again"),
        ({"lab.pdf": b"%PDF"}, "no notebook (.ipynb) was handed in, but: lab.pdf"),
        ({"lab.ipynb.txt": b"{}"}, "no notebook (.ipynb) was handed in, but: lab.ipynb.txt"),
        ({"a.zip": b"PK"}, "a.zip: not a zip archive that can be read (File is not a zip file); pack it again"),
        ({}, "nothing that could be graded: no file was handed in"),
    ],
)
def test_what_cannot_be_graded_says_why(one, tmp_path, files, problem):
    (tmp_path / "ada").mkdir()
    assert one(files).problem == problem


def test_archives_of_students_are_opened_but_not_archives_in_them(one, zipped, notebook):
    inner = zipped({"lab.ipynb": notebook()})
    found = one({"a.zip": zipped({"inner.zip": inner, "sub/lab.ipynb": notebook(1)})})
    assert (found.source, found.origin) == ("lab.ipynb", "a.zip: sub/lab.ipynb")
    assert "a.zip: archives in an archive are not opened" in found.notes


def test_an_archive_without_a_notebook_lists_what_it_holds(one, zipped):
    found = one({"a.zip": zipped({"inner.zip": b"", "=cmd|x.docx": b""})})
    assert found.problem == "a.zip: no notebook (.ipynb) in this archive, but: =cmd|x.docx, inner.zip"


def test_a_bomb_in_a_students_archive_is_his_problem(one, tmp_path):
    (tmp_path / "ada").mkdir()
    with zipfile.ZipFile(tmp_path / "ada" / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("lab.ipynb", b"0" * (8 * 2**20))
    assert "more than 400 times its size" in one({}).problem


def test_only_so_many_files_of_one_student_are_opened(one, notebook, monkeypatch):
    monkeypatch.setattr(choosing, "MOST_LOOKED_AT", 5)
    files = {f"venv/lib/m{number}.py": b"x = 1" for number in range(20)}
    found = one({**files, "sub/lab.ipynb": notebook()})
    assert found.source == "lab.ipynb"
    assert "16 more files were not looked at" in found.notes


def test_the_newest_of_two_hand_ins_counts(tmp_path, by_student, notebook):
    place = tmp_path / "class"
    for number in (1, 2):
        (place / f"submission_{number}").mkdir(parents=True)
        (place / f"submission_{number}" / "lab.ipynb").write_bytes(notebook(mark=str(number)))
    stamps = ("2026-11-19 10:00:00 Z", "2026-11-18 10:00:00 Z")
    (place / "submission_metadata.yml").write_text(STAMPED.format(*stamps))
    found = by_student(place)["ada"]
    assert found.origin == "submission_1/lab.ipynb"
    assert found.submitted == datetime(2026, 11, 19, 10, tzinfo=UTC)
    assert found.notes == ("an earlier hand-in does not count: submission_2 (2026-11-18 10:00)",)
    (place / "submission_metadata.yml").write_text(STAMPED.format(stamps[0], stamps[0]))
    assert "2 hand-ins, and nobody knows which is newer" in by_student(place)["ada"].problem


def test_two_folders_of_one_student_without_times_are_a_problem_unless_they_are_equal(tmp_path, by_student, notebook):
    roster = Roster((Student("s1", "Ada Lovelace", "ada@uni.edu"),))
    place = tmp_path / "class"
    for name, mark in (("Lovelace, Ada", "a"), ("ada@uni.edu", "b"), ("bob", "")):
        (place / name).mkdir(parents=True)
        (place / name / "lab.ipynb").write_bytes(notebook(mark=mark))
    found = by_student(place, roster=roster)
    assert set(found) == {"s1", "bob"}
    assert found["s1"].problem == ("2 hand-ins, and nobody knows which is newer: ada@uni.edu, Lovelace, Ada; keep one")
    (place / "ada@uni.edu" / "lab.ipynb").write_bytes(notebook(mark="a"))
    found = by_student(place, roster=roster)
    assert found["s1"].problem == ""
    assert found["s1"].notes == ("handed in 2 times, the same bytes each time",)


def test_fit_counts_what_is_there_and_what_was_worked_on(tmp_path, lab, notebook):
    path = tmp_path / "x.ipynb"
    path.write_bytes(notebook(1))
    assert fit(read(path, lab), lab) == Fit(1, 4)
    path.write_bytes(notebook(4))
    assert fit(read(path, lab), lab) == Fit(4, 4)
    script = tmp_path / "x.py"
    script.write_text("# pairs == 3\nprediction_scale: str = 'a'\n    async def normalize(x): pass\npairs == 3\n")
    assert fit(read(script, lab), lab) == Fit(2, 2)


def test_what_was_unpacked_is_called_as_its_author_called_it(one, zipped):
    found = one({"a.zip": zipped({"w/lab.ipynb": b"", "w/x.pdf": b""})})
    assert found.problem.startswith("lab.ipynb: the file is empty")
    found = one({"b.zip": zipped({"w/mine.py": b"# %%\npairs = 1\n# %%\nx = 2"})})
    assert found.submission.name == "mine.py"
    assert [cell.label for cell in found.submission.cells] == ["mine.py, part 1", "mine.py, part 2"]
