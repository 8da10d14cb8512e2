"""A real browser, by keyboard alone: marking, comments, drafts, conflicts, and what happens when the server is away."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from xailab_autograder.gradebook.contents import HandMark
from xailab_autograder.gradebook.hand_marks import set_hand_mark, text_sha256
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.marking import desk
from xailab_autograder.marking.app import create_app
from xailab_autograder.marking.pile import Answer, Pile

from tests.autograder.marking.browsing import TOKEN
from tests.autograder.marking.classroom import LAB, REFLECT, mark
from tests.chromium import Chromium, available

pytestmark = pytest.mark.skipif(available() is None, reason="needs chromium")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    browser = Chromium()
    yield browser
    browser.close()


@dataclass
class Site:
    """The pages on a port, and the browser that looks at them."""

    book: Gradebook
    server: Any
    page: Chromium
    app: Any

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.effective_port}"

    def marks(self) -> dict[str, HandMark]:
        standings = class_book(self.book, LAB).standings
        return {each.student.id: hand for each in standings if (hand := each.marks[-1].by_hand)}

    def waiting(self) -> list[Answer]:
        return [a for a in Pile.of(class_book(self.book, LAB), REFLECT, "Ada").answers if a.fits("waiting")]

    def go(self, path: str) -> None:
        self.page.open(self.address + path)

    def heading(self) -> str:
        return str(self.page.value("document.querySelector('h1').innerText"))


@pytest.fixture
def site(book: Gradebook, chromium: Chromium) -> Iterator[Site]:
    from waitress import wasyncore
    from waitress.server import create_server

    app = create_app(book, LAB, marker="Ada", token=TOKEN)
    connections: dict[int, Any] = {}
    server = create_server(app, connections, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run)
    thread.start()
    made = Site(book, server, chromium, app)
    chromium.events.clear()
    chromium.open(f"{made.address}/?token={TOKEN}")
    chromium.until("location.search === '' && document.querySelector('h1').innerText === 'Marking by hand'")
    yield made
    chromium.call("Page.navigate", url="about:blank")
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(lambda: wasyncore.close_all(connections))  # in the thread that listens: then it ends
    thread.join(5)
    assert not thread.is_alive()


def test_a_whole_pile_is_marked_by_keyboard(site: Site) -> None:
    page, waiting = site.page, site.waiting()
    page.press("n")
    for at, answer in enumerate(waiting[:4]):
        page.until(f"document.querySelector('h1').innerText === '{answer.code}'")
        assert f"{at} of 11 marked" in page.text()
        if at:
            page.until("document.querySelector('#status').innerText.startsWith('Saved')")
        page.type("1.")
        page.press("c")
        page.type(f"Said k, j and ? number {at}")
        page.press("Enter", ctrl=True)
    page.until("document.querySelector('#marked').innerText === '4 of 11'")
    marks = site.marks()
    assert [(marks[a.standing.student.id].score, marks[a.standing.student.id].comment) for a in waiting[:4]] == [
        (1.5, f"Said k, j and ? number {at}") for at in range(4)
    ]
    page.press("u")
    page.until(f"document.querySelector('h1').innerText === '{waiting[3].code}'")
    assert len(site.marks()) == 3
    assert page.complaints() == []


def test_saving_stays_on_the_page_and_says_so(site: Site) -> None:
    page, answer = site.page, site.waiting()[0]
    site.go(f"/task/reflect-mean/{answer.code}")
    page.value("window.same = true")
    page.press("2")
    page.press("s")
    page.until("document.querySelector('#status').innerText === 'Saved: 2 of 2 points'")
    page.press("0")
    page.press("s")
    page.until("document.querySelector('#status').innerText === 'Saved: 0 of 2 points'")
    assert page.value("window.same")
    assert f"{answer.code}: 0 points" in page.value("document.querySelector('#undo').innerText")
    page.press("u")
    page.until("document.querySelector('#status').innerText.startsWith('Undone')")
    assert site.marks()[answer.standing.student.id].score == 2
    page.press("0")
    page.press("s")
    page.until("document.querySelector('#status').innerText === 'Saved: 0 of 2 points'")
    assert page.value("document.querySelector('#status').getAttribute('aria-live')") == "polite"
    assert site.marks()[answer.standing.student.id].score == 0
    assert "1 of 11 marked" in page.text()
    assert "Saved: 0 by Ada" in page.text()
    assert page.complaints() == []


def test_keys_step_search_and_explain_themselves(site: Site) -> None:
    page, row = site.page, Pile.of(class_book(site.book, LAB), REFLECT, "Ada").answers
    site.go(f"/task/reflect-mean/{row[4].code}")
    for key, at in (("j", 5), ("ArrowRight", 6), ("k", 5), ("ArrowLeft", 4)):
        page.press(key)
        page.until(f"document.querySelector('h1').innerText === '{row[at].code}'")
    page.press("?")
    page.until("document.querySelector('#help').open")
    assert "next that waits" in page.text()
    page.press("2")  # goes to the help, not to the form behind it
    assert page.value("document.querySelector('input[name=points]:checked')") is None
    page.press("Escape")
    page.until("!document.querySelector('#help').open")
    page.press("/")
    assert page.value("document.activeElement.id") == "search"
    page.type("s003")
    page.press("Enter")
    page.until("location.pathname.startsWith('/student/')")


def test_every_control_is_reached_by_tab_and_shows_it(site: Site) -> None:
    page = site.page
    site.go(f"/task/reflect-mean/{site.waiting()[0].code}")
    reached: list[str] = []
    for _ in range(40):
        page.press("Tab")
        name = page.value(
            "(() => { const e = document.activeElement, s = getComputedStyle(e.name === 'points' ? "
            "e.nextElementSibling : e); if (e === document.body) return ''; "
            "return [e.id || e.value || e.innerText, s.outlineStyle !== 'none'].join('|'); })()"
        )
        if not name:
            break
        reached.append(name)
    assert all(name.endswith("|true") for name in reached), reached
    names = " ".join(reached)
    for wanted in ("search|", "next|", "waiting|", "number|", "comment|", "save|"):
        assert wanted in names, (wanted, reached)


def test_what_is_typed_outlives_a_reload_and_can_be_discarded(site: Site) -> None:
    page, answer = site.page, site.waiting()[0]
    path = f"/task/reflect-mean/{answer.code}"
    site.go(path)
    page.press("1")
    page.press("c")
    page.type("half a th")
    site.go("/")
    site.go(path)
    assert page.value("document.querySelector('#comment').value") == "half a th"
    assert page.value("document.querySelector('input[name=points]:checked').value") == "1"
    assert "not saved is back" in page.text()
    assert not site.marks()
    page.value("document.querySelector('#discard').click()")
    site.go(path)
    assert page.value("document.querySelector('#comment').value") == ""
    page.press("c")
    page.type("whole")
    page.press("Escape")
    page.press("2")
    page.press("s")
    page.until("document.querySelector('#status').innerText.startsWith('Saved')")
    site.go(path)
    assert "not saved is back" not in page.text()


def test_a_former_comment_is_added_by_one_press(site: Site) -> None:
    page, (first, second) = site.page, site.waiting()[:2]
    set_hand_mark(site.book, "90", first.standing.student.id, mark(1, 'Signs?\n"Quoted" <b>'), replaces=None)
    time.sleep(desk.FRESH_S + 0.1)
    site.go(f"/task/reflect-mean/{second.code}")
    page.value("document.querySelector('button[name=use]').focus()")
    page.press("Enter")
    page.until("document.querySelector('#comment').value === 'Signs?\\n\"Quoted\" <b>'")
    assert page.value("document.activeElement.id") == "comment"
    assert second.standing.student.id not in site.marks()


def test_a_mark_of_somebody_else_is_shown_beside_ones_own(site: Site) -> None:
    page, answer = site.page, site.waiting()[0]
    student = answer.standing.student.id
    site.go(f"/task/reflect-mean/{answer.code}")
    text = text_sha256(answer.standing.handed_in, REFLECT)
    set_hand_mark(
        site.book, "90", student, HandMark("reflect-mean", 2, "Fine.", "Ben", mark(1).marked, text), replaces=None
    )
    page.press("1")
    page.press("Enter", ctrl=True)
    page.until("document.querySelector('h1').innerText === 'Marked twice'")
    assert "by Ben" in page.text()
    assert site.marks()[student].marker == "Ben"
    page.value("[...document.querySelectorAll('button')].find((b) => b.innerText === 'Save yours').click()")
    page.until(f"document.querySelector('h1').innerText === '{answer.code}'")
    assert site.marks()[student].marker == "Ada"
    assert "not saved is back" not in page.text()


def test_a_server_that_is_gone_leaves_everything_typed(site: Site) -> None:
    page, answer = site.page, site.waiting()[0]
    site.go(f"/task/reflect-mean/{answer.code}")
    page.press("1")
    page.press("c")
    page.type("kept")
    page.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    page.press("Enter", ctrl=True)
    page.until("document.querySelector('#trouble').innerText.startsWith('Not saved')")
    assert page.value("document.querySelector('#comment').value") == "kept"
    page.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    page.press("Enter", ctrl=True)
    page.until(f"document.querySelector('h1').innerText !== '{answer.code}'")
    assert site.marks()[answer.standing.student.id].comment == "kept"


def test_the_pages_work_with_scripts_switched_off(site: Site) -> None:
    page, (first, second) = site.page, site.waiting()[:2]
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        site.go(f"/task/reflect-mean/{first.code}")
        page.value("document.querySelector('input[value=\"0.5\"]').click()")
        page.value("document.querySelector('button.first').click()")
        page.until(f"document.querySelector('h1').innerText === '{second.code}'")
        assert f"{first.code}: 0.5 points" in page.text()
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert site.marks()[first.standing.student.id].score == 0.5


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(site: Site, width: int) -> None:
    page, code = site.page, site.waiting()[0].code
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    try:
        for path in (
            "/",
            "/task/reflect-mean",
            f"/task/reflect-mean/{code}",
            f"/task/pairs/{code}",
            f"/student/{code}",
        ):
            site.go(path)
            assert page.value("document.documentElement.scrollWidth <= innerWidth"), path
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")
    assert page.complaints() == []
