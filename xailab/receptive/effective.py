"""Which part of its receptive field a unit listens to: the gradient with respect to the pixels.

- ``effective_field``  mean absolute gradient of units with respect to the pixels around their cells
- ``EffectiveField``   the map, and how far it reaches in numbers
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xailab import hooks
from xailab.errors import XailabError
from xailab.graph import trace
from xailab.graph.operations import Pair
from xailab.receptive.field import Box, ReceptiveField, receptive_field

UNITS = 16
"""Units that are looked at if none are named: each costs a backward pass."""


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """How strongly units depend on each pixel of their receptive field.

    Parameters
    ----------
    weights
        Mean absolute gradient; as large as the field before it is cut: ``weights[i, j]`` belongs to pixel
        ``(top + i, left + j)`` of the ``uncut_box`` of a cell. Float64, on the CPU, not negative; 0 outside the images.
    field
        The theoretical field.
    cells
        Row and column of those whose fields were averaged.
    units
        Those that were averaged.
    """

    weights: Float[Tensor, "h w"]
    field: ReceptiveField
    cells: tuple[Pair, ...]
    units: tuple[int, ...]

    def area(self, share: float) -> int:
        """Count the pixels of the smallest set that holds a share, in (0, 1], of all weight.

        Raises
        ------
        ValueError
            Another share.
        """
        if not 0 < share <= 1:
            raise ValueError(f"share must be above 0 and at most 1, got {share:g}")
        falling = self.weights.flatten().sort(descending=True).values
        sums = falling.cumsum(0)
        return min(int((sums < share * sums[-1]).sum()) + 1, int((falling > 0).sum()))

    @property
    def center(self) -> tuple[float, float]:
        """Mean row and column of the weight in pixels, counted from the center of the theoretical field."""
        return self._moments()[0]

    @property
    def deviation(self) -> tuple[float, float]:
        """Standard deviation of the weight along rows and columns, in pixels.

        If all pixels of a field of size r weighed the same, it would be ``sqrt((r² - 1) / 12)``.
        """
        return self._moments()[1]

    def _moments(self) -> tuple[tuple[float, float], tuple[float, float]]:
        means, deviations = [], []
        for axis in range(2):
            share = self.weights.sum(1 - axis) / self.weights.sum()
            places = torch.arange(len(share), dtype=torch.float64) - (len(share) - 1) / 2
            mean = float((share * places).sum())
            means.append(mean)
            deviations.append(float((share * (places - mean) ** 2).sum()) ** 0.5)
        return (means[0], means[1]), (deviations[0], deviations[1])


def effective_field(
    module: nn.Module,
    images: Float[Tensor, "b c h w"],
    layer: str,
    *,
    cells: Sequence[Pair] | None = None,
    units: Sequence[int] | None = None,
    batch_size: int = 16,
) -> EffectiveField:
    """Measure by gradients how strongly units depend on each pixel of their receptive field.

    Of each image, cell and unit: the absolute derivative of the unit's value at the cell with respect to each number of
    the image, summed over its channels. The mean over units and images is taken as it is, so units and images with
    larger gradients count more, and a unit that a ReLU silences adds 0. The maps of several cells are laid on each
    other by their fields; the mean of a pixel is over the cells for which it is inside the image.

    Parameters
    ----------
    module
        Any network that ``xailab.graph.trace`` can follow up to the layer. Evaluated in evaluation mode; its mode,
        parameters, ``.grad`` and hooks are as before afterwards.
    images
        As the network takes them: normalized, on its device. Noise shows what the network can use, photographs what it
        does use.
    layer
        Dotted name; of a layer that gives no maps every output is a unit, with the one cell (0, 0).
    cells
        Row and column of each; default: the one nearest to the middle of the image.
    units
        Default: 16 evenly spaced ones, or all if there are no more.
    batch_size
        Images that run at once.

    Raises
    ------
    ValueError
        No images, no cells or no units; several cells where cells have fields of different size.
    IndexError
        No such cell or unit.
    UnknownName
        No such layer.
    XailabError
        The network cannot be followed up to the layer, or all gradients are 0.

    Notes
    -----
    Source: Luo et al. 2016, where the gradient of the central unit is averaged over random inputs and weights. We
    differ: the weights are those of the network, and absolute values are averaged.
    """
    if not len(images) or batch_size < 1:
        raise ValueError(f"expected at least one image and a batch_size of 1 or more, got {len(images)}, {batch_size}")
    height, width = images.shape[2:]
    graph = trace(module, (height, width), channels=images.shape[1])
    field = receptive_field(graph, layer)
    chosen = _chosen_units(layer, graph.steps[graph.position(layer)].shape[0], units)
    middle = field.cell_at((height - 1) / 2, (width - 1) / 2)
    places = [middle] if cells is None else [(int(row), int(column)) for row, column in cells]
    boxes = _boxes(field, places)
    total = torch.zeros(boxes[0].height, boxes[0].width, dtype=torch.float64)
    counted = torch.zeros_like(total)
    for batch in torch.split(images, batch_size):
        for number, gradient in _gradients(module, batch, layer, units=chosen, cells=places):
            box = boxes[number]
            top, left, bottom, right = max(box.top, 0), max(box.left, 0), min(box.bottom, height), min(box.right, width)
            inside = slice(top - box.top, bottom - box.top), slice(left - box.left, right - box.left)
            total[inside] += gradient[top:bottom, left:right]
            counted[inside] += len(batch) * len(chosen)
    if not total.any():
        raise XailabError(
            f"all gradients of layer {layer!r} at the cells {places} are 0 for the units {list(chosen)}: its ReLUs let "
            "nothing through; take more images, other units or cells, or the layer before the ReLU"
        )
    return EffectiveField(total / counted.clamp(min=1), field, tuple(places), chosen)


def _boxes(field: ReceptiveField, cells: Sequence[Pair]) -> list[Box]:
    """Return the uncut boxes of the cells, all of one size."""
    boxes = [field.uncut_box(*cell) for cell in cells]
    if not boxes:
        raise ValueError("expected at least one cell, got none")
    if len({(box.height, box.width) for box in boxes}) > 1:
        raise ValueError(f"expected cells with fields of one size, got {list(cells)}; give one of them")
    return boxes


def _chosen_units(layer: str, count: int, units: Sequence[int] | None) -> tuple[int, ...]:
    if units is None:
        number = min(count, UNITS)
        return tuple(place * count // number for place in range(number))
    for unit in units:
        if not 0 <= unit < count:
            raise IndexError(f"layer {layer!r} has no unit {unit}: there are {count}, counted from 0")
    if not units:
        raise ValueError("expected at least one unit, got none")
    return tuple(int(unit) for unit in units)


def _gradients(
    module: nn.Module, images: Tensor, layer: str, *, units: Sequence[int], cells: Sequence[Pair]
) -> Iterator[tuple[int, Tensor]]:
    """Yield number of a cell and the absolute gradients of all units there, added over units, images and channels."""
    with (
        hooks.Capture(module, layer, stop=True, detach=False) as capture, hooks.evaluating(module),
        torch.inference_mode(False), torch.enable_grad(),
    ):  # fmt: skip
        pixels = images.detach().clone().requires_grad_()
        output = capture(pixels.clone())[layer]  # a copy: a network may write into its input
        maps = output if output.ndim >= 4 else output.flatten(1)[..., None, None]
        for number, (row, column) in enumerate(cells):
            added = torch.zeros(images.shape[2:], dtype=torch.float64, device=images.device)
            for unit in units:
                (gradient,) = torch.autograd.grad(maps[:, unit, ..., row, column].sum(), pixels, retain_graph=True)
                added += gradient.double().abs().sum((0, 1))
            yield number, added.cpu()
