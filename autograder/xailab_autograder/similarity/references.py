"""What hand-ins are compared with besides each other: the lab's own solutions.

- ``Reference``  a name, source, texts
- ``of_lab``     the instructors' notebook, ``reference.py``, ``variants.py``
- ``expected``   how alike independent right solutions of each task are: the yardstick
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xailab_autograder.notebooks import generate
from xailab_autograder.similarity.contents import ELSEWHERE, Expected
from xailab_autograder.similarity.features import CODE_RUN, Document, covered
from xailab_autograder.similarity.passages import common

NOTEBOOK = "the instructors' notebook"


@dataclass(frozen=True)
class Reference:
    """A solution that students should not have.

    Parameters
    ----------
    name
        For people.
    source
        Python with the functions of the exercises, named as asked or ``<function>_<style>``.
    texts
        Grade id -> model answer of a reflection.
    """

    name: str
    source: str
    texts: Mapping[str, str] = field(default_factory=dict)


def of_lab(folder: Path) -> tuple[Reference, ...]:
    """Return the solutions that lie in a lab's folder."""
    found = [_notebook(folder)]
    for name in ("reference.py", "variants.py"):
        if (folder / name).is_file():
            found.append(Reference(f"the lab's {name}", (folder / name).read_text("utf-8")))
    return tuple(found)


def _notebook(folder: Path) -> Reference:
    """Return the solved cells and model answers of the instructors' notebook."""
    given = {cell.source for cell in generate.student(folder).cells}
    code: list[str] = []
    texts: dict[str, str] = {}
    for cell in generate.instructor(folder).cells:
        graded = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.source in given:
            continue
        if cell.cell_type == "code":
            code.append(cell.source)
        elif graded:
            texts[graded] = cell.source
    return Reference(NOTEBOOK, "\n\n\n".join(code), texts)


def expected(documents: Sequence[Document]) -> dict[str, Expected]:
    """Return, for each task, how alike the solutions in some references are, two by two.

    A solution is one function without its helpers; the share is the mean of both ways.
    """
    solutions: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if document.name == NOTEBOOK:
            continue  # the same hand as reference.py
        for unit, places in zip(document.units, document.places, strict=True):
            if not unit.prose and unit.task != ELSEWHERE and covered([places], CODE_RUN):
                solutions[unit.task].append(Document(document.name, (unit,), (places,)))
    found = {}
    for task, some in solutions.items():
        shares = [_share(one, other) for one, other in itertools.combinations(some, 2)]
        if shares:
            found[task] = Expected(sum(shares) / len(shares), max(shares), len(some))
    return found


def _share(one: Document, other: Document) -> float:
    """Return the mean share of two solutions."""
    words = sum(run.words for run in common(one, other))
    return words / 2 / covered(one.places, CODE_RUN) + words / 2 / covered(other.places, CODE_RUN)
