"""How alike, and how unusual that is in this class.

- ``Weights``    what a fingerprint counts: the fewer have it, the more
- ``likeness``   the weighted share of every pair
- ``Spread``     the middle and the spread of a class's pairs

Short textbook functions look alike, and every lecture has its idioms. So a fingerprint that n of N hand-ins have weighs
``log(N / n)``, nothing if more than ``COMMON`` of them have it, and a likeness is measured against all other pairs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

COMMON = 0.5
"""What more than this share of a class has says nothing."""

ALWAYS = 3
"""So many may share a fingerprint in a class of any size."""

SMALLEST = 30
"""Smaller classes are weighed like one of this size: in a class of two, all that both have would count nothing."""

LITTLE = 60.0
"""What both must have before their shares count in full: about 20 rare fingerprints."""

FEW = 28
"""With fewer pairs (8 hand-ins) a class has no middle of its own."""

FEW_SPREAD = 0.1
"""Of likeness, in such a class."""

LEAST_SPREAD = 0.04
"""Of likeness: where all pairs are equally unlike, chance would otherwise count as unusual."""


class Weights:
    """What fingerprints count."""

    def __init__(self, documents: Sequence[Iterable[int]]) -> None:
        self.size = len(documents)
        self.found = Counter(key for document in documents for key in document)
        self._most = max(ALWAYS, COMMON * self.size)

    def __call__(self, key: int) -> float:
        """Return the weight of one."""
        found = max(self.found.get(key, 0), 1)
        return float(np.log(max(self.size, SMALLEST) / found)) if found <= self._most else 0.0


def likeness(
    documents: Sequence[frozenset[int]], others: Sequence[frozenset[int]], weights: Weights, *, one_way: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeness of documents with others, from 0 to 1, and how many weighing fingerprints both have.

    What both have is divided by what each has, the geometric mean of the two.

    Parameters
    ----------
    documents, others
        Their fingerprints; may be the same.
    weights
        Of the class.
    one_way
        Divide by what the documents have, whatever else the others have.
    """
    columns: dict[int, int] = {}
    left, right = _matrix(documents, columns), _matrix(others, columns)
    left.resize((len(documents), len(columns)))
    each = np.array([weights(key) for key in columns])
    both = (left.multiply(each).tocsr() @ right.T).toarray()
    shared = (left.multiply(each > 0).tocsr() @ right.T).toarray()
    several = np.array([weights.found.get(key, 0) > 1 for key in columns], bool)
    if one_way:
        several |= (np.asarray(left.sum(0)).ravel() > 0) & (np.asarray(right.sum(0)).ravel() > 0)
    mass = _mass(left, each, several)[:, None] + LITTLE
    its_mass = mass if one_way else _mass(right, each, several)[None, :] + LITTLE
    return np.minimum(both / np.sqrt(mass * its_mass), 1.0), shared.astype(int)


def _mass(matrix: "csr_matrix", each: np.ndarray, several: np.ndarray) -> np.ndarray:
    """Return what documents have: a fingerprint that nobody else has counts like the mean of those that others have.

    By the logarithm it would count most, and a few changes would hide a copy among what is its own.
    """
    weighing = matrix @ (each > 0).astype(float)
    known = matrix @ (several & (each > 0)).astype(float)
    mean = np.where(known > 0, matrix @ (each * several) / np.maximum(known, 1), np.log(SMALLEST))
    return np.asarray(mean * weighing)


def _matrix(documents: Sequence[frozenset[int]], columns: dict[int, int]) -> "csr_matrix":
    """Return documents x fingerprints, ones where a document has one; new fingerprints get new columns."""
    from scipy.sparse import csr_matrix

    places = [columns.setdefault(key, len(columns)) for document in documents for key in sorted(document)]
    ends = np.cumsum([0, *(len(document) for document in documents)])
    return csr_matrix((np.ones(len(places)), places, ends), (len(documents), len(columns)))


@dataclass(frozen=True)
class Spread:
    """The middle and the spread of a class's pairs."""

    middle: float
    width: float

    @classmethod
    def of(cls, values: np.ndarray, *, otherwise: float = 0.0, few: int = 0) -> "Spread":
        """Measure: the median, and 1.4826 times the median distance from it, which is sigma for a normal spread.

        Parameters
        ----------
        values
            One for each pair.
        otherwise
            The middle, where there are too few pairs to have one.
        few
            How many that is.
        """
        if values.size < max(few, 1):
            return cls(otherwise, FEW_SPREAD)
        middle = float(np.median(values))
        width = 1.4826 * float(np.median(np.abs(values - middle)))
        return cls(middle, max(width, LEAST_SPREAD))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return how many spreads each is above the middle."""
        return np.asarray((values - self.middle) / self.width)


def threshold(pairs: int) -> float:
    """Return the z from which a pair is listed: above what the largest of so many chance values reaches."""
    return max(3.5, 0.5 + float(np.sqrt(2 * np.log(max(pairs, 1)))))
