"""How often and how much each concept is labelled, category by category: the numbers in Broden's tables.

- ``LabelCounts``   accumulator: images and coverage per category and concept
- ``write_tables``  ``label.csv``, ``category.csv`` and the ``c_*.csv`` from them

Source: the files of the Broden release (Bau et al. 2017).
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int32

from xailab.data.batch import Concept, Vocabulary
from xailab.data.broden.vocabulary import CATEGORY_COLUMNS, CODE_COLUMNS, LABEL_COLUMNS, primary_category
from xailab.errors import DataError


def categories_of(concept: Concept) -> tuple[str, ...]:
    """Return all categories in which a concept may occur."""
    return concept.categories or (concept.category,)


class LabelCounts:
    """Counts images and covered area per category and concept.

    Parameters
    ----------
    vocabulary
        The concepts that may occur.

    Attributes
    ----------
    frequency
        Int64, categories x numbers: images in which the concept is labelled in that category.
    coverage
        Float64, the same shape: sum over images of the fraction of pixels, in whole images. A label of the whole image
        covers 1. Planes add up, as they do when a network is dissected.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        shape = (len(vocabulary.categories), vocabulary.size)
        self.frequency, self.coverage = np.zeros(shape, np.int64), np.zeros(shape, np.float64)
        self._allowed = np.zeros(shape, bool)
        for concept in vocabulary.concepts:
            for category in categories_of(concept):
                self._allowed[vocabulary.categories.index(category), concept.number] = True

    def add(self, planes: Mapping[str, Sequence[Int32[np.ndarray, "h w"]]], tags: Mapping[str, Sequence[int]]) -> None:
        """Count one image.

        Raises
        ------
        DataError
            A label that the vocabulary does not have in that category.
        """
        for code, category in enumerate(self.vocabulary.categories):
            numbers = [np.asarray(tags.get(category, ()), np.int64)]
            weights = [np.ones(len(numbers[0]))]
            for plane in planes.get(category, ()):
                present, pixels = np.unique(plane[plane != 0], return_counts=True)
                numbers.append(present.astype(np.int64))
                weights.append(pixels / plane.size)
            found, weight = np.concatenate(numbers), np.concatenate(weights)
            self._check(code, category, found)
            np.add.at(self.coverage[code], found, weight)
            self.frequency[code, np.unique(found)] += 1

    def primary(self, concept: Concept) -> str:
        """Return the primary category that a reader of the tables will find."""
        categories = self.vocabulary.categories
        coverage = {
            name: float(self.coverage[categories.index(name), concept.number]) for name in categories_of(concept)
        }
        return primary_category(coverage, categories)

    def _check(self, code: int, category: str, numbers: np.ndarray) -> None:
        """Refuse labels that the tables could not express."""
        for number in numbers.tolist():
            if not 0 < number < self.vocabulary.size or number not in self.vocabulary.by_number:
                raise DataError(f"label {number} of {category} is not in the vocabulary")
            if not self._allowed[code, number]:
                concept = self.vocabulary.by_number[number]
                raise DataError(
                    f"label {number} ({concept.name}) stands in {category}, but the vocabulary has it "
                    f"in {', '.join(categories_of(concept))} only"
                )


def write_tables(folder: Path, counts: LabelCounts) -> None:
    """Write ``label.csv``, ``category.csv`` and one ``c_CATEGORY.csv`` per category.

    Numbers are the vocabulary's own (in the release they follow the frequency), and concepts that never occur are kept,
    so that a reader finds the same vocabulary.
    """
    _write(folder / "label.csv", LABEL_COLUMNS, [_label_row(counts, concept) for concept in counts.vocabulary.concepts])
    summary = []
    for code, category in enumerate(counts.vocabulary.categories):
        concepts = [concept for concept in counts.vocabulary.concepts if category in categories_of(concept)]
        images, coverage = counts.frequency[code].tolist(), counts.coverage[code].tolist()
        rows = [
            (concept.number, concept.name, images[concept.number], coverage[concept.number]) for concept in concepts
        ]
        rows.sort(key=lambda row: (-row[2], -row[3], row[0]))
        _write(folder / f"c_{category}.csv", CODE_COLUMNS, [(place, *row) for place, row in enumerate(rows, 1)])
        numbers = [concept.number for concept in concepts] or [0]
        summary.append((category, min(numbers), max(numbers), len(rows), sum(row[2] for row in rows)))
    _write(folder / "category.csv", CATEGORY_COLUMNS, summary)


def _label_row(counts: LabelCounts, concept: Concept) -> tuple[object, ...]:
    """Return the row of ``label.csv``; its categories in descending order of images."""
    codes = {name: counts.vocabulary.categories.index(name) for name in categories_of(concept)}
    images = {name: int(counts.frequency[code, concept.number]) for name, code in codes.items()}
    where = sorted(images, key=lambda name: -images[name])
    coverage = sum(float(counts.coverage[code, concept.number]) for code in codes.values())
    cells = ";".join(f"{name}({images[name]})" for name in where)
    return concept.number, concept.name, cells, sum(images.values()), f"{coverage:f}", concept.title


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a csv file with a header."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
