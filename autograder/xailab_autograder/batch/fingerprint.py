"""What a result depends on besides the submission, as hashes: a result with another fingerprint is out of date.

- ``fingerprint``  of a lab on this machine, under a course key

Two machines with the same sources have the same fingerprint, whatever their line endings and the order of their files.
"""

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

import xailab
from xailab_autograder import labs
from xailab_autograder.gradebook.contents import Fingerprint

_PACKAGE = Path(__file__).parents[1]
_JUDGES = ("exercises.py", "labs.py", "notebooks/submission.py", "notebooks/wording.py")
_JUDGING_FOLDERS = ("judging", "sandbox")
_NOT_JUDGING = ("attacks",)
_NOT_ASKED = ("lab.py", "variants.py")
"""Of a lab: the notebook's text, and solutions that only tests of the grader use."""
_PURPOSE = b"xailab: the fingerprint of a course key"


def fingerprint(lab_number: str, key: bytes) -> Fingerprint:
    """Return what results of a lab depend on besides the submission. Takes a few milliseconds.

    Parameters
    ----------
    lab_number
        Of the lab.
    key
        The course's secret. Its hash does not give it away.

    Raises
    ------
    UnknownName
        There is no such lab.
    """
    lab = labs.find(lab_number)
    asked = (path for path in _sources(lab) if path.relative_to(lab).as_posix() not in _NOT_ASKED)
    return Fingerprint(
        lab=_hash(lab, asked),
        grader=_hash(_PACKAGE, _judging(), start=xailab.__version__),
        key=hmac.new(key, _PURPOSE, hashlib.sha256).hexdigest(),
    )


def _judging() -> Iterable[Path]:
    """Yield the sources that decide a verdict."""
    yield from (_PACKAGE / name for name in _JUDGES)
    for name in _JUDGING_FOLDERS:
        for path in _sources(_PACKAGE / name):
            if not set(path.relative_to(_PACKAGE).parts) & set(_NOT_JUDGING):
                yield path


def _sources(folder: Path) -> Iterable[Path]:
    """Yield the Python files below a folder; an editor's hidden copies are none."""
    for path in folder.rglob("*.py"):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _hash(root: Path, paths: Iterable[Path], start: str = "") -> str:
    """Hash names and contents; lengths first, so that nothing can move from one file to the next."""
    digest = hashlib.sha256(start.encode())
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in paths):
        text = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        for part in (name.encode(), text):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
