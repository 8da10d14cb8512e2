"""Reading a csv file strictly: every complaint names the file and the line.

- ``Table``         header and rows, each row with its line number
- ``read_table``    read one
- ``row_cells``     one row as a dictionary, if it has as many cells as the header
- ``whole_number``  '12' or '12.' as 12
- ``real_number``   '0.5', '12.', '2.5e-05'
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from xailab.errors import DataError


@dataclass(frozen=True)
class Table:
    """A csv file: its columns, and its rows as (line number, cells). The header is line 1."""

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]


def read_table(path: Path, required: tuple[str, ...]) -> Table:
    """Read a csv file with a header line. Columns may come in any order; blank lines do not count.

    Raises
    ------
    DataError
        No such file, not UTF-8, broken quoting, no header, a required column is missing or a column stands twice.
    """
    lines: list[tuple[int, list[str]]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, strict=True)
            try:
                lines = [(reader.line_num, cells) for cells in reader if cells]
            except csv.Error as error:
                raise DataError(f"{path}, line {reader.line_num}: {error}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file in UTF-8: {error}") from error
    if not lines:
        raise DataError(f"{path} is empty, expected a header with {', '.join(required)}")
    columns = tuple(name.strip() for name in lines[0][1])
    missing = [name for name in required if name not in columns]
    if missing:
        raise DataError(f"{path}, line 1: no column {', '.join(missing)} in the header {','.join(columns)}")
    if len(set(columns)) < len(columns) or "" in columns:
        raise DataError(
            f"{path}, line 1: a column without a name, or twice the same, in the header {','.join(columns)}"
        )
    return Table(path, columns, lines[1:])


def row_cells(columns: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    """Return a row keyed by column. Raises DataError (without file and line) when cells are missing or too many."""
    if len(cells) != len(columns):
        raise DataError(f"{len(cells)} cells, expected {len(columns)} ({','.join(columns)})")
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def whole_number(text: str, name: str, least: int = 0) -> int:
    """Return the whole number >= ``least`` that a cell holds; '12', '12.' and '12.0' are 12. Else DataError."""
    value = real_number(text, name)
    if not value.is_integer() or value < least:
        raise DataError(f"{name} is {text!r}, expected a whole number >= {least}")
    return int(value)


def real_number(text: str, name: str) -> float:
    """Return the finite number that a cell holds, in any of Python's spellings. Else DataError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{name} is {text!r}, expected a number")
    return value
