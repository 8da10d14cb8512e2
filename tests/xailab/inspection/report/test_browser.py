"""The page in a real browser: pointing, keys, search, order; nothing is refused or thrown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import Chromium, available
from xailab.inspection.report.command import run
from xailab.inspection.report.request import Request

pytestmark = pytest.mark.skipif(available() is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    folder: Path = tmp_path_factory.mktemp("page")
    run(Request("objects", ("conv1", "conv3"), limit=30, top_units=4, count=5, batch_size=16), folder, progress=False)
    opened = Chromium(1200, 900)
    try:
        opened.open((folder / "index.html").as_uri())
        yield opened
        assert opened.complaints() == []
    finally:
        opened.close()


def units(browser: Chromium) -> list[str]:
    """The units that are shown."""
    return list(
        browser.value(
            "[...document.querySelectorAll('section.layer:not([hidden]) .card:not([hidden]) h3')]"
            ".map(h => h.firstChild.textContent.trim())"
        )
    )


def test_the_last_layer_is_shown_first_and_a_tab_shows_another(browser: Chromium) -> None:
    assert browser.value("[...document.querySelectorAll('section.layer')].map(s => s.hidden)") == [True, False]
    browser.tab_to(".tabs button")
    browser.press("Enter")
    assert browser.value("[...document.querySelectorAll('section.layer')].map(s => s.hidden)") == [False, True]
    assert "32 units of conv1" in browser.text().replace("\n", " ")


def test_units_are_found_and_ordered(browser: Chromium) -> None:
    first = units(browser)
    assert len(first) == 4
    browser.tab_to("section.layer:not([hidden]) input")
    browser.type(first[1].removeprefix("unit "))
    assert units(browser) == [first[1]]
    for _ in range(3):
        browser.press("Backspace")
    assert units(browser) == first
    browser.value(
        "(() => { const s = document.querySelector('section.layer:not([hidden]) select');"
        "s.value = 'unit'; s.dispatchEvent(new Event('change')); })()"
    )
    assert units(browser) == sorted(first, key=lambda name: int(name.removeprefix("unit ")))


def test_a_sheet_is_enlarged_by_keys_and_by_pointing(browser: Chromium) -> None:
    browser.tab_to("section.layer:not([hidden]) .sheet.best")
    browser.press("Enter")
    assert browser.value("document.querySelector('dialog').open")
    assert browser.value("document.querySelectorAll('dialog .tile').length") == 3
    assert ", 1 of 5: image " in browser.value("document.querySelector('dialog p').textContent")
    browser.press("ArrowRight", "ArrowRight")
    assert ", 3 of 5: image " in browser.value("document.querySelector('dialog p').textContent")
    browser.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert ", 5 of 5: image " in browser.value("document.querySelector('dialog p').textContent")
    browser.press("Escape")
    browser.until("!document.querySelector('dialog').open")
    place = browser.value(
        "(() => { const s = document.querySelector('section.layer:not([hidden]) .sheet.best');"
        "s.scrollIntoView({block: 'center'});"
        "const r = s.getBoundingClientRect(); return [r.left + r.width * 0.5, r.top + 20] })()"
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    assert ", 3 of 5: image " in browser.value("document.querySelector('dialog p').textContent")
    browser.press("Escape")


def test_narrow_and_dark_pages_have_no_overflow(browser: Chromium) -> None:
    light = browser.value("getComputedStyle(document.body).backgroundColor")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.value("getComputedStyle(document.body).backgroundColor") != light
    browser.resize(380, 800)
    assert browser.value("document.documentElement.scrollWidth") == 380
