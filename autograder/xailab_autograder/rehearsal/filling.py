"""Work written into the students' notebook, as the file that is handed in.

- ``file``      work as the file that most students hand in
- ``filled``    the notebook with its holes filled
- ``to_bytes``  a notebook as a file
- ``File``      a name and bytes
- ``hole``      the cell of a task
"""

import json
from dataclasses import dataclass
from typing import Any

from xailab_autograder.rehearsal.works import Room, Work

Notebook = dict[str, Any]
"""A notebook as JSON."""


@dataclass(frozen=True)
class File:
    """A file that is handed in: its name, and its bytes."""

    name: str
    content: bytes


def filled(room: Room, work: Work) -> Notebook:
    """Return the students' notebook with the holes filled; outputs are empty."""
    notebook: Notebook = json.loads(room.blank)
    for answer in work.answers:
        if answer.source:
            hole(notebook, answer.task.id)["source"] = answer.source.rstrip("\n")
    return notebook


def hole(notebook: Notebook, task: str) -> dict[str, Any]:
    """Return the cell of a task.

    Parameters
    ----------
    notebook
        As given out.
    task
        The id.
    """
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("xailab", {}).get("id") == task)


def to_bytes(notebook: Notebook) -> bytes:
    """Return a notebook as Jupyter would save it: lines in lists, characters as they are."""
    for cell in notebook.get("cells", ()):
        if isinstance(cell.get("source"), str):
            cell["source"] = cell["source"].splitlines(keepends=True)
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    return (text + "\n").encode()


def file(room: Room, work: Work) -> File:
    """Return work as the file that most students hand in."""
    return File(room.file, to_bytes(filled(room, work)))
