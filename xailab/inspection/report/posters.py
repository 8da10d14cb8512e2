"""Pictures for slides.

- ``unit_poster``    a row per unit: what it sees in the images that excite it most
- ``filter_poster``  all filters of a layer that reads the image
"""

from collections.abc import Sequence

from PIL import Image

from xailab import render
from xailab.data.batch import Dataset
from xailab.exemplars import patches
from xailab.inspection.filters import Coloring, around_gray, filter_images
from xailab.inspection.report.examining import Examined, Plan

ROWS = 12
"""Units on a poster."""


def unit_poster(one: Examined, units: Sequence[int], dataset: Dataset, *, size: int = 96) -> Image.Image:
    """Draw the best patches of the first units, ``ROWS`` at most, all patches of one size and on gray."""
    shown = list(units)[:ROWS]
    cut = patches(one.found.best, shown, dataset, one.field)
    smooth = max(one.field.size) >= 16
    rows = [[patch for patch in cut if patch.unit == unit] for unit in shown]
    pictures = [render.enlarge(patch.padded().clamp(0, 1), size=size, smooth=smooth) for row in rows for patch in row]
    captions = [f"{patch.value:.3g}" for row in rows for patch in row]
    return render.grid(
        pictures, columns=len(rows[0]), gap=4, captions=captions, row_titles=[f"{one.layer}\nunit {u}" for u in shown]
    )


def filter_poster(
    plan: Plan, layer: str, *, coloring: Coloring = around_gray, columns: int = 16, size: int = 56
) -> Image.Image:
    """Draw all filters of a layer that reads the image, numbered."""
    reading = plan.readings[layer]
    pictures = filter_images(reading.weights, plan.network.normalization, coloring=coloring, size=size)
    numbers = [str(unit) for unit in range(len(pictures))]
    return render.grid(pictures, columns=min(columns, len(pictures)), captions=numbers)
