"""The marks of a class as plain CSV, one line for each student.

- ``marks``  a class -> text

RFC 4180, for spreadsheets and programs. Write it as ``utf-8-sig``: with a byte order mark Excel reads the names right.
What a spreadsheet would run as a formula gets a leading ``'``.
"""

from collections.abc import Iterator

from xailab_autograder.exports.spreadsheet import Cell, table
from xailab_autograder.exports.states import state, why_not
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.gradebook.contents import ClassBook, Standing, TaskMark

FIRST = ("student", "name", "email", "state")
LAST = ("raw", "deduction", "score", "points", "submitted", "late_hours", "mistakes", "file", "on_roster", "remarks")
DIGITS = 6


def marks(class_book: ClassBook) -> str:
    """Return one line for each student: who, each task's points, sums, lateness, named mistakes.

    Empty where there is no result. ``state`` is one of ``xailab_autograder.exports.states``.

    Parameters
    ----------
    class_book
        The class.
    """
    header: list[Cell] = [*FIRST, *(task.id for task in class_book.lab.tasks), *LAST]
    return table([header, *(list(_line(standing)) for standing in class_book.standings)])


def _line(standing: Standing) -> Iterator[Cell]:
    student, there = standing.student, standing.handed_in
    yield from (student.id, student.name, student.email, state(standing))
    yield from (_points(mark) for mark in standing.marks)
    sums = (standing.raw, standing.deduction, standing.score) if standing.graded else (None, None, None)
    yield from (None if value is None else round(value, DIGITS) for value in sums)
    yield standing.points
    yield there.submitted.isoformat() if there is not None and there.submitted is not None else None
    hours = standing.lateness.late.total_seconds() / 3600
    yield round(hours, 2) if there is not None and there.submitted is not None else None
    yield " ".join(f"{mark.task.id}:{mark.mistake}" for mark in standing.marks if mark.mistake)
    yield there.source if there is not None else None
    yield "yes" if standing.known else "no"
    told = (why_not(standing), standing.lateness.why, *(there.notes if there is not None else ()))
    yield "; ".join(one_line(part) for part in told if part)


def _points(mark: TaskMark) -> float | None:
    """Return the points of a task; None: nobody has judged it yet."""
    if mark.by_hand is None and (mark.judged is None or mark.judged.status in ("manual", "error")):
        return None
    return round(mark.score, DIGITS)
