"""Where the labs are, and their declarations.

- ``folder``      the folder that holds them
- ``listing``     every lab in it
- ``Entry``       one line of the list
- ``find``        the folder of one lab
- ``load``        a lab's declaration, checked
- ``load_from``   the same from its folder
- ``variants``    a lab's independent right solutions
- ``equivalent``  mutants of the references that are right too, with the reason

Modules of a lab's folder live under a private package name, ``xailab_lab_03``: they can ``from . import reference``.
Loading imports numpy and the declarations, nothing heavy.
"""

import importlib
import importlib.machinery
import importlib.util
import keyword
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from xailab.errors import UnknownName, XailabError
from xailab_autograder.exercises import Choice, Exercise, Lab, Reflection, Task

_FOLDER = re.compile(r"^(\d\d)-([a-z0-9-]+)$")
_ID = re.compile(r"^[a-z0-9-]+$")


@dataclass(frozen=True)
class Entry:
    """One lab in the list."""

    number: str
    name: str
    title: str
    points: float
    minutes: int
    folder: Path


def folder() -> Path:
    """Return the folder of labs: ``$XAILAB_LABS``, the repository's ``labs/``, or what came with the installation.

    Raises
    ------
    XailabError
        There is none.
    """
    chosen = os.environ.get("XAILAB_LABS")
    if chosen:
        if not Path(chosen).is_dir():
            raise XailabError(
                f"XAILAB_LABS is {chosen!r}, which is no folder; unset it to use the labs of this installation"
            )
        return Path(chosen).resolve()
    beside = Path(__file__).resolve().parents[2] / "labs"
    shipped = Path(__file__).resolve().parents[1] / "xailab_labs"
    for candidate in (beside, shipped):
        if candidate.is_dir():
            return candidate
    raise XailabError("this installation holds no labs; set XAILAB_LABS to the folder that does")


def listing() -> list[Entry]:
    """Return every lab, in order of their numbers."""
    entries = []
    for number, place in sorted(_folders().items()):
        lab = load(number)
        entries.append(Entry(number, lab.name, lab.title, lab.points, lab.minutes, place))
    return entries


def find(number: str | int) -> Path:
    """Return a lab's folder.

    Raises
    ------
    UnknownName
        There is no such lab.
    """
    folders = _folders()
    key = str(number)
    matches = [n for n, place in folders.items() if n == key.zfill(2) or place.name in (key, f"{n}-{key}")]
    if not matches:
        raise UnknownName("lab", key, folders, where="`xailab labs`")
    return folders[matches[0]]


def load(number: str | int) -> Lab:
    """Return a lab's declaration.

    Parameters
    ----------
    number
        ``"03"``, ``3``, or the folder's name.

    Raises
    ------
    UnknownName
        There is no such lab.
    XailabError
        The declaration contradicts itself; names the field.
    """
    return load_from(find(number))


def load_from(place: Path) -> Lab:
    """Return the declaration of the lab in a folder; see ``load``."""
    module = _module(place, "exercises")
    lab = getattr(module, "LAB", None)
    if not isinstance(lab, Lab):
        raise XailabError(f"{place.name}/exercises.py: expected LAB = Lab(...), got {type(lab).__name__}")
    if f"{lab.number}-{lab.name}" != place.name:
        raise XailabError(
            f"{place.name}/exercises.py: the lab calls itself {lab.number}-{lab.name}; rename one of them"
        )
    check(lab)
    return lab


def variants(number: str | int) -> dict[str, tuple[Callable[..., Any], ...]]:
    """Return a lab's independent right solutions: exercise id -> functions. These may import torch.

    Raises
    ------
    XailabError
        ``variants.py`` names an exercise that the lab does not have.
    """
    place = find(number)
    found: dict[str, tuple[Callable[..., Any], ...]] = dict(_module(place, "variants").VARIANTS)
    exercises = [task.id for task in load(number).tasks if isinstance(task, Exercise)]
    for name in found:
        if name not in exercises:
            raise UnknownName("exercise", name, exercises, where=f"{place.name}/exercises.py")
    return found


def equivalent(number: str | int) -> dict[str, dict[str, str]]:
    """Return exercise id -> change -> why a mutant of the reference with this change is right too.

    ``EQUIVALENT`` of the lab's ``variants.py``; a lab without survivors needs none.
    """
    return dict(getattr(_module(find(number), "variants"), "EQUIVALENT", {}))


def check(lab: Lab) -> None:
    """Check a declaration for what its types cannot say.

    Raises
    ------
    XailabError
        Names the task and the field, and what was expected.
    """
    if not re.fullmatch(r"\d\d", lab.number):
        raise XailabError(f"lab {lab.number!r}: number: expected two digits")
    if not lab.tasks:
        raise XailabError(f"lab {lab.number}: tasks: expected at least one")
    seen: set[str] = set()
    names: set[str] = set()
    for task in lab.tasks:
        where = f"lab {lab.number}, {task.id!r}"
        _expect(bool(_ID.match(task.id)), f"{where}: id", "lower-case letters, digits and dashes", task.id)
        _expect(task.id not in seen, f"{where}: id", "an id that no other task has", task.id)
        _expect(task.points > 0, f"{where}: points", "more than 0", task.points)
        _expect(task.minutes > 0, f"{where}: minutes", "more than 0", task.minutes)
        seen.add(task.id)
        name = _name(task)
        if name is not None:
            _expect(
                name.isidentifier() and not keyword.iskeyword(name),
                f"{where}: {'variable' if isinstance(task, Choice) else 'function'}",
                "a Python name",
                name,
            )
            _expect(name not in names, f"{where}: name", "a name that no other task has", name)
            names.add(name)
        if isinstance(task, Choice):
            _check_choice(task, where)
        if isinstance(task, Exercise):
            _check_exercise(task, where)


def _check_choice(task: Choice, where: str) -> None:
    """Check the options of a prediction."""
    _expect(len(task.options) > 1, f"{where}: options", "at least two", len(task.options))
    _expect(task.answer in task.options, f"{where}: answer", f"one of {', '.join(task.options)}", task.answer)
    wrong = set(task.options) - {task.answer}
    _expect(
        set(task.because) == wrong, f"{where}: because", f"a sentence for each of {sorted(wrong)}", sorted(task.because)
    )


def _check_exercise(task: Exercise, where: str) -> None:
    """Check a function's declaration."""
    _expect(bool(task.worked), f"{where}: worked", "at least one worked case", 0)
    _expect(0 <= task.edge_share < 1, f"{where}: edge_share", "at least 0, less than 1", task.edge_share)
    _expect(task.limit_s > 0, f"{where}: limit_s", "more than 0", task.limit_s)
    for kind, ids in (
        ("misconceptions", [m.id for m in task.misconceptions]),
        ("invariants", [i.id for i in task.invariants]),
    ):
        _expect(all(map(_ID.match, ids)), f"{where}: {kind}", "ids of lower-case letters, digits and dashes", ids)
        _expect(len(set(ids)) == len(ids), f"{where}: {kind}", "ids that differ", ids)
    known = {misconception.id for misconception in task.misconceptions}
    for invariant in task.invariants:
        named = invariant.mistake
        _expect(
            named is None or named in known,
            f"{where}: invariant {invariant.id!r}: mistake",
            f"one of {sorted(known)}",
            named,
        )


def _name(task: Task) -> str | None:
    """Return the Python name that a task asks for."""
    if isinstance(task, Reflection):
        return None
    return task.variable if isinstance(task, Choice) else task.function


def _expect(holds: bool, field: str, expected: str, got: object) -> None:
    """Raise the error that names a field."""
    if not holds:
        raise XailabError(f"{field}: expected {expected}, got {got!r}")


def _folders() -> dict[str, Path]:
    """Return number -> folder of everything that looks like a lab."""
    found: dict[str, Path] = {}
    for place in sorted(folder().iterdir()):
        match = _FOLDER.match(place.name)
        if match and (place / "exercises.py").is_file():
            if match[1] in found:
                raise XailabError(
                    f"two labs have the number {match[1]}: {found[match[1]].name} and {place.name}; renumber one"
                )
            found[match[1]] = place
    return found


def _module(place: Path, name: str) -> ModuleType:
    """Import a module of a lab's folder; another folder with the same number replaces the first."""
    package = f"xailab_lab_{place.name[:2]}"
    loaded = sys.modules.get(package)
    if loaded is None or list(loaded.__path__) != [str(place)]:
        for stale in [key for key in sys.modules if key == package or key.startswith(f"{package}.")]:
            del sys.modules[stale]
        spec = importlib.machinery.ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(place)]
        sys.modules[package] = importlib.util.module_from_spec(spec)
    if not (place / f"{name}.py").is_file():
        raise XailabError(f"{place.name} has no {name}.py")
    return importlib.import_module(f"{package}.{name}")
