"""Exercise ``filters_to_images``: the weights of the first layer as pictures.

- ``EXERCISE``  the declaration
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import filters_to_images


def _last(images: np.ndarray) -> np.ndarray:
    return np.moveaxis(images, 1, -1)


def _one_scale(w: np.ndarray) -> np.ndarray:
    return _last((w - w.min()) / (w.max() - w.min()))


def _per_channel(w: np.ndarray) -> np.ndarray:
    low, high = w.min((2, 3), keepdims=True), w.max((2, 3), keepdims=True)
    return _last(np.where(high > low, (w - low) / np.where(high > low, high - low, 1), 0.5))


def _per_pixel(w: np.ndarray) -> np.ndarray:
    low, high = w.min(1, keepdims=True), w.max(1, keepdims=True)
    return _last(np.where(high > low, (w - low) / np.where(high > low, high - low, 1), 0.5))


def _across_filters(w: np.ndarray) -> np.ndarray:
    low, high = w.min(0), w.max(0)
    return _last(np.where(high > low, (w - low) / np.where(high > low, high - low, 1), 0.5))


def _channels_first(w: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(filters_to_images(w), -1, 1))


def _symmetric(w: np.ndarray) -> np.ndarray:
    top = np.abs(w).max((1, 2, 3), keepdims=True)
    return _last(0.5 + 0.5 * w / np.where(top > 0, top, 1))


def _symmetric_all(w: np.ndarray) -> np.ndarray:
    return _last(0.5 + 0.5 * w / np.abs(w).max())


def _clipped(w: np.ndarray) -> np.ndarray:
    return _last(np.clip(w, 0, 1))


def _clipped_around_gray(w: np.ndarray) -> np.ndarray:
    return _last(np.clip(w + 0.5, 0, 1))


def _absolute(w: np.ndarray) -> np.ndarray:
    return filters_to_images(np.abs(w))


def _over_maximum(w: np.ndarray) -> np.ndarray:
    top = w.max((1, 2, 3), keepdims=True)
    return _last(w / np.where(top != 0, top, 1))


def _not_divided(w: np.ndarray) -> np.ndarray:
    return _last(w - w.min((1, 2, 3), keepdims=True))


def _turned(w: np.ndarray) -> np.ndarray:
    return filters_to_images(w).swapaxes(1, 2)


def _reshaped(w: np.ndarray) -> np.ndarray:
    return np.moveaxis(filters_to_images(w), -1, 1).reshape(len(w), w.shape[2], w.shape[3], 3)


def _blue_first(w: np.ndarray) -> np.ndarray:
    return filters_to_images(w)[..., ::-1]


def _inverted(w: np.ndarray) -> np.ndarray:
    return 1 - filters_to_images(w)


def _bytes(w: np.ndarray) -> np.ndarray:
    return 255 * filters_to_images(w)


def _zero_by_zero(w: np.ndarray) -> np.ndarray:
    low, high = w.min((1, 2, 3), keepdims=True), w.max((1, 2, 3), keepdims=True)
    with np.errstate(all="ignore"):
        return _last((w - low) / (high - low))


def _constant_black(w: np.ndarray) -> np.ndarray:
    low, high = w.min((1, 2, 3), keepdims=True), w.max((1, 2, 3), keepdims=True)
    return _last((w - low) / np.maximum(high - low, 1e-8))


def _constant_white(w: np.ndarray) -> np.ndarray:
    constant = w.min((1, 2, 3)) == w.max((1, 2, 3))
    return np.where(constant[:, None, None, None], 1.0, filters_to_images(w))


def make_filters(rng: np.random.Generator, filters: int, k: int) -> np.ndarray:
    """Return weights (filters, 3, k, k) whose scale and center differ between filters."""
    scale, center = rng.uniform(0.2, 2.0, (filters, 1, 1, 1)), rng.uniform(-0.4, 0.4, (filters, 1, 1, 1))
    return scale * (rng.uniform(-1, 1, (filters, 3, k, k)) + center)


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("3 filters of 3x3", (make_filters(rng, 3, 3),))
    yield Case("5 filters of 4x4", (make_filters(rng, 5, 4),))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    w = make_filters(rng, 4, 3)
    w[1] = rng.uniform(-1, 1)
    w[3] = 0
    yield Case("two of the filters are constant", (w,))
    yield Case("a single filter", (make_filters(rng, 1, 2),))
    yield Case("filters of 1x1", (make_filters(rng, 4, 1),))
    yield Case("tiny weights in float32", ((1e-5 * make_filters(rng, 3, 3)).astype(np.float32),))
    yield Case("every second filter of more, Fortran order", (np.asfortranarray(make_filters(rng, 6, 3))[::2],))


def _whole_range(call: Call, rng: np.random.Generator) -> str | None:
    images = np.asarray(call(make_filters(rng, 6, 3)))
    low, high = images.min((1, 2, 3)), images.max((1, 2, 3))
    right = np.allclose(low, 0, atol=1e-5) and np.allclose(high, 1, atol=1e-5)
    return None if right else f"the images run from {low.min():.4g} ... {low.max():.4g} to {high.min():.4g} ..."


def _contrast(call: Call, rng: np.random.Generator) -> str | None:
    w = make_filters(rng, 4, 3)
    factor, offset = rng.uniform(0.2, 5, (4, 1, 1, 1)), rng.uniform(-1, 1, (4, 1, 1, 1))
    same = np.allclose(call(w), call(factor * w + offset), atol=1e-4)
    return None if same else "a filter times a positive number, plus a number, gave another picture"


EXERCISE = Exercise(
    id="filters-to-images",
    function="filters_to_images",
    signature="filters_to_images(w (O, 3, k, k)) -> images (O, k, k, 3)",
    title="Filters as images",
    task=(
        "Each filter becomes a picture with numbers in [0, 1], colors last: its smallest weight (over all three "
        "channels) becomes 0, its largest 1, the others lie evenly between. Each filter has its own scale. A filter "
        "whose weights are all equal becomes 0.5 everywhere."
    ),
    points=1,
    minutes=6,
    reference=filters_to_images,
    worked=(
        Case(
            "two filters of 1x2: weights from -1 to 3, and from 0 to 1/2",
            (np.float64([[[[-1, 3]], [[1, 0]], [[2, -1]]], [[[0, 0.5]], [[0.25, 0]], [[0.1, 0.2]]]]),),
            np.float64([[[[0, 0.5, 0.75], [1, 0.25, 0]]], [[[0, 0.5, 0.2], [1, 0, 0.4]]]]),
        ),
        Case(
            "one filter of 2x2 whose red weights are larger than all others",
            (np.float64([[[[6, 8], [10, 9]], [[0, 1], [2, 3]], [[4, 4], [4, 5]]]]),),
            np.float64([[[[0.6, 0, 0.4], [0.8, 0.1, 0.4]], [[1, 0.2, 0.4], [0.9, 0.3, 0.5]]]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("range", "each filter uses the whole range from 0 to 1", _whole_range),
        Invariant("contrast", "scale and offset of a filter's weights do not matter", _contrast),
    ),
    misconceptions=(
        Misconception(
            "one-scale-for-all",
            _one_scale,
            "All filters share one scale: the filter with the largest weights decides, and the faint ones turn into "
            "gray squares. Give each filter its own least and largest weight.",
            "notebook, section 2",
        ),
        Misconception(
            "scale-per-channel",
            _per_channel,
            "Red, green and blue are stretched separately, which changes the colors: a filter that looks for red "
            "would look gray. One scale for the three channels of a filter.",
            "notebook, section 2",
        ),
        Misconception(
            "scale-per-pixel",
            _per_pixel,
            "The least and the largest are taken over the channels of each pixel alone. Take them over all weights of "
            "the filter.",
            "notebook, section 2",
        ),
        Misconception(
            "scale-across-filters",
            _across_filters,
            "The least and the largest are taken over the filters, for each weight by itself. They belong to one "
            "filter: over its channels, rows and columns.",
            "notebook, section 2",
        ),
        Misconception(
            "channels-not-last",
            _channels_first,
            "The numbers are right, the axes are not: torch keeps colors first, pictures have them last.",
            "the documentation of np.moveaxis",
        ),
        Misconception(
            "symmetric-around-gray",
            _symmetric,
            "You divide by the largest absolute weight, so that 0 becomes gray. That is a useful picture too, but "
            "another one: here the least weight becomes 0 and the largest 1.",
            "notebook, section 2",
            also=(_symmetric_all,),
        ),
        Misconception(
            "clipped-not-scaled",
            _clipped,
            "You cut weights off at 0 and 1 instead of scaling them: everything outside is lost.",
            "notebook, section 2",
            also=(_clipped_around_gray,),
        ),
        Misconception(
            "sign-lost",
            _absolute,
            "You take absolute values first: what excites the unit and what inhibits it then look the same.",
            "notebook, section 2",
        ),
        Misconception(
            "minimum-not-subtracted",
            _over_maximum,
            "You divide by the largest weight and do not subtract the least: negative weights stay negative.",
            "notebook, section 2",
        ),
        Misconception(
            "not-divided",
            _not_divided,
            "You subtract the least weight and do not divide by the range: the largest has to become 1.",
            "notebook, section 2",
        ),
        Misconception(
            "rows-and-columns",
            _turned,
            "Your pictures are mirrored along the diagonal: rows and columns are exchanged. .T turns all axes around; "
            "only the channels have to move.",
            "the documentation of np.moveaxis",
        ),
        Misconception(
            "reshaped-not-moved",
            _reshaped,
            "reshape keeps the order of the numbers and cuts them up in another way: the colors of different pixels "
            "are mixed. The axis has to be moved.",
            "the documentation of np.moveaxis",
        ),
        Misconception(
            "blue-first",
            _blue_first,
            "Red and blue are exchanged.",
            "notebook, section 2",
        ),
        Misconception(
            "inverted",
            _inverted,
            "Dark and bright are exchanged: the largest weight has to become 1.",
            "notebook, section 2",
        ),
        Misconception(
            "up-to-255",
            _bytes,
            "Your numbers go up to 255. Asked is [0, 1].",
            "notebook, section 2",
        ),
        Misconception(
            "constant-filter-divides-by-zero",
            _zero_by_zero,
            "A filter whose weights are all equal has range 0, and 0 / 0 is no number. Its picture is 0.5 everywhere.",
            "notebook, section 2",
        ),
        Misconception(
            "constant-filter-not-gray",
            _constant_black,
            "A filter whose weights are all equal comes out black or white. It is to be 0.5 everywhere.",
            "notebook, section 2",
            also=(_constant_white,),
        ),
    ),
    hints=(
        "Which axes belong to one filter? Take min and max over these, and keep the dimensions, so that they fit "
        "beside w.",
        "w.min((1, 2, 3), keepdims=True) has the shape (O, 1, 1, 1). Treat range 0 before you divide, for example with "
        "np.where.",
        "np.moveaxis(images, 1, -1), or images.transpose(0, 2, 3, 1), puts the colors last.",
    ),
    read="notebook, section 2",
)
