"""Transactions that are run until they succeed: a database may go away and come back.

- ``write``  a function in one transaction that may write
- ``read``   a function in one transaction that sees one moment of the database
- ``patiently``  runs something until the database answers

A transaction is a function of a connection. It may be run several times, also after it was committed (a connection
that is lost at that moment does not say): it must do the same then.
"""

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from xailab.errors import XailabError
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.troubles import Trouble, reason, trouble

T = TypeVar("T")
Transaction = Callable[[Connection], T]

BEGIN = "xailab_begin"
"""Option of a connection: the statement that begins a transaction in SQLite; empty for none."""
_LONGEST_PAUSE_S = 2.0
_TELLS_AFTER_S = 1.0
_WAITED_FOR = frozenset({Trouble.AWAY, Trouble.BUSY})


def write(book: Gradebook, work: Transaction[T]) -> T:
    """Run a function in one transaction; again, if the database was away or busy. Returns what it returns.

    Raises
    ------
    XailabError
        The database stayed away, is full, refuses to be written to, or is damaged. Nothing was half-written.
    """

    def attempt() -> T:
        with book.engine.connect() as connection, connection.begin():
            return work(connection)

    return patiently(book, attempt)


def read(book: Gradebook, work: Transaction[T]) -> T:
    """Run a function that only reads; all that it reads is of one moment. Otherwise like ``write``."""
    options: dict[str, Any] = {BEGIN: "BEGIN"}
    if book.engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def attempt() -> T:
        with book.engine.connect() as connection:
            patient = connection.execution_options(**options)
            with patient.begin():
                return work(patient)

    return patiently(book, attempt)


def patiently(book: Gradebook, attempt: Callable[[], T], *, waits_for: frozenset[Trouble] = _WAITED_FOR) -> T:
    """Run something until the database answers, for as long as the gradebook's patience lasts; see ``write``.

    Parameters
    ----------
    book
        Says how long, and whom to tell.
    attempt
        What to do.
    waits_for
        Kinds of trouble that pass by themselves.
    """
    began: float | None = None
    pause = 0.05
    while True:
        try:
            return attempt()
        except DBAPIError as error:
            kind = trouble(error)
            if kind is Trouble.OURS:
                raise
            now = time.monotonic()
            began = now if began is None else began
            if kind not in waits_for or now - began >= book.patience_s:
                raise XailabError(_last_words(book, kind, error, now - began)) from error
            if now - began >= _TELLS_AFTER_S:
                book.tell(f"gradebook {kind.value} since {now - began:.0f} s, trying again ({_said(book, error)})")
            left = max(book.patience_s - (now - began), 0.01)
            time.sleep(min(left, pause * random.uniform(0.5, 1)))  # several graders do not knock in step
            pause = min(2 * pause, _LONGEST_PAUSE_S)


def _last_words(book: Gradebook, kind: Trouble, error: DBAPIError, waited: float) -> str:
    """Say what happened and what to do."""
    said = _said(book, error)
    for_long = f" for {waited:.0f} s" if waited >= 1 else ""
    return {
        Trouble.AWAY: f"{book.url}: the gradebook was unreachable{for_long} ({said}). What was written before is kept: "
        "see that the database runs and can be reached, then give the same command again; it goes on from there",
        Trouble.BUSY: f"{book.url}: the gradebook was busy{for_long} ({said}). What was written before is kept: end "
        "the program that holds it, then give the same command again; it goes on from there",
        Trouble.FULL: f"{book.url}: no space is left for the gradebook ({said}). What was written before is kept: make "
        "room on its disk, then give the same command again; it goes on from there",
        Trouble.REFUSED: f"{book.url}: the database does not let us in or cannot be written to ({said}). Check the "
        "address, the name, the password and the permissions",
        Trouble.DAMAGED: f"{book.url}: not a gradebook, or a damaged one ({said}). Choose another file or "
        "restore a copy",
    }[kind]


def _said(book: Gradebook, error: DBAPIError) -> str:
    """Return the database's words without the password."""
    return reason(error, book.secrets)
