"""Known wrong ways to measure where a unit looks, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``discrepancy_map``
- ``corners``         where the occluders are
- ``answers``         the maps of a unit for some pictures; ``all_answers``: of all units of a layer
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import discrepancy_map

Corner = tuple[int, int]


def corners(x: np.ndarray, patch: int, stride: int) -> list[Corner]:
    """Return the upper left corners of all occluders that fit."""
    height, width = x.shape[1:]
    rows, columns = range(0, height - patch + 1, stride), range(0, width - patch + 1, stride)
    return [(row, column) for row in rows for column in columns]


def all_answers(network: Any, layer: str, batch: np.ndarray) -> np.ndarray:
    """Return the maps (N, K, h, w) of a layer for a batch of normalized pictures."""
    import torch

    from xailab import hooks

    return np.asarray(hooks.activations(network.module, torch.from_numpy(batch), layer)[layer].numpy())


def answers(network: Any, layer: str, batch: np.ndarray, unit: int) -> np.ndarray:
    """Return the maps (N, h, w) of one unit."""
    return all_answers(network, layer, batch)[:, unit]


def covered(x: np.ndarray, places: Sequence[Corner], patch: int, value: float | np.ndarray = 0.0) -> np.ndarray:
    """Return one copy of x for each place, covered there."""
    batch = np.repeat(x[None], len(places), 0)
    for copy, (row, column) in zip(batch, places, strict=True):
        copy[:, row : row + patch, column : column + patch] = value
    return batch


def spread(
    x: np.ndarray, places: Sequence[Corner], patch: int, changes: np.ndarray, *, divide: bool = True
) -> np.ndarray:
    """Return the mean (or sum) of the changes at each pixel, over the occluders that cover it."""
    total, count = np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for (row, column), change in zip(places, changes, strict=True):
        total[row : row + patch, column : column + patch] += change
        count[row : row + patch, column : column + patch] += 1
    return total / np.maximum(count, 1) if divide else total


def cell_changes(network: Any, layer: str, x: np.ndarray, unit: int, batch: np.ndarray) -> np.ndarray:
    """Return by how much the unit's best cell answers less to each picture of a batch than to x. Signed."""
    maps = answers(network, layer, np.concatenate([x[None], batch]), unit).reshape(len(batch) + 1, -1)
    best = int(maps[0].argmax())
    return np.asarray(maps[0, best] - maps[1:, best])


def _filled(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int, value: Any) -> np.ndarray:
    places = corners(x, patch, stride)
    return spread(x, places, patch, np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch, value))))


def _black(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return _filled(network, layer, x, unit, patch, stride, -2.0)


def _mean_color(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return _filled(network, layer, x, unit, patch, stride, x.mean((1, 2), keepdims=True))


def _mean_gray(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return _filled(network, layer, x, unit, patch, stride, x.mean())


def _red_only(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    batch = covered(x, places, patch)
    batch[:, 1:] = x[1:]
    return spread(x, places, patch, np.abs(cell_changes(network, layer, x, unit, batch)))


def _piled_up(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places, batch, work = corners(x, patch, stride), [], x.copy()
    for row, column in places:
        work[:, row : row + patch, column : column + patch] = 0
        batch.append(work.copy())
    return spread(x, places, patch, np.abs(cell_changes(network, layer, x, unit, np.stack(batch))))


def _inverse(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    batch = x - covered(x, places, patch)  # everything but the square is gray
    return spread(x, places, patch, np.abs(cell_changes(network, layer, x, unit, batch)))


def _falls(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    return spread(x, places, patch, cell_changes(network, layer, x, unit, covered(x, places, patch)))


def _rises(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return -_falls(network, layer, x, unit, patch, stride)


def _falls_only(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    return spread(x, places, patch, cell_changes(network, layer, x, unit, covered(x, places, patch)).clip(0))


def _signed_then_absolute(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return np.abs(_falls(network, layer, x, unit, patch, stride))


def _what_is_left(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    maps = answers(network, layer, np.concatenate([x[None], covered(x, places, patch)]), unit).reshape(
        len(places) + 1, -1
    )
    return spread(x, places, patch, maps[1:, maps[0].argmax()])


def _relative(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    before = answers(network, layer, x[None], unit).max()
    return discrepancy_map(network, layer, x, unit, patch, stride) / before


def _maximum_of_each(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    tops = answers(network, layer, np.concatenate([x[None], covered(x, places, patch)]), unit).max((1, 2))
    return spread(x, places, patch, np.abs(tops[1:] - tops[0]))


def _mean_of_map(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    means = answers(network, layer, np.concatenate([x[None], covered(x, places, patch)]), unit).mean((1, 2))
    return spread(x, places, patch, np.abs(means[1:] - means[0]))


def _whole_map(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    maps = answers(network, layer, np.concatenate([x[None], covered(x, places, patch)]), unit)
    return spread(x, places, patch, np.abs(maps[1:] - maps[0]).sum((1, 2)))


def _middle_cell(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    maps = answers(network, layer, np.concatenate([x[None], covered(x, places, patch)]), unit)
    middle = maps[:, maps.shape[1] // 2, maps.shape[2] // 2]
    return spread(x, places, patch, np.abs(middle[1:] - middle[0]))


def _summed(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    changes = np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch)))
    return spread(x, places, patch, changes, divide=False)


def _last_wins(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places, out = corners(x, patch, stride), np.zeros(x.shape[1:])
    changes = np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch)))
    for (row, column), change in zip(places, changes, strict=True):
        out[row : row + patch, column : column + patch] = change
    return out


def _corner_only(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places, out = corners(x, patch, stride), np.zeros(x.shape[1:])
    changes = np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch)))
    for (row, column), change in zip(places, changes, strict=True):
        out[row, column] = change
    return out


def _coarse(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    changes = np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch)))
    return changes.reshape(len({row for row, _ in places}), -1)


def _side_by_side(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return discrepancy_map(network, layer, x, unit, patch, patch)


def _every_pixel(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return discrepancy_map(network, layer, x, unit, patch, 1)


def _last_place_missing(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    height, width = x.shape[1:]
    rows, columns = range(0, height - patch, stride), range(0, width - patch, stride)
    places = [(row, column) for row in rows for column in columns]
    return spread(x, places, patch, np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch))))


def _beyond_the_border(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    height, width = x.shape[1:]
    places = [(row, column) for row in range(0, height, stride) for column in range(0, width, stride)]
    return spread(x, places, patch, np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch))))


def _turned(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return discrepancy_map(network, layer, x, unit, patch, stride).T


def _next_unit(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    return discrepancy_map(network, layer, x, unit + 1, patch, stride)


def _not_covered(network: Any, layer: str, x: np.ndarray, unit: int, patch: int, stride: int) -> np.ndarray:
    places = corners(x, patch, stride)
    changes = np.abs(cell_changes(network, layer, x, unit, covered(x, places, patch)))
    total, count = (spread(x, places, patch, one, divide=False) for one in (changes, np.ones(len(places))))
    with np.errstate(all="ignore"):
        return np.asarray(total / count)


MISCONCEPTIONS = (
    Misconception(
        "another-occluder",
        _black,
        "Your occluder has another value: black, or a mean of the picture. x is in normalized units, where "
        "a medium gray is 0.",
        "notebook, section 7",
        also=(_mean_color, _mean_gray),
    ),
    Misconception(
        "one-channel-covered",
        _red_only,
        "You cover the red channel only: the other two still show what is there.",
        "notebook, section 7",
    ),
    Misconception(
        "occluders-pile-up",
        _piled_up,
        "Earlier occluders are still there when the next one comes: all copies share their pixels, or x itself was "
        "changed. Begin each time with a fresh copy of the picture.",
        "the documentation of np.copy",
    ),
    Misconception(
        "all-but-the-square-covered",
        _inverse,
        "You cover everything except the square. The square itself is covered, the rest stays.",
        "notebook, section 7",
    ),
    Misconception(
        "signed",
        _falls,
        "Your map has a sign. A discrepancy is how much the activation changes, up or down: take the absolute value of "
        "each change, before averaging.",
        "notebook, section 7",
        also=(_rises, _falls_only, _signed_then_absolute),
    ),
    Misconception(
        "relative-change",
        _relative,
        "You divide by the activation for the whole picture. That is a good idea for comparing units, but not asked "
        "here.",
        "notebook, section 7",
    ),
    Misconception(
        "maximum-of-the-covered-picture",
        _maximum_of_each,
        "You take the maximum of the map anew in each covered picture: it may jump to another place, where something "
        "else excites the unit. Stay with the cell that was strongest in the whole picture.",
        "notebook, section 7",
    ),
    Misconception(
        "mean-of-the-map",
        _mean_of_map,
        "You compare the whole map of the unit (its mean, or the changes of all its cells). Only one cell is asked "
        "about: the strongest one in the whole picture.",
        "notebook, section 7",
        also=(_whole_map,),
    ),
    Misconception(
        "another-cell",
        _middle_cell,
        "You follow the cell in the middle of the map. Follow the one that is strongest in the whole picture.",
        "notebook, section 7",
    ),
    Misconception(
        "overlaps-not-averaged",
        _summed,
        "Where occluders overlap you add their changes. Pixels in the middle are covered more often than those in the "
        "corner, so divide by how often: take the mean.",
        "notebook, section 7",
    ),
    Misconception(
        "last-occluder-wins",
        _last_wins,
        "Where occluders overlap only the last of them counts. Take the mean over all that cover the pixel.",
        "notebook, section 7",
    ),
    Misconception(
        "only-the-corner-marked",
        _corner_only,
        "The change is written at one pixel only. It belongs to all pixels that the occluder covers.",
        "notebook, section 7",
    ),
    Misconception(
        "one-number-per-occluder",
        _coarse,
        "You return one number for each occluder. Asked is a map as large as the picture.",
        "notebook, section 7",
    ),
    Misconception(
        "stride-not-used",
        _every_pixel,
        "Your occluders do not stand at multiples of the stride.",
        "notebook, section 7",
        also=(_side_by_side,),
    ),
    Misconception(
        "last-place-missing",
        _last_place_missing,
        "The occluder that just fits at the border is missing. range ends before its end: H - patch + 1.",
        "the documentation of range",
    ),
    Misconception(
        "beyond-the-border",
        _beyond_the_border,
        "You also use occluders that reach beyond the picture, of which only a part covers anything. Only whole ones "
        "count.",
        "notebook, section 7",
    ),
    Misconception(
        "rows-and-columns",
        _turned,
        "Rows and columns are exchanged, in the picture or in the map.",
        "notebook, section 7",
    ),
    Misconception(
        "next-unit", _next_unit, "This is the map of the next unit: units are counted from 0.", "notebook, section 0"
    ),
    Misconception(
        "never-covered-divides-by-zero",
        _not_covered,
        "Pixels that no occluder covers come out as 0 / 0, which is no number. They are to be 0.",
        "notebook, section 7",
    ),
)
