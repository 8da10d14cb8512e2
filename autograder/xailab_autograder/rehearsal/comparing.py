"""Is what came the truth?

- ``compare``     a gradebook's view of the class against the truth -> differences
- ``Difference``  one of them
- ``report``      a short text
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xailab_autograder.gradebook.contents import ClassBook, Standing
from xailab_autograder.rehearsal.truth import Status, TaskTruth, Truth

NEAR = 1e-6
"""Points that are so near are equal: sums of floats."""

_MOST_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """Something that is not as it has to be.

    Parameters
    ----------
    student
        The id.
    what
        ``"result"``, ``"deduction"``, ``"score"``, ``"excused"``, or a task's id with ``": points"``,
        ``": mistake"`` or ``": result"``.
    expected, got
        As text.
    about
        What the student did.
    """

    student: str
    what: str
    expected: str
    got: str
    about: str = ""


def compare(class_book: ClassBook, truth: Sequence[Truth]) -> tuple[Difference, ...]:
    """Return every difference between what came and the truth: none is how it should be.

    Parameters
    ----------
    class_book
        All students of the lab.
    truth
        Of the same class.
    """
    standings = {standing.student.id: standing for standing in class_book.standings}
    found: list[Difference] = []
    for told in truth:
        standing = standings.pop(told.student, None)
        if standing is not None:
            found += _of_student(told, standing)
        elif told.status != "absent":
            found.append(Difference(told.student, "result", told.status, "not in the gradebook", told.about))
    found += [Difference(student, "result", "nobody of this id", "in the gradebook") for student in standings]
    return tuple(found)


def report(differences: Sequence[Difference], truth: Sequence[Truth]) -> str:
    """Return a short text: how many are as they have to be, and what is not.

    Parameters
    ----------
    differences
        From ``compare``.
    truth
        Of the whole class.
    """
    students = {difference.student for difference in differences}
    graded = sum(told.status == "graded" for told in truth)
    mistakes = sum(task.mistake is not None for told in truth for task in told.tasks)
    head = f"{len(truth)} students, {graded} to be graded, {mistakes} mistakes to be named: "
    if not differences:
        return f"{head}everything as it has to be\n"
    kinds = Counter(difference.what for difference in differences)
    lines = [f"{head}{len(differences)} differences at {len(students)} students", ""]
    lines += [f"  {count:4d}  {what}" for what, count in kinds.most_common()]
    lines += ["", *(_line(difference) for difference in differences[:_MOST_SHOWN])]
    if len(differences) > _MOST_SHOWN:
        lines.append(f"... and {len(differences) - _MOST_SHOWN} more")
    return "\n".join(lines) + "\n"


def _line(difference: Difference) -> str:
    about = f"  ({difference.about})" if difference.about else ""
    return f"{difference.student}: {difference.what}: expected {difference.expected}, got {difference.got}{about}"


def _of_student(told: Truth, standing: Standing) -> Iterator[Difference]:
    """Compare one student."""

    def unless(equal: bool, what: str, expected: object, got: object) -> Iterator[Difference]:
        if not equal:
            yield Difference(told.student, what, str(expected), str(got), told.about)

    status = _status(standing)
    yield from unless(status == told.status, "result", told.status, f"{status} {standing.problem}".strip())
    yield from unless(standing.lateness.excused == told.excused, "excused", told.excused, standing.lateness.excused)
    if status != "graded" or told.status != "graded":
        return
    marks = {mark.task.id: mark for mark in standing.marks}
    for task in told.tasks:
        mark = marks.get(task.task)
        if mark is None or mark.judged is None:
            yield from unless(False, f"{task.task}: result", _said(task), "none")
            continue
        yield from unless(mark.status != "error", f"{task.task}: result", "a verdict", "the judge failed")
        yield from unless(_near(mark.judged.score, task.score), f"{task.task}: points", _said(task), mark.judged.score)
        yield from unless(mark.mistake == task.mistake, f"{task.task}: mistake", task.mistake, mark.mistake)
    by_hand = sum(
        mark.by_hand.score - (mark.judged.score if mark.judged else 0) for mark in standing.marks if mark.by_hand
    )
    cost = (told.raw + by_hand) * told.share
    yield from unless(_near(standing.deduction, cost), "deduction", f"{cost:g}", f"{standing.deduction:g}")
    score = told.raw + by_hand - cost
    yield from unless(_near(standing.score, score), "score", f"{score:g}", f"{standing.score:g}")


def _status(standing: Standing) -> Status:
    if standing.graded and not standing.outdated:
        return "graded"
    return "absent" if standing.handed_in is None and not standing.problem else "problem"


def _said(task: TaskTruth) -> str:
    return f"{task.score:g}" + (f" ({task.mistake})" if task.mistake else "")


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR
