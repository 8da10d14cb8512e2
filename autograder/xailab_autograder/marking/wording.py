"""What the pages say about a task, an answer and a mark.

- ``title``, ``asks``   a task in a line, in full
- ``counted``           how long an answer is
- ``nothing``           why there is no answer
- ``handed_in``         what came, and when
- ``when``              a time, as a clock on this machine shows it
- ``stored_says``       the stored mark in a line
- ``typed_before``      a stored mark as it was typed
- ``reusable``          the comments that were used before
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import ClassBook, HandMark, Standing
from xailab_autograder.marking.forms import Typed

REUSABLE = 8
"""Comments that are offered again."""


@dataclass(frozen=True)
class Reusable:
    """A comment that was used before, and how often."""

    text: str
    times: int


def title(task: Task, lab: Lab) -> str:
    """Return a task in a line: reflections are numbered where there are several."""
    if isinstance(task, Exercise):
        return f"{task.title} ({task.function})"
    if isinstance(task, Choice):
        return f"Prediction: {task.question}"
    texts = [each.id for each in lab.tasks if isinstance(each, Reflection)]
    return f"Reflection {texts.index(task.id) + 1}" if len(texts) > 1 else "Reflection"


def asks(task: Task) -> str:
    """Return what a task asks for."""
    if isinstance(task, Exercise):
        return f"{task.signature}\n{task.task}"
    if isinstance(task, Choice):
        options = "\n".join(f"{key}: {text}" for key, text in task.options.items())
        return f"{task.question}\n{options}\n\nRight: {task.answer}"
    return task.question


def counted(text: str, task: Task) -> str:
    """Return how long an answer is."""
    if isinstance(task, Reflection):
        words = len(text.split())
        return f"{words:,} word{'' if words == 1 else 's'}"
    return "Read from the notebook, not run."


def nothing(standing: Standing, task: Task) -> str:
    """Return why there is no answer."""
    if standing.handed_in is None:
        return "Nothing was handed in."
    if standing.handed_in.problem:
        return f"The file cannot be read: {one_line(standing.handed_in.problem, 300)}"
    return "Nothing is written here." if isinstance(task, Reflection) else "No cell of this task was found."


def handed_in(standing: Standing, *, names: bool) -> str:
    """Return what came, and when.

    Parameters
    ----------
    standing
        The student in this lab.
    names
        Say the file's name too; it often holds the student's.
    """
    file = standing.handed_in
    if file is None:
        return "excused" if standing.lateness.excused else "nothing was handed in"
    parts = [f"handed in {when(file.submitted)}" if file.submitted else "handed in"]
    if names:
        parts.append(one_line(file.source, 120))
    if standing.lateness.why:
        parts.append(standing.lateness.why)
    return ", ".join(parts)


def when(time: datetime) -> str:
    """Return a time, as a clock on this machine shows it."""
    local = time.astimezone()
    return f"{local.day} {local:%b %Y, %H:%M}"


def stored_says(mark: HandMark | None) -> str:
    """Return the stored mark in a line."""
    if mark is None:
        return "Nothing saved yet."
    return f"Saved: {number(mark.score)} by {one_line(mark.marker, 60)}, {when(mark.marked)}"


def typed_before(mark: HandMark | None) -> Typed:
    """Return a stored mark as it was typed."""
    return Typed(number(mark.score), mark.comment) if mark is not None else Typed()


def reusable(book: ClassBook, task: Task) -> list[Reusable]:
    """Return the comments that were used before for a task, most frequent first, then in order of the alphabet."""
    comments = Counter(
        mark.by_hand.comment
        for standing in book.standings
        for mark in standing.marks
        if mark.task.id == task.id and mark.by_hand is not None and mark.by_hand.comment.strip()
    )
    ordered = sorted(comments.items(), key=lambda item: (-item[1], item[0]))
    return [Reusable(text, times) for text, times in ordered[:REUSABLE]]
