"""Small classes of students to fill gradebooks with: hand-ins, records, and texts that are hard to keep."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xailab_autograder import labs
from xailab_autograder.gradebook.contents import Fingerprint, HandedIn, HandMark
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, Status, SubmissionRecord
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell

LAB = labs.load_from(Path(__file__).parents[1] / "toylabs" / "90-toy")
TASKS = [task.id for task in LAB.tasks]
REFLECTION = next(task for task in LAB.tasks if task.id == "reflect-mean")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

FIRST = Fingerprint("a" * 64, "b" * 64, "c" * 64)
NEWER_GRADER = replace(FIRST, grader="d" * 64)

HOSTILE = {
    "comma, quote\" and 'quote'": "plain",
    "=HYPERLINK(1)": "@formula",
    "nul\x00inside": "\x00",
    "half \ud83d character": "\udc80\udcff",
    "escape \x1b and \x1b0000": "\x1b[31mred",
    "علي 😀 \u202ertl": "Zoë\u0301\r\n\ttab",
    "'; DROP TABLE results; --": "%s %(x)s :name ? $1 \\ \\x00",
}
"""Ids of students -> a text of theirs."""


def hand_in(student: str, revision: int = 0, *, text: str = "because", **changes: object) -> HandedIn:
    """Return what a student hands in; another revision is another file."""
    sha256 = hashlib.sha256(f"{student}/{revision}".encode("utf-8", "surrogatepass")).hexdigest()
    cells = (Cell("cell 1", f"x = {revision}"), Cell("cell 2", text, "mean-square"))
    submission = Submission(f"{student}.ipynb", cells, {REFLECTION.id: text}, sha256, ("cell 3: damaged",))
    made = HandedIn("90", student, sha256, f"{student}.ipynb", f"all.zip/{student}", NOON, submission, "", (text,))
    return replace(made, **changes)  # type: ignore[arg-type]


def without_file(student: str, problem: str = "the file is empty") -> HandedIn:
    """Return a hand-in that cannot be graded."""
    return HandedIn("90", student, "", f"{student}.ipynb", problem=problem)


def record(of: HandedIn, share: float = 1.0, *, text: str = "", clock: int = 0) -> SubmissionRecord:
    """Return what the judge might say: this share of the points of every task; nothing yet for the reflection."""
    return SubmissionRecord(
        "90", LAB.title, of.student, of.source, of.sha256, (NOON + timedelta(seconds=clock)).isoformat(), "0.1.0",
        "contained", 1.5 + clock, (text,), tuple(_exercises(share, text, clock)),
    )  # fmt: skip


def _exercises(share: float, text: str, clock: int) -> Iterable[ExerciseRecord]:
    """Yield one record for each task."""
    status: Status = "passed" if share == 1 else "partial" if share > 0 else "failed"
    for task in LAB.tasks:
        if task.id == REFLECTION.id:
            yield ExerciseRecord(task.id, task.id, "", "manual", 0.0, task.points, text=text)
            continue
        failed = CheckRecord("edges", "one number", "passed" if share == 1 else "failed", text, seconds=float(clock))
        mistake = "sum-of-squares" if share == 0 else None
        yield ExerciseRecord(task.id, task.id, "f", status, share * task.points, task.points, (failed,), mistake)


def hand_mark(score: float = 1.0, **changes: object) -> HandMark:
    """Return a person's mark of the reflection."""
    return replace(HandMark(REFLECTION.id, score, "well said", "ada", NOON), **changes)  # type: ignore[arg-type]
