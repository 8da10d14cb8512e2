"""Where features come from: a layer of a network.

- ``Source``     the network, the layer, and how images are fed to it
- ``source_of``  make one; everything is checked before any work
- ``features``   the vectors of some images
"""

import copy
import hashlib
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from xailab import hooks, images
from xailab.errors import UnknownName, XailabError
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
        digest = hashlib.sha256(
            repr((self.layer, self.image_size, self.network.normalization, self.device.type)).encode()
        )
        for name, value in self.network.module.state_dict().items():
            digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
            digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()[:32]


def source_of(network: Network, layer: str, *, image_size: int | None = None, device: str = "cpu") -> Source:
    """Find the layer, check what it gives, and put the network onto the device. The given record is not changed.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        A layer that gives neither maps nor one number per unit, images too small for the network, no such device.
    """
    where = _device(device)
    known, size = hooks.layer_names(network.module), image_size or network.image_size
    if layer not in known:
        raise UnknownName("layer", layer, known, f"xailab models {network.name}")
    try:
        shape = hooks.shapes(network.module, size).get(layer, ())
    except RuntimeError as error:
        raise XailabError(f"{network.name} cannot take images of {size} x {size} pixels: {error}") from error
    if len(shape) not in (1, 3):
        gives = f"gives {' x '.join(map(str, shape))} numbers" if shape else "does not run or gives no tensor"
        raise XailabError(
            f"layer {layer!r} of {network.name} {gives} for an image; features are made of layers that give one number "
            f"or one map per unit: `xailab models {network.name}` lists them"
        )
    module = network.module if where.type == "cpu" else copy.deepcopy(network.module).to(where)
    return Source(replace(network, module=module), layer, tuple(shape), size, where)


def features(source: Source, pictures: Float[Tensor, "b 3 h w"]) -> Float32[np.ndarray, "b d"]:
    """Return one vector per RGB image in [0, 1]: the layer's answer, maps averaged over their places.

    Raises
    ------
    XailabError
        NaN or infinite numbers.
    """
    resized = images.resize(pictures, source.image_size).clamp(0, 1)
    inputs = images.normalize(resized, source.network.normalization).to(source.device)
    inputs = inputs.contiguous(memory_format=torch.channels_last)  # convolutions on the CPU: 1.6 times faster
    answer = hooks.activations(source.network.module, inputs, source.layer)[source.layer].float()
    vectors = answer.flatten(2).mean(2) if answer.ndim == 4 else answer
    bad = (~vectors.isfinite()).any(1)
    if bool(bad.any()):
        raise XailabError(
            f"layer {source.layer!r} of {source.network.name} gives NaN or infinite numbers for {int(bad.sum())} "
            f"images of a batch (first: {int(bad.nonzero()[0, 0])}); are weights and normalization right?"
        )
    return vectors.cpu().numpy()


def _device(device: str) -> torch.device:
    """Return the device if it is there."""
    try:
        where = torch.device(device)
    except RuntimeError as error:
        raise XailabError(f"no device {device!r}; expected cpu, cuda or cuda:NUMBER") from error
    if where.type == "cuda" and not (torch.cuda.is_available() and (where.index or 0) < torch.cuda.device_count()):
        raise XailabError(f"no device {device!r} here: torch sees {torch.cuda.device_count()} CUDA devices; use cpu")
    return where
