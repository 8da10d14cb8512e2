"""One submission in a worker's process: the same record as without it, and a sentence for whatever goes wrong."""

import os
import pickle
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from xailab_autograder import labs
from xailab_autograder.batch import worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.jobs import Job, Judged, Setting
from xailab_autograder.judging.grading import Hand, grade_submission
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.worker import SandboxError

from tests.autograder.batch.living import children
from tests.autograder.batch.toyclass import BROKEN, KEY, KILLS, NO_ZEROS, RIGHT, SUM, submission


@pytest.fixture
def setting(toylabs) -> Setting:
    return Setting("90", fingerprint("90", KEY))


def essence(record):
    """A record without clocks."""
    exercises = [
        replace(exercise, seconds=0.0, checks=tuple(replace(check, seconds=0.0) for check in exercise.checks))
        for exercise in record.exercises
    ]
    return replace(record, graded="", seconds=0.0, exercises=tuple(exercises))


@pytest.mark.parametrize("source", [RIGHT, SUM, NO_ZEROS, BROKEN], ids=["right", "sum", "no zeros", "broken"])
def test_the_record_is_that_of_grading_one_submission(setting, kept, zygote, source):
    judged = worker.judge(Job(setting, "ada", submission(source), KEY))
    alone = grade_submission(labs.load("90"), submission(source), Hand("ada", KEY), zygote)
    assert (judged.problem, judged.refused) == ("", "")
    assert judged.record is not None
    assert essence(judged.record) == essence(alone)


def test_a_job_and_its_result_are_small_and_keep_the_key_out_of_logs(setting, kept):
    job = Job(setting, "ada", submission(RIGHT), KEY)
    judged = worker.judge(job)
    assert pickle.loads(pickle.dumps(job)) == job
    assert pickle.loads(pickle.dumps(judged)) == judged
    assert len(pickle.dumps(job)) < 4_000
    assert "the key of" not in repr(job)


def test_some_tasks_are_judged_as_they_are_among_all(setting, kept):
    job = Job(setting, "ada", submission(NO_ZEROS), KEY)
    whole, part = worker.judge(job), worker.judge(replace(job, tasks=("normalize",)))
    assert whole.record is not None
    assert part.record is not None
    (normalize,) = essence(part.record).exercises
    assert normalize in essence(whole.record).exercises
    assert normalize.status == "partial"


def test_a_killed_zygote_is_replaced_and_the_student_does_not_pay(setting, kept, zygote):
    slow = RIGHT.replace("def pairs(labels):", "def pairs(labels):\n    import time; time.sleep(0.3)")
    worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    first = zygote.pid

    def kill() -> None:
        time.sleep(0.5)
        os.kill(first, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    judged = worker.judge(Job(setting, "ada", submission(slow), KEY))
    killer.join()
    assert zygote.pid != first
    assert judged.record is not None
    assert [exercise.status for exercise in judged.record.exercises] == ["passed"] * 4 + ["manual"]


def test_a_zygote_that_dies_at_every_attempt_is_a_problem_not_a_mark(setting, kept, monkeypatch):
    grade = worker._grade
    pids = iter(range(10**6))
    zygote = kept.zygote

    monkeypatch.setattr(kept, "zygote", lambda minimum: (zygote(minimum)[0], next(pids)))
    judged = worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    assert judged.record is None
    assert "died twice" in judged.problem
    assert worker._grade is grade


def test_a_submission_that_kills_whatever_it_can_costs_only_its_own_marks(setting, kept, zygote):
    lab = labs.load("90")
    short = tuple(replace(task, limit_s=0.5) if hasattr(task, "limit_s") else task for task in lab.tasks)
    kept._labs["90"] = (replace(lab, tasks=short), fingerprint("90", b""))
    before = zygote.pid
    hostile = worker.judge(Job(setting, "eve", submission(KILLS), KEY))
    assert hostile.record is not None
    assert hostile.record.score == 0
    assert zygote.pid == before
    right = worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    assert right.record is not None
    assert right.record.score == 9


def test_threads_share_one_zygote(setting, kept, zygote):
    with ThreadPoolExecutor(3) as threads:
        jobs = [Job(setting, f"s{n}", submission(RIGHT), KEY) for n in range(6)]
        judged = list(threads.map(worker.judge, jobs))
    assert [one.record.score for one in judged] == [9] * 6
    assert [one.record.student for one in judged] == [job.student for job in jobs]
    assert list(kept._zygotes.values()) == [zygote]


@pytest.mark.parametrize("error", [ValueError("oops"), MemoryError("no room"), SystemExit(3)], ids=repr)
def test_a_fault_of_ours_becomes_a_sentence(setting, kept, monkeypatch, error):
    def fail(*ignored):
        raise error

    monkeypatch.setattr(worker, "_grade", fail)
    judged = worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    assert judged.record is None
    assert judged.problem.startswith("the grader failed, the submission is not to blame")
    assert type(error).__name__ in judged.problem


def test_a_fault_of_ours_at_one_exercise_is_tried_again(setting, kept, monkeypatch):
    grade, calls = worker._grade, []

    def fail_once(*arguments):
        record = grade(*arguments)
        calls.append(1)
        return (
            replace(record, exercises=(replace(record.exercises[0], status="error"), *record.exercises[1:]))
            if len(calls) == 1
            else record
        )

    monkeypatch.setattr(worker, "_grade", fail_once)
    judged = worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    assert judged.record is not None
    assert judged.record.score == 9
    assert len(calls) == 2


def test_a_worker_that_was_killed_from_outside_is_tried_again(setting, kept, zygote, monkeypatch):
    grade, calls = worker._grade, []
    slow = RIGHT.replace("def pairs(labels):", "def pairs(labels):\n    import time; time.sleep(0.2)")

    def kill() -> None:  # as the system does when memory runs out
        end = time.monotonic() + 30
        while time.monotonic() < end:
            below = children(zygote.pid)
            if len(below) == 2:  # keeper and worker, or one of an earlier test that is just ending: look again
                time.sleep(0.3)
                with suppress(ProcessLookupError):
                    os.kill(max(below, key=lambda pid: not children(pid)), signal.SIGKILL)
                    return

    def count(*arguments):
        calls.append(1)
        if len(calls) == 1:
            threading.Thread(target=kill).start()
        return grade(*arguments)

    monkeypatch.setattr(worker, "_grade", count)
    judged = worker.judge(Job(setting, "ada", submission(slow), KEY))
    assert judged.record is not None
    assert judged.record.score == 9
    assert len(calls) == 2


def test_what_hangs_is_given_up_and_the_next_zygote_is_tested_before_it_is_used(setting, kept, zygote, monkeypatch):
    held, tested, test = threading.Event(), [], worker.self_test
    monkeypatch.setattr(worker, "self_test", lambda zygote: (tested.append(zygote.pid), test(zygote)))
    assert worker.prepare(setting) == os.getpid()
    assert worker.judge(Job(setting, "ada", submission(RIGHT), KEY)).record is not None
    assert tested == [zygote.pid]
    with monkeypatch.context() as hanging:
        hanging.setattr(worker, "_grade", lambda *ignored: held.wait(60))
        hanging.setattr(worker, "deadline_s", lambda lab: 0.2)
        judged = worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    held.set()
    assert judged == Judged(problem="grading it was given up after 0 s")
    assert kept._zygotes == {}
    kept._zygotes[Level.L1] = zygote
    assert worker.judge(Job(setting, "ada", submission(RIGHT), KEY)).record is not None
    assert tested[1:] == [zygote.pid]


def test_the_deadline_of_a_submission_lies_beyond_all_limits_together(toylabs):
    lab = labs.load("90")
    assert worker.deadline_s(lab) > 3 * (20 + 30) + 4 * 30


def test_another_version_of_the_lab_is_refused(setting, kept):
    other = replace(setting, expected=replace(setting.expected, lab="0" * 64))
    judged = worker.judge(Job(other, "ada", submission(RIGHT), KEY))
    assert judged.record is None
    assert "has another lab 90 than the machine that hands out the work" in judged.refused


def test_another_version_of_the_grader_is_refused(setting, kept):
    other = replace(setting, expected=replace(setting.expected, grader="0" * 64))
    assert "has another version of xailab" in worker.judge(Job(other, "ada", submission(RIGHT), KEY)).refused


def test_a_worker_that_outlives_a_change_of_the_lab_reads_it_again(setting, kept, toylabs):
    worker.judge(Job(setting, "ada", submission(SUM), KEY))
    path = toylabs / "90-toy" / "reference.py"
    path.write_text(path.read_text().replace("np.mean(", "np.sum(") + "\n# the fix\n")
    worked = toylabs / "90-toy" / "exercises.py"
    worked.write_text(worked.read_text().replace("expected=14 / 3", "expected=14.0"))
    changed = replace(setting, expected=fingerprint("90", KEY))
    judged = worker.judge(Job(changed, "ada", submission(SUM), KEY))
    assert judged.record is not None
    assert judged.record.exercises[1].status == "passed"


def test_no_sandbox_refuses_all_work_and_blames_nobody(setting, kept, monkeypatch):
    def fail(zygote):
        raise SandboxError("a wall does not hold")

    monkeypatch.setattr(worker, "self_test", fail)
    judged = worker.judge(Job(setting, "ada", submission(RIGHT), KEY))
    assert judged == Judged(refused="a wall does not hold")
