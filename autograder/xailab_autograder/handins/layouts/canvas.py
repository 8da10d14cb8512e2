"""Canvas's "Download submissions": all files side by side, ``doejane_LATE_1234_5678_lab-1.ipynb``.

- ``LAYOUT``

The parts: the name without spaces, LATE if it was late, Canvas's number of the user, its number of the file, and what
the student called it; Canvas adds ``-1``, ``-2``... to a file that is handed in again. The archive says nothing about
times. Texts typed into Canvas (``..._text.html``) are not graded.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xailab_autograder.course.names import visible
from xailab_autograder.exercises import Lab
from xailab_autograder.handins.entries import Entry
from xailab_autograder.handins.layouts.layout import Bundle, Layout, Person, Reading, Texts

_NAMED = re.compile(r"(.+?)_(LATE_)?(\d+)_(\d+)_(.+)", re.DOTALL)
_ANONYMOUS = re.compile(r"(LATE_)?anon_([A-Za-z0-9]+)_(\d+)_(.+)", re.DOTALL)
_TYPED = re.compile(r"(.+?)_(LATE_)?(\d+)_(?:text|link)\.html", re.DOTALL)
_AGAIN = re.compile(r"(.*)-(\d{1,4})", re.DOTALL)


@dataclass(frozen=True)
class _File:
    """One file, by its name."""

    user: str
    name: str
    late: bool
    number: int
    entry: Entry
    typed: bool = False

    @property
    def series(self) -> str:
        """What the file was called the first time."""
        again = _AGAIN.fullmatch(self.entry.stem)
        return f"{again[1] if again else self.entry.stem}{self.entry.suffix}"

    @property
    def attempt(self) -> tuple[int, int]:
        """Grows with each attempt."""
        again = _AGAIN.fullmatch(self.entry.stem)
        return int(again[2]) if again else 0, self.number


def _recognises(entries: Sequence[Entry]) -> bool:
    """Whether most files lie side by side and are named in this way."""
    matching = sum(len(entry.parts) == 1 and _file(entry) is not None for entry in entries)
    return 2 * matching > len(entries)


def _read(entries: Sequence[Entry], texts: Texts, lab: Lab) -> Reading:
    """Read the archive."""
    files: dict[str, list[_File]] = defaultdict(list)
    notes = []
    for entry in entries:
        file = _file(entry) if len(entry.parts) == 1 else None
        if file is not None:
            files[file.user].append(file)
        else:
            notes.append(f"{entry.path} is not named as Canvas names files; it was left out")
    return Reading(tuple(_bundle(user, found) for user, found in sorted(files.items())), tuple(notes))


def _file(entry: Entry) -> _File | None:
    """Take a name apart; None: it is not Canvas's."""
    match = _ANONYMOUS.fullmatch(entry.parts[0])
    if match is not None:
        return _File(match[2], "", bool(match[1]), int(match[3][-18:]), replace(entry, called=match[4]))
    match = _NAMED.fullmatch(entry.parts[0])
    if match is not None:
        return _File(match[3], match[1], bool(match[2]), int(match[4][-18:]), replace(entry, called=match[5]))
    match = _TYPED.fullmatch(entry.parts[0])
    return _File(match[3], match[1], bool(match[2]), 0, entry, typed=True) if match is not None else None


def _bundle(user: str, files: list[_File]) -> Bundle:
    """Return what one user handed in: of each file the last attempt."""
    latest: dict[str, _File] = {}
    uploaded = sorted((file for file in files if not file.typed), key=lambda file: file.attempt)
    for file in uploaded:
        latest[file.series] = file
    kept = {file.entry for file in latest.values()}
    earlier = [visible(file.entry.name) for file in uploaded if file.entry not in kept]
    notes = [f"an earlier attempt does not count: {', '.join(earlier)}"] if earlier else []
    if len(uploaded) < len(files):
        notes.append("a text typed into Canvas was not looked at")
    if any(file.late for file in files):
        notes.append("Canvas marks it as late, but its archive does not say when it was handed in")
    person = Person("canvas", user, "", "", files[0].name)
    label = visible(f"{files[0].name}_{user}" if files[0].name else user)
    return Bundle(person, label, tuple(sorted(kept, key=lambda entry: entry.parts)), None, tuple(notes))


LAYOUT = Layout(
    "Canvas",
    "files lastfirst_123_456_lab.ipynb side by side (Assignment, Download Submissions)",
    _recognises,
    _read,
)
