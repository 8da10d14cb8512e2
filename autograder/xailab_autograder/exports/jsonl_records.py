"""Everything about a class as JSON lines: one object for each student.

- ``records``  a class -> text
- ``FORMAT``   of the objects

ASCII, so that every program reads the same; times are ISO 8601 with zone. ``record`` is what the student's page shows:
the judge's record with people's marks and comments in it, readable by ``SubmissionRecord.from_json``. The submission's
own code is not in it.
"""

import json
from dataclasses import asdict
from typing import Any

from xailab_autograder.exports.states import state, why_not
from xailab_autograder.gradebook.contents import ClassBook, HandMark, Standing, TaskMark

FORMAT = 1


def records(class_book: ClassBook) -> str:
    """Return one JSON object and a newline for each student, in the class's order.

    Parameters
    ----------
    class_book
        The class.
    """
    return "".join(json.dumps(_entry(standing, class_book)) + "\n" for standing in class_book.standings)


def _entry(standing: Standing, class_book: ClassBook) -> dict[str, Any]:
    settled = standing.settled
    return {
        "format": FORMAT,
        "course": class_book.course,
        "lab": class_book.lab.number,
        "title": class_book.lab.title,
        "student": {**asdict(standing.student), "platforms": dict(standing.student.platforms)},
        "on_roster": standing.known,
        "state": state(standing),
        "why": why_not(standing),
        "raw": standing.raw if standing.graded else None,
        "deduction": standing.deduction if standing.graded else None,
        "score": standing.score if standing.graded else None,
        "points": standing.points,
        "late_s": standing.lateness.late.total_seconds(),
        "late_share": standing.lateness.share,
        "late_why": standing.lateness.why,
        "excused": standing.lateness.excused,
        "handed_in": _handed_in(standing),
        "marks": [_mark(mark) for mark in standing.marks],
        "record": json.loads(settled.to_json()) if settled is not None else None,
    }


def _handed_in(standing: Standing) -> dict[str, Any] | None:
    there = standing.handed_in
    if there is None:
        return None
    return {
        "sha256": there.sha256,
        "source": there.source,
        "origin": there.origin,
        "submitted": there.submitted.isoformat() if there.submitted is not None else None,
        "problem": there.problem,
        "notes": list(there.notes),
    }


def _mark(mark: TaskMark) -> dict[str, Any]:
    return {
        "task": mark.task.id,
        "score": mark.score,
        "points": mark.task.points,
        "status": mark.status,
        "mistake": mark.mistake,
        "waits": mark.waits,
        "outdated": mark.outdated,
        "by_hand": _hand_mark(mark.by_hand) if mark.by_hand is not None else None,
    }


def _hand_mark(mark: HandMark) -> dict[str, Any]:
    return {**asdict(mark), "marked": mark.marked.isoformat()}
