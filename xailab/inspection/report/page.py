"""The page: one self-contained HTML file.

- ``write_page``  sections and settings -> the file
- ``Linked``      a file beside the page
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from xailab import __version__
from xailab.exemplars.spreading import QUANTILES
from xailab.files import write_beside
from xailab.inspection.report.sections import STAGES, Section


@dataclass(frozen=True)
class Linked:
    """A file beside the page and what it holds."""

    name: str
    what: str


def write_page(
    sections: Sequence[Section],
    path: Path,
    *,
    network: str,
    lead: str,
    overview: str | None,
    settings: Mapping[str, object],
    files: Sequence[Linked] = (),
) -> None:
    """Write the page.

    Parameters
    ----------
    sections
        The layers; the last one is shown first.
    path
        The file.
    network
        Its name, for the heading.
    lead
        The sentence below it.
    overview
        The picture of one image in all layers, or None.
    settings
        Names and values for the table at the end.
    files
        What lies beside the page.
    """
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("xailab.inspection", "report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    folder = resources.files("xailab.inspection.report")
    text = environment.get_template("page.html.j2").render(
        version=__version__,
        title=f"{network}: what its units answer to",
        network=network,
        lead=lead,
        overview=overview,
        sections=sections,
        stages=STAGES,
        has_control=any(section.other_src is not None for section in sections),
        quantiles=", ".join(f"{q:g}" for q in QUANTILES),
        settings=settings,
        files=files,
        style=Markup((folder / "page.css").read_text("utf-8")),  # our own files: not to be escaped
        script=Markup((folder / "page.js").read_text("utf-8")),
    )
    with write_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
