"""The list of students.

- ``read``    a table -> ``Roster``
- ``Roster``  the students, and who is meant by what a platform says
- ``Match``   who is meant, and by what it was found

A table is CSV with the columns ``id`` and, where they are known, ``name``, ``email`` and what platforms call a student:
``canvas``, ``moodle``, ``gradescope``, ``nbgrader``, ``lti``. What Canvas (gradebook), Moodle (grading worksheet,
participants) and Gradescope (roster) give out is understood as it is. Moodle numbers its participants anew in each
assignment: with a worksheet of another assignment, students are found by their names.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xailab.errors import XailabError
from xailab_autograder.course.names import clean_id, clean_name, keys, visible
from xailab_autograder.course.sheets import SHEETS, Sheet
from xailab_autograder.course.students import Student

if TYPE_CHECKING:
    from _csv import Reader

MOST_BYTES = 16 * 2**20
_DELIMITERS = (",", ";", "\t")
_Row = tuple[int, dict[str, str]]  # line, heading -> text


@dataclass(frozen=True)
class Match:
    """A student that was found, and by what: a platform's name, ``"id"``, ``"email"`` or ``"name"``."""

    student: Student
    by: str


@dataclass(frozen=True)
class Roster:
    """The students of a course.

    Parameters
    ----------
    students
        In the order of the table.
    """

    students: tuple[Student, ...] = ()
    _found: dict[tuple[str, str], list[Student]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[tuple[str, str], list[Student]] = defaultdict(list)
        for student in self.students:
            for key in dict.fromkeys(_places(student)):
                found[key].append(student)
        object.__setattr__(self, "_found", dict(found))

    @property
    def ids(self) -> frozenset[str]:
        """The students' ids."""
        return frozenset(student.id for student in self.students)

    def match(
        self, *, platform: str = "", key: str = "", id: str = "", email: str = "", name: str = ""
    ) -> Match | None:
        """Return who is meant and by what it was found; None: nobody, or it could be more than one.

        Parameters
        ----------
        platform, key
            What a platform calls the student; goes before everything else.
        id
            The id, exactly; if nobody has it, without regard to capital letters.
        email
            An address.
        name
            In either order of its parts.
        """
        asked = [(platform, platform, key), ("id", "id", clean_id(id)), ("id", "folded id", clean_id(id).casefold())]
        asked += [("email", "email", email.strip().casefold())]
        for by, kind, text in asked:
            found = self._found.get((kind, text), []) if kind and text else []
            if len(found) == 1:
                return Match(found[0], by)
        named = {student.id: student for key in keys(name) for student in self._found.get(("name", key), [])}
        return Match(next(iter(named.values())), "name") if len(named) == 1 else None

    def find(
        self, *, platform: str = "", key: str = "", id: str = "", email: str = "", name: str = ""
    ) -> Student | None:
        """Return who is meant; see ``match``."""
        match = self.match(platform=platform, key=key, id=id, email=email, name=name)
        return match.student if match else None


def read(file: Path) -> Roster:
    """Read a table of students.

    Raises
    ------
    XailabError
        It cannot be read, its headings are not known, or two rows have one id. Names the file and the line.
    """
    file = Path(file)
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise XailabError(f"cannot read the roster {file}: {error.strerror}") from error
    if len(raw) > MOST_BYTES:
        raise XailabError(f"{file}: expected a table of students, got more than {MOST_BYTES >> 20} MiB")
    try:
        sheet, rows = _table(_text(raw))
        students = _students(sheet, rows)
    except XailabError as error:
        raise XailabError(f"{file}: {error}") from None
    return Roster(students)


def _places(student: Student) -> Iterator[tuple[str, str]]:
    """Yield the places in the index at which a student is found."""
    yield "id", student.id
    yield "folded id", student.id.casefold()
    if student.email:
        yield "email", student.email.casefold()
    for platform, key in student.platforms.items():
        yield platform, key
    for key in keys(student.name):
        yield "name", key


def _text(raw: bytes) -> str:
    """Decode a table as spreadsheets and platforms write it."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _table(text: str) -> tuple[Sheet, list[_Row]]:
    """Return the kind of a table and its rows, with whichever delimiter gives headings that are known."""
    first: list[str] = []
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            heading = next((row for row in reader if any(cell.strip() for cell in row)), [])
        except csv.Error:
            continue
        names = [" ".join(cell.split()).casefold() for cell in heading]
        for sheet in SHEETS:
            if sheet.needs <= set(names):
                return sheet, list(_rows(reader, names))
        first = max(first, names, key=len)
    shown = ", ".join(repr(visible(name, 40)) for name in first[:10]) or "an empty file"
    raise XailabError(
        f"expected a table of students: a first line with the column id (and name, email, canvas, moodle, ...), "
        f"or the sheet of Canvas, Moodle or Gradescope as downloaded; got {shown}"
    )


def _rows(reader: "Reader", names: list[str]) -> Iterator[_Row]:
    """Yield the line and the cells of every row that is not blank."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise XailabError(f"line {line}: {error}; is a quote not closed?") from None
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if any(cell.strip() for cell in row[len(names) :]):
            raise XailabError(
                f"line {line}: {len(row)} cells under {len(names)} headings; "
                'a name that holds the delimiter needs quotes: "Doe, Jane"'
            )
        cells: dict[str, str] = {}
        for name, cell in zip(names, row, strict=False):
            cells.setdefault(name, cell.strip())
        yield line, cells


def _students(sheet: Sheet, rows: list[_Row]) -> tuple[Student, ...]:
    """Turn rows into students; no two have one id or one number of a platform."""
    rows = [(line, row) for line, row in rows if not _filler(sheet, row)]
    if sheet.name == "Gradescope roster":  # lists the staff too
        rows = [(line, row) for line, row in rows if row.get("role", "student").casefold() in ("student", "")]
    column = next((name for name in sheet.ids if rows and all(row.get(name) for _, row in rows)), sheet.ids[-1])
    students: list[Student] = []
    lines: dict[tuple[str, str], int] = {}
    for line, row in rows:
        student = _student(sheet, row, column)
        if not student.id:
            raise XailabError(f"line {line}: the column {column!r} is empty; every student needs an id")
        for kind, key in [("id", student.id), *student.platforms.items()]:
            if (kind, key) in lines:
                raise XailabError(
                    f"lines {lines[kind, key]} and {line}: both have the {kind} {key!r}; two students cannot share one"
                )
            lines[kind, key] = line
        students.append(student)
    if not students:
        raise XailabError(f"this {sheet.name} lists no students")
    return tuple(students)


def _filler(sheet: Sheet, row: dict[str, str]) -> bool:
    """Whether a row of a platform's table is no student."""
    if sheet.strict:
        return False
    return not any(row.get(name) for name in sheet.ids) or next(iter(row.values())).casefold() in sheet.fillers


def _student(sheet: Sheet, row: dict[str, str], column: str) -> Student:
    """Turn a row into a student."""
    name = clean_name(" ".join(row.get(part, "") for part in sheet.names))
    email = next((row[part] for part in sheet.emails if "@" in row.get(part, "")), "")
    platforms = {platform: row[part] for platform, part in sheet.platforms if row.get(part)}
    student = clean_id(row.get(column, ""))
    if "moodle" in platforms:  # "Participant 1234"; downloads carry the number alone
        number = re.search(r"\d+$", platforms["moodle"])
        platforms["moodle"] = number[0] if number else platforms["moodle"]
        student = platforms["moodle"] if column == "identifier" else student
    return Student(student, name, visible(email), platforms)
