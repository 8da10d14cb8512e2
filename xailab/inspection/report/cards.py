"""What the page shows of single units.

- ``Card``   one unit
- ``cards``  those of a layer; reads each image once, and runs the network once more on these images
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from xailab import hooks
from xailab.data.batch import Dataset
from xailab.exemplars import Patch, patches, seen_images, spread
from xailab.exemplars.spreading import QUANTILES
from xailab.images import normalize
from xailab.inspection.diagnosis import KINDS, Diagnosis
from xailab.inspection.report.examining import Examined, Plan
from xailab.inspection.report.reading import own_filter, readings
from xailab.inspection.report.tiles import Sheet, image_tile, map_tile, patch_tile, sheet
from xailab.inspection.views import as_maps
from xailab.receptive import ReceptiveField
from xailab.statistics import Exemplars

Place = tuple[int, int]
"""Unit and rank."""


@dataclass(frozen=True)
class Card:
    """One unit.

    Parameters
    ----------
    unit
        Its number.
    numbers
        Name -> what to write.
    findings
        Kind and evidence.
    sorted_by
        Name -> number, for the order of the cards.
    top
        Patches, images and maps of the images that excite it most.
    spread
        Images over its whole range.
    lowest
        Patches of the images that excite it least; None where that is 0.
    reads
        The strongest slices of its filter, each with patches of the unit that it reads; None where there are none.
    control
        Patches of the unit of the same number with random weights; None where that was not run.
    filter_src
        Its filter as an RGB picture, where it reads the image; else None.
    """

    unit: int
    numbers: Mapping[str, str]
    findings: Sequence[tuple[str, str]]
    sorted_by: Mapping[str, float]
    top: Sheet | None
    spread: Sheet | None
    lowest: Sheet | None = None
    reads: Sheet | None = None
    control: Sheet | None = None
    filter_src: str | None = None

    @property
    def words(self) -> str:
        """What a search finds it by."""
        return " ".join([str(self.unit), *(kind for kind, _ in self.findings)])


def cards(
    plan: Plan,
    examined: Mapping[str, Examined],
    layer: str,
    units: Sequence[int],
    dataset: Dataset,
    *,
    control: Examined | None = None,
    batch_size: int = 64,
    progress: bool = True,
) -> list[Card]:
    """Draw the cards of some units.

    Parameters
    ----------
    plan, examined
        Of the network; ``examined`` has the layers that are read, too.
    layer
        Which.
    units
        In the order of the cards.
    dataset
        The images that were examined.
    control
        The same layer with random weights.
    batch_size, progress
        As everywhere.
    """
    one = examined[layer]
    ranges = spread(one.found)
    drawn = _Drawn(plan, one, units, dataset, (one.found.best, ranges))
    drawn.run(batch_size, progress=progress)
    top = _by_unit(patches(one.found.best, units, dataset, one.field))
    low = (
        _by_unit(patches(one.found.lowest, units, dataset, one.field))
        if one.diagnosis.summary.minimum.min() < 0
        else {}
    )
    other = _by_unit(patches(control.found.best, units, dataset, control.field)) if control is not None else {}
    reads = readings(plan, examined, layer, units, dataset)
    return [
        Card(
            unit,
            _numbers(one.diagnosis, unit),
            [
                (found.kind, f"{found.evidence}. {KINDS[found.kind]}")
                for found in one.diagnosis.findings
                if found.unit == unit
            ],
            _sorted_by(one.diagnosis, unit),
            drawn.top(unit, top.get(unit, [])),
            drawn.spread(unit, ranges),
            _patch_sheet(low.get(unit, []), "lowest"),
            reads.get(unit),
            _patch_sheet(other.get(unit, []), "random weights"),
            own_filter(plan, layer, unit),
        )
        for unit in units
    ]


class _Drawn:
    """Tiles of images and maps, drawn image by image."""

    def __init__(
        self, plan: Plan, one: Examined, units: Sequence[int], dataset: Dataset, sets: tuple[Exemplars, Exemplars]
    ) -> None:
        self._plan, self._one, self._dataset, self._sets = plan, one, dataset, sets
        self._wanted: dict[int, list[tuple[int, Place]]] = defaultdict(list)
        for number, found in enumerate(sets):
            for unit in units:
                for rank, image in enumerate(found.indices[unit].tolist()):
                    if image >= 0:
                        self._wanted[image].append((number, (unit, rank)))
        summary = one.diagnosis.summary
        self._limits = {unit: _limits(float(summary.minimum[unit]), float(summary.maximum[unit])) for unit in units}
        self._images: dict[tuple[int, Place], Image.Image] = {}
        self._maps: dict[Place, Image.Image] = {}

    def run(self, batch_size: int, *, progress: bool) -> None:
        """Draw everything."""
        positions, field, layer = sorted(self._wanted), self._one.field, self._one.layer
        network = self._plan.network
        with tqdm(total=len(positions), desc=f"{layer}: pictures", unit=" images", disable=not progress) as bar:
            for first in range(0, len(positions), batch_size):
                part = positions[first : first + batch_size]
                seen = dict(seen_images(self._dataset, part, field.image_size))
                inputs = normalize(torch.stack([seen[image] for image in part]), network.normalization).to(
                    self._plan.device
                )
                maps = as_maps(hooks.activations(network.module, inputs, layer)[layer], layer)
                for row, image in enumerate(part):
                    self._draw(image, seen[image], maps[row], field)
                bar.update(len(part))

    def _draw(
        self, image: int, pixels: Float[Tensor, "3 h w"], maps: Float[Tensor, "k h2 w2"], field: ReceptiveField
    ) -> None:
        for number, (unit, rank) in self._wanted[image]:
            row, column = self._sets[number].positions[unit, rank].tolist()
            self._images[number, (unit, rank)] = image_tile(
                pixels, field.box(row, column), field.uncut_box(row, column)
            )
            if number == 0:
                self._maps[unit, rank] = map_tile(pixels, maps[unit].float(), self._limits[unit])

    def top(self, unit: int, cut: Sequence[Patch]) -> Sheet | None:
        """Return the sheet of the best images."""
        if not cut:
            return None
        rows = [
            [patch_tile(patch) for patch in cut],
            [self._images[0, (unit, patch.rank)] for patch in cut],
            [self._maps[unit, patch.rank] for patch in cut],
        ]
        return sheet(rows, notes=[_note(patch) for patch in cut], names=("what it sees", "where that is", "its map"))

    def spread(self, unit: int, ranges: Exemplars) -> Sheet | None:
        """Return the sheet of images over the unit's range."""
        ranks = [rank for rank in range(len(QUANTILES)) if (1, (unit, rank)) in self._images]
        if not ranks:
            return None
        notes = [
            f"quantile {QUANTILES[rank]:g}: image {int(ranges.indices[unit, rank])}, "
            f"activation {float(ranges.values[unit, rank]):.3g}"
            for rank in ranks
        ]
        return sheet([[self._images[1, (unit, rank)] for rank in ranks]], notes=notes, names=("over its range",))


def _patch_sheet(cut: Sequence[Patch], name: str) -> Sheet | None:
    if not cut:
        return None
    return sheet([[patch_tile(patch) for patch in cut]], notes=[_note(patch) for patch in cut], names=(name,))


def _note(patch: Patch) -> str:
    return f"image {patch.image}, activation {patch.value:.3g} at cell ({patch.cell[0]}, {patch.cell[1]})"


def _by_unit(found: Sequence[Patch]) -> dict[int, list[Patch]]:
    grouped: dict[int, list[Patch]] = defaultdict(list)
    for patch in found:
        grouped[patch.unit].append(patch)
    return dict(grouped)


def _limits(low: float, high: float) -> tuple[float, float]:
    """Return one scale for all maps of a unit."""
    top = max(-low, high, 1e-9)
    return (-top if low < 0 else 0.0, top)


def _numbers(diagnosis: Diagnosis, unit: int) -> dict[str, str]:
    of = diagnosis.summary
    return {
        "max": f"{of.maximum[unit]:.3g}",
        "mean": f"{of.mean[unit]:.3g}",
        "peak": f"{of.peak[unit]:.0f} sd",
        "on in cells": f"{of.share_on[unit]:.1%}",
        "in images": f"{of.share_images_on[unit]:.0%}",
    }


def _sorted_by(diagnosis: Diagnosis, unit: int) -> dict[str, float]:
    of = diagnosis.summary
    return {
        "peak": float(of.peak[unit]),
        "max": float(of.maximum[unit]),
        "on": float(of.share_on[unit]),
        "unit": float(-unit),
    }
