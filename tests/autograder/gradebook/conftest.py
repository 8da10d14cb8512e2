"""A gradebook in each database. The tables are made once for all tests; each test gets them empty."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from xailab_autograder.gradebook.opening import Gradebook, open_gradebook
from xailab_autograder.gradebook.retrying import write
from xailab_autograder.gradebook.schema import metadata

from tests.autograder.gradebook.postgres import postgres

__all__ = ["postgres"]

SOMEWHERE = "grades of ümläut?#%41.db"
DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a gradebook can be made: a file that is not there, an empty database on a server."""
    if request.param == "sqlite":
        return str(tmp_path / SOMEWHERE)
    return str(request.getfixturevalue("postgres").database())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an empty gradebook of the course "toys", to be copied."""
    file = tmp_path_factory.mktemp("made") / "made.db"
    with open_gradebook(file, course="toys"):
        return file


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest) -> str:
    """A database with a gradebook of the course "toys", to be emptied."""
    address = str(request.getfixturevalue("postgres").database())
    with open_gradebook(address, course="toys"):
        return address


@pytest.fixture(scope="session")
def book_in_sqlite(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gradebook]:
    """One that stays open: statements are compiled once."""
    with open_gradebook(shutil.copy(made, tmp_path_factory.mktemp("open") / SOMEWHERE), patience_s=20) as book:
        yield book


@pytest.fixture(scope="session")
def book_in_postgresql(served: str) -> Iterator[Gradebook]:
    """One that stays open."""
    with open_gradebook(served, patience_s=20) as book:
        yield book


@pytest.fixture(params=DATABASES)
def filled_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty gradebook of the course "toys" is."""
    if request.param == "sqlite":
        return str(shutil.copy(request.getfixturevalue("made"), tmp_path / SOMEWHERE))
    empty(request.getfixturevalue("book_in_postgresql"))
    return str(request.getfixturevalue("served"))


@pytest.fixture(params=DATABASES)
def book(request: pytest.FixtureRequest) -> Gradebook:
    """An open, empty gradebook of the course "toys"."""
    opened: Gradebook = request.getfixturevalue(f"book_in_{request.param}")
    empty(opened)
    return opened


def empty(book: Gradebook) -> None:
    """Remove everything but what the gradebook says about itself."""
    tables = [table for table in reversed(metadata.sorted_tables) if table.name != "about"]
    write(book, lambda connection: [connection.execute(table.delete()) for table in tables])
    if book.engine.dialect.name == "postgresql":
        write(book, lambda connection: connection.execute(text("ALTER SEQUENCE changes_number_seq RESTART")))
