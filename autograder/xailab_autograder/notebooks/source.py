"""A lab's source: ``lab.py`` in percent format, read into marked cells.

- ``SourceCell``  one cell with its mark
- ``read``        all cells of a lab's source, checked against its declaration
- ``split``       a hole's text as (outside, inside) pieces

Marks: ``# %% exercise="id"`` and ``# %% choice="id"`` on code cells, ``# %% [markdown] reflection="id"`` on text, and
``# %% tags=["instructor"]`` on cells for instructors only. Solutions stand between ``### BEGIN SOLUTION`` and
``### END SOLUTION``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xailab.errors import UnknownName, XailabError
from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task

Role = Literal["text", "code", "exercise", "choice", "reflection"]
TAGS = {"instructor"}
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
_MARKS: dict[Role, type[Task]] = {"exercise": Exercise, "choice": Choice, "reflection": Reflection}
_KINDS = {"exercise": "code", "choice": "code", "reflection": "markdown"}


@dataclass(frozen=True)
class SourceCell:
    """One cell of ``lab.py``.

    Parameters
    ----------
    role
        ``text`` and ``code`` for plain cells, else the kind of task whose hole it is.
    text
        Its source, solution markers included.
    task
        The task of a hole.
    instructor
        True: students never see it.
    """

    role: Role
    text: str
    task: Task | None = None
    instructor: bool = False

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell."""
        return self.role in ("code", "exercise", "choice")


def read(folder: Path, lab: Lab) -> list[SourceCell]:
    """Read ``lab.py`` of a lab's folder.

    Raises
    ------
    XailabError
        A task has no cell or two, a hole has no solution, or a mark names no task. Names the task.
    """
    import jupytext

    path = folder / "lab.py"
    if not path.is_file():
        raise XailabError(f"{folder.name} has no lab.py; a lab's notebooks are made from it")
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    cells = [
        _cell(cell.cell_type, cell.source, dict(cell.metadata), lab) for cell in notebook.cells if cell.source.strip()
    ]
    for task in lab.tasks:
        holes = [cell for cell in cells if cell.task is task]
        if len(holes) != 1:
            raise XailabError(f"lab.py: {task.id!r} has {len(holes)} cells; expected one, marked {_mark_of(task)}")
        _check_hole(holes[0], task)
    return cells


def split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield runs of lines of a hole, and whether they are a solution; the marker lines belong to it.

    Raises
    ------
    XailabError
        A marker is missing its partner.
    """
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        if BEGIN in line:
            if inside:
                raise XailabError(f"### {BEGIN} inside a solution")
            yield "\n".join(lines), False
            lines, inside = [line], True
        elif END in line:
            if not inside:
                raise XailabError(f"### {END} without a beginning")
            yield "\n".join([*lines, line]), True
            lines, inside = [], False
        else:
            lines.append(line)
    if inside:
        raise XailabError(f"### {BEGIN} without an end")
    yield "\n".join(lines), False


def _cell(kind: str, text: str, metadata: dict[str, object], lab: Lab) -> SourceCell:
    """Read one cell's mark."""
    tags = _tags(metadata)
    for role, expected in _MARKS.items():
        name = metadata.get(role)
        if name is None:
            continue
        tasks = {task.id: task for task in lab.tasks if isinstance(task, expected)}
        if name not in tasks:
            raise UnknownName(role, str(name), tasks, where=f"exercises.py of lab {lab.number}")
        if kind != _KINDS[role]:
            raise XailabError(f"lab.py: {name!r} is marked on a {kind} cell; expected a {_KINDS[role]} cell")
        return SourceCell(role, text, tasks[str(name)])
    if BEGIN in text or END in text:
        raise XailabError(f"lab.py: a solution stands in a cell without a mark: {text.splitlines()[0]!r}")
    role = "code" if kind == "code" else "text"
    return SourceCell(role, text, instructor="instructor" in tags)


def _tags(metadata: dict[str, object]) -> set[str]:
    """Return a cell's tags; a misspelt one would show students what is not for them.

    Raises
    ------
    UnknownName
        A tag that means nothing here.
    """
    tags = metadata.get("tags", [])
    found = {str(tag) for tag in tags} if isinstance(tags, list) else {str(tags)}
    for tag in sorted(found - TAGS):
        raise UnknownName("tag of a cell", tag, TAGS, where="notebooks/source.py")
    return found


def _mark_of(task: Task) -> str:
    """Write the line that marks a task's cell."""
    if isinstance(task, Reflection):
        return f'# %% [markdown] reflection="{task.id}"'
    return f'# %% {"choice" if isinstance(task, Choice) else "exercise"}="{task.id}"'


def _check_hole(cell: SourceCell, task: Task) -> None:
    """Check that a hole can be cut."""
    try:
        pieces = list(split(cell.text))
    except XailabError as error:
        raise XailabError(f"lab.py: {task.id!r}: {error}") from None
    if not any(inside for _, inside in pieces):
        raise XailabError(f"lab.py: {task.id!r} has no solution between ### {BEGIN} and ### {END}")
    outside = "\n".join(text for text, inside in pieces if not inside)
    if isinstance(task, Exercise) and not re.search(rf"^def {task.function}\(", outside, re.MULTILINE):
        raise XailabError(f"lab.py: {task.id!r}: expected `def {task.function}(` outside the solution")
    if isinstance(task, Choice) and not re.search(rf"^{task.variable} = ", cell.text, re.MULTILINE):
        raise XailabError(f"lab.py: {task.id!r}: expected `{task.variable} = ...` in the solution")
