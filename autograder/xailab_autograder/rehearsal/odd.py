"""Right answers in odd but correct places: nothing of this may cost a point.

- ``ODD``   each: what was done, and how right work becomes a file
"""

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from xailab_autograder.exercises import Exercise, Reflection
from xailab_autograder.rehearsal.filling import File, Notebook, file, filled, hole, to_bytes
from xailab_autograder.rehearsal.rewriting import renamed
from xailab_autograder.rehearsal.texts import EXPLORATIONS
from xailab_autograder.rehearsal.works import Room, Work

Make = Callable[[Room, Work, random.Random], File]


@dataclass(frozen=True)
class Odd:
    """An odd hand-in: in a few words, and how it is made. ``texts``: reflections are still in it."""

    about: str
    make: Make
    texts: bool = True


def _cell(source: str) -> dict[str, Any]:
    """Return a code cell as a student inserts it."""
    own = f"{zlib.crc32(source.encode()):08x}"
    return {
        "cell_type": "code", "execution_count": None, "id": own, "metadata": {}, "outputs": [], "source": source,
    }  # fmt: skip


def _exercises(work: Work) -> list[str]:
    return [answer.task.id for answer in work.answers if isinstance(answer.task, Exercise)]


def _helper_cells(room: Room, work: Work, rng: random.Random) -> File:
    notebook = filled(room, work)
    for answer in work.answers:
        if answer.preparation:
            home = hole(notebook, answer.task.id)
            place = notebook["cells"].index(home)
            home["source"] = answer.source.removeprefix(answer.preparation).strip("\n")
            notebook["cells"].insert(place, _cell(answer.preparation.rstrip("\n")))
    return File(room.file, to_bytes(notebook))


def _renamed_file(room: Room, work: Work, rng: random.Random) -> File:
    return File("Lab FINAL (2) – übung neu.ipynb", to_bytes(filled(room, work)))


def _untagged(room: Room, work: Work, rng: random.Random) -> File:
    notebook = filled(room, work)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"] = {}
    return File(room.file, to_bytes(notebook))


def _retagged(room: Room, work: Work, rng: random.Random) -> File:
    notebook = filled(room, work)
    for task in rng.sample(_exercises(work), min(3, len(_exercises(work)))):
        hole(notebook, task)["metadata"] = {"nbgrader": {"grade_id": f"copy-of-{task}", "solution": True}}
    return File(room.file, to_bytes(notebook))


def _python_file(room: Room, work: Work, rng: random.Random) -> File:
    parts = [cell["source"] for cell in filled(room, work)["cells"] if cell["cell_type"] == "code"]
    text = "".join(f"# %%\n{source if isinstance(source, str) else ''.join(source)}\n\n" for source in parts)
    return File(room.file.replace(".ipynb", ".py"), text.encode())


def _plain_python_file(room: Room, work: Work, rng: random.Random) -> File:
    text = "\n\n".join(answer.source for answer in work.answers if not isinstance(answer.task, Reflection))
    return File("my_solution.py", f"import numpy as np\n\n\n{text}\n".encode())


def _duplicated(room: Room, work: Work, rng: random.Random) -> File:
    notebook = filled(room, work)
    for task in rng.sample(_exercises(work), min(2, len(_exercises(work)))):
        home = hole(notebook, task)
        place = notebook["cells"].index(home)
        notebook["cells"].insert(place + 1, json.loads(json.dumps(home)))
    return File(room.file, to_bytes(notebook))


def _draft_before(room: Room, work: Work, rng: random.Random) -> File:
    """Put a wrong first attempt above the exercise's own cell, in a cell without its id."""
    notebook = filled(room, work)
    wrong = rng.choice(room.solutions.wrong)
    place = notebook["cells"].index(hole(notebook, wrong.exercise))
    notebook["cells"].insert(place, _cell(f"# first attempt\n{wrong.source.text}"))
    return File(room.file, to_bytes(notebook))


def _explorations(room: Room, work: Work, rng: random.Random) -> File:
    notebook = filled(room, work)
    for text in EXPLORATIONS:
        notebook["cells"].insert(rng.randint(1, len(notebook["cells"])), _cell(text))
    return File(room.file, to_bytes(notebook))


def _syntax_error(room: Room, work: Work, rng: random.Random) -> File:
    notebook = filled(room, work)
    for text in ("for i in range(3)\n    print(i)", "x = (1, 2", "Notes: ask in the tutorial!"):
        notebook["cells"].insert(rng.randint(1, len(notebook["cells"])), _cell(text))
    return File(room.file, to_bytes(notebook))


def _prints(room: Room, work: Work, rng: random.Random) -> File:
    answers = []
    for answer in work.answers:
        if isinstance(answer.task, Exercise):
            name = answer.task.function
            loud = f"\n\ndef {name}(*arguments):\n"
            loud += '    print("called with", [type(a).__name__ for a in arguments])\n    print("=" * 200)\n'
            quiet = renamed(answer.source, {name: f"_quiet_{name}"})
            answers.append(replace(answer, source=f"{quiet}{loud}    return _quiet_{name}(*arguments)\n"))
        else:
            answers.append(answer)
    return file(room, replace(work, answers=tuple(answers)))


def _other_editor(room: Room, work: Work, rng: random.Random) -> File:
    """Save as an editor on Windows does: a byte order mark, CR LF in the file and in the cells."""
    notebook = filled(room, work)
    for cell in notebook["cells"]:
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        cell["source"] = text.replace("\n", "\r\n")
    text = json.dumps(notebook, indent=2, ensure_ascii=True).replace("\n", "\r\n")
    return File(room.file, b"\xef\xbb\xbf" + text.encode())


def _version_3(room: Room, work: Work, rng: random.Random) -> File:
    """Save in the format of old notebooks: worksheets, and ``input`` for ``source``."""
    cells: list[dict[str, Any]] = []
    for cell in filled(room, work)["cells"]:
        kept = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        key = "input" if cell["cell_type"] == "code" else "source"
        cells.append({**kept, key: cell["source"]} | ({"language": "python"} if key == "input" else {}))
    old: Notebook = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    return File(room.file, to_bytes(old))


def _everything_in_one_cell(room: Room, work: Work, rng: random.Random) -> File:
    """Move every function into the first exercise's cell, and leave the other holes as they were."""
    notebook = filled(room, work)
    blank: Notebook = json.loads(room.blank)
    first, *others = _exercises(work)
    for task in others:
        hole(notebook, task)["source"] = hole(blank, task)["source"]
    sources = [answer.source for answer in work.answers if isinstance(answer.task, Exercise)]
    hole(notebook, first)["source"] = "\n\n".join(sources)
    return File(room.file, to_bytes(notebook))


ODD = (
    Odd("helpers in cells of their own", _helper_cells),
    Odd("a .py file with cells", _python_file, texts=False),
    Odd("the notebook renamed", _renamed_file),
    Odd("cells without any id", _untagged),
    Odd("a draft with a mistake above the answer", _draft_before),
    Odd("cells with a syntax error elsewhere", _syntax_error),
    Odd("a cell twice", _duplicated),
    Odd("many exploring cells", _explorations),
    Odd("everything in one cell", _everything_in_one_cell),
    Odd("functions that print a lot", _prints),
    Odd("cells with other ids", _retagged),
    Odd("saved by another editor: byte order mark, CR LF", _other_editor),
    Odd("a notebook of version 3", _version_3),
    Odd("a .py file without cells", _plain_python_file, texts=False),
)
"""Dealt in this order."""
