"""Hashes of the renderer's own sources: what was compiled or rendered from other sources is not used again.

- ``digest``        a hash of some files of this package
- ``renderer_key``  a hash of everything that decides what a picture looks like
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parent
# Files of this package that do not change a picture.
_UNSEEN = ("__init__.py", "__main__.py", "chunks.py", "dataset.py", "sheet.py", "sources.py")


def digest(names: Iterable[str]) -> str:
    """Return 16 hexadecimal digits that change with these files, named relative to this package."""
    total = hashlib.sha256()
    for name in sorted(names):
        total.update(f"{name}\0".encode() + (_ROOT / name).read_bytes())
    return total.hexdigest()[:16]


@cache
def renderer_key() -> str:
    """Return a hash of the sources of the renderer."""
    names = (path.relative_to(_ROOT).as_posix() for path in _ROOT.rglob("*.py"))
    return digest(name for name in names if name not in _UNSEEN)
