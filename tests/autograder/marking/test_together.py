"""Two people mark at once, and the gradebook goes away: no mark is overwritten unseen, nothing typed is lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from xailab_autograder.gradebook import engines
from xailab_autograder.gradebook.contents import HandMark
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.marking import desk
from xailab_autograder.marking.pile import codes

from tests.autograder.marking.browsing import HOST, TOKEN, Browser, Page
from tests.autograder.marking.classroom import LAB
from xailab.errors import XailabError


@pytest.fixture
def other(path: Path, book: Gradebook) -> Iterator[Browser]:
    with open_gradebook(path) as second:
        yield Browser(second, marker="Ben")


@pytest.fixture
def address(book: Gradebook) -> str:
    return f"/task/reflect-mean/{codes(class_book(book, LAB))['s000']}"


def stored(book: Gradebook) -> HandMark | None:
    return class_book(book, LAB).standings[0].marks[-1].by_hand


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PATIENCE_S", 0.1)
    monkeypatch.setattr(engines, "BUSY_S", 0.1)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else holds the file, as a database that does not answer."""
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        holder.close()


def test_two_marks_at_once_are_both_shown_and_one_is_chosen(
    browser: Browser, other: Browser, book: Gradebook, address: str
) -> None:
    ours, theirs = browser.get(address), other.get(address)
    other.send(theirs.marking, points="2", comment="Excellent <b>.", do="next")
    page = browser.send(ours.marking, 409, points="0.5", comment="Too short.", do="next")
    assert "2 of 2" in page.text
    assert "by Ben," in page.text
    assert "Excellent <b>." in page.text
    assert "0.5 of 2" in page.text
    assert "Too short." in page.text
    mark = stored(book)
    assert mark is not None
    assert mark.marker == "Ben"
    after = browser.send(page.marking, do="save")
    mark = stored(book)
    assert mark is not None
    assert (mark.score, mark.comment, mark.marker) == (0.5, "Too short.", "Ada")
    assert "Saved: 0.5 by Ada" in after.text


def test_the_other_mark_can_be_left_as_it_is(browser: Browser, other: Browser, book: Gradebook, address: str) -> None:
    ours, theirs = browser.get(address), other.get(address)
    other.send(theirs.marking, points="2", do="next")
    page = browser.send(ours.marking, 409, points="0.5", do="next")
    leave = next(form for form in page.forms if ("do", "theirs") in form.buttons)
    assert "Saved: 2 by Ben" in browser.send(leave, do="theirs").text
    mark = stored(book)
    assert mark is not None
    assert mark.score == 2


def test_a_mark_that_was_taken_back_meanwhile_is_said(
    browser: Browser, other: Browser, book: Gradebook, address: str
) -> None:
    saved = other.send(other.get(address).marking, points="2", do="save")
    ours = browser.get(address)
    other.send(saved.marking, do="remove")
    page = browser.send(ours.marking, 409, points="1", do="save")
    assert "it was taken back" in page.text
    browser.send(page.marking, do="save")
    assert stored(book) is not None


def test_removing_a_mark_that_changed_meanwhile_asks_first(
    browser: Browser, other: Browser, book: Gradebook, address: str
) -> None:
    ours = browser.send(browser.get(address).marking, points="1", do="save")
    other.send(other.get(address).marking, points="2", do="save")
    page = browser.send(ours.marking, 409, do="remove")
    assert "no mark" in page.text
    assert stored(book) is not None
    browser.send(page.marking, do="remove")
    assert stored(book) is None


def test_the_script_is_told_to_let_the_server_ask(browser: Browser, other: Browser, address: str) -> None:
    ours = browser.get(address).marking
    other.send(other.get(address).marking, points="2", do="save")
    told = browser.script(ours, points="1", do="save")
    assert told.status_code == 409
    assert told.json == {"saved": False, "says": "Somebody else marked this meanwhile.", "choose": True}


def test_undo_does_not_touch_what_somebody_changed_since(
    browser: Browser, other: Browser, book: Gradebook, address: str
) -> None:
    page = browser.send(browser.get(address).marking, points="1", do="save")
    other.send(other.get(address).marking, points="2", do="save")
    after = browser.send(page.form("/undo"))
    assert "cannot be undone" in after.text
    mark = stored(book)
    assert mark is not None
    assert mark.marker == "Ben"
    assert "There is nothing to undo" in browser.send(page.form("/undo")).text


def test_the_same_mark_sent_twice_is_saved_once(browser: Browser, book: Gradebook, address: str) -> None:
    form = browser.get(address).marking
    for _ in range(2):
        told = browser.script(form, points="1", comment="One.", do="save")
        assert told.status_code == 200
    page = browser.get(address)
    browser.send(page.form("/undo"))
    assert stored(book) is None


def test_marks_of_others_appear_after_a_moment(
    browser: Browser, other: Browser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "FRESH_S", 0.0)
    monkeypatch.setattr(desk, "FRESH_TIMES", 0.0)
    browser.get(address)
    other.send(other.get(address).marking, points="2", do="save")
    assert "Saved: 2 by Ben" in browser.get(address).text


def test_a_gradebook_that_is_away_keeps_what_was_typed(
    path: Path, book: Gradebook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    browser = Browser(book)
    page = browser.get(address)
    with locked(path):
        away = browser.send(page.marking, 503, points="1.5", comment="Long and <b>thoughtful.", do="next")
        assert "Not saved: the gradebook does not answer" in away.text
        assert "same command" not in away.text
        assert away.marking.fields["points"] == "1.5"
        assert away.marking.fields["comment"] == "Long and <b>thoughtful."
        told = browser.script(page.marking, points="1.5", do="next")
        assert told.status_code == 503
        assert told.json is not None
        assert "What you typed is kept" in told.json["says"]
    browser.send(away.marking, do="save")
    mark = stored(book)
    assert mark is not None
    assert (mark.score, mark.comment) == (1.5, "Long and <b>thoughtful.")


def test_pages_are_shown_from_memory_while_the_gradebook_is_away(
    path: Path, book: Gradebook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    monkeypatch.setattr(desk, "FRESH_S", 0.0)
    monkeypatch.setattr(desk, "FRESH_TIMES", 0.0)
    browser = Browser(book)
    browser.get(address)
    with locked(path):
        page = browser.get(address)
        assert "The gradebook does not answer." in page.text
        assert "shows what was read before" in page.text
    assert "does not answer" not in browser.get(address).text


def test_a_gradebook_that_never_answered_is_said_and_tried_again(
    path: Path, book: Gradebook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    browser = Browser(book)
    with locked(path):
        assert "Load the page again" in browser.get(address, 503).text
    browser.get(address)


def test_a_failure_in_the_middle_of_writing_is_no_saved_mark(
    browser: Browser, book: Gradebook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser.get(address)

    def fails(*_: object, **__: object) -> None:
        raise XailabError("the disk is full. Make room")

    with monkeypatch.context() as patched:
        patched.setattr(desk, "set_hand_mark", fails)
        away = browser.send(page.marking, 503, points="1", do="save")
    assert "(the disk is full)" in away.text
    assert "There is nothing to undo" in browser.send(away.form("/undo")).text
    assert "0 of 11 marked" in browser.get("/").text
    assert stored(book) is None


def test_many_windows_at_once_save_every_mark(book: Gradebook, path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with open_gradebook(path) as second:
        desks = [Browser(book), Browser(second, marker="Ben")]
        names = codes(class_book(book, LAB))

        def work(at: int) -> int:
            browser = desks[at % 2]
            own = browser.app.test_client()  # a cookie jar of its own
            own.get(f"/?token={TOKEN}", headers={"Host": HOST})
            address = f"/task/reflect-mean/{names[f's{at:03}']}"
            form = Page(own.get(address, headers={"Host": HOST}).text).marking
            sent = {**form.fields, "points": "1", "comment": f"{at}", "do": "save"}
            return own.post(form.action, data=sent, headers={"Host": HOST}).status_code

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(work, range(12))) == [303] * 12
    marks = {each.student.id: each.marks[-1].by_hand for each in class_book(book, LAB).standings}
    assert {id_: mark.comment for id_, mark in marks.items() if mark} == {f"s{at:03}": f"{at}" for at in range(12)}
    assert {mark.marker for mark in marks.values() if mark} == {"Ada", "Ben"}
