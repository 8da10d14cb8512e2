"""What the lecturer's page says in words.

- ``LISTS``            the lists of attention: heading, what it means
- ``TIER_WORDS``       how an answer without a named mistake went wrong
- ``counted``          a number with its noun
- ``task_words``       a task in a few words
- ``band``, ``ease``   what a discrimination and a difficulty mean, in a word
- ``uncertainty``      how far a correlation in a class of this size may be off
"""

import math
from dataclasses import dataclass

from xailab_autograder.exercises import Choice, Exercise, Task
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.judging.records import Tier

SMALL = 30
"""Students below which discrimination is to be read with caution."""

TIER_WORDS: dict[Tier | None, str] = {
    "defined": "the definitions do not run",
    "runs": "does not run to its end",
    "type": "another kind of value",
    "shape": "another shape",
    "dtype": "another kind of numbers",
    "worked": "wrong in a worked example",
    "random": "wrong in a random case",
    "invariants": "a property does not hold",
    "edges": "edge cases only",
    "answer": "none of the options",
    "text": "no text",
    None: "no check says how",
}


@dataclass(frozen=True)
class Words:
    """A list's heading (for one, for several), what it means, and whether somebody has to act."""

    one: str
    several: str
    means: str
    urgent: bool = True


LISTS = {
    "problems": Words(
        "file cannot be graded", "files cannot be graded", "The students have to hand in again; the sentence says why."
    ),
    "failures": Words(
        "hand-in at which the grader failed", "hand-ins at which the grader failed",
        "Not the students' fault, and no mark is final: grade again, and report it if it stays.",
    ),
    "ungraded": Words(
        "hand-in not graded yet", "hand-ins not graded yet", "Grade again: the same command goes on where it stopped."
    ),
    "outdated": Words(
        "result out of date", "results out of date",
        "The student handed in again, or the lab or the grader has changed since. Grade again.",
    ),
    "waiting": Words(
        "hand-in waits for a person", "hand-ins wait for a person", "Texts to mark; until then points are missing."
    ),
    "unknown": Words("student not on the roster", "students not on the roster", "A misspelt id, or somebody new."),
    "suspicious": Words(
        "thing worth a look", "things worth a look",
        "Never a verdict, and never a mark: each has innocent reasons. Talk to the students first.",
    ),
    "late": Words("late hand-in", "late hand-ins", "With what the terms of the lab make of it.", urgent=False),
    "absent": Words("student handed in nothing", "students handed in nothing", "", urgent=False),
    "excused": Words("student need not hand in", "students need not hand in", "", urgent=False),
}  # fmt: skip
"""In the order in which they are shown."""


def counted(number: int, one: str, several: str) -> str:
    """Return a number with its noun: ``"1 file"``, ``"3 files"``."""
    return f"{number:,} {one if number == 1 else several}"


def task_words(task: Task, limit: int = 80) -> str:
    """Name a task in a few words."""
    if isinstance(task, Exercise):
        return one_line(task.title, limit)
    return one_line(f"{'Prediction' if isinstance(task, Choice) else 'Text'}: {task.question}", limit)


def band(discrimination: float | None) -> str:
    """Say how well a task tells students apart, by the usual limits (Ebel and Frisbie 1991)."""
    if discrimination is None:
        return ""
    limits = ((0.4, "very good"), (0.3, "good"), (0.2, "fair"), (0.0, "weak"))
    return next((word for limit, word in limits if round(discrimination, 2) >= limit), "negative")


def ease(difficulty: float | None) -> str:
    """Say how hard a task was."""
    if difficulty is None:
        return ""
    return "hard" if difficulty < 0.3 else "easy" if difficulty > 0.9 else ""


def uncertainty(students: int) -> float:
    """Return about how far a correlation near 0 may be off in a class of this size (95 per cent; Fisher's z)."""
    return math.tanh(1.96 / math.sqrt(students - 3)) if students > 3 else 1.0
