"""Reading a Broden folder, the data set of Network Dissection, as released or as exported by xailab.

- ``BrodenFolder``   the data set
- ``pad_labels``     the labels of several images as one batch

Source: Bau et al. 2017, section 2.1, and the files of the Broden release.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int32
from torch import Tensor

from xailab.data.batch import Batch, Labels
from xailab.data.broden.cache import LabelCache, Planes
from xailab.data.broden.index import FIXED_COLUMNS, SPLITS, Row, odd_sizes, read_rows, select_rows
from xailab.data.broden.listing import digest_files, find_missing
from xailab.data.broden.planes import read_plane
from xailab.data.broden.table import read_table
from xailab.data.broden.vocabulary import read_categories, read_vocabulary
from xailab.data.scanning import Broken, find_broken, first_reasons, map_in_order
from xailab.errors import DataError, UnknownName
from xailab.files import cache_folder
from xailab.images import load


class BrodenFolder:
    """The images of a Broden folder with their labels: maps where the folder has PNGs, tags where it has numbers.

    Opening reads the tables and lists the folders, and complains about everything that can be seen so; no image is
    decoded. A damaged file, or one of another size or with an unknown label, is found when it is read.

    Parameters
    ----------
    root
        The folder with ``index.csv``, ``label.csv``, ``category.csv``, ``c_*.csv`` and ``images/``.
    split
        ``"train"``, ``"val"`` or None for both.
    categories
        The categories to read, in the order that decides ties between primary categories; None for all, in the order
        of ``category.csv``. Images without any label in them are left out.
    require_all
        Leave out images that lack a label in one of the categories, rather than in all of them.
    limit
        Keep only the first images (before the broken ones are left out).
    sort_by_name
        Order the images by their path. By default they have the order of ``index.csv``. For a folder that was written
        by ``export_broden`` the order by name is that of the exported data set.
    skip_broken
        Read everything once at opening and leave out rows that cannot be used; ``broken`` lists them. What was found
        is remembered in the cache. Otherwise the first such row raises.
    workers
        Threads that decode.
    cache_labels
        Keep decoded label planes in the user's cache (``$XAILAB_CACHE``), a few percent of their raw size.
    progress
        Show a progress bar on stderr while everything is read.

    Attributes
    ----------
    rows
        The ``Row`` of each image.
    broken
        What ``skip_broken`` left out.
    label_size
        Height and width of the label planes.

    Raises
    ------
    DataError
        A file is missing, a row is malformed or contradicts another file, sizes disagree, or no image is left.
        Names the file and the line.
    UnknownName
        There is no such split or category.
    """

    classes: tuple[str, ...] = ()

    def __init__(
        self,
        root: str | Path,
        *,
        split: str | None = None,
        categories: Sequence[str] | None = None,
        require_all: bool = False,
        limit: int | None = None,
        sort_by_name: bool = False,
        skip_broken: bool = False,
        workers: int = 1,
        cache_labels: bool = False,
        progress: bool = True,
    ) -> None:
        if split not in (None, *SPLITS):
            raise UnknownName("split", str(split), SPLITS)
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be at least 1 image, got {limit}")
        if workers < 1:
            raise ValueError(f"workers must be at least 1 thread, got {workers}")
        self.root, self._workers = Path(root), workers
        self._images, self._index = self.root / "images", self.root / "index.csv"
        if not self.root.is_dir():
            raise DataError(f"no Broden folder {self.root}")
        rows, broken = self._read_tables(categories)
        rows = select_rows(rows, split=split, categories=self.vocabulary.categories, require_all=require_all)
        rows = sorted(rows, key=lambda row: row.image) if sort_by_name else rows
        self.rows, self.broken = tuple(rows[:limit]), tuple(broken)
        if not self.rows and (skip_broken or not broken):
            wanted = (" and " if require_all else " or ").join(self.vocabulary.categories)
            left_out = f"; left out: {first_reasons(broken)}" if broken else ""
            raise DataError(f"{self._index} has no image of {split or 'any split'} with a label in {wanted}{left_out}")
        self._drop(find_missing(self._images, self.rows), skip_broken=skip_broken)
        self._drop(odd_sizes(self.rows), skip_broken=skip_broken)
        if skip_broken:
            notes = cache_folder("broden") / f"{self.fingerprint}-broken.json"
            self._drop(
                find_broken(self._check, len(self.rows), memory=notes, workers=workers, progress=progress),
                skip_broken=True,
            )
        self.image_size, self.label_size = self.rows[0].image_size, self.rows[0].label_size
        self._cache: LabelCache | None = None
        if cache_labels:
            self._cache = LabelCache(cache_folder("broden", self.fingerprint), len(self.rows), self._decode)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.root.resolve().name

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the tables, of which rows are read with which categories, and of the sizes and times of their files.

        Looks at every file's entry when first asked for: about a second for the whole release on a local disk.
        """
        digest = hashlib.sha256(b"broden 1")
        for table in sorted(self.root.glob("*.csv")):
            digest.update(hashlib.sha256(table.read_bytes()).digest())
        digest.update(json.dumps([self.vocabulary.categories, [row.line for row in self.rows]]).encode())
        digest.update(digest_files(self._images, self.rows))
        return digest.hexdigest()[:32]

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, indices: Sequence[int]) -> Batch:
        """Return images and labels. Raises DataError, with file and line, for a file that cannot be used."""
        positions = self._positions(indices)
        images = map_in_order(self._decode_image, positions, self._workers)
        stacked = torch.stack(images) if images else torch.zeros(0, 3, *self.image_size)
        return Batch(stacked, torch.tensor(positions, dtype=torch.int64), self.read_labels(positions))

    def read_labels(self, indices: Sequence[int]) -> Labels:
        """Return only the labels. A category in which none of these images has a plane (or a tag) is left out."""
        positions = self._positions(indices)
        planes = self._cache.read(positions) if self._cache else self._decode(positions)
        return pad_labels(planes, [self.rows[position].tags for position in positions], self.vocabulary.categories)

    def _read_tables(self, categories: Sequence[str] | None) -> tuple[list[Row], list[Broken]]:
        """Read all csv files; set the vocabulary."""
        table = read_table(self._index, FIXED_COLUMNS)
        columns = tuple(name for name in table.columns if name not in FIXED_COLUMNS)
        wanted = read_categories(self.root, columns, categories)
        self.vocabulary, numbers = read_vocabulary(self.root, columns, wanted)
        self._known = np.zeros(self.vocabulary.size, bool)
        self._known[[0, *self.vocabulary.by_number]] = True
        return read_rows(table, numbers)

    def _drop(self, broken: Sequence[Broken], *, skip_broken: bool) -> None:
        """Leave out broken rows, or raise the first one."""
        self.broken = (*self.broken, *broken)
        if self.broken and not skip_broken:
            first = min(self.broken, key=lambda one: one.row or 0)
            raise DataError(f"{self._index}, line {first.row}: {first.reason}")
        lines = {one.row for one in broken}
        self.rows = tuple(row for row in self.rows if row.line not in lines)
        if broken:
            self.__dict__.pop("fingerprint", None)
        if not self.rows:
            raise DataError(f"{self._index}: none of its images can be used: {first_reasons(self.broken)}")

    def _check(self, position: int) -> Broken | None:
        """Read all files of a row; return the first that cannot be used."""
        row = self.rows[position]
        file = row.image
        try:
            _read_image(self._images / file, row.image_size)
            for file in row.files[1:]:
                read_plane(self._images / file, row.label_size, self._known)
        except DataError as error:
            return Broken(file, str(error), row.line)
        return None

    def _positions(self, indices: Sequence[int]) -> list[int]:
        """Return the indices as a list, or raise IndexError."""
        for index in indices:
            if not 0 <= index < len(self.rows):
                raise IndexError(f"no image {index}: {self.name} has {len(self.rows)}")
        return list(indices)

    def _decode_image(self, position: int) -> Float[Tensor, "3 h w"]:
        """Decode one image."""
        row = self.rows[position]
        with self._naming(row):
            return _read_image(self._images / row.image, row.image_size)

    def _decode_row(self, position: int) -> Planes:
        """Decode the label planes of one image."""
        row = self.rows[position]
        with self._naming(row):
            return {
                category: np.stack([read_plane(self._images / file, row.label_size, self._known) for file in files])
                for category, files in row.planes.items()
            }

    def _decode(self, positions: Sequence[int]) -> list[Planes]:
        """Decode the label planes of several images."""
        return map_in_order(self._decode_row, positions, self._workers)

    @contextmanager
    def _naming(self, row: Row) -> Iterator[None]:
        """Add to a complaint about a file the line of the index that mentions it."""
        try:
            yield
        except DataError as error:
            raise DataError(f"{self._index}, line {row.line}: {error}") from error


def _read_image(path: Path, size: tuple[int, int]) -> Float[Tensor, "3 h w"]:
    """Decode an image that must have a size."""
    image = load(path)
    height, width = image.shape[1:]
    if (height, width) != size:
        raise DataError(f"{path} has {height} x {width} pixels, but ih x iw is {size[0]} x {size[1]}")
    return image


def pad_labels(
    planes: Sequence[Mapping[str, Int32[np.ndarray, "_ h w"]]],
    tags: Sequence[Mapping[str, Sequence[int]]],
    categories: Sequence[str],
) -> Labels:
    """Stack the labels of images, padded with 0 to the most planes and tags that one of them has per category."""
    maps, whole = {}, {}
    for category in categories:
        depth = max((len(one[category]) for one in planes if category in one), default=0)
        if depth:
            shape = next(one[category].shape[1:] for one in planes if category in one)
            stacked = np.zeros((len(planes), depth, *shape), np.int32)
            for position, one in enumerate(planes):
                if category in one:
                    stacked[position, : len(one[category])] = one[category]
            maps[category] = torch.from_numpy(stacked)
        width = max((len(one.get(category, ())) for one in tags), default=0)
        if width:
            rows = [[*one.get(category, ()), *[0] * (width - len(one.get(category, ())))] for one in tags]
            whole[category] = torch.tensor(rows, dtype=torch.int32)
    return Labels(maps, whole)
