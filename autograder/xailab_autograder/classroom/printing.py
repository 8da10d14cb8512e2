"""What the command line prints about a class.

- ``bars``      progress bars with the time that is left
- ``summary``   what came of a class, as lines
- ``change_lines``  marks that became others
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from xailab_autograder.classroom.working import Told

if TYPE_CHECKING:
    from xailab_autograder.classroom.grading import ClassGraded
    from xailab_autograder.gradebook.contents import Change, ClassBook

MOST_NAMED = 5
"""Students who are named in a line; the overview names all."""


@contextmanager
def bars() -> Iterator[tuple[Told, Callable[[str], None]]]:
    """Yield what is told of progress and what prints a sentence beside the bar; on stderr."""
    from tqdm import tqdm

    shown: dict[str, tqdm[None]] = {}

    def told(what: str, done: int, total: int) -> None:
        bar = shown.get(what)
        if bar is None:
            for other in shown.values():
                other.close()
            # A rerun begins where the last one ended: the rate must not count what was done before.
            first = done if what == "grading" else 0
            shown[what] = bar = tqdm(
                total=total, initial=first, desc=what, unit=" hand-ins", file=sys.stderr, dynamic_ncols=True
            )
        bar.total = total
        bar.update(done - bar.n)

    def note(sentence: str) -> None:
        tqdm.write(sentence, file=sys.stderr)

    try:
        yield told, note
    finally:
        for bar in shown.values():
            bar.close()


def summary(graded: "ClassGraded") -> list[str]:
    """Return what came of a class, in a few lines."""
    outcome = graded.outcome
    parts = [f"{outcome.graded} graded", f"{outcome.unchanged} unchanged"]
    if outcome.graded_elsewhere:
        parts.append(f"{outcome.graded_elsewhere} graded by another run")
    if outcome.changes:
        parts.append(f"{len({change.student for change in outcome.changes})} students with changed marks")
    return [f"{', '.join(parts)} in {outcome.seconds:.0f} s", *standing_lines(graded.published.class_book)]


def standing_lines(class_book: "ClassBook") -> list[str]:
    """Return how the class stands: the median, who waits for a person, who has no result."""
    graded = [standing for standing in class_book.standings if standing.graded]
    lines = []
    if graded:
        middle = median(standing.score for standing in graded)
        lines.append(f"median {middle:.1f} of {class_book.lab.points:g} points ({len(graded)} results)")
    waiting = [standing.student.id for standing in graded if not standing.complete]
    if waiting:
        lines.append(f"{len(waiting)} wait for a person's mark: xailab mark")
    without = [standing for standing in class_book.standings if standing.problem]
    lines += [f"no result: {shown(standing.student.id)}: {standing.problem}" for standing in without[:MOST_NAMED]]
    if len(without) > MOST_NAMED:
        lines.append(f"no result: {len(without) - MOST_NAMED} more; the overview lists them")
    return lines


def shown(student: str) -> str:
    """Return an id as a terminal may print it."""
    from xailab_autograder.feedback.cleaning import one_line

    return one_line(student) or "(no id)"


def change_lines(changes: "Sequence[Change]") -> list[str]:
    """Return a line for each mark that became another, in the order in which it happened."""
    if not changes:
        return ["no mark has changed"]
    lines = []
    for change in changes:
        before, after = ("nothing" if mark is None else f"{mark:g}" for mark in (change.before, change.after))
        when = change.when.astimezone().strftime("%Y-%m-%d %H:%M")
        detail = f" ({shown(change.detail)})" if change.detail else ""
        lines.append(f"{when}  {shown(change.student)}  {change.task}: {before} -> {after}  {change.why}{detail}")
    return lines
