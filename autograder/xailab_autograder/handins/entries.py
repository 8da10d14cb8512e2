"""What lies in a folder or an archive: names and sizes, no contents.

- ``Entry``   one plain file, or something that should have been one
- ``Source``  where entries come from: a folder or an archive
- ``Unreadable``  what a student handed in cannot be used
- ``junk``    whether a name is what systems and Jupyter leave behind
- ``megabytes``  a size in words
- ``shortened``  a list of notes, cut at a readable length

Names are text that somebody else wrote. They are shown (``Entry.path``), compared and sorted; nothing on the disk is
ever called by them.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from xailab.errors import XailabError
from xailab_autograder.course.names import visible
from xailab_autograder.handins.limits import MOST_NOTES

_SHOWN = 160
_JUNK = (".", "__MACOSX", "__pycache__")


class Unreadable(XailabError):
    """A file or an archive that a student handed in cannot be used. Names no file: the caller does."""


@dataclass(frozen=True)
class Entry:
    """One file.

    Parameters
    ----------
    parts
        Its name, with the folders it lies in before it.
    size
        In bytes, as it is said to be.
    place
        Where its source finds it.
    refused
        Why it is not read ("a link"); empty if it may be.
    called
        What the student called it, where a platform put something before the name.
    """

    parts: tuple[str, ...]
    size: int
    place: int
    refused: str = ""
    called: str = ""

    @property
    def name(self) -> str:
        """What the student called it, without folders."""
        return self.called or self.parts[-1]

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """Of the name, in small letters: ``".ipynb"``."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def shown(self) -> str:
        """The name, for people; a very long one keeps its suffix."""
        text = visible(unicodedata.normalize("NFC", self.name))
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}"

    @property
    def path(self) -> str:
        """The name with its folders, for people."""
        text = visible(unicodedata.normalize("NFC", "/".join(self.parts)))
        return text if len(text) <= _SHOWN else f"…{text[1 - _SHOWN :]}"


class Source(Protocol):
    """A folder or an archive."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What lies in it, in the order of the names."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        ...

    def bring(self, entry: Entry, target: Path, most: int) -> Path:
        """Return a plain file with an entry's bytes: itself, or ``target``, newly written.

        Raises
        ------
        Unreadable
            It is larger than ``most``, damaged, or should not be read.
        XailabError
            ``target`` cannot be written: the disk is full, for example.
        """
        ...


def junk(parts: Iterable[str]) -> bool:
    """Whether a name is what systems, editors and Jupyter leave behind: hidden, ``__MACOSX``, caches."""
    return any(
        part.startswith((".", "__MACOSX", "__pycache__")) or part in ("Thumbs.db", "desktop.ini") for part in parts
    )


def megabytes(size: int) -> str:
    """Write a size in words: ``"32 MiB"``."""
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"


def shortened(notes: Iterable[str]) -> tuple[str, ...]:
    """Return notes, the last of them counted where there are very many."""
    notes = tuple(notes)
    if len(notes) <= MOST_NOTES:
        return notes
    return (*notes[:MOST_NOTES], f"and {len(notes) - MOST_NOTES} more of this kind")
