"""A toy lab for the grader's own tests: three small functions, a prediction and a reflection."""

import math
from collections.abc import Iterable

import numpy as np
from xailab_autograder.exercises import Call, Case, Choice, Exercise, Invariant, Lab, Misconception, Reflection

from . import reference


def _vectors(rng: np.random.Generator) -> Iterable[Case]:
    for size in (3, 8):
        yield Case(f"{size} numbers", (rng.normal(size=size).astype(np.float32) + 0.5,))


def _vector_edges(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("one number", (np.array([2.5]),))
    yield Case("every second of eight numbers", (rng.normal(size=8)[::2],))


def _scaling(call: Call, rng: np.random.Generator) -> str | None:
    x = rng.normal(size=5) + 1
    ratio = call(2 * x) / call(x)
    return (
        None if math.isclose(ratio, 4, rel_tol=1e-4) else f"doubling every number multiplied the result by {ratio:.3f}"
    )


MEAN_SQUARE = Exercise(
    id="mean-square",
    function="mean_square",
    signature='mean_square(x: Float[ndarray, " n"]) -> float',
    title="The mean of squares",
    task="Return the mean of the squares of x.",
    points=3,
    minutes=5,
    reference=reference.mean_square,
    worked=(Case("1, 2, 3", (np.array([1.0, 2.0, 3.0]),), expected=14 / 3),),
    random=_vectors,
    edges=_vector_edges,
    invariants=(Invariant("scaling", "doubling every number makes the result four times as large", _scaling),),
    misconceptions=(
        Misconception(
            "sum-of-squares", lambda x: float(np.sum(x * x)), "You seem to return the sum, not the mean.", "section 1"
        ),
        Misconception(
            "square-of-mean",
            lambda x: float(np.mean(x)) ** 2,
            "You seem to square the mean: square every number first.",
            "section 1",
        ),
        Misconception(
            "unbiased",
            lambda x: float(np.sum(x * x)) / (len(x) - 1) if len(x) > 1 else math.nan,
            "You seem to divide by n - 1; that belongs to a variance around an estimated mean.",
            "section 1",
        ),
    ),
    hints=("Which comes first, the square or the mean?", "Divide by how many numbers there are."),
    read="section 1 of the notebook",
)


def _zero_edges(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("all zero", (np.zeros(4),))
    yield Case("one number", (rng.normal(size=1) + 3,))


def _unit_length(call: Call, rng: np.random.Generator) -> str | None:
    length = float(np.linalg.norm(call(rng.normal(size=6) + 1)))
    return None if math.isclose(length, 1, rel_tol=1e-4) else f"the result has length {length:.3f}"


NORMALIZE = Exercise(
    id="normalize",
    function="normalize",
    signature='normalize(x: Float[ndarray, " n"]) -> Float[ndarray, " n"]',
    title="A vector of length one",
    task="Return x divided by its Euclidean length; zeros stay zeros.",
    points=2,
    minutes=5,
    reference=reference.normalize,
    worked=(Case("3 and 4", (np.array([3.0, 4.0]),), expected=np.array([0.6, 0.8])),),
    random=_vectors,
    edges=_zero_edges,
    invariants=(Invariant("length", "the result has length one", _unit_length),),
    misconceptions=(
        Misconception(
            "sum-of-magnitudes",
            lambda x: x / np.abs(x).sum() if np.any(x) else np.zeros_like(x),
            "You seem to divide by the sum of magnitudes.",
            "section 2",
        ),
        Misconception(
            "largest",
            lambda x: x / np.abs(x).max() if np.any(x) else np.zeros_like(x),
            "You seem to divide by the largest magnitude.",
            "section 2",
        ),
    ),
    hints=("The length is the square root of the sum of squares.",),
)


def _labels(rng: np.random.Generator) -> Iterable[Case]:
    for size in (4, 7):
        numbers = rng.integers(0, 3, size)
        numbers[:2] = 1  # at least one pair
        yield Case(f"{size} labels", (numbers,))


def _label_edges(rng: np.random.Generator) -> Iterable[Case]:
    yield Case("no labels", (np.array([], int),))
    yield Case("all different", (rng.permutation(5),))


PAIRS = Exercise(
    id="pairs",
    function="pairs",
    signature='pairs(labels: Int[ndarray, " n"]) -> list[tuple[int, int]]',
    title="Pairs of equal labels",
    task="Return the positions (i, j), i < j, of all pairs with the same label, in any order.",
    points=3,
    minutes=8,
    reference=reference.pairs,
    worked=(Case("7, 5, 7, 7", (np.array([7, 5, 7, 7]),), expected=[(0, 2), (0, 3), (2, 3)]),),
    random=_labels,
    edges=_label_edges,
    misconceptions=(
        Misconception(
            "with-itself",
            lambda labels: [
                (i, j) for i in range(len(labels)) for j in range(i, len(labels)) if labels[i] == labels[j]
            ],
            "You seem to pair a position with itself.",
            "section 3",
        ),
        Misconception(
            "both-ways",
            lambda labels: [
                (i, j) for i in range(len(labels)) for j in range(len(labels)) if i != j and labels[i] == labels[j]
            ],
            "You seem to count every pair twice, once in each order.",
            "section 3",
        ),
    ),
    hints=("Two loops.", "Where does the inner loop begin?"),
    canonical=sorted,
)

PREDICT = Choice(
    id="predict-scale",
    variable="prediction_scale",
    question="All numbers are doubled. What happens to the mean square?",
    options={"a": "nothing", "b": "it doubles", "c": "it becomes four times as large"},
    answer="c",
    because={"a": "You may have thought of normalize.", "b": "You may have thought of the mean."},
    points=1,
)

REFLECT = Reflection(
    id="reflect-mean",
    question="When is the mean of squares a bad summary of a vector? Two or three sentences.",
    scheme="1 point for outliers, 1 for the lost signs.",
    points=2,
)

LAB = Lab(
    number="90",
    name="toy",
    title="A toy lab",
    summary="Means, lengths and pairs.",
    tasks=(PREDICT, MEAN_SQUARE, NORMALIZE, PAIRS, REFLECT),
)
