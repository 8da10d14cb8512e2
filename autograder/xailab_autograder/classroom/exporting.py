"""What the commands for exports share.

- ``read``          a results folder -> the class
- ``gradescope_zip``  options -> a ready ``autograder.zip``
- ``sheet_bytes``   a platform's download
- ``filled_lines``  what was written into it, as lines
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from xailab.errors import UnknownName, XailabError
from xailab_autograder import labs
from xailab_autograder.classroom.place import Place, course_and_roster, opened
from xailab_autograder.classroom.printing import MOST_NAMED, shown
from xailab_autograder.command import course_key, minimum_level

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
    from xailab_autograder.gradebook.reading import class_book, labs_in

    declared = labs.load(lab)
    with opened(place) as book:
        found, graded = class_book(book, declared), labs_in(book)
    if not found.standings:
        holds = f"it holds: {', '.join(graded)}" if graded else "it is empty"
        raise XailabError(f"nobody is in the gradebook for lab {declared.number} ({holds}); grade it: xailab grade")
    return found


@dataclass(frozen=True)
class ZipRequest:
    """The options of ``xailab gradescope``; see there."""

    lab: str
    key_file: Path | None = None
    course_file: Path | None = None
    roster_file: Path | None = None
    visibility: str = "visible"
    minimum: str = "L2"


def gradescope_zip(request: ZipRequest) -> tuple[bytes, tuple[str, ...]]:
    """Return a ready ``autograder.zip``, and what is to be said about it.

    Raises
    ------
    XailabError
        No such lab, level or visibility; a file that cannot be read; a key that could be guessed.
    """
    from xailab_autograder.exports.gradescope import Visibility
    from xailab_autograder.exports.gradescope_zip import autograder_zip

    known = get_args(Visibility)
    if request.visibility not in known:
        raise UnknownName("visibility", request.visibility, known)
    level = minimum_level(request.minimum)
    course, roster = course_and_roster(request.course_file, request.roster_file)
    key, notes = course_key(request.key_file or course.key_file)
    students = roster.students if roster is not None else ()
    made = autograder_zip(request.lab, key=key, minimum=level, visibility=request.visibility, students=students)  # type: ignore[arg-type]  # one of its words
    return made, notes


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
