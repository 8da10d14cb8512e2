"""One pass over the hand-ins of a lab: claim a few, have them judged, write down what comes.

- ``Coordinator``  does it
- ``Order``        what is to be done

Everything is in the gradebook, nothing in this process: it may be killed at any moment. Several at once share the work,
for each claims a few hand-ins at a time; one that dies is noticed by its claims. While the gradebook is away, what runs
goes on, and nothing new is handed out.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace

from xailab.errors import Interrupted, XailabError
from xailab.interrupts import interrupts_deferred
from xailab_autograder.batch import worker
from xailab_autograder.batch.jobs import Job, Judged, Setting
from xailab_autograder.batch.outcome import Outcome, Progress, Tell
from xailab_autograder.batch.workers import Died, Workers
from xailab_autograder.gradebook import claims, writing
from xailab_autograder.gradebook.claims import BEAT_S, LEASE_S, Counts
from xailab_autograder.gradebook.contents import Change, HandedIn
from xailab_autograder.gradebook.opening import Gradebook
from xailab_autograder.judging.records import SubmissionRecord

CLAIMED_PER_SLOT = 2
"""One is done, one waits beside it: nobody idles, and a grader that joins later finds work."""

_LOOK_S = 0.5
_COUNT_S = 2.0
_ASK_AGAIN_S = 2.0
_GOODBYE_S = 5.0


@dataclass(frozen=True)
class Order:
    """What a pass over the hand-ins does differently from grading what is out of date.

    Parameters
    ----------
    anew
        Exactly these students, whatever their results; None: all whose result is not up to date.
    tasks
        A hand-in -> the ids of the tasks to judge; None: all.
    finish
        What is written for what the judge wrote down.
    why
        Said in changes of marks.
    """

    anew: frozenset[str] | None = None
    tasks: Callable[[HandedIn], tuple[str, ...] | None] = lambda hand_in: None
    finish: Callable[[HandedIn, SubmissionRecord], SubmissionRecord] = lambda hand_in, record: record
    why: str = ""


class Coordinator:
    """One pass over the hand-ins of a lab.

    Parameters
    ----------
    book, executor, progress
        See ``run.grade_class``.
    setting, key
        What workers must hold, and the course's secret.
    order
        What is to be done.

    Attributes
    ----------
    tried
        Ids of the students whose hand-ins were given to a worker.
    """

    def __init__(
        self, book: Gradebook, setting: Setting, key: bytes, *, executor: Workers, progress: Tell,
        order: Order = Order(),
    ) -> None:  # fmt: skip
        self.tried: set[str] = set()
        self._book = replace(book, tell=self._note)
        self._setting, self._key, self._order = setting, key, order
        self._executor, self._tell = executor, progress
        self._grader = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._anew = None if order.anew is None else set(order.anew)
        self._running: dict[Future[Judged], HandedIn] = {}
        self._graded = 0
        self._problems: list[tuple[str, str]] = []
        self._changes: list[Change] = []
        self._stop = ""
        self._idle_since: float | None = None
        self._pressed: Callable[[], bool] = bool
        self._claim_at = self._beat_at = self._count_at = 0.0
        self._counts, self._written = Counts(0, 0, 0, 0), 0

    def go(self) -> Outcome:
        """Do all of it."""
        began = time.monotonic()
        interrupted, unchanged = False, 0
        try:
            with interrupts_deferred() as self._pressed:
                unchanged = self._count().done
                self._report()
                while self._step():
                    pass
                interrupted = self._pressed()
                for future in [future for future in self._running if future.done()]:
                    self._came(future)
        except KeyboardInterrupt:  # pressed twice, or while the gradebook was away
            interrupted = True
        finally:
            self._leave()
        if interrupted:
            raise Interrupted(f"interrupted; {self._so_far()}")
        if self._stop:
            raise XailabError(f"{self._stop}; {self._so_far()}")
        changes, seconds = tuple(self._changes), time.monotonic() - began
        if self._order.anew is not None:
            return Outcome(self._graded, unchanged, tuple(self._problems), changes, seconds)
        others = max(0, self._count().done - unchanged - len(self.tried))
        return Outcome(self._graded, unchanged, tuple(self._problems), changes, seconds, others)

    def _step(self) -> bool:
        """Hand out, wait a moment, write down what came; False when there is nothing left to do."""
        if self._pressed():
            return False
        if time.monotonic() >= self._beat_at:
            claims.beat(self._book, self._grader)
            self._beat_at = time.monotonic() + BEAT_S
        if not self._stop:
            self._hand_out()
        if not self._running:
            return not self._stop and self._others_work()
        self._idle_since = None
        for future in wait(self._running, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done:
            self._came(future)
        return True

    def _hand_out(self) -> None:
        """Claim hand-ins and give them to the workers, as soon as only so many are left as are being done."""
        slots, now = self._executor.slots, time.monotonic()
        if len(self._running) > slots or (self._running and now < self._claim_at) or self._anew == set():
            return
        most = CLAIMED_PER_SLOT * slots - len(self._running)
        setting = self._setting
        claimed = claims.claim(self._book, setting.lab, setting.expected, self._grader, most=most, anew=self._anew)
        if len(claimed) < most:
            self._claim_at = now + _ASK_AGAIN_S
        for hand_in in claimed:
            assert hand_in.submission is not None  # others are not given out
            self.tried.add(hand_in.student)
            if self._anew is not None:
                self._anew.discard(hand_in.student)
            job = Job(setting, hand_in.student, hand_in.submission, self._key, self._order.tasks(hand_in))
            self._running[self._executor.submit(worker.judge, job)] = hand_in

    def _others_work(self) -> bool:
        """Wait a moment for other graders: when one dies, its work is ours. False if there is nothing to wait for."""
        if self._anew == set():
            return False
        now = time.monotonic()
        began, self._idle_since = self._idle_since or now, self._idle_since or now
        if self._anew is None:
            left = others = self._count().elsewhere
            waits = others > 0 or self._counts.waiting > 0  # of one that died just now
        else:
            left, waits = len(self._anew), now - began < LEASE_S
            if not waits:
                self._problems += [(student, "another run holds it; try again later") for student in sorted(self._anew)]
        if waits and left:
            self._note(f"{left} submissions are being graded by another run; waiting for it")
        if waits:
            time.sleep(_LOOK_S)
        return waits

    def _came(self, future: "Future[Judged]") -> None:
        """Write down what came of a hand-in, in one transaction."""
        hand_in = self._running.pop(future)
        judged = _result(future)
        if judged.refused:
            self._stop = self._stop or judged.refused
            return
        expected, record, problem = self._setting.expected, judged.record, judged.problem
        if record is None:
            writing.write_problem(self._book, hand_in, problem, expected)
        else:
            record = self._order.finish(hand_in, record)
            self._changes += writing.write_result(self._book, hand_in, record, expected, why=self._order.why)
            self._graded += 1
            failed = [exercise.title for exercise in record.exercises if exercise.status == "error"]
            problem = f"the grader itself failed at: {', '.join(failed)}" if failed else ""
        self._problems += [(hand_in.student, problem)] if problem else []
        self._written += 1
        self._report(hand_in.student, record, problem)

    def _count(self) -> Counts:
        """Ask how far all graders are."""
        setting = self._setting
        self._counts = claims.counts(self._book, setting.lab, setting.expected, grader=self._grader)
        self._count_at, self._written = time.monotonic() + _COUNT_S, 0
        return self._counts

    def _so_many(self) -> tuple[int, int]:
        """Return how many there are, and how many of them are done."""
        if self._order.anew is None:
            return self._counts.total, self._counts.done + self._written
        return len(self._order.anew), len(self.tried) - len(self._running)

    def _report(self, student: str = "", record: SubmissionRecord | None = None, problem: str = "") -> None:
        if time.monotonic() >= self._count_at:
            self._count()
        self._tell(Progress(*self._so_many(), student, record, problem))

    def _note(self, note: str) -> None:
        self._tell(Progress(*self._so_many(), note=note))
        if self._pressed():  # the gradebook is waited for, perhaps for minutes
            raise KeyboardInterrupt

    def _leave(self) -> None:
        """Begin nothing more, and let others have what was claimed."""
        for future in self._running:
            future.cancel()
        self._pressed = bool
        with suppress(XailabError, KeyboardInterrupt):  # else the claims run out by themselves
            claims.release(replace(self._book, patience_s=_GOODBYE_S), self._grader)

    def _so_far(self) -> str:
        total, done = self._so_many()
        return f"{done} of {total} results are in the gradebook, and the same command goes on from there"


def _result(future: "Future[Judged]") -> Judged:
    """Return what came back, or why nothing did."""
    try:
        return future.result()
    except Died:
        return Judged(problem="the grader's process died at this submission twice")
    except XailabError as error:  # no worker can judge
        return Judged(refused=str(error))
    except CancelledError:
        return Judged(refused="the work was cancelled")
    except Exception as error:
        return Judged(problem=worker.fault(error))
