"""Opening a gradebook.

- ``open_gradebook``  a path or an address -> ``Gradebook``; makes the tables, or brings older ones up to date
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, select

from xailab.errors import XailabError
from xailab_autograder.gradebook.engines import Place, connect, place
from xailab_autograder.gradebook.handle import PATIENCE_S, Gradebook, silent
from xailab_autograder.gradebook.migrating import migrate, version
from xailab_autograder.gradebook.retrying import patiently, write
from xailab_autograder.gradebook.schema import VERSION, about
from xailab_autograder.gradebook.troubles import Trouble

__all__ = ["Gradebook", "open_gradebook"]

SMALLEST = 512
"""Bytes of a page of SQLite, at the least."""


@contextmanager
def open_gradebook(
    url: str | Path,
    *,
    course: str = "",
    key: str = "",
    tell: Callable[[str], None] = silent,
    patience_s: float = PATIENCE_S,
) -> Iterator[Gradebook]:
    """Open a gradebook; make it if there is none, bring it up to date if an older xailab wrote it.

    Parameters
    ----------
    url
        The path of a file, ``sqlite:///path``, or ``postgresql://user:password@host/database``.
    course
        Its name, kept at the first use; a gradebook belongs to one course. Empty: whatever it is.
    key
        ``Fingerprint.key``, likewise.
    tell
        Told in a sentence what is being waited for.
    patience_s
        For so long a database that goes away later is waited for.

    Raises
    ------
    XailabError
        Cannot be reached, is no gradebook, is newer than this xailab, or belongs to another course or key.
    """
    where = place(url)
    engine = connect(where)
    try:
        book = Gradebook(engine, where.shown, tell=tell, patience_s=patience_s, secrets=where.secrets)
        if where.file:
            _make_file(where.file)
        state = patiently(book, lambda: _peek(book, where), waits_for=frozenset({Trouble.BUSY}))
        if state is None:
            migrate(book, where)
            state = {}
        yield replace(book, course=_belongs(book, state, course, key))
    finally:
        engine.dispose()


def _make_file(file: Path) -> None:
    """Make an empty file if there is none: for SQLite an empty database."""
    try:
        if not file.exists():
            file.open("ab").close()
    except OSError as error:
        raise XailabError(f"{file}: the gradebook cannot be made: {error.strerror}; choose another path") from error
    if not file.is_file():
        raise XailabError(f"{file}: expected a file for the gradebook, this is a folder or a device")
    if 0 < file.stat().st_size < SMALLEST:  # SQLite takes a file of one byte for an empty one
        raise XailabError(f"{file}: not a gradebook, or a damaged one (too small). Choose another file")


def _peek(book: Gradebook, where: Place) -> dict[str, str] | None:
    """Return what the database says about itself; None: it must be made or migrated first."""
    with book.engine.connect() as connection:
        if version(connection, where.shown) != VERSION:
            return None
        return _about(connection)


def _about(connection: Connection) -> dict[str, str]:
    """Read what the database says about itself."""
    return {row.name: row.value for row in connection.execute(select(about))}


def _belongs(book: Gradebook, state: dict[str, str], course: str, key: str) -> str:
    """Check course and key, store them at the first use, and return the course."""
    wanted = {name: value for name, value in (("course", course), ("key", key)) if value}
    if any(not state.get(name) for name in wanted):
        state = write(book, lambda connection: _settle(connection, wanted))
    kept = state.get("course", "")
    if course and kept != course:
        raise XailabError(
            f"{book.url}: this gradebook belongs to the course {kept!r}, not to {course!r}; choose another with "
            "--gradebook"
        )
    if key and state["key"] != key:
        raise XailabError(
            f"{book.url}: this gradebook was made with another course key (it says {state['key'][:12]}..., this one is "
            f"{key[:12]}...): every student would get other cases. Use the former key, or another gradebook"
        )
    return kept or course


def _settle(connection: Connection, wanted: dict[str, str]) -> dict[str, str]:
    """Store what is not yet said."""
    for name, value in wanted.items():
        connection.execute(about.update().where(about.c.name == name, about.c.value == "").values(value=value))
    return _about(connection)
