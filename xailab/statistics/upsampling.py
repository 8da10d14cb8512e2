"""Enlarging activation maps to the size of label maps, in the float32 arithmetic that the IoU tally is defined by.

- ``upsample``     whole maps, by an alignment
- ``interpolate``  the same with tables at hand
- ``tables``       the tables on a device

Every arithmetic step is a torch operation of its own, so that no product is fused with a sum: the bits are those of
``xailab_kernels.iou``, on every device.
"""

import torch
from jaxtyping import Float32, Int64
from torch import Tensor
from xailab_kernels.resampling import Alignment, half_pixel

Rows = tuple[Int64[Tensor, " height"], Float32[Tensor, " height"]]
"""An interpolation table of ``xailab_kernels.resampling``, on the device of the maps."""

Cols = tuple[Int64[Tensor, " width"], Float32[Tensor, " width"]]
"""The same for the other axis."""


def upsample(
    maps: Float32[Tensor, "*m h w"], size: tuple[int, int], *, alignment: Alignment = half_pixel
) -> Float32[Tensor, "*m height width"]:
    """Interpolate maps bilinearly to ``size``.

    Parameters
    ----------
    maps
        Any number of maps.
    size
        Height and width of the result.
    alignment
        Where the cells lie on the result: a function of ``xailab_kernels.resampling``.

    Raises
    ------
    ValueError
        Maps without cells, or a size below 1.
    """
    return interpolate(maps, *tables(maps.shape[-2], maps.shape[-1], size, alignment=alignment, device=maps.device))


def tables(
    height: int, width: int, size: tuple[int, int], *, alignment: Alignment, device: torch.device
) -> tuple[Rows, Cols]:
    """Return the tables from maps of ``height`` x ``width`` cells to ``size``, on a device."""
    rows, cols = alignment(height, size[0]), alignment(width, size[1])
    on = [
        (torch.from_numpy(cell).to(device).long(), torch.from_numpy(weight).to(device)) for cell, weight in (rows, cols)
    ]
    return on[0], on[1]


def interpolate(maps: Float32[Tensor, "*m h w"], rows: Rows, cols: Cols) -> Float32[Tensor, "*m height width"]:
    """Interpolate horizontally, then vertically, in the kernel's order of operations."""
    (iy, fy), (ix, fx) = rows, cols
    left = maps[..., ix]
    lines = left + (maps[..., (ix + 1).clamp(max=maps.shape[-1] - 1)] - left) * fx
    top = lines[..., iy, :]
    return top + (lines[..., (iy + 1).clamp(max=maps.shape[-2] - 1), :] - top) * fy[:, None]
