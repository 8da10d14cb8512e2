"""What Gradescope takes from an autograder and gives to it.

- ``results``        a record, or a student's standing -> the object that goes into ``results.json``
- ``unfinished``     the same where grading did not end: a sentence and no score
- ``refused``        the same where the submission cannot be graded: a sentence and no points
- ``Metadata``, ``read_metadata``   who handed in, and how often: ``submission_metadata.json``

One test for each task. Texts that a person marks have no score here, and do not count towards the sum: make a manual
question of Gradescope for them, whose points Gradescope adds itself. All text is plain ``text``, which Gradescope shows
as it stands; what students wrote can do nothing there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from xailab_autograder.course.names import clean_id, clean_name
from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.text import verdict_text
from xailab_autograder.feedback.wording import number, task_title
from xailab_autograder.gradebook.contents import Fingerprint, Standing
from xailab_autograder.judging.records import ExerciseRecord, SubmissionRecord

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]

NAME, OUTPUT = 120, 6000
"""Characters of a test's name and of its output."""

_DIGITS = 6
_MOST_USERS = 50


@dataclass(frozen=True)
class Metadata:
    """Who handed in, and how often.

    Parameters
    ----------
    emails, names
        Of everybody who handed in together.
    number
        Gradescope's, of this submission; empty if it does not say.
    submitted
        When; None if it does not say.
    assignment
        The title of the assignment.
    attempt
        1 for the first submission.
    """

    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    number: str = ""
    submitted: datetime | None = None
    assignment: str = ""
    attempt: int = 1

    @property
    def student(self) -> str:
        """The id that the random cases depend on: the email addresses, sorted; else the names; else the number."""
        return "+".join(sorted(self.emails) or sorted(self.names)) or self.number


def read_metadata(raw: bytes) -> Metadata:
    """Read ``submission_metadata.json``. What is missing or of another type is left out; nothing raises.

    Parameters
    ----------
    raw
        The file; may be empty.
    """
    try:
        data = json.loads(raw.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return Metadata()
    if not isinstance(data, dict):
        return Metadata()
    users = [user for user in _list(data.get("users"))[:_MOST_USERS] if isinstance(user, dict)]
    assignment = data.get("assignment")
    return Metadata(
        emails=tuple(text for user in users if (text := clean_id(_text(user.get("email"))))),
        names=tuple(text for user in users if (text := clean_name(_text(user.get("name"))))),
        number=_text(data.get("id")),
        submitted=_time(data.get("created_at")),
        assignment=_text(assignment.get("title")) if isinstance(assignment, dict) else "",
        attempt=1 + len(_list(data.get("previous_submissions"))),
    )


def results(
    graded: SubmissionRecord | Standing,
    *,
    visibility: Visibility = "visible",
    attempt: int | None = None,
    fingerprint: Fingerprint | None = None,
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return what goes into ``results.json``.

    Parameters
    ----------
    graded
        A record; or a student's standing: then people's marks count, and what lateness costs is taken off.
    visibility
        When students see the tests.
    attempt
        Which submission of this student it is; None: it is not said.
    fingerprint
        What the result depends on; a short form goes into ``extra_data``.
    notes
        More for the student, one sentence each.

    Raises
    ------
    ValueError
        A standing without a result.
    """
    record = graded.settled if isinstance(graded, Standing) else graded
    if record is None:
        raise ValueError("expected a standing with a result, got one without")
    if any(exercise.status == "error" for exercise in record.exercises):
        said = (
            "The grader itself failed; nobody is to blame but us, and no mark was given. Please tell your instructor."
        )
        return {**unfinished(said), "extra_data": _extra(record, attempt, fingerprint)}
    counted = [exercise for exercise in record.exercises if _counts(exercise)]
    score = sum(exercise.score for exercise in counted) - record.deduction
    return {
        "score": round(max(score, 0.0), _DIGITS),
        "execution_time": round(record.seconds, 3),
        "output": _output(record, notes),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": _extra(record, attempt, fingerprint),
        "tests": [_test(exercise, place, visibility) for place, exercise in enumerate(record.exercises, 1)],
    }


def unfinished(why: str) -> dict[str, Any]:
    """Return results without any score: Gradescope then asks the instructor to run the autograder again.

    Parameters
    ----------
    why
        A sentence for the student.
    """
    return {"output": clean(why), "output_format": "text", "stdout_visibility": "hidden", "tests": []}


def refused(why: str) -> dict[str, Any]:
    """Return results with 0 points, for a submission that cannot be graded.

    Parameters
    ----------
    why
        A sentence that says what to do.
    """
    return {"score": 0, **unfinished(why)}


def _counts(exercise: ExerciseRecord) -> bool:
    """Whether a task has a mark here: a text has none before a person marks it, also where there is no text."""
    text = exercise.status == "manual" or any(check.tier == "text" for check in exercise.checks)
    return bool(exercise.marker) or not text


def _test(exercise: ExerciseRecord, place: int, visibility: Visibility) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": task_title(exercise, NAME) or exercise.id,
        "name_format": "text",
        "number": str(place),
        "output": clean(verdict_text(exercise).plain + _comment(exercise), OUTPUT),
        "output_format": "text",
        "visibility": visibility,
    }
    if _counts(exercise):
        entry |= {"score": round(exercise.score, _DIGITS), "max_score": exercise.points}
        entry["status"] = "passed" if exercise.score >= exercise.points else "failed"
    if exercise.mistake:
        entry["tags"] = [one_line(exercise.mistake, 80)]
    return entry


def _comment(exercise: ExerciseRecord) -> str:
    return f"  {one_line(exercise.marker, 80)} writes: {clean(exercise.comment)}\n" if exercise.comment else ""


def _output(record: SubmissionRecord, notes: tuple[str, ...]) -> str:
    """Return what stands above the tests."""
    counted = [exercise for exercise in record.exercises if _counts(exercise)]
    earned, points = sum(one.score for one in counted), sum(one.points for one in counted)
    lines = [f"Lab {one_line(record.lab, 20)}, {one_line(record.title)}: {number(earned)} of {number(points)} points."]
    waiting = sum(exercise.points for exercise in record.exercises if not _counts(exercise))
    if waiting:
        lines.append(f"{number(waiting)} more points are for texts that a person reads.")
    if record.deduction:
        lines.append(f"Less {number(record.deduction)}: {one_line(record.deduction_why, 400)}.")
    lines += [f"Note: {one_line(note, 400)}" for note in (*notes, *record.notes)]
    return "\n".join(lines)


def _extra(record: SubmissionRecord, attempt: int | None, fingerprint: Fingerprint | None) -> Mapping[str, Any]:
    """Return what comes back in the metadata of later submissions. Students may see it."""
    extra: dict[str, Any] = {"grader": record.grader, "lab": record.lab, "sha256": record.sha256}
    extra["mistakes"] = {one.id: one.mistake for one in record.exercises if one.mistake}
    if attempt is not None:
        extra["attempt"] = attempt
    if fingerprint is not None:
        extra["fingerprint"] = f"{fingerprint.lab[:12]}-{fingerprint.grader[:12]}-{fingerprint.key[:12]}"
    return extra


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Return a text or a number on one line; anything else says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:400].strip()


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
