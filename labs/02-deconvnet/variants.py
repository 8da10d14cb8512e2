"""Independent right solutions of this lab, for the tests of the grader: other algorithms, libraries and precisions.

- ``VARIANTS``    exercise id -> functions named ``<function>_<style>``
- ``EQUIVALENT``  exercise id -> changed line of the reference -> why it is right too

The file runs where student code runs: numpy, torch, scipy, nothing else. None of these is an example of good style; a
student may have written any of them.
"""

import numpy as np
import scipy.signal
import torch
from torch.nn import functional


def max_pool_switches_loops(a, k):
    """Plain Python, pixel by pixel."""
    C, H, W = a.shape
    p = np.zeros((C, H // k, W // k))
    idx = np.zeros(p.shape, dtype=int)
    for c in range(C):
        for i in range(H // k):
            for j in range(W // k):
                best = None
                for row in range(i * k, i * k + k):
                    for column in range(j * k, j * k + k):
                        if best is None or a[c, row, column] > best:
                            best = a[c, row, column]
                            idx[c, i, j] = row * W + column
                p[c, i, j] = best
    return p, idx


def max_pool_switches_windows(a, k):
    """One window at a time, with argmax."""
    C, H, W = a.shape
    h, w = H // k, W // k
    p, idx = np.empty((C, h, w), a.dtype), np.empty((C, h, w), np.int32)
    for c, i, j in np.ndindex(C, h, w):
        window = a[c, i * k : i * k + k, j * k : j * k + k]
        row, column = np.unravel_index(np.argmax(window), window.shape)
        p[c, i, j] = window[row, column]
        idx[c, i, j] = (i * k + row) * W + j * k + column
    return p, idx


def max_pool_switches_torch(a, k):
    """Torch's own pooling."""
    p, idx = functional.max_pool2d(
        torch.tensor(np.ascontiguousarray(a), dtype=torch.float64)[None], k, return_indices=True
    )
    return p[0].numpy(), idx[0].numpy()


def max_pool_switches_numbers(a, k):
    """Cut the numbers of all pixels into the same windows, and choose among them."""
    _, H, W = a.shape
    numbers = np.broadcast_to(np.arange(H * W).reshape(H, W), a.shape)

    def windows(maps):
        view = np.lib.stride_tricks.sliding_window_view(maps, (k, k), axis=(1, 2))[:, ::k, ::k]
        return view.reshape(*view.shape[:3], k * k)

    best = np.argmax(windows(a), axis=-1)[..., None]
    return tuple(np.take_along_axis(windows(some), best, axis=-1).squeeze(-1) for some in (a, numbers))


def max_pool_switches_shifts(a, k):
    """Go over the places in the window, all windows at once."""
    C, H, W = a.shape
    h, w = H // k, W // k
    p, idx = np.full((C, h, w), -np.inf), np.zeros((C, h, w), dtype=np.int64)
    for n in range(k * k):
        u, v = divmod(n, k)
        part = a[:, u : h * k : k, v : w * k : k]
        numbers = (np.arange(h)[:, None] * k + u) * W + np.arange(w)[None] * k + v
        better = part > p
        p, idx = np.where(better, part, p), np.where(better, numbers, idx)
    return p, idx


def unpool_loops(p, idx, shape):
    """Value by value."""
    out = np.zeros(shape)
    for c in range(p.shape[0]):
        for i in range(p.shape[1]):
            for j in range(p.shape[2]):
                row, column = divmod(int(idx[c, i, j]), shape[2])
                out[c, row, column] += p[c, i, j]
    return out


def unpool_bincount(p, idx, shape):
    """Count, with weights."""
    C, H, W = shape
    maps = [np.bincount(idx[c].ravel(), weights=p[c].ravel(), minlength=H * W) for c in range(C)]
    return np.array(maps).reshape(C, H, W)


def unpool_torch(p, idx, shape):
    """Torch's scatter_add."""
    C, H, W = shape
    flat = torch.zeros(C, H * W, dtype=torch.float64)
    values = torch.tensor(np.ascontiguousarray(p), dtype=torch.float64).flatten(1)
    flat.scatter_add_(1, torch.tensor(np.ascontiguousarray(idx), dtype=torch.int64).flatten(1), values)
    return flat.reshape(C, H, W)


def unpool_matrix(p, idx, shape):
    """Multiply by a matrix of ones and zeros, for each map."""
    C, H, W = shape
    out = [(idx[c].ravel() == np.arange(H * W)[:, None]).astype(float) @ p[c].ravel() for c in range(C)]
    return np.stack(out).reshape(shape)


def conv_transpose_cells(r, w, stride, pad, out_shape):
    """Each cell puts its kernels down."""
    C, H, W = out_shape
    k = w.shape[-1]
    padded = np.zeros((C, H + 2 * pad, W + 2 * pad))
    for i in range(r.shape[1]):
        for j in range(r.shape[2]):
            padded[:, i * stride : i * stride + k, j * stride : j * stride + k] += np.tensordot(r[:, i, j], w, 1)
    return padded[:, pad : H + pad, pad : W + pad]


def conv_transpose_gather(r, w, stride, pad, out_shape):
    """Each pixel collects what it gets, in plain Python."""
    _, H, W = out_shape
    k = w.shape[2]
    out = np.zeros(out_shape)
    for y in range(H):
        for x in range(W):
            for u in range(k):
                for v in range(k):
                    i, j = y + pad - u, x + pad - v
                    if i % stride or j % stride or i < 0 or j < 0:
                        continue
                    i, j = i // stride, j // stride
                    if i < r.shape[1] and j < r.shape[2]:
                        out[:, y, x] += r[:, i, j] @ w[:, :, u, v]
    return out


def conv_transpose_zeros_between(r, w, stride, pad, out_shape):
    """Fill up with zeros, then an ordinary correlation with flipped kernels and exchanged axes."""
    (units, h, wide), (_, H, W), k = r.shape, out_shape, w.shape[2]
    full = np.zeros((units, H + 2 * pad + k - 1, W + 2 * pad + k - 1))
    full[:, k - 1 : k - 1 + h * stride : stride, k - 1 : k - 1 + wide * stride : stride] = r
    flipped = np.flip(w, (2, 3)).swapaxes(0, 1)
    windows = np.lib.stride_tricks.sliding_window_view(full, (k, k), axis=(1, 2))
    return np.einsum("ohwuv,couv->chw", windows, flipped, optimize=True)[:, pad : pad + H, pad : pad + W]


def conv_transpose_scipy(r, w, stride, pad, out_shape):
    """SciPy's true convolution of the maps filled up with zeros."""
    C, H, W = out_shape
    spaced = np.zeros((r.shape[0], (r.shape[1] - 1) * stride + 1, (r.shape[2] - 1) * stride + 1))
    spaced[:, ::stride, ::stride] = r
    out = np.zeros((C, H + 2 * pad, W + 2 * pad))
    for c in range(C):
        image = sum(scipy.signal.convolve2d(spaced[o], w[o, c]) for o in range(len(r)))
        out[c, : image.shape[0], : image.shape[1]] = image
    return out[:, pad : pad + H, pad : pad + W]


def conv_transpose_torch(r, w, stride, pad, out_shape):
    """Torch's transposed convolution in float32, with the output padding that the shape asks for."""
    T, K = (torch.tensor(np.ascontiguousarray(some), dtype=torch.float32) for some in (r, w))
    extra = [
        side - ((cells - 1) * stride + K.shape[2] - 2 * pad)
        for side, cells in zip(out_shape[1:], r.shape[1:], strict=True)
    ]
    if max(extra) < stride:
        return functional.conv_transpose2d(T[None], K, stride=stride, padding=pad, output_padding=extra)[0]
    return torch.nn.grad.conv2d_input((1, *out_shape), K, T[None], stride=stride, padding=pad)[0]


def conv_transpose_autograd(r, w, stride, pad, out_shape):
    """Take the derivative of <conv(x), r> with respect to x."""
    x = torch.zeros((1, *out_shape), dtype=torch.float64, requires_grad=True)
    R, K = (torch.tensor(np.ascontiguousarray(some), dtype=torch.float64) for some in (r, w))
    (functional.conv2d(x, K, stride=stride, padding=pad)[0] * R).sum().backward()
    return x.grad[0].numpy()


def backward_relu_products(r, a, rule):
    """Multiply by conditions."""
    if rule == "gradient":
        return r * (a > 0)
    if rule == "deconv":
        return r * (r > 0)
    return r * (a > 0) * (r > 0)


def backward_relu_copy(r, a, rule):
    """Set to 0 what does not pass."""
    out = r.copy()
    if rule in ("gradient", "guided"):
        out[a <= 0] = 0
    if rule in ("deconv", "guided"):
        out[out < 0] = 0
    return out


def backward_relu_loops(r, a, rule):
    """Decide number by number."""
    out = np.zeros(r.shape)
    for place in np.ndindex(r.shape):
        on, up = a[place] > 0, r[place] > 0
        if {"gradient": on, "deconv": up, "guided": on and up}[rule]:
            out[place] = r[place]
    return out


def backward_relu_maximum(r, a, rule):
    """Signs and maxima, in float32."""
    r, gate = r.astype(np.float32), np.heaviside(a, 0).astype(np.float32)
    r = r if rule == "gradient" else np.maximum(r, 0)
    return r if rule == "deconv" else r * gate


def _convolve_loops(x, w, b, stride, pad):
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    h, wide = (x.shape[1] - k) // stride + 1, (x.shape[2] - k) // stride + 1
    out = np.zeros((len(w), h, wide))
    for i in range(h):
        for j in range(wide):
            out[:, i, j] = np.tensordot(w, x[:, i * stride : i * stride + k, j * stride : j * stride + k], 3) + b
    return out


def project_own(net, x, layer, unit, pos, rule="deconv"):
    """Down again with the functions above, a stack of what is needed on the way back."""
    stack = []
    for kind, *rest in net[: layer + 1]:
        before = x
        if kind == "conv":
            x = _convolve_loops(x, *rest)
            stack.append(("conv", rest, before.shape))
        elif kind == "relu":
            x = np.clip(x, 0, None)
            stack.append(("relu", x, None))
        else:
            x, idx = max_pool_switches_windows(x, rest[0])
            stack.append(("pool", idx, before.shape))
    r = np.zeros_like(x)
    r[unit][tuple(pos)] = x[unit][tuple(pos)]
    while stack:
        kind, kept, shape = stack.pop()
        if kind == "conv":
            r = conv_transpose_cells(r, kept[0], kept[2], kept[3], shape)
        elif kind == "relu":
            r = backward_relu_products(r, kept, rule)
        else:
            r = unpool_loops(r, kept, shape)
    return r


def project_recursive(net, x, layer, unit, pos, rule="deconv"):
    """Each layer calls the one above it and then goes back itself."""

    def down(i, maps):
        if i > layer:
            r = np.zeros(maps.shape)
            r[(unit, *pos)] = maps[(unit, *pos)]
            return r
        name = net[i][0]
        if name == "conv":
            _, w, b, stride, pad = net[i]
            return conv_transpose_zeros_between(
                down(i + 1, _convolve_loops(maps, w, b, stride, pad)), w, stride, pad, maps.shape
            )
        if name == "relu":
            return backward_relu_copy(down(i + 1, maps * (maps > 0)), maps, rule)
        p, idx = max_pool_switches_numbers(maps, net[i][1])
        return unpool_bincount(down(i + 1, p), idx, maps.shape)

    return down(0, x)


class _Rule(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, rule):
        ctx.save_for_backward(x)
        ctx.rule = rule
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        (x,) = ctx.saved_tensors
        if ctx.rule != "gradient":
            r = r.clamp(min=0)
        return r if ctx.rule == "deconv" else r * (x > 0), None


def project_autograd(net, x, layer, unit, pos, rule="deconv"):
    """Torch's backpropagation with ReLUs that have another rule: autograd does the rest."""
    start = torch.tensor(np.ascontiguousarray(x), dtype=torch.float64)[None].requires_grad_()
    maps = start
    for kind, *values in net[: layer + 1]:
        if kind == "conv":
            w, b = (torch.tensor(np.ascontiguousarray(v), dtype=torch.float64) for v in values[:2])
            maps = functional.conv2d(maps, w, b, stride=values[2], padding=values[3])
        elif kind == "relu":
            maps = _Rule.apply(maps, rule)
        else:
            maps = functional.max_pool2d(maps, values[0])
    value = maps[0, unit, pos[0], pos[1]]
    (image,) = torch.autograd.grad(value, start, grad_outputs=value.detach())
    return image[0].numpy()


def project_float32(net, x, layer, unit, pos, rule="deconv"):
    """Torch in float32, forward and back by hand."""
    maps, memory = torch.tensor(np.ascontiguousarray(x), dtype=torch.float32)[None], []
    for i in range(layer + 1):
        name, *values = net[i]
        memory.append(maps)
        if name == "conv":
            w, b = (torch.tensor(np.ascontiguousarray(v), dtype=torch.float32) for v in values[:2])
            memory[-1] = (maps.shape, w)
            maps = functional.conv2d(maps, w, b, values[2], values[3])
        elif name == "relu":
            maps = functional.relu(maps)
        else:
            shape = maps.shape
            maps, idx = functional.max_pool2d(maps, values[0], return_indices=True)
            memory[-1] = (shape, idx)
    r = torch.zeros_like(maps)
    r[0, unit, pos[0], pos[1]] = maps[0, unit, pos[0], pos[1]]
    for i in reversed(range(layer + 1)):
        name, *values = net[i]
        if name == "conv":
            shape, w = memory[i]
            r = torch.nn.grad.conv2d_input(shape, w, r, stride=values[2], padding=values[3])
        elif name == "relu":
            keep = torch.ones_like(r, dtype=torch.bool)
            if rule != "gradient":
                keep &= r > 0
            if rule != "deconv":
                keep &= memory[i] > 0
            r = r * keep
        else:
            shape, idx = memory[i]
            r = functional.max_unpool2d(r, idx, values[0], output_size=shape[2:])
    return r[0].numpy()


VARIANTS = {
    "max-pool-switches": (
        max_pool_switches_loops,
        max_pool_switches_windows,
        max_pool_switches_torch,
        max_pool_switches_numbers,
        max_pool_switches_shifts,
    ),
    "unpool": (unpool_loops, unpool_bincount, unpool_torch, unpool_matrix),
    "conv-transpose": (
        conv_transpose_cells,
        conv_transpose_gather,
        conv_transpose_zeros_between,
        conv_transpose_scipy,
        conv_transpose_torch,
        conv_transpose_autograd,
    ),
    "backward-relu": (backward_relu_products, backward_relu_copy, backward_relu_loops, backward_relu_maximum),
    "project": (project_own, project_recursive, project_autograd, project_float32),
}

EQUIVALENT: dict[str, dict[str, str]] = {}
