"""Which files a Broden folder has, found folder by folder rather than file by file.

- ``find_missing``   rows that name a file which is not there
- ``digest_files``   one hash over the sizes and times of all files of some rows
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from xailab.data.broden.index import Row
from xailab.data.scanning import Broken


def find_missing(images: Path, rows: Iterable[Row]) -> list[Broken]:
    """Return the rows of which a file does not exist below ``images``; each folder is listed once."""
    names: dict[str, set[str]] = {}
    missing = []
    for row in rows:
        for file in row.files:
            folder, _, name = file.rpartition("/")
            if folder not in names:
                names[folder] = {entry.name for entry in _entries(images / folder) if entry.is_file()}
            if name not in names[folder]:
                missing.append(Broken(file, f"no file {images / file}", row.line))
                break
    return missing


def digest_files(images: Path, rows: Sequence[Row]) -> bytes:
    """Return a hash over name, size in bytes and time of change of every file of the rows, in their order."""
    known: dict[str, dict[str, tuple[int, int]]] = {}
    digest = hashlib.sha256()
    for row in rows:
        for file in row.files:
            folder, _, name = file.rpartition("/")
            if folder not in known:
                known[folder] = {entry.name: _size_and_time(entry) for entry in _entries(images / folder)}
            digest.update(repr((file, known[folder].get(name))).encode())
    return digest.digest()


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    """List a folder; one that does not exist or cannot be read has no entries."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _size_and_time(entry: "os.DirEntry[str]") -> tuple[int, int]:
    """Return bytes and nanoseconds; zeros for a file that vanished since the folder was listed."""
    try:
        status = entry.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
