"""The images that excite a unit most, each with its way back to the pixels: what grids and pages show.

- ``subject_of``     a layer of a network, checked before any work -> ``Subject``
- ``checked_units``  refuses units that the layer does not have
- ``run_forward``    some images up to the layer -> ``Forward``
- ``unit_examples``  a unit's activations in them, projected -> ``UnitExamples``
- ``Example``        one of them
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from jaxtyping import Float, Int
from torch import Tensor

from xailab import images
from xailab.data.batch import Dataset
from xailab.deconvnet.pictures import tight_extent, window
from xailab.deconvnet.projecting import project_signal
from xailab.deconvnet.replaying import Replay, replay
from xailab.deconvnet.rules import RULES
from xailab.deconvnet.walking import ruling
from xailab.errors import UnknownName, XailabError
from xailab.graph import Graph, trace
from xailab.models.feeding import find_device, on_device, output_shapes, prepare
from xailab.models.network import Network
from xailab.receptive import Box, ReceptiveField, receptive_field


@dataclass(frozen=True, eq=False)
class Subject:
    """A layer of a network from which every rule asked for leads back to the pixels.

    Parameters
    ----------
    network
        On the device.
    layer
        Dotted name.
    rules
        Names in ``RULES``; the first is the main one.
    graph
        What the network computes for images of this size.
    field
        Of the layer.
    units
        How many the layer has.
    image_size
        Height and width in pixels of what the network gets.
    device
        Where it runs.
    """

    network: Network
    layer: str
    rules: tuple[str, ...]
    graph: Graph
    field: ReceptiveField
    units: int
    image_size: tuple[int, int]
    device: torch.device


@dataclass(frozen=True, eq=False)
class Example:
    """One image of a unit, and the projections of the unit's activation there.

    Parameters
    ----------
    image
        Its position in the data set.
    value
        The activation that was handed down.
    cell
        Row and column where it stands in the unit's map.
    box
        The cell's receptive field in pixels of ``picture``, cut at the border.
    part
        What small pictures show: of the same size for all examples of a unit (``pictures.tight_extent`` of its
        projections by the main rule).
    picture
        The image as the network got it, RGB in [0, 1].
    projections
        Name of a rule -> the projection.
    controls
        Name of a control -> name of a rule -> what the control gives for the same image and the same cell.
    """

    image: int
    value: float
    cell: tuple[int, int]
    box: Box
    part: Box
    picture: Float[Tensor, "3 h w"]
    projections: Mapping[str, Float[Tensor, "3 h w"]]
    controls: Mapping[str, Mapping[str, Float[Tensor, "3 h w"]]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, eq=False)
class UnitExamples:
    """Some images of one unit, the strongest first."""

    unit: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class Forward:
    """Some images, the cell of each that is looked at, and their forward run up to the layer.

    Parameters
    ----------
    indices
        Positions of the images in the data set.
    cells
        Row and column per image.
    pictures
        The images as the network got them, RGB in [0, 1].
    replayed
        The forward run.
    """

    indices: tuple[int, ...]
    cells: Int[Tensor, "b 2"]
    pictures: Float[Tensor, "b 3 h w"]
    replayed: Replay

    def here(self) -> Float[Tensor, "b u"]:
        """Return the activations of all units at the images' cells, on the CPU."""
        rows = torch.arange(len(self.cells))
        return self.replayed.maps.cpu()[rows, :, self.cells[:, 0], self.cells[:, 1]]

    def signal(self, units: Int[Tensor, " b"]) -> Float[Tensor, "b ..."]:
        """Return the signal at the layer that keeps the activation of one unit per image at its cell: all else is 0."""
        maps = self.replayed.maps
        rows, units, cells = (one.to(maps.device) for one in (torch.arange(len(maps)), units, self.cells))
        place = (rows, units, cells[:, 0], cells[:, 1])
        signal = torch.zeros_like(maps)
        signal[place] = maps[place]
        return signal.view(self.replayed.outputs.shape)


def subject_of(
    network: Network,
    layer: str,
    *,
    rules: Sequence[str] = ("deconv",),
    image_size: int | tuple[int, int] | None = None,
    device: str | torch.device = "cpu",
) -> Subject:
    """Check that every rule leads from a layer back to the pixels, and find out what is needed for it.

    Parameters
    ----------
    network
        It is as before afterwards; on another device runs a copy.
    layer
        Dotted name. A layer without maps (``fc6``, ``logits``) has units of one cell that see the whole image.
    rules
        Names in ``RULES``.
    image_size
        Pixels; one number: a square. Default: the network's own.
    device
        ``"cpu"``, ``"cuda"``...

    Raises
    ------
    UnknownName
        No such layer or rule.
    XailabError
        No such device; a size that the network cannot take; a layer that is not made of units; a step that cannot be
        passed on the way back, by name.
    """
    if not rules:
        raise XailabError(f"no rule was given; there are {', '.join(RULES)}")
    for rule in rules:
        if rule not in RULES:
            raise UnknownName("rule", rule, RULES)
    where = find_device(device)
    size = network.image_size if image_size is None else image_size
    size = (size, size) if isinstance(size, int) else size
    output_shapes(network, [layer], size)
    here = on_device(network, where)
    graph = trace(here.module, size)
    position = graph.position(layer)
    for rule in rules:
        ruling(graph, position, RULES[rule], {})
    blank = prepare(here, torch.zeros(1, 3, *size), size, where)
    units = replay(here.module, blank, layer, graph=graph).maps.shape[1]
    return Subject(here, layer, tuple(rules), graph, receptive_field(graph, layer), units, size, where)


def checked_units(subject: Subject, units: Sequence[int]) -> tuple[int, ...]:
    """Return the units, each once, in the given order. Raises XailabError for one that the layer does not have."""
    for unit in units:
        if not 0 <= unit < subject.units:
            raise XailabError(
                f"no unit {unit} in layer {subject.layer!r} of {subject.network.name}: it has {subject.units}, "
                f"0 to {subject.units - 1}"
            )
    return tuple(dict.fromkeys(units))


def run_forward(subject: Subject, dataset: Dataset, indices: Sequence[int], cells: Int[Tensor, "b 2"]) -> Forward:
    """Run some images up to the layer.

    Parameters
    ----------
    subject
        Of ``subject_of``.
    dataset
        Where the images are.
    indices
        Positions of the images in the data set; -1 is left out, as ``xailab.statistics.Exemplars`` has it where there
        are fewer images than places.
    cells
        Row and column of what is to be projected per image, as ``Exemplars.positions`` has them.

    Raises
    ------
    ValueError
        No images.
    """
    there = [place for place, index in enumerate(indices) if index >= 0]
    if not there:
        raise ValueError("there are no images to project")
    indices = tuple(int(indices[place]) for place in there)
    read = dataset.read(indices).images
    inputs = prepare(subject.network, read, subject.image_size, subject.device)
    pictures = images.resize(read, subject.image_size).clamp(0, 1)
    replayed = replay(subject.network.module, inputs, subject.layer, graph=subject.graph)
    return Forward(indices, cells[there], pictures, replayed)


def projected(subject: Subject, forward: Forward, units: Int[Tensor, " b"]) -> dict[str, Float[Tensor, "b 3 h w"]]:
    """Return rule -> the projections of one unit per image, at the images' cells, on the CPU."""
    signal = forward.signal(units)
    return {rule: project_signal(forward.replayed, signal, rule=RULES[rule]).cpu() for rule in subject.rules}


def unit_examples(subject: Subject, forward: Forward, unit: int) -> UnitExamples:
    """Project a unit's activation at the cell of each image, by all rules of the subject."""
    units = torch.full((len(forward.indices),), unit)
    values = forward.here()[:, unit].tolist()
    found = projected(subject, forward, units)
    frames = [subject.field.uncut_box(*cell) for cell in forward.cells.tolist()]
    extent = tight_extent(found[subject.rules[0]], frames, subject.field.size)
    return UnitExamples(
        unit,
        tuple(
            Example(
                image=index,
                value=values[row],
                cell=(int(forward.cells[row, 0]), int(forward.cells[row, 1])),
                box=subject.field.box(*forward.cells[row].tolist()),
                part=window(frames[row], extent, subject.image_size),
                picture=forward.pictures[row],
                projections={rule: pixels[row] for rule, pixels in found.items()},
            )
            for row, index in enumerate(forward.indices)
        ),
    )
