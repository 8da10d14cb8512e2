"""A class is graded once, whatever happens: nothing is lost, nothing stands twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from xailab_autograder import labs
from xailab_autograder.batch import worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.run import Progress, grade_class
from xailab_autograder.gradebook.claims import counts
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book, digest
from xailab_autograder.gradebook.writing import register
from xailab_autograder.judging.grading import Hand, grade_submission

from tests.autograder.batch.doing import judge_trusted
from tests.autograder.batch.living import children, gone
from tests.autograder.batch.threads import Threads
from tests.autograder.batch.toyclass import KEY, KILLS, RIGHT, SUM, class_of, hand_in, students_of

CLASS = class_of(8)
PROGRAM = """
import sys
from xailab_autograder import labs
from xailab_autograder.batch import worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.local import LocalWorkers
from xailab_autograder.batch.run import grade_class
from xailab_autograder.gradebook.opening import open_gradebook
from tests.autograder.batch import doing
from tests.autograder.batch.toyclass import KEY

worker.judge = doing.judge_trusted
if __name__ == "__main__":
    lab, expected = labs.load("90"), fingerprint("90", KEY)
    with open_gradebook(sys.argv[1]) as book, LocalWorkers(2) as workers:
        tell = lambda told: print(told.done, flush=True)
        outcome = grade_class(book, lab, expected, KEY, executor=workers, progress=tell)
        print("end", outcome.graded, outcome.unchanged, flush=True)
"""


def scores(book, lab):
    return {standing.student.id: standing.raw for standing in class_book(book, lab).standings}


@pytest.fixture
def graded(book, lab, expected, workers):
    register(book, lab, students_of(CLASS), CLASS)
    grade_class(book, lab, expected, KEY, executor=workers)
    return book


def test_a_class_gets_the_marks_that_each_would_get_alone(book, lab, expected, workers, zygote):
    register(book, lab, students_of(CLASS), CLASS)
    told: list[Progress] = []
    outcome = grade_class(book, lab, expected, KEY, executor=workers, progress=told.append)
    alone = {one.student: grade_submission(lab, one.submission, Hand(one.student, KEY), zygote).score for one in CLASS}
    assert scores(book, lab) == alone
    assert (outcome.graded, outcome.unchanged, outcome.problems, outcome.changes) == (8, 0, (), ())
    assert (told[0].total, told[0].done, told[-1].done) == (8, 0, 8)
    assert sorted(one.student for one in told if one.record) == [one.student for one in CLASS]
    assert [one.done for one in told] == sorted(one.done for one in told)


def test_a_second_run_grades_nothing(graded, lab, expected, workers):
    before = digest(graded, "90")
    outcome = grade_class(graded, lab, expected, KEY, executor=workers)
    assert (outcome.graded, outcome.unchanged) == (0, 8)
    assert digest(graded, "90") == before


def test_a_changed_file_is_graded_and_no_other(graded, lab, expected, workers):
    register(graded, lab, (), [hand_in("s01", RIGHT)])
    told: list[Progress] = []
    outcome = grade_class(graded, lab, expected, KEY, executor=workers, progress=told.append)
    assert (outcome.graded, outcome.unchanged) == (1, 7)
    assert {one.student for one in told} == {"", "s01"}
    assert [(change.student, change.task, change.why) for change in outcome.changes] == [
        ("s01", "mean-square", "handed in again")
    ]
    assert scores(graded, lab)["s01"] == 9


def test_a_changed_lab_is_graded_for_all(graded, lab, workers, shared_labs):
    path = shared_labs / "90-toy" / "exercises.py"
    before = path.read_text()
    try:
        path.write_text(before.replace("points=3,\n    minutes=5", "points=4,\n    minutes=5"))
        outcome = grade_class(graded, labs.load("90"), fingerprint("90", KEY), KEY, executor=workers)
    finally:
        path.write_text(before)
    assert (outcome.graded, outcome.unchanged) == (8, 0)
    assert {change.why for change in outcome.changes} == {"the lab changed"}
    assert scores(graded, lab)["s00"] == 10


def test_an_empty_class_is_graded_at_once(book, lab, expected, workers):
    register(book, lab, (), ())
    outcome = grade_class(book, lab, expected, KEY, executor=workers)
    assert (outcome.graded, outcome.unchanged, outcome.problems) == (0, 0, ())


def test_what_cannot_be_graded_is_left_alone(book, lab, expected, workers):
    broken = replace(hand_in("ada", RIGHT), submission=None, problem="the file is empty")
    register(book, lab, (), [broken, hand_in("bob", SUM)])
    outcome = grade_class(book, lab, expected, KEY, executor=workers)
    assert (outcome.graded, outcome.problems) == (1, ())
    assert [standing.problem for standing in class_book(book, lab).standings] == ["the file is empty", ""]


def test_hostile_submissions_stop_nobody(book, lab, expected, workers):
    short = KILLS.replace("while True:\n        pass", "os.abort()")
    hand_ins = [hand_in(f"e{n}", f"# {n}\n{short}") for n in range(3)] + [hand_in(f"s{n}", RIGHT) for n in range(3)]
    register(book, lab, students_of(tuple(hand_ins)), hand_ins)
    outcome = grade_class(book, lab, expected, KEY, executor=workers)
    assert (outcome.graded, outcome.problems) == (6, ())
    assert scores(book, lab) == {"e0": 0, "e1": 0, "e2": 0, "s0": 9, "s1": 9, "s2": 9}


def test_a_killed_worker_costs_nobody_a_mark(book, lab, expected, workers, undisturbed):
    register(book, lab, students_of(CLASS), CLASS)
    killed: list[int] = []

    def kill(told: Progress) -> None:
        if told.student and not killed:
            killed.append(workers.pids[0])
            os.kill(killed[-1], signal.SIGKILL)

    outcome = grade_class(book, lab, expected, KEY, executor=workers, progress=kill)
    assert (len(killed), outcome.graded, outcome.problems) == (1, 8, ())
    assert digest(book, "90") == undisturbed


def test_two_graders_at_once_share_the_work(tmp_path, book, lab, expected, workers, undisturbed):
    register(book, lab, students_of(CLASS), CLASS)
    seen: dict[str, list[str]] = {"one": [], "two": []}
    outcomes = {}

    def grade(name: str) -> None:
        with open_gradebook(tmp_path / "gradebook.db") as own:
            tell = lambda told: seen[name].append(told.student)  # noqa: E731
            outcomes[name] = grade_class(own, lab, expected, KEY, executor=workers, progress=tell)

    threads = [threading.Thread(target=grade, args=(name,)) for name in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    graded = sorted(student for names in seen.values() for student in names if student)
    assert graded == [one.student for one in CLASS]
    assert all(outcome.graded for outcome in outcomes.values())
    assert sum(outcome.graded for outcome in outcomes.values()) == 8
    assert digest(book, "90") == undisturbed


def start(path: Path) -> "subprocess.Popen[str]":
    program = path.parent / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_that_is_killed_goes_on_until_all_is_as_if_nothing_had_been(tmp_path, book, lab, expected, monkeypatch):
    hand_ins = class_of(24)
    register(book, lab, students_of(hand_ins), hand_ins)
    path = tmp_path / "gradebook.db"
    for moment_s in random.Random(4).sample([0.01 * step for step in range(20)], 3):
        with start(path) as run:
            assert run.stdout is not None
            for _ in range(3):  # the first line says how far it was
                run.stdout.readline()
            time.sleep(moment_s)
            below = children(run.pid)
            run.kill()
            run.communicate()
        assert gone(below)
    with start(path) as run:
        said, errors = run.communicate(timeout=60)
    _, graded, unchanged = said.splitlines()[-1].split()
    assert errors == ""
    assert 4 <= int(unchanged) < 24
    assert int(graded) + int(unchanged) == 24
    monkeypatch.setattr(worker, "judge", judge_trusted)
    with open_gradebook(tmp_path / "other.db") as other, Threads(2) as threads:
        register(other, lab, students_of(hand_ins), hand_ins)
        grade_class(other, lab, expected, KEY, executor=threads)
        assert digest(book, "90") == digest(other, "90")


def test_ctrl_c_writes_what_has_come_and_leaves_nothing_behind(tmp_path, book, lab, expected):
    hand_ins = class_of(40)
    register(book, lab, students_of(hand_ins), hand_ins)
    with start(tmp_path / "gradebook.db") as run:
        assert run.stdout is not None
        for _ in range(3):
            run.stdout.readline()
        below = children(run.pid)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)
        now = counts(book, "90", expected)
    assert f"{now.done} of 40 results are in the gradebook, and the same command goes on from there" in errors
    assert "Interrupted: interrupted; " in errors
    assert 2 <= now.done < 40
    assert (now.elsewhere, now.done + now.waiting) == (0, 40)
    assert len(below) >= 2
    assert gone(below)
