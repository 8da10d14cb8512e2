"""In a real browser, by keyboard: the table of 200 students is sorted and filtered, lists open, nothing is refused."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from xailab_autograder.labs import load
from xailab_autograder.overview.page import overview

from tests.autograder.overview.browser import Page, find, in_own_loop, opened, running
from tests.autograder.overview.classes import large

pytestmark = pytest.mark.skipif(find() is None, reason="no Chromium here")

CLASS = large(load("03"))
POINTS = "[...document.querySelectorAll('#table tbody tr:not([hidden])')].map(row => row.cells[2].dataset.value)"
COUNT = "document.getElementById('count').textContent"
SORTED = "[...document.querySelectorAll('[aria-sort]')].map(head => [head.textContent, head.getAttribute('aria-sort')])"
ON_POINTS = "#table th:nth-child(3) button"

Act = Callable[[Page], Awaitable[None]]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page") / "overview.html"
    made.write_text(overview(CLASS, pages={one.student.id: "pages/x.html" for one in CLASS.standings}), "utf-8")
    return made


@pytest.fixture
def drive(port: int, file: Path) -> Callable[..., None]:
    """Return a function that opens the page of 200 students and acts in it; the browser must not complain."""

    def run(act: Act) -> None:
        async def acting() -> None:
            async with opened(port, file) as page:
                await act(page)
                assert page.logged == []

        in_own_loop(acting())

    return run


def test_the_table_is_filtered_by_keyboard(drive: Callable[..., None]) -> None:
    async def act(page: Page) -> None:
        await page.tab_to("#filter")
        await page.press(*"late")
        late = sum(bool(one.lateness.late) for one in CLASS.standings)
        assert len(await page.ask(POINTS)) == late
        assert await page.ask(COUNT) == f"{late} of 200 students"
        await page.press(*["Backspace"] * 4)
        assert len(await page.ask(POINTS)) == 200

    drive(act)


def test_the_table_is_sorted_by_keyboard(drive: Callable[..., None]) -> None:
    async def act(page: Page) -> None:
        assert await page.ask(SORTED) == []
        await page.ask("document.getElementById('filter').focus()")
        await page.tab_to(ON_POINTS)
        for key, order in (("Enter", "ascending"), (" ", "descending")):
            await page.press(key)
            assert await page.ask(SORTED) == [["points", order]]
            values = await page.ask(POINTS)
            graded = [float(value) for value in values if value]
            assert graded == sorted(graded, reverse=order == "descending")
            assert len(graded) == sum(one.graded for one in CLASS.standings)
            assert not any(values[len(graded) :])  # who has no result comes last, both ways
        assert await page.ask(COUNT) == "200 of 200 students, by points, greatest first"
        await page.press("Tab", "Tab", "Tab", "Enter")  # late, notes, the first task
        assert await page.ask(SORTED) == [["thresholds", "ascending"]]

    drive(act)


def test_students_are_found_by_mistakes_and_by_how_a_task_went(drive: Callable[..., None]) -> None:
    def both(statuses: list[str | None]) -> bool:
        return statuses[:2] == ["missing", "passed"]

    async def act(page: Page) -> None:
        await page.ask("document.getElementById('filter').focus()")
        await page.press(*"THRESHOLDS:missing upsample:passed")
        expected = sum(both([mark.status for mark in one.marks]) for one in CLASS.standings)
        assert len(await page.ask(POINTS)) == expected > 0
        await page.ask("document.getElementById('filter').select()")
        await page.press(*"align-corners")
        made = sum(
            any((mark.mistake or "").startswith("align-corners") for mark in one.marks) for one in CLASS.standings
        )
        assert len(await page.ask(POINTS)) == made > 0

    drive(act)


def test_a_bar_opens_the_list_of_its_students_by_keyboard(drive: Callable[..., None]) -> None:
    async def act(page: Page) -> None:
        await page.tab_to(".mistake > summary")
        assert not await page.ask("document.querySelector('.mistake').open")
        await page.press("Enter")
        assert await page.ask("document.querySelector('.mistake').open")
        await page.press("Tab")
        assert await page.ask("document.activeElement.matches('.mistake .people a')")

    drive(act)


def test_an_alert_opens_its_list(drive: Callable[..., None]) -> None:
    async def act(page: Page) -> None:
        assert not await page.ask("document.getElementById('list-waiting').open")
        await page.tab_to(".alerts .waiting")
        await page.press("Enter")
        for _ in range(100):
            if await page.ask("document.getElementById('list-waiting').open"):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the list did not open")

    drive(act)


def test_only_the_tables_scroll_sideways(drive: Callable[..., None]) -> None:
    async def act(page: Page) -> None:
        for width in (320, 400, 800, 1600):
            await page.resize(width, 900)
            assert await page.ask("document.documentElement.scrollWidth") <= width

    drive(act)


def test_without_scripts_the_table_is_there_and_nothing_offers_to_sort_it(port: int, file: Path) -> None:
    async def act() -> None:
        async with opened(port, file) as page:
            assert await page.ask("document.querySelectorAll('#table button').length") > 0
            await page.send("Emulation.setScriptExecutionDisabled", value=True)
            await page.open(
                Path(shutil.copy(file, file.with_name("again.html")))
            )  # questions from outside are still answered
            assert await page.ask("document.querySelectorAll('#table tbody tr').length") == 200
            assert await page.ask("document.querySelectorAll('#table button').length") == 0
            assert await page.ask("document.querySelector('.tools').hidden")

    in_own_loop(act())
