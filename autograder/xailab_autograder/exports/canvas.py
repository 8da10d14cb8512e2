"""Marks into the gradebook that an instructor downloaded from Canvas; every other byte of the file stays.

- ``fill``  the download and a class -> the file to upload

Upload it in Canvas under Grades, Import. What is written: one assignment's column, in the rows of students with a
result; ``EX`` for excused students who handed in nothing. What is not: rows of students without a result, or whose
result the grader knows to be unsure; cells with ``N/A`` (not assigned); "Points Possible" and "Manual Posting" rows,
the test student, read-only columns. Canvas rounds to two decimals; so does this.

Rows are matched by ID, SIS User ID, SIS Login ID, and last by a name that nobody shares.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from xailab.errors import XailabError
from xailab_autograder.course.students import Student
from xailab_autograder.exercises import Lab
from xailab_autograder.exports.filling import Decimals, Filled, Skipped, decimals, largest, mark_text, sort_out
from xailab_autograder.exports.matching import Key, Row, match, name_key
from xailab_autograder.exports.sheets import Sheet, read
from xailab_autograder.exports.states import EXCUSED_WHY
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.gradebook.contents import ClassBook

EXCUSED, NOT_ASSIGNED = "EX", "N/A"
WHAT = "a gradebook downloaded from Canvas (first columns Student, ID; then Section)"

_NUMBERED = re.compile(r"(.*\S)?\s*\((\d+)\)\s*", re.DOTALL)
_TEST_STUDENTS = {name_key("Student, Test")}
_KINDS = {"canvas": "ID", "sis": "SIS User ID", "login": "SIS Login ID"}


def fill(sheet: bytes, class_book: ClassBook, *, column: str | None = None, scale: bool = False) -> Filled:
    """Write a class's marks into one assignment's column.

    Parameters
    ----------
    sheet
        The file as Canvas gave it.
    class_book
        The class. Marks to which a person has yet to add are written as they are now, and noted.
    column
        The assignment: its whole header, its number in Canvas, or its title; None: the one that is called like the lab.
    scale
        Where the assignment is worth other points than the lab: scale the marks instead of refusing.

    Raises
    ------
    XailabError
        No such file, no such column, several, or one that Canvas would not read. Lists the columns.
    """
    table = read(sheet, _is_header, what=WHAT)
    target = _target(table, class_book.lab, column)
    title = table.header[target]
    possible = _points_possible(table)
    said = table.text(possible, target) if possible is not None else ""
    if "read only" in said:
        raise XailabError(f"Canvas would not read {title!r}: it is a read-only column")
    factor = largest(said, class_book.lab.points, scale=scale, where=f"the assignment {title!r}")
    people = _people(table)
    matches = match(people, [standing.student for standing in class_book.standings], _ids, sure="canvas")
    decimal, notes = _decimal(table, target, {row.number for row in people})
    marks = sort_out(class_book, matches)
    texts = {row: mark_text(standing.score * factor, decimal) for standing, row in marks.wanted}
    excused = {matches.rows[one.student] for one in marks.skipped if one.why == EXCUSED_WHY}
    texts |= dict.fromkeys(excused, EXCUSED)
    unwritable = _unwritable(table, target, texts)
    ids = {row: student for student, row in matches.rows.items()}
    return Filled(
        table.replaced({(row, target): text for row, text in texts.items() if row not in unwritable}),
        tuple(ids[row] for row in sorted(texts) if row not in unwritable),
        marks.unmatched,
        (
            *(one for one in marks.skipped if matches.rows[one.student] not in excused),
            *(Skipped(ids[row], why) for row, why in sorted(unwritable.items())),
        ),
        tuple(row.label for row in matches.left),
        (*marks.notes, *notes),
    )


def _is_header(names: Sequence[str]) -> bool:
    whole = len(names) > 3 and "Student" in names[0] and "ID" in names[1]
    parts = len(names) > 4 and names[0] == "LastName" and names[1] == "FirstName" and "ID" in names[2]
    return (whole or parts) and "Section" in [name.strip() for name in names]


def _section(table: Sheet) -> int:
    """Return the last column that is about the student."""
    return [name.strip() for name in table.header].index("Section")


def _target(table: Sheet, lab: Lab, wanted: str | None) -> int:
    """Return the column of the assignment that is meant."""
    titles = {
        number: ((parts[1] or "").strip(), parts[2])
        for number, name in enumerate(table.header)
        if number > _section(table) and (parts := _NUMBERED.fullmatch(name))
    }
    tries: list[list[int]]
    if wanted is None:
        begins = re.compile(rf"lab 0*{int(lab.number)}(?!\w)")
        tries = [
            [number for number, (title, _) in titles.items() if _plain(title) == _plain(lab.title)],
            [number for number, (title, _) in titles.items() if begins.match(_plain(title))],
            [number for number, (title, _) in titles.items() if _plain(lab.title) in _plain(title)],
        ]
        asked = f"called like the lab ({lab.title!r} or 'Lab {int(lab.number)}')"
    else:
        key = wanted.strip()
        tries = [
            [number for number in titles if table.header[number].strip() == key],
            [number for number, (_, own) in titles.items() if own == key.strip("()")],
            [number for number, (title, _) in titles.items() if _plain(title) == _plain(key)],
        ]
        asked = repr(wanted)
    found = next(filter(None, tries), [])
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(one_line(table.header[number], 80)) for number in (found or titles)) or "none"
    if found:
        raise XailabError(f"{len(found)} assignments in this sheet are {asked}: {listed}; name one with its number")
    raise XailabError(f"no assignment in this sheet is {asked}; there are: {listed}")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _points_possible(table: Sheet) -> int | None:
    """Return the row with the points of the assignments, which stands before the students."""
    rows = range(1, min(len(table.rows), 4))
    return next((row for row in rows if table.text(row, 0).startswith("Points Possible")), None)


def _people(table: Sheet) -> list[Row]:
    """Return the rows that are about students."""
    header = [name.strip() for name in table.header]
    columns = {kind: header.index(name) for kind, name in _KINDS.items() if name in header}
    first = _points_possible(table)
    found = []
    for number in range(1 if first is None else first + 1, len(table.rows)):
        parts = [table.text(number, place) for place in ((0, 1) if header[0] == "LastName" else (0,))]
        name, id_ = ", ".join(part for part in parts if part), table.text(number, columns.get("canvas"))
        test = name_key(name) in _TEST_STUDENTS
        if (name or id_) and not test and not name.startswith("Points Possible"):
            keys = {kind: table.text(number, place) for kind, place in columns.items()}
            found.append(Row(number, one_line(name, 80) or id_, keys, name))
    return found


def _ids(student: Student) -> Iterator[Key]:
    """Yield the ids by which Canvas may know a student."""
    own = student.platforms
    for kind, values in (
        ("canvas", [own.get("canvas", "")]),
        ("sis", [own.get("sis", ""), student.id]),
        ("login", [own.get("login", ""), student.email, student.id]),
    ):
        yield from ((kind, value) for value in values if value.strip())


def _decimal(table: Sheet, target: int, people: set[int]) -> tuple[Decimals, tuple[str, ...]]:
    """Return the sheet's decimal sign, and a note where it does not show one."""
    after, rows = _section(table) + 1, range(1, len(table.rows))
    changing = [table.text(row, target) for row in rows if row in people]
    steady = [
        table.text(row, place)
        for row in rows
        for place in range(after, len(table.rows[row]))
        if place != target or row not in people
    ]
    found = decimals(steady, changing)
    return found or ".", () if found else ("the sheet shows no decimals; marks are written with a point",)


def _unwritable(table: Sheet, target: int, rows: Iterable[int]) -> dict[int, str]:
    """Return the rows whose cell cannot take a mark, with the reason."""
    found = {}
    for row in rows:
        if len(table.rows[row]) <= target:
            found[row] = "the row ends before the assignment's column"
        elif table.text(row, target) == NOT_ASSIGNED:
            found[row] = "Canvas says N/A: the assignment is not assigned to this student"
    return found
