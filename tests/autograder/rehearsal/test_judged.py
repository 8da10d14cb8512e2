"""The judge comes to the truth: a class of each lab, and every odd, hostile and broken hand-in of the toy lab."""

import random
from datetime import UTC, datetime

import pytest
from xailab_autograder import labs
from xailab_autograder.course.students import Student
from xailab_autograder.gradebook.contents import ClassBook, HandedIn, Standing, TaskMark
from xailab_autograder.judging.grading import Hand, grade_submission
from xailab_autograder.notebooks import submission
from xailab_autograder.rehearsal import solutions, works
from xailab_autograder.rehearsal.broken import BROKEN
from xailab_autograder.rehearsal.comparing import compare, report
from xailab_autograder.rehearsal.filling import file
from xailab_autograder.rehearsal.hostile import HOSTILE, attacked
from xailab_autograder.rehearsal.making import rehearse
from xailab_autograder.rehearsal.odd import ODD
from xailab_autograder.rehearsal.truth import Truth

from xailab.errors import XailabError

KEY = b"the key of the rehearsal's tests"


def judged(lab, path, student, zygote, key=KEY) -> Standing:
    """Grade a file, or say why that cannot be."""
    handed_in = HandedIn(lab.number, student, "", path.name)
    try:
        read = submission.read(path, lab)
    except XailabError as error:
        return Standing(Student(student), handed_in, None, (), problem=str(error))
    record = grade_submission(lab, read, Hand(student, key), zygote)
    marks = tuple(TaskMark(task, one) for task, one in zip(lab.tasks, record.exercises, strict=True))
    return Standing(Student(student), handed_in, record, marks)


def differences(lab, standings, truths) -> str:
    found = compare(ClassBook("", lab, tuple(standings), datetime.now(UTC)), truths)
    return report(found, truths) if found else ""


@pytest.mark.parametrize("number", [entry.number for entry in labs.listing()])
def test_a_class_gets_its_true_marks(number, zygote, tmp_path):
    lab = labs.load(number)
    made = rehearse(lab, students=13, seed=4, out=tmp_path)
    key = (tmp_path / "course.key").read_bytes().strip()
    standings = []
    for told in made.truth:
        places = [*made.submissions.glob(f"{told.student}.ipynb"), *made.submissions.glob(f"{told.student}/*")]
        standings += [judged(lab, path, told.student, zygote, key) for path in places]
    assert sum(told.status == "graded" for told in made.truth) >= 10
    assert differences(lab, standings, [told for told in made.truth if not told.excused]) == ""


def test_mistakes_that_another_function_made_are_left_out_and_said():
    found = solutions.collect(labs.load("11"))
    said = [note for note in found.notes if "made by functions" in note]
    assert any(note.startswith("conditional-p:") and "entropy-in-bits" in note for note in said)
    assert set(found.right) - {wrong.exercise for wrong in found.wrong} == {"embed"}  # all of its are steps of a rule


def test_every_misconception_gets_its_true_mark_and_name(toy, toy_room, zygote, tmp_path):
    standings, truths = [], []
    for number, wrong in enumerate(toy_room.solutions.wrong):
        work = works.mistaken(toy_room, random.Random(number), [wrong])
        standings.append(_one(toy, work, file(toy_room, work), f"m{number}", zygote, tmp_path))
        truths.append(Truth(f"m{number}", "mistaken", work.about, tasks=work.truth))
    assert len(truths) == 7
    assert differences(toy, standings, truths) == ""


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.about)
def test_an_odd_place_costs_nothing(odd, toy, toy_room, zygote, tmp_path):
    rng = random.Random(odd.about)
    work = works.right(toy_room, rng)
    standing = _one(toy, work, odd.make(toy_room, work, rng), "odd", zygote, tmp_path)
    assert differences(toy, [standing], [Truth("odd", "odd", odd.about, tasks=work.truth)]) == ""
    assert sum(task.score for task in work.truth[1:4]) == 8
    written = next(answer.source for answer in work.answers if answer.task.id == "reflect-mean")
    assert standing.marks[-1].judged.text == (written.strip() if odd.texts else "")


@pytest.mark.parametrize("hostile", [h for h in HOSTILE if not h.costly], ids=lambda hostile: hostile.about)
def test_an_attack_earns_what_it_must_and_harms_no_other_exercise(hostile, toy, toy_room, zygote, tmp_path):
    rng = random.Random(hostile.about)
    work = attacked(toy_room, works.right(toy_room, rng), hostile, rng)
    earned = {"nothing": 0, "everything": 1, "all but edges": 0.75}[hostile.earns]
    changed = work.about.split(":")[0]
    scores = {task.task: task.score for task in work.truth}
    points = {task.id: task.points for task in toy_room.exercises}
    assert scores[changed] == earned * points[changed]
    assert all(scores[other] == points[other] for other in set(points) - {changed})
    standing = _one(toy, work, file(toy_room, work), "mallory", zygote, tmp_path)
    assert differences(toy, [standing], [Truth("mallory", "hostile", work.about, tasks=work.truth)]) == ""


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.about)
def test_a_broken_file_is_a_problem_and_says_what_it_is(broken, toy, toy_room, zygote, tmp_path):
    made = broken.make(toy_room, works.right(toy_room, random.Random(1)))
    path = tmp_path / made.name
    path.write_bytes(made.content)
    standing = judged(toy, path, "bo", zygote)
    assert standing.record is None
    assert standing.problem.startswith(made.name)


def _one(lab, work, handed_in, student, zygote, folder) -> Standing:
    (folder / student).mkdir()
    path = folder / student / handed_in.name
    path.write_bytes(handed_in.content)
    return judged(lab, path, student, zygote)
