"""The tables beside the page.

- ``write_csv``   all units of all layers, one row each
- ``as_json``     fields, findings and best images, as plain values
- ``write_json``  one record, whole or not at all
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xailab.files import write_beside
from xailab.inspection.report.examining import Examined

COLUMNS = ("share_on", "share_images_on", "minimum", "maximum", "mean", "std", "peak", "share_low", "share_high")
"""Of a ``UnitSummary``."""


def write_csv(examined: Iterable[Examined], path: Path) -> None:
    """Write a row per unit: its numbers, what was found, and its best images with their activations."""
    layers = list(examined)
    with write_beside(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["layer", "unit", *COLUMNS, "findings", "best_images", "best_values"])
        for one in layers:
            summary, best = one.diagnosis.summary, one.found.best
            for unit in range(summary.units):
                numbers = [f"{float(getattr(summary, name)[unit]):.6g}" for name in COLUMNS]
                kinds = ";".join(found.kind for found in one.diagnosis.findings if found.unit == unit)
                there = best.indices[unit] >= 0
                images = " ".join(map(str, best.indices[unit][there].tolist()))
                values = " ".join(f"{value:.6g}" for value in best.values[unit][there].tolist())
                writer.writerow([one.layer, unit, *numbers, kinds, images, values])


def as_json(one: Examined, units: Sequence[int], control: Examined | None) -> dict[str, Any]:
    """Return what ``inspect.json`` holds of a layer; units and cells are counted from 0."""
    field = one.field
    return {
        "units": one.diagnosis.summary.units,
        "map_size": list(field.map_size),
        "nature": one.diagnosis.nature.words,
        "receptive_field": {
            "size": list(field.size),
            "jump": list(field.jump),
            "start": list(field.start),
            "image_size": list(field.image_size),
        },
        "effective_field": _effective(one),
        "effective_field_random": None if control is None else _effective(control),
        "looked_for": list(one.diagnosis.asked),
        "findings": [
            {"unit": found.unit, "kind": found.kind, "repeats": found.other, **_plain(found.numbers)}
            for found in one.diagnosis.findings
        ],
        "random_findings": None if control is None else {
            kind: control.diagnosis.units(kind) for kind in control.diagnosis.asked
        },
        "shown": [_unit(one, unit) for unit in units],
    }  # fmt: skip


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record, whole or not at all."""
    with write_beside(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _unit(one: Examined, unit: int) -> dict[str, Any]:
    """Return the best images of a unit, with the boxes of pixels that it saw."""
    best, places = one.found.best, []
    for rank, image in enumerate(best.indices[unit].tolist()):
        if image >= 0:
            row, column = best.positions[unit, rank].tolist()
            box = one.field.box(row, column)
            places.append(
                {
                    "image": image,
                    "activation": float(best.values[unit, rank]),
                    "cell": [row, column],
                    "box": [box.top, box.left, box.bottom, box.right],
                }
            )
    return {"unit": unit, "best": places}


def _effective(one: Examined) -> dict[str, Any] | None:
    if one.effective is None:
        return None
    return {
        "pixels_of_95_percent": one.effective.area(0.95),
        "pixels_of_50_percent": one.effective.area(0.5),
        "deviation": list(one.effective.deviation),
    }


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name.replace(" ", "_"): value if math.isfinite(value) else None for name, value in numbers.items()}
