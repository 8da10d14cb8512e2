"""Grading one submission: every task of a lab against one student's cells, in one sandboxed worker.

- ``grade_submission``  -> ``SubmissionRecord``
- ``grade``             the same with whoever answers calls, for the tests of the grader
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import xailab
from xailab_autograder.exercises import Exercise, Lab, Task
from xailab_autograder.judging.judge import check_task, tasks_wanted
from xailab_autograder.judging.records import ExerciseRecord, SubmissionRecord
from xailab_autograder.judging.seeds import for_student
from xailab_autograder.judging.threads import one_thread
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Definitions, Student, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import Zygote

Progress = Callable[[Task], None]
"""Told which task is about to be judged."""


@dataclass(frozen=True)
class Hand:
    """Whose submission it is, and where the random cases come from.

    Parameters
    ----------
    student
        The id, exactly as the instructor writes it.
    key
        The course's secret.
    """

    student: str
    key: bytes


def grade_submission(
    lab: Lab, submission: Submission, hand: Hand, zygote: Zygote, *, progress: Progress | None = None
) -> SubmissionRecord:
    """Judge every task of a lab in a fresh sandboxed worker and write the record.

    Parameters
    ----------
    lab
        What is asked.
    submission
        What was handed in, as read by ``notebooks.submission.read``.
    hand
        Whose it is, and the key of the random cases.
    zygote
        Where the worker comes from.
    progress
        Called before each task.
    """
    wanted = [Wanted(exercise, name) for exercise, name in tasks_wanted(lab)]
    with SandboxedStudent(zygote, submission.cells, wanted) as student:
        return grade(lab, submission, hand, student, level=str(zygote.level), progress=progress)


def grade(
    lab: Lab, submission: Submission, hand: Hand, student: Student, *, level: str, progress: Progress | None = None
) -> SubmissionRecord:
    """Judge every task of a lab with whoever answers calls; see ``grade_submission``."""
    began, now = time.monotonic(), datetime.now(UTC)
    records: list[ExerciseRecord] = []
    with one_thread():
        for task in lab.tasks:
            if progress is not None:
                progress(task)
            draw = for_student(hand.key, lab.number, task.id, hand.student)
            records.append(check_task(task, student, draw, hidden=True, texts=submission.texts).record)
    definitions = student.definitions() if any(isinstance(task, Exercise) for task in lab.tasks) else None
    told = definitions.notes if isinstance(definitions, Definitions) else ()
    return SubmissionRecord(
        lab=lab.number,
        title=lab.title,
        student=hand.student,
        source=submission.name,
        sha256=submission.sha256,
        graded=now.isoformat(timespec="seconds"),
        grader=f"xailab {xailab.__version__}",
        level=level,
        seconds=time.monotonic() - began,
        notes=(*submission.notes, *(f"{note.cell}: {note.text}" for note in told)),
        exercises=tuple(records),
    )
