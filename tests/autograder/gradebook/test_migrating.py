"""An older gradebook is brought up to date with all that is in it; a copy of the file is kept; no one sees a half."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from xailab_autograder.gradebook import migrating, schema
from xailab_autograder.gradebook.engines import connect, place
from xailab_autograder.gradebook.hand_marks import set_hand_mark
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.gradebook.retrying import write
from xailab_autograder.gradebook.storing import fingerprint_row, hand_in_row
from xailab_autograder.gradebook.writing import write_result

from tests.autograder.gradebook.classes import FIRST, LAB, NOON, hand_in, hand_mark, record
from xailab.errors import XailabError


@pytest.fixture
def older(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A gradebook as version 0001 made it, with a class of two in it."""
    with monkeypatch.context() as patch:
        patch.setattr(migrating, "VERSION", "0001")
        upgrade = migrating._upgrade
        patch.setattr(migrating, "_upgrade", lambda connection: upgrade(connection, "0001"))
        where = place(address)
        if where.file:
            where.file.touch()
        engine = connect(where)
        migrating.migrate(Gradebook(engine, where.shown), where)
    write(Gradebook(engine, where.shown), _fill)
    engine.dispose()
    return address


def _fill(connection):
    """Write as the first version did."""
    connection.execute(text("UPDATE about SET value = 'toys' WHERE name = 'course'"))
    connection.execute(text("INSERT INTO labs (lab) VALUES ('90')"))
    for student in ("ada", "bob"):
        this = hand_in(student)
        connection.execute(text("INSERT INTO students VALUES (:s, 'A name', '', '{}')"), {"s": student})
        connection.execute(text("INSERT INTO enrolled (lab, student) VALUES ('90', :s)"), {"s": student})
        connection.execute(schema.hand_ins.insert().values(**hand_in_row(this), counts=True, registered=NOON))
        row = {"lab": "90", "student": student, "sha256": this.sha256, **fingerprint_row(FIRST)}
        judged = record(this)
        row |= {"score": judged.score, "points": judged.points, "record": judged.to_json(), "written": NOON}
        connection.execute(schema.results.insert().values(**row))


def copies(address: str) -> list[Path]:
    return sorted(Path(address).parent.glob("*version-0001*")) if "://" not in address else []


def test_an_older_gradebook_keeps_all_that_is_in_it(older):
    said: list[str] = []
    with open_gradebook(older, course="toys", tell=said.append) as book:
        found = class_book(book, LAB).standings
        assert [(each.handed_in, each.record) for each in found] == [
            (hand_in(student), record(hand_in(student))) for student in ("ada", "bob")
        ]
        assert [each.student.name for each in found] == ["A name", "A name"]
        assert all(each.known and not each.outdated for each in found)
        set_hand_mark(book, "90", "ada", hand_mark(), replaces=None)
        write_result(book, hand_in("bob"), record(hand_in("bob"), 0), FIRST)
    for copy in copies(older):
        assert said == [f"{Path(older).name}: version 0001 becomes 0002; a copy of the old one is {copy.name}"]


def test_of_an_older_file_a_whole_copy_is_kept(older):
    with open_gradebook(older):
        pass
    for copy in copies(older):
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
            assert connection.execute("SELECT count(*) FROM results").fetchone() == (2,)
    assert len(copies(older)) == ("://" not in older)
    if "://" not in older:
        assert len(list(Path(older).parent.iterdir())) == 2


def test_an_earlier_copy_is_never_overwritten(older):
    if "://" in older:
        return
    file = Path(older)
    earlier = file.with_name(f"{file.stem}.version-0001{file.suffix}")
    earlier.write_text("precious")
    with open_gradebook(older):
        pass
    assert earlier.read_text() == "precious"
    assert file.with_name(f"{file.stem}.version-0001-2{file.suffix}").stat().st_size > 1000


def test_what_is_written_while_the_copy_is_made_is_in_the_copy(older, monkeypatch):
    if "://" in older:
        return
    copy, late = migrating._copy, ["INSERT INTO students VALUES ('late', '', '', '{}')"]

    def copy_then_somebody_writes(connection, file, target):
        copy(connection, file, target)
        with closing(sqlite3.connect(file)) as other:
            for statement in late:
                other.execute(statement)
            other.commit()
        late.clear()

    monkeypatch.setattr(migrating, "_copy", copy_then_somebody_writes)
    with open_gradebook(older):
        pass
    (kept,) = copies(older)
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT count(*) FROM students").fetchone() == (3,)


def test_four_that_open_an_older_gradebook_at_once_migrate_it_once(older):
    def opened(_: int) -> int:
        with open_gradebook(older) as book:
            return len(class_book(book, LAB).standings)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opened, range(4))) == [2] * 4
    assert len(copies(older)) == ("://" not in older)


def test_a_migration_that_fails_leaves_the_old_gradebook(older, monkeypatch):
    from alembic import op

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no power")

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", fails)  # the last step of 0002
        with pytest.raises(RuntimeError, match="no power"), open_gradebook(older):
            pass
    where = place(older)
    engine = connect(where)
    with engine.connect() as connection:
        assert migrating.version(connection, where.shown) == "0001"
        columns = connection.execute(text("SELECT * FROM labs")).keys()
        assert "terms" not in columns
    engine.dispose()
    with open_gradebook(older) as book:
        assert len(class_book(book, LAB).standings) == 2


def test_a_copy_that_cannot_be_made_stops_the_migration(older, monkeypatch):
    if "://" in older:
        return
    monkeypatch.setattr(migrating, "token_hex", lambda size: "taken")
    Path(older).with_name(f".{Path(older).name}.taken.copy").mkdir()
    with pytest.raises(XailabError, match="copied before it is changed, which failed"), open_gradebook(older):
        pass


def test_migrations_make_the_tables_that_the_code_knows(book):
    with book.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_version_is_that_of_the_last_revision():
    scripts = ScriptDirectory(str(migrating.SCRIPTS))
    assert scripts.get_heads() == [schema.VERSION]
    assert [script.revision for script in scripts.walk_revisions()] == ["0002", "0001"]
