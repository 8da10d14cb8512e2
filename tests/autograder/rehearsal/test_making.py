"""A class is the same every time, holds what it promises, and says the truth about itself."""

import csv
import json
from collections import Counter
from datetime import datetime

import pytest
from xailab_autograder import labs
from xailab_autograder.command import course_key
from xailab_autograder.course import config, roster
from xailab_autograder.course.policy import lateness
from xailab_autograder.exercises import Choice, Exercise
from xailab_autograder.notebooks import submission
from xailab_autograder.rehearsal import truth
from xailab_autograder.rehearsal.layouts.nbgrader import NBGRADER
from xailab_autograder.rehearsal.making import MOST, rehearse
from xailab_autograder.rehearsal.people import UNUSUAL, students
from xailab_autograder.rehearsal.proportions import KINDS, deal

from xailab.errors import XailabError


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(toy, tmp_path):
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        rehearse(toy, students=30, seed=seed, out=tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "three")


def test_every_misconception_and_every_wrong_prediction_occurs_in_a_class_of_200(large):
    _, made = large
    dealt = {(task.task, task.mistake) for told in made.truth for task in told.tasks if task.mistake}
    for task in labs.load("03").tasks:
        if isinstance(task, Exercise):
            assert {(task.id, known.id) for known in task.misconceptions} <= dealt
        if isinstance(task, Choice):
            assert {(task.id, f"chose-{key}") for key in task.because} <= dealt
    assert made.notes == ()


def test_every_kind_occurs_in_its_proportion(large):
    counts = Counter(told.kind for told in large[1].truth)
    assert {kind: count / 200 for kind, count in counts.items()} == KINDS
    assert sum(KINDS.values()) == pytest.approx(1)


def test_a_small_class_has_one_of_each_kind_as_far_as_it_goes():
    import random

    assert Counter(deal(10, random.Random(0))) == dict.fromkeys(KINDS, 1)
    assert set(deal(3, random.Random(0))) == set(list(KINDS)[:3])
    assert Counter(deal(12, random.Random(0)))["mistaken"] == 3


def test_copies_are_named_and_byte_equal_or_in_disguise(large):
    folder, made = large
    told = {truth.student: truth for truth in made.truth}
    assert Counter(pair.how for pair in made.pairs) == {"byte for byte": 5, "renamed": 5}
    for pair in made.pairs:
        one, other = ((folder / "submissions" / f"{who}.ipynb").read_bytes() for who in (pair.original, pair.copy))
        assert (one == other) is (pair.how == "byte for byte")
        assert told[pair.original].tasks == told[pair.copy].tasks


def test_the_truth_is_read_back_as_it_was_written(large):
    folder, made = large
    assert truth.read(folder / truth.FILE) == (made.truth, made.pairs)
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score"]) for row in rows if row["score"]] == [
        pytest.approx(told.score) for told in made.truth if told.status == "graded"
    ]
    assert {told.score for told in made.truth if told.kind == "empty"} == {0.0}
    lab = labs.load("03")
    assert max(told.score for told in made.truth) == lab.points - 2  # the reflection is marked by people


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 7}', '{"format": 1}', '{"format": 1, "students": [3], "pairs": []}']
)
def test_something_else_is_no_truth(text, tmp_path):
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(XailabError, match=r"truth\.json"):
        truth.read(tmp_path / "truth.json")


def test_a_truth_that_is_not_there_says_so(tmp_path):
    with pytest.raises(XailabError, match="cannot read"):
        truth.read(tmp_path / "truth.json")


def test_course_roster_and_key_are_what_the_grader_reads(toy, tmp_path):
    made = rehearse(toy, students=40, seed=2, out=tmp_path, layout=NBGRADER)
    course = config.read(tmp_path / "course.toml")
    people = students(40, 2)
    found = roster.read(course.roster)
    assert [student.id for student in found.students] == [student.id for student in people]
    assert [student.platforms for student in found.students] == [student.platforms for student in people]
    assert config.strangers(course, found) == ()
    key, notes = course_key(course.key_file)
    assert key.startswith(b"made from seed 2 of a rehearsal, no secret: ")
    assert notes == ()
    for told in made.truth:
        time = datetime.fromisoformat(told.submitted) if told.submitted else None
        terms = lateness(course.terms["90"], told.student, time)
        assert (terms.share, terms.excused) == (told.share, told.excused), told


def test_a_key_of_ones_own_is_used(toy, tmp_path):
    rehearse(toy, students=1, seed=1, out=tmp_path, key=b"0123456789abcdef")
    assert (tmp_path / "course.key").read_bytes() == b"0123456789abcdef\n"


def test_a_folder_that_holds_something_is_refused(toy, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(XailabError, match="is not empty"):
        rehearse(toy, students=3, seed=1, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("number", [0, -1, MOST + 1])
def test_a_number_out_of_range_is_refused(number, toy, tmp_path):
    with pytest.raises(XailabError, match=f"got {number}"):
        rehearse(toy, students=number, seed=1, out=tmp_path / "out")


def test_a_disk_that_refuses_is_an_error_of_ours(toy, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(XailabError, match="No space left on device"):
        rehearse(toy, students=3, seed=1, out=tmp_path / "out")


def test_progress_is_told_after_each_student(toy, tmp_path):
    seen: list[int] = []
    rehearse(toy, students=7, seed=1, out=tmp_path / "out", progress=seen.append)
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_notebooks_are_the_lab_s_own_with_the_holes_filled_and_no_outputs(large):
    folder, made = large
    lab = labs.load("03")
    for told in made.truth:
        path = folder / "submissions" / f"{told.student}.ipynb"
        if told.kind in ("right", "mistaken"):
            cells = json.loads(path.read_bytes())["cells"]
            assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")
            held = {cell.grade_id: cell.source for cell in submission.read(path, lab).cells if cell.grade_id}
            assert not any("NotImplementedError" in held[task.id] for task in lab.tasks if isinstance(task, Exercise))


@pytest.mark.parametrize("kind", ["right", "mistaken", "half-done", "empty"])
def test_notebooks_are_valid(kind, large):
    import nbformat

    folder, made = large
    student = next(told.student for told in made.truth if told.kind == kind)
    nbformat.validate(nbformat.read(folder / "submissions" / f"{student}.ipynb", as_version=4))


def test_students_have_different_ids_and_difficult_names():
    everybody = students(MOST, 3)
    assert len({student.id for student in everybody}) == MOST == 5000
    assert {student.name for student in everybody} > set(UNUSUAL)
    assert sum(student.name == "Ina" for student in students(40, 3)) == 2
    for platform in ("canvas", "moodle", "gradescope"):
        assert len({student.platforms[platform] for student in everybody}) == MOST
