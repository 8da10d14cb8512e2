"""Where the units of a layer are: one map per unit along the first axis, or they cannot be addressed.

- ``map_size``   height and width of the maps of a layer; refuses layers that are not made of units
- ``unit_axis``  which axis of a step's output counts the channels

Networks with attention keep channels last in some layers: (h, w, c) looks like maps, but each "map" would be a row of
the image. So the axis is followed from the image on.
"""

import torch
from torch import Tensor

from xailab.errors import XailabError
from xailab.graph import Graph
from xailab.graph.operations import Affine, Convolution, FullyConnected, Input, Operation

_MOVING = frozenset(
    {"getitem", "transpose", "permute", "movedim", "swapaxes", "view", "reshape", "flatten", "squeeze", "unsqueeze"}
    | {"unflatten", "chunk", "split", "unbind", "narrow", "select", "mean", "sum"}
)
"""Functions that may put channels at another axis."""


def map_size(graph: Graph, position: int, layer: str) -> tuple[int, int]:
    """Return height and width of the maps of a layer; 1 x 1 of a layer without maps.

    Raises
    ------
    XailabError
        The layer is not made of units.
    """
    shape = graph.steps[position].shape
    axis = unit_axis(graph, position) if len(shape) == 3 else 0
    if len(shape) not in (1, 3) or axis not in (0, None):
        found = "" if len(shape) != 3 else f" with the channels along the axis of {shape[axis or 0]}"
        raise XailabError(
            f"layer {layer!r} gives {shape} for an image{found}; units are maps, (c, h, w), or numbers, (u,): choose "
            "another layer"
        )
    height, width = shape[1:] or (1, 1)
    return height, width


def unit_axis(graph: Graph, position: int) -> int | None:
    """Return the axis of a step's output that counts channels, without the axis of images; None: no single one."""
    axes: dict[int, int | None] = {}
    for place in graph.leading_to(position):
        step = graph.steps[place]
        before = [axes[one] for one in step.inputs]
        shapes = [graph.steps[one].shape for one in step.inputs]
        axes[place] = _axis_after(step.operation, before, shapes, len(step.shape))
    return axes[position]


def _axis_after(operation: Operation, before: list[int | None], shapes: list[tuple[int, ...]], axes: int) -> int | None:
    """Return the axis after one operation, from those before it."""
    if isinstance(operation, Input | Convolution):
        return 0
    if isinstance(operation, FullyConnected):
        return axes - 1
    if len(set(before)) != 1 or before[0] is None:
        return None
    if isinstance(operation, Affine) and operation.name.rpartition(".")[2].strip("_") in _MOVING:
        return _followed(operation, before[0], shapes[0])
    return before[0]


@torch.no_grad()
def _followed(operation: Affine, before: int, shape: tuple[int, ...]) -> int | None:
    """Follow numbers of the channels: return the axis of the output along which they change."""
    numbers = torch.arange(shape[before], dtype=torch.float32).view(1, -1, *(1,) * (len(shape) - 1 - before))
    output: Tensor = operation.function(numbers.expand(1, *shape))
    changing = [axis for axis in range(1, output.ndim) if bool((output.diff(dim=axis) != 0).any())]
    return changing[0] - 1 if len(changing) == 1 else None
