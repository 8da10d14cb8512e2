"""The page: one self-contained HTML file in which a map is explored.

- ``write_page``  maps, images and classes -> the file
- ``View``        one map on the page
- ``Linked``      a file beside the page
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int, UInt8

from xailab import __version__, render
from xailab.embedding.pictures.charts import class_map
from xailab.embedding.pictures.classes import COLORS, GRAY, Classes, Style, styles
from xailab.embedding.pictures.placing import aligned, anchors, checked
from xailab.embedding.pictures.thumbnails import sprite_sheet
from xailab.files import write_beside

FAR = 5
"""A neighbor in the features is called torn apart if so many times k points of the map are nearer."""

QUALITY = 80
"""Of the JPEG with all images."""

DIGITS = 4
"""Decimals of a place; the half width of a map is 1."""

LIST_BREAKS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True, eq=False)
class View:
    """One map on the page.

    Parameters
    ----------
    title
        On its tab.
    points
        Any unit.
    neighbors
        Per point its k nearest others in the features, nearest first.
    kept
        Per point how many of them are among its k nearest in the map.
    facts
        Names and values beside the map: perplexity, KL divergence...
    history
        (iteration, KL divergence) as recorded; empty for no curve.
    """

    title: str
    points: Float[np.ndarray, "n 2"]
    neighbors: Int[np.ndarray, "n k"]
    kept: Int[np.ndarray, " n"]
    facts: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True)
class Linked:
    """A file beside the page and what it holds."""

    name: str
    what: str


def write_page(
    views: Sequence[View],
    tiles: UInt8[np.ndarray, "n t t 3"],
    path: Path,
    *,
    title: str,
    lead: str,
    names: Sequence[str],
    classes: Classes,
    colored_by: str = "class",
    settings: Mapping[str, object] | None = None,
    files: Sequence[Linked] = (),
) -> None:
    """Write the page. Maps after the first are turned so that they lie as the first one does.

    Parameters
    ----------
    views
        The maps, all of the same images and with the same number of neighbors; the first is shown first.
    tiles
        The images, small and square, RGB 0 ... 255.
    path
        The file.
    title, lead
        The heading and a sentence below it.
    names
        Of the images. They, and the names of classes, may hold anything: nothing of them is taken for HTML.
    classes
        What the points are colored by.
    colored_by
        What the classes are: "scene", say.
    settings
        Names and values for the table at the end.
    files
        What lies beside the page.

    Raises
    ------
    ValueError
        No views, or numbers of points, images, names, classes or neighbors that do not fit together.
    """
    _check(views, tiles, names, classes)
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("xailab.embedding", "pictures"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    sheet, columns = sprite_sheet(tiles)
    data = _data(views, tiles, columns, names, classes)
    k = views[0].neighbors.shape[1]
    text = environment.get_template("page.html.j2").render(
        version=__version__,
        title=title,
        lead=lead,
        views=[_shown(one, classes) for one in views],
        legend=_legend(classes),
        colored_by=colored_by,
        count=f"{len(names):,}",
        k=k,
        far=FAR * k,
        settings=list((settings or {}).items()),
        files=[(file.name, file.what) for file in files],
        sprites=render.data_uri(sheet, quality=QUALITY),
        data=_markup(json.dumps(data, separators=(",", ":")).translate(LIST_BREAKS)),
        style=_embedded(_read("page.css") + _look_rules()),
        script=_embedded(_read("page.js")),
    )
    with write_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _shown(view: View, classes: Classes) -> dict[str, Any]:
    """Return what stands beside a map, and the map as it is printed."""
    still = render.data_uri(class_map(view.points, classes, size=6.0))
    return {"title": view.title, "facts": list(view.facts.items()), "curve": _curve(view.history), "still": still}


def _check(views: Sequence[View], tiles: np.ndarray, names: Sequence[str], classes: Classes) -> None:
    """Refuse what does not fit together."""
    if not views:
        raise ValueError("a page needs at least one map")
    counts = {"images": len(tiles), "names": len(names), "classes": len(classes)}
    counts |= {f"points of {view.title!r}": len(view.points) for view in views}
    counts |= {f"neighbors of {view.title!r}": len(view.neighbors) for view in views}
    counts |= {f"kept neighbors of {view.title!r}": len(view.kept) for view in views}
    if len(set(counts.values())) > 1:
        raise ValueError(
            "the parts of a page are of different lengths: " + ", ".join(f"{v} {k}" for k, v in counts.items())
        )
    if len({view.neighbors.shape[1] for view in views}) > 1:
        raise ValueError(f"all maps show as many neighbors, got {[view.neighbors.shape[1] for view in views]}")


def _data(
    views: Sequence[View], tiles: np.ndarray, columns: int, names: Sequence[str], classes: Classes
) -> dict[str, Any]:
    """Return what the script reads."""
    unique: list[np.ndarray] = []
    for view in views:
        if not any(view.neighbors is other for other in unique):
            unique.append(view.neighbors)
    first = checked(views[0].points)
    k = views[0].neighbors.shape[1]
    looks = styles(classes)
    return {
        "names": [str(name) for name in names],
        "classNames": list(classes.names),
        "noClass": classes.none,
        "classes": classes.index.tolist(),
        "legend": [{"number": number} for number in looks],
        "looks": {str(number): {"color": look.color, "marker": look.marker} for number, look in looks.items()},
        "order": np.argsort(classes.index >= 0, kind="stable").tolist(),  # points without a class lie below
        "tile": tiles.shape[1],
        "columns": columns,
        "k": k,
        "far": FAR * k,
        "near": [found.ravel().tolist() for found in unique],
        "views": [
            _view_data(view, first, classes, next(i for i, near in enumerate(unique) if near is view.neighbors))
            for view in views
        ],
    }


def _view_data(view: View, first: Float64[np.ndarray, "n 2"], classes: Classes, near: int) -> dict[str, Any]:
    """Return one map for the script: y down, centered, the half of its larger side is 1."""
    points = checked(view.points) if view.points is first else aligned(view.points, first)
    points = points * (1, -1)
    low, high = points.min(0), points.max(0)
    scale = max(float((high - low).max()), 1e-12) / 2
    points = (points - (low + high) / 2) / scale
    middle = anchors(points, classes)
    largest = sorted(middle, key=lambda number: -classes.counts[number])
    return {
        "points": np.round(points, DIGITS).ravel().tolist(),
        "reach": np.round((high - low) / 2 / scale, DIGITS).tolist(),
        "kept": view.kept.tolist(),
        "near": near,
        "anchors": [[number, *np.round(middle[number], DIGITS).tolist()] for number in largest],
    }


def _legend(classes: Classes) -> list[dict[str, Any]]:
    """Return the rows of the legend, points without a class last."""
    looks = styles(classes)
    rows = [
        _row(number, classes.names[number], int(classes.counts[number]), looks[number]) for number in classes.present
    ]
    rest = int((classes.index == -1).sum())
    return [*rows, _row(-1, classes.none, rest, looks[-1])] if rest and classes.present else rows


def _row(number: int, name: str, count: int, look: Style) -> dict[str, Any]:
    """Return one row of the legend."""
    place = COLORS.index(look.color) if look.color in COLORS else "x"
    return {"number": number, "name": name, "count": f"{count:,}", "look": f"c{place}", "marker": look.marker}


def _look_rules() -> str:
    """Return the colors of the classes as style rules: style attributes are forbidden on the page."""
    return "".join(f".c{place} {{ --c: {color}; }}\n" for place, color in [*enumerate(COLORS), ("x", GRAY)])


def _curve(history: Sequence[tuple[int, float]]) -> dict[str, Any] | None:
    """Return the curve of the KL divergence as an SVG path in a field of 34 ... 312 by 90 ... 8."""
    if len(history) < 2:
        return None
    at, value = np.array([i for i, _ in history], np.float64), np.array([v for _, v in history], np.float64)
    x = 34 + 278 * at / max(at[-1], 1)
    y = 90 - 82 * value / max(float(value.max()), 1e-12)
    path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))
    return {
        "path": path,
        "first": f"{value.max():.2f}",
        "last": f"{value[-1]:.2f}",
        "end_y": f"{min(max(float(y[-1]) + 4, 28), 92):.0f}",
        "iterations": int(at[-1]),
    }


def _read(name: str) -> str:
    """Return a file of ours that lies beside this one."""
    return (resources.files("xailab.embedding.pictures") / name).read_text("utf-8")


def _embedded(text: str) -> dict[str, Any]:
    """Return a style sheet or script of ours, and its hash for the content security policy."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"text": _markup(text), "hash": f"sha256-{digest}"}


def _markup(text: str) -> Any:
    """Mark text of ours as not to be escaped."""
    from markupsafe import Markup

    return Markup(text)
