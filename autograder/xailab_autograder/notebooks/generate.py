"""The notebooks of a lab, made from its ``lab.py`` and its declaration: the same bytes every time, without outputs.

- ``student``          solutions cut, nbgrader's release metadata
- ``instructor``       solutions and the instructors' own cells
- ``nbgrader_source``  what nbgrader's ``generate_assignment`` starts from: solutions, no instructors' cells
- ``to_text``          a notebook as the text of its file
- ``write``            a text as a file, whole or not at all
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xailab.files import write_beside
from xailab_autograder import labs
from xailab_autograder.exercises import Lab, Reflection, Task
from xailab_autograder.notebooks import nbgrader, wording
from xailab_autograder.notebooks.source import SourceCell, read, split

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class _Cell:
    """One cell of every version of a notebook."""

    is_code: bool
    solved: str
    cut: str
    nbgraders: str  # as nbgrader itself would cut it
    own: dict[str, Any]
    graded: Callable[[str], nbgrader.Metadata] | None = None  # from the cell's id; None: free to change

    @property
    def for_students(self) -> bool:
        """Whether students see it."""
        return bool(self.own["role"] != "instructor")


def student(folder: Path, *, stubs: Literal["teaching", "nbgrader"] = "teaching") -> "NotebookNode":
    """Make the students' notebook.

    Parameters
    ----------
    folder
        The lab's.
    stubs
        ``teaching``: a hole says what to write. ``nbgrader``: as nbgrader's own ``generate_assignment`` leaves it.
    """
    lab, cells = _plan(folder)
    kept = [cell for cell in cells if cell.for_students]
    return _notebook(lab, kept, lambda cell: cell.cut if stubs == "teaching" else cell.nbgraders, release=True)


def instructor(folder: Path) -> "NotebookNode":
    """Make the instructors' notebook: solutions with their markers, and the cells for instructors only."""
    lab, cells = _plan(folder)
    return _notebook(lab, cells, lambda cell: cell.solved, release=False)


def nbgrader_source(folder: Path) -> "NotebookNode":
    """Make the notebook for ``source/`` of an nbgrader course.

    nbgrader knows no cells for instructors only, so these are not in it.
    """
    lab, cells = _plan(folder)
    kept = [cell for cell in cells if cell.for_students]
    return _notebook(lab, kept, lambda cell: cell.solved, release=False)


def to_text(notebook: "NotebookNode") -> str:
    """Return a notebook as the text of its file: sorted keys, a line end at the end."""
    text: str = _nbformat().writes(notebook, version=4)
    return text if text.endswith("\n") else text + "\n"


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    with write_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _nbformat() -> Any:
    """Import a slow library on use; its functions have no types."""
    import nbformat

    return nbformat


def _plan(folder: Path) -> tuple[Lab, list[_Cell]]:
    """Return the cells of all versions in order, generated ones included."""
    lab = labs.load_from(folder)
    cells: list[_Cell] = []
    for cell in read(folder, lab):
        if cell.task is None:
            cells.append(_plain(cell))
        else:
            cells += _with_neighbours(lab, cell, cell.task)
    return lab, cells


def _plain(cell: SourceCell) -> _Cell:
    """Plan a cell without a hole."""
    own = {"role": "instructor" if cell.instructor else cell.role}
    free = cell.instructor or cell.is_code  # students play with demonstrations; text and checks are read-only
    graded = None if free else (lambda cell_id: nbgrader.read_only(f"cell-{cell_id}"))
    return _Cell(cell.is_code, cell.text, cell.text, cell.text, own, graded)


def _with_neighbours(lab: Lab, cell: SourceCell, task: Task) -> Iterable[_Cell]:
    """Plan the text before a hole, the hole, and the check after it."""
    about = wording.before(lab, task)
    yield _Cell(
        False, about, about, about, {"role": "task"}, lambda cell_id: nbgrader.read_only(f"about-{task.id}")
    )  # fmt: skip
    manual = isinstance(task, Reflection)
    yield _Cell(
        cell.is_code,
        cell.text,
        _cut(cell.text, wording.stub(task)),
        _cut(cell.text, wording.nbgraders_stub(task)),
        {"role": cell.role, "id": task.id},
        lambda cell_id: nbgrader.manual(task.id, task.points) if manual else nbgrader.answer(task.id),
    )
    check = wording.after(lab, task)
    if check is not None:
        own = {"role": "check", "checks": task.id}
        yield _Cell(True, check, check, check, own, lambda cell_id: nbgrader.check(f"check-{task.id}", task.points))


def _cut(text: str, stub: str) -> str:
    """Replace solutions by a stub, indented as they were."""
    lines: list[str] = []
    for piece, inside in split(text):
        if inside:
            indent = piece[: len(piece) - len(piece.lstrip(" \t"))]
            lines += [indent + line for line in stub.split("\n")]
        elif piece:
            lines.append(piece)
    return "\n".join(lines)


def _notebook(lab: Lab, cells: Iterable[_Cell], source: Callable[[_Cell], str], *, release: bool) -> "NotebookNode":
    """Write cells down as a notebook."""
    v4 = _nbformat().v4
    notebook: NotebookNode = v4.new_notebook(
        metadata={
            "kernelspec": dict(_KERNEL),
            "language_info": {"name": "python"},
            "title": f"Lab {int(lab.number)}: {lab.title}",
            "xailab": {"format": 1, "lab": lab.number},
        }
    )
    seen: Counter[str] = Counter()
    for cell in cells:
        text, kind = source(cell), "code" if cell.is_code else "markdown"
        # From what students see anyway: from a solution's hash a prediction could be found by trying.
        key = f"{lab.number}\n{kind}\n{cell.own.get('id', '')}\n{cell.cut}"
        seen[key] += 1
        cell_id = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:12]
        metadata: dict[str, Any] = {"xailab": cell.own}
        if cell.graded is not None:
            metadata["nbgrader"] = cell.graded(cell_id)
            metadata = nbgrader.release(kind, text, metadata) if release else metadata
        elif not cell.for_students:
            metadata["tags"] = ["instructor"]
        make = v4.new_code_cell if cell.is_code else v4.new_markdown_cell
        notebook.cells.append(make(source=text, metadata=metadata, id=cell_id))
    return notebook
