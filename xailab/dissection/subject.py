"""What is dissected: a network, its layers, and how images are fed to it.

- ``Subject``      a network with the layers to look at and the shapes of their maps
- ``MixedLayer``   a layer looked at along other axes: its units are mixed by a matrix
- ``subject_of``   check everything about them before any work
- ``activations``  the maps of some images
- ``layer_maps``, ``mixed``   the same in two steps: the network runs once, for any number of bases of a layer
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from xailab import hooks
from xailab.errors import XailabError
from xailab.models import feeding
from xailab.models.network import Network


@dataclass(frozen=True, eq=False)
class MixedLayer:
    """A layer in another basis: at every place, new unit i is the sum over j of ``basis[i, j]`` times unit j.

    Dissecting it computes its own thresholds: a mixed unit is another function of the image, with other quantiles.

    Parameters
    ----------
    layer
        Dotted name.
    basis
        One row per new unit, one column per unit of the layer. Usually square and orthogonal; any finite matrix will
        do.
    name
        Under which the result stands; not that of another layer in the same run.
    """

    layer: str
    basis: Float[np.ndarray, "m k"]
    name: str


@dataclass(frozen=True)
class Subject:
    """A network and the layers to look at.

    Parameters
    ----------
    network
        With its module on ``device``.
    shapes
        Name of a layer or mixed layer -> units, rows and columns of its maps.
    image_size
        Images are resized to this height and width before they are fed to the network.
    device
        Where the network runs.
    layers
        The layers of the network that must run -> units, rows and columns.
    bases
        Name of a mixed layer -> the layer and the matrix, on ``device``.
    """

    network: Network
    shapes: Mapping[str, tuple[int, int, int]]
    image_size: tuple[int, int]
    device: torch.device
    layers: Mapping[str, tuple[int, int, int]]
    bases: Mapping[str, tuple[str, Float32[Tensor, "m k"]]] = field(default_factory=dict)


def subject_of(
    network: Network,
    layers: Sequence[str | MixedLayer],
    *,
    image_size: int | None = None,
    device: str | torch.device = "cpu",
) -> Subject:
    """Find the layers, check that they can be dissected, and put the network onto the device.

    Parameters
    ----------
    network
        Of any kind; the given record is not changed.
    layers
        Dotted names, or layers in another basis; at least one.
    image_size
        Height and width to which images are resized. None: the network's own.
    device
        Where to run.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        No layers, a layer that gives no maps, images too small for the network, a device that is not there, a basis
        that does not fit its layer, a name used twice.
    """
    if not layers:
        raise XailabError("no layer was named; `xailab models NAME` lists the layers of a network")
    where = feeding.find_device(device)
    size = network.image_size if image_size is None else image_size
    names = [layer.layer if isinstance(layer, MixedLayer) else layer for layer in layers]
    shapes = feeding.output_shapes(network, names, size)
    found = {layer: _map_shape(network.name, layer, shapes) for layer in dict.fromkeys(names)}
    here = feeding.on_device(network, where)
    plain = {layer: found[layer] for layer in layers if isinstance(layer, str)}
    return _with_bases(
        Subject(here, plain, (size, size), where, found), [layer for layer in layers if isinstance(layer, MixedLayer)]
    )


def activations(subject: Subject, pictures: Float[Tensor, "b 3 h w"]) -> dict[str, Float32[Tensor, "b _ _ _"]]:
    """Return layer or mixed layer -> maps of some RGB images in [0, 1]; see ``layer_maps`` and ``mixed``."""
    return mixed(subject, layer_maps(subject, pictures))


def layer_maps(subject: Subject, pictures: Float[Tensor, "b 3 h w"]) -> dict[str, Float32[Tensor, "b _ _ _"]]:
    """Return layer -> maps of some RGB images in [0, 1]: resized, normalized, run no further than needed.

    These are the layers as the network gives them, in no other basis.

    Raises
    ------
    XailabError
        A layer that gives NaN for some image; names layer and units.
    """
    inputs = feeding.prepare(subject.network, pictures, subject.image_size, subject.device)
    maps = hooks.activations(subject.network.module, inputs, list(subject.layers))
    for layer, values in maps.items():
        if tuple(values.shape[1:]) != subject.layers[layer]:
            raise XailabError(f"layer {layer!r} gave {tuple(values.shape[1:])}, expected {subject.layers[layer]}")
        bad = values.isnan().flatten(2).any(2)
        if bool(bad.any()):
            units = bad.any(0).nonzero()[:, 0].tolist()
            raise XailabError(
                f"layer {layer!r} of {subject.network.name} gives NaN in {len(units)} units (first {units[:5]}), for "
                f"image {int(bad.any(1).nonzero()[0, 0])} of this batch; are weights and normalization right?"
            )
    return {layer: values.float().contiguous() for layer, values in maps.items()}


def mixed(subject: Subject, maps: Mapping[str, Float32[Tensor, "b _ _ _"]]) -> dict[str, Float32[Tensor, "b _ _ _"]]:
    """Return the maps that the subject asks for, in its order, from those of the network's layers."""
    asked = {}
    for name, shape in subject.shapes.items():
        if name in subject.bases:
            layer, basis = subject.bases[name]
            asked[name] = (basis @ maps[layer].flatten(2)).reshape(-1, *shape)
        else:
            asked[name] = maps[name]
    return asked


def _map_shape(network: str, layer: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int, int]:
    """Return units, rows and columns of a layer. Raises XailabError where it gives no maps."""
    shape = shapes.get(layer, ())
    if len(shape) != 3 or min(shape) < 1:
        maps = [name for name, other in shapes.items() if len(other) == 3]
        raise XailabError(
            f"layer {layer!r} of {network} {feeding.described(shape)}, no map per unit, and cannot be dissected; "
            f"layers with maps end with {', '.join(maps[-3:])}"
        )
    return (shape[0], shape[1], shape[2])


def _with_bases(subject: Subject, asked: Sequence[MixedLayer]) -> Subject:
    """Return the subject with mixed layers added. Raises XailabError for those that do not fit."""
    shapes, bases = dict(subject.shapes), dict(subject.bases)
    for one in asked:
        units, *cells = subject.layers[one.layer]
        if one.name in shapes or one.name in subject.layers:
            raise XailabError(f"two layers of one run are called {one.name!r}; give the mixed one another name")
        if one.basis.shape[1] != units or not len(one.basis):
            raise XailabError(
                f"the basis {one.name!r} is {one.basis.shape[0]} x {one.basis.shape[1]}, but layer {one.layer!r} has "
                f"{units} units: expected {units} columns, one per unit, and a row per new unit"
            )
        if not np.isfinite(one.basis).all():
            raise XailabError(f"the basis {one.name!r} of layer {one.layer!r} holds NaN or infinite numbers")
        shapes[one.name] = (len(one.basis), cells[0], cells[1])
        bases[one.name] = one.layer, torch.from_numpy(one.basis.astype(np.float32)).to(subject.device)
    return replace(subject, shapes=shapes, bases=bases)
