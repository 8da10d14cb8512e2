"""Marks and comments into the grading worksheet that an instructor downloaded from Moodle; every other byte stays.

- ``fill``  the worksheet and a class -> the file to upload

Download it in the assignment under "Download grading worksheet" (the assignment needs the feedback types "Offline
grading worksheet" and "Feedback comments"), upload it there under "Upload grading worksheet". What is written: the
grade, and a short comment as HTML; a comment that a person wrote there is left alone. What is not: rows of students
without a result, or whose result the grader knows to be unsure; rows whose grade Moodle says cannot be changed.

Rows are matched by the participant's number, ID number, email address, and last by a name that nobody shares. Columns
are known by their English and German names. Moodle itself skips rows that were graded there after the download.
"""

import re
from collections.abc import Iterator, Sequence

from xailab.errors import XailabError
from xailab_autograder.course.students import Student
from xailab_autograder.exports import remarks
from xailab_autograder.exports.filling import Decimals, Filled, Skipped, decimals, largest, mark_text, sort_out
from xailab_autograder.exports.matching import Key, Row, match
from xailab_autograder.exports.sheets import Sheet, read
from xailab_autograder.feedback.cleaning import one_line
from xailab_autograder.gradebook.contents import ClassBook, Standing

WHAT = "a grading worksheet downloaded from Moodle (columns Identifier, Grade, Last modified (grade))"
OURS = "xailab, Lab "
"""A comment that holds this is ours and may be replaced."""

COLUMNS = {
    "identifier": ("Identifier", "ID"),
    "name": ("Full name", "Vollständiger Name"),
    "number": ("ID number", "ID-Nummer"),
    "email": ("Email address", "E-Mail-Adresse"),
    "grade": ("Grade", "Bewertung"),
    "maximum": ("Maximum Grade", "Maximum grade", "Bestwertung"),
    "changeable": ("Grade can be changed", "Bewertung kann geändert werden"),
    "modified": ("Last modified (grade)", "Zuletzt geändert (Bewertung)"),
    "comments": ("Feedback comments", "Feedback als Kommentar"),  # codespell:ignore als
}
"""What columns are called."""

NEEDED = ("identifier", "grade", "modified")
"""Without these Moodle reads no worksheet."""

FIXED = ("no", "nein")

_NUMBER = re.compile(r"\d+$")


def fill(sheet: bytes, class_book: ClassBook, *, scale: bool = False, comments: bool = True) -> Filled:
    """Write a class's marks into the columns for grades and comments.

    Parameters
    ----------
    sheet
        The file as Moodle gave it.
    class_book
        The class. Marks to which a person has yet to add are written as they are now, and noted.
    scale
        Where the worksheet's maximum is not the lab's: scale the marks instead of refusing.
    comments
        Write comments too.

    Raises
    ------
    XailabError
        No such file; or another maximum than the lab's. Says what to do.
    """
    table = read(sheet, _is_header, what=WHAT)
    columns = _columns(table.header)
    factor = largest(_maximum(table, columns), class_book.lab.points, scale=scale, where="the assignment in Moodle")
    matches = match(
        _people(table, columns), [standing.student for standing in class_book.standings], _ids, sure="moodle"
    )
    marks = sort_out(class_book, matches)
    decimal, notes = _decimal(table, columns)
    fixed = {row: why for _, row in marks.wanted if (why := _unwritable(table, columns, row))}
    texts: dict[tuple[int, int], str] = {}
    kept = 0
    for standing, row in marks.wanted:
        if row in fixed:
            continue
        texts[row, columns["grade"]] = mark_text(standing.score * factor, decimal)
        if comments and "comments" in columns and len(table.rows[row]) > columns["comments"]:
            ours = _is_ours(table.text(row, columns["comments"]))
            kept += not ours
            texts |= {(row, columns["comments"]): _comment(standing, class_book)} if ours else {}
    if kept:
        notes += (f"{kept} comment{'s' if kept > 1 else ''} that a person wrote in Moodle: left as they were",)
    if comments and "comments" not in columns:
        notes += ("the worksheet has no column for comments (switch on the feedback type 'Feedback comments')",)
    return Filled(
        table.replaced(texts),
        tuple(standing.student.id for standing, row in marks.wanted if row not in fixed),
        marks.unmatched,
        (*marks.skipped, *(Skipped(one.student.id, fixed[row]) for one, row in marks.wanted if row in fixed)),
        tuple(row.label for row in matches.left),
        (*marks.notes, *notes),
    )


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Return which column is what; of columns with the same name the first."""
    names = [name.strip() for name in header]
    return {
        kind: next(names.index(name) for name in said if name in names)
        for kind, said in COLUMNS.items()
        if any(name in names for name in said)
    }


def _is_header(names: Sequence[str]) -> bool:
    found = _columns(names)
    return all(kind in found for kind in NEEDED)


def _people(table: Sheet, columns: dict[str, int]) -> list[Row]:
    """Return the rows that are about students."""
    found = []
    for row in range(1, len(table.rows)):
        identifier = table.text(row, columns["identifier"])
        number = _NUMBER.search(identifier)
        name = table.text(row, columns.get("name"))
        if number:
            keys = {
                "moodle": number[0],
                "number": table.text(row, columns.get("number")),
                "email": table.text(row, columns.get("email")),
            }
            found.append(Row(row, one_line(name or identifier, 80), keys, name))
    return found


def _ids(student: Student) -> Iterator[Key]:
    """Yield the ids by which Moodle may know a student."""
    own = student.platforms
    number = _NUMBER.search(own.get("moodle", "").strip())
    for kind, values in (
        ("moodle", [number[0] if number else ""]),
        ("number", [own.get("moodle_id_number", ""), student.id]),
        ("email", [student.email, student.id]),
    ):
        yield from ((kind, value) for value in values if value.strip())


def _maximum(table: Sheet, columns: dict[str, int]) -> str:
    """Return the maximum grade, which stands in every row."""
    said = {table.text(row, columns.get("maximum")) for row in range(1, len(table.rows))} - {""}
    if len(said) > 1:
        listed = ", ".join(repr(one_line(text, 20)) for text in sorted(said)[:4])
        raise XailabError(f"expected one maximum grade in the whole worksheet, got {listed}; download it again")
    return said.pop() if said else ""


def _decimal(table: Sheet, columns: dict[str, int]) -> tuple[Decimals, tuple[str, ...]]:
    """Return the worksheet's decimal sign, and a note where it does not show one."""
    rows = range(1, len(table.rows))
    steady = [table.text(row, columns.get("maximum")) for row in rows]
    found = decimals(steady, [table.text(row, columns["grade"]) for row in rows])
    return found or ".", () if found else ("the worksheet shows no decimals; marks are written with a point",)


def _unwritable(table: Sheet, columns: dict[str, int], row: int) -> str:
    """Return why a row cannot take a mark; empty: it can."""
    if len(table.rows[row]) <= columns["grade"]:
        return "the row ends before the column for grades"
    if table.text(row, columns.get("changeable")).casefold() in FIXED:
        return "Moodle says that the grade cannot be changed"
    return ""


def _is_ours(comment: str) -> bool:
    """Whether a comment may be replaced."""
    return not comment or OURS in comment


def _comment(standing: Standing, class_book: ClassBook) -> str:
    return remarks.html(remarks.remark(standing, f"{OURS}{class_book.lab.number}"))
