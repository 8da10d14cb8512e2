"""Writing results so that nothing is ever half-written, and where caches live.

- ``write_beside``     a context manager: write to a temporary neighbour, rename when it is whole
- ``writable_folder``  create a folder and prove that it can be written to, before any work starts
- ``claimed_folder``   the same for the results of a command: marked as its own, others' files are not overwritten
- ``cache_folder``     the user's cache for rendered data (``XAILAB_CACHE`` overrides)
"""

import errno
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from xailab.errors import XailabError

# What the system says while writing to a disk that is full or has become read-only; any other OSError inside the
# block is the caller's own business and passes through.
_DISK_REFUSES = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}


@contextmanager
def write_beside(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` if the block succeeds.

    After an error or an interrupt the temporary file is removed and an older ``path`` is left as it was.

    Raises
    ------
    XailabError
        The folder does not exist or cannot be written to, or the disk is full. Names the path.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
    try:
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise XailabError(f"cannot write {path}: {error.strerror}") from error
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.errno not in _DISK_REFUSES:
            raise
        raise XailabError(f"cannot write {path}: {error.strerror}; what was there before is unchanged") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def writable_folder(path: str | Path) -> Path:
    """Create ``path`` if need be, write and remove a probe file there, and return it.

    Raises
    ------
    XailabError
        ``path`` is a file, or it cannot be created or written to.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path, prefix=".probe."):
            pass
    except OSError as error:
        raise XailabError(f"cannot write to the folder {path}: {error.strerror}; choose another with --out") from error
    return path


def claimed_folder(path: str | Path, *, record: str, made_by: str, mine: Sequence[str]) -> Path:
    """Return a folder for the results of a command, created if need be, writable, and marked as this command's.

    Parameters
    ----------
    path
        The folder.
    record
        Name of the JSON file in it whose entry ``made_by`` says whose the folder is; written if it is not there.
    made_by
        The command.
    mine
        Names of the files that it writes; ``*`` stands for anything.

    Raises
    ------
    XailabError
        Such files are there, and the folder is not this command's; or it cannot be written to. Nothing was changed.
    """
    path = Path(path)
    ours = _made_by(path / record) == made_by
    others = [] if ours else sorted(found.name for name in (record, *mine) for found in path.glob(name))
    if others:
        raise XailabError(
            f"the folder {path} holds {', '.join(others[:5])} from something else, which would be overwritten; choose "
            "another with --out"
        )
    path = writable_folder(path)
    if not ours:
        with write_beside(path / record) as temporary:
            temporary.write_text(json.dumps({"made_by": made_by, "finished": False}) + "\n", "utf-8")
    return path


def _made_by(record: Path) -> object:
    """Return who made a folder, by its record; None if it does not say."""
    try:
        content = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content.get("made_by") if isinstance(content, dict) else None


def cache_folder(*parts: str) -> Path:
    """Return (and create) a folder in the user's cache: ``$XAILAB_CACHE`` if set, else the platform's own place."""
    root = os.environ.get("XAILAB_CACHE")
    if root is None:
        import platformdirs

        root = platformdirs.user_cache_dir("xailab", appauthor=False)
    folder = Path(root).joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
