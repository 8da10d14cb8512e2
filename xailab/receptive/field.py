"""The receptive field of a layer, computed from the steps of its network.

- ``receptive_field``   of one layer
- ``receptive_fields``  of many at once
- ``ReceptiveField``    size, jump and start; the box of every cell
- ``Box``               a rectangle of pixels
- ``Stage``, ``as_text``  the derivation, step by step
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xailab.errors import XailabError
from xailab.graph import Graph, Step
from xailab.graph import operations as of
from xailab.graph.operations import Pair
from xailab.receptive.axis import Axis, Ends
from xailab.receptive.pushing import Fields, as_maps, pushed


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, ``image[..., top:bottom, left:right]``; it may reach beyond an image if it is not cut.

    Parameters
    ----------
    top, left
        First row and column.
    bottom, right
        The row and column after the last.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left


@dataclass(frozen=True)
class Stage:
    """One line of the derivation of a receptive field; every pair is rows and columns.

    Parameters
    ----------
    name
        Of the step.
    kind
        Its operation in words: ``"convolution"``.
    kernel, stride, padding, dilation
        Of its windows, the padding before the first cell; None if it has none.
    size, jump, start
        Of the field after it, as in ``ReceptiveField``.
    """

    name: str
    kind: str
    kernel: Pair | None
    stride: Pair | None
    padding: Pair | None
    dilation: Pair | None
    size: Pair
    jump: tuple[int | None, int | None]
    start: tuple[float, float]


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """Which pixels of the image the cells of a layer's maps depend on, for images of one size.

    Rows and columns of pixels are counted from 0, the center of the first pixel is at 0.

    Parameters
    ----------
    layer
        Its name.
    fields
        Of all cells, rows and columns.
    image_size
        Height and width in pixels.
    table
        How size, jump and start come about: the steps that change them, in the order in which they run.
    """

    layer: str
    fields: Fields
    image_size: Pair
    table: tuple[Stage, ...]

    @property
    def map_size(self) -> Pair:
        """Rows and columns of cells; a layer that gives no maps is one cell."""
        return len(self.fields.rows), len(self.fields.columns)

    @property
    def size(self) -> Pair:
        """Height and width in pixels before anything is cut; of the largest where cells differ."""
        return _size(self.fields.rows), _size(self.fields.columns)

    @property
    def jump(self) -> tuple[int | None, int | None]:
        """Pixels from the field of one cell to the next; None where cells have different fields."""
        return _jump(self.fields.rows), _jump(self.fields.columns)

    @property
    def start(self) -> tuple[float, float]:
        """Row and column of the center of the first cell's field before it is cut: whole or half pixels."""
        return _center(self.fields.rows), _center(self.fields.columns)

    def box(self, row: int, column: int) -> Box:
        """Return the smallest box that holds all pixels of the image that a cell depends on.

        Dilated windows leave holes in it. What is in the padding of any layer is not seen, so at the border it can be
        smaller than the uncut box within the image. A cell that sees nothing but padding has an empty box at 0.

        Raises
        ------
        IndexError
            No such cell.
        """
        return self._box(row, column, [(piece.rows.inside, piece.columns.inside) for piece in self.fields.pieces])

    def uncut_box(self, row: int, column: int) -> Box:
        """Return the field of a cell as if the image and all maps went on beyond their borders.

        For all cells of the same ``size``, unless ``jump`` is None; then nothing is known of what lies beyond the
        border of the first map whose cells differ, and such parts are left out. Raises IndexError.
        """
        return self._box(row, column, [(piece.rows.uncut, piece.columns.uncut) for piece in self.fields.pieces])

    def cell_at(self, y: int | float, x: int | float) -> tuple[int, int]:
        """Return row and column of the cell whose uncut field has its center nearest to a pixel; of two, the first."""
        (low, high), (left, right) = self.fields.rows.uncut, self.fields.columns.uncut
        return int(np.abs((low + high) / 2 - y).argmin()), int(np.abs((left + right) / 2 - x).argmin())

    def _box(self, row: int, column: int, pieces: Sequence[tuple[Ends, Ends]]) -> Box:
        height, width = self.map_size
        if not (0 <= row < height and 0 <= column < width):
            raise IndexError(
                f"layer {self.layer!r} has no cell ({row}, {column}): its maps have {height} rows and {width} columns, "
                "counted from 0"
            )
        boxes = [
            Box(int(rows[0][row]), int(columns[0][column]), int(rows[1][row]) + 1, int(columns[1][column]) + 1)
            for rows, columns in pieces
            if rows[0][row] <= rows[1][row] and columns[0][column] <= columns[1][column]
        ]
        if not boxes:
            return Box(0, 0, 0, 0)
        top, left = min(box.top for box in boxes), min(box.left for box in boxes)
        return Box(top, left, max(box.bottom for box in boxes), max(box.right for box in boxes))


def receptive_field(graph: Graph, layer: str) -> ReceptiveField:
    """Compute the receptive field of a layer: exactly, for any graph of windows and branches.

    Each cell's field is found from the fields of the cells in its window, those that exist; beside it stands the closed
    form, ``size``, ``jump`` and ``start``, wherever all cells have the same. Where branches meet it is the smallest
    field that holds those of all branches, also if their centers differ. What may look everywhere (a softmax over
    places, a group normalization) counts as seeing the whole map before it, so a box is never too small.

    Parameters
    ----------
    graph
        Of ``xailab.graph.trace``, for the size of the images.
    layer
        Dotted name. One that gives no maps is one cell.

    Raises
    ------
    UnknownName
        No such layer.
    XailabError
        The network does something on the way that cannot be followed: says what.

    Notes
    -----
    Source: Araujo et al. 2019 for the closed form. We differ: dilation is part of it, paths that are not aligned are
    united and not refused, and the border is that of the maps and not of the image alone.
    """
    return receptive_fields(graph, [layer])[layer]


def receptive_fields(graph: Graph, layers: Sequence[str]) -> dict[str, ReceptiveField]:
    """Compute those of several layers in one go through the graph. Raises what ``receptive_field`` does."""
    positions = {layer: graph.position(layer) for layer in layers}
    try:
        found = pushed(graph, positions.values())
    except XailabError as error:
        names = ", ".join(map(repr, layers))
        raise XailabError(f"the receptive field of {names} cannot be computed: {error}") from None
    _, height, width = graph.steps[0].shape
    return {
        layer: ReceptiveField(
            layer,
            as_maps(found[position], graph.steps[position].shape),
            (height, width),
            _table(graph, found, position),
        )
        for layer, position in positions.items()
    }


def as_text(field: ReceptiveField) -> str:
    """Write the derivation as plain text in columns, one line per step; of a pair that is alike one number."""
    titles = ("layer", "operation", "kernel", "stride", "padding", "dilation", "size", "jump", "start")
    lines = [titles] + [
        (stage.name, stage.kind, *(_written(getattr(stage, title)) for title in titles[2:])) for stage in field.table
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join(
        "  ".join(text.ljust(width) if column < 2 else text.rjust(width) for column, (text, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


def _written(pair: Sequence[int | float | None] | None) -> str:
    if pair is None:
        return ""
    first, second = ("varies" if one is None else f"{one:g}" for one in pair)
    return first if first == second else f"{first} x {second}"


def _table(graph: Graph, found: dict[int, Fields], position: int) -> tuple[Stage, ...]:
    """Return a stage for every step that can change the field: not for what works place by place."""
    return tuple(
        _stage(graph.steps[place], found[place])
        for place in graph.leading_to(position)
        if not any(found[place] is found[before] for before in graph.steps[place].inputs)
    )


def _stage(step: Step, fields: Fields) -> Stage:
    operation = step.operation
    windows = getattr(operation, "windows", None)
    geometry: tuple[Pair | None, ...] = (None,) * 4
    if isinstance(windows, of.Windows):
        padding = (windows.padding[0][0], windows.padding[1][0])
        geometry = (windows.kernel, windows.stride, padding, windows.dilation)
    kind = getattr(operation, "name", "").rpartition(".")[2].strip("_") or _IN_WORDS[type(operation)]
    measures = [(measure(fields.rows), measure(fields.columns)) for measure in (_size, _jump, _center)]
    return Stage(step.name, kind, *geometry, *measures)  # type: ignore[arg-type]


_IN_WORDS: dict[type, str] = {
    of.Input: "image",
    of.Convolution: "convolution",
    of.MaxPooling: "max pooling",
    of.AveragePooling: "average pooling",
    of.AdaptiveAveragePooling: "adaptive average pooling",
    of.FullyConnected: "fully connected",
    of.Sum: "sum",
    of.Concatenation: "concatenation",
}
"""Of the operations that can change a field and have no name of their own."""


def _size(axis: Axis) -> int:
    low, high = axis.uncut
    return max(0, int((high - low).max()) + 1)


def _jump(axis: Axis) -> int | None:
    return None if axis.line is None else axis.line.jump


def _center(axis: Axis) -> float:
    low, high = axis.uncut
    return (int(low[0]) + int(high[0])) / 2
