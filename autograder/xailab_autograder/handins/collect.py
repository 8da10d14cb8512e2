"""A download -> one hand-in for each student.

- ``collect``      a folder, an archive or a single file -> ``Collected``
- ``collect_one``  the files of one student -> ``HandedIn``
- ``Collected``    hand-ins, students, notes

One unusable hand-in is a ``problem`` of its student and of nobody else. Errors are what concerns everybody: nothing is
there, the download itself is damaged, the scratch folder is full.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xailab.errors import XailabError
from xailab_autograder.course.names import clean_id, clean_name, visible
from xailab_autograder.course.roster import Roster
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.handins.choose import choose
from xailab_autograder.handins.entries import Entry, Source, Unreadable
from xailab_autograder.handins.extract import Archive
from xailab_autograder.handins.folders import Folder
from xailab_autograder.handins.layouts import PLAIN, PLATFORMS, plain
from xailab_autograder.handins.layouts.layout import Bundle, Layout, Person, Reading
from xailab_autograder.handins.limits import MOST_ENTRIES

_SUFFIXES = (".ipynb", ".py")
_MOST_AROUND = 3  # folders around everything
_NAMED = 6


@dataclass(frozen=True)
class Collected:
    """What was collected.

    Parameters
    ----------
    hand_ins
        One for each student who handed in, in the order of the ids: the one that counts. Where none can be graded, it
        has a ``problem``.
    students
        Those of the hand-ins, and those of the roster who handed in nothing.
    layout
        The platform's name, or how the folder was read.
    notes
        What the instructor should know: what was left out, who is not on the roster.
    """

    hand_ins: tuple[HandedIn, ...]
    students: tuple[Student, ...]
    layout: str
    notes: tuple[str, ...] = ()


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def collect(
    path: Path,
    lab: Lab,
    scratch: Path,
    *,
    roster: Roster | None = None,
    progress: Callable[[int, int], None] = _silent,
) -> Collected:
    """Collect the hand-ins of a class.

    Parameters
    ----------
    path
        What the platform gave out: a folder, a zip archive; or a single notebook, whose name is the student's id.
    lab
        What was asked.
    scratch
        A folder for what is unpacked; it is left as it was found. At most one student's files lie there at a time.
    roster
        Who is in the course. Without it, ids are what the platform says.
    progress
        Told how many students of how many are done.

    Raises
    ------
    XailabError
        There is nothing to grade, the download cannot be read, or the scratch folder cannot be written to.
    """
    path = Path(path)
    with _source(path) as source:
        layout, reading = _read(path, source, lab, scratch)
        grouped, students, notes = _grouped(reading.bundles, roster)
        hand_ins = []
        for student in sorted(grouped):
            hand_ins.append(choose(student, grouped[student], source, lab, scratch))
            progress(len(hand_ins), len(grouped))
    absent = [student for student in roster.students if student.id not in students] if roster else []
    everybody = sorted([*students.values(), *absent], key=lambda student: student.id)
    return Collected(tuple(hand_ins), tuple(everybody), layout, (*source.notes, *reading.notes, *notes))


def collect_one(
    path: Path, lab: Lab, scratch: Path, *, student: str = "", submitted: datetime | None = None
) -> HandedIn:
    """Return the hand-in of one student whose files all lie in one folder, or in one archive or file.

    Parameters
    ----------
    path, lab, scratch
        See ``collect``.
    student
        The id.
    submitted
        When; None: nobody knows.

    Raises
    ------
    XailabError
        ``path`` cannot be read, or the scratch folder cannot be written to. An empty folder is a ``problem``.
    """
    path = Path(path)
    with _source(path) as source:
        bundle = Bundle(Person(id=student), path.name, source.entries, submitted)
        return choose(clean_id(student), [bundle], source, lab, scratch)


class _Single:
    """One file as a source."""

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self._path = path
        self.entries = (Entry((path.name,), path.stat().st_size, 0),)

    def bring(self, entry: Entry, target: Path, most: int) -> Path:
        """Return the file; its reader checks it."""
        return self._path.resolve()


@contextmanager
def _source(path: Path) -> Iterator[Source]:
    """Open what the instructor names."""
    if path.is_dir():
        yield Folder(path)
    elif not path.is_file():
        state = "a pipe or a device" if path.exists() else "nothing there"
        raise XailabError(f"{path}: expected a folder, a zip archive or a notebook, got {state}")
    elif path.suffix.lower() in _SUFFIXES:
        yield _Single(path)
    else:
        try:
            archive = Archive(path, most_entries=MOST_ENTRIES, most_total=None)
        except Unreadable as error:
            raise XailabError(f"{path}: {error}; or unpack it yourself and give the folder") from None
        with closing(archive):
            yield archive


def _read(path: Path, source: Source, lab: Lab, scratch: Path) -> tuple[str, Reading]:
    """Find out whose files they are; return the layout's name, too."""
    if isinstance(source, _Single):
        return "a single file", Reading((Bundle(plain.person(path.stem), path.name, source.entries),))
    layout, entries = _layout(source.entries)
    texts = {entry.place: _text(entry, source, scratch, most) for entry in entries if (most := layout.asks(entry))}
    reading = layout.read(entries, texts, lab)
    if not reading.bundles:
        raise XailabError(f"{path}: {_nothing(source.entries)}")
    return layout.name, reading


def _layout(entries: Sequence[Entry]) -> tuple[Layout, Sequence[Entry]]:
    """Return the layout, and the entries without the folders that lie around everything."""
    inner = entries
    for _ in range(_MOST_AROUND):
        for layout in PLATFORMS:
            if inner and layout.recognises(inner):
                return layout, inner
        if len({entry.parts[0] for entry in inner}) != 1 or any(len(entry.parts) == 1 for entry in inner):
            break
        inner = [replace(entry, parts=entry.parts[1:]) for entry in inner]
    return PLAIN, entries


def _text(entry: Entry, source: Source, scratch: Path, most: int) -> str | Unreadable:
    """Return the text of a platform's own file, or why there is none: the layout knows how bad that is."""
    target = scratch / f"metadata-{entry.place}"
    try:
        path = source.bring(entry, target, most)
        with path.open("rb") as file:
            return file.read(most + 1).decode("utf-8-sig", "replace")
    except Unreadable as error:
        return error
    except OSError as error:
        return Unreadable(f"cannot be read: {error.strerror}")
    finally:
        target.unlink(missing_ok=True)


def _nothing(entries: Sequence[Entry]) -> str:
    """Say what was looked for, and what was seen instead."""
    looks = "; ".join(f"{layout.name}: {layout.looks}" for layout in (*PLATFORMS, PLAIN))
    names = ", ".join(dict.fromkeys(visible(entry.parts[0], 60) for entry in entries[: _NAMED * 4]))
    seen = f"{len(entries)} files, the first: {visible(names, 300)}" if entries else "nothing in it"
    return f"no hand-ins found. Looked for: {looks}. Seen: {seen}"


def _grouped(
    bundles: Sequence[Bundle], roster: Roster | None
) -> tuple[dict[str, list[Bundle]], dict[str, Student], tuple[str, ...]]:
    """Return id -> bundles, id -> student, and notes on those whom the roster does not name."""
    grouped: dict[str, list[Bundle]] = defaultdict(list)
    students: dict[str, Student] = {}
    by_name, unknown = [], []
    for bundle in bundles:
        person = bundle.person
        match = roster.match(**vars(person)) if roster else None
        student = match.student if match else _stranger(person, roster)
        if match and match.by == "name":
            by_name.append(f"{bundle.label} -> {student.id}")
        if roster and not match and student.id not in students:
            unknown.append(student.id)
        grouped[student.id].append(bundle)
        students.setdefault(student.id, student)
    notes = []
    if by_name:
        notes.append(f"{len(by_name)} found on the roster by the name alone: {_listed(by_name)}")
    if unknown:
        notes.append(f"{len(unknown)} not on the roster, kept as they are: {_listed(unknown)}")
    return grouped, students, tuple(notes)


def _stranger(person: Person, roster: Roster | None) -> Student:
    """Return a student of whom only the platform knows; never one of the roster."""
    called = clean_id(person.id or person.key or person.email or person.name) or "unnamed"
    if roster is not None and called in roster.ids:
        called = clean_id(f"{person.platform or 'unknown'}:{called}")
    platforms = {person.platform: visible(person.key)} if person.platform and person.key else {}
    name = clean_name(person.name)
    return Student(called, name if name != called else "", visible(person.email), platforms)


def _listed(names: Sequence[str]) -> str:
    """Write down names, not too many."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(visible(name, 80) for name in names[:_NAMED]) + more
