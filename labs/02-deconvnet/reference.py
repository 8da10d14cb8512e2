"""The right functions of this lab, in plain numpy: written to be read, and equal to xailab's library and to torch.

- ``max_pool_switches``  max pooling that remembers where each maximum was
- ``unpool``             every value back to its place
- ``conv_transpose``     the adjoint of the network's convolution: filters on the way back
- ``backward_relu``      what a ReLU lets through on the way back: three rules
- ``project``            one activation, projected down to the pixels
- ``convolve``           the convolution of the way forward, as the notebook gives it to students

Called on the trusted side only. The examination of the grading changes these functions line by line, so each depends
on numpy and on its neighbors in this file alone.
"""

import numpy as np

Layers = list[tuple]  # type: ignore[type-arg]
"""``("conv", w, b, stride, pad)``, ``("relu",)`` or ``("pool", k)``, in the order of the way forward."""


def max_pool_switches(a: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima (C, h, w) of the k x k windows of a (C, H, W), and their switches: row * W + column.

    Source: Zeiler and Fergus 2014, section 2.1 ("switches").
    """
    C, H, W = a.shape
    h, w = H // k, W // k
    windows = a[:, : h * k, : w * k].reshape(C, h, k, w, k).transpose(0, 1, 3, 2, 4).reshape(C, h, w, k * k)
    first = windows.argmax(3)
    rows = np.arange(h)[:, None] * k + first // k
    columns = np.arange(w) * k + first % k
    return windows.max(3), rows * W + columns


def unpool(p: np.ndarray, idx: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return maps of this shape with each p (C, h, w) added at its switch, 0 elsewhere.

    Source: Zeiler and Fergus 2014, section 2.1. They do not say what becomes of equal switches; adding is the adjoint.
    """
    C, H, W = shape
    flat = np.zeros((C, H * W))
    np.add.at(flat, (np.arange(C)[:, None, None], idx), p)
    return flat.reshape(shape)


def conv_transpose(r: np.ndarray, w: np.ndarray, stride: int, pad: int, out_shape: tuple[int, int, int]) -> np.ndarray:
    """Return the adjoint of ``convolve`` at r (O, h, w): maps of the shape that went into the convolution.

    Source: Dumoulin and Visin 2016, chapter 4.
    """
    (_, h, wide), (*_, k), (_, H, W) = r.shape, w.shape, out_shape
    padded = np.pad(np.zeros(out_shape), ((0, 0), (pad, pad), (pad, pad)))
    for u in range(k):
        for v in range(k):
            reached = np.s_[:, u : u + stride * h : stride, v : v + stride * wide : stride]
            padded[reached] += np.tensordot(w[:, :, u, v], r, (0, 0))
    return padded[:, pad : pad + H, pad : pad + W]


def backward_relu(r: np.ndarray, a: np.ndarray, rule: str) -> np.ndarray:
    """Return what of r passes a ReLU into which a went.

    Source: Springenberg et al. 2015, figure 1.
    """
    if rule == "deconv":
        return np.maximum(r, 0)
    if rule == "gradient":
        return np.where(a > 0, r, 0)
    return np.where(a > 0, np.maximum(r, 0), 0)


def convolve(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """Return the convolution (O, h, w) of x (C, H, W) with w (O, C, k, k), as networks mean it: kernels not flipped."""
    *_, k = w.shape
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), (1, 2))[:, ::stride, ::stride]
    return np.tensordot(w, windows, ((1, 2, 3), (0, 3, 4))) + b[:, None, None]


def project(
    net: Layers, x: np.ndarray, layer: int, unit: int, pos: tuple[int, int], rule: str = "deconv"
) -> np.ndarray:
    """Return the activation of one unit at one place after ``net[layer]``, projected down to the pixels of x (C, H, W).

    Source: Zeiler and Fergus 2014, section 2.1; Springenberg et al. 2015, section 3.4 for the rules.
    """
    maps, switches = [x], {}
    for i in range(layer + 1):
        kind, *values = net[i]
        if kind == "conv":
            maps.append(convolve(maps[i], *values))
        elif kind == "relu":
            maps.append(np.maximum(maps[i], 0))
        else:
            pooled, switches[i] = max_pool_switches(maps[i], *values)
            maps.append(pooled)
    r = np.zeros(maps[-1].shape)
    r[unit, pos[0], pos[1]] = maps[-1][unit, pos[0], pos[1]]
    for i in reversed(range(layer + 1)):
        kind, *values = net[i]
        if kind == "conv":
            r = conv_transpose(r, values[0], values[2], values[3], maps[i].shape)
        elif kind == "relu":
            r = backward_relu(r, maps[i], rule)
        else:
            r = unpool(r, switches[i], maps[i].shape)
    return r
