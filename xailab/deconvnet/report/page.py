"""The page: one self-contained HTML file in which projections are compared and opened.

- ``write_page``  cards of units -> the file
- ``Page``        what stands around them
- ``Linked``      a file beside the page
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from importlib import resources
from pathlib import Path
from typing import Any

from PIL import Image

from xailab import __version__, render
from xailab.deconvnet.report.cards import Card
from xailab.files import write_beside

LIST_BREAKS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What could end the element that holds the data, or a line of a script."""

WORDS = {
    "deconv": "At a ReLU, what is positive of the signal goes on (Zeiler and Fergus 2014).",
    "guided": "At a ReLU, what is positive goes on where the ReLU was active (Springenberg et al. 2015).",
    "gradient": "At a ReLU, the signal goes on where the ReLU was active: the derivative (Simonyan et al. 2013).",
}


@dataclass(frozen=True)
class Linked:
    """A file beside the page and what it holds."""

    name: str
    what: str


@dataclass(frozen=True, eq=False)
class Page:
    """What stands around the cards.

    Parameters
    ----------
    title, lead
        The heading, and a sentence below it.
    rules
        Names; the first is the main one.
    field
        The receptive field in words.
    columns
        Examples in a row of a square.
    likeness
        Control -> rule -> how alike, 0 to 1.
    sanity
        One example under all rules, with its controls; None where there are no controls.
    settings
        Names and values for the table at the end.
    files
        What lies beside the page.
    """

    title: str
    lead: str
    rules: tuple[str, ...]
    field: str
    columns: int
    likeness: Mapping[str, Mapping[str, float | None]] = default(default_factory=dict)
    sanity: Image.Image | None = None
    settings: Mapping[str, object] = default(default_factory=dict)
    files: Sequence[Linked] = ()


def write_page(page: Page, cards: Sequence[Card], path: Path) -> None:
    """Write the page. Names of images and layers may hold anything: nothing of them is taken for HTML."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("xailab.deconvnet", "report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    data = {
        "rules": list(page.rules),
        "controls": list(page.likeness),
        "units": [{"unit": card.unit, "examples": card.opened} for card in cards],
    }
    text = environment.get_template("page.html.j2").render(
        version=__version__,
        page=page,
        cards=cards,
        words=WORDS,
        settings=list(page.settings.items()),
        sanity=None if page.sanity is None else render.data_uri(page.sanity, quality=85),
        data=_markup(json.dumps(data, separators=(",", ":"), ensure_ascii=False).translate(LIST_BREAKS)),
        style=_embedded(_read("page.css")),
        script=_embedded(_read("page.js")),
    )
    with write_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _read(name: str) -> str:
    """Return a file of ours that lies beside this one."""
    return (resources.files("xailab.deconvnet.report") / name).read_text("utf-8")


def _embedded(text: str) -> dict[str, Any]:
    """Return a style sheet or script of ours, and its hash for the content security policy."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"text": _markup(text), "hash": f"sha256-{digest}"}


def _markup(text: str) -> Any:
    """Mark text of ours as not to be escaped."""
    from markupsafe import Markup

    return Markup(text)
