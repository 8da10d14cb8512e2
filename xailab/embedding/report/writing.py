"""The folder that ``xailab embed`` writes.

- ``Shown``      what is written
- ``write_all``  pictures and tables, and the page last
- ``write_json`` one record, whole or not at all
"""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from xailab import render
from xailab.data.batch import Dataset
from xailab.data.naming import image_name
from xailab.embedding.gathering import Source, small_images
from xailab.embedding.pictures import Classes, class_map, image_map, side_by_side
from xailab.embedding.pictures.page import Linked, View, write_page
from xailab.embedding.report.maps import Map, kept_neighbors, nearest_neighbors
from xailab.files import write_beside

PAGE_POINTS = 20_000
"""Images on a page; of more, so many are taken at equal steps. The tables hold all."""

SHEET_PIXELS = 14_000_000
"""Of the picture that holds all small images: browsers of phones take no larger one."""

LARGEST_TILE = 64

RECORD = "embedding.json"


@dataclass(frozen=True, eq=False)
class Shown:
    """What is written.

    Parameters
    ----------
    dataset
        The images.
    source
        The layer.
    maps
        The first is the main one.
    classes
        Of all images.
    colored_by
        What the classes are: "scene", say.
    settings
        For the table at the end of the page.
    record
        The beginning of ``embedding.json``.
    """

    dataset: Dataset
    source: Source
    maps: Sequence[Map]
    classes: Classes
    colored_by: str
    settings: Mapping[str, object]
    record: Mapping[str, object]

    @property
    def title(self) -> str:
        """The heading of page and picture."""
        count = f"{len(self.dataset):,} images of {self.dataset.name}"
        return f"How {self.source.layer} of {self.source.network.name} arranges {count}"


def write_all(shown: Shown, out: Path, *, progress: bool = True) -> None:
    """Write everything but the features into the folder, the page and the record last."""
    count, first = len(shown.dataset), shown.maps[0]
    names = [image_name(shown.dataset, index) for index in range(count)]
    chosen = np.unique(np.linspace(0, count - 1, min(count, PAGE_POINTS)).round().astype(np.int64))
    classes = replace(shown.classes, index=shown.classes.index[chosen])
    side = max(8, min(LARGEST_TILE, math.isqrt(SHEET_PIXELS // len(chosen))))  # so that all fit into one picture
    tiles = small_images(shown.dataset, chosen.tolist(), side=side, progress=progress)
    _write_csv(out / "embedding.csv", names, shown.classes, shown.maps)
    picture = image_map(first.embedding.points[chosen], tiles, classes)
    _write_bytes(out / "images.png", render.to_png_bytes(picture))
    files = [*_write_charts(shown, out), Linked("images.png", "the map with images for points"), *LINKED]
    files = [replace(file, what=file.what.format(layer=shown.source.layer)) for file in files]
    write_page(
        [_view(one, chosen, shown.colored_by) for one in shown.maps], tiles, out / "index.html", title=shown.title,
        lead=_lead(shown.source, len(chosen), count), names=[names[i] for i in chosen.tolist()], classes=classes,
        colored_by=shown.colored_by, settings=shown.settings, files=files,
    )  # fmt: skip
    write_json(out / RECORD, _record(shown))


LINKED = (
    Linked("embedding.csv", "the places of the images, and their classes"),
    Linked("features.npz", "what {layer} answers to every image"),
    Linked(RECORD, "settings and measures"),
)
"""What lies beside every page, but for the pictures."""


def _write_charts(shown: Shown, out: Path) -> list[Linked]:
    """Write the map by class, and several maps side by side."""
    first = shown.maps[0]
    note = f"perplexity {first.embedding.perplexity[0]:g}, {_note(first, shown.colored_by)}"
    figure = class_map(first.embedding.points, shown.classes, title=shown.title, note=note)
    _write_bytes(out / "map.png", render.to_png_bytes(figure))
    files = [Linked("map.png", "the map by class")]
    if len(shown.maps) > 1:
        panels = {one.title: one.embedding.points for one in shown.maps}
        notes = [_note(one, shown.colored_by) for one in shown.maps]
        both = side_by_side(panels, shown.classes, notes=notes)
        _write_bytes(out / "maps.png", render.to_png_bytes(both, dpi=100))
        files.append(Linked("maps.png", "the maps side by side"))
    return files


def _view(one: Map, chosen: Int64[np.ndarray, " s"], colored_by: str) -> View:
    """Return a map for the page; neighbors are those among the images that the page has."""
    neighbors, kept, points = one.neighbors, one.kept, one.embedding.points
    if len(chosen) < len(points):
        points = points[chosen]
        neighbors = nearest_neighbors(one.features[chosen])
        kept = kept_neighbors(neighbors, points)
    return View(one.title, points, neighbors, kept, _facts(one, colored_by), one.embedding.history)


def _facts(one: Map, colored_by: str) -> dict[str, str]:
    """Return what stands beside a map."""
    k = one.neighbors.shape[1]
    facts = {
        "perplexity": f"{one.embedding.perplexity[0]:g}",
        "iterations": f"{one.embedding.iterations:,}",
        "KL divergence": f"{one.embedding.kl:.3f} nats",
        "trustworthiness": f"{one.trust:.3f}",
        f"neighbors kept, of {k}": f"{one.recall:.0%}",
    }
    if one.agreement is not None:
        facts[f"neighbors of the same {colored_by}"] = f"{one.agreement:.0%}"
    return facts | {"seed": str(one.embedding.seed)}


def _note(one: Map, colored_by: str) -> str:
    """Return the line below a picture."""
    kept = f"KL divergence {one.embedding.kl:.2f} nats, {one.recall:.0%} of neighbors kept"
    return (
        kept if one.agreement is None else f"{kept}; {one.agreement:.0%} in the features are of the same {colored_by}"
    )


def _lead(source: Source, shown: int, count: int) -> str:
    """Return the sentence below the heading."""
    units = source.shape[0]
    what = f"the mean of each of the {units} maps" if len(source.shape) == 3 else f"the answers of the {units} units"
    text = f"Every image became {units} numbers, {what} of {source.layer}; t-SNE put images alike in them side by side."
    return text if shown == count else f"{text} Here are {shown:,} of {count:,} images."


def _record(shown: Shown) -> dict[str, Any]:
    """Return what ``embedding.json`` holds."""
    return {
        **shown.record,
        "finished": True,
        "data_fingerprint": shown.dataset.fingerprint,
        "images": len(shown.dataset),
        "colored_by": shown.colored_by if shown.classes.names else None,
        "maps": [_map_record(one) for one in shown.maps],
    }


def _map_record(one: Map) -> dict[str, Any]:
    """Return what it holds of one map."""
    return {
        "title": one.title,
        "network": one.network,
        "perplexity": one.embedding.perplexity[0],
        "iterations": one.embedding.iterations,
        "kl_nats": one.embedding.kl,
        "trustworthiness": one.trust,
        "neighbors": one.neighbors.shape[1],
        "neighbor_recall": one.recall,
        "class_agreement": one.agreement,
        "history": [list(entry) for entry in one.embedding.history],
    }


def _write_csv(path: Path, names: Sequence[str], classes: Classes, maps: Sequence[Map]) -> None:
    """Write a row per image: its name, its class, and its places in the maps; x and y alone are the first map's."""
    columns = ["x", "y"] + [f"{axis}_{one.slug}" for one in maps[1:] for axis in "xy"]
    places = np.concatenate([one.embedding.points for one in maps], axis=1)
    with write_beside(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "class", *columns])
        for name, number, row in zip(names, classes.index.tolist(), places.tolist(), strict=True):
            writer.writerow([name, classes.names[number] if number >= 0 else "", *(f"{value:.6g}" for value in row)])


def _write_bytes(path: Path, content: bytes) -> None:
    with write_beside(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, content: object) -> None:
    """Write a record as JSON, whole or not at all."""
    with write_beside(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
