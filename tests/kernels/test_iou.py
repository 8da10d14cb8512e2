"""The fused kernel counts what the slow twin counts, pixel by pixel."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xailab_kernels import iou, labels, resampling

from tests import naive

ALIGNMENTS = [resampling.half_pixel, resampling.align_corners, resampling.corner, resampling.ReceptiveField(3, 5, 1.5)]
ANY_FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)
LARGE_FLOAT = st.floats(width=32, min_value=-(2.0**100), max_value=2.0**100)
FEW_FLOATS = st.sampled_from([np.float32(v) for v in (-1, 0, -0.0, 0.1, 0.3, 1 / 3, 1, 1.0000001, 2, 1e-45, 7e9)])


def ours(activations, thresholds, rows, cols, planes, tags, size, categories):
    intersection = np.zeros((activations.shape[1], size), np.int64)
    local = labels.localize(planes, tags, size)
    with np.errstate(all="ignore"):  # infinities are part of the tests; they warn where NUMBA_DISABLE_JIT=1
        on, touched = iou.count(activations, thresholds, rows, cols, local, categories, intersection)
    return intersection, on, touched


def as_sets(touched):
    return [[{g for g in range(64) if int(bits) >> g & 1} for bits in line] for line in touched]


def assert_same_as_twin(activations, thresholds, rows, cols, planes, tags, size, categories):
    arguments = (activations, thresholds, rows, cols, planes, tags, size, categories)
    intersection, on, touched = ours(*arguments)
    expected = naive.tally(*arguments)
    np.testing.assert_array_equal(intersection, expected[0])
    np.testing.assert_array_equal(on, expected[1])
    assert as_sets(touched) == expected[2].tolist()


def smooth(rng, b, k, h, w):
    """Maps with a few blobs, as after a ReLU."""
    noise = rng.standard_normal((b, k, h + 2, w + 2)).astype(np.float32)
    rows = noise[:, :, :-2] + 2 * noise[:, :, 1:-1] + noise[:, :, 2:]
    return np.maximum(rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:], 0)


def regions(rng, b, p, h, w, size):
    """Label planes of a few rectangles over each other, and some noise in the last plane."""
    planes = np.zeros((b, p, h, w), np.int32)
    for plane in planes.reshape(-1, h, w):
        for _ in range(5):
            y, x = rng.integers(0, h), rng.integers(0, w)
            plane[y : y + h // 2 + 1, x : x + w // 2 + 1] = rng.integers(0, size)
    if p:
        planes[:, -1] = rng.integers(0, size, (b, h, w)) * (rng.random((b, h, w)) < 0.5)
    return planes


@st.composite
def problems(draw, values):
    b, k, p, t = (draw(st.integers(low, high)) for low, high in ((0, 3), (0, 5), (0, 3), (0, 2)))
    h, w, height, width = (draw(st.integers(1, n)) for n in (4, 4, 9, 9))
    size = draw(st.integers(1, 6))
    alignment = draw(st.sampled_from(ALIGNMENTS))
    numbers = st.integers(0, size - 1)
    return (
        draw(hnp.arrays(np.float32, (b, k, h, w), elements=values)),
        draw(hnp.arrays(np.float32, (k,), elements=values)),
        alignment(h, height),
        alignment(w, width),
        draw(hnp.arrays(np.int32, (b, p, height, width), elements=numbers)),
        draw(hnp.arrays(np.int32, (b, t), elements=numbers)),
        size,
        draw(hnp.arrays(np.int64, (size,), elements=st.integers(-1, 63))),
    )


@given(problems(ANY_FLOAT))
@settings(max_examples=150)
def test_counts_equal_the_twins_for_any_floats(problem):
    assert_same_as_twin(*problem)


@given(problems(FEW_FLOATS))
@settings(max_examples=250)
def test_counts_equal_the_twins_among_ties_and_rounding(problem):
    assert_same_as_twin(*problem)


@pytest.mark.parametrize("alignment", ALIGNMENTS)
@pytest.mark.parametrize("units", [1, 70])
def test_counts_equal_the_twins_on_realistic_maps(alignment, units):
    rng = np.random.default_rng(units)
    activations = smooth(rng, 4, units, 7, 6)
    thresholds = np.quantile(activations, 0.97, axis=(0, 2, 3)).astype(np.float32)
    planes = regions(rng, 4, 3, 30, 41, 50)
    tags = rng.integers(0, 50, (4, 2)).astype(np.int32)
    categories = rng.integers(-1, 6, 50)
    assert_same_as_twin(activations, thresholds, alignment(7, 30), alignment(6, 41), planes, tags, 50, categories)


def test_a_threshold_that_is_a_value_of_the_map_is_not_exceeded_by_it():
    activations = np.full((1, 1, 2, 2), 0.7, np.float32)
    table = resampling.half_pixel(2, 8)
    planes = np.ones((1, 1, 8, 8), np.int32)
    none = np.zeros((1, 0), np.int32)
    for threshold, expected in ((0.7, 0), (np.nextafter(np.float32(0.7), np.float32(0)), 64)):
        thresholds = np.array([threshold], np.float32)
        intersection, on, _ = ours(activations, thresholds, table, table, planes, none, 2, np.zeros(2, np.int64))
        assert on.item() == expected
        assert intersection.tolist() == [[0, expected]]


@given(
    st.floats(width=32, min_value=-(2.0**100), max_value=2.0**100),
    st.floats(width=32, min_value=-(2.0**100), max_value=2.0**100),
)
def test_interpolation_never_passes_the_larger_value(a, b):
    """The proof in the kernel's docstring, for the largest weights it allows."""
    a, b = np.float32(a), np.float32(b)
    for weight in (1 - 2.0**-22, 1 - 2.0**-20, 0.5):
        assert a + (b - a) * np.float32(weight) <= max(a, b)


def test_an_overflowing_difference_is_counted_as_the_formula_says():
    """All corners are below the threshold, but b - a is infinite: the skipping must not hide what the formula gives."""
    largest = np.finfo(np.float32).max
    activations = np.array([[[[-largest], [largest * np.float32(0.9)]]]], np.float32)
    planes = np.ones((1, 1, 4, 1), np.int32)
    rows, cols = resampling.half_pixel(2, 4), resampling.half_pixel(1, 1)
    arguments = (activations, np.array([largest], np.float32), rows, cols, planes, np.zeros((1, 0), np.int32), 2)
    assert_same_as_twin(*arguments, np.zeros(2, np.int64))
    assert ours(*arguments, np.zeros(2, np.int64))[1].item() > 0


def test_the_number_of_threads_does_not_change_anything():
    rng = np.random.default_rng(0)
    activations = smooth(rng, 5, 100, 6, 6)
    thresholds = np.full(100, 3, np.float32)
    planes, tags = regions(rng, 5, 2, 24, 24, 30), rng.integers(0, 30, (5, 1)).astype(np.int32)
    table = resampling.half_pixel(6, 24)
    results = []
    before = numba.get_num_threads()
    for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        numba.set_num_threads(threads)
        results.append(ours(activations, thresholds, table, table, planes, tags, 30, rng.integers(0, 1, 30)))
    numba.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_intersections_are_added_to_what_is_there():
    table = resampling.half_pixel(1, 3)
    local = labels.localize(np.ones((1, 2, 3, 3), np.int32), np.array([[1, 0]], np.int32), 2)
    intersection = np.array([[5, 2**40]], np.int64)
    arguments = (np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32), table, table, local, np.zeros(2, np.int64))
    iou.count(*arguments, intersection)
    assert intersection.tolist() == [[5, 2**40 + 3 * 9]]  # twice in the planes, once as a tag


def test_strided_arrays_are_counted_like_contiguous_ones():
    rng = np.random.default_rng(0)
    activations, planes = smooth(rng, 2, 3, 4, 5), regions(rng, 2, 2, 10, 12, 9)
    arguments = (
        activations.transpose(0, 1, 3, 2),
        np.full(6, 2, np.float32)[::2],
        resampling.half_pixel(5, 12),
        resampling.half_pixel(4, 10),
        planes.transpose(0, 1, 3, 2),
        np.zeros((2, 1), np.int32),
        9,
        np.zeros(9, np.int64),
    )
    assert_same_as_twin(*arguments)


@given(problems(FEW_FLOATS))
@settings(max_examples=50)
def test_pixels_per_concept_equal_the_twins(problem):
    planes, tags, size = problem[4:7]
    expected = naive.concept_pixels(planes, tags, size)
    np.testing.assert_array_equal(labels.localize(planes, tags, size).pixels, expected)
    np.testing.assert_array_equal(labels.concept_pixels(planes, tags, size), expected.sum(0))


NO_TAGS = np.zeros((1, 0), np.int32)


@pytest.mark.parametrize(
    ("planes", "tags", "size", "error", "message"),
    [
        (np.zeros((1, 1, 2, 2)), NO_TAGS, 3, TypeError, "planes must be int32, got float64"),
        (np.zeros((1, 1, 2, 2), np.int32), np.zeros((1, 0)), 3, TypeError, "tags must be int32, got float64"),
        (np.zeros((1, 2, 2), np.int32), NO_TAGS, 3, ValueError, r"planes must have 4 axes, got shape \(1, 2, 2\)"),
        (np.zeros((2, 1, 2, 2), np.int32), NO_TAGS, 3, ValueError, "planes are of 2 images, tags of 1"),
        (np.zeros((1, 1, 2, 2), np.int32), NO_TAGS, 0, ValueError, "vocabulary_size must be at least 1, got 0"),
        (np.full((1, 1, 2, 2), 3, np.int32), NO_TAGS, 3, ValueError, r"labels must be in 0 \.\.\. 2 .* image 0"),
        (np.full((1, 1, 2, 2), -1, np.int32), NO_TAGS, 3, ValueError, r"labels must be in 0 \.\.\. 2"),
        (np.zeros((1, 1, 2, 2), np.int32), np.array([[3]], np.int32), 3, ValueError, r"labels must be in 0 \.\.\. 2"),
    ],
)
def test_wrong_labels_are_refused(planes, tags, size, error, message):
    with pytest.raises(error, match=message):
        labels.localize(planes, tags, size)


TABLE = resampling.half_pixel(2, 4)
WEIGHTS = np.zeros(4, np.float32)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"activations": np.zeros((1, 2, 2, 2))}, TypeError, "activations must be float32, got float64"),
        ({"thresholds": np.zeros(2)}, TypeError, "thresholds must be float32, got float64"),
        ({"categories": np.zeros(3, np.int32)}, TypeError, "categories must be int64, got int32"),
        ({"intersection": np.zeros((2, 3))}, TypeError, "intersection must be int64, got float64"),
        ({"activations": np.zeros((1, 2, 4), np.float32)}, ValueError, "activations must be b k h w"),
        (
            {"activations": np.zeros((5, 2, 2, 2), np.float32)},
            ValueError,
            "5 images, 2 units and 3 concepts need labels",
        ),
        ({"thresholds": np.zeros(3, np.float32)}, ValueError, r"need thresholds of shape \(2,\), got \(3,\)"),
        ({"categories": np.zeros(4, np.int64)}, ValueError, r"need categories of shape \(3,\), got \(4,\)"),
        (
            {"intersection": np.zeros((3, 2), np.int64)},
            ValueError,
            r"need intersection of shape \(2, 3\), got \(3, 2\)",
        ),
        ({"intersection": np.zeros((3, 2), np.int64).T}, ValueError, "must be C-contiguous"),
        ({"categories": np.full(3, 64)}, ValueError, r"categories must be -1 or in 0 \.\.\. 63"),
        (
            {"rows": (TABLE[0].astype(np.int64), TABLE[1])},
            TypeError,
            "rows must be an int32 index and a float32 weight",
        ),
        ({"cols": resampling.half_pixel(2, 5)}, ValueError, r"cols must have 4 entries, got \(5,\)"),
        (
            {"rows": (np.array([0, 1, 0, 1], np.int32), WEIGHTS)},
            ValueError,
            r"rows: indices must ascend within 0",
        ),
        ({"rows": (np.array([0, 1, 1, 2], np.int32), WEIGHTS)}, ValueError, "rows: indices must ascend"),
        ({"cols": (TABLE[0], WEIGHTS + 1)}, ValueError, r"cols: weights must be in \[0, 1 - 2\*\*-22\]"),
    ],
)
def test_what_would_be_read_out_of_bounds_is_refused(change, error, message):
    arguments = {
        "activations": np.zeros((1, 2, 2, 2), np.float32),
        "thresholds": np.zeros(2, np.float32),
        "rows": TABLE,
        "cols": TABLE,
        "local": labels.localize(np.zeros((1, 1, 4, 4), np.int32), NO_TAGS, 3),
        "categories": np.zeros(3, np.int64),
        "intersection": np.zeros((2, 3), np.int64),
    }
    with pytest.raises(error, match=message):
        iou.count(**(arguments | change))
