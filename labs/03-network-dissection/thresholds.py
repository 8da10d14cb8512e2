"""Exercise ``thresholds``: how high is "unusually high" for a unit?

- ``EXERCISE``          the declaration
- ``make_activations``  as after a ReLU

Source: Bau et al. 2017, section 2.3: T such that P(a > T) = q over every location of every image.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import thresholds, upsample


def _per_image(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return np.stack([thresholds(image[None], q) for image in activations])


def _per_image_averaged(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return _per_image(activations, q).mean(0)


def _first_batch(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return thresholds(activations[: (len(activations) + 1) // 2], q)


def _positive_only(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    columns = [activations[:, unit][activations[:, unit] > 0] for unit in range(activations.shape[1])]
    return np.array([thresholds(c.reshape(1, 1, 1, -1), q)[0] if c.size else 0.0 for c in columns])


def _ten_times(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return thresholds(activations, min(10 * q, 0.99))


def _percent(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return np.percentile(activations, 100 - q, axis=(0, 2, 3))


def _lower_tail(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return np.quantile(activations, q, axis=(0, 2, 3), method="inverted_cdf")


def _interpolated(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return np.quantile(activations, 1 - q, axis=(0, 2, 3))


def _off_by_one(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    units = activations.shape[1]
    values = np.sort(np.moveaxis(activations, 1, 0).reshape(units, -1), axis=1)[:, ::-1]
    return values[:, max(math.floor(Fraction(str(q)) * values.shape[1]) - 1, 0)]


def _enlarged(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    height, width = activations.shape[2:]
    return thresholds(upsample(activations, 2 * height, 2 * width), q)


def _all_units_together(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return np.repeat(thresholds(activations.reshape(1, 1, 1, -1), q), activations.shape[1])


def _reshaped(activations: np.ndarray, q: float = 0.005) -> np.ndarray:
    return thresholds(activations.reshape(1, activations.shape[1], 1, -1), q)


def make_activations(rng: np.random.Generator, shape: tuple[int, ...], *, dead: float = 0.4) -> np.ndarray:
    """Return activations as after a ReLU: many zeros, units and images of different loudness."""
    loud = rng.uniform(0.5, 3.0, (shape[0], shape[1], 1, 1))
    values = loud * rng.gamma(2.0, 1.0, shape)
    return np.where(rng.random(shape) < dead, 0.0, values).astype(np.float32)


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for shape, q in (((6, 3, 4, 4), 0.047), ((4, 5, 3, 5), 0.058), ((5, 2, 6, 3), 0.095)):
        name = f"{shape[0]} images, {shape[1]} units, maps of {shape[2]}x{shape[3]}, q = {q}"
        yield Case(name, (make_activations(rng, shape), q))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one image, one unit, one cell", (np.float32([[[[0.5]]]]), 0.005))
    yield Case("so few values that none may exceed T", (make_activations(rng, (2, 3, 2, 2)), 0.005))
    yield Case("q is not given: half a per cent of 400 values", (make_activations(rng, (5, 2, 8, 10)),))
    tied = rng.integers(0, 3, (4, 2, 4, 4)).astype(np.float64)
    yield Case("many equal values", (tied, 0.125))
    rare = np.where(rng.random((8, 2, 4, 4)) < 0.02, 1.0, 0.0)
    yield Case("a unit that is nearly always 0: T is 0", (rare, 0.125))
    yield Case("a unit with values below 0", (rng.standard_normal((4, 2, 4, 4)), 0.0625))
    yield Case("every second column of a wider array", (make_activations(rng, (4, 3, 4, 8))[..., ::2], 0.047))
    yield Case("an array in Fortran order", (np.asfortranarray(make_activations(rng, (4, 3, 4, 4))), 0.047))
    yield Case("float64, q N a whole number", (make_activations(rng, (2, 3, 4, 4)).astype(np.float64), 0.125))


def _order_of_images(call: Call, rng: np.random.Generator) -> str | None:
    activations = make_activations(rng, (6, 3, 3, 3))
    before, after = call(activations, 0.09), call(activations[rng.permutation(6)], 0.09)
    return (
        None if np.allclose(before, after, rtol=1e-4) else f"T was {before}, with the images in another order {after}"
    )


def _order_of_units(call: Call, rng: np.random.Generator) -> str | None:
    activations = make_activations(rng, (5, 4, 3, 3))
    order = np.array([2, 0, 3, 1])
    before, after = call(activations, 0.09), call(activations[:, order], 0.09)
    return None if np.allclose(before[order], after, rtol=1e-4) else f"expected {before[order]}, got {after}"


def _few_exceed(call: Call, rng: np.random.Generator) -> str | None:
    activations = rng.permutation(5 * 2 * 4 * 5).reshape(5, 2, 4, 5).astype(np.float32)
    exceed = (activations > np.asarray(call(activations, 0.12)).reshape(1, 2, 1, 1)).sum((0, 2, 3))
    return None if (exceed == 12).all() else f"of 100 different values, {exceed.tolist()} exceed T, expected 12 each"


_WORKED = Case(
    "1 unit, 2 images of 2x2: the third largest of 8 values",
    (np.float32([[[[0, 0], [8, 1]]], [[[0, 3], [5, 2]]]]), 0.25),
    np.float32([3]),
)

EXERCISE = Exercise(
    id="thresholds",
    function="thresholds",
    signature="thresholds(activations (N, K, h, w), q=0.005) -> T (K,)",
    title="Thresholds",
    task=(
        "For each unit k, look at all its M = N * h * w activations, over the whole set of images. Return the "
        "(floor(q * M) + 1)-th largest of them: the smallest value that at most q * M of them exceed. No interpolation."
    ),
    points=2,
    minutes=6,
    reference=thresholds,
    worked=(
        _WORKED,
        Case(
            "2 units, each with its own scale",
            (np.float32([[[[1, 2], [3, 4]], [[10, 20], [30, 40]]]]), 0.25),
            np.float32([3, 30]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("images", "the order of the images does not matter", _order_of_images),
        Invariant("units", "renumbering the units renumbers the thresholds", _order_of_units),
        Invariant("part", "exactly a part q of different values exceeds T", _few_exceed),
    ),
    misconceptions=(
        Misconception(
            "quantile-per-image",
            _per_image,
            "You take a threshold in each image of its own. Then every unit is on somewhere in every image, also where "
            "it sees nothing. T belongs to the unit: one number for the whole set.",
            "notebook, section 1",
        ),
        Misconception(
            "quantile-per-image-averaged",
            _per_image_averaged,
            "You take a threshold in each image and average them. The average of quantiles is not the quantile of all "
            "values: loud images must be allowed to hold most of the top.",
            "notebook, section 1",
        ),
        Misconception(
            "first-images-only",
            _first_batch,
            "Only the first half of the images seems to be used. T is a statement about the whole set.",
            "notebook, section 1",
        ),
        Misconception(
            "positive-values-only",
            _positive_only,
            "You leave out the zeros before you take the quantile. Zeros are activations too: q is a part of all "
            "locations, not of those where the unit says something.",
            "Bau et al. 2017, section 2.3",
        ),
        Misconception(
            "ten-times-q",
            _ten_times,
            "Your T lets ten times as many values pass: 0.005 is half a per cent, not five per cent.",
            "notebook, section 1",
        ),
        Misconception(
            "q-as-percent",
            _percent,
            "You use q as if it were a percentage: np.percentile counts from 0 to 100, q is a part between 0 and 1.",
            "the documentation of np.percentile",
        ),
        Misconception(
            "lower-tail",
            _lower_tail,
            "You cut at the wrong end: a part q of the values lies below your T. We want the unusually high ones.",
            "notebook, section 1",
        ),
        Misconception(
            "interpolated",
            _interpolated,
            "You interpolate between two activations, as np.quantile does unless told otherwise. Here T is one of the "
            "values, so that at most q * M exceed it.",
            "the documentation of np.quantile, parameter method",
        ),
        Misconception(
            "rank-off-by-one",
            _off_by_one,
            "You are one place too high in the sorted values: floor(q * M) values may exceed T, and T comes after "
            "them.",
            "notebook, section 1, the worked example",
        ),
        Misconception(
            "quantile-after-upsampling",
            _enlarged,
            "You enlarge the maps before you take the quantile. The paper takes it over the activations as the layer "
            "gives them; enlarging flattens peaks, and T comes out lower.",
            "Bau et al. 2017, section 2.3",
        ),
        Misconception(
            "one-threshold-for-all-units",
            _all_units_together,
            "All units get the same threshold. A loud unit would then be on nearly everywhere, a quiet one never: each "
            "unit needs its own.",
            "notebook, section 1",
        ),
        Misconception(
            "reshaped-without-moving-the-axis",
            _reshaped,
            "You reshape to (K, ...) while the images still come first: the values of different units get mixed. "
            "Bring the unit's axis to the front before you reshape.",
            "the documentation of np.moveaxis",
        ),
    ),
    hints=(
        "Write down all values of one unit in a single row, over all images and places. How long is the row?",
        "Sort the row. How many values may stand above T? That number is the index of T, counted from the top and "
        "from 0.",
        "Move axis 1 to the front, reshape to (K, M), sort along axis 1.",
    ),
    read="Bau et al. 2017, section 2.3",
)
