"""What made-up students can write: every right answer and every known mistake of a lab, as text.

- ``collect``    reads them all
- ``Solutions``  what there is
- ``Right``, ``Wrong``   one answer

Right answers are the reference, the lab's independent variants, and the notebook's own solution. Mistakes are the
misconceptions, in every way in which the lab declares them.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from xailab_autograder import labs
from xailab_autograder.exercises import Choice, Exercise, Lab
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.source import BEGIN, END
from xailab_autograder.rehearsal.oracle import worth
from xailab_autograder.rehearsal.rewriting import with_docstring
from xailab_autograder.rehearsal.standalone import MadeInside, Standalone, standalone


@dataclass(frozen=True)
class Right:
    """A right answer: the style's name, and its text."""

    style: str
    source: Standalone


@dataclass(frozen=True)
class Wrong:
    """A known mistake: of which exercise, its id, what it is worth, its text."""

    exercise: str
    mistake: str
    score: float
    source: Standalone


@dataclass(frozen=True)
class Solutions:
    """What there is to write.

    Parameters
    ----------
    right
        Exercise id -> answers, the reference first.
    taught
        Task id -> what stands in the hole of the instructors' notebook, predictions included.
    wrong
        Every way of every misconception whose worth is sure.
    hole
        Exercise id -> the docstring in the hole.
    notes
        About mistakes that are left out.
    """

    right: Mapping[str, tuple[Right, ...]]
    taught: Mapping[str, str]
    wrong: tuple[Wrong, ...]
    hole: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def collect(lab: Lab) -> Solutions:
    """Read every right answer and every known mistake of a lab.

    Raises
    ------
    XailabError
        One of them cannot stand alone.
    """
    variants = labs.variants(lab.number)
    taught = _taught(lab)
    right: dict[str, tuple[Right, ...]] = {}
    wrong: list[Wrong] = []
    notes: list[str] = []
    hole = {}
    for task in lab.tasks:
        if not isinstance(task, Exercise):
            continue
        hole[task.id] = _docstring(taught[task.id])
        answers = [Right("reference", standalone(task.reference, task.function))]
        answers += [Right(f.__name__, standalone(f, task.function)) for f in variants.get(task.id, ())]
        if _independent(taught[task.id], lab, task):
            answers.append(Right("as taught", Standalone((), (), taught[task.id].rstrip("\n"))))
        right[task.id] = tuple(answers)
        found, left_out = _mistakes(task)
        wrong += found
        notes += left_out
    return Solutions(right, taught, tuple(wrong), hole, tuple(notes))


def documented(source: Standalone, sentence: str) -> Standalone:
    """Return an answer with a docstring in it, unless it has one."""
    if not sentence or ast.get_docstring(ast.parse(source.main).body[-1]):  # type: ignore[arg-type]
        return source
    return Standalone(source.imports, source.helpers, with_docstring(source.main, sentence))


def _mistakes(task: Exercise) -> tuple[list[Wrong], list[str]]:
    """Return the mistakes of an exercise, and sentences about those that are left out."""
    found, left_out, made_inside = [], [], []
    for known in task.misconceptions:
        for way in known.ways:
            score = worth(task, way)
            if score is None or score == task.points:
                why = "shows in some draws only" if score is None else "shows in no case"
                left_out.append(f"{task.id}: {known.id} {why}, and is not dealt out")
                continue
            try:
                found.append(Wrong(task.id, known.id, score, standalone(way, task.function)))
            except MadeInside:
                made_inside.append(known.id)
    if made_inside:
        names = ", ".join(dict.fromkeys(made_inside))
        left_out.append(f"{task.id}: made by functions, without a text of their own, and not dealt out: {names}")
    return found, left_out


def _taught(lab: Lab) -> dict[str, str]:
    """Return what stands in the holes of the instructors' notebook, without the markers."""
    found = {}
    for cell in generate.instructor(labs.find(lab.number)).cells:
        task = cell.metadata["xailab"].get("id")
        if task is not None:
            found[str(task)] = re.sub(rf"^.*(?:{BEGIN}|{END}).*\n?", "", str(cell.source), flags=re.MULTILINE)
    return found


def _independent(text: str, lab: Lab, task: Exercise) -> bool:
    """Whether an answer uses no answer to another task: their mistakes must not become its own."""
    others = {other.function for other in lab.tasks if isinstance(other, Exercise) and other.id != task.id}
    others |= {other.variable for other in lab.tasks if isinstance(other, Choice)}
    return not others & {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def _docstring(text: str) -> str:
    function = next((node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)), None)
    return (ast.get_docstring(function) or "").split("\n")[0] if function is not None else ""
