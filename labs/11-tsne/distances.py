"""Exercise ``sq_distances``: how far is every point from every other?

- ``EXERCISE``  the declaration
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .points import make_points
from .reference import sq_distances


def _not_squared(X: np.ndarray) -> np.ndarray:
    return np.sqrt(sq_distances(X))


def _city_block(X: np.ndarray) -> np.ndarray:
    return np.abs(X[:, None] - X).sum(-1)


def _sum_first(X: np.ndarray) -> np.ndarray:
    return (X[:, None] - X).sum(-1) ** 2


def _mean(X: np.ndarray) -> np.ndarray:
    return ((X[:, None] - X) ** 2).mean(-1)


def _between_features(X: np.ndarray) -> np.ndarray:
    return sq_distances(X.T)


def _one_triangle(X: np.ndarray) -> np.ndarray:
    return np.triu(sq_distances(X))


def _once_too_often(X: np.ndarray) -> np.ndarray:
    return sq_distances(X) ** 2


def _product_once(X: np.ndarray) -> np.ndarray:
    lengths = (X * X).sum(1)
    return lengths[:, None] + lengths - X @ X.T


def _products(X: np.ndarray) -> np.ndarray:
    lengths = (X * X).sum(1)
    return lengths[:, None] + lengths - 2 * X @ X.T


def _products_first(X: np.ndarray) -> np.ndarray:
    lengths = (X * X).sum(1)
    return -2 * X @ X.T + lengths + lengths[:, None]


def _products_rows(X: np.ndarray) -> np.ndarray:
    lengths = (X * X).sum(1)
    return lengths[:, None] - 2 * X @ X.T + lengths


def _products_clipped(X: np.ndarray) -> np.ndarray:
    return np.maximum(_products(X), 0)


def _products_first_clipped(X: np.ndarray) -> np.ndarray:
    return np.maximum(_products_first(X), 0)


def _products_rows_clipped(X: np.ndarray) -> np.ndarray:
    return np.maximum(_products_rows(X), 0)


def _far_away(rng: np.random.Generator) -> np.ndarray:
    """Return 5 numbers near 30 million whose squares have no digits left for the differences.

    In one dimension a product is one rounding, the same on every machine: the wrong results can be told by their value.
    The differences are exact, also after taking off any common number of this size.
    """
    while True:
        steps = np.sort(rng.permutation(200)[:5]) / 64
        X = (30_000_000 + steps)[:, None]
        wrong = [way(X) for way in (_products, _products_first, _products_rows)]
        if all((way < -0.1).any() for way in wrong):
            return X


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("5 points of 3 features", (make_points(rng, 5, 3),))
    yield Case("4 points of 7 features", (make_points(rng, 4, 7),))
    yield Case("5 points on a line, far from 0 and near each other", (_far_away(rng),))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one point", (make_points(rng, 1, 3),))
    yield Case("three points, two of them the same", (make_points(rng, 2, 4)[[0, 1, 0]],))
    yield Case("float32", (make_points(rng, 6, 3).astype(np.float32),))
    yield Case("every second column of a wider array", (make_points(rng, 5, 8)[:, ::2],))
    yield Case("Fortran order", (np.asfortranarray(make_points(rng, 5, 4)),))


def _zero(call: Call, rng: np.random.Generator) -> str | None:
    D = np.asarray(call(make_points(rng, 8, 5)))
    farthest, least = np.abs(np.diag(D)).max(), D.min()
    return (
        None
        if farthest < 1e-9 and least > -1e-9
        else f"D[i, i] is up to {farthest:.3g}, the least number is {least:.3g}"
    )


def _symmetric(call: Call, rng: np.random.Generator) -> str | None:
    D = np.asarray(call(make_points(rng, 7, 4)))
    return None if np.allclose(D, D.T, atol=1e-9) else "D[i, j] and D[j, i] differ"


def _moved(call: Call, rng: np.random.Generator) -> str | None:
    X = make_points(rng, 6, 4)
    same = np.allclose(call(X), call(X + rng.uniform(-3, 3, 4)), rtol=1e-4, atol=1e-6)
    return None if same else "all points were moved by the same vector, and the distances changed"


EXERCISE = Exercise(
    id="sq-distances",
    function="sq_distances",
    signature="sq_distances(X (N, d)) -> D (N, N)",
    title="Squared distances",
    task=(
        "Each row of X is a point. D[i, j] is the sum over the features of (X[i, k] - X[j, k])^2. No number of D is "
        "negative, and points far from the origin are measured as well as others."
    ),
    points=1,
    minutes=5,
    reference=sq_distances,
    worked=(
        Case(
            "the corners (0, 0), (3, 4) and (0, 1)",
            (np.float64([[0, 0], [3, 4], [0, 1]]),),
            np.float64([[0, 25, 1], [25, 0, 18], [1, 18, 0]]),
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("zero", "no point is far from itself, no distance is negative", _zero),
        Invariant("symmetric", "i is as far from j as j from i", _symmetric),
        Invariant("moved", "moving all points together changes no distance", _moved),
    ),
    misconceptions=(
        Misconception(
            "not-squared",
            _not_squared,
            "These are distances, not their squares: you took a square root that t-SNE does not.",
            "notebook, section 1",
        ),
        Misconception(
            "absolute-differences",
            _city_block,
            "You add up absolute differences. Squared Euclidean distances add up squares.",
            "notebook, section 1",
        ),
        Misconception(
            "summed-before-squaring",
            _sum_first,
            "You sum the differences first and square the sum: differences of opposite sign then cancel. Square each, "
            "then sum.",
            "notebook, section 1",
        ),
        Misconception(
            "mean-over-features",
            _mean,
            "You take the mean over the features. The distance is their sum.",
            "notebook, section 1",
        ),
        Misconception(
            "between-features",
            _between_features,
            "You measure the columns of X against each other. The points are its rows.",
            "notebook, section 1",
        ),
        Misconception(
            "one-triangle",
            _one_triangle,
            "Half of your matrix is empty: D[j, i] equals D[i, j] and has to be written too.",
            "notebook, section 1",
        ),
        Misconception(
            "squared-twice",
            _once_too_often,
            "You squared twice: the sum of squares is the squared distance already.",
            "notebook, section 1",
        ),
        Misconception(
            "product-once",
            _product_once,
            "The binomial formula has 2 x . y in its middle; yours has it once.",
            "notebook, section 1",
        ),
        Misconception(
            "large-numbers-cancel",
            _products,
            "You use |x|^2 + |y|^2 - 2 x . y. For points far from the origin these are huge numbers whose difference "
            "is small: the digits that count are rounded away, and squared distances come out as 0 or even negative. "
            "Take differences of points first, or move the points to the origin before you multiply.",
            "notebook, section 1, the remark on rounding",
            also=(
                _products_first,
                _products_rows,
                _products_clipped,
                _products_first_clipped,
                _products_rows_clipped,
            ),
        ),
    ),
    hints=(
        "Start with one point: X - X[i] holds the differences of all points to it, one in each row. What has to happen "
        "to each row?",
        "A loop over i is fine. Without a loop: X[:, None] - X has the shape (N, N, d); it needs memory for N * N * d "
        "numbers.",
    ),
    read="notebook, section 1",
)
