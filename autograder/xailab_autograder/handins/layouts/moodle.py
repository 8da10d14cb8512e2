"""Moodle's "Download all submissions": ``Full Name_123_assignsubmission_file/lab.ipynb``, or the same as one name.

- ``LAYOUT``

The number is the participant's in this one assignment, as in the grading worksheet (``Participant 123``). Moodle's
archive says nothing about times. Texts typed into Moodle (``onlinetext``) are not graded.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from xailab_autograder.course.names import visible
from xailab_autograder.exercises import Lab
from xailab_autograder.handins.entries import Entry
from xailab_autograder.handins.layouts.layout import Bundle, Layout, Person, Reading, Texts

_NAME = re.compile(r"(.*?)(?:_(\d+))?_assignsubmission_([a-z]+)(?:_(.*))?", re.DOTALL)


def _recognises(entries: Sequence[Entry]) -> bool:
    """Whether most names at the top are of this kind."""
    names = {entry.parts[0] for entry in entries}
    return 2 * sum(_NAME.fullmatch(name) is not None for name in names) > len(names)


def _read(entries: Sequence[Entry], texts: Texts, lab: Lab) -> Reading:
    """Read the archive."""
    files: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    typed: set[tuple[str, str]] = set()
    notes = []
    for entry in entries:
        match = _NAME.fullmatch(entry.parts[0])
        if match is None:
            notes.append(f"{entry.path} is not named as Moodle names files; it was left out")
            continue
        who = (match[1], match[2] or "")
        if match[3] != "file":
            typed.add(who)
        elif len(entry.parts) > 1:
            files[who].append(entry)
        else:
            files[who].append(replace(entry, called=match[4] or entry.name))
    bundles = []
    for name, number in sorted({*files, *typed}):
        said = ("a text typed into Moodle was not looked at",) if (name, number) in typed else ()
        label = visible(f"{name}_{number}" if number else name)
        person = Person("moodle", number, "", "", name)
        bundles.append(Bundle(person, label, tuple(files.get((name, number), ())), None, said))
    return Reading(tuple(bundles), tuple(notes))


LAYOUT = Layout(
    "Moodle",
    "Full Name_123_assignsubmission_file/ (View all submissions, Download all submissions)",
    _recognises,
    _read,
)
