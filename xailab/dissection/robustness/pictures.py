"""Robustness as pictures.

- ``robustness_chart``   detectors and unique detectors per perturbation, as bars
- ``perturbation_grid``  what each perturbation does to an image and to one of its label maps
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from xailab import render
from xailab.data.batch import Dataset
from xailab.dissection.robustness.experiment import RobustnessResult, Row
from xailab.dissection.robustness.perturbed import PERTURBATIONS, Perturbation, Perturbed
from xailab.errors import XailabError

BARS = {"detectors": "#9ecae9", "kept": "#4c93c9", "unique": "#0b3c68"}
"""From pale to dark: also told apart without color."""

LABELS = {"detectors": "detectors", "kept": "of these, as on clean images", "unique": "unique detectors"}
"""Of the legend."""

SIDE = 192
"""Pixels of a picture."""


def robustness_chart(result: RobustnessResult, *, threshold: float | None = None) -> Figure:
    """Draw detectors, those kept, and unique detectors per perturbation; the two ways of counting side by side.

    Parameters
    ----------
    threshold
        IoU above which a unit counts; default: the conventions'.
    """
    table = result.table(threshold)
    level = result.iou_threshold if threshold is None else threshold
    figure = Figure(figsize=(13.0, 0.62 * len(table) + 2.2), layout="constrained")
    places = _places(["clean", *result.kinds.values()])
    panels = figure.subplots(1, 2, sharey=True)
    titles = ("thresholds recomputed on these images", "thresholds of the clean images")
    for side, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        _bars(axes, [rows[side] for rows in table.values()], places)
        axes.set_title(title, loc="left", fontsize=15, pad=10)
    panels[0].set_yticks(places, list(table), fontsize=14)
    panels[0].invert_yaxis()  # shared: reads from top to bottom in both
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=3, frameon=False, fontsize=14)
    figure.supxlabel(f"{result.network} {result.layer}, {result.images} images, IoU > {level:g}", fontsize=13)
    return figure


def perturbation_grid(
    dataset: Dataset, image: int, *, perturbations: Sequence[Perturbation] = PERTURBATIONS, seed: int = 0
) -> Image.Image:
    """Show an image of a data set clean and perturbed; below each, the label map of the first category that has one.

    Raises
    ------
    XailabError
        The data set has no label maps.
    """
    versions = [("clean", dataset), *((one.name, Perturbed(dataset, one, seed=seed)) for one in perturbations)]
    pictures, captions = [], []
    for name, version in versions:
        batch = version.read([image])
        if batch.labels is None or not batch.labels.maps:
            raise XailabError(f"{dataset.name} has no label maps to show")
        planes = next(iter(batch.labels.maps.values()))
        picture = render.enlarge(batch.images[0], size=SIDE)
        labels = render.enlarge(_colored(planes[0, 0]), size=SIDE)
        pictures.append(_stacked(picture, labels))
        captions.append(name)
    return render.grid(pictures, columns=7, captions=captions)


def _stacked(above: Image.Image, below: Image.Image) -> Image.Image:
    """Put one picture below another."""
    return render.grid([above, below], columns=1, gap=3)


def _colored(plane: Int[Tensor, "h w"]) -> Image.Image:
    """Give each concept a color of its own, unlabelled pixels gray."""
    shades = np.random.default_rng(1).uniform(60, 255, (int(plane.max()) + 1, 3)).astype(np.uint8)
    shades[0] = 40
    return Image.fromarray(shades[plane.numpy()])


def _places(kinds: Sequence[str]) -> list[float]:
    """Return where bars stand: a gap between kinds."""
    gaps = np.cumsum([0.0] + [0.5 * (one != other) for one, other in zip(kinds[1:], kinds[:-1], strict=True)])
    return [float(place) for place in np.arange(len(kinds)) + gaps]


def _bars(axes: Axes, rows: Sequence[Row], places: Sequence[float]) -> None:
    """Draw the three counts of each row as bars, with numbers."""
    for offset, (name, color) in zip((-0.27, 0.0, 0.27), BARS.items(), strict=True):
        values = [getattr(row, name) for row in rows]
        bars = axes.barh(np.asarray(places) + offset, values, height=0.25, color=color, label=LABELS[name])
        axes.bar_label(bars, fontsize=10, padding=2, color="#333333")
    axes.tick_params(labelsize=13, length=0)
    axes.set_ylim(places[0] - 0.6, places[-1] + 0.6)
    axes.set_xlim(0, max(row.detectors for row in rows) * 1.12 or 1)
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
