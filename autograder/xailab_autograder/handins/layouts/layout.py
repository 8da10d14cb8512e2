"""What a layout is: names of files on the one side, students and times on the other. No file is touched here.

- ``Layout``   the way in which a platform names what it gives out
- ``Person``   what a platform says of a student
- ``Bundle``   files that were handed in together
- ``Reading``  everything that a layout made of a download
- ``wanted``   whether a file can be a hand-in
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from xailab_autograder.exercises import Lab
from xailab_autograder.handins.entries import Entry, Unreadable

KINDS = (".ipynb", ".py", ".zip")
Texts = Mapping[int, str | Unreadable]
"""Place of an entry -> its text, of the entries that a layout asked for; or why it could not be read."""


@dataclass(frozen=True)
class Person:
    """What a platform says of a student; empty where it says nothing.

    Parameters
    ----------
    platform, key
        Whose word it is, and what it calls the student.
    id, email, name
        As on the roster, if it says so.
    """

    platform: str = ""
    key: str = ""
    id: str = ""
    email: str = ""
    name: str = ""


@dataclass(frozen=True)
class Bundle:
    """Files that one student handed in together.

    Parameters
    ----------
    person
        Whose.
    label
        How people find it in the download: the name of its folder, for example.
    entries
        All its files, of whatever kind.
    submitted
        When, by the platform's own word; None: it does not say. The times inside a zip archive are not believed.
    notes
        For whoever looks at this hand-in.
    """

    person: Person
    label: str
    entries: tuple[Entry, ...]
    submitted: datetime | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a layout made of a download: bundles, and notes on what is in none."""

    bundles: tuple[Bundle, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The way in which a platform names what it gives out.

    Parameters
    ----------
    name
        Of the platform.
    looks
        What a download looks like, for messages.
    recognises
        Whether names look like this.
    read
        Turns names, and the texts of the platform's own files, into bundles.
    asks
        How many bytes of an entry it wants to read as text; 0: none.
    """

    name: str
    looks: str
    recognises: Callable[[Sequence[Entry]], bool]
    read: Callable[[Sequence[Entry], Texts, Lab], Reading]
    asks: Callable[[Entry], int] = lambda entry: 0


def wanted(entry: Entry) -> bool:
    """Whether a file can be a hand-in, by its name."""
    return entry.suffix in KINDS
