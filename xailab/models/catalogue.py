"""From the name of a network to the network.

- ``load``     the network of a name: shipped, random, or torchvision's
- ``Entry``    what the list says of a network
- ``listing``  the networks that come with xailab
"""

from dataclasses import dataclass, replace
from pathlib import Path

from xailab.errors import UnknownName, XailabError
from xailab.models import shipped
from xailab.models.network import Layer, Network, layer_shapes
from xailab.models.randomizing import randomized
from xailab.models.torchvision_nets import is_file_name, torchvision_names, torchvision_network

SHIPPED = ("tags", "objects")
RANDOM = "random"
FOLDER = Path(__file__).parent / "weights"


def load(name: str, *, weights: str | Path | None = None, seed: int = 0) -> Network:
    """Return a network in evaluation mode, on the CPU. Nothing is downloaded unless ``weights`` asks for it.

    Parameters
    ----------
    name
        - ``"tags"``: the objects, materials, textures and scenes of MiniBroden, each yes or no
        - ``"objects"``: the twelve things of MiniBroden, one per image
        - ``"random"`` or ``"random:7"``: the architecture of ``tags`` with weights drawn with seed 0, or 7
        - any classification network of torchvision, for example ``"resnet18"``
    weights
        None for the network's own. A path loads those weights instead: of ``tags`` and ``objects`` a file that
        ``xailab train`` wrote, of torchvision's a state dict. ``"random"`` draws them with ``seed``. ``"DEFAULT"`` or a
        weight name lets torchvision fetch its own.
    seed
        For random weights.

    Raises
    ------
    UnknownName
        No such network; names the nearest.
    XailabError
        Weights that this network cannot have, that are damaged, or that are not on this machine.
    """
    base, colon, number = name.partition(":")
    if base == RANDOM:
        return _random(name, _seed(name, number) if colon else seed, weights)
    if name in SHIPPED:
        return _shipped(name, weights, seed)
    if name not in torchvision_names():
        raise UnknownName("network", name, [*SHIPPED, RANDOM, *torchvision_names()], "xailab models")
    return torchvision_network(name, weights=weights, seed=seed)


@dataclass(frozen=True)
class Entry:
    """What the list of networks says of one.

    Parameters
    ----------
    name, description, classes, image_size, parameters
        As in ``Network``.
    layers
        Its layers with their output shapes, a container before what it contains.
    """

    name: str
    description: str
    classes: tuple[str, ...]
    image_size: int
    parameters: int
    layers: tuple[Layer, ...]


def listing() -> tuple[Entry, ...]:
    """Return the networks that come with xailab. ``torchvision_names`` lists the others that ``load`` knows."""
    return tuple(describe(load(name)) for name in (*SHIPPED, RANDOM))


def describe(network: Network) -> Entry:
    """Return what the list says of ``network``; runs it on one image to learn its shapes."""
    return Entry(
        network.name,
        network.description,
        network.classes,
        network.image_size,
        network.parameters,
        layer_shapes(network),
    )


def _shipped(name: str, weights: str | Path | None, seed: int) -> Network:
    if weights is None:
        return shipped.read(FOLDER / f"{name}.safetensors", name)
    if weights == RANDOM:
        return randomized(_shipped(name, None, seed), seed=seed)
    if is_file_name(weights):
        return shipped.read(weights, name)
    raise XailabError(f"{name} has weights of its own, from a file or 'random'; there are none called {weights!r}")


def _random(name: str, seed: int, weights: str | Path | None) -> Network:
    if weights not in (None, RANDOM):
        raise XailabError(f"{name} draws its weights at random and takes none, got weights={str(weights)!r}")
    network = randomized(_shipped("tags", None, 0), seed=seed)
    return replace(network, name=f"{RANDOM}:{seed}")


def _seed(name: str, number: str) -> int:
    if not number.isdecimal():
        raise XailabError(f"expected random or random:SEED with a whole number, for example random:7, got {name!r}")
    return int(number)
