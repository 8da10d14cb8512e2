"""Some exercises again, for everybody, after a fix: whose mark changed, and why.

- ``regrade``   judge these tasks anew; all other marks stay as they are
- ``Regraded``  what came of it
- ``report``    the same as text

A hand-in that was never graded, or is newer than its result, is judged whole; so are tasks whose points changed.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from xailab.errors import UnknownName, XailabError
from xailab_autograder.batch.coordinator import Coordinator, Order
from xailab_autograder.batch.jobs import Setting
from xailab_autograder.batch.outcome import Outcome, Tell, silent
from xailab_autograder.batch.workers import Workers
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook import reading
from xailab_autograder.gradebook.contents import Change, Fingerprint, HandedIn
from xailab_autograder.gradebook.opening import Gradebook
from xailab_autograder.judging.records import SubmissionRecord
from xailab_autograder.sandbox.levels import Level


@dataclass(frozen=True)
class Regraded:
    """What came of judging some tasks anew.

    Parameters
    ----------
    lab
        Which.
    tasks
        The ids, in the lab's order.
    outcome
        Of the run, with every change of a mark.
    """

    lab: Lab
    tasks: tuple[str, ...]
    outcome: Outcome


def regrade(
    book: Gradebook,
    lab: Lab,
    fingerprint: Fingerprint,
    tasks: Collection[str],
    *,
    key: bytes,
    executor: Workers,
    students: Collection[str] | None = None,
    progress: Tell = silent,
    minimum: Level = Level.L1,
) -> Regraded:
    """Judge some tasks of a lab anew and write the changed results.

    Parameters
    ----------
    book, lab, fingerprint, key, executor, progress, minimum
        As for ``grade_class``.
    tasks
        Ids of the tasks.
    students
        Ids of those to regrade; None: all who handed in.

    Raises
    ------
    UnknownName
        No such task, or no such student in this lab.
    xailab.errors.Interrupted, XailabError
        As for ``grade_class``; what had come is written.
    """
    known = [task.id for task in lab.tasks]
    for task in tasks:
        if task not in known:
            raise UnknownName("task", task, known, where=f"lab {lab.number}")
    if not tasks:
        raise XailabError(f"lab {lab.number}: expected at least one task to regrade; there are: {', '.join(known)}")
    asked = tuple(task for task in known if task in tasks)
    anew = _students(book, lab, students)
    merging = _Merging(book, lab, asked)
    why = f"regraded {', '.join(asked)}"
    order = Order(anew, merging.tasks, merging.finish, why)
    setting = Setting(lab.number, fingerprint, minimum)
    outcome = Coordinator(book, setting, key, executor=executor, progress=progress, order=order).go()
    return Regraded(lab, asked, outcome)


def report(regraded: Regraded) -> str:
    """Return whose mark changed and why, as text.

    Parameters
    ----------
    regraded
        What came of judging anew.
    """
    outcome = regraded.outcome
    changes = sorted(outcome.changes, key=lambda change: (change.student, change.task))
    students = {change.student for change in changes}
    lines = [f"lab {regraded.lab.number}, {', '.join(regraded.tasks)}: {outcome.graded} submissions judged anew"]
    lines += [f"marks of {len(students)} changed" if students else "no mark changed"]
    for student in sorted(students):
        own = [change for change in changes if change.student == student]
        lines += ["", f"{student}: {sum((change.after or 0) - (change.before or 0) for change in own):+g}"]
        lines += [f"  {_line(change)}" for change in own]
    lines += [f"\n{student} could not be regraded: {problem}" for student, problem in outcome.problems]
    return "\n".join(lines) + "\n"


class _Merging:
    """Puts what was judged anew into the stored results; read while the claim is held, so that nobody else writes."""

    def __init__(self, book: Gradebook, lab: Lab, asked: tuple[str, ...]) -> None:
        self._book, self._lab, self._asked = book, lab, asked
        self._stored: dict[str, SubmissionRecord] = {}

    def tasks(self, hand_in: HandedIn) -> tuple[str, ...] | None:
        """Return which tasks must be judged."""
        (standing,) = reading.class_book(self._book, self._lab, students={hand_in.student}).standings
        stored = standing.record
        if stored is None or stored.sha256 != hand_in.sha256:
            return None
        self._stored[hand_in.student] = stored
        points = {exercise.id: exercise.points for exercise in stored.exercises}
        return tuple(
            task.id for task in self._lab.tasks if task.id in self._asked or points.get(task.id) != task.points
        )

    def finish(self, hand_in: HandedIn, record: SubmissionRecord) -> SubmissionRecord:
        """Return the stored result with the new exercises in it."""
        stored = self._stored.pop(hand_in.student, None)
        if stored is None:
            return record
        exercises = {exercise.id: exercise for exercise in (*stored.exercises, *record.exercises)}
        ordered = tuple(exercises[task.id] for task in self._lab.tasks)
        return replace(record, seconds=stored.seconds, exercises=ordered)


def _students(book: Gradebook, lab: Lab, students: Collection[str] | None) -> frozenset[str]:
    """Return who is regraded."""
    standings = reading.class_book(book, lab).standings
    able = {s.student.id for s in standings if s.handed_in is not None and s.handed_in.submission is not None}
    for student in students or ():
        if student not in able:
            raise UnknownName("submission that can be graded of student", student, sorted(able))
    return frozenset(able if students is None else students)


def _line(change: Change) -> str:
    before, after = ("nothing" if mark is None else f"{mark:g}" for mark in (change.before, change.after))
    return f"{change.task}: {before} -> {after}" + (f"  ({change.detail})" if change.detail else "")
