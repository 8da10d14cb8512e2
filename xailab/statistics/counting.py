"""Fused upsampling, thresholding and counting in torch: the twin of ``xailab_kernels.iou`` for CUDA tensors.

- ``count``  intersections, active pixels and touched categories of a batch

Every arithmetic step is a torch operation of its own, in the kernel's order, so that no product is fused with a sum;
and all sums are of integers. Hence the counts are the kernel's on any device, TF32 on or off: there is no matrix
product.
"""

import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from xailab.statistics.labels import PreparedLabels
from xailab.statistics.upsampling import Cols, Rows, interpolate

_PIXELS = 2**25  # upsampled at once: 128 MB per temporary array
_SAFE = 2.0**126  # below it no difference overflows, and bilinear values are bounded by their corners


def count(
    activations: Float32[Tensor, "b k h w"],
    thresholds: Float32[Tensor, " k"],
    rows: Rows,
    cols: Cols,
    labels: PreparedLabels,
    categories: Int64[Tensor, " c"],
) -> tuple[Int64[Tensor, "k c"], Int64[Tensor, "b k"], Int64[Tensor, "b k"]]:
    """Return what ``xailab_kernels.iou.count`` counts: intersections, active pixels, touched categories as bits.

    Only maps with something above the threshold are upsampled, and at most 2**25 label pixels at a time.
    """
    b, k = activations.shape[:2]
    c, device = len(categories), activations.device
    intersection = torch.zeros(k * c, dtype=torch.int64, device=device)
    on = torch.zeros((b, k), dtype=torch.int64, device=device)
    touched = torch.zeros((b, k, 64), dtype=torch.bool, device=device)
    candidate = (activations > thresholds[:, None, None]) | ~(activations.abs() < _SAFE)
    image, unit = candidate.flatten(2).any(2).nonzero(as_tuple=True)
    step = max(_PIXELS // max(labels.size[0] * labels.size[1], 1), 1)
    for start in range(0, len(image), step):
        i, u = image[start : start + step], unit[start : start + step]
        mask = interpolate(activations[i, u], rows, cols) > thresholds[u, None, None]
        on[i, u] = mask.flatten(1).sum(1)
        _count_planes(mask, i, u, labels, categories, intersection, touched)
        _count_tags(on[i, u], i, u, labels, categories, intersection, touched)
    intersection = intersection.view(k, c)
    intersection[:, 0] = 0
    bits = torch.ones(64, dtype=torch.int64, device=device) << torch.arange(64, device=device)
    return intersection, on, (touched * bits).sum(2)


def _count_planes(
    mask: Bool[Tensor, "m h w"],
    image: Int64[Tensor, " m"],
    unit: Int64[Tensor, " m"],
    labels: PreparedLabels,
    categories: Int64[Tensor, " c"],
    intersection: Int64[Tensor, " kc"],
    touched: Bool[Tensor, "b k 64"],
) -> None:
    """Count the labels under the masks."""
    which, pixel = mask.flatten(1).nonzero(as_tuple=True)
    found = labels.planes.flatten(2)[image[which], :, pixel].long()
    keys = unit[which, None] * len(categories) + found
    intersection += torch.bincount(keys.flatten(), minlength=len(intersection))
    _touch(found, image[which], unit[which], categories, touched)


def _count_tags(
    on: Int64[Tensor, " m"],
    image: Int64[Tensor, " m"],
    unit: Int64[Tensor, " m"],
    labels: PreparedLabels,
    categories: Int64[Tensor, " c"],
    intersection: Int64[Tensor, " kc"],
    touched: Bool[Tensor, "b k 64"],
) -> None:
    """Count every active pixel for each whole-image label."""
    found = labels.tags[image].long() * (on > 0)[:, None]
    keys = unit[:, None] * len(categories) + found
    intersection.index_add_(0, keys.flatten(), on[:, None].expand_as(found).flatten())
    _touch(found, image, unit, categories, touched)


def _touch(
    found: Int64[Tensor, "m t"],
    image: Int64[Tensor, " m"],
    unit: Int64[Tensor, " m"],
    categories: Int64[Tensor, " c"],
    touched: Bool[Tensor, "b k 64"],
) -> None:
    """Set the flags of the categories of the concepts found; 0 is no concept."""
    codes = categories[found]
    at, column = ((codes >= 0) & (found > 0)).nonzero(as_tuple=True)
    touched[image[at], unit[at], codes[at, column]] = True
