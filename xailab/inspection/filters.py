"""The weights of convolutions, as numbers and as pictures.

- ``convolution_in``       the convolution of a layer, or of a block that holds one
- ``filters``              its weights
- ``in_pixels``            the weights of a first layer, as they act on RGB in [0, 1]
- ``around_gray``, ``from_least_to_most``  how weights become colors: two ways
- ``filter_images``        the filters of a first layer as RGB pictures
- ``strongest_inputs``     which input units a filter listens to most
- ``slice_images``         what it does with some of them, in signed colors

A filter of a deeper layer has one slice per unit of the layer before it, which is a pattern over *that unit's* map and
not over pixels; it says something only beside pictures of what those units answer to.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from xailab import render
from xailab.errors import UnknownName, XailabError
from xailab.images import Normalization

Coloring = Callable[[Float[Tensor, "o i r c"]], Float[Tensor, "o i r c"]]
"""Weights in, numbers in [0, 1] out; each filter has its own scale."""


def convolution_in(module: nn.Module, layer: str) -> tuple[str, nn.Conv2d]:
    """Return the dotted name and the module of the convolution that a layer is or holds.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        The layer holds no convolution, or several: lists them.
    """
    known = dict(module.named_modules(remove_duplicate=False))
    if layer not in known:
        raise UnknownName("layer", layer, [name for name in known if name], "hooks.layer_names(model)")
    prefix = layer + "." if layer else ""
    inside = {
        prefix + name if name else layer: part
        for name, part in known[layer].named_modules()
        if isinstance(part, nn.Conv2d)
    }
    if not inside:
        kind = type(known[layer]).__name__
        have = [name for name, part in known.items() if isinstance(part, nn.Conv2d)]
        listed = ", ".join(have[:8]) + (", ..." if len(have) > 8 else "")
        raise XailabError(
            f"layer {layer!r} ({kind}) holds no 2-D convolution; those of the network: {listed or 'none'}"
        )
    if len(inside) > 1:
        raise XailabError(f"layer {layer!r} holds {len(inside)} convolutions, choose one: {', '.join(inside)}")
    return next(iter(inside.items()))


def filters(module: nn.Module, layer: str) -> Float[Tensor, "o i r c"]:
    """Return a copy of the weights of a convolution: one filter per unit, one slice per input unit of its group.

    Raises what ``convolution_in`` raises.
    """
    return convolution_in(module, layer)[1].weight.detach().clone()


def in_pixels(weights: Float[Tensor, "o 3 r c"], normalization: Normalization | None) -> Float[Tensor, "o 3 r c"]:
    """Return the weights of a first layer as they act on RGB in [0, 1].

    The network multiplies a weight with ``(pixel - mean) / std``, so that one more unit of *pixel* adds weight / std:
    that is returned, the gradient of the unit before its bias with respect to the image. Without it, a color whose std
    is large would look stronger than it acts. None: the network takes pixels as they are.
    """
    if normalization is None:
        return weights
    std = weights.new_tensor(normalization.std)
    return weights / std[:, None, None]


def around_gray(weights: Float[Tensor, "o i r c"]) -> Float[Tensor, "o i r c"]:
    """Map 0 to 0.5 and the largest magnitude of each filter to 0 or 1: gray is no weight, colors keep their sign."""
    top = weights.abs().amax((1, 2, 3), keepdim=True)
    return 0.5 + 0.5 * weights / top.where(top > 0, torch.ones_like(top))


def from_least_to_most(weights: Float[Tensor, "o i r c"]) -> Float[Tensor, "o i r c"]:
    """Map the smallest weight of each filter to 0 and the largest to 1: most contrast, but 0 has no fixed color."""
    low, high = weights.amin((1, 2, 3), keepdim=True), weights.amax((1, 2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 0, (weights - low) / span.where(span > 0, torch.ones_like(span)), 0.5)


def filter_images(
    weights: Float[Tensor, "o i r c"],
    normalization: Normalization | None = None,
    *,
    coloring: Coloring = around_gray,
    size: int = 64,
) -> list[Image.Image]:
    """Draw the filters of a first layer as RGB pictures, one square per weight.

    Parameters
    ----------
    weights
        From ``filters``.
    normalization
        The network's; see ``in_pixels``.
    coloring
        ``around_gray`` or ``from_least_to_most``; each filter has its own scale, so that brightness cannot be compared
        between filters.
    size
        Pixels of the longer side.

    Raises
    ------
    XailabError
        Weights over other than three input channels, which have no colors.
    """
    if weights.shape[1] != 3:
        raise XailabError(f"filters over {weights.shape[1]} inputs have no colors; slice_images draws them one by one")
    pictures = coloring(in_pixels(weights, normalization))
    return [render.enlarge(picture.clamp(0, 1), size=size) for picture in pictures.float().cpu()]


def strongest_inputs(weights: Float[Tensor, "i r c"], *, count: int) -> list[int]:
    """Return the inputs whose slices of a filter have the largest Euclidean norm, the largest first.

    The norm says how much the filter could take from an input; what it does take depends on how active that input is.
    """
    norms = weights.flatten(1).norm(dim=1)
    return [int(place) for place in norms.argsort(descending=True, stable=True)[:count]]


def slice_images(weights: Float[Tensor, "i r c"], inputs: Sequence[int], *, size: int = 64) -> list[Image.Image]:
    """Draw slices of one filter in signed colors: red adds to the unit, blue takes from it, white is 0.

    One scale for all the slices of the filter, also those that are not drawn, so that they can be compared.

    Raises
    ------
    XailabError
        An input that the filter does not have.
    """
    for place in inputs:
        if not 0 <= place < len(weights):
            raise XailabError(f"no input {place}: the filter has {len(weights)}, counted from 0")
    top = float(weights.abs().max()) or 1.0
    return [render.enlarge(render.heatmap(weights[place], limits=(-top, top)), size=size) for place in inputs]
