"""Independent right solutions of this lab, for the tests of the grader: other algorithms, libraries and precisions.

- ``VARIANTS``    exercise id -> functions named ``<function>_<style>``
- ``EQUIVALENT``  exercise id -> changed line of the reference -> why it is right too

The file runs where student code runs: numpy, torch, scipy, nothing else. None of these is an example of good style; a
student may have written any of them.
"""

import math
from collections import Counter

import numpy as np
import scipy.linalg
import scipy.ndimage
import torch


def thresholds_loops(activations, q=0.005):
    """Plain Python lists."""
    found = []
    for k in range(activations.shape[1]):
        values = sorted((float(a) for image in activations for a in image[k].flat), reverse=True)
        found.append(values[int(q * len(values))])
    return np.array(found)


def thresholds_quantile(activations, q=0.005):
    """NumPy's quantile without interpolation."""
    return np.quantile(activations, 1 - q, axis=(0, 2, 3), method="inverted_cdf")


def thresholds_partition(activations, q=0.005):
    """Use selection instead of sorting, in float32."""
    rows = activations.astype(np.float32).swapaxes(0, 1).reshape(activations.shape[1], -1)
    place = rows.shape[1] - 1 - math.floor(q * rows.shape[1])
    return np.partition(rows, place, axis=1)[:, place]


def thresholds_topk(activations, q=0.005):
    """Torch."""
    rows = torch.as_tensor(activations.copy()).transpose(0, 1).flatten(1)
    return rows.topk(int(q * rows.shape[1]) + 1, dim=1).values[:, -1]


def upsample_loops(maps, height, width):
    """Pixel by pixel, from the four cells around it."""
    h, w = maps.shape[-2:]
    out = np.zeros((*maps.shape[:-2], height, width))
    for i in range(height):
        y = min(max((i + 0.5) * h / height - 0.5, 0), h - 1)
        top, below = int(y), min(int(y) + 1, h - 1)
        for j in range(width):
            x = min(max((j + 0.5) * w / width - 0.5, 0), w - 1)
            left, right = int(x), min(int(x) + 1, w - 1)
            upper = maps[..., top, left] * (1 - (x - left)) + maps[..., top, right] * (x - left)
            lower = maps[..., below, left] * (1 - (x - left)) + maps[..., below, right] * (x - left)
            out[..., i, j] = upper * (1 - (y - top)) + lower * (y - top)
    return out


def upsample_torch(maps, height, width):
    """Torch's own, in float32."""
    flat = torch.as_tensor(np.ascontiguousarray(maps), dtype=torch.float32).reshape(-1, 1, *maps.shape[-2:])
    large = torch.nn.functional.interpolate(flat, (height, width), mode="bilinear", align_corners=False)
    return large.reshape(*maps.shape[:-2], height, width)


def upsample_gather(maps, height, width):
    """Fancy indexing, one axis after the other."""
    for axis, size in ((-2, height), (-1, width)):
        cells = maps.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * cells / size - 0.5, 0, cells - 1)
        first = place.astype(int)
        rest = place - first
        if axis == -2:
            rest = rest[:, None]
        one, two = (np.take(maps, np.minimum(index, cells - 1), axis) for index in (first, first + 1))
        maps = one + (two - one) * rest
    return maps


def upsample_interp(maps, height, width):
    """``np.interp``, which continues the edges by itself."""
    h, w = maps.shape[-2:]
    ys, xs = (np.arange(height) + 0.5) * h / height - 0.5, (np.arange(width) + 0.5) * w / width - 0.5
    wide = np.apply_along_axis(lambda row: np.interp(xs, np.arange(w), row), -1, maps)
    return np.apply_along_axis(lambda column: np.interp(ys, np.arange(h), column), -2, wide)


def upsample_ndimage(maps, height, width):
    """SciPy's sampling at coordinates."""
    h, w = maps.shape[-2:]
    grid = np.meshgrid((np.arange(height) + 0.5) * h / height - 0.5, (np.arange(width) + 0.5) * w / width - 0.5)
    places = [axis.T for axis in grid]
    flat = [
        scipy.ndimage.map_coordinates(a.astype(float), places, order=1, mode="nearest") for a in maps.reshape(-1, h, w)
    ]
    return np.reshape(flat, (*maps.shape[:-2], height, width))


def iou_table_loops(activations, limits, labels, size):
    """Boolean arrays, every unit and concept in loops."""
    table = np.zeros((activations.shape[1], size))
    for k in range(activations.shape[1]):
        masks = upsample_gather(activations[:, k], *labels.shape[1:]) > limits[k]
        for c in range(1, size):
            both = union = 0
            for mask, label in zip(masks, labels, strict=True):
                if (label != 0).any():
                    both += np.sum(mask & (label == c))
                    union += np.sum(mask | (label == c))
            if union > 0:
                table[k, c] = both / union
    return table


def iou_table_bincount(activations, limits, labels, size):
    """Count labels under each mask, image by image, in integers."""
    units = activations.shape[1]
    both, area, of = np.zeros((units, size), int), np.zeros(units, int), np.zeros(size, int)
    for maps, label in zip(activations, labels, strict=True):
        if label.max() == 0:
            continue
        of += np.bincount(label.ravel().astype(int), minlength=size)[:size]
        for k, large in enumerate(upsample_gather(maps, *label.shape)):
            under = label[large > limits[k]]
            both[k] += np.bincount(under.astype(int), minlength=size)[:size]
            area[k] += under.size
    union = area[:, None] + of - both
    table = np.where(union > 0, both / np.where(union > 0, union, 1), 0.0)
    table[:, 0] = 0
    return table


def iou_table_torch(activations, limits, labels, size):
    """Torch, in float32, with a product of matrices."""
    kept = (labels > 0).any((1, 2))
    large = torch.as_tensor(np.asarray(upsample_torch(activations, *labels.shape[1:])))[kept]
    masks = (large > torch.as_tensor(limits, dtype=torch.float32)[:, None, None]).float()
    target = torch.as_tensor(labels[kept].astype(np.int64))
    onehot = torch.nn.functional.one_hot(target, size).permute(0, 3, 1, 2).float()
    rows, columns = masks.transpose(0, 1).flatten(1), onehot.transpose(0, 1).flatten(1)
    both = rows @ columns.T
    table = both / (rows.sum(1)[:, None] + columns.sum(1) - both).clamp(min=1)
    table[:, 0] = 0
    return table


def label_units_vectorised(iou, threshold=0.04):
    """Arrays of winners, cut by a mask."""
    concepts = iou[:, 1:].argmax(1) + 1
    best = iou[np.arange(len(iou)), concepts]
    units = np.flatnonzero(best > threshold)
    return list(zip(units, concepts[units], best[units], strict=True))


def label_units_loops(iou, threshold=0.04):
    """Comparisons by hand, units in descending order, lists for tuples."""
    found = []
    for unit in reversed(range(len(iou))):
        best, value = 0, threshold
        for concept in range(1, iou.shape[1]):
            if iou[unit, concept] > value:
                best, value = concept, iou[unit, concept]
        if best:
            found.append([unit, best, float(value)])
    return found


def label_units_torch(iou, threshold=0.04):
    """Torch; the strongest unit first."""
    table = torch.as_tensor(iou.copy())
    table[:, 0] = -1
    found = []
    for unit, row in enumerate(table):
        value = row.max()
        if value > threshold:
            found.append((unit, int((row == value).nonzero()[0]), value.item()))
    return sorted(found, key=lambda entry: -entry[2])


def unique_detectors_counter(found):
    """Use a counter."""
    return len(Counter(concept for unit, concept, iou in found))


def unique_detectors_numpy(found):
    """Use an array."""
    return np.unique([entry[1] for entry in found]).size


def unique_detectors_loops(found):
    """Keep a list of those seen."""
    seen = []
    for _, concept, _ in found:
        if concept not in seen:
            seen.append(concept)
    return len(seen)


def null_table_argsort(activations, limits, labels, size, rng):
    """Another way to draw an order."""
    return iou_table_bincount(activations, limits, labels[np.argsort(rng.random(len(labels)))], size)


def null_table_cycle(activations, limits, labels, size, rng):
    """Draw a random cycle: nobody keeps his own."""
    order = rng.permutation(len(labels))
    given = np.empty_like(labels)
    given[order] = labels[np.roll(order, 1)]
    return iou_table_loops(activations, limits, given, size)


def null_table_images(activations, limits, labels, size, rng):
    """Exchange the activations instead of the labels."""
    moved = activations.copy()
    rng.shuffle(moved)
    return iou_table_torch(moved, limits, labels, size)


def random_rotation_gram_schmidt(k, rng):
    """Orthogonalization by hand, row by row."""
    rows = []
    for _ in range(k):
        row = rng.normal(size=k)
        for _again in range(2):
            for known in rows:
                row = row - (row @ known) * known
        rows.append(row / np.sqrt(row @ row))
    if np.linalg.det(rows) < 0:
        rows[-1] = -rows[-1]
    return np.array(rows)


def random_rotation_polar(k, rng):
    """Take the orthogonal part of the polar decomposition."""
    left, _, right = np.linalg.svd(rng.standard_normal((k, k)))
    q = left @ right
    q[:, -1] *= np.linalg.slogdet(q)[0]
    return q


def random_rotation_torch(k, rng):
    """Torch's generator, seeded from ours; the signs fixed by hand."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    q, r = torch.linalg.qr(torch.randn(k, k, generator=generator, dtype=torch.float64))
    q = q * torch.diagonal(r).sign()
    if torch.linalg.det(q) < 0:
        q[[0]] *= -1
    return q.float()


def random_rotation_householder(k, rng):
    """Multiply reflections made from random vectors."""
    q = np.eye(k)
    for size in range(k, 0, -1):
        x = rng.standard_normal(size)
        sign = 1.0 if x[0] >= 0 else -1.0
        v = x.copy()
        v[0] += sign * np.linalg.norm(x)
        v /= np.linalg.norm(v)
        block = -sign * (np.eye(size) - 2 * np.outer(v, v))
        whole = np.eye(k)
        whole[k - size :, k - size :] = block
        q = q @ whole
    if np.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q


def fractional_scipy(rotation, alpha):
    """SciPy's own."""
    return np.real(scipy.linalg.fractional_matrix_power(rotation, alpha))


def fractional_logarithm(rotation, alpha):
    """Exponential of a part of the logarithm."""
    return scipy.linalg.expm(alpha * np.real(scipy.linalg.logm(rotation)))


def fractional_schur(rotation, alpha):
    """Plane by plane, in the real Schur form."""
    blocks, basis = scipy.linalg.schur(np.asarray(rotation, float))
    turned, i = np.eye(len(blocks)), 0
    while i < len(blocks) - 1:
        if abs(blocks[i + 1, i]) > 1e-6:
            angle = alpha * np.arctan2(blocks[i + 1, i], blocks[i, i])
            turned[i : i + 2, i : i + 2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            i += 1
        i += 1
    return basis @ turned @ basis.T


def fractional_torch(rotation, alpha):
    """Torch's complex eigenvalues, in float32."""
    values, vectors = torch.linalg.eig(torch.as_tensor(rotation.copy()).double())
    return (vectors @ torch.diag(values**alpha) @ torch.linalg.inv(vectors)).real.float()


def pca_basis_svd(activations):
    """Singular vectors, without a covariance."""
    rows = activations.transpose(0, 2, 3, 1).reshape(-1, activations.shape[1])
    return np.linalg.svd(rows - rows.mean(0), full_matrices=False)[2]


def pca_basis_cov(activations):
    """``np.cov`` and a sorting of its eigenvalues."""
    columns = activations.swapaxes(0, 1).reshape(activations.shape[1], -1)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(columns)))
    return vectors[:, np.argsort(-values)].T


def pca_basis_power(activations):
    """Power iteration, taking away each direction found."""
    rows = np.moveaxis(activations, 1, -1).reshape(-1, activations.shape[1]).astype(float)
    covariance = (rows - rows.mean(0)).T @ (rows - rows.mean(0))
    found = []
    for start in np.eye(len(covariance)):
        vector = start + 0.01
        for _ in range(300):
            for known in found:
                vector = vector - (vector @ known) * known
            vector = vector / np.linalg.norm(vector)
            vector = covariance @ vector
        found.append(vector / np.linalg.norm(vector))
    return np.array(found)


def pca_basis_torch(activations):
    """Torch."""
    rows = torch.as_tensor(activations.copy()).double().permute(0, 2, 3, 1).flatten(0, 2)
    return -torch.linalg.svd(rows - rows.mean(0), full_matrices=False).Vh


def shuffle_patches_reshape(images, labels, grid, rng):
    """Reshaping, without slices."""
    n, c, h, w = images.shape
    pixels = images.reshape(n, c, grid, h // grid, grid, w // grid).transpose(0, 2, 4, 1, 3, 5)
    tags = labels.reshape(n, grid, h // grid, grid, w // grid).transpose(0, 1, 3, 2, 4)
    pixels, tags = (
        pixels.reshape(n, grid * grid, c, h // grid, w // grid),
        tags.reshape(n, grid * grid, h // grid, w // grid),
    )
    orders = np.stack([rng.permutation(grid * grid) for _ in range(n)])
    pixels, tags = pixels[np.arange(n)[:, None], orders], tags[np.arange(n)[:, None], orders]
    pixels = pixels.reshape(n, grid, grid, c, h // grid, w // grid).transpose(0, 3, 1, 4, 2, 5)
    tags = tags.reshape(n, grid, grid, h // grid, w // grid).transpose(0, 1, 3, 2, 4)
    return pixels.reshape(images.shape), tags.reshape(labels.shape)


def shuffle_patches_block(images, labels, grid, rng):
    """Put patches together with ``np.block``; shuffle a list for the order."""
    high, wide = labels.shape[1] // grid, labels.shape[2] // grid
    done = []
    for image, label in zip(images, labels, strict=True):
        both = np.concatenate([image.astype(float), label[None].astype(float)])
        patches = [
            both[:, i * high : (i + 1) * high, j * wide : (j + 1) * wide] for i in range(grid) for j in range(grid)
        ]
        order = list(range(grid * grid))
        rng.shuffle(order)
        done.append(np.block([[patches[order[i * grid + j]] for j in range(grid)] for i in range(grid)]))
    whole = np.stack(done)
    return whole[:, :-1].astype(images.dtype), whole[:, -1].astype(labels.dtype)


def shuffle_patches_unfold(images, labels, grid, rng):
    """Torch's unfold and fold; orders by sorting random numbers."""
    size = (labels.shape[1] // grid, labels.shape[2] // grid)
    both = torch.cat([torch.as_tensor(images.copy()).double(), torch.as_tensor(labels.copy())[:, None].double()], 1)
    columns = torch.nn.functional.unfold(both, size, stride=size)
    for n in range(len(columns)):
        columns[n] = columns[n][:, torch.as_tensor(np.argsort(rng.random(grid * grid)))]
    whole = torch.nn.functional.fold(columns, tuple(both.shape[2:]), size, stride=size)
    return whole[:, :-1].float(), whole[:, -1].long()


VARIANTS = {
    "thresholds": (thresholds_loops, thresholds_quantile, thresholds_partition, thresholds_topk),
    "upsample": (upsample_loops, upsample_torch, upsample_gather, upsample_interp, upsample_ndimage),
    "iou-table": (iou_table_loops, iou_table_bincount, iou_table_torch),
    "label-units": (label_units_vectorised, label_units_loops, label_units_torch),
    "unique-detectors": (unique_detectors_counter, unique_detectors_numpy, unique_detectors_loops),
    "null-table": (null_table_argsort, null_table_cycle, null_table_images),
    "random-rotation": (
        random_rotation_gram_schmidt,
        random_rotation_polar,
        random_rotation_torch,
        random_rotation_householder,
    ),
    "fractional": (fractional_scipy, fractional_logarithm, fractional_schur, fractional_torch),
    "pca-basis": (pca_basis_svd, pca_basis_cov, pca_basis_power, pca_basis_torch),
    "shuffle-patches": (shuffle_patches_reshape, shuffle_patches_block, shuffle_patches_unfold),
}

EQUIVALENT = {
    "random-rotation": {
        "random_rotation: if np.linalg.det(q) < 0:  =>  np.linalg.det(q) <= 0": (
            "the determinant of an orthogonal matrix is 1 or -1, never 0"
        ),
    },
}
