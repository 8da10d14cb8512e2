"""What the judge said about a task, in short.

- ``Judged``   a verdict for somebody who decides whether to change it
- ``verdict``  a task's mark -> ``Judged``
"""

from dataclasses import dataclass

from xailab_autograder.exercises import Reflection
from xailab_autograder.feedback.wording import failures, headline, likely_words
from xailab_autograder.gradebook.contents import TaskMark
from xailab_autograder.judging.records import CheckRecord, Status

SHOWN = 3
"""Failed checks that are shown."""


@dataclass(frozen=True)
class Judged:
    """A verdict in short; texts may be a student's."""

    status: Status
    score: float
    points: float
    headline: str
    likely: str
    failed: tuple[CheckRecord, ...]
    more: int
    notes: tuple[str, ...]


def verdict(mark: TaskMark) -> Judged | None:
    """Return what the judge said; None: nothing yet, or the task is a text.

    Parameters
    ----------
    mark
        Of one task of one student.
    """
    record = mark.judged
    if record is None or isinstance(mark.task, Reflection):
        return None
    failed = failures(record)
    return Judged(
        record.status,
        record.score,
        record.points,
        headline(record),
        likely_words(record).strip(),
        tuple(failed[:SHOWN]),
        max(len(failed) - SHOWN, 0),
        record.notes[:5],
    )
