"""A folder as a source of entries: links are not followed, pipes and devices are not opened.

- ``Folder``  what lies in it
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from xailab.errors import XailabError
from xailab_autograder.course.names import visible
from xailab_autograder.handins.entries import Entry, Unreadable, junk, megabytes, shortened
from xailab_autograder.handins.limits import MOST_DEPTH, MOST_ENTRIES, MOST_OF_ONE

_KINDS = (
    (stat.S_ISLNK, "a link; hand in the file itself"),
    (stat.S_ISFIFO, "a pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
)


class Folder:
    """A folder.

    Parameters
    ----------
    path
        May itself be a link: it is the instructor who names it.

    Raises
    ------
    XailabError
        It cannot be read, or holds too much.
    """

    def __init__(self, path: Path) -> None:
        self._root = path
        self._places: list[Path] = []
        self._notes: list[str] = []
        self._counted: Counter[tuple[str, ...]] = Counter()
        self.entries = tuple(sorted(self._walk(), key=lambda entry: entry.parts))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        return shortened(self._notes)

    def bring(self, entry: Entry, target: Path, most: int) -> Path:
        """Return where a file lies; see ``Source``. It is opened by somebody who does not follow links either."""
        if entry.refused:
            raise Unreadable(f"this is {entry.refused}")
        path = self._places[entry.place]
        try:
            size = path.lstat().st_size
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error
        if size > most:
            raise Unreadable(f"{megabytes(size)}; at most {megabytes(most)} are read")
        return path

    def _walk(self) -> Iterator[Entry]:
        """Yield every file, however deep; a stack of our own, so that depth costs nothing."""
        waiting: list[tuple[Path, tuple[str, ...]]] = [(self._root, ())]
        while waiting:
            folder, parts = waiting.pop()
            try:
                with os.scandir(folder) as listed:
                    found = list(listed)
            except OSError as error:
                if not parts:
                    raise XailabError(f"cannot read the folder {folder}: {error.strerror}") from error
                self._notes.append(f"{_shown(parts)}: cannot be read: {error.strerror}")
                continue
            for item in sorted(found, key=lambda item: item.name):
                names = (*parts, item.name)
                if junk(names[-1:]) or self._too_many(names):
                    continue
                if item.is_dir(follow_symlinks=False):
                    if len(names) >= MOST_DEPTH:
                        self._notes.append(f"{_shown(names[:3])}/...: folders nested deeper than {MOST_DEPTH}")
                    else:
                        waiting.append((Path(item.path), names))
                else:
                    yield self._entry(item, names)

    def _too_many(self, names: tuple[str, ...]) -> bool:
        """Whether one student's folder holds more than is listed; files near the top are listed first."""
        if len(names) <= 2:
            return False
        self._counted[names[:2]] += 1
        if self._counted[names[:2]] == MOST_OF_ONE + 1:
            self._notes.append(f"{_shown(names[:2])}: more than {MOST_OF_ONE:,} files; the rest was not looked at")
        return self._counted[names[:2]] > MOST_OF_ONE

    def _entry(self, item: "os.DirEntry[str]", names: tuple[str, ...]) -> Entry:
        """Describe one file."""
        if len(self._places) >= MOST_ENTRIES:
            raise XailabError(
                f"{self._root}: more than {MOST_ENTRIES:,} files; expected a folder of hand-ins and nothing else"
            )
        self._places.append(Path(item.path))
        refused, size = "", 0
        try:
            status = item.stat(follow_symlinks=False)
            size = status.st_size
            if not stat.S_ISREG(status.st_mode):
                refused = next((said for is_kind, said in _KINDS if is_kind(status.st_mode)), "a device, not a file")
        except OSError as error:
            refused = f"not readable ({error.strerror})"
        if refused:
            self._notes.append(f"{_shown(names)}: {refused}")
        return Entry(names, size, len(self._places) - 1, refused)


def _shown(names: tuple[str, ...]) -> str:
    """Write down a name for people."""
    return visible("/".join(names), 160)
