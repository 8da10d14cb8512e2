"""What a person has to look at: nobody is forgotten.

- ``Entry``      one student, and one sentence about him or her
- ``Slow``       one student's time, and where it went
- ``Attention``  all lists of a class
- ``attention``  a class -> its lists

Every list holds ids in the order of the class; texts may hold what students wrote: views must escape them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from xailab_autograder.exercises import Reflection, Task
from xailab_autograder.gradebook.contents import ClassBook, Standing
from xailab_autograder.overview.statistics import graded
from xailab_autograder.overview.suspicion import Suspicion, suspicious

SLOWEST = 10
"""How many of the slowest are listed."""


@dataclass(frozen=True)
class Entry:
    """A student, and what is the matter, in a sentence."""

    student: str
    says: str


@dataclass(frozen=True)
class Slow:
    """How long a submission took, and the task that took most of it (None: none took any time)."""

    student: str
    seconds: float
    task: Task | None
    task_seconds: float


@dataclass(frozen=True)
class Attention:
    """What a person has to look at.

    Parameters
    ----------
    problems
        Files that cannot be graded: the student has to hand in again.
    failures
        Submissions at which the grader itself failed, as a whole or in one task.
    ungraded
        Handed in, and not graded yet.
    outdated
        The result is of an earlier hand-in or an older judge.
    waiting
        A person has yet to mark something.
    unknown
        Not on the roster.
    absent, excused
        Nothing handed in; of these, who need not.
    late
        Handed in after the deadline.
    suspicious
        Worth a look.
    slowest
        The longest first, at most ``SLOWEST``.
    """

    problems: tuple[Entry, ...] = ()
    failures: tuple[Entry, ...] = ()
    ungraded: tuple[Entry, ...] = ()
    outdated: tuple[Entry, ...] = ()
    waiting: tuple[Entry, ...] = ()
    unknown: tuple[Entry, ...] = ()
    absent: tuple[Entry, ...] = ()
    excused: tuple[Entry, ...] = ()
    late: tuple[Entry, ...] = ()
    suspicious: tuple[Suspicion, ...] = ()
    slowest: tuple[Slow, ...] = ()


def attention(class_book: ClassBook) -> Attention:
    """Return what a person has to look at."""
    lists: dict[str, list[Entry]] = {}
    for standing in class_book.standings:
        for name, says in _matters(standing):
            lists.setdefault(name, []).append(Entry(standing.student.id, says))
    entries = {name: tuple(found) for name, found in lists.items()}
    return Attention(**entries, suspicious=suspicious(class_book), slowest=_slowest(class_book))  # type: ignore[arg-type]


def _matters(standing: Standing) -> Iterator[tuple[str, str]]:
    """Yield the lists on which a student stands, with the sentence."""
    file = standing.handed_in
    if file is None:
        yield ("excused", "need not hand in") if standing.lateness.excused else ("absent", "nothing was handed in")
    elif file.problem:
        said = not file.source or file.source in file.problem  # most sentences name the file already
        yield "problems", file.problem if said else f"{file.source}: {file.problem}"
    elif standing.problem:
        yield "failures", standing.problem
    elif not standing.graded:
        yield "ungraded", "handed in, not graded yet"
    if standing.graded and standing.outdated:
        yield "outdated", "the result is of an earlier hand-in, or of an older lab or grader"
    failed = [mark.task.id for mark in standing.marks if mark.status == "error" and mark.by_hand is None]
    if failed:
        yield "failures", f"the grader failed at {', '.join(failed)}"
    waiting = [
        _waits_for(mark.task, again=mark.outdated)
        for mark in standing.marks
        if mark.waits and (mark.status != "error" or mark.outdated)
    ]
    if waiting:
        yield "waiting", "; ".join(waiting)
    if not standing.known:
        yield "unknown", _origin(standing)
    if standing.lateness.late:
        yield "late", standing.lateness.why


def _waits_for(task: Task, *, again: bool) -> str:
    what = "text" if isinstance(task, Reflection) else "task"
    return f"{task.id}: another {what} than the one that was marked" if again else f"{task.id}: not marked yet"


def _origin(standing: Standing) -> str:
    """Say where the hand-in of somebody unknown lay."""
    file = standing.handed_in
    place = (file.origin or file.source) if file is not None else ""
    return f"not on the roster; handed in as {place}" if place else "not on the roster"


def _slowest(class_book: ClassBook) -> tuple[Slow, ...]:
    """Return the submissions that took longest."""
    found = []
    for standing in graded(class_book):
        assert standing.record is not None  # that is what graded means
        longest = max(standing.marks, key=lambda mark: mark.judged.seconds if mark.judged else 0.0, default=None)
        seconds = longest.judged.seconds if longest is not None and longest.judged is not None else 0.0
        task = longest.task if longest is not None and seconds > 0 else None
        found.append(Slow(standing.student.id, standing.record.seconds, task, seconds))
    return tuple(sorted(found, key=lambda one: -one.seconds)[:SLOWEST])
