"""The scratch folder of a worker where it cannot have a disk of its own: watched, and removed whatever is in it.

- ``make``    a new private folder
- ``fits``    whether its content is within the limits
- ``remove``  take it away, however deep
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make(name: str) -> Path:
    """Return a new folder that only this user may enter, with a name that tells whose it is."""
    return Path(tempfile.mkdtemp(prefix=f"xailab-scratch-{name}-")).resolve()


def fits(folder: Path, most_bytes: int, most_files: int) -> bool:
    """Return whether all files below a folder together are within limits. A folder that hides its content is not."""
    size = count = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        with suppress(FileNotFoundError):
                            size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if size > most_bytes or count > most_files:
                        return False
        except FileNotFoundError:
            continue
        except OSError:  # no right to look, or a path too long to name
            return False
    return True


def remove(folder: Path) -> None:
    """Remove a folder whose owner is gone. Goes down and up by open folders, for a path may be too long to name."""
    here = os.open(folder, _FOLDER)
    waiting = [_unlink_files(here)]
    while True:
        if waiting[-1]:
            name = waiting[-1][-1]
            os.chmod(name, 0o700, dir_fd=here)
            here = _move(here, name)
            waiting.append(_unlink_files(here))
        else:
            waiting.pop()
            if not waiting:
                break
            here = _move(here, "..")
            os.rmdir(waiting[-1].pop(), dir_fd=here)
    os.close(here)
    folder.rmdir()


def _move(here: int, name: str) -> int:
    there = os.open(name, _FOLDER, dir_fd=here)
    os.close(here)
    return there


def _unlink_files(folder: int) -> list[str]:
    """Unlink what is no folder; return the names of the folders."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return folders
