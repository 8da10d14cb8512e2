"""The results folder of a course: its gradebook and its key.

- ``Place``      a results folder, and the gradebook if that is elsewhere
- ``opened``     its gradebook
- ``must_exist``  refuse a folder that has none
- ``write_file``  text or bytes, whole or not at all
- ``course_and_roster``  what the instructor decided, and who is in the course
- ``kept_key``   the course's key: given, or kept there
- ``place_key``  the same, or made there once

A results folder holds ``gradebook.db`` (unless the gradebook is elsewhere), ``course.key`` (unless one is given), and
a folder for each lab with the pages.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xailab.errors import XailabError
from xailab.files import write_beside
from xailab_autograder.command import KEY_VARIABLE, course_key

if TYPE_CHECKING:
    from xailab_autograder.course.config import Course
    from xailab_autograder.course.roster import Roster
    from xailab_autograder.gradebook.opening import Gradebook

DATABASE, KEY = "gradebook.db", "course.key"


@dataclass(frozen=True)
class Place:
    """Where the results of a course are.

    Parameters
    ----------
    folder
        The results folder.
    gradebook
        A database's address, if it is not the file in the folder: ``postgresql://user@host/course``.
    """

    folder: Path
    gradebook: str = ""

    @property
    def address(self) -> str | Path:
        """What ``open_gradebook`` takes."""
        return self.gradebook or self.folder / DATABASE

    def lab(self, number: str) -> Path:
        """Return the folder of a lab's pages."""
        return self.folder / number


def must_exist(place: Place) -> None:
    """Refuse a folder without a gradebook: one that was misspelt must not get a new one.

    Raises
    ------
    XailabError
        There is none yet. A server's address is not checked here.
    """
    if not place.gradebook and not (place.folder / DATABASE).is_file():
        raise XailabError(
            f"no {DATABASE} in {place.folder}: give the folder that `xailab grade LAB SUBMISSIONS --out FOLDER` wrote, "
            "or --gradebook with the address of a database"
        )


@contextmanager
def opened(place: Place) -> Iterator["Gradebook"]:
    """Open the gradebook of results that exist.

    Raises
    ------
    XailabError
        There is none yet.
    """
    from xailab_autograder.gradebook.opening import open_gradebook

    must_exist(place)
    with open_gradebook(place.address) as book:
        yield book


def course_and_roster(course_file: Path | None, roster_file: Path | None) -> tuple["Course", "Roster | None"]:
    """Read ``course.toml`` and the table of students: the one that is given, else that of ``course.toml``.

    Raises
    ------
    XailabError
        A file cannot be read, or holds what it cannot hold.
    """
    from xailab_autograder.course import config
    from xailab_autograder.course import roster as rosters

    course = config.Course() if course_file is None else config.read(course_file)
    file = roster_file or course.roster
    return course, None if file is None else rosters.read(file)


def kept_key(place: Place, file: Path | None) -> bytes:
    """Return the key of a course that has been graded: from a file, ``$XAILAB_COURSE_KEY``, or the results folder.

    Raises
    ------
    XailabError
        There is none, the file cannot be read, or the key could be guessed.
    """
    if file is None and KEY_VARIABLE not in os.environ and not (place.folder / KEY).is_file():
        raise XailabError(f"no {KEY} in {place.folder}: give the key that the class was graded with: --key-file")
    return place_key(place, file)[0]


def place_key(place: Place, file: Path | None) -> tuple[bytes, tuple[str, ...]]:
    """Return the course's key, and what is to be said about it.

    It comes from a file, else from ``$XAILAB_COURSE_KEY``, else from ``course.key`` in the results folder, which is
    made where it does not exist: marks of a class never rest on cases that anyone can compute.

    Raises
    ------
    XailabError
        The file cannot be read or written, or the key could be guessed.
    """
    kept = place.folder / KEY
    if file is not None or KEY_VARIABLE in os.environ:
        return course_key(file)
    if kept.is_file():
        return course_key(kept)[0], ()
    try:
        # Whole or not at all, also for two runs that begin at once: a link to a name that exists fails.
        beside = kept.with_name(f".{secrets.token_hex(6)}.key")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:  # noqa: PTH123
            new.write(secrets.token_hex(32) + "\n")
        try:
            os.link(beside, kept)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    except OSError as error:
        raise XailabError(f"cannot write {kept}: {error.strerror}; give a key with --key-file") from error
    return course_key(kept)[0], (f"made {kept}: keep it, regrading draws the same cases from it",)


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all; text gets a byte order mark where a spreadsheet will read it.

    Raises
    ------
    XailabError
        The folder does not exist or cannot be written to, or the disk is full.
    """
    encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
    # What is no character (a lone surrogate of a student's string) becomes one in the file.
    raw = content if isinstance(content, bytes) else content.encode(encoding, "replace")
    with write_beside(path) as temporary:
        temporary.write_bytes(raw)
    return path
