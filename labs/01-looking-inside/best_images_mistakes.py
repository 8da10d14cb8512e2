"""Known wrong ways to find the best images of a unit, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``top_k``
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import top_k

Answer = tuple[np.ndarray, np.ndarray]


def _ranked_by(A: np.ndarray, scores: np.ndarray, k: int) -> Answer:
    """Return the k images with the highest scores (N, K) of each unit, and the places of the maxima in them."""
    order = np.argsort(-scores, axis=0, kind="stable")[:k].T
    return order, _places(A, order)


def _places(A: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the place of unit u's maximum in image ``order[u, j]``, for all u and j."""
    flat = A.reshape(*A.shape[:2], -1)
    cells = np.take_along_axis(flat.argmax(2).T, order, 1)
    return np.stack(np.unravel_index(cells, A.shape[2:]), -1)


def _by_mean(A: np.ndarray, k: int) -> Answer:
    return _ranked_by(A, A.mean((2, 3)), k)


def _by_strength(A: np.ndarray, k: int) -> Answer:
    return _ranked_by(A, np.abs(A).max((2, 3)), k)


def _by_norm(A: np.ndarray, k: int) -> Answer:
    return _ranked_by(A, (A**2).sum((2, 3)), k)


def _by_first_cell(A: np.ndarray, k: int) -> Answer:
    return _ranked_by(A, A[:, :, A.shape[2] // 2, A.shape[3] // 2], k)


def _last_first(A: np.ndarray, k: int) -> Answer:
    idx, pos = top_k(A, k)
    return idx[:, ::-1], pos[:, ::-1]


def _weakest(A: np.ndarray, k: int) -> Answer:
    return _ranked_by(A, -A.max((2, 3)), k)


def _same_image_twice(A: np.ndarray, k: int) -> Answer:
    _, units, height, width = A.shape
    row = A.transpose(1, 0, 2, 3).reshape(units, -1)
    best = np.argsort(-row, axis=1, kind="stable")[:, :k]
    idx, cell = np.divmod(best, height * width)
    return idx, np.stack(np.divmod(cell, width), -1)


def _over_all_units(A: np.ndarray, k: int) -> Answer:
    order = np.argsort(-A.max((1, 2, 3)), kind="stable")[:k]
    order = np.tile(order, (A.shape[1], 1))
    return order, _places(A, order)


def _units_of_images(A: np.ndarray, k: int) -> Answer:
    order = np.argsort(-A.max((2, 3)).T, axis=0, kind="stable")[:k].T
    idx = np.resize(order, (A.shape[1], k))
    return idx, _places(A, idx % len(A))


def _numbers_of_images(A: np.ndarray, k: int) -> Answer:
    order = np.sort(top_k(A, k)[0], axis=1)
    return order, _places(A, order)


def _columns_first(A: np.ndarray, k: int) -> Answer:
    idx, pos = top_k(A, k)
    return idx, pos[..., ::-1]


def _divided_by_height(A: np.ndarray, k: int) -> Answer:
    idx, pos = top_k(A, k)
    cell = pos[..., 0] * A.shape[3] + pos[..., 1]
    return idx, np.stack([cell // A.shape[2], cell % A.shape[2]], -1)


def _places_not_sorted(A: np.ndarray, k: int) -> Answer:
    units = A.shape[1]
    return top_k(A, k)[0], _places(A, np.tile(np.arange(k), (units, 1)))


def _places_of_best(A: np.ndarray, k: int) -> Answer:
    idx, pos = top_k(A, k)
    return idx, np.repeat(pos[:, :1], k, 1)


def _places_of_first_unit(A: np.ndarray, k: int) -> Answer:
    idx, _ = top_k(A, k)
    cells = A[:, 0].reshape(len(A), -1).argmax(1)[idx]
    return idx, np.stack(np.unravel_index(cells, A.shape[2:]), -1)


def _places_in_images(A: np.ndarray, k: int) -> Answer:
    idx, _ = top_k(A, k)
    cells = A.transpose(0, 2, 3, 1).max(3).reshape(len(A), -1).argmax(1)[idx]
    return idx, np.stack(np.unravel_index(cells, A.shape[2:]), -1)


def _images_in_rows(A: np.ndarray, k: int) -> Answer:
    idx, pos = top_k(A, k)
    return idx.T, pos.swapaxes(0, 1)


def _higher_of_equals(A: np.ndarray, k: int) -> Answer:
    order = np.argsort(A.max((2, 3)), axis=0, kind="stable")[::-1][:k].T
    return order, _places(A, order)


def _last_of_equal_cells(A: np.ndarray, k: int) -> Answer:
    idx, _ = top_k(A, k)
    pos = _places(A[:, :, ::-1, ::-1], idx)
    return idx, np.array(A.shape[2:]) - 1 - pos


MISCONCEPTIONS = (
    Misconception(
        "mean-for-maximum",
        _by_mean,
        "You rank by the mean of the map. Something small that excites the unit strongly in one place has a small "
        "mean. Rank by the maximum.",
        "notebook, section 5",
    ),
    Misconception(
        "strength-without-sign",
        _by_strength,
        "You rank by absolute values or squares: strongly negative activations count as exciting.",
        "notebook, section 5",
        also=(_by_norm,),
    ),
    Misconception(
        "middle-cell-only",
        _by_first_cell,
        "You rank by one cell in the middle of the map. The unit looks everywhere: take the maximum of all cells.",
        "notebook, section 5",
    ),
    Misconception(
        "ascending",
        _last_first,
        "The images are right and in the wrong order: the best comes first.",
        "notebook, section 5",
    ),
    Misconception(
        "weakest-images",
        _weakest,
        "These are the images that excite the unit least: np.argsort sorts from the smallest on.",
        "the documentation of np.argsort",
    ),
    Misconception(
        "same-image-twice",
        _same_image_twice,
        "You look for the best cells over all images at once, so one picture with two strong cells takes two "
        "places. First the maximum in each image, then the best images.",
        "notebook, section 5",
    ),
    Misconception(
        "same-images-for-all-units",
        _over_all_units,
        "All units get the same images: the maximum was taken over the units, too. Each unit has a ranking of its own.",
        "notebook, section 5",
    ),
    Misconception(
        "units-ranked-not-images",
        _units_of_images,
        "You rank the units of each image. Asked are the images of each unit: sort along the other axis.",
        "notebook, section 5",
    ),
    Misconception(
        "images-by-number",
        _numbers_of_images,
        "The images are right but ordered by their number. The best comes first. (np.argpartition does not sort.)",
        "the documentation of np.argpartition",
    ),
    Misconception(
        "rows-and-columns",
        _columns_first,
        "pos holds (column, row). The row comes first.",
        "notebook, section 5",
    ),
    Misconception(
        "divided-by-the-height",
        _divided_by_height,
        "To get row and column out of the number of a cell, divide by the width of the map (cells in a row), not "
        "by its height.",
        "the documentation of np.unravel_index",
    ),
    Misconception(
        "place-of-another-image",
        _places_not_sorted,
        "The images are right, the places belong to other images: put the places into the same order as the images.",
        "the documentation of np.take_along_axis",
        also=(_places_of_best,),
    ),
    Misconception(
        "place-of-another-unit",
        _places_of_first_unit,
        "The places are those of another unit, or of the strongest one. Row u is about unit u alone.",
        "notebook, section 5",
        also=(_places_in_images,),
    ),
    Misconception(
        "images-in-rows",
        _images_in_rows,
        "Units and ranks are exchanged: row u of the result belongs to unit u.",
        "notebook, section 5",
    ),
    Misconception(
        "higher-of-equals",
        _higher_of_equals,
        "Among images with the same maximum yours prefers the later one. (Sorting upwards and turning around does "
        "that.) Sort the negative values instead, with kind='stable'.",
        "the documentation of np.argsort",
    ),
    Misconception(
        "last-of-equal-cells",
        _last_of_equal_cells,
        "Where several cells of a map have the maximum, the first in reading order counts: left to right, then down.",
        "notebook, section 5",
    ),
)
