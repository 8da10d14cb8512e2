"""Exercise ``gradient``: where is each point of the map pushed?

- ``EXERCISE``  the declaration

Source: van der Maaten and Hinton 2008, eq. 5 and appendix A.
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .points import make_joint, make_map
from .reference import gradient, q_and_kl, sq_distances


def _pull(forces: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return the sum over j of forces_ij (y_i - y_j)."""
    return (forces[:, :, None] * (Y[:, None] - Y)).sum(1)


def _kernel(Y: np.ndarray) -> np.ndarray:
    return 1 / (1 + sq_distances(Y))


def _no_factor(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return gradient(P, Q, Y) / 4


def _factor_two(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return gradient(P, Q, Y) / 2


def _no_kernel(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull(P - Q, Y)


def _symmetric_sne_half(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 2 * _pull(P - Q, Y)


def _no_factor_no_kernel(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return _pull(P - Q, Y)


def _uphill(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return -gradient(P, Q, Y)


def _kernel_rooted(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull((P - Q) / (1 + np.sqrt(sq_distances(Y))), Y)


def _kernel_squared(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull((P - Q) * _kernel(Y) ** 2, Y)


def _kernel_multiplied(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull((P - Q) / _kernel(Y), Y)


def _q_for_kernel(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull((P - Q) * Q, Y)


def _attraction_only(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull(P * _kernel(Y), Y)


def _repulsion_only(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return -4 * _pull(Q * _kernel(Y), Y)


def _quotient(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * _pull(P / np.where(Q > 0, Q, 1) * _kernel(Y), Y)


def _mean(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return gradient(P, Q, Y) / len(Y)


def _other_end(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return -4 * ((P - Q) * _kernel(Y)) @ Y


def _this_end(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * ((P - Q) * _kernel(Y)) @ Y


def _unit_vectors(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    length = np.sqrt(sq_distances(Y))
    return 4 * _pull((P - Q) * _kernel(Y) / np.where(length > 0, length, 1), Y)


def _squared_vectors(P: np.ndarray, Q: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return 4 * (((P - Q) * _kernel(Y))[:, :, None] * (Y[:, None] - Y) ** 2).sum(1)


def _drawn(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    P, Y = make_joint(rng, n), make_map(rng, n)
    return P, q_and_kl(P, Y)[0], Y


def _random(rng: np.random.Generator) -> Iterator[Case]:
    for n in (3, 5, 8):
        yield Case(f"{n} points", _drawn(rng, n))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    P, Q, Y = _drawn(rng, 6)
    yield Case("P is exaggerated: it sums to 12", (12 * P, Q, Y))
    yield Case("two points of the map at one place", (P, Q, Y[[0, 1, 2, 3, 4, 0]]))
    yield Case("all points of the map at one place", (P, Q, np.ones((6, 2))))
    yield Case("a map of three dimensions", (P, Q, rng.standard_normal((6, 3))))
    yield Case("Fortran order", (np.asfortranarray(P), Q, np.asfortranarray(Y)))


def _sums_to_zero(call: Call, rng: np.random.Generator) -> str | None:
    total = np.asarray(call(*_drawn(rng, 9))).sum(0)
    return None if np.abs(total).max() < 1e-6 else f"the gradients of all points sum to {total}, expected 0"


def _is_the_slope(call: Call, rng: np.random.Generator) -> str | None:
    P, Q, Y = _drawn(rng, 6)
    direction, step = rng.standard_normal(Y.shape), 1e-5
    difference = q_and_kl(P, Y + step * direction)[1] - q_and_kl(P, Y - step * direction)[1]
    slope, found = difference / (2 * step), float((np.asarray(call(P, Q, Y)) * direction).sum())
    if abs(slope - found) < 1e-4 * abs(slope) + 1e-6:
        return None
    return f"moving the points a little changes the divergence at a rate of {slope:.5g}; your gradient says {found:.5g}"


def _at_rest(call: Call, rng: np.random.Generator) -> str | None:
    _, Q, Y = _drawn(rng, 7)
    largest = np.abs(call(Q, Q, Y)).max()
    return None if largest < 1e-6 else f"for P = Q a point is pushed with {largest:.3g}"


def _turned(call: Call, rng: np.random.Generator) -> str | None:
    P, Q, Y = _drawn(rng, 6)
    before, after = np.asarray(call(P, Q, Y)), np.asarray(call(P, Q, np.stack([3 - Y[:, 1], Y[:, 0]], axis=1)))
    right = np.allclose(np.stack([-before[:, 1], before[:, 0]], axis=1), after, rtol=1e-4, atol=1e-6)
    return None if right else "the map was turned and moved, and the gradient did not turn with it"


EXERCISE = Exercise(
    id="gradient",
    function="gradient",
    signature="gradient(P (N, N), Q (N, N), Y (N, 2)) -> (N, 2)",
    title="The gradient",
    task=(
        "Row i is 4 times the sum over j of (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2). Q is passed in; it need "
        "not be computed again."
    ),
    points=2,
    minutes=10,
    reference=gradient,
    worked=(
        Case(
            "a map with the points (0, 0), (1, 0) and (3, 0); all p_ij are 1/6",
            (
                (1 - np.eye(3)) / 6,
                np.float64([[0, 5, 1], [5, 0, 2], [1, 2, 0]]) / 16,
                np.float64([[0, 0], [1, 0], [3, 0]]),
            ),
            np.float64([[20, 0], [-43, 0], [23, 0]]) / 120,
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(
        Invariant("sums-to-zero", "pushes are mutual: they sum to 0", _sums_to_zero),
        Invariant("slope", "it is the slope of the divergence, as small steps measure it", _is_the_slope),
        Invariant("at-rest", "for P = Q nothing moves", _at_rest),
        Invariant("turned", "a turned map has a turned gradient", _turned),
    ),
    misconceptions=(
        Misconception(
            "factor-four-missing",
            _no_factor,
            "The factor 4 in front is missing, or another. It comes from the derivative: each pair counts twice, and "
            "the square gives another 2.",
            "van der Maaten and Hinton 2008, appendix A",
            also=(_factor_two,),
        ),
        Misconception(
            "kernel-missing",
            _no_kernel,
            "The factor 1 / (1 + d^2) is missing: this is the gradient of SNE with a Gaussian map. Without it far "
            "points pull as hard as near ones, or harder.",
            "van der Maaten and Hinton 2008, eq. 5",
            also=(_symmetric_sne_half, _no_factor_no_kernel),
        ),
        Misconception(
            "opposite-sign",
            _uphill,
            "Your gradient points the other way. P and Q, or y_i and y_j, are exchanged, or the wrong axis was summed. "
            "Where p_ij > q_ij the points are too far apart: the gradient of i then points away from j, and the step, "
            "against it, brings them together.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "kernel-with-distance",
            _kernel_rooted,
            "In 1 / (1 + d^2) the distance is squared.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "kernel-twice",
            _kernel_squared,
            "The factor 1 / (1 + d^2) stands in your sum twice. Q contains one already, but that one is part of q.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "kernel-inverted",
            _kernel_multiplied,
            "You multiply by 1 + d^2 where you should divide.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "q-for-kernel",
            _q_for_kernel,
            "You multiply by q_ij where 1 / (1 + d^2) belongs. They differ by the sum that Q was divided by.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "attraction-only",
            _attraction_only,
            "Only P takes part: everything attracts everything, and the map would collapse. It is p - q that counts.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "repulsion-only",
            _repulsion_only,
            "Only Q takes part: everything repels everything. It is p - q that counts.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "quotient-for-difference",
            _quotient,
            "You use p / q, which stands in the divergence. In its derivative it is p - q.",
            "van der Maaten and Hinton 2008, appendix A",
        ),
        Misconception(
            "mean-for-sum",
            _mean,
            "You take the mean over j. The gradient is the sum.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "one-end-only",
            _other_end,
            "A product with Y alone gives the sum over j of a_ij y_j. What is needed has y_i - y_j: do not forget the "
            "part with y_i.",
            "van der Maaten and Hinton 2008, eq. 5",
            also=(_this_end,),
        ),
        Misconception(
            "unit-vectors",
            _unit_vectors,
            "You divide y_i - y_j by its length. The formula has the vector as it is.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
        Misconception(
            "squared-vectors",
            _squared_vectors,
            "You square the components of y_i - y_j. The formula has the vector as it is.",
            "van der Maaten and Hinton 2008, eq. 5",
        ),
    ),
    hints=(
        "For one point i: Y[i] - Y holds all y_i - y_j, one in each row. Each row gets a factor of its own; sum the "
        "rows.",
        "Factors first: a = (P - Q) / (1 + D). Then the sum over j of a_ij (y_i - y_j), by a loop, by broadcasting "
        "with a[:, :, None], or as a.sum(1)[:, None] * Y - a @ Y.",
    ),
    read="van der Maaten and Hinton 2008, eq. 5",
)
