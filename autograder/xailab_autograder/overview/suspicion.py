"""What is worth a look, with the reason: never a verdict, and never a mark.

- ``RULES``       the rules: a name, and what it may mean; each has innocent reasons
- ``Suspicion``   one student, one rule, the reason
- ``suspicious``  a class -> those, in the order of the rules

Similarity between programs is another matter (``similarity``); here stands what the records and files say by
themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xailab_autograder.exercises import Exercise, Reflection
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.gradebook.contents import ClassBook, Standing
from xailab_autograder.judging.calling import ended_text
from xailab_autograder.judging.records import ExerciseRecord
from xailab_autograder.sandbox.outcomes import Died

RULES = {
    "same-file": "byte for byte the same file as somebody else's: one file may have been uploaded for two by mistake",
    "same-text": "word for word the same text as somebody else's",
    "process": "the code ended, crashed or bypassed the process that ran it: often a recursion without an end",
    "refused": "the sandbox refused something that the code tried: often a path of one's own computer",
    "limits": "more time, memory or files than a submission may use: often a loop over every pixel",
    "no-functions": "much code, but none of the functions that were asked for: perhaps another lab's notebook",
}

SAME_TEXT = 80
"""Characters from which equal texts are no coincidence."""

MUCH_CODE = 40
"""Lines of code from which a submission without any of the functions is strange."""

_PROCESS = tuple(ended_text(Died(reason), 0) for reason in ("exit", "crash", "protocol"))
_LIMITS = ("it did not finish", *(ended_text(Died(reason), 0) for reason in ("memory", "scratch")))
_REFUSED = ("it raised PermissionError", "it raised BlockingIOError")  # a path, a socket; a process
_WITHHELD = "withheld while your code is graded"
_NO_DEFINITION = "No definition of "
_NOT_RUN = "The definitions of this submission could not be run: "


@dataclass(frozen=True)
class Suspicion:
    """Something worth a look.

    Parameters
    ----------
    student
        The id.
    rule
        One of ``RULES``.
    why
        The reason, in a sentence. May hold what students wrote: views must escape it.
    """

    student: str
    rule: str
    why: str


def suspicious(class_book: ClassBook) -> tuple[Suspicion, ...]:
    """Return what is worth a look, in the order of the rules, then of the students."""
    found = [*_same_files(class_book), *_same_texts(class_book)]
    for standing in class_book.standings:
        found += _by_records(standing)
        found += _without_functions(standing)
    order = list(RULES)
    return tuple(sorted(found, key=lambda one: order.index(one.rule)))  # stable: students stay in order


def _same_files(class_book: ClassBook) -> Iterator[Suspicion]:
    """Find files that were handed in by several students."""
    owners: dict[str, list[str]] = {}
    for standing in class_book.standings:
        if standing.handed_in is not None and standing.handed_in.sha256:
            owners.setdefault(standing.handed_in.sha256, []).append(standing.student.id)
    for students in owners.values():
        for student in students if len(students) > 1 else ():
            yield Suspicion(student, "same-file", f"the same file as {_others(student, students)}")


def _same_texts(class_book: ClassBook) -> Iterator[Suspicion]:
    """Find reflections with the same words; those who handed in the same file are named already."""
    for position, task in enumerate(class_book.lab.tasks):
        if not isinstance(task, Reflection):
            continue
        writers: dict[str, dict[str, str]] = {}
        for standing in class_book.standings:
            judged = standing.marks[position].judged if standing.marks else None
            words = " ".join(judged.text.casefold().split()) if judged is not None else ""
            if len(words) >= SAME_TEXT and standing.handed_in is not None:
                writers.setdefault(words, {})[standing.student.id] = standing.handed_in.sha256
        for files in writers.values():
            if len(set(files.values())) > 1:
                for student in files:
                    why = f"{task.id}: the same text as {_others(student, list(files))}"
                    yield Suspicion(student, "same-text", why)


def _others(student: str, students: Sequence[str]) -> str:
    """Name the others of a group, at most three of them."""
    names = [one_line(other, 60) for other in students if other != student]
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def _by_records(standing: Standing) -> Iterator[Suspicion]:
    """Find what the checks of a record say about processes, limits and refusals."""
    if standing.record is None:
        return
    reasons: dict[str, dict[str, list[str]]] = {}
    for exercise in standing.record.exercises:
        for check in exercise.checks:
            rule, why = _ending(check.message) if check.outcome == "failed" else ("", "")
            if rule:
                reasons.setdefault(rule, {}).setdefault(why, []).append(exercise.function or exercise.id)
    for note in standing.record.notes:
        if _WITHHELD in note:
            reasons.setdefault("refused", {}).setdefault(one_line(note), [])
    for rule, found in reasons.items():
        told = [f"{', '.join(dict.fromkeys(names))}: {why}" if names else why for why, names in found.items()]
        yield Suspicion(standing.student.id, rule, "; ".join(told))


def _ending(message: str) -> tuple[str, str]:
    """Say which rule a message breaks and how; a student's own words stand below "it raised" and are not read."""
    for line in message.splitlines():
        ended = line.removeprefix(_NOT_RUN)
        for rule, starts in (("process", _PROCESS), ("limits", _LIMITS), ("refused", _REFUSED)):
            if ended.startswith(starts):
                return rule, one_line(ended.partition(":")[0] if rule == "limits" else ended, 200)
        if ended.startswith("it raised"):
            return ("refused", one_line(ended, 200)) if _WITHHELD in ended else ("", "")
    return "", ""


def _without_functions(standing: Standing) -> Iterator[Suspicion]:
    """Find long submissions in which none of the functions stands, not even as an empty hole."""
    submission = standing.handed_in.submission if standing.handed_in is not None else None
    asked = [mark.judged for mark in standing.marks if isinstance(mark.task, Exercise) and mark.judged is not None]
    if submission is None or not asked or not all(map(_not_found, asked)):
        return
    lines = sum(bool(line.strip()) for cell in submission.cells for line in cell.source.splitlines())
    if lines >= MUCH_CODE:
        functions = f"none of the {len(asked)} functions" if len(asked) > 1 else "not the function"
        yield Suspicion(standing.student.id, "no-functions", f"{lines:,} lines of code, but {functions} asked for")


def _not_found(record: ExerciseRecord) -> bool:
    return record.status == "missing" and any(check.message.startswith(_NO_DEFINITION) for check in record.checks)
