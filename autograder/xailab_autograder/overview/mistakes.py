"""Which known mistakes a class made, and where something else went wrong: what to repeat on Monday.

- ``Mistake``            a known mistake, its sentence, and who made it
- ``named_mistakes``     a class -> its known mistakes, the most frequent first
- ``Unnamed``            what went wrong without a name, by the first check that failed
- ``unnamed_failures``   a class -> those, in the lab's order
- ``never_attempted``    tasks that nobody tried

A wrong prediction counts too: what somebody who chose it probably thought is in its declaration. Only students with a
result count. Where a person gave all points, nothing is a mistake.
"""

from dataclasses import dataclass

from xailab_autograder.exercises import Choice, Exercise, Task
from xailab_autograder.gradebook.contents import ClassBook, TaskMark
from xailab_autograder.judging.records import Tier
from xailab_autograder.overview.statistics import graded, task_statistics

CHOSE = "chose-"
"""How the judge names a wrong prediction: this, and the key of the option."""


@dataclass(frozen=True)
class Mistake:
    """A known mistake.

    Parameters
    ----------
    task
        At which it was made.
    id
        Of the misconception; ``chose-a`` for a wrong prediction.
    says
        Its sentence.
    read
        Where to read; may be empty.
    students
        The ids of those who made it.
    share
        Of all who have a result.
    """

    task: Task
    id: str
    says: str
    read: str
    students: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Unnamed:
    """Wrong answers that no known mistake explains.

    Parameters
    ----------
    task
        At which.
    tier
        Of the first check that failed; None: the record names none.
    students
        The ids.
    """

    task: Task
    tier: Tier | None
    students: tuple[str, ...]


def named_mistakes(class_book: ClassBook) -> tuple[Mistake, ...]:
    """Return the known mistakes that were made, the most frequent first, then in the lab's order."""
    counted = graded(class_book)
    found: dict[tuple[int, str], list[str]] = {}
    recorded: dict[tuple[int, str], tuple[str, str]] = {}
    for standing in counted:
        for position, mark in enumerate(standing.marks):
            if mark.mistake is not None and mark.judged is not None and wrong(mark):
                found.setdefault((position, mark.mistake), []).append(standing.student.id)
                recorded.setdefault((position, mark.mistake), (mark.judged.likely, mark.judged.read))
    made = []
    for (position, name), students in found.items():
        task = class_book.lab.tasks[position]
        says, read = _declared(task, name) or recorded[position, name]
        made.append((position, Mistake(task, name, says, read, tuple(students), len(students) / len(counted))))
    made.sort(key=lambda entry: (-len(entry[1].students), entry[0], entry[1].id))
    return tuple(mistake for _, mistake in made)


def unnamed_failures(class_book: ClassBook) -> tuple[Unnamed, ...]:
    """Return what went wrong without a name, in the lab's order; of each task the most frequent first."""
    found: dict[tuple[int, Tier | None], list[str]] = {}
    for standing in graded(class_book):
        for position, mark in enumerate(standing.marks):
            failed = mark.judged is not None and mark.judged.status in ("failed", "partial")
            if failed and mark.mistake is None and wrong(mark):
                found.setdefault((position, _first_failed(mark)), []).append(standing.student.id)
    ordered = sorted(found.items(), key=lambda entry: (entry[0][0], -len(entry[1]), str(entry[0][1])))
    return tuple(
        Unnamed(class_book.lab.tasks[position], tier, tuple(students)) for (position, tier), students in ordered
    )


def never_attempted(class_book: ClassBook) -> tuple[Task, ...]:
    """Return the tasks at which nobody wrote anything; none if nobody has a result."""
    return tuple(
        one.task for one in task_statistics(class_book) if one.missing and not one.attempted and not one.errors
    )


def wrong(mark: TaskMark) -> bool:
    """Say whether a judged task is still short of its points: a person may have given them all."""
    return mark.by_hand is None or mark.by_hand.score < mark.task.points


def _declared(task: Task, name: str) -> tuple[str, str] | None:
    """Return a mistake's sentence and where to read; None: the lab declares it no more."""
    if isinstance(task, Choice):
        key = name.removeprefix(CHOSE)
        return (task.because[key], "") if key in task.because else None
    known = task.misconceptions if isinstance(task, Exercise) else ()
    return next(((one.says, one.read or task.read) for one in known if one.id == name), None)  # type: ignore[union-attr]


def _first_failed(mark: TaskMark) -> Tier | None:
    checks = mark.judged.checks if mark.judged is not None else ()
    return next((check.tier for check in checks if check.outcome == "failed"), None)
