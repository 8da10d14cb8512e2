"""nbgrader's folders: ``submitted/ada/ps1/ps1.ipynb`` beside ``timestamp.txt``.

- ``LAYOUT``

The course's folder, its ``submitted`` folder, or what lies in it. Where there are several assignments, the lab's is the
one that is called like it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from xailab.errors import XailabError
from xailab_autograder.course.names import visible
from xailab_autograder.exercises import Lab
from xailab_autograder.handins.entries import Entry
from xailab_autograder.handins.layouts.layout import Bundle, Layout, Person, Reading, Texts
from xailab_autograder.handins.layouts.times import parse
from xailab_autograder.handins.limits import MOST_STAMP

STEP, STAMP = "submitted", "timestamp.txt"


def _recognises(entries: Sequence[Entry]) -> bool:
    """Whether there is a folder ``submitted``, or most students have a time stamp."""
    if any(entry.parts[0] == STEP and len(entry.parts) > 3 for entry in entries):
        return True
    students = {entry.parts[0] for entry in entries if len(entry.parts) > 2}
    stamped = {entry.parts[0] for entry in entries if entry.parts[2:] == (STAMP,)}
    return bool(stamped) and 2 * len(stamped) > len(students)


def _asks(entry: Entry) -> int:
    """Ask for time stamps."""
    return MOST_STAMP if entry.parts[-1] == STAMP and len(entry.parts) in (3, 4) else 0


def _read(entries: Sequence[Entry], texts: Texts, lab: Lab) -> Reading:
    """Read the folders."""
    if any(entry.parts[0] == STEP and len(entry.parts) > 3 for entry in entries):
        entries = [replace(entry, parts=entry.parts[1:]) for entry in entries if entry.parts[0] == STEP]
    files: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    notes = []
    for entry in entries:
        if len(entry.parts) > 2:
            files[entry.parts[1]][entry.parts[0]].append(entry)
        else:
            notes.append(f"{entry.path} does not lie in the folder of an assignment; it was left out")
    assignment = _assignment(list(files), lab)
    bundles = [_bundle(student, assignment, found, texts) for student, found in sorted(files[assignment].items())]
    return Reading(tuple(bundles), tuple(notes))


def _assignment(names: list[str], lab: Lab) -> str:
    """Return which assignment is the lab."""
    for wanted in (f"{lab.number}-{lab.name}", lab.name, lab.number, f"lab{lab.number}", f"lab{int(lab.number)}"):
        for name in names:
            if name.casefold() == wanted.casefold():
                return name
    if len(names) == 1:
        return names[0]
    shown = ", ".join(visible(name, 60) for name in sorted(names)[:10])
    raise XailabError(
        f"nbgrader's folders hold {len(names)} assignments, none of them called {lab.number}-{lab.name}: {shown}; "
        "give one of them alone, or rename it"
    )


def _bundle(student: str, assignment: str, files: list[Entry], texts: Texts) -> Bundle:
    """Return what one student handed in."""
    stamps = [entry for entry in files if entry.parts[2:] == (STAMP,)]
    text = texts.get(stamps[0].place, "") if stamps else ""
    said = repr(visible(text.strip(), 60)) if isinstance(text, str) else f"{text}: it"
    submitted = parse(text) if isinstance(text, str) else None
    notes = [f"{STAMP}: {said} is no time with a known zone"] if text and not submitted else []
    kept = tuple(entry for entry in files if entry not in stamps)
    label = visible(f"{student}/{assignment}")
    return Bundle(Person("nbgrader", student, student), label, kept, submitted, tuple(notes))


LAYOUT = Layout("nbgrader", "submitted/student/assignment/notebook.ipynb", _recognises, _read, _asks)
