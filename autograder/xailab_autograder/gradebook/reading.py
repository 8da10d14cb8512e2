"""Reading a gradebook; each function sees one moment of it.

- ``class_book``  all students in one lab
- ``changes``     marks that became others
- ``labs_in``     the labs it holds
- ``digest``      everything about a lab as text, to be compared
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from xailab_autograder.course.policy import Terms, lateness
from xailab_autograder.exercises import Lab, Task
from xailab_autograder.gradebook import schema
from xailab_autograder.gradebook.contents import (
    Change,
    ClassBook,
    Fingerprint,
    HandedIn,
    HandMark,
    Standing,
    TaskMark,
)
from xailab_autograder.gradebook.hand_marks import text_sha256
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.retrying import read
from xailab_autograder.gradebook.storing import fingerprint_of, handed_in_of, mark_of, student_of, terms_of
from xailab_autograder.judging.records import SubmissionRecord


@dataclass
class _Rows:
    """What the database holds about a lab, by student."""

    terms: Terms
    current: Fingerprint | None
    people: list[Row[Any]]
    handed_in: dict[str, HandedIn] = field(default_factory=dict)
    results: dict[str, Row[Any]] = field(default_factory=dict)
    failures: dict[str, Row[Any]] = field(default_factory=dict)
    by_hand: dict[str, dict[str, HandMark]] = field(default_factory=lambda: defaultdict(dict))


def class_book(book: Gradebook, lab: Lab, *, students: Collection[str] | None = None) -> ClassBook:
    """Return all students in one lab: those who handed in, and those of the roster who did not.

    Parameters
    ----------
    book
        An open gradebook.
    lab
        Its declaration.
    students
        Only these; None: all.
    """
    rows = read(book, lambda connection: _rows(connection, lab.number, students))
    rostered = any(row.known is not None for row in rows.people)
    standings = []
    for row in sorted(rows.people, key=lambda row: str(row.student)):
        if students is not None and row.student not in students:
            continue
        known = bool(row.known) or not rostered
        if known or row.student in rows.handed_in or rows.by_hand[row.student]:
            standings.append(_standing(lab, rows, row, known=known))
    return ClassBook(book.course, lab, tuple(standings), datetime.now(UTC), rows.terms.due)


def changes(book: Gradebook, lab: str, *, since: datetime | None = None) -> tuple[Change, ...]:
    """Return the marks of a lab that became others, oldest first.

    Parameters
    ----------
    book
        An open gradebook.
    lab
        Its number.
    since
        Only those at or after this time (with a zone).
    """
    table = schema.changes
    wanted = select(table).where(table.c.lab == lab).order_by(table.c.number)
    if since is not None:
        wanted = wanted.where(table.c.made >= since)
    return read(book, lambda connection: tuple(map(_change, connection.execute(wanted))))


def labs_in(book: Gradebook) -> tuple[str, ...]:
    """Return the numbers of the labs in a gradebook, sorted."""
    return read(book, lambda connection: tuple(sorted(connection.execute(select(schema.labs.c.lab)).scalars())))


def _rows(connection: Connection, lab: str, students: Collection[str] | None) -> _Rows:
    """Read what there is about a lab, or about some students of it."""

    def found(table: Table) -> list[Row[Any]]:
        wanted = select(table).where(table.c.lab == lab)
        if students is not None:
            wanted = wanted.where(table.c.student.in_(list(students)))
        return list(connection.execute(wanted))

    about = connection.execute(select(schema.labs).where(schema.labs.c.lab == lab)).one_or_none()
    joined = schema.enrolled.join(schema.students)
    people = select(schema.enrolled.c.known, schema.students).select_from(joined).where(schema.enrolled.c.lab == lab)
    rows = _Rows(
        terms=terms_of(about.terms if about else None),
        current=fingerprint_of(about) if about and about.grader_sha256 else None,
        people=list(connection.execute(people)),
        results={row.student: row for row in found(schema.results)},
        failures={row.student: row for row in found(schema.failures)},
    )
    rows.handed_in = {row.student: handed_in_of(row) for row in found(schema.hand_ins) if row.counts}
    for row in found(schema.hand_marks):
        rows.by_hand[row.student][row.task] = mark_of(row)
    return rows


def _standing(lab: Lab, rows: _Rows, person: Row[Any], *, known: bool) -> Standing:
    """Put together what there is about one student."""
    student = student_of(person)
    handed_in, result = rows.handed_in.get(student.id), rows.results.get(student.id)
    record = SubmissionRecord.from_json(result.record) if result else None
    judged = {exercise.id: exercise for exercise in record.exercises} if record else {}
    by_hand = rows.by_hand[student.id]
    return Standing(
        student=student,
        handed_in=handed_in,
        record=record,
        marks=tuple(
            TaskMark(task, judged.get(task.id), mark, mark is not None and _outdated(mark, handed_in, task))
            for task in lab.tasks
            for mark in (by_hand.get(task.id),)
        ),
        lateness=lateness(rows.terms, student.id, handed_in.submitted if handed_in else None),
        problem=_problem(rows, handed_in),
        outdated=result is not None and not _up_to_date(rows, handed_in, result),
        known=known,
    )


def _outdated(mark: HandMark, handed_in: HandedIn | None, task: Task) -> bool:
    """Tell whether a person marked something else than what is handed in now."""
    return mark.text_sha256 not in ("", text_sha256(handed_in, task))


def _up_to_date(rows: _Rows, handed_in: HandedIn | None, result: Row[Any]) -> bool:
    """Tell whether a result is of what is handed in now, and of the judge that graded last."""
    of_this = handed_in is not None and handed_in.sha256 == result.sha256
    return of_this and rows.current in (None, fingerprint_of(result))


def _problem(rows: _Rows, handed_in: HandedIn | None) -> str:
    """Say why what is handed in now has no result."""
    if handed_in is None:
        return ""
    failure = rows.failures.get(handed_in.student)
    if handed_in.problem or failure is None or failure.sha256 != handed_in.sha256:
        return handed_in.problem
    return str(failure.problem) if rows.current in (None, fingerprint_of(failure)) else ""


def _change(row: Row[Any]) -> Change:
    """Return the change of a row."""
    return Change(row.lab, row.student, row.task, row.before, row.after, row.why, row.detail, row.made)


_CLOCKS = {"graded", "seconds"}
_LEFT_OUT = {"written", "registered", "marked", "made", "number", *_CLOCKS}
_DIGESTED = ("enrolled", "hand_ins", "results", "task_marks", "failures", "hand_marks", "changes")


def digest(book: Gradebook, lab: str) -> str:
    """Return everything about a lab as text: two gradebooks hold the same if and only if these are equal.

    Everything but clocks, seconds, and who is grading. One line of JSON for each row, sorted; the changes of one task
    in the order in which they came.
    """
    return read(book, lambda connection: _digest(connection, lab))


def _digest(connection: Connection, lab: str) -> str:
    """Put the lines together."""
    lines = []
    labs = connection.execute(select(schema.labs).where(schema.labs.c.lab == lab)).all()
    lines += [json.dumps(["terms", row.terms]) for row in labs]
    joined = schema.students.join(schema.enrolled)
    people = select(schema.students).select_from(joined).where(schema.enrolled.c.lab == lab)
    lines += sorted(_line("students", row) for row in connection.execute(people))
    for name in _DIGESTED:
        table = schema.metadata.tables[name]
        rows = connection.execute(select(table).where(table.c.lab == lab)).all()
        if name == "changes":  # numbers are of all students together: only their order within a task is of the class
            rows = sorted(rows, key=lambda row: (row.student, row.task, row.number))
            lines += [_line(name, row) for row in rows]
        else:
            lines += sorted(_line(name, row) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, row: Row[Any]) -> str:
    """Write one row as JSON."""
    values = {key: _plain(key, value) for key, value in row._mapping.items() if key not in _LEFT_OUT}
    return json.dumps([name, values], sort_keys=True)


def _plain(key: str, value: Any) -> Any:
    """Return a value as JSON has it; of records all but clocks."""
    if key == "record":
        return _without_clocks(json.loads(value))
    if isinstance(value, bytes):
        return value.decode("ascii")
    return value.isoformat() if isinstance(value, datetime) else value


def _without_clocks(found: Any) -> Any:
    """Return JSON without what depends on when and how fast."""
    if isinstance(found, Mapping):
        return {key: _without_clocks(value) for key, value in found.items() if key not in _CLOCKS}
    return [_without_clocks(each) for each in found] if isinstance(found, list) else found
