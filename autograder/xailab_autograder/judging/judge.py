"""One submission, one exercise: find it, check it, name the mistake, give the points, write the record.

- ``check_task``        one exercise, prediction or reflection -> ``Verdict``
- ``grade_submission``  all tasks of a lab -> ``SubmissionRecord``
- ``Verdict``, ``Evidence``   the record, and the values behind the first shown failure for a picture

The same function judges in the notebook (``hidden=False``: public cases, no edges) and for marks (``hidden=True``: the
student's own cases, and the edges).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task
from xailab_autograder.judging.calling import Caller, ended_text
from xailab_autograder.judging.checking import Findings, check_function
from xailab_autograder.judging.comparing import plain
from xailab_autograder.judging.describing import short_repr
from xailab_autograder.judging.naming import likely
from xailab_autograder.judging.records import TIERS, CheckRecord, ExerciseRecord, Status
from xailab_autograder.judging.seeds import Draw
from xailab_autograder.sandbox.outcomes import Definitions, Died, Found, Returned, Student

DEFINED_SAYS = "is defined and can be called"


@dataclass(frozen=True)
class Evidence:
    """The values behind the first failure that may be shown."""

    case: str
    expected: np.ndarray
    got: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """What came of one task, and what a picture of the mistake needs (None: no arrays, or nothing to show)."""

    record: ExerciseRecord
    evidence: Evidence | None = None


def check_task(
    task: Task,
    student: Student,
    draw: Draw,
    *,
    hidden: bool,
    attempts: int = 0,
    texts: Mapping[str, str] = {},
) -> Verdict:
    """Judge one task.

    Parameters
    ----------
    task
        What is asked.
    student
        Who answers calls.
    draw
        Where the random cases come from: ``seeds.public`` or ``seeds.for_student``.
    hidden
        True: for marks. False: the self-check, in which all numbers may be shown and the edges are left out.
    attempts
        Earlier failed attempts at this exercise; decides which hint is given.
    texts
        Grade id -> text of the reflections.
    """
    if isinstance(task, Reflection):
        return Verdict(_reflection(task, texts.get(task.id, "")))
    definitions = student.definitions()
    if isinstance(task, Choice):
        return Verdict(_choice(task, student, definitions, marked=hidden))
    found = None if isinstance(definitions, Died) else definitions.found.get(task.function)
    if isinstance(definitions, Died) or found is None or found.stub:
        return Verdict(_undefined(task, definitions, found))
    return _judge(task, student, found, draw, hidden=hidden, attempts=attempts)


def _judge(task: Exercise, student: Student, found: Found, draw: Draw, *, hidden: bool, attempts: int) -> Verdict:
    """Judge a function that is there."""
    try:
        cases = tuple(task.random(draw.stream("random")))
        edges = tuple(task.edges(draw.stream("edges")))
        caller = Caller(student, task.function, task.limit_s)
        findings = check_function(
            task, caller, found.parameters or (), cases=cases, edges=edges if hidden else (),
            rng=draw.stream("invariants"), hidden=hidden,
        )  # fmt: skip
        wrong = not findings.sound()
        mistake = likely(task, findings.observations(), findings.pointed) if wrong else None
    except Exception as error:  # our own fault, never the student's: no mark is final
        return Verdict(_fault(task, error))
    status, score = _mark(task, findings)
    checks = (CheckRecord("defined", DEFINED_SAYS, "passed"), *findings.checks)
    record = ExerciseRecord(
        task.id, task.title, task.function, status, score, task.points, checks,
        mistake=mistake.id if mistake else None,
        likely=mistake.says if mistake else "",
        read=(mistake.read if mistake else "") or (task.read if wrong else ""),
        hint=_hint(task, attempts) if wrong else "",
        output=caller.output,
        notes=(f"found in {found.cell}, line {found.line}",),
        seconds=caller.seconds,
        remaining=0 if hidden else len(cases) + len(edges),
    )  # fmt: skip
    return Verdict(record, _evidence(findings) if wrong else None)


def _mark(task: Exercise, findings: Findings) -> tuple[Status, float]:
    """Give points: all, all but the edges' share, or none."""
    before = tuple(tier for tier in TIERS if tier != "edges")
    if not any(check.tier in ("worked", "random") for check in findings.checks) or not findings.sound(*before):
        return "failed", 0.0
    if findings.sound():
        return "passed", task.points
    return "partial", task.points * (1 - task.edge_share)


def _hint(task: Exercise, attempts: int) -> str:
    return task.hints[min(attempts, len(task.hints) - 1)] if task.hints else ""


def _evidence(findings: Findings) -> Evidence | None:
    """Return the first wrong array of a worked case."""
    for tried in findings.tried:
        if tried.tier == "worked" and isinstance(tried.outcome, Returned) and tried.difference is not None:
            got, expected = plain(tried.outcome.value), plain(tried.expected)
            if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray) and got.ndim and expected.ndim:
                return Evidence(tried.case.name, expected, got)
    return None


def _undefined(task: Exercise, definitions: Definitions | Died, found: Found | None) -> ExerciseRecord:
    """Write down that there is nothing to judge."""
    if isinstance(definitions, Died):
        message = f"The definitions of this submission could not be run: {ended_text(definitions, 0)}."
    elif found is None:
        message = f"No definition of `{task.function}` was found; expected a function `{task.signature}`."
    else:
        message = f"`{task.function}` in {found.cell} is still the empty hole."
    checks = [CheckRecord("defined", DEFINED_SAYS, "failed", message)]
    checks += [CheckRecord("worked", case.name, "blocked") for case in task.worked]
    notes: tuple[str, ...] = ()
    if isinstance(definitions, Definitions) and found is None:
        notes = tuple(f"{note.cell}: {note.text}" for note in definitions.notes if note.kind in ("syntax", "error"))
    missing: Status = "failed" if isinstance(definitions, Died) else "missing"
    hint = "" if isinstance(definitions, Died) else _hint(task, 0)
    return ExerciseRecord(
        task.id, task.title, task.function, missing, 0.0, task.points, tuple(checks), hint=hint, notes=notes
    )


def _fault(task: Task, error: Exception) -> ExerciseRecord:
    """Write down that the grader itself failed."""
    name = getattr(task, "function", getattr(task, "variable", ""))
    title = getattr(task, "title", getattr(task, "question", ""))
    what = f"{type(error).__name__}: {error}"
    message = f"The grader failed at this exercise ({what}). This is not your mistake; tell your instructor."
    check = CheckRecord("runs", "could be graded", "blocked", message)
    return ExerciseRecord(task.id, title, name, "error", 0.0, task.points, (check,))


def _choice(task: Choice, student: Student, definitions: Definitions | Died, *, marked: bool) -> ExerciseRecord:
    """Judge a prediction: one of the options, and in a marked run the right one."""
    options = ", ".join(repr(key) for key in task.options)
    found = None if isinstance(definitions, Died) else definitions.found.get(task.variable)
    outcome = student.value(task.variable) if found is not None else None
    given = plain(outcome.value) if isinstance(outcome, Returned) else None
    answer = given.strip().lower() if isinstance(given, str) else None
    keys = {key.lower(): key for key in task.options}
    if answer not in keys:
        what = "nothing" if given is None else short_repr(given, 80)
        message = f"`{task.variable}` holds {what}; expected one of {options}."
        check = CheckRecord("answer", "holds one of the options", "failed", message)
        status: Status = "missing" if given is None else "failed"
        return ExerciseRecord(task.id, task.question, task.variable, status, 0.0, task.points, (check,))
    key = keys[answer]
    text = f"{key}: {task.options[key]}"
    holds = CheckRecord("answer", "holds one of the options", "passed")
    if not marked:
        return ExerciseRecord(
            task.id, task.question, task.variable, "answered", 0.0, task.points, (holds,), text=text, remaining=1
        )
    right = key == task.answer
    why = "" if right else task.because.get(key, "")
    check = CheckRecord("answer", "is what happens", "passed" if right else "failed", why)
    return ExerciseRecord(
        task.id, task.question, task.variable, "passed" if right else "failed", task.points if right else 0.0,
        task.points, (holds, check), mistake=None if right else f"chose-{key}", likely=why, text=text,
    )  # fmt: skip


def _reflection(task: Reflection, text: str) -> ExerciseRecord:
    """Pass a text on to a person."""
    written = bool(text.strip())
    check = CheckRecord("text", "has a text", "passed" if written else "failed")
    status: Status = "manual" if written else "missing"
    return ExerciseRecord(task.id, task.question, "", status, 0.0, task.points, (check,), text=text.strip())


def tasks_wanted(lab: Lab) -> Sequence[tuple[str, str]]:
    """Return (id, name) of every function and variable that a lab asks for."""
    return [
        (task.id, task.function if isinstance(task, Exercise) else task.variable)
        for task in lab.tasks
        if not isinstance(task, Reflection)
    ]
