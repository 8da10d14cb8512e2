# ruff: noqa: E501 (names are read better in one piece)
"""Classes made by hand: small ones to count on fingers, and one of 200 with names that want to be more than names."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from xailab_autograder.course.policy import Terms, lateness
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task
from xailab_autograder.gradebook.contents import ClassBook, HandedIn, HandMark, Standing, TaskMark
from xailab_autograder.judging.calling import ended_text
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, Status, SubmissionRecord
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell, Died, Raised

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

HOSTILE_NAMES = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "O'Brien, \"Bob\" & Söhne", "=HYPERLINK(\"x\")",
    "\u202egnp.exe", "عبد الرحمن بن خلدون", "שרה כהן", "👩‍🎓 Zoë 🎉", "x" * 300, "line\nbreak\tand\x1b[31mred",
    "{{ 7 * 7 }}", "</table></main><h1>pwned", "javascript:alert(1)", "李小龍", "  ", "../../etc/passwd",
)  # fmt: skip

FIRST = (
    "Ada",
    "Ben",
    "Carla",
    "Deniz",
    "Emil",
    "Fatma",
    "Greta",
    "Hugo",
    "Iris",
    "Jonas",
    "Kira",
    "Levin",
    "Mira",
    "Nils",
    "Olga",
    "Paul",
    "Quynh",
    "Rosa",
    "Samir",
    "Tara",
)
LAST = (
    "Ahrens",
    "Bianchi",
    "Chen",
    "Demir",
    "Eze",
    "Fischer",
    "García",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lund",
    "Müller",
    "Nguyen",
    "Okafor",
    "Petrov",
    "Rossi",
    "Sato",
    "Tran",
    "Weber",
)


def exercise_record(task: Task, status: Status, *, mistake: str | None = None, **changes: object) -> ExerciseRecord:
    """Return what the judge would write of a task with this outcome."""
    name = task.function if isinstance(task, Exercise) else getattr(task, "variable", "")
    title = getattr(task, "title", getattr(task, "question", ""))
    score = {"passed": task.points, "partial": 0.75 * task.points}.get(status, 0.0)
    made = ExerciseRecord(task.id, title, name, status, score, task.points, _checks(task, status), mistake=mistake)
    return replace(made, **changes)  # type: ignore[arg-type]


def _checks(task: Task, status: Status) -> tuple[CheckRecord, ...]:
    if isinstance(task, Reflection):
        return (CheckRecord("text", "has a text", "passed" if status == "manual" else "failed"),)
    if isinstance(task, Choice):
        holds = CheckRecord("answer", "holds one of the options", "passed" if status != "missing" else "failed")
        return (
            holds,
            *(
                [CheckRecord("answer", "is what happens", "passed" if status == "passed" else "failed")]
                if status != "missing"
                else []
            ),
        )
    if status == "missing":
        return (
            CheckRecord(
                "defined",
                "is defined and can be called",
                "failed",
                f"`{task.function}` in cell 9 is still the empty hole.",
            ),
        )
    if status == "error":
        return (
            CheckRecord("runs", "could be graded", "blocked", "The grader failed at this exercise (ValueError: x)."),
        )
    checks = [
        CheckRecord("defined", "is defined and can be called", "passed"),
        CheckRecord("runs", "runs without an error", "passed"),
    ]
    wrong = status == "failed"
    checks += [
        CheckRecord(
            "worked", case.name, "failed" if wrong else "passed", "f(x)\nyours: 1\nexpected: 2" if wrong else ""
        )
        for case in task.worked
    ]
    checks.append(
        CheckRecord(
            "edges",
            "one unit",
            {"partial": "failed", "failed": "blocked"}.get(status, "passed"),
            "1 of 1 numbers differs" if status == "partial" else "",
            hidden=True,
        )
    )  # type: ignore[arg-type]
    return tuple(checks)


def record_of(lab: Lab, student: str, exercises: Sequence[ExerciseRecord], **changes: object) -> SubmissionRecord:
    """Return a submission's record."""
    made = SubmissionRecord(
        lab.number, lab.title, student, f"{student}.ipynb"[:80], hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest(), NOW.isoformat(),
        "xailab 0.1.0", "level 3", sum(one.seconds for one in exercises) + 0.4, (), tuple(exercises),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def standing_of(
    lab: Lab, student: str | Student, exercises: Sequence[ExerciseRecord] | None, *,
    by_hand: Mapping[str, HandMark] = {}, remarked: Sequence[str] = (), **changes: object,
) -> Standing:  # fmt: skip
    """Return a student with a result, or with nothing handed in."""
    who = student if isinstance(student, Student) else Student(student)
    judged = {one.id: one for one in exercises or ()}
    marks = tuple(TaskMark(task, judged.get(task.id), by_hand.get(task.id), task.id in remarked) for task in lab.tasks)
    record = None if exercises is None else record_of(lab, who.id, exercises)
    file = (
        None
        if record is None
        else HandedIn(
            lab.number, who.id, record.sha256, record.source, submitted=NOW, submission=Submission(record.source, ())
        )
    )
    return replace(Standing(who, file, record, marks), **changes)  # type: ignore[arg-type]


def book(lab: Lab, *standings: Standing) -> ClassBook:
    """Return a class."""
    return ClassBook("Looking inside networks", lab, tuple(sorted(standings, key=lambda one: one.student.id)), NOW)


def by_scores(lab: Lab, table: Mapping[str, Sequence[float | None]]) -> ClassBook:
    """Return a class from shares of points: student -> one share a task; None: not written."""
    standings = []
    for student, shares in table.items():
        records = [
            exercise_record(task, "missing") if share is None
            else replace(exercise_record(task, "passed" if share == 1 else "partial" if share else "failed"), score=share * task.points)
            for task, share in zip(lab.tasks, shares, strict=True)
        ]  # fmt: skip
        standings.append(standing_of(lab, student, records))
    return book(lab, *standings)


def large(lab: Lab, students: int = 200, seed: int = 1) -> ClassBook:
    """Return a class of many: abilities vary, mistakes are those that the lab knows, some names are hostile."""
    rng = random.Random(seed)
    standings = [_random_student(lab, number, rng) for number in range(students)]
    for number in range(1, len(standings) // 60 + 1):  # the same file twice
        first, second = standings[number * 7 % len(standings)], standings[number * 50 % len(standings)]
        if first.handed_in and second.handed_in:
            same = replace(second.handed_in, sha256=first.handed_in.sha256)
            standings[number * 50 % len(standings)] = replace(second, handed_in=same)
    return book(lab, *standings)


def _random_student(lab: Lab, number: int, rng: random.Random) -> Standing:
    hostile = HOSTILE_NAMES[number // 11] if number % 11 == 5 and number // 11 < len(HOSTILE_NAMES) else ""
    name = hostile or f"{rng.choice(LAST)}, {rng.choice(FIRST)}"
    who = Student(hostile if hostile and number % 2 else f"s{2600000 + number * 37}", name, f"s{number}@example.org")
    terms = Terms(
        NOW, timedelta(minutes=15), 0.1, 0.5, timedelta(days=7), excused=frozenset({who.id} if number % 97 == 3 else ())
    )
    if number % 17 == 3:
        return standing_of(lab, who, None, lateness=lateness(terms, who.id, None))
    late = (
        timedelta(hours=rng.expovariate(1 / 30)) if rng.random() < 0.12 else timedelta(hours=-rng.expovariate(1 / 20))
    )
    file = HandedIn(
        lab.number,
        who.id,
        hashlib.sha256(who.id.encode()).hexdigest(),
        "lab03.ipynb",
        f"{who.id}/lab03.ipynb",
        NOW + late,
    )
    if number % 61 == 7:
        return standing_of(lab, who, None, handed_in=replace(file, problem="the notebook is cut off before its end; save it in Jupyter and hand it in again"),
                           problem="the notebook is cut off before its end; save it in Jupyter and hand it in again", lateness=lateness(terms, who.id, NOW + late))  # fmt: skip
    if number == 42:
        return standing_of(lab, who, None, handed_in=file)
    ability = rng.gauss(0.6, 1.1)
    records = [_random_record(task, ability, number, rng) for task in lab.tasks]
    by_hand = {
        task.id: HandMark(task.id, rng.choice([0, 1, 1.5, 2]) * task.points / 2, "You name the confound.\nWhat would refute it?", "M. Curie", NOW)
        for task in lab.tasks if isinstance(task, Reflection) and number % 3
    }  # fmt: skip
    cells = (Cell("cell 3", "def thresholds(A, q):\n    ...\n", None),)
    marked_again = ["reflect"] if number == 50 else ()
    late_means = lateness(terms, who.id, NOW + late)
    made = standing_of(
        lab, who, records, by_hand=by_hand, remarked=marked_again, lateness=late_means, known=number % 83 != 9
    )
    return replace(
        made, handed_in=replace(file, submission=Submission("lab03.ipynb", cells)), outdated=number in (60, 61)
    )


def _random_record(task: Task, ability: float, number: int, rng: random.Random) -> ExerciseRecord:
    if isinstance(task, Reflection):
        text = (
            f"It fires at boats. Student {number} thinks: water would be the confound; show it boats on land. "
            * rng.randint(1, 4)
        )
        return exercise_record(task, "manual", text=text) if rng.random() < 0.9 else exercise_record(task, "missing")
    if number == 70 and task.points == 4:
        return exercise_record(task, "error")
    chance = 1 / (1 + 2.718 ** -(1.3 * ability + rng.gauss(0, 0.6) - 0.25 * (task.minutes - 8) / 4))
    if rng.random() < chance:
        return exercise_record(task, "passed", seconds=rng.expovariate(8))
    if rng.random() < 0.18:
        return exercise_record(task, "missing")
    if isinstance(task, Choice):
        key = rng.choice(list(task.because))
        return exercise_record(
            task, "failed", mistake=f"chose-{key}", likely=task.because[key], text=f"{key}: {task.options[key]}"
        )
    return _wrong_function(task, rng)


def _wrong_function(task: Exercise, rng: random.Random) -> ExerciseRecord:
    draw = rng.random()
    if draw < 0.62:
        place = min(int(rng.expovariate(0.45)), len(task.misconceptions) - 1)
        known = task.misconceptions[place]
        return exercise_record(task, "failed", mistake=known.id, likely=known.says, read=known.read, seconds=0.1)
    if draw < 0.72:
        return exercise_record(task, "partial", seconds=0.1)
    if draw < 0.8:
        ended = ended_text(Died("time" if draw < 0.77 else rng.choice(["crash", "exit", "memory"])), task.limit_s)
        return exercise_record(
            task,
            "failed",
            seconds=task.limit_s,
            checks=(CheckRecord("runs", "runs without an error", "failed", f"{task.function}(...)\n{ended}"),),
        )
    if draw < 0.9:
        ended = ended_text(
            Raised(
                "IndexError",
                "index 3 is out of bounds for axis 1 with size 3",
                ("cell 17, line 4: best = iou[unit, concept + 1]",),
            ),
            0,
        )
        return exercise_record(
            task,
            "failed",
            checks=(CheckRecord("runs", "runs without an error", "failed", f"{task.function}(...)\n{ended}"),),
        )
    return exercise_record(task, "failed")
