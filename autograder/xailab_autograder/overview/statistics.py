"""How the class did: its scores, and how well each task tells those who can from those who cannot.

- ``graded``           who counts: students with a result
- ``Scores``           the scores of a class, with a histogram
- ``scores``           a class -> its scores
- ``TaskStatistics``   how many have a task, how hard it is, how well it discriminates
- ``task_statistics``  a class -> one for each task

Only students with a result count: those who handed in nothing, or a file that could not be graded, are in no number.
Difficulty is the mean share of a task's points (the easier, the higher). Discrimination is the correlation of a task's
points with the share of the *other* points, so that no task is compared with itself.
Source: Kelley 1939 for upper and lower groups of 27 per cent; Henrysson 1963 for leaving the task out of the total;
Ebel and Frisbie 1991 for how such numbers are read.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from xailab_autograder.exercises import Task
from xailab_autograder.gradebook.contents import ClassBook, Standing, TaskMark

FEWEST = 10
"""Students below which no discrimination is given: it would be noise."""

GROUP = 0.27
"""Part of the class in the upper and in the lower group (Kelley 1939)."""

MOST_BINS = 20


@dataclass(frozen=True)
class Scores:
    """The points that count (after deductions) of all who have a result.

    Parameters
    ----------
    counted
        How many students.
    points
        The most that could be earned.
    mean, median, lower, upper, lowest, highest
        Of the scores; ``lower`` and ``upper`` are the quartiles, between neighbours by a straight line.
    deviation
        The sample's standard deviation (n - 1); None for a single student.
    width
        Of a bin, in points.
    bins
        How many students: the first from 0 to below ``width``, and so on; the last one holds its upper end too.
    """

    counted: int
    points: float
    mean: float
    median: float
    lower: float
    upper: float
    lowest: float
    highest: float
    deviation: float | None
    width: float
    bins: tuple[int, ...]


@dataclass(frozen=True)
class TaskStatistics:
    """How the class did at one task.

    Parameters
    ----------
    task
        Its declaration.
    full, partial, none, missing, waiting
        How many students have all points, some, none for what they wrote, wrote nothing, or have no mark yet (a person
        has to mark it, or the grader failed). Together they are all who count.
    errors
        Those of ``waiting`` at whom the grader itself failed.
    difficulty
        Mean share of the points over those who have a mark; None if nobody has.
    discrimination
        Correlation with the share of the other points; None with fewer than ``FEWEST`` marks, or where all are equal.
    upper_lower
        Mean share in the upper group less that in the lower group, by the share of the other points; None likewise.
    """

    task: Task
    full: int
    partial: int
    none: int
    missing: int
    waiting: int
    errors: int
    difficulty: float | None
    discrimination: float | None
    upper_lower: float | None

    @property
    def attempted(self) -> int:
        """How many wrote something."""
        return self.full + self.partial + self.none + self.waiting - self.errors

    @property
    def marked(self) -> int:
        """How many have a mark, which may be 0."""
        return self.full + self.partial + self.none + self.missing


def graded(class_book: ClassBook) -> tuple[Standing, ...]:
    """Return the students who count: those with a result."""
    return tuple(standing for standing in class_book.standings if standing.graded)


def scores(class_book: ClassBook) -> Scores | None:
    """Return the scores of a class; None if nobody has a result, or there are no points to earn."""
    found = sorted(standing.score for standing in graded(class_book))
    points = class_book.lab.points
    if not found or points <= 0:
        return None
    lower, median, upper = statistics.quantiles(found, n=4, method="inclusive") if len(found) > 1 else found * 3
    width = bin_width(points, len(found))
    bins = [0] * max(math.ceil(points / width - 1e-9), 1)
    for score in found:
        # 0.3 / 0.1 is 2.999...: a score on an edge belongs above it
        bins[min(max(math.floor(score / width + 1e-9), 0), len(bins) - 1)] += 1
    return Scores(
        counted=len(found),
        points=points,
        mean=statistics.fmean(found),
        median=median,
        lower=lower,
        upper=upper,
        lowest=found[0],
        highest=found[-1],
        deviation=statistics.stdev(found) if len(found) > 1 else None,
        width=width,
        bins=tuple(bins),
    )


def bin_width(points: float, students: int) -> float:
    """Return 1, 2 or 5 times a power of ten: about twice the cube root of the number of students as bins, 5 to 20."""
    most = min(max(round(2 * students ** (1 / 3)), 5), MOST_BINS)
    power: float = 10.0 ** math.floor(math.log10(points / most))
    return next(step * power for step in (1, 2, 5, 10) if points / (step * power) <= most + 1e-9)


def task_statistics(class_book: ClassBook) -> tuple[TaskStatistics, ...]:
    """Return the statistics of each task, in the lab's order."""
    students = graded(class_book)
    return tuple(_one_task(task, position, students) for position, task in enumerate(class_book.lab.tasks))


def _one_task(task: Task, position: int, students: Sequence[Standing]) -> TaskStatistics:
    marks = [standing.marks[position] for standing in students]
    kinds = [kind(mark) for mark in marks]
    pairs: list[tuple[float, float]] = []
    shares: list[float] = []
    for standing, mark in zip(students, marks, strict=True):
        if kind(mark) == "waiting" or task.points <= 0:
            continue
        share = mark.score / task.points
        shares.append(share)
        rest = _share_of_others(standing, position)
        if rest is not None:
            pairs.append((share, rest))
    return TaskStatistics(
        task=task,
        full=kinds.count("full"),
        partial=kinds.count("partial"),
        none=kinds.count("none"),
        missing=kinds.count("missing"),
        waiting=kinds.count("waiting"),
        errors=sum(mark.status == "error" and mark.waits for mark in marks),
        difficulty=statistics.fmean(shares) if shares else None,
        discrimination=correlation(pairs) if len(pairs) >= FEWEST else None,
        upper_lower=upper_lower(pairs) if len(pairs) >= FEWEST else None,
    )  # fmt: skip


def kind(mark: TaskMark) -> str:
    """Say what a mark is: ``"full"``, ``"partial"``, ``"none"``, ``"missing"`` or ``"waiting"``."""
    if mark.waits or (mark.judged is None and mark.by_hand is None):
        return "waiting"
    if mark.score >= mark.task.points > 0:
        return "full"
    if mark.score > 0:
        return "partial"
    return "missing" if mark.status == "missing" else "none"


def _share_of_others(standing: Standing, position: int) -> float | None:
    """Return the share of the points of all other tasks that have a mark; None if none has."""
    others = [
        mark for place, mark in enumerate(standing.marks) if place != position and kind(mark) != "waiting"
    ]  # fmt: skip
    points = sum(mark.task.points for mark in others)
    return sum(mark.score for mark in others) / points if points > 0 else None


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation; None if one side does not vary."""
    first, second = zip(*pairs, strict=True)
    try:
        return statistics.correlation(first, second)
    except statistics.StatisticsError:
        return None


def upper_lower(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the mean share in the upper 27 per cent less that in the lower 27 per cent; None if all are equal.

    Students who tie for the last places of a group share them, so that their order does not matter.

    Parameters
    ----------
    pairs
        For each student: the share of this task's points, the share of the other points.
    """
    places = max(round(GROUP * len(pairs)), 1)
    if len({rest for _, rest in pairs}) < 2:
        return None
    lower = _group_mean(sorted(pairs, key=lambda pair: pair[1]), places)
    return _group_mean(sorted(pairs, key=lambda pair: -pair[1]), places) - lower


def _group_mean(ordered: Sequence[tuple[float, float]], places: int) -> float:
    """Return the mean share over the first places; those who tie for the last ones count by their chance of one."""
    border = ordered[places - 1][1]
    tied = [share for share, rest in ordered if rest == border]
    inside = [share for share, rest in ordered[:places] if rest != border]
    return (sum(inside) + (places - len(inside)) * statistics.fmean(tied)) / places
