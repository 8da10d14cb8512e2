"""A database that goes away, is locked, or is full: what passes is waited for, what does not is said at once."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from xailab_autograder.gradebook import claims, engines, hand_marks, retrying, writing
from xailab_autograder.gradebook.claims import beat, claim, counts, release
from xailab_autograder.gradebook.hand_marks import remove_hand_mark, set_hand_mark
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import changes, class_book, digest, labs_in
from xailab_autograder.gradebook.retrying import read, write
from xailab_autograder.gradebook.troubles import Trouble, reason, trouble
from xailab_autograder.gradebook.writing import register, write_problem, write_result

from tests.autograder.gradebook.classes import FIRST, LAB, hand_in, hand_mark, record
from xailab.errors import XailabError

CLASS = [hand_in(f"student-{number:02d}") for number in range(25)]
ADA = hand_in("ada")


@pytest.fixture
def quick(monkeypatch):
    """What is waited for is said soon; SQLite itself waits only a moment for locks."""
    monkeypatch.setattr(engines, "BUSY_S", 0.05)
    monkeypatch.setattr(retrying, "_TELLS_AFTER_S", 0.2)


def error(message="", *, sqlite=None, state=None, kind=OperationalError):
    class Said(Exception):
        sqlite_errorcode = sqlite
        sqlstate = state

    return kind("SELECT secret FROM students", {}, Said(message))


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_stops_and_comes_back_loses_nothing(postgres, quick, how):
    said: list[str] = []
    with open_gradebook(postgres.database(), tell=said.append) as book:
        register(book, LAB, [], CLASS)
        done = threading.Event()

        def grade():
            while found := claim(book, "90", FIRST, "one", most=2):
                for each in found:
                    write_result(book, each, record(each), FIRST)
                    time.sleep(0.01)
            done.set()

        grader = threading.Thread(target=grade)
        grader.start()
        time.sleep(0.1)
        postgres.stop(how)
        try:
            time.sleep(0.5)
            assert not done.is_set()
        finally:
            postgres.start()
        grader.join(60)
        assert done.is_set()
        assert [each.record for each in class_book(book, LAB).standings] == [record(each) for each in CLASS]
        assert changes(book, "90") == ()
        assert counts(book, "90", FIRST).done == len(CLASS)
    assert said[0].startswith("gradebook unreachable since ")
    assert ", trying again (" in said[0]


def test_every_function_waits_for_the_database(postgres):
    with open_gradebook(postgres.database()) as book:
        register(book, LAB, [], [ADA, hand_in("bob")])
        for act in (
            lambda: register(book, LAB, [], [ADA]),
            lambda: claim(book, "90", FIRST, "one", most=1),
            lambda: beat(book, "one"),
            lambda: release(book, "one"),
            lambda: write_result(book, ADA, record(ADA), FIRST),
            lambda: write_problem(book, hand_in("bob"), "died", FIRST),
            lambda: set_hand_mark(book, "90", "ada", hand_mark(), replaces=None),
            lambda: remove_hand_mark(book, "90", "ada", replaces=hand_mark()),
            lambda: class_book(book, LAB),
            lambda: counts(book, "90", FIRST),
            lambda: changes(book, "90"),
            lambda: labs_in(book),
            lambda: digest(book, "90"),
        ):
            # Every connection that the gradebook holds is cut off; the next attempt makes a new one.
            ours = "FROM pg_stat_activity WHERE datname LIKE 'book%'"
            postgres.sql("postgres", f"SELECT pg_terminate_backend(pid) {ours}")
            act()
        assert len(changes(book, "90")) == 2


def test_a_server_that_stays_away_is_given_up_with_what_to_do(postgres):
    with open_gradebook(postgres.database(), patience_s=1.2) as book:
        postgres.stop()
        try:
            with pytest.raises(XailabError, match=r"the gradebook was unreachable for \d s \(.*\)\. What was written"):
                labs_in(book)
        finally:
            postgres.start()
        assert labs_in(book) == ()


def test_a_file_that_is_gone_for_a_while_is_waited_for_and_not_made_anew(tmp_path, quick):
    file, away, said = tmp_path / "grades.db", tmp_path / "away.db", []
    with open_gradebook(file, tell=said.append) as book:
        register(book, LAB, [], [ADA])
        file.rename(away)
        back = threading.Timer(0.8, away.rename, [file])
        back.start()
        write_result(book, ADA, record(ADA), FIRST)
        assert class_book(book, LAB).standings[0].record == record(ADA)
    assert said != []
    assert "gradebook unreachable since" in said[0]
    file.unlink()
    with open_gradebook(file, patience_s=0.1) as book:
        file.unlink()
        with pytest.raises(XailabError, match="was unreachable"):
            register(book, LAB, [], [ADA])
    assert not file.exists()


def test_a_locked_file_is_waited_for(tmp_path, quick):
    said: list[str] = []
    other = sqlite3.connect(tmp_path / "grades.db", isolation_level=None, check_same_thread=False)
    with closing(other), open_gradebook(tmp_path / "grades.db", tell=said.append) as book:
        other.execute("BEGIN EXCLUSIVE")
        (later := threading.Timer(0.8, other.rollback)).start()
        register(book, LAB, [], [ADA])
        later.join()
    assert "gradebook busy since 0 s, trying again (database is locked)" in said


def test_a_file_that_stays_locked_is_given_up(tmp_path, quick):
    file = tmp_path / "grades.db"
    with open_gradebook(file, patience_s=0.3) as book, closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for act in (lambda: register(book, LAB, [], [ADA]), lambda: labs_in(book)):
            with pytest.raises(XailabError, match=r"was busy.*database is locked.*the same command again"):
                act()
        with pytest.raises(XailabError, match="the gradebook was busy"), open_gradebook(file, patience_s=0.1):
            pass


def test_a_full_disk_is_said_at_once_and_nothing_is_half_written(tmp_path):
    """``max_page_count`` makes SQLite say what it says when the disk is full."""
    limit = [10**6]
    with open_gradebook(tmp_path / "grades.db") as book:
        event.listen(book.engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count = {limit[0]}"))
        register(book, LAB, [], CLASS)
        limit[0] = (tmp_path / "grades.db").stat().st_size // 4096
        written = 0
        with pytest.raises(XailabError, match=r"no space is left for the gradebook .*the same command again"):
            for each in CLASS:
                write_result(book, each, record(each, text="x" * 3000), FIRST)
                written += 1
        found = class_book(book, LAB).standings
        assert sum(each.graded for each in found) == written < len(CLASS)
        limit[0] = 10**6
        for each in claim(book, "90", FIRST, "one", most=99):
            write_result(book, each, record(each, text="x" * 3000), FIRST)
        assert all(each.graded for each in class_book(book, LAB).standings)


def test_a_full_disk_while_a_gradebook_is_made_leaves_none(tmp_path, monkeypatch):
    made = engines._sqlite

    def small(file):
        engine = made(file)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 5"))
        return engine

    with monkeypatch.context() as patch:
        patch.setattr(engines, "_sqlite", small)
        with pytest.raises(XailabError, match="no space is left"), open_gradebook(tmp_path / "grades.db"):
            pass
    with open_gradebook(tmp_path / "grades.db") as book:
        assert labs_in(book) == ()


def test_a_database_that_may_not_be_written_to_is_not_waited_for(tmp_path, postgres):
    with open_gradebook(tmp_path / "grades.db") as book:
        event.listen(book.engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only = ON"))
        with pytest.raises(XailabError, match=r"cannot be written to .*readonly"):
            register(book, LAB, [], [ADA])
        assert labs_in(book) == ()
    address = postgres.database()
    with open_gradebook(address) as book:
        name = address.split("/")[3].split("?")[0]
        postgres.sql("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        book.engine.dispose()
        with pytest.raises(XailabError, match=r"cannot be written to .*read-only transaction"):
            register(book, LAB, [], [ADA])


def test_a_file_that_was_damaged_is_said(tmp_path):
    with open_gradebook(tmp_path / "grades.db") as book:
        (tmp_path / "grades.db").write_bytes(b"\xff" * 8192)
        with pytest.raises(XailabError, match="not a gradebook, or a damaged one"):
            labs_in(book)


def test_a_fault_of_our_own_is_not_waited_for(book):
    with pytest.raises((OperationalError, ProgrammingError)):
        read(book, lambda connection: connection.execute(text("SELECT * FROM nothing")))


@pytest.mark.parametrize("module", [writing, claims, hand_marks])
def test_what_was_done_though_the_answer_was_lost_is_done_once(book, monkeypatch, module):
    """The connection is lost after the commit: every transaction is run once more."""

    def twice(book, work):
        write(book, work)
        return write(book, work)

    register(book, LAB, [], [ADA, *CLASS[:3]])
    write_result(book, ADA, record(ADA, 0), FIRST)
    monkeypatch.setattr(module, "write", twice)
    register(book, LAB, [], [ADA, *CLASS[:4]])
    write_result(book, ADA, record(ADA, 1), FIRST)
    set_hand_mark(book, "90", "ada", hand_mark(), replaces=None)
    assert claim(book, "90", FIRST, "one", most=3) == tuple(CLASS[:3])
    assert counts(book, "90", FIRST).elsewhere == 3
    assert [each.task for each in changes(book, "90")] == [task.id for task in LAB.tasks]
    assert len(class_book(book, LAB).standings) == 5


@pytest.mark.parametrize(
    ("found", "means"),
    [
        (error(sqlite=5), Trouble.BUSY),
        (error(sqlite=261), Trouble.BUSY),  # busy, while it recovers
        (error(sqlite=14), Trouble.AWAY),
        (error(sqlite=778), Trouble.AWAY),  # input/output
        (error(sqlite=13), Trouble.FULL),
        (error(sqlite=1), Trouble.OURS),
        (error(state="53100"), Trouble.FULL),
        (error(state="53300"), Trouble.BUSY),
        (error(state="40001"), Trouble.BUSY),
        (error(state="40P01"), Trouble.BUSY),
        (error(state="55P03"), Trouble.BUSY),
        (error(state="57P01"), Trouble.AWAY),
        (error(state="57P03"), Trouble.BUSY),
        (error(state="08006"), Trouble.AWAY),
        (error(state="42P01", kind=ProgrammingError), Trouble.OURS),
        (error("connection refused"), Trouble.AWAY),
        (error("FATAL:  the database system is starting up"), Trouble.BUSY),
        (error('FATAL:  password authentication failed for user "ada"'), Trouble.REFUSED),
    ],
)
def test_what_databases_say_is_understood(found, means):
    assert trouble(found) is means


def test_a_reason_is_one_line_without_statement_or_secret():
    assert reason(error("\n bad: s3cret\nmore"), ["s3cret"]) == "bad: ***"
    assert reason(error("")) == "Said"


def test_files_in_the_way_are_not_left_behind(tmp_path):
    with open_gradebook(tmp_path / "grades.db") as book:
        register(book, LAB, [], [ADA])
    assert [each.name for each in Path(tmp_path).iterdir()] == ["grades.db"]
