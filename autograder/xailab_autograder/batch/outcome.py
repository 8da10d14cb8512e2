"""What is told while a class is graded, and what came of it.

- ``Progress``     a step
- ``Outcome``      the end
"""

from collections.abc import Callable
from dataclasses import dataclass

from xailab_autograder.gradebook.contents import Change
from xailab_autograder.judging.records import SubmissionRecord


@dataclass(frozen=True)
class Progress:
    """What is told while a class is graded.

    Parameters
    ----------
    total, done
        Hand-ins that can be graded, and those whose result is up to date.
    student
        Whose result has just come; empty: nobody's.
    record
        It; None: there is none.
    problem
        Why the judge could not.
    note
        What the instructor may want to know, such as what is waited for.
    """

    total: int
    done: int
    student: str = ""
    record: SubmissionRecord | None = None
    problem: str = ""
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of grading a class.

    Parameters
    ----------
    graded
        Results that this run wrote.
    unchanged
        Results that were up to date when it began.
    problems
        (student, why the judge could not).
    changes
        Marks that became others.
    seconds
        What it took.
    graded_elsewhere
        Results that other graders wrote meanwhile.
    """

    graded: int
    unchanged: int
    problems: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    seconds: float
    graded_elsewhere: int = 0


Tell = Callable[[Progress], None]


def silent(told: Progress) -> None:
    """Tell nobody."""
