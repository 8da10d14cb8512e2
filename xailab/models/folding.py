"""Batch normalization folded into the convolution before it: the same function, with fewer kinds of layers.

- ``folded``  a copy of a network without batch normalization and dropout, for evaluation

What is left of a mini-AlexNet are convolutions with a bias, ReLU, max-pool and linear layers: all that a deconvnet or
layer-wise relevance propagation has to know.
"""

import copy
from collections import OrderedDict

import torch
from torch import nn


def folded(module: nn.Sequential) -> nn.Sequential:
    """Return a copy of ``module`` in which every batch normalization has moved into the convolution before it.

    In evaluation mode a batch normalization is ``(y - mean) / sqrt(var + eps) * gamma + beta`` with constants, so with
    ``s = gamma / sqrt(var + eps)`` the convolution's weights become ``s * w`` and its bias ``s * (b - mean) + beta``.
    They are computed in float64 and rounded once; the outputs agree to float32 rounding. Dropout does nothing in
    evaluation and is left out. The given module is not changed; the copy is in evaluation mode.

    Parameters
    ----------
    module
        Nested ``nn.Sequential`` containers; other modules are copied as they are.

    Raises
    ------
    ValueError
        A batch normalization does not stand right after a convolution in the same container, or keeps no running
        statistics. Names it.
    """
    return _folded(copy.deepcopy(module), prefix="").eval()


def _folded(container: nn.Sequential, prefix: str) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    previous = ""
    for name, layer in container.named_children():
        if isinstance(layer, nn.Dropout):
            continue
        if isinstance(layer, nn.BatchNorm2d):
            before = layers.get(previous)
            if not isinstance(before, nn.Conv2d) or layer.running_mean is None:
                raise ValueError(
                    f"cannot fold {prefix}{name}: expected a convolution right before it and running statistics in it, "
                    f"got {type(before).__name__} and track_running_stats={layer.track_running_stats}"
                )
            layers[previous] = _merged(before, layer)
        else:
            layers[name] = _folded(layer, f"{prefix}{name}.") if isinstance(layer, nn.Sequential) else layer
            previous = name
    return nn.Sequential(layers)


@torch.no_grad()
def _merged(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Return one convolution that does what ``convolution`` and then ``norm`` do in evaluation mode."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    shift = -norm.running_mean.double() * scale
    if norm.affine:
        scale, shift = scale * norm.weight.double(), shift * norm.weight.double() + norm.bias.double()
    if convolution.bias is not None:
        shift = shift + scale * convolution.bias.double()
    weight = convolution.weight
    convolution.weight = nn.Parameter((weight.double() * scale[:, None, None, None]).to(weight.dtype))
    convolution.bias = nn.Parameter(shift.to(weight.dtype))
    return convolution
