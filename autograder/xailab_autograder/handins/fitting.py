"""How much a file looks like a lab: to choose among several, never to mark.

- ``Fit``  how much of the lab is there, and how much of that was worked on
- ``fit``  a submission and a lab -> ``Fit``
"""

import re
from dataclasses import dataclass

from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.notebooks.wording import stub

_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
_UNTOUCHED = "NotImplementedError"


@dataclass(frozen=True, order=True)
class Fit:
    """How much of a lab is in a file: tasks that were worked on, tasks that are there at all."""

    worked: int
    present: int


def fit(submission: Submission, lab: Lab) -> Fit:
    """Return how much of a lab is in a submission.

    A task is there if a cell carries its id, or defines its name. It was worked on if one of these cells is no longer
    what was given out.
    """
    sources: dict[str, list[str]] = {}
    for cell in submission.cells:
        names = {name for match in _DEFINED.finditer(cell.source) for name in match.groups() if name}
        for key in {*names, cell.grade_id} - {None}:
            sources.setdefault(str(key), []).append(cell.source)
    worked = present = 0
    for task in lab.tasks:
        if isinstance(task, Reflection):
            worked += task.id in submission.texts
            present += task.id in submission.texts
            continue
        found = sources.get(task.id, []) + sources.get(_name(task), [])
        present += bool(found)
        worked += any(stub(task) not in source and _UNTOUCHED not in source for source in found)
    return Fit(worked, present)


def _name(task: Exercise | Choice) -> str:
    """Return the name that a task asks for."""
    return task.function if isinstance(task, Exercise) else task.variable
