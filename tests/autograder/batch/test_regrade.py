"""One exercise again after a fix: the marks of the others stay, and the report says whose mark changed and why."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from xailab_autograder import labs
from xailab_autograder.batch import worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.regrade import regrade, report
from xailab_autograder.batch.run import grade_class
from xailab_autograder.gradebook.reading import class_book, digest
from xailab_autograder.gradebook.writing import register

from tests.autograder.batch.doing import judge_trusted
from tests.autograder.batch.threads import Threads
from tests.autograder.batch.toyclass import KEY, RIGHT, SUM, class_of, hand_in, students_of
from xailab.errors import UnknownName, XailabError

CLASS = class_of(8)


@pytest.fixture
def jobs(monkeypatch):
    """What the judge was asked."""
    asked, lock = [], threading.Lock()

    def judge(job):
        with lock:
            asked.append(job)
            return judge_trusted(job)

    monkeypatch.setattr(worker, "judge", judge)
    return asked


@pytest.fixture
def fixed(toylabs, book, jobs):
    """A graded class, and the lab after a fix: from now on sums of squares are right."""
    lab, expected = labs.load("90"), fingerprint("90", KEY)
    register(book, lab, students_of(CLASS), CLASS)
    with Threads(2) as threads:
        grade_class(book, lab, expected, KEY, executor=threads)
    jobs.clear()
    for name, old, new in (
        ("reference.py", "np.mean(", "np.sum("),
        ("exercises.py", "expected=14 / 3", "expected=14.0"),
        ("exercises.py", '"sum-of-squares", lambda x: float(np.sum(x * x))', '"sum-of-squares", lambda x: 1.0'),
    ):
        path = toylabs / "90-toy" / name
        path.write_text(path.read_text().replace(old, new))
    worker._forget("90")
    return labs.load("90")


def marks(book, lab):
    return {
        (standing.student.id, mark.task.id): (mark.score, mark.status)
        for standing in class_book(book, lab).standings
        for mark in standing.marks
    }


def again(book, lab, tasks, **options):
    with Threads(2) as threads:
        return regrade(book, lab, fingerprint("90", KEY), tasks, key=KEY, executor=threads, **options)


def test_only_these_tasks_are_judged_and_all_other_marks_stay(book, fixed, jobs):
    before = marks(book, fixed)
    regraded = again(book, fixed, ["mean-square"])
    after = marks(book, fixed)
    assert {job.tasks for job in jobs} == {("mean-square",)}
    assert {key for key in before if before[key] != after[key]} == {
        (one.student, "mean-square") for one in CLASS if int(one.student[1:]) % 4 != 3
    }
    assert after["s01", "mean-square"] == (3, "passed")
    assert after["s00", "mean-square"][0] == 0
    assert regraded.outcome.graded == 8
    assert {change.why for change in regraded.outcome.changes} == {"regraded mean-square"}


def test_the_report_says_whose_mark_changed_and_why(book, fixed):
    text = report(again(book, fixed, ["mean-square"]))
    assert text.startswith("lab 90, mean-square: 8 submissions judged anew\nmarks of 6 changed\n")
    assert "\ns01: +3\n  mean-square: 0 -> 3  (failed (sum-of-squares); now passed)\n" in text
    assert "\ns00: -3\n  mean-square: 3 -> 0  (passed; now failed" in text
    assert "s03" not in text


def test_a_second_time_changes_nothing(book, fixed):
    again(book, fixed, ["mean-square"])
    before = digest(book, "90")
    regraded = again(book, fixed, ["mean-square"])
    assert digest(book, "90") == before
    assert "no mark changed" in report(regraded)


def test_some_students_alone(book, fixed, jobs):
    again(book, fixed, ["pairs", "mean-square"], students=["s01"])
    assert [(job.student, job.tasks) for job in jobs] == [("s01", ("mean-square", "pairs"))]


def test_a_newer_hand_in_or_one_without_result_is_judged_whole(book, fixed, jobs):
    register(book, fixed, (), [hand_in("s01", RIGHT), hand_in("zoe", SUM)])
    again(book, fixed, ["mean-square"], students=["s01", "s02", "zoe"])
    assert {job.student: job.tasks for job in jobs} == {"s01": None, "s02": ("mean-square",), "zoe": None}
    assert marks(book, fixed)["zoe", "mean-square"] == (3, "passed")


def test_a_task_whose_points_changed_is_judged_too(book, fixed, jobs, toylabs):
    path = toylabs / "90-toy" / "exercises.py"
    path.write_text(
        path.read_text().replace(
            "points=2,\n    minutes=5,\n    reference=reference.normalize",
            "points=4,\n    minutes=5,\n    reference=reference.normalize",
        )
    )
    worker._forget("90")
    lab = labs.load("90")
    again(book, lab, ["mean-square"])
    assert {job.tasks for job in jobs} == {("mean-square", "normalize")}
    assert marks(book, lab)["s00", "normalize"] == (4, "passed")


def test_two_at_once_keep_each_others_marks(book, fixed, toylabs):
    def one(task):
        return again(book, fixed, [task])

    with ThreadPoolExecutor(2) as both:
        list(both.map(one, ["mean-square", "normalize"]))
    assert {key: mark for key, mark in marks(book, fixed).items() if key[1] == "mean-square"}["s01", "mean-square"] == (
        3,
        "passed",
    )
    once = digest(book, "90")
    again(book, fixed, ["mean-square", "normalize"])
    assert digest(book, "90") == once


def test_what_is_not_there_is_named(book, fixed):
    with pytest.raises(UnknownName, match="no task 'mean-squares'; did you mean 'mean-square'"):
        again(book, fixed, ["mean-squares"])
    with pytest.raises(UnknownName, match="of student 'nobody'"):
        again(book, fixed, ["pairs"], students=["nobody"])
    with pytest.raises(XailabError, match="expected at least one task to regrade; there are: predict-scale"):
        again(book, fixed, [])
