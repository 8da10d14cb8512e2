"""From a gradebook's address to its database: a file, or a PostgreSQL server.

- ``Place``   an address that was understood
- ``place``   a path or a URL -> ``Place``
- ``connect``  ``Place`` -> a SQLAlchemy engine
"""

import os
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from xailab.errors import XailabError
from xailab_autograder.gradebook.retrying import BEGIN

BUSY_S = 5.0
"""So long SQLite itself waits for another process before it says that it is locked."""

# A server that vanishes without a word is noticed after about half a minute, not after hours.
_POSTGRES = {
    "connect_timeout": 10,
    "client_encoding": "utf8",
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


@dataclass(frozen=True)
class Place:
    """Where a gradebook is.

    Parameters
    ----------
    url
        For SQLAlchemy.
    file
        The file, for SQLite; None: a server.
    """

    url: URL
    file: Path | None = None

    @property
    def shown(self) -> str:
        """The address without the password."""
        if self.file:
            return str(self.file)
        shown = self.url.set(drivername=self.url.get_backend_name())
        if "password" in shown.query:
            shown = shown.update_query_dict({"password": "***"})
        return shown.render_as_string(hide_password=True)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        found = (self.url.password, self.url.query.get("password"))
        return tuple(str(secret) for secret in found if secret)


def place(address: str | Path) -> Place:
    """Understand a gradebook's address.

    Parameters
    ----------
    address
        The path of a file, ``sqlite:///path``, or ``postgresql://user:password@host/database``.

    Raises
    ------
    XailabError
        Not an address, or of a database that a gradebook cannot live in.
    """
    if isinstance(address, Path) or "://" not in address:
        if not str(address).strip():
            raise XailabError("expected the gradebook's file or address, got nothing")
        return Place(URL.create("sqlite", database=str(address)), Path(address).absolute())
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # whose words would repeat the password
        raise XailabError(
            "the gradebook's address cannot be read; expected a path, sqlite:///path/to/file or "
            "postgresql://user:password@host:port/database (with %40 for an @ in a password)"
        ) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise XailabError("a gradebook must outlive the program: expected sqlite:///path/to/file")
        return Place(url, Path(url.database).absolute())
    if kind == "postgresql":
        return Place(url.set(drivername="postgresql+psycopg"))
    raise XailabError(f"a gradebook lives in SQLite or PostgreSQL, not in {kind}; expected a path or postgresql://...")


def connect(where: Place) -> Engine:
    """Make the engine for a place; does not reach for the database yet, and never creates a file.

    Raises
    ------
    XailabError
        The driver for PostgreSQL is not installed.
    """
    return _sqlite(where.file) if where.file else _postgres(where.url)


def _sqlite(file: Path) -> Engine:
    """Make the engine for a file. A connection lives for one transaction, so that a file that is gone is noticed."""
    path = quote(os.fsencode(file))

    def opened() -> sqlite3.Connection:
        # Without mode=rw SQLite would make an empty file where a drive has been unmounted.
        # Without an isolation level transactions begin where we say, not where the driver guesses.
        address = f"file:{path}?mode=rw"
        raw = sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            raw.close()
            raise
        return raw

    engine = create_engine("sqlite://", creator=opened, poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Begin a transaction; one that writes takes its lock now, where waiting for it is still possible."""
    statement = connection.get_execution_options().get(BEGIN, "BEGIN IMMEDIATE")
    if statement:
        connection.exec_driver_sql(statement)


def _postgres(url: URL) -> Engine:
    """Make the engine for a server."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise XailabError(
            f"a gradebook in PostgreSQL needs a driver that is not installed ({error}): "
            f"{sys.executable} -m pip install 'psycopg[binary]'"
        ) from None
    options: dict[str, Any] = {name: value for name, value in _POSTGRES.items() if name not in url.query}
    engine = create_engine(url, connect_args=options, pool_pre_ping=True, pool_recycle=600)
    event.listen(engine, "begin", _bound_waiting)
    return engine


def _bound_waiting(connection: Connection) -> None:
    """Let no lock be waited for without end; ``retrying`` tries again and says so."""
    if BEGIN not in connection.get_execution_options():
        connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
