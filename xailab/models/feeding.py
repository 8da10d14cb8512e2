"""Feeding pictures to a network: what every method does before it looks at activations.

- ``find_device``    a device by name, if it is there
- ``on_device``      the network there; the caller's own stays where it is
- ``output_shapes``  what the layers give for images of a size, the asked ones checked
- ``described``      such a shape in words, for messages
- ``prepare``        RGB in [0, 1] -> what the network expects, where it runs
- ``digest``         a key that changes with the weights, for work that is kept
"""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xailab import hooks, images
from xailab.errors import UnknownName, XailabError
from xailab.models.network import Network


def find_device(name: str | torch.device) -> torch.device:
    """Return the device if it is there.

    Raises
    ------
    XailabError
        No such device; says how many CUDA devices torch sees.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise XailabError(f"no device {str(name)!r}; expected cpu, cuda or cuda:NUMBER") from error
    if device.type == "cuda" and not (torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()):
        raise XailabError(f"no device {str(name)!r} here: torch sees {torch.cuda.device_count()} CUDA devices; use cpu")
    return device


def on_device(network: Network, device: torch.device) -> Network:
    """Return the network with its module on a device: the same module if it is there, else a copy."""
    module = network.module
    tensors = [*module.parameters(), *module.buffers()]
    if all(tensor.device == device for tensor in tensors):
        return network
    return replace(network, module=copy.deepcopy(module).to(device))


def output_shapes(
    network: Network, layers: Sequence[str], image_size: int | tuple[int, int]
) -> dict[str, tuple[int, ...]]:
    """Return layer -> shape of its output for one image, of *all* layers that run and give one tensor.

    Parameters
    ----------
    network
        It runs once, on zeros.
    layers
        Dotted names that must exist. One that does not run, or gives no tensor, is not in the result.
    image_size
        Height and width, or one number for both.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        Images too small for the network.
    """
    known = hooks.layer_names(network.module)
    for layer in layers:
        if layer not in known:
            raise UnknownName("layer", layer, known, f"xailab models {network.name}")
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    try:
        return hooks.shapes(network.module, (height, width))
    except RuntimeError as error:
        raise XailabError(f"{network.name} cannot take images of {height} x {width} pixels: {error}") from error


def described(shape: Sequence[int] | None) -> str:
    """Say what a layer gives: ``gives 64 x 8 numbers``; None or nothing for a layer without output."""
    return f"gives {' x '.join(map(str, shape))} numbers" if shape else "does not run or gives no tensor"


def prepare(
    network: Network,
    pictures: Float[Tensor, "b 3 h w"],
    image_size: int | tuple[int, int],
    device: torch.device,
) -> Float[Tensor, "b 3 height width"]:
    """Return what the network expects for RGB images in [0, 1]: resized, normalized, on the device.

    Raises
    ------
    ValueError
        A size below 1 pixel.
    """
    resized = images.resize(pictures, image_size).clamp(0, 1)
    inputs = images.normalize(resized, network.normalization).to(device)
    return inputs.contiguous(memory_format=torch.channels_last)  # convolutions on the CPU: 1.6 times faster


def digest(module: nn.Module, *more: object) -> str:
    """Return a digest of all parameters and buffers, names and bytes, and of the ``repr`` of whatever else matters."""
    found = hashlib.sha256(repr(more).encode() if more else b"")
    for name, value in module.state_dict().items():
        array = value.detach().cpu().contiguous()
        found.update(f"{name} {tuple(array.shape)} {array.dtype}".encode())
        found.update(array.view(-1).view(torch.uint8).numpy().tobytes())  # NumPy does not know bfloat16
    return found.hexdigest()[:32]
