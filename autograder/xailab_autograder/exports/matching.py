"""Which row of a platform's sheet is which student's. A mark in the wrong row is worse than none: doubts match nothing.

- ``Row``      what a sheet says about a person
- ``Matches``  who was found where, and who was not
- ``match``    rows and students -> matches
- ``name_key`` names that differ in order, case and commas only are the same
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xailab_autograder.course.names import clean_id
from xailab_autograder.course.students import Student

Key = tuple[str, str]
"""Kind of id, id."""


@dataclass(frozen=True)
class Row:
    """What a sheet says about a person.

    Parameters
    ----------
    number
        Of the row in the sheet, from 0.
    label
        What to call it in a report: the name, else the first id.
    keys
        Kind of id -> id: ``{"canvas": "1234", "login": "ada"}``. Empty ids say nothing.
    name
        Used only where no id matches.
    """

    number: int
    label: str
    keys: Mapping[str, str]
    name: str = ""


@dataclass(frozen=True)
class Matches:
    """Who was found where.

    Parameters
    ----------
    rows
        Student id -> number of the row.
    students
        Ids of students without a row.
    left
        Rows without a student.
    notes
        Doubts, one sentence each.
    """

    rows: Mapping[str, int]
    students: tuple[str, ...]
    left: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())


def match(
    rows: Sequence[Row], students: Sequence[Student], known: Callable[[Student], Iterable[Key]], *, sure: str
) -> Matches:
    """Find each student's row: by ids, and where none matches by a name that nobody shares.

    Whoever matches two rows by different ids, and rows that two students claim, match nothing and are noted.

    Parameters
    ----------
    rows
        Of the sheet.
    students
        Of the class.
    known
        A student -> the ids that a sheet may have for him or her, of the kinds of ``Row.keys``.
    sure
        The kind of id that is the platform's own: a row with another one is somebody else's, whatever the name.
    """
    notes: list[str] = []
    found: dict[str, int] = {}
    doubtful: set[str] = set()
    places = _index(rows)
    for student in students:
        keys = [(kind, folded(value)) for kind, value in known(student)]
        wanted = {places[key] for key in keys if key in places}
        if len(wanted) > 1:
            lines = ", ".join(str(number + 1) for number in sorted(wanted))
            notes.append(f"{student.id}: its ids belong to different rows ({lines}); nothing was written for it")
            doubtful.add(student.id)
        elif wanted:
            found[student.id] = wanted.pop()
    taken = set(found.values())
    by_name = _by_name(
        [row for row in rows if row.number not in taken],
        [student for student in students if student.id not in found and student.id not in doubtful],
        lambda row, student: _may_be(row, [folded(value) for kind, value in known(student) if kind == sure], sure),
    )
    found |= by_name
    found = _alone(found, notes)
    used = set(found.values())
    return Matches(
        found,
        tuple(student.id for student in students if student.id not in found),
        tuple(row for row in rows if row.number not in used),
        tuple(notes),
    )


def name_key(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded and sorted: ``"Lovelace, Ada"`` is ``"ada LOVELACE"``."""
    # Canvas writes a ' before names that begin with =; marks of direction and joiners are not seen.
    plain = unicodedata.normalize("NFKC", name.strip().removeprefix("'")).casefold()
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    return tuple(sorted(filter(None, re.split(r"[\s,;]+", plain))))


def folded(value: str) -> str:
    """Return an id as it is compared: as the course keeps ids, and without case."""
    return clean_id(value).casefold()


def _index(rows: Iterable[Row]) -> dict[tuple[str, str], int]:
    """Return (kind, id) -> row, for ids that stand in one row only."""
    places: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        for kind, value in row.keys.items():
            if value.strip():
                places[kind, folded(value)].add(row.number)
    return {key: numbers.pop() for key, numbers in places.items() if len(numbers) == 1}


def _by_name(
    rows: Sequence[Row], students: Sequence[Student], may_be: Callable[[Row, Student], bool]
) -> dict[str, int]:
    """Match by names that one row and one student have."""
    in_rows = Counter(name_key(row.name) for row in rows)
    in_class = Counter(name_key(student.name) for student in students)
    named = {name_key(row.name): row for row in rows}
    return {
        student.id: named[key].number
        for student in students
        if (key := name_key(student.name)) and in_rows[key] == 1 and in_class[key] == 1 and may_be(named[key], student)
    }


def _may_be(row: Row, ids: Sequence[str], sure: str) -> bool:
    """Whether the platform's own id does not speak against a row."""
    return not ids or not row.keys.get(sure, "").strip() or folded(row.keys[sure]) in ids


def _alone(found: Mapping[str, int], notes: list[str]) -> dict[str, int]:
    """Drop rows that several students match."""
    claims: defaultdict[int, list[str]] = defaultdict(list)
    for student, number in found.items():
        claims[number].append(student)
    for number, ids in sorted(claims.items()):
        if len(ids) > 1:
            notes.append(f"row {number + 1} fits {', '.join(ids)}; nothing was written in it")
    return {student: number for student, number in found.items() if len(claims[number]) == 1}
