"""Any folder of images: all in one folder, or one subfolder per class.

- ``ImageFolder``   the data set
- ``list_images``   the image files of a folder and their classes
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from xailab.data.batch import Batch
from xailab.data.fitting import fit_named, pair
from xailab.data.scanning import Broken, find_broken, first_reasons, map_in_order
from xailab.errors import DataError
from xailab.files import cache_folder
from xailab.images import load

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
"""File names that are taken for images, in any case."""


class ImageFolder:
    """The images of a folder, brought to one size.

    Images may be of any kind and size that ``xailab.images.load`` reads. If they lie in subfolders, each subfolder is a
    class; classes and files are sorted by name. Hidden files and folders do not count.

    Parameters
    ----------
    root
        The folder.
    size
        Height and width in pixels; one number for a square.
    fit
        ``"crop"`` covers the size and cuts out the center, ``"squash"`` ignores the aspect ratio.
    limit
        Keep only the first images (before the broken ones are left out).
    skip_broken
        Read everything once at opening and leave out what cannot be read; ``broken`` lists it. What was found is
        remembered in the cache. Otherwise a damaged file raises when it is read.
    workers
        Threads that decode.
    progress
        Show a progress bar on stderr while everything is read.

    Attributes
    ----------
    files
        The path of each image.
    broken
        What ``skip_broken`` left out.

    Raises
    ------
    DataError
        No such folder, no images, an empty class, or images both in the folder and in subfolders.
    """

    vocabulary: None = None

    def __init__(
        self,
        root: str | Path,
        *,
        size: int | tuple[int, int] = 224,
        fit: str = "crop",
        limit: int | None = None,
        skip_broken: bool = False,
        workers: int = 1,
        progress: bool = True,
    ) -> None:
        self.root, self.image_size, self._workers = Path(root), pair(size), workers
        self._fit, self._fit_name = fit_named(fit), fit
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be at least 1 image, got {limit}")
        if workers < 1:
            raise ValueError(f"workers must be at least 1 thread, got {workers}")
        files, targets, self.classes = list_images(self.root)
        self.files, self._targets = files[:limit], targets[:limit]
        self.broken: tuple[Broken, ...] = ()
        if skip_broken:
            notes = cache_folder("folder") / f"{self.fingerprint}-broken.json"
            found = find_broken(self._check, len(self.files), memory=notes, workers=workers, progress=progress)
            self._leave_out(found)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.root.resolve().name

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the names, sizes and times of all files, and of size and fit."""
        digest = hashlib.sha256(repr(("folder 1", self.image_size, self._fit_name, self.classes)).encode())
        for file in self.files:
            status = file.stat()
            digest.update(repr((file.relative_to(self.root).as_posix(), status.st_size, status.st_mtime_ns)).encode())
        return digest.hexdigest()[:32]

    def __len__(self) -> int:
        return len(self.files)

    def read(self, indices: Sequence[int]) -> Batch:
        """Return images and, where there are classes, class indices. Raises DataError, naming the file."""
        positions = list(indices)
        for index in positions:
            if not 0 <= index < len(self.files):
                raise IndexError(f"no image {index}: {self.name} has {len(self.files)}")
        images = map_in_order(self._decode, positions, self._workers)
        stacked = torch.stack(images) if images else torch.zeros(0, 3, *self.image_size)
        targets = torch.tensor([self._targets[i] for i in positions], dtype=torch.int64) if self.classes else None
        return Batch(stacked, torch.tensor(positions, dtype=torch.int64), targets=targets)

    def read_labels(self, indices: Sequence[int]) -> None:
        """Return None: there are no concept labels."""

    def _decode(self, position: int) -> Float[Tensor, "3 h w"]:
        """Read one image and bring it to the size."""
        return self._fit(load(self.files[position]), self.image_size)

    def _check(self, position: int) -> Broken | None:
        """Read one image; return why it cannot be used."""
        try:
            load(self.files[position])
        except DataError as error:
            return Broken(self.files[position].relative_to(self.root).as_posix(), str(error))
        return None

    def _leave_out(self, broken: Sequence[Broken]) -> None:
        """Go on without some files. Raises DataError if none is left."""
        if not broken:
            return
        self.broken = tuple(broken)
        gone = {one.file for one in broken}
        kept = [i for i, file in enumerate(self.files) if file.relative_to(self.root).as_posix() not in gone]
        if not kept:
            raise DataError(f"none of the images of {self.root} can be read: {first_reasons(self.broken)}")
        self.files, self._targets = [self.files[i] for i in kept], [self._targets[i] for i in kept]
        self.__dict__.pop("fingerprint", None)


def list_images(root: Path) -> tuple[list[Path], list[int], tuple[str, ...]]:
    """Return the image files below ``root``, the class of each, and the class names (none if there are no subfolders).

    Raises
    ------
    DataError
        No such folder, no images, an empty class, or images both in the folder and in subfolders.
    """
    if not root.is_dir():
        raise DataError(f"no image folder {root}")
    entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith("."))
    flat = [entry for entry in entries if _is_image(entry)]
    nested = {entry.name: sorted(filter(_is_image, entry.iterdir())) for entry in entries if entry.is_dir()}
    with_images = [name for name, files in nested.items() if files]
    if flat and with_images:
        raise DataError(
            f"{root} has images of its own ({flat[0].name}) and in subfolders ({with_images[0]}): "
            f"put all in one folder, or each into the folder of its class"
        )
    if flat:
        return flat, [0] * len(flat), ()
    if not with_images:
        raise DataError(f"no images in {root} or its subfolders; files must end in {', '.join(SUFFIXES)}")
    for name, files in nested.items():
        if not files:
            raise DataError(
                f"no images in {root / name}, so class {name!r} would be empty: remove the folder or fill it"
            )
    pairs = [(file, target) for target, files in enumerate(nested.values()) for file in files]
    return [file for file, _ in pairs], [target for _, target in pairs], tuple(nested)


def _is_image(path: Path) -> bool:
    """Judge by the name; hidden files are not images."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
