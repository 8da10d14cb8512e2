"""What the tests of every lab ask: its modules, its exercises and their cases, and a verdict without a sandbox."""

import importlib
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from xailab_autograder import labs
from xailab_autograder.exercises import Case, Exercise, Lab
from xailab_autograder.judging.judge import check_task
from xailab_autograder.judging.local import LocalStudent
from xailab_autograder.judging.records import ExerciseRecord
from xailab_autograder.judging.seeds import for_student

KEY = b"a key for the tests alone"


def _module(number: str, name: str) -> ModuleType:
    labs.load(number)
    return importlib.import_module(f"xailab_lab_{number}.{name}")


def modules_of(number: str) -> Callable[[str], ModuleType]:
    """Return what imports a module of a lab by its name."""
    return partial(_module, number)


def exercise(lab: Lab, name: str) -> Exercise:
    return next(task for task in lab.tasks if isinstance(task, Exercise) and task.id == name)


def cases(lab: Lab, name: str, seed: int) -> list[Case]:
    task = exercise(lab, name)
    return [*task.worked, *task.random(np.random.default_rng(seed)), *task.edges(np.random.default_rng(seed + 1000))]


def judged(lab: Lab, name: str, function: Callable[..., Any], seed: int = 0, *, hidden: bool = True) -> ExerciseRecord:
    task = exercise(lab, name)
    draw = for_student(KEY, lab.number, name, f"student {seed}")
    return check_task(task, LocalStudent({task.function: function}), draw, hidden=hidden).record
