"""Making a gradebook's tables, and bringing those of an older version up to date.

- ``version``  what a database is: nothing yet, a gradebook of a version, or something else
- ``migrate``  makes the tables, or changes them, under a lock; keeps a copy of an older file

Alembic is loaded only where something has to be done.
"""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

from xailab.errors import XailabError
from xailab_autograder.gradebook.engines import Place
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.retrying import BEGIN, patiently
from xailab_autograder.gradebook.schema import KIND, VERSION, about
from xailab_autograder.gradebook.troubles import Trouble, trouble

SCRIPTS = Path(__file__).parent / "migrations"
_ALEMBIC = threading.Lock()  # it keeps what it works on in a global
LOCK = 0x7861_696C_6162  # "xailab": the name of PostgreSQL's lock


def version(connection: Connection, shown: str) -> str | None:
    """Return the version of a gradebook's tables; None: the database is empty.

    Raises
    ------
    XailabError
        Something else lives in it, or the gradebook is newer than this xailab.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if not {"alembic_version", "about"} <= tables or not _is_gradebook(connection):
        others = ", ".join(repr(name) for name in sorted(tables)[:3])
        raise XailabError(f"{shown}: not a gradebook: it holds other tables ({others}); choose an empty database")
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None or not str(found).isdigit():
        raise XailabError(f"{shown}: a gradebook without a version ({found!r}): restore a copy")
    if int(found) > int(VERSION):
        raise XailabError(
            f"{shown}: a newer xailab wrote this gradebook (version {found}; this one knows {VERSION}): update xailab"
        )
    return str(found)


def _is_gradebook(connection: Connection) -> bool:
    """Tell a gradebook from other databases that have such tables. If it is none, the transaction is spoilt."""
    try:
        return connection.execute(select(about.c.value).where(about.c.name == "kind")).scalar() == KIND
    except DBAPIError as error:
        if trouble(error) is Trouble.OURS:  # its columns are others
            return False
        raise


def migrate(book: Gradebook, where: Place) -> None:
    """Bring the tables to ``VERSION``; harmless if another process has done it meanwhile.

    Raises
    ------
    XailabError
        As ``version``; or the database cannot be written to.
    """
    work = _migrate_file if where.file else _migrate_server
    waits_for = frozenset({Trouble.BUSY})
    while not patiently(book, lambda: work(book, where), waits_for=waits_for):
        pass  # somebody wrote between the copy and the lock


def _migrate_server(book: Gradebook, where: Place) -> bool:
    """Migrate a PostgreSQL database; True: it is done."""
    with book.engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        encoding = connection.execute(text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":
            raise XailabError(f"{where.shown}: expected a database with encoding UTF8, got {encoding}; create another")
        if version(connection, where.shown) != VERSION:
            _upgrade(connection)
    return True


def _migrate_file(book: Gradebook, where: Place) -> bool:
    """Migrate a SQLite file, of which a copy is kept; False: it changed while it was copied, try again."""
    assert where.file is not None
    spare = where.file.with_name(f".{where.file.name}.{token_hex(4)}.copy")
    try:
        with book.engine.connect().execution_options(**{BEGIN: ""}) as connection:
            # The copy is made before the lock is held (SQLite copies nothing out of a transaction that writes);
            # data_version says whether somebody wrote in between.
            before = connection.exec_driver_sql("PRAGMA data_version").scalar()
            found = version(connection, where.shown)
            if found is not None:
                _copy(connection, where.file, spare)
            with _exclusively(connection):
                if version(connection, where.shown) == VERSION:
                    return True
                if found is not None:
                    if connection.exec_driver_sql("PRAGMA data_version").scalar() != before:
                        return False
                    kept = _keep(spare, where.file, found)
                    book.tell(
                        f"{where.file.name}: version {found} becomes {VERSION}; a copy of the old one is {kept.name}"
                    )
                _upgrade(connection)
        return True
    finally:
        with suppress(OSError):
            spare.unlink(missing_ok=True)


@contextmanager
def _exclusively(connection: Connection) -> Iterator[None]:
    """Hold a SQLite file alone for one transaction."""
    connection.exec_driver_sql("BEGIN EXCLUSIVE")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with suppress(DBAPIError):  # after some errors SQLite has rolled back already
            connection.exec_driver_sql("ROLLBACK")
        raise


def _upgrade(connection: Connection, to: str = "head") -> None:
    """Run the revisions that are missing, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, to)
    known = connection.execute(select(about.c.name)).scalars().all()
    for name, value in (("kind", KIND), ("course", ""), ("key", "")):
        if name not in known:
            connection.execute(about.insert().values(name=name, value=value))


def _copy(connection: Connection, file: Path, target: Path) -> None:
    """Copy a database as it is at one moment."""
    try:
        target.touch(mode=0o600, exist_ok=False)
        with closing(sqlite3.connect(target)) as copy:
            connection.connection.dbapi_connection.backup(copy)  # type: ignore[union-attr]
        shutil.copymode(file, target)  # who may not read the gradebook may not read its copy
    except (sqlite3.Error, OSError) as error:
        raise XailabError(
            f"{target.parent}: the gradebook is of an older version and is copied before it is changed, which failed "
            f"({error}); make room there"
        ) from error


def _keep(spare: Path, file: Path, found: str) -> Path:
    """Give the copy its name; never that of an earlier one."""
    for number in range(1, 1000):
        kept = file.with_name(f"{file.stem}.version-{found}{f'-{number}' if number > 1 else ''}{file.suffix}")
        with suppress(FileExistsError):
            kept.touch(exist_ok=False)
            return spare.replace(kept)
    raise XailabError(f"{file.parent}: there are too many copies {file.stem}.version-{found}*; remove some")
