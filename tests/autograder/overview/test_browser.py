"""In a real browser, by keyboard: the table of 200 students is sorted and filtered, lists open, nothing is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder.labs import load
from xailab_autograder.overview.page import overview

from tests.autograder.overview.classes import large
from tests.chromium import Chromium, available

pytestmark = pytest.mark.skipif(available() is None, reason="no Chromium here")

CLASS = large(load("03"))
POINTS = "[...document.querySelectorAll('#table tbody tr:not([hidden])')].map(row => row.cells[2].dataset.value)"
COUNT = "document.getElementById('count').textContent"
SORTED = "[...document.querySelectorAll('[aria-sort]')].map(head => [head.textContent, head.getAttribute('aria-sort')])"
ON_POINTS = "#table th:nth-child(3) button"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    chromium = Chromium(1200, 900)
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page") / "overview.html"
    made.write_text(overview(CLASS, pages={one.student.id: "pages/x.html" for one in CLASS.standings}), "utf-8")
    return made


@pytest.fixture
def page(browser: Chromium, file: Path) -> Iterator[Chromium]:
    """The page of 200 students, freshly opened; the browser must not complain."""
    browser.resize(1200, 900)
    browser.events.clear()
    browser.open(file.as_uri())
    yield browser
    assert browser.complaints() == []


def test_the_table_is_filtered_by_keyboard(page: Chromium) -> None:
    page.tab_to("#filter")
    page.type("late")
    late = sum(bool(one.lateness.late) for one in CLASS.standings)
    assert len(page.value(POINTS)) == late
    assert page.value(COUNT) == f"{late} of 200 students"
    page.press(*["Backspace"] * 4)
    assert len(page.value(POINTS)) == 200


def test_the_table_is_sorted_by_keyboard(page: Chromium) -> None:
    assert page.value(SORTED) == []
    page.value("document.getElementById('filter').focus()")
    page.tab_to(ON_POINTS)
    for key, order in (("Enter", "ascending"), (" ", "descending")):
        page.press(key)
        assert page.value(SORTED) == [["points", order]]
        values = page.value(POINTS)
        graded = [float(value) for value in values if value]
        assert graded == sorted(graded, reverse=order == "descending")
        assert len(graded) == sum(one.graded for one in CLASS.standings)
        assert not any(values[len(graded) :])  # who has no result comes last, both ways
    assert page.value(COUNT) == "200 of 200 students, by points, greatest first"
    page.press("Tab", "Tab", "Tab", "Enter")  # late, notes, the first task
    assert page.value(SORTED) == [["thresholds", "ascending"]]


def test_students_are_found_by_mistakes_and_by_how_a_task_went(page: Chromium) -> None:
    def both(statuses: list[str | None]) -> bool:
        return statuses[:2] == ["missing", "passed"]

    page.value("document.getElementById('filter').focus()")
    page.type("THRESHOLDS:missing upsample:passed")
    expected = sum(both([mark.status for mark in one.marks]) for one in CLASS.standings)
    assert len(page.value(POINTS)) == expected > 0
    page.value("document.getElementById('filter').select()")
    page.type("align-corners")
    made = sum(any((mark.mistake or "").startswith("align-corners") for mark in one.marks) for one in CLASS.standings)
    assert len(page.value(POINTS)) == made > 0


def test_a_bar_opens_the_list_of_its_students_by_keyboard(page: Chromium) -> None:
    page.tab_to(".mistake > summary")
    assert not page.value("document.querySelector('.mistake').open")
    page.press("Enter")
    assert page.value("document.querySelector('.mistake').open")
    page.press("Tab")
    assert page.value("document.activeElement.matches('.mistake .people a')")


def test_an_alert_opens_its_list(page: Chromium) -> None:
    assert not page.value("document.getElementById('list-waiting').open")
    page.tab_to(".alerts .waiting")
    page.press("Enter")
    page.until("document.getElementById('list-waiting').open")


def test_only_the_tables_scroll_sideways(page: Chromium) -> None:
    for width in (320, 400, 800, 1600):
        page.resize(width, 900)
        assert page.value("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_table_is_there_and_nothing_offers_to_sort_it(page: Chromium, file: Path) -> None:
    assert page.value("document.querySelectorAll('#table button').length") > 0
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(Path(shutil.copy(file, file.with_name("again.html"))).as_uri())  # we may still ask it things
        assert page.value("document.querySelectorAll('#table tbody tr').length") == 200
        assert page.value("document.querySelectorAll('#table button').length") == 0
        assert page.value("document.querySelector('.tools').hidden")
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)
