"""Exercise ``unpool``: every value back to its place.

- ``EXERCISE``       the declaration
- ``make_switches``  values and switches of a pooling

Source: Zeiler and Fergus 2014, section 2.1; that equal switches are added is the adjoint of pooling.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .maps import make_maps
from .reference import max_pool_switches, unpool

Shape = tuple[int, int, int]


def make_switches(rng: np.random.Generator, shape: Shape, k: int) -> tuple[np.ndarray, np.ndarray, Shape]:
    """Return values of both signs, the switches of a pooling of some maps, and the shape of these maps."""
    _, idx = max_pool_switches(make_maps(rng, *shape), k)
    return make_maps(rng, *idx.shape), idx, shape


def _overwritten(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    flat = np.zeros((shape[0], shape[1] * shape[2]))
    for channel in range(shape[0]):
        for value, place in zip(p[channel].ravel(), idx[channel].ravel(), strict=True):
            flat[channel, place] = value
    return flat.reshape(shape)


def _first_kept(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    return _overwritten(p[:, ::-1, ::-1], idx[:, ::-1, ::-1], shape)


def _largest_kept(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    flat = np.full((shape[0], shape[1] * shape[2]), -np.inf)
    np.maximum.at(flat, (np.arange(shape[0])[:, None], idx.reshape(shape[0], -1)), p.reshape(shape[0], -1))
    return np.where(np.isinf(flat), 0, flat).reshape(shape)


def _window(p: np.ndarray, shape: Shape) -> int:
    """Return the size of the windows that give so many values."""
    return max(1, min(shape[1] // p.shape[1], shape[2] // p.shape[2]))


def spread(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Fill the whole window with its value."""
    k = _window(p, shape)
    large = p.repeat(k, axis=1).repeat(k, axis=2)
    return np.pad(large, ((0, 0), (0, shape[1] - large.shape[1]), (0, shape[2] - large.shape[2])))


def shared_out(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Give each pixel of the window its share."""
    return spread(p, idx, shape) / _window(p, shape) ** 2


def _at(p: np.ndarray, shape: Shape, offset: int) -> np.ndarray:
    k, out = _window(p, shape), np.zeros(shape)
    out[:, offset : p.shape[1] * k : k, offset : p.shape[2] * k : k] = p
    return out


def top_left(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Put each value into the first pixel of its window."""
    return _at(p, shape, 0)


def in_the_center(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Put each value into the middle of its window."""
    return _at(p, shape, _window(p, shape) // 2)


def rows_for_columns(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Read the switches column by column."""
    transposed = unpool(p, idx, (shape[0], shape[2], shape[1]))
    return np.ascontiguousarray(transposed.transpose(0, 2, 1))


def _all_in_the_first_map(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    flat = np.zeros(shape[0] * shape[1] * shape[2])
    np.add.at(flat, idx.ravel(), p.ravel())
    return flat.reshape(shape)


def _switches_of_the_first(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    return unpool(p, np.broadcast_to(idx[:1], idx.shape), shape)


def marks(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Put 1 in place of the value."""
    return unpool(np.ones(p.shape), idx, shape)


def negative_lost(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    """Lose what is below 0."""
    return unpool(np.maximum(p, 0), idx, shape)


def _without_the_rest(p: np.ndarray, idx: np.ndarray, shape: Shape) -> np.ndarray:
    k = _window(p, shape)
    return unpool(p, idx, shape)[:, : p.shape[1] * k, : p.shape[2] * k].copy()


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2 maps of 4x6, from windows of 2x2", make_switches(rng, (2, 4, 6), 2))
    yield Case("3 maps of 7x5, from windows of 2x2: a rest stays 0", make_switches(rng, (3, 7, 5), 2))
    yield Case("2 maps of 6x9, from windows of 3x3", make_switches(rng, (2, 6, 9), 3))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    p = make_maps(rng, 1, 2, 2) + 20
    yield Case("four windows with one and the same switch: added", (p, np.full((1, 2, 2), 12), (1, 5, 5)))
    twice = rng.integers(0, 6, (2, 3, 3))
    yield Case("few pixels, each chosen several times", (make_maps(rng, 2, 3, 3), twice, (2, 4, 6)))
    yield Case("windows of one pixel", make_switches(rng, (2, 3, 4), 1))
    p, idx, shape = make_switches(rng, (2, 5, 6), 2)
    yield Case("float32 values, int32 switches", (p.astype(np.float32), idx.astype(np.int32), shape))
    yield Case("Fortran order", (np.asfortranarray(p), np.asfortranarray(idx), shape))
    yield Case("every second row of longer arrays", (p.repeat(2, 1)[:, ::2], idx.repeat(2, 1)[:, ::2], shape))


def _pooled_again(call: Call, rng: np.random.Generator) -> str | None:
    p, idx, shape = make_switches(rng, (2, 6, 8), 2)
    p = np.abs(p) + 0.5
    again, places = max_pool_switches(np.asarray(call(p, idx, shape), np.float64), 2)
    same = np.allclose(again, p, rtol=1e-4) and (places == idx).all()
    return None if same else "positive values were unpooled, and pooled again they are not the same"


def _adjoint(call: Call, rng: np.random.Generator) -> str | None:
    p, idx, shape = make_switches(rng, (2, 7, 6), 3)
    y = rng.standard_normal(shape)
    pooled = np.take_along_axis(y.reshape(2, -1), idx.reshape(2, -1), 1)
    left, right = float((np.asarray(call(p, idx, shape)) * y).sum()), float((p.reshape(2, -1) * pooled).sum())
    return None if abs(left - right) < 1e-4 * max(1.0, abs(right)) else f"<unpool(p), y> = {left:.4g}, not {right:.4g}"


_READ = "notebook, section 2"
_SWITCHES = "Zeiler and Fergus 2014, section 2.1"

EXERCISE = Exercise(
    id="unpool",
    function="unpool",
    signature="unpool(p (C, h, w), idx (C, h, w), shape) -> (C, H, W)",
    title="Every value back to its place",
    task=(
        "shape is (C, H, W). Return maps of this shape with each value of p at the pixel that its switch names (row * "
        "W + column, in the map of the same number), and 0 everywhere else. If several switches name the same pixel, "
        "their values are added."
    ),
    points=2,
    minutes=8,
    reference=unpool,
    worked=(
        Case(
            "the switches of the map above, other values",
            (np.float64([[[1, 2], [3, 4]]]), np.array([[[5, 2], [12, 15]]]), (1, 4, 4)),
            np.float64([[[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]]),
        ),
        Case(
            "2 maps of 2x3",
            (np.float64([[[7]], [[-5]]]), np.array([[[4]], [[0]]]), (2, 2, 3)),
            np.float64([[[0, 0, 0], [0, 7, 0]], [[-5, 0, 0], [0, 0, 0]]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("pooled-again", "what was unpooled and is pooled again is the same", _pooled_again),
        Invariant("adjoint", "<unpool(p), y> = <p, y at the switches> for every y", _adjoint),
    ),
    misconceptions=(
        Misconception(
            "overwritten",
            _overwritten,
            "Where several switches name one pixel, you keep one of the values. They have to be added: what came out "
            "of this pixel on several ways comes back on all of them. (out[idx] += p writes once only; np.add.at "
            "adds.)",
            _READ,
            also=(_first_kept, _largest_kept),
        ),
        Misconception(
            "spread-over-the-window",
            spread,
            "You enlarge the map: the whole window gets the value, or its share. The switch says which one pixel it "
            "came from; only this one gets it back.",
            _SWITCHES,
            also=(shared_out,),
        ),
        Misconception(
            "switches-not-used",
            top_left,
            "Each value goes to a fixed place of its window, the first pixel or the middle. The switch says where it "
            "came from.",
            _SWITCHES,
            also=(in_the_center,),
        ),
        Misconception(
            "rows-and-columns-exchanged",
            rows_for_columns,
            "You read the switches column by column. A switch is row * W + column: the row is idx // W, the column "
            "idx % W.",
            _READ,
        ),
        Misconception(
            "all-in-one-map",
            _all_in_the_first_map,
            "All values land in the first map. Switches count the pixels of one map; each map has its own.",
            _READ,
        ),
        Misconception(
            "switches-of-the-first-map",
            _switches_of_the_first,
            "You use the switches of the first map for all of them. Each map has its own.",
            _READ,
        ),
        Misconception("marks", marks, "You write 1 at the switches. The value of p belongs there.", _READ),
        Misconception(
            "negative-lost",
            negative_lost,
            "Values below 0 get lost. Unpooling moves values; what may pass is the business of the ReLU.",
            _READ,
        ),
        Misconception(
            "shape-without-rest",
            _without_the_rest,
            "Your maps have h * k x w * k pixels. The pooling may have left rows or columns over; that is why the "
            "shape is given.",
            _READ,
        ),
    ),
    hints=(
        "Begin with np.zeros(shape). Which row and column does the switch n name in a map whose rows have W pixels?",
        "out[c, n // W, n % W] += value, in a loop over all values. That is all.",
        "Without a loop: out.reshape(C, H * W) is the same memory, and np.add.at(flat[c], idx[c].ravel(), "
        "p[c].ravel()) adds; flat[c][idx] += p would write each pixel only once.",
    ),
    read=_SWITCHES,
)
