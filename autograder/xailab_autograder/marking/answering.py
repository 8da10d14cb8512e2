"""What a student wrote for a task.

- ``answered``  the text of a reflection, or the cells with a function or a prediction

It is text to be read. Nothing here runs or parses a student's code.
"""

import re

from xailab_autograder.exercises import Choice, Exercise, Reflection, Task
from xailab_autograder.gradebook.contents import Standing

MOST_CELLS = 12
"""Cells that are shown for one task: copies of a cell are all read, a thousand of them are not."""


def answered(standing: Standing, task: Task) -> str:
    """Return what a student wrote for a task; empty if nothing was found.

    Parameters
    ----------
    standing
        The student in this lab.
    task
        The task.
    """
    submission = standing.handed_in.submission if standing.handed_in is not None else None
    if isinstance(task, Reflection):
        if submission is not None:
            return submission.texts.get(task.id, "")
        return _judged_text(standing, task)
    if submission is None:
        return ""
    named = _defines(task)
    cells = [cell for cell in submission.cells if cell.grade_id == task.id or named.search(cell.source)]
    shown = [f"# {cell.label}\n{cell.source.strip(chr(10))}" for cell in cells[:MOST_CELLS]]
    if len(cells) > MOST_CELLS:
        shown.append(f"# and {len(cells) - MOST_CELLS} more cells")
    return "\n\n".join(shown)


def _judged_text(standing: Standing, task: Reflection) -> str:
    """Return the text that the judge passed on, where the hand-in itself is not known."""
    if standing.record is None:
        return ""
    return next((each.text for each in standing.record.exercises if each.id == task.id), "")


def _defines(task: Exercise | Choice) -> re.Pattern[str]:
    """Return what a cell looks like that gives a task's name a value."""
    if isinstance(task, Choice):
        return re.compile(rf"^[ \t]*{re.escape(task.variable)}[ \t]*[:=]", re.MULTILINE)
    name = re.escape(task.function)
    return re.compile(rf"^[ \t]*(?:async[ \t]+)?(?:def[ \t]+{name}\b|{name}[ \t]*=)", re.MULTILINE)
