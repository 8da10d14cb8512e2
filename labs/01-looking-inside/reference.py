"""The right functions of this lab, in plain numpy: written to be read, and equal to torch and to xailab's library.

- ``strongest_unit``     which unit answers most strongly? (the warm-up)
- ``conv2d_naive``       what a convolutional layer computes
- ``filters_to_images``  the weights of the first layer as small pictures
- ``receptive_field``    how much of the picture a unit can see, and where
- ``top_k``              the pictures that excite each unit most, and the place in them
- ``crop_patch``         what a unit saw there
- ``discrepancy_map``    where in the picture the unit looked

Called on the trusted side only. The examination of the grading changes these functions line by line, so each depends
on numpy and on its neighbors in this file alone; what only the network needs is imported where it is used.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xailab.models import Network


def strongest_unit(maps: np.ndarray) -> int:
    """Return the number of the unit with the largest activation anywhere in its map (K, h, w)."""
    return int(np.argmax(maps.max((1, 2))))


def conv2d_naive(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """Return the output (O, H', W') of a convolutional layer. Source: Dumoulin and Visin 2016, section 2.4."""
    k = w.shape[-1]
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    height, width = ((n + 2 * pad - k) // stride + 1 for n in x.shape[1:])
    out = np.empty((len(w), height, width))
    for i in range(height):
        for j in range(width):
            window = padded[:, i * stride : i * stride + k, j * stride : j * stride + k]
            out[:, i, j] = (w * window).sum((1, 2, 3)) + b
    return out


def filters_to_images(w: np.ndarray) -> np.ndarray:
    """Return filters (O, 3, k, k) as images (O, k, k, 3) in [0, 1]: each from its own least to its largest weight."""
    low, high = w.min((1, 2, 3), keepdims=True), w.max((1, 2, 3), keepdims=True)
    constant = high == low
    scaled = np.where(constant, 0.5, (w - low) / np.where(constant, 1.0, high - low))
    return scaled.transpose(0, 2, 3, 1)


def receptive_field(layers: Sequence[tuple[int, int, int]]) -> tuple[float, float, float]:
    """Return (size, jump, start) after layers (k, s, p), in pixels; pixel 0 reaches from 0 to 1.

    Source: Araujo et al. 2019, section "Single-path networks"; they number pixels, so that a center in their terms is
    0.5 less.
    """
    size, jump, start = 1.0, 1.0, 0.5
    for k, s, p in layers:
        size = size + (k - 1) * jump
        start = start + ((k - 1) / 2 - p) * jump
        jump = jump * s
    return size, jump, start


def top_k(A: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (K, k) with the largest spatial maximum of each unit, and the place (K, k, 2) of that maximum.

    Source: Zhou et al. 2015, section 3.2.
    """
    images, units, height, width = A.shape
    cells = A.reshape(images, units, height * width)
    order = np.argsort(-cells.max(2), axis=0, kind="stable")[:k].T
    place = np.take_along_axis(cells.argmax(2).T, order, 1)
    return order, np.stack([place // width, place % width], 2)


def crop_patch(x: np.ndarray, pos: tuple[int, int], rf: tuple[int, int, float]) -> np.ndarray:
    """Return what a unit sees at a cell (row, column) of its map: (3, r, r), 0 where there is no picture."""
    size, jump, start = rf
    top, left = (round(start + jump * place - size / 2) for place in pos)
    padded = np.pad(x, ((0, 0), (size, size), (size, size)))
    return padded[:, top + size : top + 2 * size, left + size : left + 2 * size]


def discrepancy_map(network: "Network", layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    """Return how much covering each pixel of x (3, H, W) changes the unit's strongest activation: (H, W).

    Source: Zhou et al. 2015, section 3.2. They cover with random noise; we cover with 0, a medium gray, so that the
    same picture always gives the same map.
    """
    import torch

    from xailab import hooks

    _, height, width = x.shape
    rows, columns = (range(0, n - patch + 1, stride) for n in (height, width))
    corners = [(row, column) for row in rows for column in columns]
    batch = np.repeat(x[None], len(corners) + 1, 0)
    for n, (row, column) in enumerate(corners):
        batch[n, :, row : row + patch, column : column + patch] = 0
    maps = hooks.activations(network.module, torch.from_numpy(batch), layer)[layer][:, unit].flatten(1).numpy()
    cell = np.argmax(maps[-1])
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for n, (row, column) in enumerate(corners):
        total[row : row + patch, column : column + patch] += abs(maps[-1, cell] - maps[n, cell])
        count[row : row + patch, column : column + patch] += 1
    return total / np.maximum(count, 1)
