"""What became of marks when a result replaces another.

- ``differences``  two records -> the marks that changed, each with a sentence
- ``what_changed`` why, as far as the hashes say
"""

from datetime import datetime

from xailab_autograder.gradebook.contents import Change, Fingerprint, HandMark
from xailab_autograder.judging.records import ExerciseRecord, SubmissionRecord

_LONGEST = 160


def differences(
    before: SubmissionRecord, after: SubmissionRecord, *, why: str, when: datetime, by_hand: dict[str, HandMark]
) -> tuple[Change, ...]:
    """Return a change for each task whose points differ, in the order of the new record.

    Parameters
    ----------
    before, after
        Of the same student and lab.
    why
        For all of them.
    when
        With a zone.
    by_hand
        Task -> the mark by a person, which still counts.
    """
    old = {exercise.id: exercise for exercise in before.exercises}
    new = {exercise.id: exercise for exercise in after.exercises}
    changes = []
    for task in [*new, *(task for task in old if task not in new)]:
        was, now = old.get(task), new.get(task)
        points = was.score if was else None, now.score if now else None
        if points[0] == points[1]:
            continue
        detail = f"{said(was)}; now {said(now)}"
        if task in by_hand:
            detail += f"; the mark by hand, {by_hand[task].score:g}, still counts"
        changes.append(Change(after.lab, after.student, task, *points, why, detail, when))
    return tuple(changes)


def what_changed(old: tuple[str, Fingerprint], new: tuple[str, Fingerprint]) -> str:
    """Return why a result differs from the former one.

    Parameters
    ----------
    old, new
        SHA-256 of the submission, and the fingerprint.
    """
    (old_file, before), (new_file, after) = old, new
    if old_file != new_file:
        return "handed in again"
    if before.lab != after.lab:
        return "the lab changed"
    if before.grader != after.grader:
        return "the grader changed"
    if before.key != after.key:
        return "the key changed"
    return "regraded"


def said(exercise: ExerciseRecord | None) -> str:
    """Return what the judge said about a task, in a few words: status, and mistake or first failed check."""
    if exercise is None:
        return "not in the lab"
    if exercise.mistake:
        return f"{exercise.status} ({exercise.mistake})"
    for check in exercise.checks:
        if check.outcome == "failed":
            return f"{exercise.status} ({check.tier}: {_short(check.says)})"
    return exercise.status


def _short(text: str) -> str:
    """Return the beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
