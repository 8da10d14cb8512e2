"""What the filters of a layer read.

- ``readings``    unit -> the strongest slices of its filter, each with what the unit that it reads answers to
- ``own_filter``  the filter of a unit that reads the image
"""

from collections.abc import Mapping, Sequence

from PIL import Image

from xailab import render
from xailab.data.batch import Dataset
from xailab.exemplars import patches
from xailab.inspection.filters import filter_images, slice_images, strongest_inputs
from xailab.inspection.nature import Reading
from xailab.inspection.report.examining import Examined, Plan
from xailab.inspection.report.tiles import Sheet, patch_tile, sheet, slice_tile
from xailab.statistics import Exemplars

INPUTS = 6
"""Slices of a filter that are shown."""

EACH = 3
"""Patches that say what an input unit answers to."""


def readings(
    plan: Plan, examined: Mapping[str, Examined], layer: str, units: Sequence[int], dataset: Dataset
) -> dict[int, Sheet]:
    """Return, for each unit, its strongest slices and what the units that they read answer to; none without filters.

    ``examined`` has the layer that is read, if a module gives it.
    """
    reading = plan.readings.get(layer)
    if reading is None or reading.layer is None:
        return {}
    source = examined.get(reading.layer)
    chosen = {unit: strongest_inputs(reading.weights[unit], count=INPUTS) for unit in units}
    every = sorted({place for inputs in chosen.values() for place in inputs})
    tiles: dict[int, list[Image.Image]] = {place: [] for place in every}
    if source is not None:
        for patch in patches(_first(source.found.best), every, dataset, source.field):
            tiles[patch.unit].append(patch_tile(patch))
    return {unit: _sheet(reading, unit, inputs, tiles) for unit, inputs in chosen.items()}


def _sheet(reading: Reading, unit: int, inputs: Sequence[int], tiles: Mapping[int, Sequence[Image.Image]]) -> Sheet:
    """Return a sheet with a column per input: its slice, and below it what the input answers to."""
    weights = reading.weights[unit].float().cpu()
    slices = [slice_tile(picture) for picture in slice_images(weights, inputs, size=max(weights.shape[1:]))]
    rows = [slices]
    for rank in range(max(len(tiles[place]) for place in inputs)):
        rows.append([tiles[place][rank] for place in inputs if rank < len(tiles[place])])
    squares, sums = weights.square().sum((1, 2)), weights.sum((1, 2))
    shares = squares / squares.sum().clamp(min=1e-30)
    source = reading.layer or "the layer before"
    notes = [
        f"unit {place} of {source}: {float(shares[place]):.0%} of the squared weights, sum {float(sums[place]):+.3g}"
        for place in inputs
    ]
    names = ("slice", *(f"what that unit sees, {rank + 1}" for rank in range(len(rows) - 1)))
    return sheet(rows, notes=notes, names=names, columns=len(inputs))


def own_filter(plan: Plan, layer: str, unit: int) -> str | None:
    """Return the filter of a unit that reads RGB images."""
    reading = plan.readings.get(layer)
    if reading is None or reading.layer is not None or reading.weights.shape[1] != 3:
        return None
    (picture,) = filter_images(reading.weights[unit][None], plan.network.normalization)
    return render.data_uri(picture)


def _first(best: Exemplars) -> Exemplars:
    return Exemplars(best.indices[:, :EACH], best.values[:, :EACH], best.positions[:, :EACH])
