"""A class to mark: the toy lab, students, what they handed in, and what the judge said; by hand, without a sandbox."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection
from xailab_autograder.gradebook.contents import ClassBook, Fingerprint, HandedIn, HandMark, Standing, TaskMark
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, SubmissionRecord
from xailab_autograder.labs import load_from
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell

LAB: Lab = load_from(Path(__file__).parents[1] / "toylabs" / "90-toy")
REFLECT = LAB.tasks[-1]
PAIRS = LAB.tasks[3]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FINGERPRINT = Fingerprint("lab", "grader", "key")

TEXTS = (
    "The mean of squares is ruled by outliers: one number of 1000 among a hundred ones hides the ones.",
    "It loses the signs.\n\nTwo vectors x and -x have the same mean square, so a filter that inverts an image and one "
    "that keeps it look the same: $\\frac{1}{n}\\sum_i x_i^2$ knows nothing about direction.",
    "When the numbers have different units.",
)


@dataclass(frozen=True)
class Handed:
    """What one student of the class handed in."""

    student: Student
    hand_in: HandedIn
    record: SubmissionRecord


def hand_in(student: str, text: str) -> HandedIn:
    """Make a notebook with a text and two functions."""
    sha = hashlib.sha256(f"{student} {text}".encode("utf-8", "surrogatepass")).hexdigest()
    cells = (
        Cell("cell 2", "prediction_scale = 'b'", "predict-scale"),
        Cell("cell 5", "def mean_square(x):\n    return float((x * x).mean())", "mean-square"),
        Cell("cell 9", "def pairs(labels):\n    # <script>alert(1)</script>\n    return []", None),
    )
    texts = {"reflect-mean": text} if text.strip() else {}
    source = f"{student}_lab90.ipynb"
    submission = Submission(source, cells, texts, sha)
    return HandedIn("90", student, sha, source, "downloads", NOW, submission)


def record_of(handed: HandedIn) -> SubmissionRecord:
    """Say what the judge would: pairs failed, the text is for a person."""
    assert handed.submission is not None
    text = handed.submission.texts.get("reflect-mean", "")
    failed = (
        CheckRecord("defined", "is defined and can be called", "passed"),
        CheckRecord(
            "worked", "7, 5, 7, 7", "failed", "pairs([7, 5, 7, 7])\nyours: []\nexpected: [(0, 2), (0, 3), (2, 3)]"
        ),
    )
    entries = []
    for task in LAB.tasks:
        if isinstance(task, Exercise):
            wrong = task.id == "pairs"
            entries.append(
                ExerciseRecord(
                    task.id,
                    task.title,
                    task.function,
                    "failed" if wrong else "passed",
                    0 if wrong else task.points,
                    task.points,
                    failed if wrong else failed[:1],
                    notes=("found in cell 9, line 1",),
                )
            )
        elif isinstance(task, Choice):
            check = CheckRecord("answer", "is what happens", "failed", "You may have thought of the mean.")
            entries.append(ExerciseRecord(task.id, task.question, task.variable, "failed", 0, 1, (check,), text="b"))
        else:
            status = "manual" if text.strip() else "missing"
            entries.append(ExerciseRecord(task.id, task.question, "", status, 0, task.points, text=text))  # type: ignore[arg-type]
    return SubmissionRecord(
        "90", LAB.title, handed.student, handed.source, handed.sha256, NOW.isoformat(), "xailab 0.1.0", "L3", 1.0,
        exercises=tuple(entries),
    )  # fmt: skip


def handed(student: str, text: str, name: str = "") -> Handed:
    """Make one student with a hand-in."""
    file = hand_in(student, text)
    return Handed(Student(student, name, f"{student}@example.org"), file, record_of(file))


def people(count: int) -> list[Handed]:
    """Make a class; every seventh wrote nothing."""
    names = ("Ada Lovelace", "José Núñez", "李小龍", "عمر الخيام", 'O\'Neil, "Kay"', "=cmd()", "Zoë 🎓 Day")
    return [
        handed(f"s{at:03}", "" if at % 7 == 6 else f"{TEXTS[at % 3]} ({at})", f"{names[at % len(names)]}")
        for at in range(count)
    ]


def standing(of: Handed, marks: Mapping[str, HandMark] | None = None, *, outdated: bool = False) -> Standing:
    """Make a standing as the gradebook would."""
    judged = {each.id: each for each in of.record.exercises}
    made = tuple(
        TaskMark(task, judged[task.id], (marks or {}).get(task.id), outdated and task.id in (marks or {}))
        for task in LAB.tasks
    )
    return Standing(of.student, of.hand_in, of.record, made)


def class_book(*standings: Standing, course: str = "Seeing machines") -> ClassBook:
    """Make a class without a database."""
    return ClassBook(course, LAB, tuple(sorted(standings, key=lambda each: each.student.id)), NOW)


def mark(score: float, comment: str = "", marker: str = "Ada", task: str = "reflect-mean", text: str = "") -> HandMark:
    """Make a mark."""
    return HandMark(task, score, comment, marker, NOW, hashlib.sha256(text.encode()).hexdigest() if text else "")


def fill(book: object, of: list[Handed]) -> None:
    """Write a class into a gradebook; students who are there already hand in again."""
    from xailab_autograder.gradebook.writing import register, write_result

    register(book, LAB, [each.student for each in of], [each.hand_in for each in of])  # type: ignore[arg-type]
    for each in of:
        write_result(book, each.hand_in, each.record, FINGERPRINT)  # type: ignore[arg-type]


def hurry(book: object) -> None:
    """Let SQLite not wait for the disk: what a test writes need not outlive a power cut."""
    from sqlalchemy import event

    event.listen(book.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))  # type: ignore[attr-defined]


def with_text(of: Handed, text: str) -> Handed:
    """Let a student hand in another text."""
    file = replace(hand_in(of.student.id, text), submitted=NOW)
    return Handed(of.student, file, record_of(file))


assert isinstance(REFLECT, Reflection)
