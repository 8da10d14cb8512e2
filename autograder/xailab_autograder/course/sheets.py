"""Tables that hold a course's students, told apart by their headings: our own, and what platforms give out.

- ``Sheet``   where a kind of table has ids, names, addresses
- ``SHEETS``  the kinds that are known
- ``PLATFORMS``  columns of our own table that hold what a platform calls a student
"""

from dataclasses import dataclass

PLATFORMS = ("canvas", "moodle", "gradescope", "nbgrader", "lti")


@dataclass(frozen=True)
class Sheet:
    """A kind of table. Headings are in small letters.

    Parameters
    ----------
    name
        Said in messages.
    needs
        Headings without which a table is of another kind.
    ids
        Columns that may hold the id; the first that is filled in for everybody is taken.
    names
        Columns that make the name, joined by a space.
    emails
        Columns that may hold an address.
    platforms
        Platform -> the column that holds what it calls a student.
    fillers
        What stands in the first column of rows that are no students.
    strict
        A row without an id is an error, not a row that is skipped.
    """

    name: str
    needs: frozenset[str]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    emails: tuple[str, ...]
    platforms: tuple[tuple[str, str], ...] = ()
    fillers: frozenset[str] = frozenset()
    strict: bool = False


SHEETS = (
    Sheet(
        "Canvas gradebook",
        frozenset({"student", "id", "section"}),
        ids=("sis user id", "sis login id", "id"),
        names=("student",),
        emails=("sis login id",),
        platforms=(("canvas", "id"),),
        fillers=frozenset({"points possible", "student, test", "test student", ""}),
    ),
    Sheet(
        "Moodle grading worksheet",
        frozenset({"identifier", "full name"}),
        ids=("id number", "email address", "identifier"),
        names=("full name",),
        emails=("email address",),
        platforms=(("moodle", "identifier"),),
    ),
    Sheet(
        "Moodle participants",
        frozenset({"first name", "email address"}),
        ids=("id number", "username", "email address"),
        names=("first name", "last name", "surname"),
        emails=("email address",),
    ),
    Sheet(
        "Gradescope roster",
        frozenset({"first name", "sid", "email"}),
        ids=("sid", "email"),
        names=("first name", "last name"),
        emails=("email",),
    ),
    Sheet(
        "Gradescope roster",
        frozenset({"name", "sid", "email"}),
        ids=("sid", "email"),
        names=("name",),
        emails=("email",),
    ),
    Sheet(
        "roster",
        frozenset({"id"}),
        ids=("id",),
        names=("name",),
        emails=("email",),
        platforms=tuple((platform, platform) for platform in PLATFORMS),
        strict=True,
    ),
)
