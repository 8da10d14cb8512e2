"""Opening: what is made, what is refused and in which words; nothing that is no gradebook is ever touched."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from xailab_autograder.gradebook import engines
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book, labs_in
from xailab_autograder.gradebook.retrying import write
from xailab_autograder.gradebook.writing import register

from tests.autograder.gradebook.classes import LAB, hand_in
from xailab.errors import XailabError


def refusal(address: object, **options: str) -> str:
    with pytest.raises(XailabError) as raised, open_gradebook(address, **options):  # type: ignore[arg-type]
        pass
    return str(raised.value)


def database(file: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return file


def test_a_gradebook_is_made_where_there_is_none_and_found_again(address):
    with open_gradebook(address, course="toys", key="k" * 64) as book:
        register(book, LAB, [], [hand_in("ada")])
    with open_gradebook(address) as book:
        assert book.course == "toys"
        assert class_book(book, LAB).course == "toys"
        assert labs_in(book) == ("90",)


def test_an_empty_file_is_an_empty_gradebook(tmp_path):
    (tmp_path / "empty.db").touch()
    with open_gradebook(tmp_path / "empty.db") as book:
        assert labs_in(book) == ()


def test_course_and_key_are_kept_at_their_first_use(address):
    with open_gradebook(address) as book:
        assert book.course == ""
    with open_gradebook(address, key="k" * 64):
        pass
    with open_gradebook(address, course="toys") as book:
        assert book.course == "toys"
    assert "belongs to the course 'toys', not to 'dolls'" in refusal(address, course="dolls", key="k" * 64)
    said = refusal(address, course="toys", key="x" * 64)
    assert "another course key (it says kkkkkkkkkkkk..., this one is xxxxxxxxxxxx...)" in said


def test_four_that_open_a_new_gradebook_at_once_make_one(address):
    def opened(number: int) -> str:
        with open_gradebook(address, course="toys") as book:
            register(book, LAB, [], [hand_in(f"student-{number}")])
            return book.course

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opened, range(4))) == ["toys"] * 4
    with open_gradebook(address) as book:
        assert len(class_book(book, LAB).standings) == 4


def test_four_first_uses_with_other_courses_leave_one_course(address):
    def opened(name: str) -> str:
        try:
            with open_gradebook(address, course=name) as book:
                return book.course
        except XailabError as error:
            return str(error)

    with open_gradebook(address):
        pass
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(opened, "abcd"))
    assert len([name for name in said if name in "abcd"]) == 1
    assert len([words for words in said if "belongs to the course" in words]) == 3


def test_a_current_gradebook_is_opened_without_alembic(filled_address):
    program = (
        "import sys; from xailab_autograder.gradebook.opening import open_gradebook\n"
        f"with open_gradebook({filled_address!r}, course='toys') as book: print(book.course, 'alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["toys", "False"]


@pytest.mark.parametrize("content", [b"x", b"not a database" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path, content):
    (tmp_path / "thesis.pdf").write_bytes(content)
    assert "thesis.pdf: not a gradebook, or a damaged one" in refusal(tmp_path / "thesis.pdf")
    assert (tmp_path / "thesis.pdf").read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.pdf"]


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path):
    file = database(tmp_path / "photos.db", "CREATE TABLE photos (id)", "INSERT INTO photos VALUES (1)")
    before = file.read_bytes()
    assert "not a gradebook: it holds other tables ('photos')" in refusal(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("columns", ["a, b", "name, value"])
def test_something_else_with_tables_of_the_same_names_is_refused(tmp_path, columns):
    file = database(
        tmp_path / "other.db", "CREATE TABLE alembic_version (version_num)", f"CREATE TABLE about ({columns})"
    )
    assert "not a gradebook: it holds other tables ('about', 'alembic_version')" in refusal(file)


def test_a_server_database_of_something_else_is_refused(postgres):
    address = postgres.database()
    postgres.sql(address.split("/")[3].split("?")[0], "CREATE TABLE patients (id int)")
    assert "not a gradebook: it holds other tables ('patients')" in refusal(address)


def test_a_server_database_that_cannot_hold_every_character_is_refused(postgres):
    address = postgres.database("ENCODING 'SQL_ASCII' TEMPLATE template0")
    assert "expected a database with encoding UTF8, got SQL_ASCII" in refusal(address)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ("0003", "a newer xailab wrote this gradebook (version 0003; this one knows 0002): update xailab"),
        ("ae1027a6acf", "a gradebook without a version ('ae1027a6acf')"),
    ],
)
def test_another_version_is_refused(filled_address, found, says):
    with open_gradebook(filled_address) as book:
        write(book, lambda connection: connection.execute(text(f"UPDATE alembic_version SET version_num = '{found}'")))
        try:
            assert says in refusal(filled_address)
        finally:
            write(book, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '0002'")))


def test_places_where_no_file_can_be_are_refused(tmp_path):
    assert "expected a file for the gradebook, this is a folder" in refusal(tmp_path)
    assert "the gradebook cannot be made: No such file or directory" in refusal(tmp_path / "nowhere" / "grades.db")
    assert "expected a file for the gradebook, this is a folder or a device" in refusal("/dev/null")


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path):
    pytest.importorskip("psycopg")
    said = refusal(f"postgresql://ada:s3cret@/grades?host={tmp_path}&password=s3cret2")
    assert "the gradebook was unreachable" in said
    assert "No such file or directory" in said
    assert "s3cret" not in said


def test_a_name_that_the_server_does_not_know_is_not_waited_for(postgres):
    assert "the database does not let us in" in refusal(postgres.address("nosuch"))


@pytest.mark.parametrize("address", ["postgresql://ada:s3cret@host:port/db", "::://s3cret"])
def test_an_address_that_cannot_be_read_is_not_repeated(address):
    said = refusal(address)
    assert "the gradebook's address cannot be read; expected a path, sqlite:///path/to/file or" in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://host/db", "a gradebook lives in SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "a gradebook must outlive the program"),
        ("sqlite:///:memory:", "a gradebook must outlive the program"),
        ("", "expected the gradebook's file or address, got nothing"),
    ],
)
def test_addresses_of_places_where_nothing_lasts_are_refused(address, says):
    assert says in refusal(address)


def test_a_file_may_be_given_as_an_address(tmp_path):
    with open_gradebook(f"sqlite:///{tmp_path}/a b.db") as book:
        assert book.url == f"{tmp_path}/a b.db"
    assert (tmp_path / "a b.db").exists()


def test_the_address_is_shown_without_the_password():
    shown = engines.place("postgresql+psycopg://ada:s3cret@host:5433/grades?password=s3cret&sslmode=require").shown
    assert shown == "postgresql://ada:***@host:5433/grades?password=%2A%2A%2A&sslmode=require"


def test_a_missing_driver_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "needs a driver that is not installed" in (said := refusal("postgresql://host/db"))
    assert "pip install 'psycopg[binary]'" in said
