"""The rows of ``index.csv``: which image has which label files and which whole-image labels.

- ``Row``            one image
- ``read_rows``      all rows, and those that cannot be understood
- ``select_rows``    the rows of a split with something labelled in the chosen categories
- ``split_fraction`` the number that orders the rows of a Broden folder and splits them into train and val

A cell of a category is empty or holds ``;``-separated items, dominant first: a number is a label of the whole image,
anything else the path of a PNG with one number per pixel (``planes``). Scene cells of the release may hold ``0``, a
label that was too rare to be kept: unlabelled.

Source: the files of the Broden release (Bau et al. 2017) and their README.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from xailab.data.broden.table import Table, row_cells, whole_number
from xailab.data.scanning import Broken
from xailab.errors import DataError

FIXED_COLUMNS = ("image", "split", "ih", "iw", "sh", "sw")
"""Columns of ``index.csv`` that are not categories."""
SPLITS = ("train", "val")
TRAIN_FRACTION = 0.7
"""Share of the images in the train split of the release."""
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One image of a Broden folder.

    Parameters
    ----------
    line
        Line of ``index.csv``; the header is line 1.
    image
        Path below ``images/``.
    split
        ``"train"`` or ``"val"``.
    image_size, label_size
        Height and width in pixels of the image and of its label planes.
    planes
        Category -> paths of PNG files below ``images/``, dominant first. Only categories that have any.
    tags
        Category -> label numbers of the whole image, >= 1, dominant first. Only categories that have any.
    """

    line: int
    image: str
    split: str
    image_size: tuple[int, int]
    label_size: tuple[int, int]
    planes: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, tuple[int, ...]]

    @property
    def files(self) -> list[str]:
        """All files of the row, the image first."""
        return [self.image, *(file for files in self.planes.values() for file in files)]


def read_rows(table: Table, numbers: Collection[int]) -> tuple[list[Row], list[Broken]]:
    """Return the rows that can be understood, in the order of the file, and the others.

    Parameters
    ----------
    table
        ``index.csv``.
    numbers
        The label numbers of ``label.csv``.
    """
    rows, broken = [], []
    for line, cells in table.rows:
        try:
            rows.append(_parse_row(line, row_cells(table.columns, cells), numbers))
        except DataError as error:
            broken.append(Broken(table.path.name, str(error), line))
    return rows, broken


def select_rows(
    rows: Iterable[Row], *, split: str | None, categories: Sequence[str], require_all: bool = False
) -> list[Row]:
    """Keep the rows of a split with a label in any of the categories (or in all), without their other labels."""
    kept = []
    for row in rows:
        if split is not None and row.split != split:
            continue
        labelled = [category for category in categories if category in row.planes or category in row.tags]
        if len(labelled) == len(categories) if require_all else labelled:
            planes = {name: row.planes[name] for name in categories if name in row.planes}
            tags = {name: row.tags[name] for name in categories if name in row.tags}
            kept.append(replace(row, planes=planes, tags=tags))
    return kept


def odd_sizes(rows: Sequence[Row]) -> list[Broken]:
    """Return the rows whose images or labels have another size than most: a batch must be of one size."""
    counts = Counter((row.image_size, row.label_size) for row in rows)
    if len(counts) < 2:
        return []
    (image, label), most = counts.most_common(1)[0]
    usual = f"{image[0]} x {image[1]} with labels of {label[0]} x {label[1]}"
    return [
        Broken(
            row.image,
            f"size {row.image_size[0]} x {row.image_size[1]} with labels of {row.label_size[0]} x {row.label_size[1]}, "
            f"but {most} rows have {usual}; all images must be of one size",
            row.line,
        )
        for row in rows
        if (row.image_size, row.label_size) != (image, label)
    ]


def split_fraction(image: str) -> float:
    """Return the number in [0, 1) of a path below ``images/``: the first 8 bytes of its MD5, big-endian, over 2^64.

    In the release rows are sorted by it, and an image is in the train split if and only if it is at most 0.7.
    """
    return int.from_bytes(hashlib.md5(image.encode(), usedforsecurity=False).digest()[:8], "big") / 2**64


def _parse_row(line: int, cells: dict[str, str], numbers: Collection[int]) -> Row:
    """Understand one row. Raises DataError (without file and line)."""
    if cells["split"] not in SPLITS:
        raise DataError(f"split {cells['split']!r} is neither 'train' nor 'val'")
    ih, iw, sh, sw = _sizes(cells["ih"], cells["iw"], cells["sh"], cells["sw"])
    _check_path(cells["image"], "image")
    planes: dict[str, tuple[str, ...]] = {}
    tags: dict[str, tuple[int, ...]] = {}
    for category, cell in cells.items():
        if category in FIXED_COLUMNS or not cell:
            continue
        items = [item.strip() for item in cell.split(";")]
        files = tuple(item for item in items if not _NUMBER.fullmatch(item))
        labels = tuple(number for number in map(int, filter(_NUMBER.fullmatch, items)) if number != 0)
        for file in files:
            if not file.lower().endswith(".png"):
                raise DataError(f"{category} item {file!r} is neither a label number nor the path of a .png file")
            _check_path(file, category)
        for number in labels:
            if number not in numbers:
                raise DataError(f"{category} label {number} is not in label.csv")
        if files:
            planes[category] = files
        if labels:
            tags[category] = labels
    return Row(line, cells["image"], cells["split"], (ih, iw), (sh, sw), planes, tags)


@lru_cache(maxsize=64)  # all rows of a sound folder have the same four
def _sizes(*texts: str) -> tuple[int, ...]:
    """Read height and width of the image and of its labels."""
    return tuple(whole_number(text, name, 1) for text, name in zip(texts, FIXED_COLUMNS[2:], strict=True))


def _check_path(file: str, what: str) -> None:
    """Refuse paths that are empty or lead out of ``images/``."""
    if not file or file.endswith("/"):
        raise DataError(f"{what} has no path")
    if file.startswith("/") or (".." in file and ".." in file.split("/")):
        raise DataError(f"{what} path {file!r} leads out of the folder images")
