"""Known wrong ways to pool with switches, with the sentence that helps.

- ``MISCONCEPTIONS``  of the exercise ``max_pool_switches``

The public ones are what ``projecting_mistakes`` builds on: a projection with a mistake below.
"""

import numpy as np
from xailab_autograder.exercises import Misconception

from .reference import max_pool_switches

Answer = tuple[np.ndarray, np.ndarray]
"""The maxima and the switches."""


def _windows(a: np.ndarray, k: int) -> np.ndarray:
    """Return the windows, (C, h, w, k * k)."""
    channels, height, width = a.shape
    h, w = height // k, width // k
    cut = a[:, : h * k, : w * k].reshape(channels, h, k, w, k)
    return cut.transpose(0, 1, 3, 2, 4).reshape(channels, h, w, k * k)


def last_maximum(a: np.ndarray, k: int) -> Answer:
    """Take the last of equal maxima."""
    p, mirrored = max_pool_switches(a[:, : a.shape[1] // k * k, : a.shape[2] // k * k][:, ::-1, ::-1], k)
    width = a.shape[2] // k * k
    rows, columns = np.divmod(mirrored[:, ::-1, ::-1], width)
    rows, columns = a.shape[1] // k * k - 1 - rows, width - 1 - columns
    return p[:, ::-1, ::-1].copy(), rows * a.shape[2] + columns


def inside_the_window(a: np.ndarray, k: int) -> Answer:
    """Count the place inside the window."""
    windows = _windows(a, k)
    return windows.max(3), windows.argmax(3)


def rows_for_columns(a: np.ndarray, k: int) -> Answer:
    """Count column by column."""
    p, idx = max_pool_switches(a, k)
    return p, idx % a.shape[2] * a.shape[1] + idx // a.shape[2]


def height_for_width(a: np.ndarray, k: int) -> Answer:
    """Take the height for the length of a row."""
    p, idx = max_pool_switches(a, k)
    return p, idx // a.shape[2] * a.shape[1] + idx % a.shape[2]


def _row_of_the_small_map(a: np.ndarray, k: int) -> Answer:
    p, idx = max_pool_switches(a, k)
    return p, idx // a.shape[2] * (a.shape[2] // k) + idx % a.shape[2]


def _row_without_the_rest(a: np.ndarray, k: int) -> Answer:
    return max_pool_switches(a[:, :, : a.shape[2] // k * k], k)


def window_corner(a: np.ndarray, k: int) -> Answer:
    """Return where the window begins."""
    p, idx = max_pool_switches(a, k)
    return p, idx // a.shape[2] // k * k * a.shape[2] + idx % a.shape[2] // k * k


def _exchanged_in_the_window(a: np.ndarray, k: int) -> Answer:
    windows = _windows(a, k)
    first = windows.argmax(3)
    rows = np.arange(windows.shape[1])[:, None] * k + first % k
    columns = np.arange(windows.shape[2]) * k + first // k
    return windows.max(3), rows * a.shape[2] + columns


def _all_channels_counted(a: np.ndarray, k: int) -> Answer:
    p, idx = max_pool_switches(a, k)
    return p, idx + (np.arange(len(a)) * a.shape[1] * a.shape[2])[:, None, None]


def _from_one(a: np.ndarray, k: int) -> Answer:
    p, idx = max_pool_switches(a, k)
    return p, idx + 1


def _rest_kept(a: np.ndarray, k: int) -> Answer:
    rest = (-a.shape[1] % k, -a.shape[2] % k)
    p, idx = max_pool_switches(np.pad(a, ((0, 0), (0, rest[0]), (0, rest[1])), constant_values=a.min() - 1), k)
    width = a.shape[2] + rest[1]
    return p, idx // width * a.shape[2] + idx % width


def _stride_one(a: np.ndarray, k: int) -> Answer:
    channels, height, width = a.shape
    h, w = height - k + 1, width - k + 1
    windows = np.lib.stride_tricks.sliding_window_view(a, (k, k), (1, 2)).reshape(channels, h, w, k * k)
    first = windows.argmax(3)
    return windows.max(3), (np.arange(h)[:, None] + first // k) * width + np.arange(w) + first % k


def _largest_magnitude(a: np.ndarray, k: int) -> Answer:
    windows, (_, idx) = _windows(a, k), max_pool_switches(np.abs(a), k)
    return np.take_along_axis(windows, np.abs(windows).argmax(3)[..., None], 3)[..., 0], idx


def _magnitude_returned(a: np.ndarray, k: int) -> Answer:
    return max_pool_switches(np.abs(a), k)


def _mean(a: np.ndarray, k: int) -> Answer:
    return _windows(a, k).mean(3), max_pool_switches(a, k)[1]


def _from_zero(a: np.ndarray, k: int) -> Answer:
    p, idx = max_pool_switches(a, k)
    return np.maximum(p, 0), np.where(p > 0, idx, 0)


def _from_zero_at_the_corner(a: np.ndarray, k: int) -> Answer:
    p, idx = max_pool_switches(a, k)
    return np.maximum(p, 0), np.where(p > 0, idx, window_corner(a, k)[1])


def _smallest(a: np.ndarray, k: int) -> Answer:
    p, idx = max_pool_switches(-a, k)
    return -p, idx


_READ = "notebook, section 1"

MISCONCEPTIONS = (
    Misconception(
        "last-maximum",
        last_maximum,
        "Where a window has its maximum several times, you take the last one. The first in reading order is asked for "
        "(with >= instead of > in a loop, a later one replaces an earlier one). After a ReLU this matters often: whole "
        "windows are 0.",
        _READ,
    ),
    Misconception(
        "switch-inside-the-window",
        inside_the_window,
        "Your switches count the pixels inside each window. They have to say where the maximum is in the whole map: "
        "add where the window begins, and count whole rows of W pixels.",
        _READ,
    ),
    Misconception(
        "rows-and-columns-exchanged",
        rows_for_columns,
        "You count column by column: column * H + row. The switch is row * W + column.",
        _READ,
    ),
    Misconception(
        "height-for-width",
        height_for_width,
        "You multiply the row by H. One row further down are W pixels more, so it is row * W + column. In square maps "
        "nobody would see the difference.",
        _READ,
    ),
    Misconception(
        "row-of-another-map",
        _row_of_the_small_map,
        "You multiply the row by the width of another map: of the pooled one, or of what is left when the rest is cut "
        "off. The switch counts pixels of the whole map a, whose rows have W pixels.",
        _READ,
        also=(_row_without_the_rest,),
    ),
    Misconception(
        "corner-of-the-window",
        window_corner,
        "Your switches say where each window begins, not where its maximum is.",
        _READ,
    ),
    Misconception(
        "exchanged-in-the-window",
        _exchanged_in_the_window,
        "Inside the window, row and column are exchanged. Place n of a window of k x k is in its row n // k and its "
        "column n % k.",
        _READ,
    ),
    Misconception(
        "counted-over-all-maps",
        _all_channels_counted,
        "Your switches go on counting from one map to the next. Each map is a plane of its own, and its first pixel "
        "has number 0.",
        _READ,
    ),
    Misconception("counted-from-one", _from_one, "Your switches count from 1. The first pixel has number 0.", _READ),
    Misconception(
        "rest-kept",
        _rest_kept,
        "You pool the rows and columns that are left over at the border, too. Only whole windows count: h = H // k.",
        _READ,
    ),
    Misconception(
        "overlapping-windows",
        _stride_one,
        "Your windows overlap: they move on by one pixel. They have to move on by k.",
        _READ,
    ),
    Misconception(
        "largest-magnitude",
        _largest_magnitude,
        "You look for the number farthest from 0. A maximum is the largest number: 1 is larger than -5.",
        _READ,
        also=(_magnitude_returned,),
    ),
    Misconception("mean-for-maximum", _mean, "You return the mean of each window. It is max pooling.", _READ),
    Misconception(
        "begins-at-zero",
        _from_zero,
        "Your search begins with 0 as the largest number so far, so windows of negative numbers give 0. Begin with the "
        "first number of the window, or with -infinity.",
        _READ,
        also=(_from_zero_at_the_corner,),
    ),
    Misconception("smallest", _smallest, "You take the smallest number of each window. It is max pooling.", _READ),
)
