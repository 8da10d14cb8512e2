"""The page: valid, self-contained, complete, and deaf to what is written in names."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from xailab.embedding.pictures import Classes
from xailab.embedding.pictures.page import Linked, View, write_page

HOSTILE = ["</script><script>alert(1)</script>", '" onload="x', "<!--", "a&amp;b", "\u2028'", "]]>"]
COUNT = 40
RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((COUNT, 2))
NEAR = np.argsort(((POINTS[:, None] - POINTS) ** 2).sum(2), 1)[:, 1:5]
TILES = RNG.integers(0, 255, (COUNT, 8, 8, 3), dtype=np.uint8)
NAMES = HOSTILE + [f"image {i}" for i in range(COUNT - len(HOSTILE))]
CLASSES = Classes((HOSTILE[0], "ball", HOSTILE[1]), np.arange(COUNT) % 4 - 1, f"no {HOSTILE[2]}")
VOID = {"meta", "link", "img", "input", "br", "path", "hr"}


class Parsed(HTMLParser):
    """Elements with their attributes, text by element, and whether tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


def view(title: str = "perplexity 5", points: np.ndarray = POINTS, near: np.ndarray = NEAR) -> View:
    kept = np.arange(len(points)) % 5
    return View(title, points, near, kept, {"KL divergence": "1.2 nats"}, [(50, 3.0), (100, 1.2)])


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("page") / "index.html"
    write_page(
        [view(HOSTILE[0]), view("two", POINTS @ np.array([[0, 1], [1, 0]]))], TILES, path,
        title=HOSTILE[0], lead=HOSTILE[1], names=NAMES, classes=CLASSES, colored_by=HOSTILE[2],
        settings={HOSTILE[3]: HOSTILE[0]}, files=[Linked("a b&c.csv", HOSTILE[0])],
    )  # fmt: skip
    return path.read_text("utf-8")


def data_of(html: str) -> dict[str, object]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return dict(json.loads(found.group(1)))


def test_the_page_is_well_formed_and_loads_nothing(html: str) -> None:
    page = Parsed(html)
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert "style" not in attributes
        if tag in ("img", "script", "link") and "src" in attributes:
            assert str(attributes["src"]).startswith("data:image/")
    assert not [tag for tag, _ in page.elements if tag in ("link", "iframe", "object", "base")]
    assert "http" not in re.sub(r"http-equiv", "", html.split("<script id", maxsplit=1)[0])


def test_only_our_own_script_and_style_may_run(html: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert "default-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    for kind, (text,) in (("script", scripts), ("style", styles)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy.replace("&#39;", "'")


def test_hostile_names_stay_text(html: str) -> None:
    page = Parsed(html)
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 2
    assert HOSTILE[0] in page.texts["h1"]
    assert HOSTILE[0] in page.texts["bdi"]
    assert data_of(html)["names"] == NAMES
    assert html.count("<!--") == 0


def test_every_point_is_there_with_its_neighbors(html: str) -> None:
    data = data_of(html)
    first, second = data["views"]  # type: ignore[misc]
    places = np.array(first["points"]).reshape(-1, 2)
    assert places.shape == (COUNT, 2)
    centered = POINTS * (1, -1)
    centered -= (centered.min(0) + centered.max(0)) / 2
    np.testing.assert_allclose(places, centered / (np.ptp(POINTS, axis=0).max() / 2), atol=1e-4)
    np.testing.assert_allclose(second["points"], first["points"], atol=2e-4)  # the same map, mirrored: it was aligned
    assert data["near"] == [NEAR.ravel().tolist()]
    assert data["classes"] == CLASSES.index.tolist()
    assert sorted(data["order"]) == list(range(COUNT))  # type: ignore[call-overload]


def test_the_legend_counts_the_classes(html: str) -> None:
    chips = re.findall(r'data-class="(-?\d+)".*?<small>(\d+)</small>', html)
    assert chips == [("0", "10"), ("1", "10"), ("2", "10"), ("-1", "10")]


def test_a_page_needs_neither_classes_nor_history(tmp_path: Path) -> None:
    one = View("map", POINTS, NEAR, np.zeros(COUNT, np.int64))
    plain = Classes((), np.full(COUNT, -1))
    write_page([one], TILES, tmp_path / "p.html", title="t", lead="l", names=NAMES, classes=plain)
    html = (tmp_path / "p.html").read_text("utf-8")
    Parsed(html)
    assert 'class="chip' not in html
    assert 'class="tabs"' not in html


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    def write(*views: View, tiles: np.ndarray = TILES) -> None:
        write_page(views, tiles, tmp_path / "p.html", title="t", lead="l", names=NAMES, classes=CLASSES)

    with pytest.raises(ValueError, match="at least one map"):
        write()
    with pytest.raises(ValueError, match="of different lengths: 39 images, 40 names"):
        write(view(), tiles=TILES[1:])
    with pytest.raises(ValueError, match=r"as many neighbors, got \[4, 3\]"):
        write(view(), view(near=NEAR[:, :3]))
    assert not list(tmp_path.iterdir())
