"""A submission as it was handed in: read as plain JSON or text, never parsed as Python, never trusted.

- ``read``        a notebook or a ``.py`` file as cells
- ``Submission``  its cells, its texts, the hash of its bytes, notes

What makes a file unusable raises an ``XailabError`` that says what to do; what makes one cell unusable becomes a note.
"""

import hashlib
import itertools
import json
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from xailab.errors import XailabError
from xailab_autograder.exercises import Lab, Reflection
from xailab_autograder.notebooks.wording import PROMPT
from xailab_autograder.sandbox.outcomes import Cell

MOST_BYTES = 32 * 2**20
MOST_CELLS = 5_000
_MOST_PADDING = 5_000_000  # empty lines that keep the line numbers of a .py file in its parts
_COURSE_MODULES = {
    *("numpy", "torch", "torchvision", "scipy", "sklearn", "numba", "matplotlib", "pandas", "PIL", "jaxtyping", "tqdm"),
    *("IPython", "ipykernel", "pytest", "rich", "xailab", "xailab_autograder", "xailab_kernels"),
}
_PERCENT = re.compile(r"^# ?%%(.*)$")
_NAMED = re.compile(r"\b(?:exercise|choice|grade_id)=\"([\w-]{1,200})\"")


@dataclass(frozen=True)
class Submission:
    """A submission.

    Parameters
    ----------
    name
        Of the file, without its folder.
    cells
        Code, in reading order.
    texts
        Grade id -> the student's Markdown, for reflections.
    sha256
        Of the file's bytes.
    notes
        About cells that could not be used, in reading order.
    """

    name: str
    cells: tuple[Cell, ...]
    texts: dict[str, str] = field(default_factory=dict)
    sha256: str = ""
    notes: tuple[str, ...] = ()


def read(path: str | Path, lab: Lab, *, name: str = "") -> Submission:
    """Read a notebook (``.ipynb``) or a Python file (``.py``; split at ``# %%``).

    Parameters
    ----------
    path
        Where it lies.
    lab
        What was asked.
    name
        What its author called it, if the disk calls it otherwise; a name, not a place.

    Raises
    ------
    XailabError
        Not a plain file, too large, empty, no notebook, or named like a module that the course needs. Says what to do.
    """
    place, path = Path(path), Path(name or path)
    suffix = path.suffix.lower()
    if suffix not in (".ipynb", ".py"):
        _refuse(path, f"expected a notebook (.ipynb) or a Python file (.py), got {suffix or 'a name without suffix'}")
    if suffix == ".py" and path.stem in {*sys.stdlib_module_names, *_COURSE_MODULES}:
        _refuse(
            path,
            f"a file of this name hides the module {path.stem!r} from every program in its folder; "
            f"rename it, for example to my_{path.stem}.py",
        )
    raw = _bytes(place, path)
    digest = hashlib.sha256(raw).hexdigest()
    text = _text(path, raw)
    if suffix == ".py":
        return Submission(path.name, tuple(_parts(path, text)), {}, digest)
    cells, notes = _cells_of(path, text)
    texts = {task.id: "" for task in lab.tasks if isinstance(task, Reflection)}
    for kind, _, source, grade_id in cells:
        own = source.replace(PROMPT, "").strip()
        if kind == "markdown" and grade_id in texts and own:
            texts[grade_id] = own  # of copies of a cell, the last
    code = tuple(Cell(label, source, grade_id) for kind, label, source, grade_id in cells if kind == "code")
    return Submission(path.name, code, {key: text for key, text in texts.items() if text}, digest, tuple(notes))


def _refuse(path: Path, reason: str) -> NoReturn:
    """Raise the error that names the file."""
    raise XailabError(f"{path.name}: {reason}") from None


def _bytes(place: Path, path: Path) -> bytes:
    """Read a plain file that is not too large; links and devices are not followed."""
    try:
        status = place.lstat()
        if stat.S_ISLNK(status.st_mode):
            _refuse(path, "this is a link; hand in the file itself")
        if not stat.S_ISREG(status.st_mode):
            _refuse(path, "this is not a file (a folder, a pipe or a device)")
        if status.st_size > MOST_BYTES:
            _refuse(
                path,
                f"{status.st_size / 2**20:.0f} MiB; at most {MOST_BYTES >> 20} MiB are read: "
                "clear the outputs, save, hand in again",
            )
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(place, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                _refuse(path, "this is not a file")
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        _refuse(path, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(raw) > MOST_BYTES:
        _refuse(path, f"larger than {MOST_BYTES >> 20} MiB: clear the outputs, save, hand in again")
    if not raw.strip():
        _refuse(path, "the file is empty; save the notebook and hand it in again")
    return raw


def _text(path: Path, raw: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(path, f"expected UTF-8 text, but byte {error.start} is none; save it again as UTF-8")


def _parts(path: Path, text: str) -> Iterator[Cell]:
    """Split a Python file at ``# %%``; empty lines keep the file's line numbers."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [number for number, line in enumerate(lines) if _PERCENT.match(line)]
    if len(starts) > MOST_CELLS:
        _refuse(path, f"{len(starts):,} cells; at most {MOST_CELLS:,} are read")
    if not starts:
        yield Cell(path.name, text)
        return
    padded = len(lines) * len(starts) <= _MOST_PADDING
    bounds = [*([0] if any(line.strip() for line in lines[: starts[0]]) else []), *starts, len(lines)]
    for number, (start, end) in enumerate(itertools.pairwise(bounds), 1):
        title = _PERCENT.match(lines[start])
        if title and re.match(r"\s*\[(markdown|md|raw)\]", title[1]):
            continue
        named = _NAMED.search(title[1]) if title else None
        source = "\n" * (start if padded else 0) + "\n".join(lines[start:end])
        yield Cell(f"{path.name}, part {number}", source, named[1] if named else None)


def _cells_of(path: Path, text: str) -> tuple[list[tuple[str, str, str, str | None]], list[str]]:
    """Return (type, label, source, grade id) of every cell of a notebook, of whatever version."""
    notebook = _json(path, text)
    cells = _cell_list(notebook)
    if cells is None:
        _refuse(path, "valid JSON, but not a notebook: no list of cells")
    if len(cells) > MOST_CELLS:
        _refuse(path, f"{len(cells):,} cells; at most {MOST_CELLS:,} are read")
    found: list[tuple[str, str, str, str | None]] = []
    notes: list[str] = []
    for number, cell in enumerate(cells, 1):
        label = f"cell {number}"
        source = _source(cell)
        if source is None:
            notes.append(f"{label}: damaged, it has no source text; it was left out")
            continue
        found.append((str(cell.get("cell_type", "code")), label, source, _grade_id(cell)))
    if not found and cells:
        _refuse(path, f"none of its {len(cells)} cells can be read; hand in the notebook that Jupyter saved")
    return found, notes


def _json(path: Path, text: str) -> dict[str, Any]:
    """Parse JSON strictly enough: no NaN, no key twice where it matters, no bottomless nesting."""
    try:
        data = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_no_number, parse_float=_no_number
        )
    except RecursionError:
        _refuse(path, "nested too deeply to be a notebook")
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            _refuse(path, "the notebook is cut off before its end; save it in Jupyter and hand it in again")
        hint = "is this Python? then name it .py" if error.pos == 0 else "save it in Jupyter and hand it in again"
        _refuse(path, f"not a notebook: {error.msg} (line {error.lineno}, column {error.colno}); {hint}")
    except ValueError as error:
        _refuse(path, f"not a notebook: {error}")
    if not isinstance(data, dict):
        _refuse(path, "valid JSON, but not a notebook: no list of cells")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict; a key twice would let two readers see two notebooks."""
    made = dict(pairs)
    if len(made) < len(pairs):
        double = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(
            f"the key {double[:40]!r} appears twice in one object; save it in Jupyter and hand it in again"
        )
    return made


def _no_constant(name: str) -> NoReturn:
    """Refuse what is no JSON."""
    raise ValueError(f"{name} is no JSON")


def _no_number(text: str) -> int:
    """Numbers mean nothing here; Python would spend minutes on one with a million digits."""
    return 0


def _cell_list(notebook: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the cells of a notebook of version 4 or 3; None: there is no such list."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        sheets = notebook.get("worksheets")
        if not isinstance(sheets, list):
            return None
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for found in lists if isinstance(found, list) for cell in found]
    return [cell if isinstance(cell, dict) else {} for cell in cells]


def _source(cell: dict[str, Any]) -> str | None:
    """Return a cell's text: a string or a list of strings, called ``source`` (version 3: ``input``)."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None


def _grade_id(cell: dict[str, Any]) -> str | None:
    """Return the exercise that a cell's metadata names: nbgrader's, or our own copy of it."""
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        return None
    for room, key in (("nbgrader", "grade_id"), ("xailab", "id")):
        names = metadata.get(room)
        name = names.get(key) if isinstance(names, dict) else None
        if isinstance(name, str) and 0 < len(name) <= 200:
            return name
    return None
