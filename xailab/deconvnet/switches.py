"""Max pooling with switches and unpooling for torch tensors: compiled kernels on the CPU, torch elsewhere.

- ``max_pool_switches``  the maxima of windows, and where they stood
- ``unpool``             values back to their switches, added where windows overlap: the adjoint

Both give the same bits on every device: in torch, cells are compared and values added in the order of the kernels.

Source: Zeiler and Fergus 2014, section 2.1 (unpooling). They do not say what happens where windows overlap.
"""

import torch
from jaxtyping import Float, Int32
from torch import Tensor
from torch.nn.functional import pad
from xailab_kernels.pooling.max_pool import max_pool
from xailab_kernels.pooling.unpool import unpool as add_at_switches
from xailab_kernels.pooling.windows import LARGEST, Windows

_COMPILED = (torch.float32, torch.float64)


def max_pool_switches(
    maps: Float[Tensor, "b c h w"],
    *,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
) -> tuple[Float[Tensor, "b c p q"], Int32[Tensor, "b c p q"]]:
    """Return the maximum of each window, and its place: ``max_pool2d(return_indices=True)`` with int32 switches.

    Of equal values, the first one in reading order of the window is taken, of several NaN as well (torch takes the last
    NaN); padding is never taken. No gradient flows.

    Parameters
    ----------
    maps
        On any device, in any floating dtype.
    kernel, stride, padding, dilation, ceil_mode
        As in ``torch.nn.MaxPool2d``: a number for both axes or (vertical, horizontal); no stride is a stride of the
        kernel.

    Returns
    -------
    pooled
        In the dtype of the maps.
    switches
        ``row * w + column`` of each maximum in its plane. int32: half of the memory of int64, and what the kernels
        take. ``torch.nn.functional.max_unpool2d`` wants ``switches.long()``.

    Raises
    ------
    TypeError
        Maps that are not floating point, or something else than whole numbers.
    ValueError
        Another number of axes, a geometry that torch refuses too, or a window that lies wholly in the padding.
    """
    if not maps.is_floating_point():
        raise TypeError(f"maps must be floating point, got {maps.dtype}")
    if maps.ndim != 4:
        raise ValueError(f"maps must be b c h w, got shape {tuple(maps.shape)}")
    kernel = _pair(kernel)
    windows = Windows(
        (maps.shape[2], maps.shape[3]),
        kernel,
        kernel if stride is None else _pair(stride),
        _pair(padding),
        _pair(dilation),
        ceil_mode=ceil_mode,
    )
    maps = maps.detach()
    if maps.device.type == "cpu" and maps.dtype in _COMPILED:
        pooled, switches = max_pool(
            maps.numpy(),
            kernel=windows.kernel,
            stride=windows.stride,
            padding=windows.padding,
            dilation=windows.dilation,
            ceil_mode=ceil_mode,
        )
        return torch.from_numpy(pooled), torch.from_numpy(switches)
    return _max_pool_torch(maps, windows)


def unpool(
    values: Float[Tensor, "b c p q"], switches: Int32[Tensor, "b c p q"], size: tuple[int, int]
) -> Float[Tensor, "b c h w"]:
    """Return planes of zeros to which each value was added at its switch: the adjoint of pooling at fixed switches.

    Where windows overlap and share a maximum, their values add up (``torch.nn.functional.max_unpool2d`` keeps one of
    them, which is not the adjoint). Sums take the windows in reading order on every device: no atomic additions, the
    same bits each time. No gradient flows.

    Parameters
    ----------
    values
        On any device, in any floating dtype.
    switches
        Of ``max_pool_switches``, on the same device.
    size
        Height and width of the maps that were pooled.

    Raises
    ------
    TypeError
        Values that are not floating point, switches that are not int32.
    ValueError
        Shapes or devices that do not belong together, switches that point out of the planes.
    """
    if not values.is_floating_point():
        raise TypeError(f"values must be floating point, got {values.dtype}")
    if switches.dtype != torch.int32:
        raise TypeError(f"switches must be int32, got {switches.dtype}; switches.int() makes them so")
    if values.ndim != 4:
        raise ValueError(f"values must be b c p q, got shape {tuple(values.shape)}")
    if switches.shape != values.shape or switches.device != values.device:
        raise ValueError(
            f"values and switches must have one shape and device, got {tuple(values.shape)} on {values.device} and "
            f"{tuple(switches.shape)} on {switches.device}"
        )
    values = values.detach()
    if values.device.type == "cpu" and values.dtype in _COMPILED:
        return torch.from_numpy(add_at_switches(values.numpy(), switches.numpy(), height=size[0], width=size[1]))
    return _unpool_torch(values, switches, size)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Take a number for both axes, as torch does."""
    return (value, value) if isinstance(value, int) else value


def _max_pool_torch(
    maps: Float[Tensor, "b c h w"], windows: Windows
) -> tuple[Float[Tensor, "b c p q"], Int32[Tensor, "b c p q"]]:
    """Compare, for all windows at once, one cell after the other in reading order."""
    (h, w), (p, q) = windows.plane, windows.counts
    (top, left), (step_y, step_x), (gap_y, gap_x) = windows.padding, windows.stride, windows.dilation
    below = max((p - 1) * step_y + windows.reach[0] - top - h, 0)
    beside = max((q - 1) * step_x + windows.reach[1] - left - w, 0)
    padded = pad(maps, (left, beside, top, below), value=-torch.inf)
    rows = torch.arange(p, device=maps.device)[:, None] * step_y - top
    columns = torch.arange(q, device=maps.device) * step_x - left
    best = maps.new_full((*maps.shape[:2], p, q), -torch.inf)
    first = torch.where(rows < 0, rows % gap_y, rows) * w + torch.where(columns < 0, columns % gap_x, columns)
    switches = first.to(torch.int32).expand(best.shape)  # of a window that is -inf everywhere
    for i in range(windows.kernel[0]):
        lines = padded[:, :, i * gap_y : i * gap_y + (p - 1) * step_y + 1 : step_y]
        for j in range(windows.kernel[1]):
            value = lines[..., j * gap_x : j * gap_x + (q - 1) * step_x + 1 : step_x]
            better = ~(value <= best) & ~best.isnan()  # a NaN is above everything but another one
            place = (rows + i * gap_y) * w + columns + j * gap_x
            switches = torch.where(better, place.to(torch.int32), switches)
            best = torch.where(better, value, best)
    return best, switches.contiguous()


def _unpool_torch(
    values: Float[Tensor, "b c p q"], switches: Int32[Tensor, "b c p q"], size: tuple[int, int]
) -> Float[Tensor, "b c h w"]:
    """Add in rounds: in each, no two windows share a cell."""
    b, c, p, q = values.shape
    cells = size[0] * size[1]
    if not 0 < cells <= LARGEST or size[0] < 1:
        raise ValueError(f"planes must have 1 ... 2**31 - 1 cells, got {size[0]} x {size[1]}")
    if switches.numel() and not bool(((switches >= 0) & (switches < cells)).all()):
        raise ValueError(
            f"switches must be in 0 ... {cells - 1}, the cells of {size[0]} x {size[1]} planes, "
            f"got {int(switches.min())} ... {int(switches.max())}; do they belong to maps of another size?"
        )
    planes = values.new_zeros(b * c * cells)
    base = torch.arange(b * c, device=values.device)[:, None] * cells
    places, order = (base + switches.reshape(b * c, p * q)).flatten().sort(stable=True)
    sorted_values = values.flatten()[order]
    while places.numel():
        leads = torch.ones_like(places, dtype=torch.bool)
        leads[1:] = places[1:] != places[:-1]
        planes[places[leads]] += sorted_values[leads]
        places, sorted_values = places[~leads], sorted_values[~leads]
    return planes.reshape(b, c, *size)
