"""Independent right solutions of this lab, for the tests of the grader: other algorithms, libraries and precisions.

- ``VARIANTS``    exercise id -> functions named ``<function>_<style>``
- ``EQUIVALENT``  exercise id -> changed line of the reference -> why it is right too

The file runs where student code runs: numpy, torch, scipy, the bench of xailab, nothing else. None of these is an
example of good style; a student may have written any of them. (xailab is imported inside the functions that need it,
so that each of them can stand alone.)
"""

import math

import numpy as np
import scipy.ndimage
import scipy.signal
import torch
import torch.nn.functional


def strongest_unit_loops(maps):
    """Plain Python, the first of equal ones."""
    best, value = 0, -math.inf
    for unit in range(maps.shape[0]):
        for number in maps[unit].ravel():
            if number > value:
                best, value = unit, number
    return best


def strongest_unit_flat(maps):
    """Divide the place of the maximum in the long row by the cells of a map."""
    return int(maps.argmax()) // (maps.shape[1] * maps.shape[2])


def strongest_unit_torch(maps):
    """Torch."""
    return torch.as_tensor(maps.copy()).amax((1, 2)).argmax()


def strongest_unit_sorted(maps):
    """Sort units by their maximum, downwards and stably."""
    return sorted(range(len(maps)), key=lambda unit: -maps[unit].max())[0]


def conv2d_naive_loops(x, w, b, stride, pad):
    """Seven loops, and no padded copy."""
    outputs, channels, k, _ = w.shape
    _, H, W = x.shape
    height, width = (H + 2 * pad - k) // stride + 1, (W + 2 * pad - k) // stride + 1
    out = np.zeros((outputs, height, width))
    for o in range(outputs):
        for i in range(height):
            for j in range(width):
                total = float(b[o])
                for c in range(channels):
                    for di in range(k):
                        for dj in range(k):
                            row, column = i * stride + di - pad, j * stride + dj - pad
                            if 0 <= row < H and 0 <= column < W:
                                total += float(w[o, c, di, dj]) * float(x[c, row, column])
                out[o, i, j] = total
    return out


def conv2d_naive_columns(x, w, b, stride, pad):
    """All windows as rows of one matrix (im2col), one product."""
    k = w.shape[2]
    padded = np.pad(x, [(0, 0), (pad, pad), (pad, pad)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(1, 2))[:, ::stride, ::stride]
    rows = windows.transpose(1, 2, 0, 3, 4).reshape(windows.shape[1] * windows.shape[2], -1)
    out = rows @ w.reshape(len(w), -1).T + b
    return out.T.reshape(len(w), windows.shape[1], windows.shape[2])


def conv2d_naive_shifts(x, w, b, stride, pad):
    """One product for each weight of the window: shifted, thinned images."""
    k = w.shape[3]
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    height, width = (padded.shape[1] - k) // stride + 1, (padded.shape[2] - k) // stride + 1
    out = np.tile(b[:, None, None].astype(float), (1, height, width))
    for di in range(k):
        for dj in range(k):
            part = padded[:, di : di + height * stride : stride, dj : dj + width * stride : stride]
            out += np.einsum("oc,chw->ohw", w[:, :, di, dj], part[:, :height, :width])
    return out


def conv2d_naive_torch(x, w, b, stride, pad):
    """Torch in float32."""
    tensors = [torch.as_tensor(np.ascontiguousarray(part)).float() for part in (x, w, b)]
    return torch.nn.functional.conv2d(tensors[0][None], tensors[1], tensors[2], stride, pad)[0]


def conv2d_naive_scipy(x, w, b, stride, pad):
    """SciPy's correlation, all windows, of which every so manieth is kept."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    out = []
    for filters, bias in zip(w, b, strict=True):
        dense = sum(scipy.signal.correlate2d(p, f, "valid") for p, f in zip(padded, filters, strict=True))
        out.append(dense[::stride, ::stride] + bias)
    return np.stack(out)


def filters_to_images_loops(w):
    """Filter by filter."""
    images = []
    for one in w:
        spread = one.max() - one.min()
        image = np.full(one.shape, 0.5) if spread == 0 else (one - one.min()) / spread
        images.append(np.moveaxis(image, 0, 2))
    return np.stack(images)


def filters_to_images_flat(w):
    """Flatten, scale rows, put back."""
    flat = w.reshape(len(w), -1).astype(np.float64)
    flat = flat - flat.min(1)[:, None]
    top = flat.max(1)[:, None]
    scaled = np.divide(flat, top, out=np.full_like(flat, 0.5), where=top > 0)
    return np.einsum("ockl->oklc", scaled.reshape(w.shape))


def filters_to_images_torch(w):
    """Torch."""
    filters = torch.as_tensor(np.ascontiguousarray(w))
    low, high = filters.amin((1, 2, 3), True), filters.amax((1, 2, 3), True)
    return torch.nan_to_num((filters - low) / (high - low), nan=0.5).permute(0, 2, 3, 1)


def filters_to_images_interp(w):
    """Interpolate between the two ends."""
    out = np.empty((w.shape[0], w.shape[2], w.shape[3], 3))
    for n in range(len(w)):
        for color in range(3):
            low, high = w[n].min(), w[n].max()
            out[n, :, :, color] = np.interp(w[n, color], (low, high), (0, 1)) if low < high else 0.5
    return out


def receptive_field_closed(layers):
    """Take jumps first, then sums."""
    jumps = np.cumprod([1, *(s for _, s, _ in layers)])
    size = 1 + sum((k - 1) * j for (k, _, _), j in zip(layers, jumps, strict=False))
    start = 0.5 + sum(((k - 1) / 2 - p) * j for (k, _, p), j in zip(layers, jumps, strict=False))
    return int(size), int(jumps[-1]), float(start)


def receptive_field_backwards(layers):
    """From the unit down: the first and last pixel of cells 0 and 1."""
    boxes = []
    for cell in (0, 1):
        first = last = cell
        for k, s, p in reversed(layers):
            first, last = s * first - p, s * last - p + k - 1
        boxes.append((first, last + 1))
    (low, high), (next_low, _) = boxes
    return high - low, next_low - low, (low + high) / 2


def receptive_field_edges(layers):
    """Keep the left and the right edge of the first box."""
    left, right, step = 0, 1, 1
    for kernel, stride, padding in layers:
        left -= padding * step
        right += (kernel - 1 - padding) * step
        step *= stride
    return np.array([right - left, step, (left + right) / 2])


def receptive_field_recursive(layers):
    """Ask for one layer less."""
    if not layers:
        return 1, 1, 0.5
    *earlier, (k, s, p) = layers
    size, jump, start = receptive_field_recursive(earlier)
    return size + k * jump - jump, s * jump, start + jump * (k - 1 - 2 * p) / 2


def top_k_loops(A, k):
    """Go unit by unit, with Python's own sort."""
    idx, pos = [], []
    for unit in range(A.shape[1]):
        ranked = sorted(range(len(A)), key=lambda n, unit=unit: (-A[n, unit].max(), n))[:k]
        idx.append(ranked)
        pos.append([np.unravel_index(A[n, unit].argmax(), A.shape[2:]) for n in ranked])
    return np.array(idx), np.array(pos)


def top_k_lexsort(A, k):
    """Sort by score and number."""
    N, K, h, w = A.shape
    scores = A.max(axis=(2, 3))
    idx = np.stack([np.lexsort((np.arange(N), -scores[:, u]))[:k] for u in range(K)])
    cells = A.reshape(N, K, h * w).argmax(-1)
    best = np.stack([cells[idx[u], u] for u in range(K)])
    return idx.astype(np.int32), np.stack(np.divmod(best, w), axis=2)


def top_k_torch(A, k):
    """Torch's stable sort."""
    T = torch.as_tensor(np.ascontiguousarray(A))
    scores, cells = T.flatten(2).max(2)
    idx = torch.sort(scores, dim=0, descending=True, stable=True).indices[:k].T
    best = torch.gather(cells.T, 1, idx)
    return idx, torch.stack((best // A.shape[3], best % A.shape[3]), -1)


def top_k_streaming(A, k):
    """One image after the other, lists of the best so far."""
    K = A.shape[1]
    best = [[] for _ in range(K)]
    for n, maps in enumerate(A):
        for unit in range(K):
            row, column = np.unravel_index(np.argmax(maps[unit]), maps[unit].shape)
            best[unit].append((-maps[unit][row, column], n, (row, column)))
            best[unit] = sorted(best[unit], key=lambda entry: entry[:2])[:k]
    idx = np.array([[n for _, n, _ in row] for row in best])
    return idx, np.array([[place for _, _, place in row] for row in best])


def crop_patch_loops(x, pos, rf):
    """Pixel by pixel."""
    size, jump, start = rf
    patch = np.zeros((3, size, size))
    for i in range(size):
        for j in range(size):
            row = int(start + jump * pos[0] - size / 2) + i
            column = int(start + jump * pos[1] - size / 2) + j
            if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                patch[:, i, j] = x[:, row, column]
    return patch


def crop_patch_overlap(x, pos, rf):
    """Copy what both have."""
    size, jump, start = rf
    top, left = math.floor(start + jump * pos[0] - size / 2), math.floor(start + jump * pos[1] - size / 2)
    patch = np.zeros((3, size, size), x.dtype)
    rows, columns = slice(max(top, 0), max(top + size, 0)), slice(max(left, 0), max(left + size, 0))
    part = x[:, rows, columns]
    down, right = max(-top, 0), max(-left, 0)
    patch[:, down : down + part.shape[1], right : right + part.shape[2]] = part
    return patch


def crop_patch_sampled(x, pos, rf):
    """Ask SciPy for the pixels at these places."""
    size, jump, start = rf
    rows, columns = (start + jump * np.array(p) - (size - 1) / 2 - 0.5 + np.arange(size) for p in pos)
    places = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([scipy.ndimage.map_coordinates(one, places, order=0, mode="constant") for one in x])


def crop_patch_torch(x, pos, rf):
    """Torch pads by what is missing, with negative numbers where it is to cut."""
    size, jump, start = rf
    top, left = (int(start + jump * place - size / 2) for place in pos)
    _, H, W = x.shape
    pads = (-left, left + size - W, -top, top + size - H)
    return torch.nn.functional.pad(torch.as_tensor(x.copy()), pads)


def discrepancy_map_one_by_one(network, layer, x, unit, patch, stride):
    """One picture after the other."""
    from xailab import hooks

    def ask(picture):
        return hooks.activations(network.module, torch.from_numpy(picture[None].copy()), layer)[layer][0, unit].numpy()

    before = ask(x)
    cell = np.unravel_index(before.argmax(), before.shape)
    total, count = np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for row in range(0, x.shape[1] - patch + 1, stride):
        for column in range(0, x.shape[2] - patch + 1, stride):
            y = x.copy()
            y[:, row : row + patch, column : column + patch] = 0
            total[row : row + patch, column : column + patch] += abs(ask(y)[cell] - before[cell])
            count[row : row + patch, column : column + patch] += 1
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def discrepancy_map_masks(network, layer, x, unit, patch, stride):
    """Masks as a matrix: (occluders, pixels)."""
    from xailab import hooks

    H, W = x.shape[1:]
    masks = []
    for row in range(0, H - patch + 1, stride):
        for column in range(0, W - patch + 1, stride):
            mask = np.zeros((H, W), np.float32)
            mask[row : row + patch, column : column + patch] = 1
            masks.append(mask)
    masks = np.stack(masks)
    batch = np.concatenate([x[None], x * (1 - masks[:, None])]).astype(np.float32)
    with hooks.Capture(network.module, layer, stop=True) as capture, torch.no_grad():
        maps = capture(torch.from_numpy(batch))[layer][:, unit].flatten(1).double().numpy()
    changes = np.abs(maps[1:] - maps[0])[:, maps[0].argmax()]
    return np.tensordot(changes, masks, 1) / np.clip(masks.sum(0), 1, None)


def discrepancy_map_children(network, layer, x, unit, patch, stride):
    """Run the network by hand, child after child, in small batches; sums are box filters of single numbers."""
    names = layer.split(".")

    def forward(batch):
        value, children = torch.from_numpy(batch), dict(network.module.named_children())
        for name, child in children.items():
            if name == names[0]:
                break
            value = child(value)
        last = children[names[0]]
        return (last if len(names) == 1 else last[0])(value)[:, unit].detach().numpy()

    before = forward(np.ascontiguousarray(x)[None])[0]
    row, column = divmod(int(before.argmax()), before.shape[1])
    changes, ones = np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for top in range(0, x.shape[1] - patch + 1, stride):
        batch = []
        for left in range(0, x.shape[2] - patch + 1, stride):
            batch.append(np.array(x))
            batch[-1][:, top : top + patch, left : left + patch] *= 0
            ones[top, left] = 1
        after = forward(np.stack(batch))[:, row, column]
        changes[top, : len(batch) * stride : stride][: len(batch)] = np.abs(after - before[row, column])
    box = np.ones((patch, patch))
    H, W = x.shape[1:]
    total, count = (scipy.signal.convolve2d(part, box)[:H, :W] for part in (changes, ones))
    return np.where(count > 0.5, total / np.maximum(count, 1), 0)


VARIANTS = {
    "strongest-unit": (
        strongest_unit_loops,
        strongest_unit_flat,
        strongest_unit_torch,
        strongest_unit_sorted,
    ),
    "conv2d-naive": (
        conv2d_naive_loops,
        conv2d_naive_columns,
        conv2d_naive_shifts,
        conv2d_naive_torch,
        conv2d_naive_scipy,
    ),
    "filters-to-images": (
        filters_to_images_loops,
        filters_to_images_flat,
        filters_to_images_torch,
        filters_to_images_interp,
    ),
    "receptive-field": (
        receptive_field_closed,
        receptive_field_backwards,
        receptive_field_edges,
        receptive_field_recursive,
    ),
    "top-k": (top_k_loops, top_k_lexsort, top_k_torch, top_k_streaming),
    "crop-patch": (crop_patch_loops, crop_patch_overlap, crop_patch_sampled, crop_patch_torch),
    "discrepancy-map": (discrepancy_map_one_by_one, discrepancy_map_masks, discrepancy_map_children),
}

_UNUSED = "stands in for a range of 0, whose quotient is not used"

EQUIVALENT = {
    "conv2d-naive": {
        "conv2d_naive: k = w.shape[-1]  =>  1 becomes 2": "filters are square: their height is their width",
    },
    "filters-to-images": {
        "filters_to_images: scaled = np.where(constant, 0.5, (w - low) / np.where(constant, 1.0, high - low))  =>  "
        "1.0 becomes 2.0": _UNUSED,
        "filters_to_images: scaled = np.where(constant, 0.5, (w - low) / np.where(constant, 1.0, high - low))  =>  "
        "1.0 becomes 0.5": _UNUSED,
    },
    "discrepancy-map": {
        "discrepancy_map: batch = np.repeat(x[None], len(corners) + 1, 0)  =>  1 becomes 2": (
            "one more copy of the whole picture, which nothing is read from"
        ),
    },
}
