"""Marks by people.

- ``set_hand_mark``     a mark of one task; replaces the one that the marker saw
- ``remove_hand_mark``  takes one back
- ``Conflict``          somebody else has marked meanwhile
- ``text_sha256``       what a person marked, as a hash: tells whether the student has handed in something else since
"""

import hashlib
import math
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, select

from xailab.errors import XailabError
from xailab_autograder.exercises import Reflection, Task
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.contents import Change, HandedIn, HandMark
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.retrying import write
from xailab_autograder.gradebook.steps import lock_student, log, upsert
from xailab_autograder.gradebook.storing import mark_of, mark_row

WHY = "marked by hand"


class Conflict(XailabError):
    """Somebody else has marked the same task meanwhile.

    Parameters
    ----------
    stored
        The mark that is in the gradebook now; None: it was taken back.
    """

    def __init__(self, message: str, stored: HandMark | None) -> None:
        super().__init__(message)
        self.stored = stored


def set_hand_mark(book: Gradebook, lab: str, student: str, mark: HandMark, *, replaces: HandMark | None) -> None:
    """Write a person's mark of one task, and that it changed.

    Parameters
    ----------
    book
        An open gradebook.
    lab, student
        Of whom.
    mark
        Task, score, comment, marker. Whether the score is within the task's points the caller knows.
    replaces
        The mark that the marker saw; None: there was none.

    Raises
    ------
    Conflict
        Another mark is stored than the one that the marker saw. Nothing is written.
    XailabError
        The student is not in this lab, or the database cannot be written to.
    """
    if not math.isfinite(mark.score) or mark.score < 0:
        raise ValueError(f"expected a score of at least 0, got {mark.score}")
    _exchange(book, (lab, student, mark.task), mark, replaces)


def remove_hand_mark(book: Gradebook, lab: str, student: str, *, replaces: HandMark) -> None:
    """Take a person's mark back; then the judge's counts again. See ``set_hand_mark``."""
    _exchange(book, (lab, student, replaces.task), None, replaces)


def text_sha256(handed_in: HandedIn | None, task: Task) -> str:
    """Return the hash of what a person marks: a reflection's text; of other tasks the file that was handed in.

    Parameters
    ----------
    handed_in
        The hand-in that counts; None: nothing came.
    task
        Which task.
    """
    if not isinstance(task, Reflection):
        return handed_in.sha256 if handed_in else ""
    texts = handed_in.submission.texts if handed_in and handed_in.submission else {}
    return hashlib.sha256(texts.get(task.id, "").encode("utf-8", "surrogatepass")).hexdigest()


def _exchange(book: Gradebook, key: tuple[str, str, str], mark: HandMark | None, replaces: HandMark | None) -> None:
    """Put one mark in place of another, if it is still the one that is stored."""
    lab, student, task = key
    table = schema.hand_marks
    this = and_(table.c.lab == lab, table.c.student == student, table.c.task == task)

    def work(connection: Connection) -> None:
        lock_student(connection, lab, student)
        row = connection.execute(select(table).where(this)).one_or_none()
        stored = mark_of(row) if row else None
        if stored == mark:
            return  # this very call was committed, but the connection was lost before it was said
        if stored != replaces:
            raise Conflict(f"{task} of {student!r}: {_who(stored)} meanwhile; look at it again", stored)
        if mark is None:
            connection.execute(table.delete().where(this))
        else:
            upsert(connection, table, [mark_row(lab, student, mark)])
        _log(connection, key, mark, stored)

    write(book, work)


def _who(stored: HandMark | None) -> str:
    """Say what somebody else has done."""
    if stored is None:
        return "somebody took the mark back"
    return f"{stored.marker or 'somebody'} gave {stored.score:g}"


def _log(connection: Connection, key: tuple[str, str, str], mark: HandMark | None, stored: HandMark | None) -> None:
    """Write that a mark changed, if its points did."""
    lab, student, task = key
    table = schema.task_marks
    this = and_(table.c.lab == lab, table.c.student == student, table.c.task == task)
    judged = connection.execute(select(table.c.score, table.c.status).where(this)).one_or_none()
    points = None if judged is None or judged.status == "manual" else float(judged.score)
    before, after = (points if each is None else each.score for each in (stored, mark))
    if before != after:
        was = f"by {stored.marker}" if stored else f"by the judge: {judged.status}" if judged else "not marked"
        now = f"by {mark.marker}" if mark else "the mark was taken back"
        log(connection, [Change(lab, student, task, before, after, WHY, f"{was}; now {now}", datetime.now(UTC))])
