"""Handing out and writing down, with judges that fail in every way there is."""

import os
import signal
import sqlite3
import threading
import time
from concurrent.futures import Future

import pytest
from xailab_autograder import labs
from xailab_autograder.batch import coordinator, worker
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.jobs import Judged
from xailab_autograder.batch.run import Progress, grade_class
from xailab_autograder.batch.workers import Died, NoWorkers
from xailab_autograder.gradebook import claims, writing
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.gradebook.writing import register

from tests.autograder.batch.doing import judge_trusted
from tests.autograder.batch.threads import Threads
from tests.autograder.batch.toyclass import KEY, class_of, students_of
from xailab.errors import Interrupted, XailabError

CLASS = class_of(8)


@pytest.fixture
def grade(toylabs, book, monkeypatch):
    """Grade the class with a judge of the test's choice."""
    lab, expected = labs.load("90"), fingerprint("90", KEY)
    register(book, lab, students_of(CLASS), CLASS)

    def go(judge=judge_trusted, progress=lambda told: None, slots=2):
        monkeypatch.setattr(worker, "judge", judge)
        with Threads(slots) as threads:
            return grade_class(book, lab, expected, KEY, executor=threads, progress=progress)

    go.lab, go.expected = lab, expected
    return go


def failing_at(student, answer):
    def judge(job):
        if job.student != student:
            return judge_trusted(job)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return judge


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Judged(problem="the grader failed (oops)"), "the grader failed (oops)"),
        (Died("the process died"), "the grader's process died at this submission twice"),
        (TypeError("cannot pickle"), "the grader failed, the submission is not to blame (TypeError"),
    ],
    ids=["a sentence", "a death", "an error"],
)
def test_one_that_cannot_be_judged_stops_nobody_and_is_tried_again_by_the_next_run(grade, book, answer, problem):
    told: list[Progress] = []
    outcome = grade(failing_at("s03", answer), told.append)
    assert outcome.graded == 7
    assert [student for student, _ in outcome.problems] == ["s03"]
    assert outcome.problems[0][1].startswith(problem)
    standings = {standing.student.id: standing for standing in class_book(book, grade.lab).standings}
    assert standings["s03"].problem.startswith(problem)
    assert not standings["s03"].graded
    assert [one.student for one in told if one.problem] == ["s03"]
    again = grade()
    assert (again.graded, again.unchanged, again.problems) == (1, 7, ())
    assert class_book(book, grade.lab).standings[3].graded
    assert (grade().graded, grade().unchanged) == (0, 8)


def test_a_part_that_could_not_be_judged_is_told_and_tried_again(grade, book):
    from dataclasses import replace

    def judge(job):
        judged = judge_trusted(job)
        first, *rest = judged.record.exercises
        if job.student == "s00":
            judged = Judged(replace(judged.record, exercises=(replace(first, status="error", score=0.0), *rest)))
        return judged

    outcome = grade(judge)
    assert outcome.graded == 8
    assert outcome.problems == (("s00", f"the grader itself failed at: {grade.lab.tasks[0].question}"),)
    again = grade()
    assert (again.graded, again.unchanged, again.problems) == (1, 7, ())


@pytest.mark.parametrize(
    "answer", [Judged(refused="another version of xailab"), NoWorkers("another version of xailab")], ids=["one", "all"]
)
def test_workers_that_must_not_judge_end_the_run_with_what_had_come_written(grade, book, answer):
    with pytest.raises(XailabError, match=r"another version of xailab; \d of 8 results are in the gradebook"):
        grade(failing_at("s04", answer))
    counts = claims.counts(book, "90", grade.expected)
    assert 0 < counts.done < 8
    assert counts.elsewhere == 0
    assert grade().graded == 8 - counts.done


def test_what_goes_wrong_in_telling_gives_back_what_was_claimed(grade, book):
    def tell(told):
        if told.student:
            raise OSError("no terminal")

    with pytest.raises(OSError, match="no terminal"):
        grade(progress=tell)
    counts = claims.counts(book, "90", grade.expected)
    assert (counts.done, counts.waiting, counts.elsewhere) == (1, 7, 0)


def test_only_a_few_are_claimed_ahead(grade, book):
    seen = []

    def judge(job):
        seen.append(claims.counts(book, "90", grade.expected))
        return judge_trusted(job)

    grade(judge, slots=1)
    assert max(counts.elsewhere for counts in seen) <= coordinator.CLAIMED_PER_SLOT
    assert seen[-1].done >= 6  # the last but one may not be written yet


def test_what_a_living_grader_has_is_waited_for_and_what_it_gives_back_is_taken(grade, book):
    told: list[Progress] = []
    held = claims.claim(book, "90", grade.expected, "another", most=3)
    assert len(held) == 3
    release = threading.Timer(1.5, lambda: claims.release(book, "another"))
    release.start()
    outcome = grade(progress=told.append)
    release.join()
    assert outcome.graded == 8
    assert "3 submissions are being graded by another run; waiting for it" in {one.note for one in told}


def test_what_another_grader_did_meanwhile_is_counted_as_its_own(grade, book):
    held = claims.claim(book, "90", grade.expected, "another", most=3)

    def other():
        from xailab_autograder.batch.jobs import Job, Setting
        from xailab_autograder.gradebook.writing import write_result

        for one in held:
            judged = judge_trusted(Job(Setting("90", grade.expected), one.student, one.submission, KEY))
            write_result(book, one, judged.record, grade.expected)

    thread = threading.Timer(0.5, other)
    thread.start()
    outcome = grade()
    thread.join()
    assert (outcome.graded, outcome.graded_elsewhere, outcome.unchanged) == (5, 3, 0)


def test_ctrl_c_writes_what_has_come_and_begins_nothing_new(grade, book):
    judged: list[str] = []

    def judge(job):
        one = judge_trusted(job)
        judged.append(job.student)
        return one

    def tell(told):
        if told.done == 2:
            while len(judged) < 4:  # what was handed out already: two more are done before this one is told
                time.sleep(0.01)
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match=r"interrupted; \d of 8 results are in the gradebook, and the same command"):
        grade(judge, progress=tell)
    counts = claims.counts(book, "90", grade.expected)
    assert 4 <= counts.done < 8
    assert (counts.waiting, counts.elsewhere) == (8 - counts.done, 0)


def test_while_the_gradebook_is_away_results_wait_and_nothing_new_is_handed_out(grade, book, tmp_path):
    started: list[str] = []
    locked = threading.Event()

    def lock() -> None:
        with sqlite3.connect(tmp_path / "gradebook.db", timeout=30) as blocker:
            blocker.execute("BEGIN EXCLUSIVE")
            locked.set()
            time.sleep(1.5)
            counted.append(len(started))
            blocker.rollback()
        blocker.close()

    def judge(job):
        started.append(job.student)
        if len(started) == 3:
            threading.Thread(target=lock).start()
            locked.wait(30)
        return judge_trusted(job)

    counted: list[int] = []
    outcome = grade(judge)
    assert outcome.graded == 8
    assert sorted(started) == [one.student for one in CLASS]
    assert counted[0] <= 3 + 2 * coordinator.CLAIMED_PER_SLOT


def test_trouble_with_the_gradebook_is_told_and_ctrl_c_ends_the_waiting(grade, book, monkeypatch):
    told: list[Progress] = []
    monkeypatch.setattr(claims, "beat", lambda book, grader: book.tell("gradebook unreachable since 2 s, trying again"))
    assert grade(progress=told.append).graded == 8
    assert "gradebook unreachable since 2 s, trying again" in {one.note for one in told}

    def wait_for_long(book, grader):
        for _ in range(100):
            os.kill(os.getpid(), signal.SIGINT)
            book.tell("gradebook unreachable since 2 s, trying again")
        raise AssertionError("was not interrupted")

    monkeypatch.setattr(claims, "beat", wait_for_long)
    with pytest.raises(Interrupted, match="8 of 8 results are in the gradebook"):
        grade()


def test_a_gradebook_that_stays_away_ends_the_run_and_gives_back_what_was_claimed(grade, book, monkeypatch):
    write, calls = writing.write_result, []

    def go_away(*arguments, **options):
        calls.append(1)
        if len(calls) > 3:
            raise XailabError("the gradebook was unreachable for 300 s. What was written before is kept")
        return write(*arguments, **options)

    with monkeypatch.context() as away, pytest.raises(XailabError, match="What was written before is kept"):
        away.setattr(writing, "write_result", go_away)
        grade()
    counts = claims.counts(book, "90", grade.expected)
    assert (counts.done, counts.waiting, counts.elsewhere) == (3, 5, 0)
    assert grade().graded == 5


def test_futures_that_are_cancelled_from_outside_end_the_run(grade, book):
    class Cancelling(Threads):
        def submit(self, fn, /, *args, **kwargs):
            future: Future[Judged] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with Cancelling(1) as workers, pytest.raises(XailabError, match="the work was cancelled; 0 of 8 results"):
        grade_class(book, grade.lab, grade.expected, KEY, executor=workers)
