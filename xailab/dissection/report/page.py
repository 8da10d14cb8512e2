"""The page: one self-contained HTML file.

- ``write_page``  a dissection and its pictures -> the file
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from xailab import __version__, render
from xailab.dissection.labeling import detectors_per_concept
from xailab.dissection.report.pictures import Tile
from xailab.dissection.report.summary import LayerSummary, Tally, concept_category, concept_title, summarize
from xailab.dissection.result import Dissection, LayerResult
from xailab.files import write_beside

IMAGE_SETS = {
    "category_present": "Only pictures that have some label of the concept's category count for a unit's area.",
    "mask_touches": "Only pictures in which the unit touches some label of the concept's category count for its area.",
    "all_images": "All pictures count for a unit's area.",
    "concept_present": "Only pictures that show the very concept count: such IoUs do not compare with the usual ones.",
}
HERO = 8
OTHERS = 3


@dataclass(frozen=True)
class Linked:
    """A file beside the page and what it holds."""

    name: str
    what: str


def write_page(
    dissection: Dissection,
    pictures: Mapping[str, Mapping[int, Sequence[Tile]]],
    path: Path,
    *,
    settings: Mapping[str, object],
    files: Sequence[Linked] = (),
) -> None:
    """Write the page.

    Parameters
    ----------
    dissection
        What was found.
    pictures
        Layer -> unit -> tiles: the units shown, in the order in which they are shown.
    path
        The file.
    settings
        Names and values for the table at the end.
    files
        What lies beside the page.
    """
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("xailab.dissection", "report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    folder = resources.files("xailab.dissection.report")
    layers = [_layer(dissection, layer, pictures[layer]) for layer in dissection.layers]
    text = environment.get_template("page.html.j2").render(
        version=__version__,
        network={"name": dissection.network},
        dataset={
            "name": dissection.dataset,
            "images": dissection.images,
            "concepts": len(dissection.vocabulary.concepts),
        },
        settings={
            "iou_threshold": dissection.conventions.iou_threshold,
            "quantile": dissection.conventions.quantile,
            "image_set": IMAGE_SETS.get(dissection.conventions.images.name, ""),
            "rows": list(settings.items()),
        },
        layers=layers,
        across=_across(layers),
        files=files,
        style=_trusted((folder / "page.css").read_text("utf-8")),
        script=_trusted((folder / "page.js").read_text("utf-8")),
    )
    with write_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _trusted(text: str) -> str:
    """Mark our own style and script as not to be escaped."""
    from markupsafe import Markup

    return Markup(text)


def _layer(dissection: Dissection, layer: str, pictures: Mapping[int, Sequence[Tile]]) -> dict[str, Any]:
    """Return what the page says of one layer."""
    result, summary = dissection.layers[layer], summarize(dissection, layer)
    cards = [_card(dissection, result, summary, unit, list(found)) for unit, found in pictures.items()]
    return {
        "id": "layer-" + re.sub(r"\W+", "-", layer),
        "name": layer,
        "units": result.units,
        "map": " × ".join(map(str, result.map_size)),
        "detectors": summary.tally.detectors,
        "unique": summary.tally.total,
        "published": summary.tally.published,
        "silent": int(result.silent().sum()),
        "best_iou": max(float(summary.labels.iou.max(initial=0.0)), 1e-9),
        "comparison": _comparison(dissection, summary),
        "categories": _categories(dissection, summary, cards),
        "bar_svg": render.to_svg(render.bar_chart(_bars(dissection, summary))),
        "threshold_svg": render.to_svg(_threshold_chart(dissection, summary)),
        "quantile_svg": _quantile_svg(summary),
        "hero": _hero(cards),
        "cards": cards,
        "left_out": result.units - len(cards),
    }


def _comparison(dissection: Dissection, summary: LayerSummary) -> list[dict[str, Any]]:
    """Return the rows of the comparison: the network, and the controls that were run."""
    rows: list[tuple[str, str, str, Tally | None]] = [
        ("trained", dissection.network, "as it is", summary.tally),
        ("null", "labels shuffled", "same activations, other pictures' labels", summary.null),
        ("random", "random weights", "same architecture, untrained", summary.random),
    ]
    return [
        {"role": role, "title": title, "note": note, "detectors": found.detectors, "unique": found.total}
        for role, title, note, found in rows
        if found is not None
    ]


def _categories(dissection: Dissection, summary: LayerSummary, cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return, per category, its color, unique concepts, detectors, and how many cards are of it."""
    vocabulary, codes = dissection.vocabulary, dissection.vocabulary.category_codes
    passing = summary.labels.concept[summary.labels.detectors(dissection.conventions.iou_threshold)]
    return [
        {
            "name": name,
            "color": render.category_color(name),
            "unique": summary.tally.unique[name],
            "detectors": int((codes[passing] == code).sum()),
            "cards": sum(card["category"] == name and card["detector"] for card in cards),
        }
        for code, name in enumerate(vocabulary.categories)
    ]


def _card(
    dissection: Dissection, result: LayerResult, summary: LayerSummary, unit: int, found: list[Tile]
) -> dict[str, Any]:
    """Return what the page says of one unit."""
    vocabulary, number = dissection.vocabulary, int(summary.labels.concept[unit])
    row = result.main.iou()[unit].numpy()
    runners = [int(n) for n in (-row).argsort(kind="stable")[: OTHERS + 1] if n != number and row[n] > 0][:OTHERS]
    category = concept_category(vocabulary, number)
    return {
        "unit": unit,
        "concept": concept_title(vocabulary, number),
        "category": category,
        "color": render.category_color(category) if category else "#b9c3d2",
        "iou": float(summary.labels.iou[unit]),
        "detector": bool(summary.labels.iou[unit] > dissection.conventions.iou_threshold),
        "others": [{"concept": concept_title(vocabulary, n), "iou": float(row[n])} for n in runners],
        "tiles": found,
    }


def _hero(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Choose the best detector of each of the best-detected concepts."""
    chosen: dict[str, dict[str, Any]] = {}
    for card in sorted(cards, key=lambda card: -card["iou"]):
        if card["tiles"] and card["detector"]:
            chosen.setdefault(card["concept"], card)
    return list(chosen.values())[:HERO]


def _bars(dissection: Dissection, summary: LayerSummary) -> dict[str, dict[str, int]]:
    """Return category -> concept -> number of detectors."""
    vocabulary = dissection.vocabulary
    bars: dict[str, dict[str, int]] = {name: {} for name in vocabulary.categories}
    for number, count in detectors_per_concept(summary.labels, dissection.conventions.iou_threshold).items():
        bars[concept_category(vocabulary, number)][concept_title(vocabulary, number)] = count
    return {name: inner for name, inner in bars.items() if inner} or bars


def _threshold_chart(dissection: Dissection, summary: LayerSummary) -> Any:
    """Draw the number of detectors over the IoU threshold, up to where nothing is left."""
    end = max(int((curve.detectors > 0).sum()) for curve in summary.curves.values()) + 2
    series = {name: (curve.thresholds[:end], curve.detectors[:end]) for name, curve in summary.curves.items()}
    return render.line_chart(
        series, x_label="IoU threshold", y_label="detectors", mark=dissection.conventions.iou_threshold
    )


def _quantile_svg(summary: LayerSummary) -> str:
    """Draw unique concepts per category over the quantile; empty for a single quantile."""
    if len(summary.quantiles) < 2:
        return ""
    quantiles = list(summary.quantiles)
    series = {
        name: (quantiles, [found.unique[name] for found in summary.quantiles.values()])
        for name in summary.tally.unique
        if any(found.unique[name] for found in summary.quantiles.values())
    }
    if not series:
        return ""
    return render.to_svg(
        render.line_chart(
            series, x_label="quantile: part of activations that is on", y_label="unique concepts", log="x"
        )
    )


def _across(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return unique concepts per layer and category, for the stacked bars."""
    return {"most": max([layer["unique"] for layer in layers] + [1]), "rows": layers}
