"""No platform: one file for each student (``ada.ipynb``), or one folder or archive (``ada/``, ``ada.zip``).

- ``LAYOUT``
- ``person``  whose a file of some name is

The name of the file or folder is the student's id. A single folder around everything is looked through: one that is
called so (``submissions/``), or in which there is more than one student.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from xailab_autograder.course.names import visible
from xailab_autograder.exercises import Lab
from xailab_autograder.handins.entries import Entry, shortened
from xailab_autograder.handins.layouts.layout import Bundle, Layout, Person, Reading, Texts, wanted

_AROUND = ("submissions", "submission", "submitted", "hand-ins", "handins", "handed-in", "abgaben")


def person(text: str) -> Person:
    """Return whose a file or folder of this name is."""
    return Person(id=text, email=text if "@" in text else "", name=text)


def _recognises(entries: Sequence[Entry]) -> bool:
    """Whether there is anything that can be a hand-in, or a folder that may be somebody's."""
    return any(wanted(entry) or len(entry.parts) > 1 for entry in entries)


def _read(entries: Sequence[Entry], texts: Texts, lab: Lab) -> Reading:
    """Read the folder."""
    entries, notes = _unwrapped(entries)
    files: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if len(entry.parts) > 1:
            files[entry.parts[0]].append(entry)
        elif wanted(entry):
            files[entry.stem].append(entry)
        else:
            notes.append(f"{entry.path} was left out: expected .ipynb, .py, .zip, or a folder for each student")
    bundles = [Bundle(person(name), visible(name), tuple(found)) for name, found in sorted(files.items())]
    return Reading(tuple(bundles), shortened(notes))


def _unwrapped(entries: Sequence[Entry]) -> tuple[Sequence[Entry], list[str]]:
    """Look through a single folder around everything; one with a single file in it is a student's."""
    notes: list[str] = []
    while len({entry.parts[0] for entry in entries}) == 1 and all(len(entry.parts) > 1 for entry in entries):
        inner = [replace(entry, parts=entry.parts[1:]) for entry in entries]
        files = [entry for entry in inner if len(entry.parts) == 1 and wanted(entry)]
        folders = {entry.parts[0] for entry in inner if len(entry.parts) > 1}
        around = visible(entries[0].parts[0], 60)
        if around.casefold() not in _AROUND and len({entry.stem for entry in files} | folders) < 2:
            break
        if files and around.casefold() not in _AROUND:
            notes.append(f"the folder {around!r} lies around everything: what is in it was taken for a student's each")
        entries = inner
    return entries, notes


LAYOUT = Layout("plain", "one file, folder or archive for each student, called by the id", _recognises, _read)
