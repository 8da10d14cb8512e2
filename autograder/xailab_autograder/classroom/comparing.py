"""The list of similar hand-ins, made again only when a hand-in changed.

- ``compare``  a class -> the pairs that are alike; writes the page
- ``forget``   remove a list that is out of date
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import xailab
from xailab_autograder.classroom.place import write_file
from xailab_autograder.classroom.working import Told

if TYPE_CHECKING:
    from xailab_autograder.gradebook.contents import ClassBook

SIMILAR, PAIRS = "similar.html", "similar.json"
FEWEST = 2
"""Hand-ins without which there is nothing to compare."""

Pairs = tuple[tuple[str, str, float], ...]
"""Two ids of students, and the share of code that is alike."""


def compare(class_book: "ClassBook", folder: Path, told: Told) -> Pairs | None:
    """Write the page of similar hand-ins into a folder; return the pairs of students on it, None for too few hand-ins.

    Parameters
    ----------
    class_book
        The class.
    folder
        That of the lab's pages. A list of the same hand-ins that is there already is kept.
    told
        Told how far this is.
    """
    from xailab_autograder.similarity.finding import survey
    from xailab_autograder.similarity.page import page

    hand_ins = [standing.handed_in for standing in class_book.standings if standing.handed_in is not None]
    usable = [hand_in for hand_in in hand_ins if hand_in.submission is not None]
    if len(usable) < FEWEST:
        return None
    of = hashlib.sha256(
        json.dumps([xailab.__version__, *((hand_in.student, hand_in.sha256) for hand_in in usable)]).encode()
    ).hexdigest()
    kept = _kept(folder, of)
    if kept is not None:
        return kept
    found = survey(class_book.lab, usable, progress=lambda done, total: told("comparing", done, total))
    every = [one for pair in found.pairs if not pair.reference for one in (pair, *pair.more)]
    pairs = tuple((pair.left, pair.right, max(pair.shares)) for pair in every)
    names = {standing.student.id: standing.student.name for standing in class_book.standings}
    shown = page(found.pairs, lab=class_book.lab, survey=found, names=names, course=class_book.course)
    write_file(folder / SIMILAR, shown)
    write_file(folder / PAIRS, json.dumps({"of": of, "pairs": pairs}, indent=1))
    return pairs


def forget(folder: Path) -> None:
    """Remove the list, which may be out of date."""
    for name in (SIMILAR, PAIRS):
        (folder / name).unlink(missing_ok=True)


def _kept(folder: Path, of: str) -> Pairs | None:
    """Return the pairs that are there, if they are those of the same hand-ins."""
    try:
        data = json.loads((folder / PAIRS).read_text("utf-8"))
        if data["of"] != of or not (folder / SIMILAR).is_file():
            return None
        return tuple((str(left), str(right), float(share)) for left, right, share in data["pairs"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
