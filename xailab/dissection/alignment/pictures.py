"""Axis alignment as charts.

- ``threshold_chart``  unique detectors (or detectors) against the IoU threshold, one curve per basis
- ``rotation_chart``   unique detectors of each category against the part of the rotation
"""

from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from xailab import render
from xailab.dissection.alignment.counting import counts_at
from xailab.dissection.alignment.experiment import AlignmentResult
from xailab.dissection.curves import IOU_STEPS
from xailab.dissection.labeling import UnitLabels, unique_labels

FIRST_STEP = 0.02
"""The least IoU threshold of the curves: below it, most units pass, and nothing can be read off."""

STYLES = {"units": ("#0072b2", "-"), "PCA": ("#6b6b6b", ":")}
"""Color and dashes of curves; rotations are shades of ``ROTATED``, the darker the further."""

ROTATED = "Oranges"


def threshold_chart(result: AlignmentResult, *, count: Literal["unique", "detectors"] = "unique") -> Figure:
    """Draw how the number of (unique) detectors depends on the IoU threshold, one curve per basis.

    Rotations are drawn as their mean, in a band of one standard deviation. The permuted units are left out: their curve
    is that of the units.
    """
    steps = IOU_STEPS[IOU_STEPS >= FIRST_STEP]
    spreads = {name: counts_at(draws, steps) for name, draws in result.bases.items() if name != "permuted"}
    highest = max(float(labels.iou.max(initial=0.0)) for draws in result.bases.values() for labels in draws)
    shown = steps <= max(highest, 0.1) + 0.01
    curves = {name: (steps[shown], getattr(spread, count)[shown]) for name, spread in spreads.items()}
    what = "unique detectors" if count == "unique" else "detectors"
    title = f"{result.network} {result.layer}: {what} in several bases"
    figure = render.line_chart(curves, x_label="IoU threshold", y_label=what, title=title, mark=result.iou_threshold)
    axes = figure.axes[0]
    shades = iter(np.linspace(0.35, 0.8, max(len(spreads) - 2, 1)))
    for line, (name, spread) in zip(axes.get_lines(), spreads.items(), strict=False):
        color, dashes = STYLES.get(name) or (colormaps[ROTATED](next(shades)), "-")
        line.set(color=color, linestyle=dashes)
        if spread.draws > 1:
            middle, width = getattr(spread, count)[shown], getattr(spread, f"{count}_std")[shown]
            band = (np.maximum(middle - width, 0), middle + width)
            axes.fill_between(steps[shown], *band, color=line.get_color(), alpha=0.18, linewidth=0)
    axes.legend(frameon=False, fontsize=14)  # with the new colors
    return figure


def rotation_chart(result: AlignmentResult, *, threshold: float | None = None) -> Figure:
    """Draw the unique detectors of each category against the part of the rotation, from the units themselves (0) on.

    The form of the result in Bau et al. 2017, section 3.2. Unique detectors are distinct overall-best concepts; drawn
    is the mean over the rotations, in a band of one standard deviation.

    Parameters
    ----------
    threshold
        IoU above which a unit is a detector; default: the conventions'.
    """
    level = result.iou_threshold if threshold is None else threshold
    steps = {0.0: (result.natural,), **result.rotated}
    categories = [
        category
        for category in result.vocabulary.categories
        if any(unique_labels(labels, level)[category] for draws in steps.values() for labels in draws)
    ]
    counts = {
        "all": {alpha: [_unique(labels, level, None) for labels in draws] for alpha, draws in steps.items()},
        **{
            name: {alpha: [_unique(labels, level, name) for labels in draws] for alpha, draws in steps.items()}
            for name in categories
        },
    }
    alphas = sorted(steps)
    means = {name: (alphas, [float(np.mean(line[alpha])) for alpha in alphas]) for name, line in counts.items()}
    figure = render.line_chart(
        means,
        x_label="part of the rotation",
        y_label="unique detectors",
        title=f"{result.network} {result.layer}, IoU > {level:g}",
    )
    axes = figure.axes[0]
    for line, (name, (_, middle)) in zip(axes.get_lines(), means.items(), strict=True):
        width = np.array([np.std(draws, ddof=1) if len(draws) > 1 else 0.0 for draws in _in_order(counts[name])])
        line.set_marker("o")
        band = (np.maximum(np.array(middle) - width, 0), np.array(middle) + width)
        axes.fill_between(alphas, *band, color=line.get_color(), alpha=0.18, linewidth=0)
    axes.legend().remove()  # there is no empty place among these curves
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=14)
    axes.set_xticks(alphas, [f"{alpha:g}" for alpha in alphas])
    return figure


def _in_order(counts: dict[float, list[int]]) -> list[list[int]]:
    return [counts[alpha] for alpha in sorted(counts)]


def _unique(labels: UnitLabels, threshold: float, category: str | None) -> int:
    """Count the unique detectors of a category, or of all."""
    found = unique_labels(labels, threshold)
    return len(found[category]) if category is not None else sum(map(len, found.values()))
