"""Exercises ``label_units`` and ``unique_detectors``: from a table of IoUs to what each unit detects.

- ``LABEL_UNITS``, ``UNIQUE_DETECTORS``   the declarations

Source: Bau et al. 2017, section 2.3: a unit detects its best concept if their IoU is greater than 0.04.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from xailab_autograder.exercises import Call, Case, Exercise, Invariant, Misconception

from .reference import label_units, unique_detectors

Found = list[tuple[int, int, float]]
"""(unit, concept, IoU) of each detector."""


def _by_unit(value: object) -> object:
    """Sort the tuples, whose order is free; leave alone what is no list of them."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, (list, tuple)) for entry in value):
        return value
    try:
        return sorted((tuple(entry) for entry in value), key=lambda entry: tuple(float(number) for number in entry))
    except (TypeError, ValueError):
        return value


def _with_column_zero(iou: np.ndarray, threshold: float = 0.04) -> Found:
    rows = [(unit, int(np.argmax(row)), float(row.max())) for unit, row in enumerate(iou)]
    return [entry for entry in rows if entry[2] > threshold]


def _not_strict(iou: np.ndarray, threshold: float = 0.04) -> Found:
    return [entry for entry in label_units(iou, -1.0) if entry[2] >= threshold]


def _all_units(iou: np.ndarray, threshold: float = 0.04) -> Found:
    return label_units(iou, -1.0)


def _all_concepts(iou: np.ndarray, threshold: float = 0.04) -> Found:
    units, concepts = np.nonzero(iou[:, 1:] > threshold)
    return [(int(u), int(c) + 1, float(iou[u, c + 1])) for u, c in zip(units, concepts, strict=True)]


def _per_concept(iou: np.ndarray, threshold: float = 0.04) -> Found:
    best = [(int(np.argmax(iou[:, concept])), concept) for concept in range(1, iou.shape[1])]
    return [(unit, concept, float(iou[unit, concept])) for unit, concept in best if iou[unit, concept] > threshold]


def _shifted(iou: np.ndarray, threshold: float = 0.04) -> Found:
    return [(unit, concept - 1, value) for unit, concept, value in label_units(iou, threshold)]


def _from_one(iou: np.ndarray, threshold: float = 0.04) -> Found:
    return [(unit + 1, concept, value) for unit, concept, value in label_units(iou, threshold)]


def _last_tie(iou: np.ndarray, threshold: float = 0.04) -> Found:
    mirrored = np.concatenate([iou[:, :1], iou[:, :0:-1]], 1)
    return [(unit, iou.shape[1] - concept, value) for unit, concept, value in label_units(mirrored, threshold)]


def _exchanged(iou: np.ndarray, threshold: float = 0.04) -> Found:
    return [(concept, unit, value) for unit, concept, value in label_units(iou, threshold)]


def _make_table(rng: np.random.Generator, units: int, concepts: int) -> np.ndarray:
    """Return IoUs of which some rows stay below 0.04, some have several above; column 0 is large and means nothing."""
    table = rng.uniform(0.0, 0.035, (units, concepts + 1))
    for unit in range(0, units, 2):
        table[unit, 1 + rng.permutation(concepts)[:2]] = rng.uniform(0.06, 0.3, 2)
    table[:, 0] = rng.uniform(0.31, 0.4, units)
    return table


def _tables(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("6 units, concepts 1 to 5", (_make_table(rng, 6, 5), 0.04))
    yield Case("9 units, concepts 1 to 4", (_make_table(rng, 9, 4), 0.04))
    tied = _make_table(rng, 4, 5)
    tied[1, [2, 4]], tied[3, 3] = 0.25, 0.125
    yield Case("a tie between two concepts, and an IoU that equals the threshold", (tied, 0.125))


def _tables_edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one unit, one concept", (np.array([[0.0, 0.5]]), 0.04))
    yield Case("no detectors", (np.full((3, 4), 0.01), 0.04))
    yield Case("threshold is not given", (_make_table(rng, 8, 5),))
    yield Case("float32", (_make_table(rng, 5, 4).astype(np.float32), 0.04))
    yield Case("threshold 0 and a unit without any overlap", (np.array([[0, 0, 0.0], [0, 0, 0.01]]), 0.0))
    yield Case("every second row of a longer table", (_make_table(rng, 10, 4)[::2], 0.05))


def _unit_once(call: Call, rng: np.random.Generator) -> str | None:
    units = [entry[0] for entry in call(_make_table(rng, 8, 5), 0.04)]
    return None if len(units) == len(set(units)) else f"units {units}: some occur several times"


LABEL_UNITS = Exercise(
    id="label-units",
    function="label_units",
    signature="label_units(iou (K, C), threshold=0.04) -> list of (unit, concept, iou)",
    title="Labels of units",
    task=(
        "Column c of the table belongs to concept c; column 0 is to be ignored, whatever it holds. For each unit whose "
        "greatest IoU is greater than the threshold (strictly), give the unit, that concept and the IoU. In a tie the "
        "smaller concept number wins. Units count from 0."
    ),
    points=1,
    minutes=5,
    reference=label_units,
    worked=(
        Case(
            "3 units, concepts 1 to 3: unit 1 detects nothing",
            (np.array([[0, 0.01, 0.20, 0.10], [0, 0.03, 0.02, 0.00], [0, 0.00, 0.05, 0.30]]), 0.04),
            [(0, 2, 0.20), (2, 3, 0.30)],
        ),
    ),
    random=_tables,
    edges=_tables_edges,
    invariants=(Invariant("once", "a unit occurs at most once", _unit_once),),
    misconceptions=(
        Misconception(
            "column-zero",
            _with_column_zero,
            "You let column 0 take part. It stands for 'unlabelled' and is no concept.",
            "notebook, section 4",
        ),
        Misconception(
            "not-strict",
            _not_strict,
            "A unit whose IoU equals the threshold is no detector: greater, not greater or equal.",
            "notebook, section 4",
        ),
        Misconception(
            "no-threshold",
            _all_units,
            "You label every unit. Each has some best concept, however bad: only those above the threshold are "
            "detectors.",
            "Bau et al. 2017, section 2.3",
        ),
        Misconception(
            "all-concepts-above",
            _all_concepts,
            "Your units have several concepts each. A unit gets the one with the greatest IoU.",
            "Bau et al. 2017, section 2.3",
        ),
        Misconception(
            "best-unit-of-each-concept",
            _per_concept,
            "You look for the best unit of each concept. Asked is the best concept of each unit: several units may "
            "detect the same thing.",
            "notebook, section 4",
        ),
        Misconception(
            "concepts-shifted",
            _shifted,
            "Your concepts are one too small: after cutting off column 0 everything has moved by one.",
            "notebook, section 4",
        ),
        Misconception(
            "units-from-one", _from_one, "Your units count from 1. Here they count from 0.", "notebook, section 4"
        ),
        Misconception(
            "last-of-a-tie",
            _last_tie,
            "In a tie you take the last concept. The smaller number wins.",
            "the documentation of np.argmax",
        ),
        Misconception(
            "unit-and-concept-exchanged",
            _exchanged,
            "The order inside a tuple is unit, concept, IoU; yours starts with the concept.",
            "notebook, section 4",
        ),
    ),
    hints=(
        "For one unit: which column of its row is the greatest, if you do not look at column 0?",
        "np.argmax returns the first of equal values. Of row[1:] it counts from 0 again.",
    ),
    canonical=_by_unit,
    read="Bau et al. 2017, section 2.3",
)


def _units(found: Found) -> int:
    return len(found)


def _single(found: Found) -> int:
    return sum(count == 1 for count in Counter(concept for _, concept, _ in found).values())


def _several(found: Found) -> int:
    return sum(count > 1 for count in Counter(concept for _, concept, _ in found).values())


def _largest_number(found: Found) -> int:
    return max((concept for _, concept, _ in found), default=0)


def _neighbours(found: Found) -> int:
    concepts = [concept for _, concept, _ in found]
    return sum(i == 0 or concepts[i] != concepts[i - 1] for i in range(len(concepts)))


def _make_found(rng: np.random.Generator, concepts: tuple[int, ...]) -> Found:
    """Return detectors of these concepts, ordered by unit."""
    units = np.sort(rng.permutation(40)[: len(concepts)])
    return [(int(u), c, round(float(rng.uniform(0.05, 0.3)), 4)) for u, c in zip(units, concepts, strict=True)]


def _lists(rng: np.random.Generator) -> Iterator[Case]:
    a, b, c, d, e = (int(n) for n in 20 + rng.permutation(60)[:5])
    yield Case("10 detectors of 5 concepts", (_make_found(rng, (a, b, a, a, c, d, a, b, e, a)),))
    yield Case("5 detectors of 4 concepts", (_make_found(rng, (c, d, a, c, b)),))


def _lists_edges(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("no detectors", ([],))
    yield Case("one detector", (_make_found(rng, (7,)),))
    yield Case("all of one concept", (_make_found(rng, (3, 3, 3)),))


UNIQUE_DETECTORS = Exercise(
    id="unique-detectors",
    function="unique_detectors",
    signature="unique_detectors(found: list of (unit, concept, iou)) -> int",
    title="Unique detectors",
    task="Given what label_units returns: how many different concepts have at least one detector?",
    points=1,
    minutes=3,
    reference=unique_detectors,
    worked=(Case("units 0, 4 and 7 detect concepts 2, 5 and 2", ([(0, 2, 0.2), (4, 5, 0.1), (7, 2, 0.05)],), 2),),
    random=_lists,
    edges=_lists_edges,
    misconceptions=(
        Misconception(
            "counts-units",
            _units,
            "You count detectors, that is units. Several units may detect one concept: count each concept once.",
            "notebook, section 4",
        ),
        Misconception(
            "only-single-detectors",
            _single,
            "You count the concepts that have exactly one detector. 'Unique' here means 'different': a concept with "
            "five detectors counts once, not zero times.",
            "notebook, section 4",
        ),
        Misconception(
            "only-repeated-concepts",
            _several,
            "You count the concepts that have several detectors. Those with a single one count too.",
            "notebook, section 4",
        ),
        Misconception(
            "largest-number",
            _largest_number,
            "You return the largest concept number. Most numbers below it have no detector.",
            "notebook, section 4",
        ),
        Misconception(
            "only-neighbours-compared",
            _neighbours,
            "You merge equal concepts only where they follow each other. The list is ordered by unit, so equal "
            "concepts may stand apart.",
            "the documentation of itertools.groupby",
        ),
    ),
    hints=("Collect the concepts in a container that holds everything once.",),
    edge_share=0.25,
    read="Bau et al. 2017, section 3.2",
)
