"""The pictures of a page: for each unit the images that excite it most, with the place that does.

- ``tiles``   unit -> its best images, masked
- ``Tile``    one of them, ready for a page
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from xailab import render
from xailab.data.batch import Dataset
from xailab.dissection.conventions import Conventions
from xailab.dissection.result import LayerResult
from xailab.dissection.subject import Subject, activations
from xailab.statistics.upsampling import upsample

SIDE = 160
"""Pixels of a tile: sharp at the size at which a projector shows it."""

DIM = 0.38
"""Brightness outside the mask: dark enough to see the mask, bright enough to see what is around it."""

QUALITY = 82
"""Of the JPEG inside the page: 4 to 6 kB a tile."""


@dataclass(frozen=True)
class Tile:
    """A masked image as the ``src`` of a page, its position in the data set, and the unit's activation there."""

    src: str
    image: int
    value: float


def tiles(
    subject: Subject,
    dataset: Dataset,
    result: LayerResult,
    units: Sequence[int],
    *,
    conventions: Conventions,
    batch_size: int = 64,
    progress: bool = True,
) -> dict[int, list[Tile]]:
    """Draw the best images of some units: bright and outlined where the unit is on, dimmed elsewhere.

    The network runs once more, on these images only.
    """
    wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for unit in units:
        for place, image in enumerate(result.exemplars.indices[unit].tolist()):
            if image >= 0:
                wanted[image].append((unit, place))
    drawn: dict[tuple[int, int], Tile] = {}
    images = sorted(wanted)
    with tqdm(total=len(images), desc=f"{result.layer}: pictures", unit=" images", disable=not progress) as bar:
        for first in range(0, len(images), batch_size):
            batch = dataset.read(images[first : first + batch_size])
            maps = activations(subject, batch.images)[result.layer]
            for row, image in enumerate(batch.indices.tolist()):
                for unit, place in wanted[image]:
                    mask = _mask(maps[row, unit].cpu(), float(result.thresholds[result.quantile][unit]), conventions)
                    picture = render.masked(batch.images[row], mask, size=SIDE, dim=DIM)
                    value = float(result.exemplars.values[unit, place])
                    drawn[unit, place] = Tile(render.data_uri(picture, quality=QUALITY), image, value)
            bar.update(len(batch.indices))
    places = range(result.exemplars.indices.shape[1])
    return {unit: [drawn[unit, place] for place in places if (unit, place) in drawn] for unit in units}


def _mask(cells: Tensor, threshold: float, conventions: Conventions) -> Tensor:
    """Return where a unit is on, at the size of a tile."""
    if conventions.binarized_first:
        cells, threshold = (cells > threshold).float(), 0.5
    return torch.as_tensor(upsample(cells, (SIDE, SIDE), alignment=conventions.alignment) > threshold)
