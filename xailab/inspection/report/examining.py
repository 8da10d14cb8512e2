"""Everything that the page says of some layers, as numbers.

- ``Examined``   what is known of one layer
- ``Plan``       what is to be looked at, checked before any work
- ``plan_of``    make one
- ``examine``    one pass over the data set
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from xailab import exemplars
from xailab.data.batch import Dataset
from xailab.errors import XailabError
from xailab.exemplars import LayerExemplars, gather
from xailab.graph import Graph, trace
from xailab.inspection.diagnosis import Diagnosis
from xailab.inspection.nature import Reading, nature_of, reading_of
from xailab.inspection.views import check_units
from xailab.inspection.watching import Watch
from xailab.models import feeding
from xailab.models.network import Network
from xailab.receptive import ReceptiveField, receptive_fields
from xailab.receptive.effective import EffectiveField, effective_field

PIXELS = 24 * 64 * 64
"""Of all images whose gradients are averaged for an effective field: their number falls with their size."""

FEWEST, MOST = 6, 24
"""Such images."""

UNITS = 8
"""Units whose gradients are averaged, at equal steps."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be looked at.

    Parameters
    ----------
    network
        On its device.
    layers
        Those asked for.
    graph
        Of the network, for the size of the images.
    fields
        Receptive fields of these layers, and of those that they read.
    readings
        Layer -> its filters; layers without any are not in it.
    """

    network: Network
    layers: tuple[str, ...]
    graph: Graph
    fields: dict[str, ReceptiveField]
    readings: dict[str, Reading]

    @property
    def watched(self) -> tuple[str, ...]:
        """The layers, and those that they read."""
        return tuple(self.fields)

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return next((one.device for one in self.network.module.parameters()), torch.device("cpu"))

    def units(self, layer: str) -> int:
        """Return how many units a layer has."""
        return self.graph.steps[self.graph.position(layer)].shape[0]


@dataclass(frozen=True, eq=False)
class Examined:
    """What is known of one layer.

    Parameters
    ----------
    layer
        Its name.
    found
        Its exemplars.
    field
        Its receptive field.
    diagnosis
        Of its units.
    effective
        Its effective field; None where every gradient was 0.
    """

    layer: str
    found: LayerExemplars
    field: ReceptiveField
    diagnosis: Diagnosis
    effective: EffectiveField | None

    @property
    def most_peaked(self) -> list[int]:
        """All units, those first whose maximum lies the most standard deviations above their mean."""
        return [int(unit) for unit in (-self.diagnosis.summary.peak).argsort(kind="stable")]


def plan_of(network: Network, layers: tuple[str, ...], *, image_size: int, device: str) -> Plan:
    """Check the layers, and follow the network once.

    Raises
    ------
    UnknownName
        No such layer.
    XailabError
        A layer without units, a network that cannot be followed, no such device.
    """
    where = feeding.find_device(device)
    shapes = feeding.output_shapes(network, layers, image_size)
    for layer in layers:
        shape = shapes.get(layer)
        if shape is None or len(shape) not in (1, 3):
            raise XailabError(
                f"layer {layer!r} of {network.name} {feeding.described(shape)} for an image; expected one map or one "
                f"number per unit: `xailab models {network.name}` lists such layers"
            )
    network = feeding.on_device(network, where)
    graph = trace(network.module, image_size)
    readings = {layer: reading for layer in layers if (reading := reading_of(graph, layer)) is not None}
    read = [reading.layer for reading in readings.values() if reading.layer]
    return Plan(network, layers, graph, receptive_fields(graph, list(dict.fromkeys([*layers, *read]))), readings)


def examine(
    plan: Plan, dataset: Dataset, *, how: exemplars.Plan, keep: Path | None = None, progress: bool = True
) -> dict[str, Examined]:
    """Look at the layers over a data set, in one pass; those that are only read are in the result, too.

    Parameters
    ----------
    plan
        What.
    dataset
        Any.
    how
        How many images are kept per unit.
    keep, progress
        As in ``xailab.exemplars.gather``.

    Raises
    ------
    XailabError
        What ``gather`` raises.
    Interrupted
        Ctrl-C was pressed; says what is kept.
    """
    size = plan.graph.steps[0].shape[1]
    observers = {
        layer: {"watch": Watch(plan.units(layer), bounds=nature_of(plan.graph, layer).bounds)} for layer in plan.watched
    }
    found = gather(
        plan.network, plan.watched, dataset, plan=how, image_size=size, device=plan.device, observers=observers,
        keep=keep, progress=progress,
    )  # fmt: skip
    probes = _probes(plan, dataset, size)
    return {
        layer: Examined(layer, one, plan.fields[layer], _judged(plan, one), _effective(plan, layer, probes))
        for layer, one in found.items()
    }


def chosen_units(asked: tuple[int, ...] | None, examined: Examined, *, top: int) -> list[int]:
    """Return the units to show: those asked for, or the ``top`` most peaked ones. Raises ``XailabError``."""
    if asked is None:
        return examined.most_peaked[:top]
    check_units(asked, examined.diagnosis.summary.units, examined.layer)
    return list(asked)


def _judged(plan: Plan, found: LayerExemplars) -> Diagnosis:
    watch = found.observed["watch"]
    assert isinstance(watch, Watch)
    return watch.diagnosis(plan.graph, found.layer)


def _probes(plan: Plan, dataset: Dataset, size: int) -> Float[Tensor, "b 3 h w"]:
    """Return images at equal steps through the data set, as the network takes them."""
    count = min(len(dataset), max(FEWEST, min(MOST, PIXELS // size**2)))
    positions = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int)).tolist()
    return feeding.prepare(plan.network, dataset.read(positions).images, size, plan.device)


def _effective(plan: Plan, layer: str, probes: Float[Tensor, "b 3 h w"]) -> EffectiveField | None:
    """Return the effective field of the middle cell; None where nothing passes the ReLUs."""
    if layer not in plan.layers:
        return None
    count = plan.units(layer)
    units = sorted({place * count // UNITS for place in range(UNITS)})
    try:
        return effective_field(plan.network.module, probes, layer, units=units)
    except XailabError:
        return None
