"""Exercise ``strongest_unit``: the warm-up. Small enough to see how checking works.

- ``EXERCISE``  the declaration
"""

from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import strongest_unit


def _by_mean(maps: np.ndarray) -> int:
    return int(np.argmax(maps.mean((1, 2))))


def _by_strength(maps: np.ndarray) -> int:
    return int(np.argmax(np.abs(maps).max((1, 2))))


def _weakest(maps: np.ndarray) -> int:
    return int(np.argmin(maps.max((1, 2))))


def _place(maps: np.ndarray) -> int:
    return int(np.argmax(maps))


def _counted_from_one(maps: np.ndarray) -> int:
    return strongest_unit(maps) + 1


def _value(maps: np.ndarray) -> float:
    return float(maps.max())


def make_maps(rng: np.random.Generator, units: int, height: int, width: int) -> np.ndarray:
    """Return maps in which one unit has the largest value, another the largest mean, a third the least value.

    No two ways to answer give the same number.
    """
    while True:
        maps = rng.uniform(-1.0, 1.0, (units, height, width))
        loud, broad, negative = rng.permutation(units)[:3]
        maps[broad] = rng.uniform(1.0, 1.5, (height, width))
        maps[loud, rng.integers(height), rng.integers(width)] = rng.uniform(2.0, 2.5)
        maps[negative, rng.integers(height), rng.integers(width)] = rng.uniform(-3.5, -3.0)
        ways = (strongest_unit, _by_mean, _by_strength, _weakest, _place, _counted_from_one)
        if len({way(maps) for way in ways}) == len(ways):
            return maps


def _random(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("5 units, 3x4 cells", (make_maps(rng, 5, 3, 4),))
    yield Case("8 units, 4x4 cells", (make_maps(rng, 8, 4, 4),))


def _edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("a single unit", (rng.uniform(-1, 1, (1, 2, 3)),))
    yield Case("all activations are negative", (-rng.uniform(1, 9, (6, 3, 3)),))
    yield Case("two units with the same maximum: the lower number counts", (np.eye(4)[:, None] * [[0], [3]],))
    yield Case("float32, every second unit of more", (make_maps(rng, 10, 3, 3).astype(np.float32)[::2],))


def _renumbered(call: Call, rng: np.random.Generator) -> str | None:
    maps, order = make_maps(rng, 7, 3, 3), rng.permutation(7)
    same = order[int(call(maps[order]))] == int(call(maps))
    return None if same else "with the units in another order, another unit was named"


EXERCISE = Exercise(
    id="strongest-unit",
    function="strongest_unit",
    signature="strongest_unit(maps (K, h, w)) -> unit",
    title="Warm-up: the strongest unit",
    task=(
        "maps holds the activations of K units for one picture, h x w cells each. Return the number of the unit that "
        "has the largest activation anywhere in its map, counted from 0; among equal ones, the lower number."
    ),
    points=1,
    minutes=3,
    reference=strongest_unit,
    worked=(
        Case(
            "unit 0 is a little active everywhere, unit 1 strongly in one cell",
            (np.float64([[[2, 2], [2, 2]], [[0, 5], [0, 0]], [[0, 0], [1, -6]]]),),
            1,
        ),
    ),
    random=_random,
    edges=_edges,
    invariants=(Invariant("renumbered", "with the units in another order, the same unit is named", _renumbered),),
    misconceptions=(
        Misconception(
            "mean-for-maximum",
            _by_mean,
            "You take the mean over the map. A unit that answers strongly in one single place has a small mean: a "
            "detector of something small would never be found. Take the maximum.",
            "notebook, section 0",
        ),
        Misconception(
            "strength-without-sign",
            _by_strength,
            "You take absolute values: a strongly negative activation counts as strong. Asked is the largest one.",
            "notebook, section 0",
        ),
        Misconception(
            "weakest-unit",
            _weakest,
            "This is the unit with the smallest maximum. Asked is the one with the largest.",
            "notebook, section 0",
        ),
        Misconception(
            "place-for-unit",
            _place,
            "np.argmax without an axis counts through all cells of all units: your number is a place in that long "
            "row, not a unit.",
            "the documentation of np.argmax",
        ),
        Misconception(
            "counted-from-one",
            _counted_from_one,
            "Your number is one too high: units are counted from 0.",
            "notebook, section 0",
        ),
        Misconception(
            "value-for-unit",
            _value,
            "You return the activation itself. Asked is which unit has it.",
            "notebook, section 0",
        ),
    ),
    hints=(
        "First one number for each unit: the largest in its map. Then: which of these numbers is the largest?",
        "maps.max((1, 2)) has one number for each unit, since it takes the maximum over rows and columns.",
        "np.argmax of one row of numbers says where the largest is, and takes the first of equal ones.",
    ),
    read="notebook, section 0",
)
