"""The page in a real browser: pointing, keys, classes, maps, the list; nothing is refused or thrown."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.chromium import Chromium, available
from xailab.embedding.pictures import Classes
from xailab.embedding.pictures.page import View, write_page

pytestmark = pytest.mark.skipif(available() is None, reason="needs Chromium")

COUNT = 60
RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((COUNT, 2)) + np.array([[-6, 0], [6, 0], [0, 8]])[np.arange(COUNT) % 3]
NEAR = np.argsort(((POINTS[:, None] - POINTS) ** 2).sum(2), 1)[:, 1:5]
FAR_OFF = NEAR.copy()
FAR_OFF[:, 0] = (np.arange(COUNT) + 1) % COUNT  # of another group: torn apart
NAMES = ["<b>first</b>"] + [f"image {i}" for i in range(1, COUNT)]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    path: Path = tmp_path_factory.mktemp("page") / "index.html"
    tiles = np.broadcast_to(RNG.integers(0, 255, (COUNT, 1, 1, 3), dtype=np.uint8), (COUNT, 32, 32, 3)).copy()
    kept = np.full(COUNT, 3)
    views = [
        View("one", POINTS, FAR_OFF, kept, {"perplexity": "5"}),
        View("two", -POINTS, NEAR, kept, {"perplexity": "9"}),
    ]
    classes = Classes(("left", "right", "top"), np.arange(COUNT) % 3)
    write_page(views, tiles, path, title="t", lead="l", names=NAMES, classes=classes, colored_by="place")
    opened = Chromium(1200, 900)
    try:
        opened.open(path.as_uri())
        opened.until("document.getElementById('sprites').complete")
        yield opened
        assert opened.complaints() == []
    finally:
        opened.close()


def visible(browser: Chromium, name: str) -> bool:
    return bool(browser.value(f"!document.getElementById('{name}').hidden"))


def text(browser: Chromium, name: str) -> str:
    return str(browser.value(f"document.getElementById('{name}').textContent"))


def drawn(browser: Chromium, name: str = "base") -> int:
    """How many pixels of a layer are not empty."""
    return int(
        browser.value(
            f"(() => {{ const c = document.getElementById('{name}'); return [...new Uint32Array("
            "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)].filter(Boolean).length })()"
        )
    )


def test_pointing_shows_the_image_and_its_neighbors_in_the_features(browser: Chromium) -> None:
    before = drawn(browser, "over")
    box = browser.value(
        "(r => [r.left, r.top, r.width, r.height])(document.getElementById('stage').getBoundingClientRect())"
    )
    places = POINTS * (1, -1) - ((POINTS * (1, -1)).min(0) + (POINTS * (1, -1)).max(0)) / 2
    reach = np.ptp(POINTS, axis=0) / 2
    unit = min((box[2] - 44) / 2 / reach[0], (box[3] - 44) / 2 / reach[1])
    x, y = (np.array(box[:2]) + np.array(box[2:]) / 2 + places[0] * unit).tolist()
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    browser.until("!document.getElementById('chosen').hidden")
    assert text(browser, "name") == "<b>first</b>"
    assert text(browser, "kind") == "left"
    assert text(browser, "verdict") == "1 of its 4 nearest is torn away"
    assert (
        browser.value("[...document.querySelectorAll('#strip button')].map(b => Number(b.dataset.index))")
        == FAR_OFF[0].tolist()
    )
    assert browser.value("document.querySelectorAll('#strip button.torn').length") == 1
    assert drawn(browser, "over") > before
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
    browser.until("document.getElementById('chosen').hidden")


def test_keys_walk_from_image_to_image_and_say_so(browser: Chromium) -> None:
    browser.value("document.getElementById('stage').focus()")
    browser.press("ArrowRight")
    first = text(browser, "said")
    browser.press("ArrowRight")
    assert first
    assert text(browser, "said") not in ("", first)
    browser.press("Escape")
    assert not visible(browser, "chosen")
    assert text(browser, "said") == ""


def test_classes_are_hidden_and_shown(browser: Chromium) -> None:
    everything = drawn(browser)
    browser.value("document.querySelector('[data-class=\"1\"]').click()")
    assert browser.value("document.querySelector('[data-class=\"1\"]').getAttribute('aria-pressed')") == "false"
    assert drawn(browser) < everything
    browser.value("document.getElementById('everything').click()")
    assert drawn(browser) == everything


def test_images_stand_for_points_and_zooming_shows_more(browser: Chromium) -> None:
    points = drawn(browser)
    browser.value("document.getElementById('pictures').click()")
    assert drawn(browser) > points
    browser.value("document.getElementById('pictures').click()")
    browser.value("document.getElementById('in').click()")
    browser.value("document.getElementById('fit').click()")
    assert drawn(browser) == points


def test_the_other_map_comes_with_its_own_numbers(browser: Chromium) -> None:
    browser.value("document.querySelectorAll('.tabs button')[1].click()")
    browser.until("document.querySelectorAll('.facts')[0].hidden && !document.querySelectorAll('.facts')[1].hidden")
    assert browser.value("document.querySelectorAll('.tabs button')[1].getAttribute('aria-pressed')") == "true"


def test_the_list_finds_an_image_and_selects_it(browser: Chromium) -> None:
    browser.value("document.getElementById('listing').open = true")
    browser.until(f"document.querySelectorAll('#list button').length === {COUNT}")
    browser.value(
        "(s => { s.value = 'FIRST'; s.dispatchEvent(new Event('input')) })(document.getElementById('search'))"
    )
    assert text(browser, "found") == "1 image"
    browser.value("document.querySelector('#list button').click()")
    assert text(browser, "name") == "<b>first</b>"
    assert browser.value("!document.querySelector('#chosen b, #list b') && document.activeElement.id === 'stage'")
