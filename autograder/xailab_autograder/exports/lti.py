"""The marks of a class as scores of LTI 1.3 Assignment and Grade Services: one JSON object for each line.

- ``scores``  a class -> text

Each line is the body of one ``POST {lineitem}/scores`` with the media type ``MEDIA_TYPE``. Sending them needs a site's
own OAuth client and is left to it. Students who handed in nothing, or are excused, have no line: a score without points
would erase what the platform has.
"""

import json
from datetime import UTC, datetime
from typing import Any, Literal

from xailab_autograder.exports.remarks import plain, remark
from xailab_autograder.exports.states import State, countable, state, why_not
from xailab_autograder.gradebook.contents import ClassBook, Standing

MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"

Grading = Literal["FullyGraded", "PendingManual", "Pending", "Failed"]

_GRADING: dict[State, Grading] = {
    "final": "FullyGraded",
    "waiting": "PendingManual",
    "grader failed": "Failed",
    "outdated": "Pending",
    "ungraded": "Pending",
    "problem": "Failed",
}
_DIGITS = 6


def scores(class_book: ClassBook) -> str:
    """Return one JSON object and a newline for each student who handed in.

    Parameters
    ----------
    class_book
        The class. The time when it was read is that of all scores: a platform ignores a score that is not younger than
        the one it has, and a changed deadline must get through, whenever the marks were made.
    """
    return "".join(
        json.dumps(_score(standing, class_book)) + "\n"
        for standing in class_book.standings
        if state(standing) in _GRADING
    )


def _score(standing: Standing, class_book: ClassBook) -> dict[str, Any]:
    known, there = state(standing), standing.handed_in
    entry: dict[str, Any] = {
        "userId": standing.student.platforms.get("lti") or standing.student.id,
        "timestamp": _time(class_book.read),
        "activityProgress": "Completed" if known == "final" else "Submitted",
        "gradingProgress": _GRADING[known],
    }
    if countable(known):
        entry |= {
            "scoreGiven": round(standing.score, _DIGITS),
            "scoreMaximum": standing.points,
            "comment": plain(remark(standing, f"Lab {class_book.lab.number}")),
        }
    else:
        entry["comment"] = f"Lab {class_book.lab.number}: {why_not(standing)}"
    if there is not None and there.submitted is not None:
        entry["submission"] = {"submittedAt": _time(there.submitted)}
    return entry


def _time(time: datetime) -> str:
    """Write a time in UTC with microseconds, as the standard wants more than seconds."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
