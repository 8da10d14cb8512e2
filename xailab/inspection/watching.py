"""Watching the units of some layers over a data set, to judge them afterwards.

- ``diagnose``  run a network over a data set and judge the units of some layers
- ``Watch``     an accumulator of all that a diagnosis needs
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from xailab import hooks
from xailab.data.batch import Dataset, batches
from xailab.errors import XailabError
from xailab.graph import Graph, trace
from xailab.inspection.diagnosis import Diagnosis, judge
from xailab.inspection.nature import nature_of, weight_rows
from xailab.inspection.unit_statistics import Bounds, UnitStatistics
from xailab.inspection.views import as_maps
from xailab.models import feeding
from xailab.models.network import Network
from xailab.statistics import ChannelMoments


class Watch:
    """Everything that a diagnosis of a layer needs, in one accumulator.

    Parameters
    ----------
    units
        Number of channels, k. Memory and time grow with its square: the covariance.
    bounds
        Of the layer, from ``nature_of``.
    """

    def __init__(self, units: int, *, bounds: Bounds = (None, None)) -> None:
        self.statistics, self.moments = UnitStatistics(units, bounds=bounds), ChannelMoments(units)

    def add(self, activations: Float[Tensor, "b k h w"], indices: object = None) -> None:
        """Add the activations of some images; ``indices`` are not needed. Raises ValueError for other units."""
        self.statistics.add(activations)
        self.moments.add(activations.nan_to_num(0.0, 0.0, 0.0))  # such units are found, and compared with none

    def merge(self, other: "Watch") -> None:
        """Add what another one, of other images, has seen. Raises ValueError where it is of another layer."""
        self.statistics.merge(other.statistics)
        self.moments.merge(other.moments)

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later."""
        parts = {"statistics": self.statistics.state(), "moments": self.moments.state()}
        return {f"{part}.{name}": value for part, state in parts.items() for name, value in state.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "Watch":
        """Return an accumulator that goes on where ``state`` was taken."""
        watch = cls.__new__(cls)
        parts: dict[str, dict[str, np.ndarray]] = {"statistics": {}, "moments": {}}
        for name, value in state.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        watch.statistics = UnitStatistics.from_state(parts["statistics"])
        watch.moments = ChannelMoments.from_state(parts["moments"])
        return watch

    def diagnosis(self, graph: Graph, layer: str) -> Diagnosis:
        """Judge the layer by what was seen. Raises ValueError where nothing was."""
        moments, rows = self.moments.result(), weight_rows(graph, layer)
        return judge(layer, nature_of(graph, layer), self.statistics.result(), moments, weights=rows)


def diagnose(
    network: Network,
    layers: str | Sequence[str],
    dataset: Dataset,
    *,
    batch_size: int = 64,
    image_size: int | None = None,
) -> dict[str, Diagnosis]:
    """Run a network over a data set and say which units of some layers are of no use.

    Parameters
    ----------
    network
        It runs on the device of its module; nothing of it is changed.
    layers
        Dotted names, before or after their nonlinearity (``conv5.conv`` and ``conv5`` of ``tags``): the result says
        which. A layer without maps has one cell per image.
    dataset
        Read once. "Dead" and the like are said of these images, not of all there could be.
    batch_size
        Images per forward pass.
    image_size
        As in ``views.maps_of``.

    Raises
    ------
    UnknownName
        No such layer.
    XailabError
        A data set without images, a layer without units, a network that cannot be followed.
    """
    names = (layers,) if isinstance(layers, str) else tuple(layers)
    if not len(dataset):
        raise XailabError(f"{dataset.name} has no images: nothing can be said of the units")
    size = image_size or network.image_size
    shapes = feeding.output_shapes(network, names, size)
    for layer in names:
        if len(shapes.get(layer, ())) not in (1, 3):
            raise XailabError(
                f"layer {layer!r} of {network.name} {feeding.described(shapes.get(layer))} for an image; a diagnosis "
                "needs one map or one number per unit"
            )
    graph = trace(network.module, size)
    watches = {layer: Watch(shapes[layer][0], bounds=nature_of(graph, layer).bounds) for layer in names}
    device = next((one.device for one in network.module.parameters()), torch.device("cpu"))
    for batch in batches(dataset, batch_size):
        found = hooks.activations(network.module, feeding.prepare(network, batch.images, size, device), names)
        for layer, watch in watches.items():
            watch.add(as_maps(found[layer], layer))
    return {layer: watch.diagnosis(graph, layer) for layer, watch in watches.items()}
