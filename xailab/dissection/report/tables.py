"""The tables beside the page.

- ``write_csv``   one row per unit, with NetDissect's columns
- ``write_npz``   every array of a layer
- ``as_json``     configuration and results as plain values

Source: the columns are those of the tables released with Bau et al. 2017 (``conv5-result.csv``), where units are
counted from 1.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from xailab.dissection.report.summary import LayerSummary, Tally, concept_category, concept_title, summarize
from xailab.dissection.result import Dissection, LayerResult
from xailab.files import write_beside

CATEGORY_COLUMNS = ("label", "truth", "activation", "intersect", "iou")


def write_csv(dissection: Dissection, layer: str, path: Path) -> None:
    """Write ``unit,category,label,score`` and, per category, label, truth, activation, intersect and iou.

    Units are counted from 1, as in the released tables. Scores are IoUs; truth, activation and intersect are in label
    pixels.
    """
    result, vocabulary = dissection.layers[layer], dissection.vocabulary
    labels = result.labels(vocabulary)
    header = ["unit", "category", "label", "score"]
    header += [f"{category}-{column}" for category in vocabulary.categories for column in CATEGORY_COLUMNS]
    with write_beside(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for unit in range(result.units):
            number = int(labels.concept[unit])
            names = concept_category(vocabulary, number), concept_title(vocabulary, number)
            row: list[object] = [unit + 1, *names, f"{labels.iou[unit]:.6f}"]
            for code in range(len(vocabulary.categories)):
                row += _category_cells(result, dissection, unit, int(labels.category_concept[unit, code]))
            writer.writerow(row)


def _category_cells(result: LayerResult, dissection: Dissection, unit: int, number: int) -> list[object]:
    """Return the five cells of a category's best concept; empty where no IoU is above 0."""
    if number == 0:
        return ["", "", "", "", ""]
    counts = result.main
    hits, area, truth = (
        int(x) for x in (counts.intersection[unit, number], counts.activation[unit, number], counts.concept[number])
    )
    return [concept_title(dissection.vocabulary, number), truth, area, hits, f"{hits / (area + truth - hits):.6f}"]


def write_npz(dissection: Dissection, layer: str, path: Path) -> None:
    """Write the arrays of a layer, compressed.

    ``iou``, ``intersection``, ``activation`` (k c), ``concept`` (c), ``thresholds`` (k); ``null_iou``, ``random_iou``
    where the controls were run; ``top_images``, ``top_values`` (k n) and ``top_positions`` (k n 2). ``names`` and
    ``categories`` (c) say what the columns are, ``quantiles`` (q) and ``quantile_iou`` (q k c) hold all quantiles.
    """
    result, vocabulary = dissection.layers[layer], dissection.vocabulary
    counts = result.main
    numbers = range(vocabulary.size)
    arrays: dict[str, np.ndarray] = {
        "iou": counts.iou().numpy(),
        "intersection": counts.intersection.numpy(),
        "activation": counts.activation.numpy(),
        "concept": counts.concept.numpy(),
        "thresholds": result.thresholds[result.quantile],
        "top_images": result.exemplars.indices.numpy(),
        "top_values": result.exemplars.values.numpy(),
        "top_positions": result.exemplars.positions.numpy(),
        "names": np.array([concept_title(vocabulary, number) for number in numbers]),
        "categories": np.array([concept_category(vocabulary, number) for number in numbers]),
        "quantiles": np.array(sorted(result.counts)),
        "quantile_iou": np.stack([result.counts[q].iou().numpy() for q in sorted(result.counts)]),
    }
    if result.null is not None:
        arrays["null_iou"] = result.null.iou().numpy()
    if layer in dissection.random:
        arrays["random_iou"] = dissection.random[layer].main.iou().numpy()
    with write_beside(path) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]


def as_json(dissection: Dissection, configuration: dict[str, object]) -> dict[str, Any]:
    """Return configuration and results as plain values; units are counted from 0, as everywhere but in the CSV."""
    return {
        "configuration": configuration,
        "conventions": dissection.conventions.described(),
        "network": dissection.network,
        "dataset": dissection.dataset,
        "images": dissection.images,
        "concepts": len(dissection.vocabulary.concepts),
        "layers": {layer: _layer_json(dissection, layer) for layer in dissection.layers},
    }


def _layer_json(dissection: Dissection, layer: str) -> dict[str, Any]:
    """Return one layer's counts, curves and units."""
    result, summary = dissection.layers[layer], summarize(dissection, layer)
    return {
        "units": result.units,
        "map_size": list(result.map_size),
        "trained": _tally_json(summary.tally),
        "null": _tally_json(summary.null),
        "random": _tally_json(summary.random),
        "quantiles": {str(q): _tally_json(found) for q, found in summary.quantiles.items()},
        "threshold_curves": {
            name: {key: getattr(curve, key).tolist() for key in ("thresholds", "detectors", "unique")}
            for name, curve in summary.curves.items()
        },
        "labels": _units_json(dissection, summary),
    }


def _tally_json(found: Tally | None) -> dict[str, Any] | None:
    """Return the counts of both definitions, named."""
    if found is None:
        return None
    return {
        "detectors": found.detectors,
        "unique": found.total,
        "unique_per_category": dict(found.unique),
        "unique_summed_over_categories": found.published,
        "unique_by_category": dict(found.unique_by_category),
    }


def _units_json(dissection: Dissection, summary: LayerSummary) -> list[dict[str, Any]]:
    """Return the best concept of each unit."""
    vocabulary, labels = dissection.vocabulary, summary.labels
    return [
        {
            "unit": unit,
            "concept": concept_title(vocabulary, int(number)),
            "category": concept_category(vocabulary, int(number)),
            "iou": round(float(iou), 6),
            "detector": bool(iou > dissection.conventions.iou_threshold),
        }
        for unit, (number, iou) in enumerate(zip(labels.concept, labels.iou, strict=True))
    ]
