"""What is dissected: a network, its layers, and how images are fed to it.

- ``Subject``      a network with the layers to look at and the shapes of their maps
- ``subject_of``   check everything about them before any work
- ``activations``  the maps of some images
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from xailab import hooks, images
from xailab.errors import UnknownName, XailabError
from xailab.models.network import Network


@dataclass(frozen=True)
class Subject:
    """A network and the layers to look at.

    Parameters
    ----------
    network
        With its module on ``device``.
    shapes
        Layer -> units, rows and columns of its maps.
    image_size
        Images are resized to this height and width before they are fed to the network.
    device
        Where the network runs.
    """

    network: Network
    shapes: Mapping[str, tuple[int, int, int]]
    image_size: tuple[int, int]
    device: torch.device


def subject_of(
    network: Network, layers: Sequence[str], *, image_size: int | None = None, device: str | torch.device = "cpu"
) -> Subject:
    """Find the layers, check that they can be dissected, and put the network onto the device.

    Parameters
    ----------
    network
        Of any kind; the given record is not changed.
    layers
        Dotted names, at least one.
    image_size
        Height and width to which images are resized. None: the network's own.
    device
        Where to run.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        No layers, a layer that gives no maps, images too small for the network, a device that is not there.
    """
    if not layers:
        raise XailabError("no layer was named; `xailab models NAME` lists the layers of a network")
    where = _device(device)
    size = network.image_size if image_size is None else image_size
    known = hooks.layer_names(network.module)
    for layer in layers:
        if layer not in known:
            raise UnknownName("layer", layer, known, f"xailab models {network.name}")
    try:
        shapes = hooks.shapes(network.module, size)
    except RuntimeError as error:
        raise XailabError(f"{network.name} cannot take images of {size} x {size} pixels: {error}") from error
    found = {}
    for layer in dict.fromkeys(layers):
        shape = shapes.get(layer, ())
        if len(shape) != 3 or min(shape) < 1:
            maps = [name for name, other in shapes.items() if len(other) == 3]
            gives = f"gives {' x '.join(map(str, shape))} numbers" if shape else "does not run or gives no tensor"
            raise XailabError(
                f"layer {layer!r} of {network.name} {gives}, no map per unit, and cannot be dissected; "
                f"layers with maps end with {', '.join(maps[-3:])}"
            )
        found[layer] = (shape[0], shape[1], shape[2])
    return Subject(replace(network, module=_moved(network.module, where)), found, (size, size), where)


def activations(subject: Subject, pictures: Float[Tensor, "b 3 h w"]) -> dict[str, Float32[Tensor, "b _ _ _"]]:
    """Return layer -> maps of some RGB images in [0, 1]: resized, normalized, run no further than needed.

    Raises
    ------
    XailabError
        A layer that gives NaN for some image; names layer and units.
    """
    resized = images.resize(pictures, subject.image_size).clamp(0, 1)
    inputs = images.normalize(resized, subject.network.normalization).to(subject.device)
    inputs = inputs.contiguous(memory_format=torch.channels_last)  # convolutions on the CPU: 1.6 times faster
    maps = hooks.activations(subject.network.module, inputs, list(subject.shapes))
    for layer, values in maps.items():
        if tuple(values.shape[1:]) != subject.shapes[layer]:
            raise XailabError(f"layer {layer!r} gave {tuple(values.shape[1:])}, expected {subject.shapes[layer]}")
        bad = values.isnan().flatten(2).any(2)
        if bool(bad.any()):
            units = bad.any(0).nonzero()[:, 0].tolist()
            raise XailabError(
                f"layer {layer!r} of {subject.network.name} gives NaN in {len(units)} units (first {units[:5]}), for "
                f"image {int(bad.any(1).nonzero()[0, 0])} of this batch; are weights and normalization right?"
            )
    return {layer: values.float().contiguous() for layer, values in maps.items()}


def _moved(module: nn.Module, where: torch.device) -> nn.Module:
    """Return the module on a device: itself if it is there, else a copy, because the caller's own must stay."""
    tensors = [*module.parameters(), *module.buffers()]
    return module if all(tensor.device == where for tensor in tensors) else copy.deepcopy(module).to(where)


def _device(device: str | torch.device) -> torch.device:
    """Return the device if it is there."""
    try:
        where = torch.device(device)
    except RuntimeError as error:
        raise XailabError(f"no device {str(device)!r}; expected cpu, cuda or cuda:NUMBER") from error
    if where.type == "cuda" and not (torch.cuda.is_available() and (where.index or 0) < torch.cuda.device_count()):
        raise XailabError(
            f"no device {str(device)!r} here: torch sees {torch.cuda.device_count()} CUDA devices; use cpu"
        )
    return where
