"""The marks of a class in the columns of nbgrader's export, for programs that read that.

- ``export``  a class -> text
- ``names``   a name -> last name, first name

nbgrader writes these lines without quotes, so that a comma in a name shifts the columns; here they are RFC 4180, and
what a spreadsheet would run as a formula gets a leading ``'``. Whoever handed in nothing has 0 points, as in nbgrader;
the points of those who are excused, or have handed in and are not graded, are empty: 0 would not be true.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from xailab_autograder.exports.spreadsheet import Cell, table
from xailab_autograder.exports.states import state
from xailab_autograder.gradebook.contents import ClassBook, Standing

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
DIGITS = 6


def export(class_book: ClassBook) -> str:
    """Return one line for each student.

    Parameters
    ----------
    class_book
        The class.
    """
    name = f"{class_book.lab.number}-{class_book.lab.name}"
    return table([COLUMNS, *(list(_line(standing, name, class_book.due)) for standing in class_book.standings)])


def names(name: str) -> tuple[str, str]:
    """Return last and first name: parted at a comma, else before the last word."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.strip().rpartition(" ")
    return last.strip(), first.strip()


def _line(standing: Standing, assignment: str, due: datetime | None) -> Iterator[Cell]:
    there = standing.handed_in
    yield from (assignment, _time(due), _time(there.submitted if there is not None else None))
    yield from (standing.student.id, *names(standing.student.name), standing.student.email)
    if state(standing) == "nothing":
        yield from (0.0, 0.0, 0.0)
    elif standing.graded:
        yield from (round(value, DIGITS) for value in (standing.raw, standing.deduction, standing.score))
    else:
        yield from (None, None, None)
    yield standing.points


def _time(time: datetime | None) -> str:
    """Write a time as nbgrader does: UTC, without saying so."""
    return str(time.astimezone(UTC).replace(tzinfo=None)) if time is not None else ""
