"""Receptive fields pushed forward through a graph, step by step.

- ``Fields``  those of one step: boxes of rows and columns
- ``pushed``  of every step that some wanted ones depend on
- ``as_maps`` of a step, with one cell for each cell of its maps
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from xailab.errors import XailabError
from xailab.graph import Graph, Step
from xailab.graph import operations as of
from xailab.receptive.axis import Axis, everywhere, first, gathered, placed, pooled, slid, united
from xailab.receptive.dependence import looks

Axes = tuple[int | None, int | None]
"""Which axes of an output, without that of the images, are rows and columns; None: it keeps none apart."""

Move = Callable[[Axis], Axis]
"""What a step does to the fields along one axis."""

_WEIGHTED = of.Convolution | of.FullyConnected
_WINDOWED = of.Convolution | of.MaxPooling | of.AveragePooling


class Piece(NamedTuple):
    """Fields that are boxes: a cell sees the pixels of its row's interval in the columns of its column's interval."""

    rows: Axis
    columns: Axis


class Fields(NamedTuple):
    """The receptive fields of a step: of each cell the smallest box around those of all pieces.

    There is more than one piece only where some cells see nothing through a branch, because a window lies wholly in the
    padding: the rows of such a cell must not count with columns of another branch.
    """

    pieces: tuple[Piece, ...]
    axes: Axes

    @property
    def rows(self) -> Axis:
        """All pieces together; for what holds of whole rows."""
        return united([piece.rows for piece in self.pieces])

    @property
    def columns(self) -> Axis:
        """All pieces together; for what holds of whole columns."""
        return united([piece.columns for piece in self.pieces])


def pushed(graph: Graph, wanted: Iterable[int]) -> dict[int, Fields]:
    """Return the fields of the steps at the positions ``wanted``, and of all steps before them.

    Raises
    ------
    XailabError
        A step on the way cannot be followed.
    """
    found: dict[int, Fields] = {}
    for place in sorted({step for position in wanted for step in graph.leading_to(position)}):
        step = graph.steps[place]
        if isinstance(step.operation, of.Unknown):
            raise XailabError(f"{step.name!r} cannot be followed: {step.operation.reason}")
        if isinstance(step.operation, of.Input):
            found[place] = Fields((Piece(first(step.shape[1]), first(step.shape[2])),), (1, 2))
        elif isinstance(step.operation, of.Sum | of.Concatenation):
            found[place] = _met(step, [found[one] for one in step.inputs])
        else:
            found[place] = _next(graph, step, found[step.inputs[0]])
    return found


def as_maps(fields: Fields, shape: Sequence[int]) -> Fields:
    """Return fields with as many rows and columns as a map has cells; what is no map, ``c h w``, is one cell."""
    if len(shape) != 3:
        return _everywhere(fields, (1, 1), (None, None))
    if fields.axes == (1, 2):
        return fields
    kept = [axis == usual for axis, usual in zip(fields.axes, (1, 2), strict=True)]
    rows, columns = (
        _same if keep else partial(everywhere, cells=count) for keep, count in zip(kept, shape[1:], strict=True)
    )
    return _moved(fields, rows, columns, (1, 2))


def _next(graph: Graph, step: Step, fields: Fields) -> Fields:
    """Return the fields after a step of one input."""
    operation, before = step.operation, graph.steps[step.inputs[0]].shape
    if isinstance(operation, _WINDOWED | of.AdaptiveAveragePooling):
        fields = as_maps(fields, before)
        return _moved(fields, _sliding(operation, 0, step), _sliding(operation, 1, step), (1, 2))
    mixed = _mixed(operation)
    kept = mixed is not None and all(
        axis is None or before[axis] == step.shape[axis] for axis in fields.axes if len(before) == len(step.shape)
    )
    if mixed is not None and kept and len(before) == len(step.shape):
        hit = [axis is not None and axis - len(before) in mixed for axis in fields.axes]
        if not any(hit):
            return fields
        rows, columns = (partial(everywhere, cells=1) if one else _same for one in hit)
        axes = fields.axes
        return _moved(fields, rows, columns, (None if hit[0] else axes[0], None if hit[1] else axes[1]))
    if isinstance(operation, of.Affine) and len(step.shape) >= 2:
        found = looks(operation.apply, before, fields.axes, _likes(graph))
        if found is not None:
            rows, columns = (_same if look is None else partial(gathered, sees=look.sees) for look in found)
            first_axis, second_axis = (None if look is None else look.axis for look in found)
            return _moved(fields, rows, columns, (first_axis, second_axis))
    return _everywhere(fields, (1, 1), (None, None))


def _mixed(operation: of.Operation) -> tuple[int, ...] | None:
    """Return the axes, counted from the last, over which an operation mixes numbers; None where that is not known."""
    if isinstance(operation, of.Rectification | of.BatchNormalization | of.Identity):
        return ()
    if isinstance(operation, of.FullyConnected):
        return (-1,)
    if isinstance(operation, of.Affine | of.Nonlinearity):
        return () if operation.pointwise else getattr(operation, "mixes", None)
    return None


def _sliding(operation: of.Operation, axis: int, step: Step) -> Move:
    """Return what windows do along rows (0) or columns (1)."""
    count = step.shape[1 + axis]
    windows = getattr(operation, "windows", None)
    if windows is None:
        return partial(pooled, cells=count)
    kernel, stride, dilation = windows.kernel[axis], windows.stride[axis], windows.dilation[axis]
    padding = windows.padding[axis][0]
    return partial(slid, cells=count, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


def _met(step: Step, given: Sequence[Fields]) -> Fields:
    """Return the fields where branches meet."""
    if len({fields.axes for fields in given}) > 1:
        given = [_everywhere(fields, (1, 1), (None, None)) for fields in given]
    axes = given[0].axes
    along = step.operation.axis - 1 if isinstance(step.operation, of.Concatenation) else None
    if len(given) > 1 and along is not None and along in axes:
        return _merged(_side_by_side(given, axes.index(along), step.shape[along]), axes)
    return _merged((piece for fields in given for piece in fields.pieces), axes)


def _side_by_side(given: Sequence[Fields], which: int, size: int) -> Iterator[Piece]:
    """Yield the pieces of all branches, each in its place in the map that they are joined to."""
    begin = 0
    for fields in given:
        for piece in fields.pieces:
            part = placed(piece[which], begin, size)
            yield Piece(part, piece.columns) if which == 0 else Piece(piece.rows, part)
        begin += len(fields.pieces[0][which])


def _everywhere(fields: Fields, size: Sequence[int], axes: Axes) -> Fields:
    return _moved(fields, partial(everywhere, cells=size[0]), partial(everywhere, cells=size[1]), axes)


def _same(axis: Axis) -> Axis:
    return axis


def _moved(fields: Fields, rows: Move, columns: Move, axes: Axes) -> Fields:
    return _merged((Piece(rows(piece.rows), columns(piece.columns)) for piece in fields.pieces), axes)


def _merged(pieces: Iterable[Piece], axes: Axes) -> Fields:
    """Join pieces in which the same cells see something: what holds both boxes is then a box of rows and columns."""
    alike: dict[bytes, list[Piece]] = {}
    for piece in pieces:
        alike.setdefault(b"".join(axis.seeing for axis in piece), []).append(piece)
    joined = (
        Piece(united([one.rows for one in some]), united([one.columns for one in some])) for some in alike.values()
    )
    return Fields(tuple(joined), axes)


def _likes(graph: Graph) -> list[Tensor]:
    """Return empty tensors of the devices and types that a function of the network may want, the likeliest first."""
    weights = [step.operation.weight for step in graph.steps if isinstance(step.operation, _WEIGHTED)]
    likes = [weights[0].detach().new_empty(0)] if weights and not weights[0].is_meta else []
    return [*likes, torch.empty(0), torch.empty(0, dtype=torch.float64)]
