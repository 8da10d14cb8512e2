"""The examination of a lab's grading.

- ``rights``      every independent right solution passes, in the sandbox
- ``mistakes``    every misconception is rejected, with its own name
- ``survivors``   mutants of the reference that pass
- ``flickering``  seeds at which a verdict differs from the first seed's
- ``extremes``    the empty notebook scores nothing, the instructor's everything

Each returns what is wrong, in sentences; nothing wrong is an empty list.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xailab_autograder.exercises import Choice, Exercise, Lab, Task
from xailab_autograder.judging.judge import Verdict, check_task, tasks_wanted
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.judging.records import ExerciseRecord
from xailab_autograder.judging.seeds import Draw, for_student
from xailab_autograder.judging.threads import one_thread
from xailab_autograder.sandbox.outcomes import Cell, Student, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import Zygote
from xailab_autograder.validity.mutating import Mutant, mutants

KEY = b"the key of the examination"
FEWEST_RIGHT = 3
MUTANT_LIMIT_S = 3.0
"""Seconds for all calls of a mutant: some loop for ever, and the reference takes milliseconds."""


@dataclass(frozen=True)
class Survival:
    """A mutant that passed."""

    exercise: str
    mutant: Mutant


def functions(lab: Lab) -> list[Exercise]:
    """Return the tasks in which a function is written."""
    return [task for task in lab.tasks if isinstance(task, Exercise)]


def draw_of(lab: Lab, task: Task, seed: int) -> Draw:
    """Return the draw of a made-up student."""
    return for_student(KEY, lab.number, task.id, f"student {seed}")


def _judged(task: Task, student: Student, draw: Draw, *, hidden: bool = True) -> Verdict:
    with one_thread():
        return check_task(task, student, draw, hidden=hidden)


def rights(
    lab: Lab, variants: Mapping[str, Sequence[Callable[..., Any]]], zygote: Zygote, *, seeds: Sequence[int] = (0,)
) -> list[str]:
    """Check that the reference and every variant get full marks; the variants run in the sandbox, from their file."""
    wrong = []
    for task in functions(lab):
        solutions = variants.get(task.id, ())
        if len(solutions) < FEWEST_RIGHT:
            wrong.append(f"{task.id}: {len(solutions)} independent right solutions, expected {FEWEST_RIGHT} or more")
        for seed in seeds:
            draw = draw_of(lab, task, seed)
            local = LocalStudent({task.function: task.reference})
            wrong += _unless_full(_judged(task, local, draw).record, "the reference", seed)
            for solution in solutions:
                cells = _cells(solution, task.function)
                with SandboxedStudent(zygote, cells, [Wanted(task.id, task.function)]) as student:
                    record = _judged(task, student, draw).record
                wrong += _unless_full(record, solution.__name__, seed)
    return wrong


def _cells(solution: Callable[..., Any], name: str) -> tuple[Cell, ...]:
    """Return a variant's whole file, and a cell that gives it the name that the exercise asks for."""
    file = Path(inspect.getfile(solution))
    return Cell(file.name, file.read_text()), Cell("name", f"{name} = {solution.__name__}\n")


def _unless_full(record: ExerciseRecord, who: str, seed: int) -> Iterator[str]:
    if record.score != record.points or record.status != "passed":
        failed = next((check for check in record.checks if check.outcome != "passed"), None)
        why = f"{failed.tier}, {failed.says}: {failed.message}" if failed else record.status
        yield f"{record.id}: {who} gets {record.score:g} of {record.points:g} with seed {seed} ({why})"


def mistakes(lab: Lab, *, seeds: Sequence[int] = (0,)) -> list[str]:
    """Check that every misconception is rejected and named, by its own name, in the self-check and for marks."""
    wrong = []
    for task in functions(lab):
        for known, way in [(one, way) for one in task.misconceptions for way in one.ways]:
            local = LocalStudent({task.function: way})
            for seed, hidden in ((seed, hidden) for seed in seeds for hidden in (False, True)):
                record = _judged(task, local, draw_of(lab, task, seed), hidden=hidden).record
                where = (
                    f"{task.id}: {known.id} ({way.__name__}) with seed {seed}{'' if hidden else ', in the self-check'}"
                )
                if record.score == record.points and hidden:
                    wrong.append(f"{where} passes")
                elif record.status == "error":
                    wrong.append(f"{where}: {record.checks[0].message}")
                elif record.mistake != known.id and (hidden or record.status != "passed"):
                    wrong.append(f"{where} is named {record.mistake}")
    return wrong


def survivors(
    lab: Lab, zygote: Zygote, *, every: int = 1, progress: Callable[[str], None] = lambda _: None
) -> tuple[int, list[Survival]]:
    """Judge mutants of every reference in the sandbox.

    Parameters
    ----------
    lab, zygote
        Whose references, and where workers come from.
    every
        Only each so manieth mutant of an exercise, for a quick look.
    progress
        Called with the exercise's id after each.

    Returns
    -------
    tried, survivors
        How many there were, and those that got full marks.
    """
    tried, alive = 0, []
    for task in functions(lab):
        quick = replace(task, limit_s=MUTANT_LIMIT_S)
        for mutant in mutants(task.reference)[::every]:
            tried += 1
            cells = [Cell("mutant", mutant.source)]
            if mutant.function != task.function:
                cells.append(Cell("name", f"{task.function} = {mutant.function}\n"))
            with SandboxedStudent(zygote, cells, [Wanted(task.id, task.function)]) as student:
                record = _judged(quick, student, draw_of(lab, task, 0)).record
            if record.status in ("passed", "error"):
                alive.append(Survival(task.id, mutant))
            progress(task.id)
    return tried, alive


def flickering(lab: Lab, *, seeds: Sequence[int]) -> list[str]:
    """Check that verdicts do not depend on the random cases: the references and all misconceptions, at many seeds."""
    wrong = []
    for task in functions(lab):
        candidates = {"the reference": task.reference}
        candidates |= {f"{known.id} {n}": way for known in task.misconceptions for n, way in enumerate(known.ways)}
        for name, function in candidates.items():
            verdicts: dict[tuple[float, str | None], int] = {}
            for seed in seeds:
                local = LocalStudent({task.function: function})
                record = _judged(task, local, draw_of(lab, task, seed)).record
                verdicts.setdefault((record.score, record.mistake), seed)
            if len(verdicts) > 1:
                found = "; ".join(f"seed {seed}: {score:g}, {mistake}" for (score, mistake), seed in verdicts.items())
                wrong.append(f"{task.id}: {name} flickers ({found})")
    return wrong


def extremes(lab: Lab, empty: Sequence[Cell], solved: Sequence[Cell], zygote: Zygote) -> list[str]:
    """Check that the student's empty notebook scores 0 and the instructor's everything that is marked automatically."""
    wrong = []
    wanted = [Wanted(exercise, name) for exercise, name in tasks_wanted(lab)]
    for cells, who, share in ((empty, "the empty notebook", 0), (solved, "the instructor's notebook", 1)):
        with SandboxedStudent(zygote, cells, wanted) as student:
            for task in lab.tasks:
                if not isinstance(task, Exercise | Choice):
                    continue
                record = _judged(task, student, draw_of(lab, task, 0)).record
                if record.score != share * task.points:
                    wrong.append(f"{task.id}: {who} gets {record.score:g} of {task.points:g}")
    return wrong
