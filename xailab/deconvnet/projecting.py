"""Projections: the activations of units, handed back to the pixels that caused them.

- ``project``         network, images, layer, units -> ``Projection``
- ``project_signal``  any signal at a layer -> pixels
- ``rows_at_once``    how many rows fit into memory
- ``Projection``      pixels, with the units, cells and values that they come from

Source: Zeiler and Fergus 2014.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from xailab.deconvnet.replaying import KEPT, Replay, check_images, replay
from xailab.deconvnet.rules import Rule, deconv
from xailab.deconvnet.selecting import Cells, places_of, strongest
from xailab.deconvnet.starting import Numbers, check_units, rows_of, start
from xailab.deconvnet.units import map_size
from xailab.deconvnet.walking import ruling, walk
from xailab.errors import XailabError
from xailab.graph import Graph, trace

NO_RULES: Mapping[str, Rule] = MappingProxyType({})
MEMORY = 2**29
"""Bytes that one round of rows may take; more rows are projected in several rounds."""

IN_FLIGHT = 4
"""Maps of the largest step that exist at the same time: signals, outputs, what torch needs on the way."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Units of a layer in pixels, one row for each.

    Parameters
    ----------
    layer
        Dotted name.
    pixels
        In the space of the normalized images that went in, not in RGB: signed, around 0, where 0 says that a pixel
        has no part in it. Under the rule ``gradient`` these are derivatives with respect to the normalized image,
        times what was handed down; under the others no derivatives of anything.
    sources
        Which of the images each row belongs to.
    units
        Of the layer, from 0.
    cells
        (row, column) of the strongest cell that was handed down; (-1, -1) if none was.
    values
        The activation there, whatever was handed down; 0 if none was.
    """

    layer: str
    pixels: Float[Tensor, "r c h w"]
    sources: Int[Tensor, " r"]
    units: Int[Tensor, " r"]
    cells: Int[Tensor, "r 2"]
    values: Float[Tensor, " r"]


def project(
    module: nn.Module,
    images: Float[Tensor, "b c h w"],
    layer: str,
    units: Numbers,
    *,
    sources: Numbers | None = None,
    cells: Cells = strongest,
    value: float | None = None,
    rule: Rule = deconv,
    rules: Mapping[str, Rule] = NO_RULES,
    graph: Graph | None = None,
) -> Projection:
    """Project activations of units of a layer back to the pixels of their images.

    All other activations of the layer are set to 0. What is left goes back through the network: filters are
    transposed, pooled values return to where the maximum was, ReLUs let through what ``rule`` says, biases do not
    exist. Many (image, unit, cell) rows are projected in one walk; the network is as before afterwards. On a GPU torch
    rounds convolutions to 10 bits, unless ``torch.backends.cudnn.allow_tf32`` is False.

    Parameters
    ----------
    module
        Any network that ``xailab.graph`` can describe up to the layer; its mode does not matter.
    images
        Normalized, in the dtype and on the device of the network.
    layer
        Dotted name. As its output is: of ``conv5`` without its ReLU, an activation may be negative.
    units
        One for all images; or one per row.
    sources
        The image of each row. By default row i belongs to image i, and of a single image are all rows.
    cells
        What is handed down of a unit's map: ``strongest`` (default), ``everywhere``, any function of the maps that
        marks cells; one (row, column) for all; or an integer tensor ``r 2``, for example ``.cells`` of another
        projection. The one cell of a layer without maps is (0, 0).
    value
        Handed down at these cells instead of the activation; 1 makes units comparable.
    rule
        Of all ReLUs: ``deconv``, ``guided``, ``gradient``, or your own.
    rules
        Exceptions: name of a ReLU's step (as in ``graph.steps``) -> its rule.
    graph
        ``xailab.graph.trace(module, (h, w), channels=c)``, to trace the network only once.

    Raises
    ------
    TypeError
        Images that are not floating point; a selection that marks no cells.
    ValueError
        Images that do not fit the network; a unit, source or cell out of range; numbers of rows that do not agree.
    UnknownName
        No such layer, or no such ReLU.
    XailabError
        The way from this layer to the pixels cannot be followed under this rule; the message names the step.

    Source: Zeiler and Fergus 2014, section 2.1; they hand down the activation of one cell.
    """
    check_images(module, images)
    if graph is None:
        graph = trace(module, (images.shape[2], images.shape[3]), channels=images.shape[1])
    position = graph.position(layer)
    ruling(graph, position, rule, rules)
    size = map_size(graph, position, layer)
    rows, places = rows_of(units, sources, len(images))
    check_units(rows, graph.steps[position].shape[0], layer)
    if not callable(cells):
        cells = places_of(cells, (len(rows), *size)).to(images.device)
    pixels, values = images.new_zeros(len(rows), *images.shape[1:]), images.new_zeros(len(rows))
    found = torch.zeros(len(rows), 2, dtype=torch.int64, device=images.device)
    at_once = rows_at_once(graph, position, images.element_size())
    for group in torch.split(torch.unique(places), at_once):  # every image runs forward once
        replayed = replay(module, images[group.to(images.device)], layer, graph=graph)
        for part in torch.split(torch.isin(places, group).nonzero()[:, 0], at_once):
            where, here = torch.searchsorted(group, places[part]), part.to(images.device)
            begun = start(replayed, rows[part], where, cells=cells if callable(cells) else cells[here], value=value)
            pixels[here] = project_signal(replayed, begun.signal, sources=where, rule=rule, rules=rules)
            found[here], values[here] = begun.cells, begun.values
    return Projection(layer, pixels, places.to(images.device), rows.to(images.device), found, values)


def project_signal(
    replayed: Replay,
    signal: Float[Tensor, "r ..."],
    *,
    sources: Numbers | None = None,
    rule: Rule = deconv,
    rules: Mapping[str, Rule] = NO_RULES,
) -> Float[Tensor, "r c h w"]:
    """Project any signal at a layer back to pixels: the general form of ``project``.

    Parameters
    ----------
    replayed
        ``replay(module, images, layer)``.
    signal
        In the shape of the layer's output, a row per projection.
    sources
        The image of each row; by default row i belongs to image i, and of a single image are all rows.
    rule, rules
        As for ``project``.

    Raises
    ------
    ValueError
        A signal of another shape, dtype or device than the layer's output.
    UnknownName, XailabError
        As ``project``.
    """
    expected, got = replayed.outputs, signal
    if signal.ndim < 1 or (expected.shape[1:], expected.dtype, expected.device) != (
        got.shape[1:], got.dtype, got.device,
    ):  # fmt: skip
        raise ValueError(
            f"the signal must be like the output of layer {replayed.layer!r}, {tuple(expected.shape[1:])} of "
            f"{expected.dtype} on {expected.device} per row; got {tuple(got.shape[1:])} of {got.dtype} on {got.device}"
        )
    _, places = rows_of([0] * len(signal), sources, len(expected))
    holds = ruling(replayed.graph, replayed.position, rule, rules)
    pixels = signal
    for crossing in walk(replayed, signal.detach(), places.to(signal.device), holds):
        pixels = crossing.arriving
    if not pixels.isfinite().all():
        raise XailabError(
            f"the projection from layer {replayed.layer!r} overflows {pixels.dtype}; try double precision"
        )
    return pixels


def rows_at_once(graph: Graph, position: int, element_size: int) -> int:
    """Return how many rows fit into ``MEMORY``, at least 1."""
    steps = [graph.steps[one] for one in graph.leading_to(position)]
    sizes = [math.prod(step.shape) for step in steps]
    kept = sum(size for size, step in zip(sizes, steps, strict=True) if isinstance(step.operation, KEPT))
    return max(1, MEMORY // max(1, element_size * (kept + IN_FLIGHT * max(sizes))))
