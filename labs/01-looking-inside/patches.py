"""Exercise ``crop_patch``: what did a unit see?

- ``EXERCISE``  the declaration
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import crop_patch, receptive_field

Position = tuple[int, int]
Field = tuple[int, int, float]


def _corner(pos: Position, rf: Field) -> tuple[int, int]:
    """Return row and column of the upper left pixel of the box."""
    size, jump, start = rf
    row, column = (round(start + jump * place - size / 2) for place in pos)
    return row, column


def _at(x: np.ndarray, top: int, left: int, size: int, mode: str = "constant") -> np.ndarray:
    """Return the block of ``size`` x ``size`` pixels from (top, left) on; outside, the image is continued."""
    rows, columns = np.arange(top, top + size), np.arange(left, left + size)
    if mode == "wrap":
        return x[:, rows[:, None] % x.shape[1], columns % x.shape[2]]
    inside = x[:, rows[:, None].clip(0, x.shape[1] - 1), columns.clip(0, x.shape[2] - 1)]
    if mode == "edge":
        return inside
    there = ((rows >= 0) & (rows < x.shape[1]))[:, None] & (columns >= 0) & (columns < x.shape[2])
    return inside * there


def _columns_first(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return crop_patch(x, (pos[1], pos[0]), rf)


def _turned(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return crop_patch(x, pos, rf).swapaxes(1, 2)


def _cut_off(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    top, left = _corner(pos, rf)
    return x[:, max(top, 0) : top + rf[0], max(left, 0) : left + rf[0]].copy()


def _pushed_to_corner(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    cut = _cut_off(x, pos, rf)
    return np.pad(cut, ((0, 0), (0, rf[0] - cut.shape[1]), (0, rf[0] - cut.shape[2])))


def _moved_inside(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    top, left = _corner(pos, rf)
    return _at(x, max(0, min(top, x.shape[1] - rf[0])), max(0, min(left, x.shape[2] - rf[0])), rf[0])


def _no_start(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return _at(x, pos[0] * rf[1] - rf[0] // 2, pos[1] * rf[1] - rf[0] // 2, rf[0])


def _center_as_corner(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return _at(x, int(rf[2] + rf[1] * pos[0]), int(rf[2] + rf[1] * pos[1]), rf[0])


def _jump_as_corner(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return _at(x, rf[1] * pos[0], rf[1] * pos[1], rf[0])


def _start_as_corner(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return _at(x, int(rf[2]) + rf[1] * pos[0] - rf[0], int(rf[2]) + rf[1] * pos[1] - rf[0], rf[0])


def _no_jump(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return crop_patch(x, pos, (rf[0], 1, rf[2]))


def _size_for_jump(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return crop_patch(x, pos, (rf[0], rf[0], rf[2]))


def _one_further(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    top, left = _corner(pos, rf)
    return _at(x, top + 1, left + 1, rf[0])


def _one_before(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    top, left = _corner(pos, rf)
    return _at(x, top - 1, left - 1, rf[0])


def _one_too_large(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    top, left = _corner(pos, rf)
    return _at(x, top, left, rf[0] + 1)


def _edge_continued(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return _at(x, *_corner(pos, rf), rf[0], "edge")


def _wrapped(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return _at(x, *_corner(pos, rf), rf[0], "wrap")


def _filled_with_mean(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return crop_patch(x - x.mean(), pos, rf) + x.mean()


def _channels_last(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    return crop_patch(x, pos, rf).transpose(1, 2, 0)


def _rescaled(x: np.ndarray, pos: Position, rf: Field) -> np.ndarray:
    patch = crop_patch(x, pos, rf)
    spread = patch.max() - patch.min()
    return (patch - patch.min()) / (spread if spread > 0 else 1)


def make_field(rng: np.random.Generator, *, even: bool) -> Field:
    """Return a field as a network has it: its box begins and ends between pixels."""
    first = (2, 2, 0) if even else (3, 2, int(rng.integers(0, 2)))
    size, jump, start = receptive_field([first, (3, 1, 1), (int(rng.choice([1, 3])), 1, 0)])
    return int(size), int(jump), start


def make_image(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return an image in normalized units, away from 0."""
    return rng.uniform(0.5, 2.0, (3, height, width)) * rng.choice([-1, 1], (3, height, width))


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("a box inside of 18x20 pixels", (make_image(rng, 18, 20), (3, 4), make_field(rng, even=False)))
    yield Case("a box over the upper left corner", (make_image(rng, 14, 17), (0, 1), make_field(rng, even=True)))
    yield Case("a box over the lower right corner", (make_image(rng, 16, 13), (6, 5), make_field(rng, even=False)))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("conv5 of our network: larger than the picture", (make_image(rng, 64, 64), (2, 5), (67, 8, 3.5)))
    yield Case("a field of one pixel", (make_image(rng, 5, 6), (1, 2), (1, 2, 0.5)))
    yield Case("only the right border", (make_image(rng, 15, 12), (3, 5), make_field(rng, even=True)))
    x = make_image(rng, 12, 11)
    yield Case("float32", (x.astype(np.float32), (2, 0), make_field(rng, even=True)))
    yield Case(
        "every second column of a wider array",
        (make_image(rng, 12, 24)[:, :, ::2], (1, 4), make_field(rng, even=False)),
    )


def _same_pixels(call: Call, rng: np.random.Generator) -> str | None:
    x, (size, jump, start) = make_image(rng, 20, 20), make_field(rng, even=False)
    row, column = (int(n) for n in rng.integers(3, 6, 2))
    one, two = (np.asarray(call(x, (row + down, column), (size, jump, start))) for down in (0, 1))
    same = np.allclose(one[:, jump:], two[:, : size - jump])
    return None if same else "the boxes of two cells below each other should overlap, moved by the jump"


def _reaches(call: Call, rng: np.random.Generator) -> str | None:
    """Compare with what a single layer multiplies its filter with."""
    x, k, pad = make_image(rng, 9, 10), 3, 1
    rf = tuple(int(n) if n == int(n) else n for n in receptive_field([(k, 2, pad)]))
    row, column = int(rng.integers(0, 4)), int(rng.integers(0, 5))
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    seen = padded[:, 2 * row : 2 * row + k, 2 * column : 2 * column + k]
    same = np.allclose(np.asarray(call(x, (row, column), rf)), seen)
    return (
        None if same else "for a layer of 3x3, stride 2, pad 1 the patch should be the window that the layer looks at"
    )


EXERCISE = Exercise(
    id="crop-patch",
    function="crop_patch",
    signature="crop_patch(x (3, H, W), pos (row, column), rf (size, jump, start)) -> patch (3, size, size)",
    title="What the unit saw",
    task=(
        "The box of the unit at cell pos of its map has its center at start + jump * row from the upper border and "
        "start + jump * column from the left one, where pixel 0 reaches from 0 to 1. Return the size x size pixels in "
        "it. Where the box reaches beyond the picture, the patch is 0."
    ),
    points=1,
    minutes=8,
    reference=crop_patch,
    worked=(
        Case(
            "5x6 pixels, numbered; size 3, jump 2, start 0.5; cell (1, 2)",
            (np.arange(1.0, 91.0).reshape(3, 5, 6), (1, 2), (3, 2, 0.5)),
            np.arange(1.0, 91.0).reshape(3, 5, 6)[:, 1:4, 3:6],
        ),
        Case(
            "4x5 pixels, numbered; size 4, jump 2, start 1; cell (0, 2): one row above, one column beyond",
            (np.arange(1.0, 61.0).reshape(3, 4, 5), (0, 2), (4, 2, 1.0)),
            np.pad(np.arange(1.0, 61.0).reshape(3, 4, 5)[:, 0:3, 3:5], ((0, 0), (1, 0), (0, 2))),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("overlap", "the boxes of neighbors are the jump apart", _same_pixels),
        Invariant("window", "for a single layer, the patch is its window", _reaches),
    ),
    misconceptions=(
        Misconception(
            "rows-and-columns",
            _columns_first,
            "Rows and columns are exchanged, in pos or in the patch. The row comes first, and belongs to the axis H.",
            "notebook, section 6",
            also=(_turned,),
        ),
        Misconception(
            "cut-at-the-border",
            _cut_off,
            "At the border your patches are smaller: only the part inside the picture. All patches have the same "
            "size; what is outside is 0.",
            "notebook, section 6",
        ),
        Misconception(
            "pushed-into-the-corner",
            _pushed_to_corner,
            "The part inside the picture is right, but it stands in the upper left corner of the patch, wherever the "
            "box is cut. It has to stay in its place, the zeros on the side that is outside.",
            "notebook, section 6",
        ),
        Misconception(
            "moved-inside",
            _moved_inside,
            "At the border your box is moved until it lies inside the picture. Then it is not what this unit saw.",
            "notebook, section 6",
        ),
        Misconception(
            "start-forgotten",
            _no_start,
            "The start is missing: the first cell's box does not have its center at 0.",
            "notebook, section 6",
        ),
        Misconception(
            "center-as-corner",
            _center_as_corner,
            "You take the center of the box for its upper left corner. It begins half a size before the center.",
            "notebook, section 6",
            also=(_jump_as_corner,),
        ),
        Misconception(
            "whole-size-before-the-center",
            _start_as_corner,
            "Your box ends at its center: it begins a whole size before it. Half of it belongs to each side.",
            "notebook, section 6",
        ),
        Misconception(
            "jump-forgotten",
            _no_jump,
            "You take cells for pixels: neighboring cells look at places that are the jump apart.",
            "notebook, section 6",
            also=(_size_for_jump,),
        ),
        Misconception(
            "off-by-one",
            _one_further,
            "Your patch is off by one pixel. Center - size / 2 is a whole number here, the left border of the first "
            "pixel in the box; nothing has to be rounded up or down.",
            "notebook, section 6",
            also=(_one_before,),
        ),
        Misconception(
            "one-pixel-too-large",
            _one_too_large,
            "Your patches have size + 1 pixels on a side. In a slice the end is not included.",
            "notebook, section 6",
        ),
        Misconception(
            "border-continued",
            _edge_continued,
            "Outside, you continue the picture by its border pixels, or from the other side. The unit saw 0 there: "
            "that is what the network's padding puts.",
            "notebook, section 6",
            also=(_wrapped,),
        ),
        Misconception(
            "border-filled",
            _filled_with_mean,
            "Outside, you fill in the mean of the picture. It is to be 0.",
            "notebook, section 6",
        ),
        Misconception(
            "channels-not-first",
            _channels_last,
            "The colors stand last. In this function they stay first: (3, size, size).",
            "notebook, section 6",
        ),
        Misconception(
            "rescaled",
            _rescaled,
            "You scale each patch to [0, 1]. The pixels stay what they are; otherwise a dull patch looks like a bright "
            "one.",
            "notebook, section 6",
        ),
    ),
    hints=(
        "Where does the box begin? top = start + jump * row - size / 2, and the same for the columns. Is it negative?",
        "Pad the whole picture with size zeros on all four sides first. Then no box can leave it; what happens to top "
        "and left?",
        "Slices need whole numbers: round(...) gives one.",
    ),
    read="notebook, section 6",
)
