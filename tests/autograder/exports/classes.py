"""Classes of the toy lab, made by hand, and CSV files whose every byte is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xailab_autograder import labs
from xailab_autograder.course.policy import Lateness
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Reflection
from xailab_autograder.gradebook.contents import ClassBook, HandedIn, HandMark, Standing, TaskMark
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, SubmissionRecord

TOYS = Path(__file__).parents[1] / "toylabs"
LAB = labs.load_from(TOYS / "90-toy")
TEXTS = [task.id for task in LAB.tasks if isinstance(task, Reflection)]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def exercise(task, share=1.0, *, status=None, mistake=None):
    """One task's record: this share of its points."""
    text = task.id in TEXTS
    status = status or ("manual" if text else "passed" if share == 1 else "partial" if share else "failed")
    return ExerciseRecord(
        id=task.id,
        title=getattr(task, "title", None) or task.question,
        function=getattr(task, "function", ""),
        status=status,
        score=0.0 if text else task.points * share,
        points=task.points,
        checks=(CheckRecord("text" if text else "random", "3 numbers", "passed" if share == 1 else "failed"),),
        mistake=mistake,
        likely="You seem to return the <sum>, not the mean." if mistake else "",
        text="my text" if text else "",
    )


def standing(
    student, *, share=1.0, mistake=None, statuses: Mapping[str, str] | None = None, marked=True, graded=True, **more
):
    """One student with this share of the points of every task; texts are marked in full, or wait."""
    student = student if isinstance(student, Student) else Student(student)
    handed_in = HandedIn(LAB.number, student.id, "ab" * 32, "lab.ipynb", submitted=NOON - timedelta(hours=1))
    records = tuple(
        exercise(task, share, status=(statuses or {}).get(task.id), mistake=mistake if not number else None)
        for number, task in enumerate(LAB.tasks)
    )
    record = SubmissionRecord(
        LAB.number, LAB.title, student.id, "lab.ipynb", "ab" * 32, NOON.isoformat(), "xailab 0", "L3", 1.5,
        exercises=records,
    )  # fmt: skip
    marks = []
    for task, one in zip(LAB.tasks, records, strict=True):
        hand = HandMark(
            task.id, task.points * share, "well read", "Prof. X", NOON + timedelta(seconds=1, microseconds=5)
        )
        marks.append(TaskMark(task, one if graded else None, hand if graded and marked and task.id in TEXTS else None))
    made = Standing(student, handed_in, record if graded else None, tuple(marks))
    return replace(made, **more)


def absent(student, **more):
    """One student who handed in nothing."""
    student = student if isinstance(student, Student) else Student(student)
    return Standing(student, None, None, tuple(TaskMark(task) for task in LAB.tasks), **more)


def excused(student):
    return absent(student, lateness=Lateness(excused=True))


def class_of(*standings):
    return ClassBook("Looking inside", LAB, tuple(standings), NOON + timedelta(hours=1))


def written(text: str, quoted: bool, delimiter: str) -> str:
    """One field as a file holds it."""
    if quoted or any(letter in text for letter in (delimiter, "\r", "\n")) or text.startswith('"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def file_of(
    rows: Sequence[Sequence[tuple[str, bool]]],
    delimiter: str,
    ends: Sequence[str],
    *,
    bom: bool,
    encoding: str = "utf-8",
) -> bytes:
    """A CSV file: fields as (text, quoted), one line end for each row."""
    lines = [delimiter.join(written(text, quoted, delimiter) for text, quoted in row) for row in rows]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    return (b"\xef\xbb\xbf" if bom else b"") + text.encode(encoding)
