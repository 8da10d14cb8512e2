"""The page in a real browser: rules, controls, opening, keys; nothing is refused or thrown, and names are only text."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.chromium import Chromium, available
from tests.toys import Boxes, watcher
from xailab.deconvnet.controls import another_unit
from xailab.deconvnet.examples import Example, run_forward, subject_of, unit_examples
from xailab.deconvnet.report.cards import card_of
from xailab.deconvnet.report.page import Linked, Page, write_page
from xailab.deconvnet.report.stepping import steps_of

pytestmark = pytest.mark.skipif(available() is None, reason="needs Chromium")

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;"


def with_two_rules(example: Example) -> Example:
    """In a network of one layer all rules give the same; here one gives the negative."""
    pixels = example.projections["deconv"]
    return replace(example, projections={"deconv": pixels, "gradient": -pixels})


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    path: Path = tmp_path_factory.mktemp("page") / "index.html"
    subject = subject_of(watcher(), "0", rules=("deconv", "gradient"))
    forward = run_forward(subject, Boxes(8), [0, 1, 3], torch.tensor([[2, 3], [4, 1], [0, 7]]))
    cards = []
    for unit in (4, 0):
        found = another_unit(subject, forward, unit_examples(subject, forward, unit))
        found = replace(found, examples=tuple(map(with_two_rules, found.examples)))
        steps = [steps_of(subject, forward, row, unit, rule="deconv") for row in range(3)]
        cards.append(card_of(found, steps, [HOSTILE, "b", "c"], facts="strong", rule="deconv"))
    page = Page(
        HOSTILE, "lead", subject.rules, "It sees 2 pixels.", 2, {"another unit": {"deconv": 0.5, "gradient": None}}
    )
    write_page(replace(page, files=[Linked("a b.npz", "numbers")], settings={"layer": HOSTILE}), cards, path)
    opened = Chromium(1200, 900)
    try:
        opened.open(path.as_uri())
        yield opened
        assert opened.complaints() == []
    finally:
        opened.close()


def text(browser: Chromium, name: str) -> str:
    return str(browser.value(f"document.getElementById('{name}').textContent"))


def source(browser: Chromium, where: str) -> str:
    return str(browser.value(f"document.querySelector({json.dumps(where)}).src"))


def test_the_rule_changes_the_projections_and_not_the_patches(browser: Chromium) -> None:
    before = source(browser, "#unit-4 .tile img"), source(browser, "#unit-4 .patches img")
    assert all(one.startswith("data:image/jpeg") for one in before)
    browser.value("document.querySelector('[data-rule=gradient]').click()")
    assert source(browser, "#unit-4 .tile img") != before[0]
    assert source(browser, "#unit-4 .patches img") == before[1]
    assert "the derivative" in text(browser, "rule")
    browser.press("1")
    assert source(browser, "#unit-4 .tile img") == before[0]


def test_a_control_stands_beside_the_projections(browser: Chromium) -> None:
    choose = "(c => {{ c.value = {!r}; c.dispatchEvent(new Event('change')) }})(document.getElementById('control'))"
    browser.value(choose.format("another unit"))
    assert browser.value("document.querySelectorAll('#unit-0 .against:not([hidden]) img').length") == 3
    browser.value(choose.format(""))
    assert browser.value("document.querySelectorAll('.against:not([hidden])').length") == 0


def test_the_keyboard_opens_turns_over_and_closes(browser: Chromium) -> None:
    browser.tab_to("#unit-4 .tile")
    assert browser.value("document.querySelectorAll('.pointed').length") == 2  # the projection and its patch
    browser.press("Enter")
    browser.until("document.getElementById('opened').open")
    assert text(browser, "what") == "unit 4, example 1 of 3"
    assert text(browser, "where").startswith(f"{HOSTILE}: activation ")
    assert "row 2, column 3" in text(browser, "where")
    assert browser.value("document.getElementById('field').style.left") == "37.5%"  # pixel 6 of 16
    assert browser.value("[...document.querySelectorAll('#steps b')].map(b => b.textContent)") == ["0", "input"]
    assert browser.value("document.querySelectorAll('#compare img').length") == 4
    for expected in ("unit 4, example 2 of 3", "unit 4, example 3 of 3", "unit 0, example 1 of 3"):
        browser.press("ArrowRight")
        assert text(browser, "what") == expected
    browser.press("ArrowRight", "2")
    assert text(browser, "fullis") == "the whole projection, rule gradient"
    browser.press("Escape")
    browser.until("!document.getElementById('opened').open")
    assert browser.value("document.activeElement.matches('#unit-0 .tile:nth-child(2)')")
    browser.press("1")


def test_names_are_text(browser: Chromium) -> None:
    assert browser.value("document.querySelector('h1').textContent") == HOSTILE
    assert browser.value("document.querySelectorAll('[onerror]').length") == 0
    assert browser.value("document.querySelector('details a').getAttribute('href')") == "a%20b.npz"
    assert browser.value("document.querySelector('.tile').title").startswith(HOSTILE)


def test_it_fits_a_phone(browser: Chromium) -> None:
    browser.resize(380, 800)
    assert browser.value("document.documentElement.scrollWidth") <= 380
    browser.value("document.querySelector('.tile').click()")
    assert browser.value(
        "document.getElementById('opened').scrollWidth <= document.getElementById('opened').clientWidth"
    )
    browser.press("Escape")
    browser.resize(1200, 900)
