"""The way forward through a network and back to the pixels, with something to go wrong in each step.

- ``walk``      the whole way; the defaults are right
- ``keep_one``  what is kept at its top

Wrong projections are made from it: ``projecting_mistakes`` and ``inherited_mistakes``.
"""

from collections.abc import Callable

import numpy as np

from .reference import Layers, backward_relu, conv_transpose, convolve, max_pool_switches, unpool

Place = tuple[int, int]


def keep_one(maps: np.ndarray, unit: int, pos: Place) -> np.ndarray:
    """Keep one activation, and nothing else: right."""
    r = np.zeros(maps.shape)
    r[unit, pos[0], pos[1]] = maps[unit, pos[0], pos[1]]
    return r


def _to_all_maxima(r: np.ndarray, a: np.ndarray, k: int) -> np.ndarray:
    """Give the value of a window to every pixel in it that is as large as its maximum."""
    _, h, w = r.shape
    out, inside = np.zeros(a.shape), np.s_[:, : h * k, : w * k]
    large = max_pool_switches(a, k)[0].repeat(k, axis=1).repeat(k, axis=2)
    out[inside] = r.repeat(k, axis=1).repeat(k, axis=2) * (a[inside] == large)
    return out


def walk(
    net: Layers,
    x: np.ndarray,
    layer: int,
    unit: int,
    pos: Place,
    rule: str,
    *,
    start: Callable[..., np.ndarray] = keep_one,
    pool: Callable[..., tuple[np.ndarray, np.ndarray]] = max_pool_switches,
    back_pool: Callable[..., np.ndarray] = unpool,
    back_conv: Callable[..., np.ndarray] = conv_transpose,
    back_relu: Callable[..., np.ndarray] = backward_relu,
    all_maxima: bool = False,
    forward_bias: float = 1,
    forward_relu: bool = True,
    back_bias: float = 0,
    rectified: bool = False,
) -> np.ndarray:
    """Go forward and back; the defaults are right."""
    maps, switches = [x], {}
    for i, (kind, *values) in enumerate(net[: layer + 1]):
        if kind == "conv":
            maps.append(convolve(maps[i], values[0], forward_bias * values[1], *values[2:]))
        elif kind == "relu":
            maps.append(np.maximum(maps[i], 0) if forward_relu else maps[i])
        else:
            pooled, switches[i] = pool(maps[i], values[0])
            maps.append(pooled)
    r = start(maps[-1], unit, pos)
    for i in range(layer, -1, -1):
        kind, *values = net[i]
        if kind == "conv":
            r = r + back_bias * values[1][:, None, None] * (r != 0)
            r = back_conv(r, values[0], values[2], values[3], maps[i].shape)
        elif kind == "relu":
            r = back_relu(r, maps[i], rule)
        elif all_maxima:
            r = _to_all_maxima(r, maps[i], values[0])
        else:
            r = back_pool(r, switches[i], maps[i].shape)
        if rectified:
            r = np.maximum(r, 0)
    return r
