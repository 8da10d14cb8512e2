"""The words of a Broden folder: ``label.csv``, ``category.csv`` and the ``c_*.csv``.

- ``read_categories``   the categories in listed order
- ``read_vocabulary``   all concepts of some categories, each with its primary category
- ``primary_category``  the category in which a concept covers most

Source: Bau et al. 2017, section 2.1, and the files of the Broden release.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from xailab.data.batch import Concept, Vocabulary
from xailab.data.broden.table import read_table, real_number, row_cells, whole_number
from xailab.errors import DataError, UnknownName

LABEL_COLUMNS = ("number", "name", "category", "frequency", "coverage", "syns")
CATEGORY_COLUMNS = ("name", "first", "last", "count", "frequency")
CODE_COLUMNS = ("code", "number", "name", "frequency", "coverage")
_OCCURRENCE = re.compile(r"([^;()]+)\(([^;()]*)\)")


def read_categories(root: Path, columns: Sequence[str], wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the categories to work with, in the order that decides ties: as wanted, else as in ``category.csv``.

    Parameters
    ----------
    root
        The Broden folder.
    columns
        The category columns of ``index.csv``; the two files must agree.
    wanted
        A choice of them, or None for all.

    Raises
    ------
    DataError
        ``category.csv`` is missing or malformed, or lists other categories than ``index.csv``.
    UnknownName
        A wanted category does not exist.
    """
    path = root / "category.csv"
    table = read_table(path, ("name",))
    known: list[str] = []
    for line, cells in table.rows:
        try:
            known.append(row_cells(table.columns, cells)["name"])
        except DataError as error:
            raise DataError(f"{path}, line {line}: {error}") from None
    if sorted(known) != sorted(columns):
        raise DataError(
            f"{path} lists the categories {', '.join(known)}, "
            f"but the header of {root / 'index.csv'} has {', '.join(columns)}"
        )
    if wanted is None:
        return tuple(known)
    for name in wanted:
        if name not in known:
            raise UnknownName("category", name, known, where=str(path))
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"categories must be different and at least one, got {list(wanted)}")
    return tuple(wanted)


def read_vocabulary(root: Path, columns: Sequence[str], categories: Sequence[str]) -> tuple[Vocabulary, frozenset[int]]:
    """Return the concepts that occur in ``categories``, and the numbers of all labels in ``label.csv``.

    A concept occurs in the categories that ``label.csv`` names for it. Coverage, which decides which of them is the
    primary one, is taken from the ``c_*.csv``; a concept that one of these does not list covers nothing there.

    Raises
    ------
    DataError
        A file is missing, or a row is malformed or contradicts another file. Names file and line.
    """
    occurrences = _read_labels(root / "label.csv", columns)
    coverage = {name: _read_coverage(root / f"c_{name}.csv", occurrences) for name in categories}
    concepts = []
    for number in sorted(occurrences):
        name, where = occurrences[number]
        within = tuple(category for category in where if category in categories)
        if within:
            covers = {category: coverage[category].get(number, 0.0) for category in within}
            concepts.append(Concept(number, name, primary_category(covers, categories), within))
    return Vocabulary(tuple(categories), tuple(concepts)), frozenset(occurrences)


def primary_category(coverage: Mapping[str, float], categories: Sequence[str]) -> str:
    """Return the category in which a concept covers most; of equals the last in the order of ``categories``.

    Only categories in which the concept occurs compete (the keys of ``coverage``). The released loader lets all of
    them compete, which differs only for a concept that covers nothing anywhere: it would get a category in which it
    never occurs.
    """
    return max(coverage, key=lambda category: (coverage[category], categories.index(category)))


def _read_labels(path: Path, columns: Sequence[str]) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Read ``label.csv``: number -> (name, the categories in which the label occurs)."""
    table = read_table(path, ("number", "name", "category"))
    labels: dict[int, tuple[str, tuple[str, ...]]] = {}
    for line, cells in table.rows:
        try:
            row = row_cells(table.columns, cells)
            number = whole_number(row["number"], "number", 1)
            if number in labels:
                raise DataError(f"number {number} stands twice")
            labels[number] = row["name"], _parse_occurrences(row["category"], columns)
        except DataError as error:
            raise DataError(f"{path}, line {line}: {error}") from None
    if not labels:
        raise DataError(f"{path} lists no label")
    return labels


def _parse_occurrences(text: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Read 'object(12);part(3)' as ("object", "part")."""
    names = []
    for item in text.split(";"):
        match = _OCCURRENCE.fullmatch(item)
        if match is None:
            raise DataError(f"category is {text!r}, expected something like 'object(12);part(3)'")
        name = match.group(1).strip()
        whole_number(match.group(2), f"the count of {name}")
        if name not in columns:
            raise DataError(f"category {name!r} is not a column of index.csv ({', '.join(columns)})")
        names.append(name)
    return tuple(dict.fromkeys(names))


def _read_coverage(path: Path, labels: Mapping[int, object]) -> dict[int, float]:
    """Read ``c_CATEGORY.csv``: number -> coverage, in whole images."""
    table = read_table(path, ("number", "coverage"))
    coverage: dict[int, float] = {}
    for line, cells in table.rows:
        try:
            row = row_cells(table.columns, cells)
            number = whole_number(row["number"], "number", 1)
            if number not in labels:
                raise DataError(f"label {number} is not in label.csv")
            coverage[number] = real_number(row["coverage"], "coverage")
        except DataError as error:
            raise DataError(f"{path}, line {line}: {error}") from None
    return coverage
