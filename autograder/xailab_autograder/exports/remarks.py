"""A result in a few sentences, for a platform's field for comments. Never what is hidden: no inputs, no numbers.

- ``Remark``  a headline, one line for each task, and what else there is to say
- ``remark``  of a standing
- ``plain``   as one line of text
- ``html``    as HTML, everything escaped
- ``title``   what a task is called in a list
"""

import html as markup
from dataclasses import dataclass

from xailab_autograder.exercises import Exercise, Task
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.feedback.wording import STATUSES, number
from xailab_autograder.gradebook.contents import Standing, TaskMark

LONGEST = 400
"""Characters of a person's comment or of a mistake's sentence."""


@dataclass(frozen=True)
class Remark:
    """A result in a few sentences."""

    headline: str
    tasks: tuple[str, ...]
    late: str


def remark(standing: Standing, lab: str) -> Remark:
    """Return the points of each task, named mistakes, people's comments, and what lateness costs.

    Parameters
    ----------
    standing
        Of a student with a result.
    lab
        What the lab is called: ``"Lab 03"``.
    """
    waiting = sum(mark.task.points for mark in standing.marks if mark.waits)
    headline = f"{lab}: {number(standing.score)} of {number(standing.points)} points"
    headline += f" so far; {number(waiting)} more are marked by a person" if waiting else ""
    late = one_line(standing.lateness.why, LONGEST)
    if standing.deduction:
        late += f" (-{number(standing.deduction)} points)"
    return Remark(headline, tuple(_line(mark) for mark in standing.marks), late)


def plain(said: Remark) -> str:
    """Return it as one line of text."""
    return ". ".join(part.rstrip(".") for part in (said.headline, *said.tasks, said.late) if part)


def html(said: Remark) -> str:
    """Return it as HTML without a line break; everything is escaped."""
    items = "".join(f"<li>{markup.escape(line)}</li>" for line in said.tasks)
    late = f"<p>{markup.escape(said.late)}</p>" if said.late else ""
    return f"<p>{markup.escape(said.headline)}</p><ul>{items}</ul>{late}"


def title(task: Task) -> str:
    """Return what a task is called in a list: its function's name, else its id."""
    return task.function if isinstance(task, Exercise) else task.id


def _line(mark: TaskMark) -> str:
    line = f"{title(mark.task)}: {number(mark.score)}/{number(mark.task.points)}"
    if mark.by_hand is not None:
        comment = one_line(mark.by_hand.comment, LONGEST)
        return f"{line}, {comment}" if comment else line
    if mark.judged is None:
        return line
    if mark.judged.likely:
        return f"{line}, likely: {one_line(mark.judged.likely, LONGEST)}"
    return line if mark.judged.status in ("passed", "answered") else f"{line}, {STATUSES[mark.judged.status]}"
