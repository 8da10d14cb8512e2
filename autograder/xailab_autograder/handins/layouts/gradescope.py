"""Gradescope's export of an assignment: ``submission_metadata.yml`` beside one folder for each submission.

- ``LAYOUT``

A group's submission is everybody's. A student is known by ``:sid:``, else by ``:email:``.
"""

from collections import defaultdict
from collections.abc import Sequence

from xailab.errors import XailabError
from xailab_autograder.course.names import visible
from xailab_autograder.exercises import Lab
from xailab_autograder.handins.entries import Entry, Unreadable
from xailab_autograder.handins.layouts.layout import Bundle, Layout, Person, Reading, Texts
from xailab_autograder.handins.layouts.plain_yaml import Tree, parse
from xailab_autograder.handins.layouts.times import parse as parse_time
from xailab_autograder.handins.limits import MOST_METADATA

METADATA = "submission_metadata.yml"
_MOST_SUBMITTERS = 100


def _recognises(entries: Sequence[Entry]) -> bool:
    """Whether the platform's own file lies at the top."""
    return any(entry.parts == (METADATA,) for entry in entries)


def _asks(entry: Entry) -> int:
    """Ask for the platform's own file, not for one of that name that a student handed in."""
    return MOST_METADATA if entry.parts == (METADATA,) else 0


def _read(entries: Sequence[Entry], texts: Texts, lab: Lab) -> Reading:
    """Read the export."""
    records = _records(next(texts[entry.place] for entry in entries if entry.parts == (METADATA,)))
    files: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.parts != (METADATA,):
            files[entry.parts[0]].append(entry)
    bundles: list[Bundle] = []
    for key, record in records.items():
        bundles += _bundles(key, record, tuple(files.pop(key, ())))
    strays = [
        Bundle(Person(id=key), visible(key), tuple(found)) for key, found in files.items() if len(found[0].parts) > 1
    ]
    notes = [f"{stray.label!r} is not listed in {METADATA}; nobody knows whose it is" for stray in strays]
    return Reading((*bundles, *strays), tuple(notes))


def _records(text: str | Unreadable) -> dict[str, Tree]:
    """Read the platform's own file."""
    try:
        if isinstance(text, Unreadable):
            raise text
        records = parse(text)
    except XailabError as error:
        raise XailabError(f"{METADATA}: {error}; download the submissions again") from None
    if not isinstance(records, dict):
        raise XailabError(f"{METADATA}: expected one entry for each submission, got none; download them again")
    return records


def _bundles(key: str, record: Tree, files: tuple[Entry, ...]) -> list[Bundle]:
    """Return a submission once for each of those who handed it in."""
    record = record if isinstance(record, dict) else {}
    submitters = record.get(":submitters")
    people = [_person(one) for one in submitters[:_MOST_SUBMITTERS]] if isinstance(submitters, list) else []
    people = [person for person in people if person != Person()] or [Person(id=key)]
    stamp = record.get(":created_at", "")
    stamp = stamp.get("utc", "") if isinstance(stamp, dict) else stamp  # Ruby's own dump of a time with a zone
    submitted = parse_time(stamp) if isinstance(stamp, str) else None
    notes = [] if submitted else [f"{METADATA} does not say when it was handed in"]
    made = []
    for person in people:
        others = [visible(other.name or other.id or other.email) for other in people if other != person]
        together = [f"handed in together with {', '.join(others)}"] if others else []
        made.append(Bundle(person, visible(key), files, submitted, (*notes, *together)))
    return made


def _person(record: Tree) -> Person:
    """Return what is said of one submitter."""
    name, sid, email = (_text(record, key) for key in (":name", ":sid", ":email"))
    return Person("gradescope", sid, sid, email, name)


def _text(record: Tree, key: str) -> str:
    """Return a text of a record; empty: it says nothing."""
    text = record.get(key, "") if isinstance(record, dict) else ""
    return text.strip() if isinstance(text, str) and text not in ("~", "null") else ""


LAYOUT = Layout(
    "Gradescope",
    f"{METADATA} beside folders submission_123456/ (Review Grades, Export Submissions)",
    _recognises,
    _read,
    _asks,
)
