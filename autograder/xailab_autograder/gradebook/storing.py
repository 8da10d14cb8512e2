"""Between dataclasses and rows.

- ``student_row``, ``student_of``     ``Student``
- ``hand_in_row``, ``handed_in_of``   ``HandedIn``
- ``terms_text``, ``terms_of``        ``Terms``
- ``mark_row``, ``mark_of``           ``HandMark``
- ``fingerprint_row``, ``same_fingerprint``  ``Fingerprint``
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_

from xailab_autograder.course.policy import Terms
from xailab_autograder.course.students import Student
from xailab_autograder.gradebook.contents import Fingerprint, HandedIn, HandMark
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell

Values = dict[str, Any]


def student_row(student: Student) -> Values:
    """Return a student as a row."""
    platforms = json.dumps(dict(sorted(student.platforms.items())))
    return {"student": student.id, "name": student.name, "email": student.email, "platforms": platforms}


def student_of(row: Row[Any]) -> Student:
    """Return the student of a row."""
    return Student(row.student, row.name, row.email, json.loads(row.platforms))


def hand_in_row(hand_in: HandedIn) -> Values:
    """Return a hand-in as a row, without what only the database knows."""
    return {
        "lab": hand_in.lab,
        "student": hand_in.student,
        "sha256": hand_in.sha256,
        "source": hand_in.source,
        "origin": hand_in.origin,
        "submitted": hand_in.submitted,
        "submission": None if hand_in.submission is None else _submission_bytes(hand_in.submission),
        "problem": hand_in.problem,
        "notes": json.dumps(hand_in.notes),
    }


def handed_in_of(row: Row[Any]) -> HandedIn:
    """Return the hand-in of a row."""
    return HandedIn(
        lab=row.lab,
        student=row.student,
        sha256=row.sha256,
        source=row.source,
        origin=row.origin,
        submitted=row.submitted,
        submission=None if row.submission is None else _submission_of(row.submission),
        problem=row.problem,
        notes=tuple(json.loads(row.notes)),
    )


def terms_text(terms: Terms) -> str:
    """Return terms as text: the same terms give the same text."""
    return json.dumps(
        {
            "due": _iso(terms.due),
            "grace": terms.grace.total_seconds(),
            "per_day": terms.per_day,
            "most": terms.most,
            "closes": None if terms.closes is None else terms.closes.total_seconds(),
            "extensions": {student: _iso(due) for student, due in terms.extensions.items()},
            "excused": sorted(terms.excused),
        },
        sort_keys=True,
    )


def terms_of(text: str | None) -> Terms:
    """Return the terms of a text; None: there are none."""
    if text is None:
        return Terms()
    found = json.loads(text)
    return Terms(
        due=_moment(found["due"]),
        grace=timedelta(seconds=found["grace"]),
        per_day=found["per_day"],
        most=found["most"],
        closes=None if found["closes"] is None else timedelta(seconds=found["closes"]),
        extensions={student: datetime.fromisoformat(due) for student, due in found["extensions"].items()},
        excused=frozenset(found["excused"]),
    )


def mark_row(lab: str, student: str, mark: HandMark) -> Values:
    """Return a person's mark as a row."""
    return {"lab": lab, "student": student, **asdict(mark)}


def mark_of(row: Row[Any]) -> HandMark:
    """Return the person's mark of a row."""
    return HandMark(row.task, row.score, row.comment, row.marker, row.marked, row.text_sha256)


def fingerprint_row(fingerprint: Fingerprint) -> Values:
    """Return a fingerprint as columns."""
    return {
        "lab_sha256": fingerprint.lab,
        "grader_sha256": fingerprint.grader,
        "key_sha256": fingerprint.key,
    }


def fingerprint_of(row: Row[Any]) -> Fingerprint:
    """Return the fingerprint of a row's columns."""
    return Fingerprint(row.lab_sha256 or "", row.grader_sha256 or "", row.key_sha256 or "")


def same_fingerprint(table: Table, fingerprint: Fingerprint) -> ColumnElement[bool]:
    """Return the condition that a row was made with a fingerprint."""
    return and_(*(table.c[name] == value for name, value in fingerprint_row(fingerprint).items()))


def _submission_bytes(submission: Submission) -> bytes:
    """Write a submission down; ASCII, so that half characters survive."""
    cells = [[cell.label, cell.source, cell.grade_id] for cell in submission.cells]
    kept = [submission.name, cells, submission.texts, submission.sha256, submission.notes]
    return json.dumps(kept, separators=(",", ":")).encode("ascii")


def _submission_of(raw: bytes) -> Submission:
    """Read a submission."""
    name, cells, texts, sha256, notes = json.loads(raw)
    return Submission(name, tuple(Cell(*cell) for cell in cells), texts, sha256, tuple(notes))


def _iso(moment: datetime | None) -> str | None:
    """Write a time with its zone's offset."""
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    """Read a time."""
    return None if text is None else datetime.fromisoformat(text)
