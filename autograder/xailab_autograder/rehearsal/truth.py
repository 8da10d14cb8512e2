"""The truth about a synthetic class: what every mark has to be, and why.

- ``Truth``      one student
- ``TaskTruth``  one task of one student
- ``Pair``       two students of whom one copied
- ``write``, ``read``  ``truth.json``, and ``truth.csv`` for people

No number here comes from the judge: see ``rehearsal/__init__.py`` for where they come from.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from xailab.errors import XailabError
from xailab.files import write_beside
from xailab_autograder.exercises import Lab

FORMAT = 1
FILE = "truth.json"

Status = Literal["graded", "problem", "absent"]
"""``graded``: there is a result. ``problem``: something came that cannot be graded. ``absent``: nothing came."""


@dataclass(frozen=True)
class TaskTruth:
    """One task: the points, and the id of the mistake that has to be named (None: none)."""

    task: str
    score: float
    mistake: str | None = None


@dataclass(frozen=True)
class Truth:
    """One student.

    Parameters
    ----------
    student
        The id.
    kind
        One of ``proportions.KINDS``.
    about
        What this one did, in a few words.
    status
        What has to come of it.
    tasks
        In the lab's order; empty if nothing can be graded.
    share
        Of the earned points that lateness costs, 0 to 1.
    excused
        Need not hand in.
    submitted
        When, ISO 8601 with a zone; empty if nothing came or the platform does not tell.
    """

    student: str
    kind: str
    about: str
    status: Status = "graded"
    tasks: tuple[TaskTruth, ...] = ()
    share: float = 0.0
    excused: bool = False
    submitted: str = ""

    @property
    def raw(self) -> float:
        """The points earned, before any deduction, without texts that people mark."""
        return sum(task.score for task in self.tasks)

    @property
    def deduction(self) -> float:
        """The points that lateness costs."""
        return self.raw * self.share

    @property
    def score(self) -> float:
        """The points that count."""
        return self.raw - self.deduction


@dataclass(frozen=True)
class Pair:
    """Two students of whom one copied: ``how`` is "byte for byte" or "renamed"."""

    original: str
    copy: str
    how: str


def write(folder: Path, lab: Lab, truths: Sequence[Truth], pairs: Sequence[Pair]) -> tuple[Path, Path]:
    """Write ``truth.json`` and ``truth.csv``.

    Parameters
    ----------
    folder
        Where.
    lab, truths, pairs
        Of which, what.
    """
    table, data = folder / "truth.csv", folder / FILE
    content = {
        "format": FORMAT,
        "lab": lab.number,
        "students": [asdict(truth) for truth in truths],
        "pairs": [asdict(pair) for pair in pairs],
    }
    for path, text in ((data, json.dumps(content, indent=1) + "\n"), (table, _table(lab, truths))):
        with write_beside(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
    return data, table


def read(file: Path) -> tuple[tuple[Truth, ...], tuple[Pair, ...]]:
    """Read what ``write`` wrote.

    Raises
    ------
    XailabError
        Not such a file, or of another format.
    """
    try:
        data: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise XailabError(f"{file}: expected format {FORMAT}, got {data['format']!r}; make the rehearsal again")
        truths = tuple(
            Truth(**{**entry, "tasks": tuple(TaskTruth(**task) for task in entry["tasks"])})
            for entry in data["students"]
        )
        return truths, tuple(Pair(**entry) for entry in data["pairs"])
    except OSError as error:
        raise XailabError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise XailabError(f"{file}: expected the truth.json of a rehearsal, got something else ({error})") from error


def _table(lab: Lab, truths: Sequence[Truth]) -> str:
    """Return one line for each student: ids are ours, so nothing in it is read as a formula."""
    text = io.StringIO()
    sheet = csv.writer(text)
    tasks = [task.id for task in lab.tasks]
    head = ["student", "kind", "about", "status", *tasks, "raw", "deduction", "score", "mistakes"]
    sheet.writerow([*head, "excused", "submitted"])
    for truth in truths:
        scores = {task.task: f"{task.score:g}" for task in truth.tasks}
        mistakes = "; ".join(f"{task.task}: {task.mistake}" for task in truth.tasks if task.mistake)
        totals = [f"{number:g}" if truth.status == "graded" else "" for number in _totals(truth)]
        marks = [scores.get(task, "") for task in tasks]
        rest = ["yes" if truth.excused else "", truth.submitted]
        sheet.writerow([truth.student, truth.kind, truth.about, truth.status, *marks, *totals, mistakes, *rest])
    return text.getvalue()


def _totals(truth: Truth) -> tuple[float, float, float]:
    return round(truth.raw, 6), round(truth.deduction, 6), round(truth.score, 6)
