"""A zip archive as a source of entries, none of whose words is believed.

- ``Archive``  what lies in it; takes out one member at a time

``zipfile`` reads the table of contents; what is a member, what it may be called, and how much of it is written is
decided here. Refused as a whole: damaged archives, tables of contents without end, one name twice, members that lie
over each other (the trick by which a small archive becomes petabytes). Left out with a note: absolute names, ``..``,
drives, backslashes, control characters. Kept by name but never unpacked: links, devices, encrypted members, rare
methods of packing. Sizes are counted while unpacking. A member is written to the one path that the caller chose.
"""

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from xailab.errors import XailabError
from xailab.files import write_beside
from xailab_autograder.course.names import visible
from xailab_autograder.handins.entries import Entry, Unreadable, junk, megabytes, shortened
from xailab_autograder.handins.limits import (
    ENTRY_BYTES,
    FREE_BYTES,
    MOST_DEPTH,
    MOST_MEMBERS,
    MOST_NAME,
    MOST_RATIO,
    MOST_TOTAL,
)

_DAMAGES = (zipfile.BadZipFile, zipfile.LargeZipFile, struct.error, zlib.error, ValueError, EOFError, OSError)
_UNABLE = (NotImplementedError, RuntimeError, OverflowError, IndexError)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADER = 30  # bytes before a member's name
_CHUNK = 1 << 16
_ENCRYPTED, _UTF8 = 0x1, 0x800
_UNIX = 3


class Archive:
    """A zip archive.

    Parameters
    ----------
    path
        The file.
    most_entries
        Members that it may have.
    most_total
        Bytes that may be unpacked from it, all members together; None: any number.

    Raises
    ------
    Unreadable
        It is no archive that can be used; says why.
    """

    def __init__(self, path: Path, *, most_entries: int = MOST_MEMBERS, most_total: int | None = MOST_TOTAL) -> None:
        self._most_entries, self._left = most_entries, most_total
        self._notes: list[str] = []
        try:
            self._file = _Guarded(path.open("rb"), most_entries * ENTRY_BYTES)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error
        try:
            self._zip = zipfile.ZipFile(cast("IO[bytes]", self._file))
            self._members = self._zip.infolist()
            self._check()
            self.entries = tuple(sorted(self._listed(), key=lambda entry: entry.parts))
        except BaseException as error:
            self._file.close()
            if isinstance(error, (*_DAMAGES, *_UNABLE)):
                raise Unreadable(f"not a zip archive that can be read ({_said(error)}); pack it again") from None
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        return shortened(self._notes)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def bring(self, entry: Entry, target: Path, most: int) -> Path:
        """Write a member to ``target`` and return it; see ``Source``. Nothing is left behind after an error."""
        if entry.refused:
            raise Unreadable(f"this is {entry.refused}")
        info = self._members[entry.place]
        if info.file_size > most:
            raise Unreadable(f"{megabytes(info.file_size)}; at most {megabytes(most)} are read")
        with write_beside(target) as temporary, temporary.open("wb") as out:
            try:
                with self._zip.open(info) as packed:
                    for chunk in self._unpacked(info, packed, most):
                        _write(out, chunk)
            except (*_DAMAGES, *_UNABLE) as error:
                raise Unreadable(f"damaged in the archive ({_said(error)}); pack it again") from None
        return target

    def _unpacked(self, info: zipfile.ZipInfo, packed: IO[bytes], most: int) -> Iterator[bytes]:
        """Yield a member's bytes; what counts is what comes out, not what was announced."""
        written = 0
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > most:
                raise Unreadable(f"unpacks to more than the {megabytes(most)} that are read")
            if written > FREE_BYTES and written > MOST_RATIO * info.compress_size:
                raise Unreadable(
                    f"unpacks to more than {MOST_RATIO} times its size, as archives do that are made to fill disks; "
                    "clear the outputs, save, hand in again"
                )
            if self._left is not None:
                self._left -= len(chunk)
                if self._left < 0:
                    raise Unreadable("the archive unpacks to more than is read of one student")
            yield chunk
        if written != info.file_size:
            raise zipfile.BadZipFile(f"{written:,} bytes where {info.file_size:,} were announced")

    def _check(self) -> None:
        """Refuse an archive that two programs could read in two ways, or that has no end."""
        if len(self._members) > self._most_entries:
            raise Unreadable(f"{len(self._members):,} files; at most {self._most_entries:,} are read")
        double = [name for name, n in Counter(info.orig_filename for info in self._members).most_common(1) if n > 1]
        if double:
            raise Unreadable(f"it holds two files called {visible(double[0], 80)!r}; pack it again")
        end = 0
        for info in sorted(self._members, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise Unreadable("its members lie over each other, as in archives that are made to fill disks")
            end = info.header_offset + _HEADER + len(_raw_name(info)) + info.compress_size
        if end > self._zip.start_dir:
            raise Unreadable("its members lie over its table of contents; pack it again")

    def _listed(self) -> Iterable[Entry]:
        """Yield every member that is a file with a harmless name."""
        folded: Counter[str] = Counter()
        for place, info in enumerate(self._members):
            name = _name(info)
            if name.endswith("/") and not info.file_size:
                continue
            fault = _fault(name)
            if fault:
                self._notes.append(f"{visible(name, 80)!r} was left out: {fault}")
                continue
            parts = tuple(part for part in name.split("/") if part not in ("", "."))
            if not parts or junk(parts):
                continue
            folded[unicodedata.normalize("NFC", name).casefold()] += 1
            refused = _refused(info)
            if refused:
                self._notes.append(f"{visible(name, 80)!r} was left out: {refused}")
            yield Entry(parts, info.file_size, place, refused)
        self._notes += [
            f"{visible(name, 80)!r} is there {n} times, but for capital letters" for name, n in folded.items() if n > 1
        ]


class _Guarded:
    """A file that refuses to be read in pieces larger than ``most``, as ``zipfile`` reads a table of contents."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, max(most, _CHUNK * 2)

    def read(self, size: int = -1) -> bytes:
        """Read, unless it is too much."""
        raw = self._file.read(self._most + 1 if size < 0 else min(size, self._most + 1))
        if len(raw) > self._most:
            raise Unreadable(f"its table of contents is longer than {self._most >> 20} MiB")
        return raw

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go somewhere."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Say where it is."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Say yes: it is a file."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _write(out: IO[bytes], chunk: bytes) -> None:
    """Write; a full disk is not the student's fault."""
    try:
        out.write(chunk)
    except OSError as error:
        raise XailabError(f"cannot unpack into the scratch folder: {error.strerror}") from error


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; programs of macOS write UTF-8 without saying so."""
    if info.flag_bits & _UTF8:
        return info.orig_filename
    try:
        return _raw_name(info).decode("utf-8")
    except UnicodeDecodeError:
        return info.orig_filename


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member's name."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")


def _fault(name: str) -> str:
    """Return what is wrong with a name; empty: nothing."""
    parts = name.split("/")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        return "control characters in the name"
    if "\\" in name:
        return "a backslash in the name; pack it with another program"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "an absolute name"
    if ".." in parts:
        return "a name that leads out of the archive"
    if len(name) > MOST_NAME or len(parts) > MOST_DEPTH:
        return "a name without end"
    return ""


def _refused(info: zipfile.ZipInfo) -> str:
    """Return why a member is not unpacked; empty: it may be."""
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if kind == stat.S_IFLNK:
        return "a link; hand in the file itself"
    if kind not in (0, stat.S_IFREG):
        return "a folder, a pipe or a device, not a file"
    if info.flag_bits & _ENCRYPTED:
        return "an encrypted file; pack it again without a password"
    if info.compress_type not in _METHODS:
        return "a file packed by a rare method; pack it again as an ordinary zip"
    return ""


def _said(error: BaseException) -> str:
    """Return what an error says, in one short line."""
    return visible(" ".join(str(error).split()) or type(error).__name__, 120)
