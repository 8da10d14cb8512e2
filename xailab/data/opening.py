"""Opening a data set from one word, as the command line gets it.

- ``open_dataset``   a name or a path -> a data set
- ``asked_dataset``  the same for commands, where every fault is one of the user's words
- ``NAMES``          the names
"""

import os
from pathlib import Path

from xailab.data.batch import Dataset
from xailab.errors import DataError, UnknownName, XailabError

NAMES = ("minibroden", "digits", "photographs")
"""Data sets that need no files. Besides: a folder, or ``torchvision:NAME:ROOT``."""


def open_dataset(
    spec: str | Path,
    *,
    split: str | None = None,
    size: int | None = None,
    limit: int | None = None,
    skip_broken: bool = False,
    workers: int = 1,
    progress: bool = True,
) -> Dataset:
    """Open a data set.

    Parameters
    ----------
    spec
        - ``"minibroden"``, ``"digits"`` or ``"photographs"``;
        - the path of a Broden folder (one that holds an ``index.csv``) or of a folder of images;
        - ``"torchvision:CIFAR10:ROOT"``, a data set of torchvision on disk.

        A folder that is called like a data set needs a path that says so: ``"./digits"``.
    split
        The part of a data set that has parts: MiniBroden, a Broden folder, torchvision's. None: its default, which for
        a Broden folder is everything.
    size
        Side of the images in pixels where it can be chosen. None: the data set's default.
    limit
        Only the first images, for MiniBroden and folders.
    skip_broken
        For folders: read everything once and leave out what cannot be used, rather than stop at it.
    workers
        Threads that decode, for folders.
    progress
        Show progress bars on stderr.

    Raises
    ------
    UnknownName
        Neither a name nor a folder; says the nearest name.
    DataError
        The folder does not exist or cannot be used.
    ValueError
        An option that this data set does not have.
    """
    text = str(spec)
    kind, path = _kind(text)
    _check_options(kind, split=split, size=size, limit=limit, skip_broken=skip_broken)
    if kind == "minibroden":
        from xailab.data.minibroden.dataset import MiniBroden

        return MiniBroden(split or "probe", size=size or 64, limit=limit, progress=progress)
    if kind == "torchvision":
        return _open_torchvision(text, split, size)
    if kind == "Broden folder":
        from xailab.data.broden import BrodenFolder

        return BrodenFolder(path, split=split, limit=limit, skip_broken=skip_broken, workers=workers, progress=progress)
    if kind == "image folder":
        from xailab.data.folder import ImageFolder

        return ImageFolder(
            path, size=size or 224, limit=limit, skip_broken=skip_broken, workers=workers, progress=progress
        )
    from xailab.data.bundled import Digits, Photographs

    return Digits(size=size or 8) if kind == "digits" else Photographs(size=size or 224)


def asked_dataset(
    spec: str, *, split: str | None, limit: int | None, skip_broken: bool, progress: bool = True
) -> Dataset:
    """Open a data set that a command was asked for; see ``open_dataset``.

    Raises
    ------
    XailabError
        Also for an option that this data set does not have, and for one without images.
    """
    try:
        dataset = open_dataset(spec, split=split, limit=limit, skip_broken=skip_broken, progress=progress)
    except ValueError as error:
        raise XailabError(str(error)) from error
    if not len(dataset):
        raise XailabError(f"{dataset.name} has no images")
    return dataset


_OPTIONS = {
    "minibroden": ("split", "size", "limit"),
    "digits": ("size",),
    "photographs": ("size",),
    "torchvision": ("split", "size"),
    "Broden folder": ("split", "limit", "skip_broken"),
    "image folder": ("size", "limit", "skip_broken"),
}


def _kind(text: str) -> tuple[str, Path]:
    """Tell what a word means, and as which path."""
    path = _expanded(text)
    if text in NAMES:
        return text, path
    if text.startswith("torchvision:"):
        return "torchvision", path
    if path.is_dir():
        return ("Broden folder" if (path / "index.csv").exists() else "image folder"), path
    if path.exists():
        raise DataError(f"{path} is a file, expected a Broden folder or a folder of images")
    if text.startswith((".", "~")) or os.sep in text or "/" in text:
        raise DataError(f"no folder {path}")
    raise UnknownName("data set", text, NAMES)


def _expanded(text: str) -> Path:
    """Replace a leading ``~`` by the home folder; of an unknown user it stays, and no such folder will be found."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _check_options(kind: str, **options: object) -> None:
    """Refuse options that would be ignored."""
    for name, value in options.items():
        if value not in (None, False) and name not in _OPTIONS[kind]:
            owners = [owner for owner, names in _OPTIONS.items() if name in names]
            raise ValueError(f"{name}={value!r} does not apply to {kind}; it applies to {', '.join(owners)}")


def _open_torchvision(text: str, split: str | None, size: int | None) -> Dataset:
    """Open ``torchvision:NAME:ROOT``."""
    from xailab.data.torchvision_sets import open_torchvision

    parts = text.split(":", 2)
    if len(parts) < 3 or not parts[1] or not parts[2]:
        raise ValueError(f"expected torchvision:NAME:ROOT, for example torchvision:CIFAR10:data, got {text!r}")
    return open_torchvision(parts[1], _expanded(parts[2]), split=split, size=size)
