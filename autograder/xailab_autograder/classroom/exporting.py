"""What the commands for exports share.

- ``read``          a results folder -> the class
- ``sheet_bytes``   a platform's download
- ``filled_lines``  what was written into it, as lines
"""

from pathlib import Path
from typing import TYPE_CHECKING

from xailab.errors import XailabError
from xailab_autograder import labs
from xailab_autograder.classroom.place import Place, opened
from xailab_autograder.classroom.printing import MOST_NAMED, shown

if TYPE_CHECKING:
    from xailab_autograder.exports.filling import Filled
    from xailab_autograder.gradebook.contents import ClassBook

MOST_BYTES = 64 * 2**20


def read(lab: str, place: Place) -> "ClassBook":
    """Return the class of a lab.

    Raises
    ------
    XailabError
        There is no such lab or gradebook, or nobody in it for this lab.
    """
    from xailab_autograder.gradebook.reading import class_book

    declared = labs.load(lab)
    with opened(place) as book:
        found = class_book(book, declared)
    if not found.standings:
        raise XailabError(f"nobody is in the gradebook for lab {declared.number}; grade it first: xailab grade")
    return found


def sheet_bytes(sheet: Path) -> bytes:
    """Return a downloaded sheet.

    Raises
    ------
    XailabError
        It cannot be read, or is far too large for one.
    """
    try:
        with sheet.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise XailabError(f"cannot read {sheet}: {error.strerror}") from error
    if len(raw) > MOST_BYTES:
        raise XailabError(f"{sheet}: larger than {MOST_BYTES >> 20} MiB; expected a table of students")
    return raw


def filled_lines(filled: "Filled") -> list[str]:
    """Return what was and was not written into a sheet."""
    lines = [f"{len(filled.filled)} marks filled in", *filled.notes]
    lines += _some("no row in the sheet", [shown(student) for student in filled.unmatched])
    lines += _some("left as it was", [f"{shown(one.student)} ({one.why})" for one in filled.skipped])
    lines += _some("in the sheet, not in the class", [shown(name) for name in filled.left])
    return lines


def _some(what: str, names: list[str]) -> list[str]:
    """Return a line with the first names and how many more there are."""
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"{what}: {', '.join(names[:MOST_NAMED])}{more}"]
