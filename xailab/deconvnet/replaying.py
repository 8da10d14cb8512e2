"""The forward run of some images up to a layer, with all that the way back needs of it.

- ``replay``  network, images, layer -> ``Replay``
- ``Replay``  the activations of the layer, and what was kept of the steps before it
- ``check_images``  refuses images that a network cannot take

The steps of the network's graph are run again, and their result is compared with what the network itself gives: a
projection is of this network and these images, or it is refused.
"""

from collections import Counter
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from xailab import hooks
from xailab.deconvnet.switches import max_pool_switches
from xailab.deconvnet.units import map_size
from xailab.errors import XailabError
from xailab.graph import Graph, trace
from xailab.graph.operations import Input, MaxPooling, Nonlinearity, Rectification, Unknown

KEPT = (Rectification, MaxPooling, Nonlinearity)
"""Steps whose way back depends on the forward run."""


@dataclass(frozen=True, eq=False)
class Replay:
    """The forward run of some images up to a layer.

    Parameters
    ----------
    graph
        Of the network, for images of this size.
    layer
        Dotted name.
    position
        Of the step that makes its output.
    outputs
        Of the layer: ``b c p q``, or ``b u`` of a layer without maps.
    kept
        Position of a step -> what the way back needs of the forward run, a row per image: the output of a ReLU (if it
        has a ceiling, 0 where it is reached: changes do not pass there), the switches of a max pooling, the input of
        another nonlinearity.
    """

    graph: Graph
    layer: str
    position: int
    outputs: Float[Tensor, "b ..."]
    kept: dict[int, Tensor]

    @property
    def maps(self) -> Float[Tensor, "b u p q"]:
        """One map per unit; that of a layer without maps has one cell."""
        return self.outputs.view(*self.outputs.shape, *(1,) * (4 - self.outputs.ndim))


def replay(module: nn.Module, images: Float[Tensor, "b c h w"], layer: str, *, graph: Graph | None = None) -> Replay:
    """Run some images through a network up to a layer, and keep what projections from there need.

    In evaluation mode and without gradients. The network is as before afterwards: mode, parameters, ``.grad``, hooks.

    Parameters
    ----------
    module
        Any network that ``xailab.graph`` can describe up to the layer.
    images
        Normalized, in the dtype and on the device of the network.
    layer
        Dotted name; ``""`` is the output of the network. Its output must be one map per unit, ``b c h w``, or one
        number per unit, ``b u`` (fully connected layers, logits).
    graph
        ``trace(module, (h, w), channels=c)``, if it is at hand: it is the same for all images of one size.

    Raises
    ------
    TypeError
        Images that are not floating point.
    ValueError
        Images that are not ``b c h w``, hold NaN, or do not fit the network or the graph.
    UnknownName
        No such layer ran.
    XailabError
        The layer is not made of units; a step before it cannot be described; what the graph computes for these images
        is not what the network gives; the network gives NaN.
    """
    check_images(module, images)
    images = images.clone() if images.is_inference() else images.detach()
    if graph is None:
        graph = trace(module, (images.shape[2], images.shape[3]), channels=images.shape[1])
    if graph.steps[0].shape != tuple(images.shape[1:]):
        raise ValueError(f"the graph was traced for images of {graph.steps[0].shape}, got {tuple(images.shape[1:])}")
    position = graph.position(layer)
    map_size(graph, position, layer)
    for place in graph.leading_to(position):
        operation = graph.steps[place].operation
        if isinstance(operation, Unknown):
            title = graph.steps[place].name
            raise XailabError(
                f"layer {layer!r}: step {title!r} cannot be followed: {operation.name}: {operation.reason}"
            )
    with torch.inference_mode(False), torch.no_grad():
        expected = hooks.activations(module, images, layer)[layer]
        if expected.isnan().any():
            image = int(expected.flatten(1).isnan().any(dim=1).nonzero()[0])
            raise XailabError(f"layer {layer!r} gives NaN for image {image}: look at the weights of the network")
        outputs, kept = _run(graph, images, position)
    _compare(outputs, expected, layer)
    return Replay(graph, layer, position, outputs, kept)


def check_images(module: nn.Module, images: Tensor) -> None:
    """Refuse images that a network cannot take. Raises ``TypeError``, ``ValueError`` as ``replay`` does."""
    if not images.is_floating_point():
        raise TypeError(f"images must be floating point and normalized, got {images.dtype}")
    if images.ndim != 4:
        raise ValueError(f"images must be b c h w, got shape {tuple(images.shape)}; one image is images[None]")
    if not images.isfinite().all():
        image = int((~images.isfinite()).flatten(1).any(dim=1).nonzero()[0])
        raise ValueError(f"image {image} holds NaN or infinite values")
    like = next((one for one in module.parameters() if one.is_floating_point()), images)
    if like.dtype != images.dtype:
        raise ValueError(f"images are {images.dtype}, the network is {like.dtype}: take images.to({like.dtype})")
    if like.device != images.device:
        raise ValueError(f"images are on {images.device}, the network is on {like.device}: take images.to(device)")


def _run(graph: Graph, images: Tensor, position: int) -> tuple[Tensor, dict[int, Tensor]]:
    """Run the steps up to ``position``; outputs that nobody needs any more are let go."""
    needed = graph.leading_to(position)
    waiting = Counter(one for place in needed for one in graph.steps[place].inputs)
    waiting[position] += 1
    found: dict[int, Tensor] = {}
    kept: dict[int, Tensor] = {}
    for place in needed:
        step = graph.steps[place]
        given = (images,) if isinstance(step.operation, Input) else tuple(found[one] for one in step.inputs)
        try:
            if isinstance(step.operation, MaxPooling):
                found[place], kept[place] = _pooled(step.operation, given[0])
            else:
                found[place] = step.operation.apply(*given)
        except RuntimeError as error:
            raise XailabError(f"step {step.name!r} of the graph cannot take these images: {error}") from error
        if isinstance(step.operation, Rectification):
            kept[place] = _active(step.operation, found[place])
        elif isinstance(step.operation, Nonlinearity):
            kept[place] = given[0]
        for one in step.inputs:
            waiting[one] -= 1
            if not waiting[one]:
                del found[one]
    return found[position], kept


def _active(operation: Rectification, outputs: Tensor) -> Tensor:
    """Return the output of a ReLU, 0 where it is at its ceiling."""
    return outputs if operation.ceiling is None else outputs.masked_fill(outputs >= operation.ceiling, 0)


def _pooled(operation: MaxPooling, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Pool, and keep the switches."""
    windows = operation.windows
    padding = (windows.padding[0][0], windows.padding[1][0])
    return max_pool_switches(
        maps,
        kernel=windows.kernel,
        stride=windows.stride,
        padding=padding,
        dilation=windows.dilation,
        ceil_mode=operation.ceil_mode,
    )


def _compare(outputs: Tensor, expected: Tensor, layer: str) -> None:
    """Refuse a graph that computes something else than the network. Half of the digits must agree.

    On a GPU less: convolutions may round to 10 bits there (TF32), and need not take the same algorithm twice.
    """
    if outputs.shape != expected.shape:
        fault = f"the graph gives shape {tuple(outputs.shape)}, the network {tuple(expected.shape)}"
    elif not expected.numel():
        return
    else:
        largest, difference = float(expected.abs().max()), float((outputs - expected).abs().max())
        tolerance = torch.finfo(expected.dtype).eps ** 0.5
        if difference <= (tolerance if expected.device.type == "cpu" else max(tolerance, 2**-7)) * largest:
            return
        fault = f"the values differ by {difference:.3g}, the largest is {largest:.3g}"
    raise XailabError(
        f"the graph does not compute what the network gives in layer {layer!r} for these images: {fault}. It is of "
        "another network, or the network decides by the values of an image what it computes: it cannot be projected"
    )
