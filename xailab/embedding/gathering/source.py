"""Where features come from: a layer of a network.

- ``Source``     the network, the layer, and how images are fed to it
- ``source_of``  make one; everything is checked before any work
- ``features``   the vectors of some images
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from xailab import hooks
from xailab.errors import XailabError
from xailab.models import feeding
from xailab.models.network import Network


@dataclass(frozen=True)
class Source:
    """Where features come from.

    Parameters
    ----------
    network
        With its module on ``device``.
    layer
        Dotted name.
    shape
        What it gives for one image: ``(units,)`` or ``(units, rows, columns)``.
    image_size
        Images are resized to this height and width.
    device
        Where the network runs.
    """

    network: Network
    layer: str
    shape: tuple[int, ...]
    image_size: int
    device: torch.device

    @property
    def digest(self) -> str:
        """Changes with the weights, the layer and the way images are fed."""
        fed = (self.layer, self.image_size, self.network.normalization, self.device.type)
        return feeding.digest(self.network.module, *fed)


def source_of(network: Network, layer: str, *, image_size: int | None = None, device: str = "cpu") -> Source:
    """Find the layer, check what it gives, and put the network onto the device. The given record is not changed.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        A layer that gives neither maps nor one number per unit, images too small for the network, no such device.
    """
    where, size = feeding.find_device(device), image_size or network.image_size
    shape = feeding.output_shapes(network, [layer], size).get(layer, ())
    if len(shape) not in (1, 3):
        raise XailabError(
            f"layer {layer!r} of {network.name} {feeding.described(shape)} for an image; features are made of layers "
            f"that give one number or one map per unit: `xailab models {network.name}` lists them"
        )
    return Source(feeding.on_device(network, where), layer, tuple(shape), size, where)


def features(source: Source, pictures: Float[Tensor, "b 3 h w"]) -> Float32[np.ndarray, "b d"]:
    """Return one vector per RGB image in [0, 1]: the layer's answer, maps averaged over their places.

    Raises
    ------
    XailabError
        NaN or infinite numbers.
    """
    inputs = feeding.prepare(source.network, pictures, source.image_size, source.device)
    answer = hooks.activations(source.network.module, inputs, source.layer)[source.layer].float()
    vectors = answer.flatten(2).mean(2) if answer.ndim == 4 else answer
    bad = (~vectors.isfinite()).any(1)
    if bool(bad.any()):
        raise XailabError(
            f"layer {source.layer!r} of {source.network.name} gives NaN or infinite numbers for {int(bad.sum())} "
            f"images of a batch (first: {int(bad.nonzero()[0, 0])}); are weights and normalization right?"
        )
    return vectors.cpu().numpy()
