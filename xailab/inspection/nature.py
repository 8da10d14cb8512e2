"""What kind of numbers a layer gives, read from what the network computes.

- ``Nature``     after a ReLU, before one, within bounds, or none of these; and in words
- ``nature_of``  find it out
- ``weight_rows``  the weights by which each unit is computed, if one step does it
- ``Reading``, ``reading_of``  the filters of a layer, and what they read
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from xailab.graph import Graph
from xailab.graph.operations import (
    AdaptiveAveragePooling,
    Affine,
    AveragePooling,
    BatchNormalization,
    Concatenation,
    Convolution,
    FullyConnected,
    Identity,
    MaxPooling,
    Nonlinearity,
    Operation,
    Rectification,
)
from xailab.inspection.unit_statistics import Bounds

FAR = 1e4
"""So far from 0 a nonlinearity that has a bound has reached it, in float32."""

_KEEPING = (MaxPooling, AveragePooling, AdaptiveAveragePooling, Identity)
"""What keeps every unit, its sign and its bounds."""


@dataclass(frozen=True)
class Nature:
    """What kind of numbers a layer gives.

    Parameters
    ----------
    words
        For tables: "after a ReLU".
    gated
        Whether 0 means "off": the layer is, or is followed by, something that gives 0 for everything below 0.
    bounds
        The least and the largest number that the nonlinearity can give; None where there is no bound, or where the
        bound is the 0 of a unit that is off.
    """

    words: str
    gated: bool
    bounds: Bounds = (None, None)


def nature_of(graph: Graph, layer: str) -> Nature:
    """Say what kind of numbers a layer gives: of what is computed last, pooling aside, and of what follows.

    Raises
    ------
    UnknownName
        No such layer in the graph.
    """
    position = graph.position(layer)
    made = _makers(graph, position)
    kinds = {_kind(graph.steps[place].operation, graph.steps[place].shape) for place in made}
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is not None:
            return kind
    elif all(kind is not None and kind.gated for kind in kinds):
        return Nature("joined from several nonlinearities, all of which can be off", gated=True)
    follower = _follower(graph, position)
    if follower is None:
        return Nature("a linear output, with no nonlinearity right behind it", gated=False)
    following = _kind(graph.steps[follower].operation, graph.steps[follower].shape)
    assert following is not None
    return Nature("before " + following.words.removeprefix("after "), gated=following.gated)


def weight_rows(graph: Graph, layer: str) -> Float[Tensor, "k n"] | None:
    """Return one row of weights and bias per unit, if all units are computed from the same inputs by one step.

    None where another step lies between (batch normalization, a sum of branches) or the convolution has groups.
    """
    place = graph.position(layer)
    while isinstance(graph.steps[place].operation, Rectification | MaxPooling | Identity):
        (place,) = graph.steps[place].inputs
    operation = graph.steps[place].operation
    if not isinstance(operation, Convolution | FullyConnected) or getattr(operation, "groups", 1) != 1:
        return None
    rows = operation.weight.detach().flatten(1)
    bias = rows.new_zeros(len(rows)) if operation.bias is None else operation.bias.detach()
    return torch.cat([rows, bias[:, None]], 1)


@dataclass(frozen=True, eq=False)
class Reading:
    """The filters of a layer, and what they read.

    Parameters
    ----------
    weights
        As they act on what is read; a batch normalization behind the convolution is multiplied in.
    name
        Of the convolution.
    layer
        The layer that is read: its shortest name. None: the image; ``""``: a step that no module gives.
    """

    weights: Float[Tensor, "o i r c"]
    name: str
    layer: str | None


def reading_of(graph: Graph, layer: str) -> Reading | None:
    """Return the filters behind a layer's ReLU, pooling and normalization; None where there is no single ungrouped one.

    Raises
    ------
    UnknownName
        No such layer in the graph.
    """
    place, scale = graph.position(layer), None
    while isinstance(graph.steps[place].operation, Rectification | BatchNormalization | MaxPooling | Identity):
        operation = graph.steps[place].operation
        if isinstance(operation, BatchNormalization):
            scale = operation.scale if scale is None else scale * operation.scale
        (place,) = graph.steps[place].inputs
    operation = graph.steps[place].operation
    if not isinstance(operation, Convolution) or operation.groups != 1:
        return None
    weights = operation.weight.detach()
    if scale is not None:
        weights = weights * scale[:, None, None, None]
    (source,) = graph.steps[place].inputs
    if source == 0:
        return Reading(weights, graph.steps[place].name, None)
    names = [name for name, position in graph.layers.items() if position == source and name]
    return Reading(weights, graph.steps[place].name, min(names, key=len, default=""))


def _makers(graph: Graph, position: int) -> list[int]:
    """Return the steps that make the numbers of a step: itself, or those behind poolings and concatenations."""
    step = graph.steps[position]
    if isinstance(step.operation, _KEEPING) or _reshapes(step.operation):
        return _makers(graph, step.inputs[0])
    if isinstance(step.operation, Concatenation) and step.operation.axis == 1:
        return [place for given in step.inputs for place in _makers(graph, given)]
    return [position]


def _reshapes(operation: Operation) -> bool:
    return isinstance(operation, Affine) and operation.name.rpartition(".")[2] in ("flatten", "view", "reshape")


def _follower(graph: Graph, position: int) -> int | None:
    """Return the nonlinearity that reads a step, directly or behind normalization and pooling; None where none does."""
    for place in range(position + 1, len(graph)):
        step = graph.steps[place]
        if step.inputs != (position,):
            continue
        if isinstance(step.operation, Rectification | Nonlinearity):
            return place if _kind(step.operation, step.shape) is not None else None
        if isinstance(step.operation, (*_KEEPING, BatchNormalization)):
            return None if isinstance(step.operation, BatchNormalization) else _follower(graph, place)
    return None


def _kind(operation: Operation, shape: tuple[int, ...]) -> Nature | None:
    """Return what a nonlinearity gives; None for what is none, or mixes places."""
    if isinstance(operation, Rectification):
        top = operation.ceiling
        return Nature("after a ReLU" if top is None else f"after a ReLU cut at {top:g}", True, (None, top))
    if not isinstance(operation, Nonlinearity) or not operation.pointwise:
        return None
    name = operation.name.rpartition(".")[2].strip("_")
    low, off, high = (_level(operation, shape, value) for value in (-FAR, -1.0, FAR))
    bounded_low = low is not None and low == _level(operation, shape, -2 * FAR)
    bounded_high = high is not None and high == _level(operation, shape, 2 * FAR)
    gated = bounded_low and low == off == 0  # a ReLU that is cut at its top, say
    bounds = (low if bounded_low and bounded_high and not gated else None, high if bounded_high else None)
    if bounds[1] is not None and gated:
        bounds = (None, bounds[1])
    between = f" between {low:g} and {high:g}" if bounded_low and bounded_high else ""
    return Nature(f"after {name}{between}", gated, bounds)


def _level(operation: Nonlinearity, shape: tuple[int, ...], value: float) -> float | None:
    """Return what a nonlinearity makes of a number, if it makes the same of it everywhere."""
    with torch.no_grad():
        given = operation.apply(torch.full((1, *shape), value))
    first = float(given.flatten()[0])
    return first if bool((given == first).all()) else None
