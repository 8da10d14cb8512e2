"""What runs in a worker's process: one submission at a time and thread, never an exception.

- ``judge``    a job -> what came of it
- ``prepare``  everything that judging needs, ahead of the first job

A process keeps what is slow to make: the lab, and one zygote that has passed the self-test, shared by its threads. A
zygote that dies is replaced, and what was judged meanwhile is judged again: a student must not pay for it.
"""

import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from xailab.errors import XailabError
from xailab_autograder import labs
from xailab_autograder.batch.fingerprint import fingerprint
from xailab_autograder.batch.jobs import Job, Judged, Setting
from xailab_autograder.exercises import Exercise, Lab
from xailab_autograder.gradebook.contents import Fingerprint
from xailab_autograder.judging.grading import Hand, grade
from xailab_autograder.judging.judge import tasks_wanted
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.sandbox.doctor import self_test
from xailab_autograder.sandbox.levels import Level
from xailab_autograder.sandbox.outcomes import Wanted
from xailab_autograder.sandbox.student import DEFINITIONS_S, MOST_RERUNS, VALUE_S, SandboxedStudent
from xailab_autograder.sandbox.worker import SandboxError
from xailab_autograder.sandbox.zygote import Zygote

MARGIN_S = 120.0
"""Beyond the sum of all limits: for starting workers, for the reference, for naming mistakes."""

_ATTEMPTS = 2
_NO_MEMORY = "the system was out of memory"
"""Said of a worker that was killed from outside: by the system, perhaps for what another one took."""

_PAUSES_S = (1.0, 5.0)
"""Before a zygote is started again on a machine where one stood already."""


class _Refused(XailabError):
    """Raised where a process must not judge."""


class _Kept:
    """What a process keeps between jobs. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._labs: dict[str, tuple[Lab, Fingerprint]] = {}
        self._zygotes: dict[Level, Zygote] = {}
        self._tested: dict[Level, int | None] = {}

    def warm(self, minimum: Level) -> None:
        """Begin with the zygote's imports and return at once."""
        with self._lock:
            self._zygotes.setdefault(minimum, Zygote(minimum)).warm()

    def lab(self, setting: Setting) -> Lab:
        """Return the lab if this process has the same sources as the one that hands out jobs."""
        with self._lock:
            expected, known = setting.expected, self._labs.get(setting.lab)
            if known is None or known[1].lab != expected.lab:
                _forget(setting.lab)  # of a worker that outlived a change of the lab
                known = self._labs[setting.lab] = (labs.load(setting.lab), fingerprint(setting.lab, b""))
        found = known[1]
        if (found.grader, found.lab) != (expected.grader, expected.lab):
            what = "another version of xailab" if found.grader != expected.grader else f"another lab {setting.lab}"
            raise _Refused(
                f"the worker on {socket.gethostname()} (process {os.getpid()}) has {what} than the machine that hands "
                "out the work; install the same on both, then restart the workers"
            )
        return known[0]

    def zygote(self, minimum: Level) -> tuple[Zygote, int | None]:
        """Return a zygote that has passed the self-test, and its process id."""
        with self._lock:
            pauses = list(_PAUSES_S) if minimum in self._tested else []
            while True:
                zygote = self._zygotes.setdefault(minimum, Zygote(minimum))
                try:
                    if not zygote.layers or minimum not in self._tested or self._tested[minimum] != zygote.pid:
                        self_test(zygote)
                        self._tested[minimum] = zygote.pid
                    return zygote, zygote.pid
                except SandboxError:
                    self.abandon(minimum)
                    if not pauses:
                        raise
                    time.sleep(pauses.pop(0))

    def abandon(self, minimum: Level) -> None:
        """End the zygote and every worker of it; the next call starts another."""
        with self._lock:
            zygote = self._zygotes.pop(minimum, None)
        if zygote is not None:
            zygote.close()


_KEPT = _Kept()


def prepare(setting: Setting) -> int:
    """Make ready what judging needs, and return this process's id. Imports of zygote and grader go side by side.

    Raises
    ------
    XailabError
        Another version of xailab or of the lab, or no sandbox as good as asked for.
    """
    _KEPT.warm(setting.minimum)
    _KEPT.lab(setting)
    _KEPT.zygote(setting.minimum)
    return os.getpid()


def judge(job: Job) -> Judged:
    """Judge one submission. Whatever happens becomes a sentence in the result; nothing is raised.

    Parameters
    ----------
    job
        Whose, what, under which key.
    """
    judged = Judged(problem="it was not judged")
    try:
        lab = _KEPT.lab(job.setting)
        for _ in range(_ATTEMPTS):
            judged, good = _attempt(job, lab)
            if good:
                break
    except XailabError as error:  # nothing of the submission is to blame: this machine cannot judge
        return Judged(refused=str(error))
    except Exception as error:
        return Judged(problem=fault(error))
    return judged


def _attempt(job: Job, lab: Lab) -> tuple[Judged, bool]:
    """Judge once; return what came of it, and whether that can stand."""
    minimum = job.setting.minimum
    zygote, began = _KEPT.zygote(minimum)
    limit = deadline_s(lab)
    try:
        record = _within(limit, lambda: _grade(job, lab, zygote))
    except TimeoutError:
        _KEPT.abandon(minimum)  # whatever hangs loses its worker
        return Judged(problem=f"grading it was given up after {limit:.0f} s"), True
    except Exception as error:
        return Judged(problem=fault(error)), False
    if _KEPT.zygote(minimum)[1] != began:  # calls that ended meanwhile look as if the student's code had crashed
        return Judged(problem="the process that student code is forked from died twice while it was graded"), False
    return Judged(record), _stands(record)


def _stands(record: SubmissionRecord) -> bool:
    """Tell whether nothing but the submission decided: the grader did not fail, and this machine had enough memory."""
    messages = (check.message for exercise in record.exercises for check in exercise.checks)
    return all(exercise.status != "error" for exercise in record.exercises) and not any(
        _NO_MEMORY in message for message in messages
    )


def _grade(job: Job, lab: Lab, zygote: Zygote) -> SubmissionRecord:
    """Judge the tasks that are asked for; the definitions are those of the whole lab, whatever is asked."""
    wanted = [Wanted(exercise, name) for exercise, name in tasks_wanted(lab)]
    asked = tuple(task for task in lab.tasks if job.tasks is None or task.id in job.tasks)
    hand = Hand(job.student, job.key)
    with SandboxedStudent(zygote, job.submission.cells, wanted) as student:
        return grade(replace(lab, tasks=asked), job.submission, hand, student, level=str(zygote.level))


def deadline_s(lab: Lab) -> float:
    """Return after how many seconds grading a submission is given up: what all limits allow together, and a margin."""
    limits = [task.limit_s if isinstance(task, Exercise) else VALUE_S for task in lab.tasks]
    definitions = DEFINITIONS_S * (len(limits) + MOST_RERUNS + 1)  # each death costs running them again
    return sum(limits) + definitions + MARGIN_S


def _within(limit_s: float, work: Callable[[], SubmissionRecord]) -> SubmissionRecord:
    """Work in a thread of its own; ``TimeoutError`` if it does not end in time, and the thread is left alone."""
    records: list[SubmissionRecord] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            records.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="xailab-judge", daemon=True)
    thread.start()
    thread.join(limit_s)
    if errors:
        raise errors[0] if isinstance(errors[0], Exception) else RuntimeError(repr(errors[0]))
    if not records:
        raise TimeoutError
    return records[0]


def fault(error: BaseException) -> str:
    """Return a sentence about a fault of ours: what, and where."""
    places = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(places[-1].filename).name}, line {places[-1].lineno}" if places else ""
    return f"the grader failed, the submission is not to blame ({type(error).__name__}{where}: {error})"


def _forget(number: str) -> None:
    """Forget a lab's modules, so that they are read again."""
    package = f"xailab_lab_{labs.find(number).name[:2]}"
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
