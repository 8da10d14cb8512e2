"""Three cuts through the activations of one image: one number, one place, one unit.

The activations of a layer are a block of units x rows x columns; a view is a way to cut it.

- ``neuron``        one number: a unit at a cell
- ``spatial_view``  a cell through all units: which units are on there
- ``unit_map``      a unit over all cells (the channel view)
- ``strength``      how much goes on at each cell, all units together
- ``strongest_units``  the units that a picture excites most
- ``maps_of``       the blocks of some layers for one image

Source: Olah et al. 2018, whose cube of activations is cut into neurons, spatial activations and channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from xailab import hooks
from xailab.errors import XailabError
from xailab.models import feeding
from xailab.models.network import Network


@dataclass(frozen=True, eq=False)
class SpatialView:
    """The units at one cell, the strongest first.

    Parameters
    ----------
    row, column
        The cell.
    units
        Numbers of units.
    values
        What they give there.
    on
        How many units of the layer are above 0 there.
    """

    row: int
    column: int
    units: Int64[Tensor, " n"]
    values: Float[Tensor, " n"]
    on: int


def neuron(maps: Float[Tensor, "k h w"], unit: int, row: int, column: int) -> float:
    """Return one number: what a unit gives at a cell. Raises ``XailabError`` for a unit or a cell that is not there."""
    _check_unit(maps, unit)
    _check_cell(maps, row, column)
    return float(maps[unit, row, column])


def spatial_view(maps: Float[Tensor, "k h w"], row: int, column: int, *, count: int = 5) -> SpatialView:
    """Return the ``count`` strongest units at a cell; among equal ones, the one with the lower number first.

    Raises
    ------
    XailabError
        A cell that is not there, or a ``count`` below 1.
    """
    _check_cell(maps, row, column)
    if count < 1:
        raise XailabError(f"count must be at least 1 unit, got {count}")
    there = maps[:, row, column]
    order = there.argsort(descending=True, stable=True)[:count]
    return SpatialView(row, column, order, there[order], int((there > 0).sum()))


def unit_map(maps: Float[Tensor, "k h w"], unit: int) -> Float[Tensor, "h w"]:
    """Return what a unit gives at every cell. Raises ``XailabError`` for a unit that is not there."""
    _check_unit(maps, unit)
    return maps[unit]


def strength(maps: Float[Tensor, "k h w"]) -> Float[Tensor, "h w"]:
    """Return the Euclidean length of each cell's vector of activations: where the layer sees anything at all."""
    return maps.square().sum(0).sqrt()


def strongest_units(maps: Float[Tensor, "k h w"], *, count: int) -> list[int]:
    """Return the units with the highest values anywhere, the highest first; of equal ones the lower number first."""
    if not maps.shape[1] * maps.shape[2]:
        raise XailabError(f"maps of {maps.shape[1]} x {maps.shape[2]} cells have no maximum")
    peaks = maps.flatten(1).amax(1)
    return [int(unit) for unit in peaks.argsort(descending=True, stable=True)[:count]]


def maps_of(
    network: Network, image: Float[Tensor, "3 h w"], layers: str | Sequence[str], *, image_size: int | None = None
) -> dict[str, Float[Tensor, "k h2 w2"]]:
    """Return layer -> activations of one RGB image in [0, 1], in evaluation mode; a layer without maps has one cell.

    Parameters
    ----------
    network
        Untouched; the activations lie on its device.
    image
        Of any size.
    layers
        Dotted names.
    image_size
        The image is resized to this height and width. None: the size that the network was trained on.

    Raises
    ------
    UnknownName
        No such layer.
    XailabError
        A layer that gives neither maps nor one number per unit, or an image that the network cannot take.
    """
    names = (layers,) if isinstance(layers, str) else tuple(layers)
    size = image_size or network.image_size
    feeding.output_shapes(network, names, size)
    device = next((one.device for one in network.module.parameters()), torch.device("cpu"))
    found = hooks.activations(network.module, feeding.prepare(network, image[None], size, device), names)
    return {layer: as_maps(found[layer], layer)[0] for layer in names}


def as_maps(outputs: Tensor, layer: str) -> Float[Tensor, "b k h w"]:
    """Return a layer's outputs as maps: one number per unit becomes one cell. Raises ``XailabError`` for other shapes.

    Tokens of a transformer, ``b n d``, are refused: which axis holds the units is not known.
    """
    if outputs.ndim == 2:
        return outputs[:, :, None, None]
    if outputs.ndim != 4:
        shape = " x ".join(map(str, outputs.shape[1:])) or "one number"
        raise XailabError(f"layer {layer!r} gives {shape} for an image, expected one map or one number per unit")
    return outputs


def check_units(units: Sequence[int], count: int, layer: str) -> None:
    """Refuse units that a layer does not have. Raises ``XailabError``."""
    for unit in units:
        if not 0 <= unit < count:
            raise XailabError(
                f"layer {layer!r} has no unit {unit}: its {count} units are counted from 0 to {count - 1}"
            )


def _check_unit(maps: Tensor, unit: int) -> None:
    if not 0 <= unit < len(maps):
        raise XailabError(f"no unit {unit}: there are {len(maps)}, counted from 0")


def _check_cell(maps: Tensor, row: int, column: int) -> None:
    rows, columns = maps.shape[1:]
    if not (0 <= row < rows and 0 <= column < columns):
        raise XailabError(f"no cell ({row}, {column}): the map has {rows} x {columns}, counted from 0")
