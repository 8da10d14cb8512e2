"""Files beside the notebook that hide a module: with a ``random.py`` there, whoever imports random gets that.

- ``refuse_shadows``  say so before anything strange happens

Imports nothing that such a file could hide.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from xailab_autograder.selfcheck.refusals import CannotCheck

LIBRARIES = frozenset(
    {"numpy", "torch", "torchvision", "numba", "scipy", "sklearn", "matplotlib", "PIL", "xailab", "jinja2", "rich"}
)
"""What labs import besides the standard library."""

HARMLESS = frozenset({"test", "this", "antigravity", "idlelib", "turtledemo", "lib2to3"})
"""Standard modules that nothing here imports."""


def refuse_shadows() -> None:
    """Check the working folder and the script's folder.

    Raises
    ------
    CannotCheck
        A file there has the name of a module that labs need.
    """
    here = {Path.cwd()} | ({Path(sys.path[0])} if sys.path and sys.path[0] else set())
    for folder in sorted(here):
        found = next(_shadows(folder), None)
        if found is not None:
            raise CannotCheck(
                f"your file {found.name} hides Python's own module {found.stem!r}: whoever imports {found.stem} in "
                f"this folder gets your file instead. Rename it (and remove {found.stem} from __pycache__), then "
                "restart the kernel"
            )


def _shadows(folder: Path) -> Iterator[Path]:
    """Yield the files and packages of a folder that hide a module."""
    names = (sys.stdlib_module_names | LIBRARIES) - HARMLESS
    own = Path(__file__).resolve().parents[3]
    if folder.resolve() == own:  # a checkout of xailab holds xailab itself
        return
    try:
        entries = sorted(entry.name for entry in os.scandir(folder))
    except OSError:  # a folder that is gone or unreadable hides nothing
        return
    for entry in entries:
        path = folder / entry
        if (entry.endswith(".py") and path.stem in names) or (entry in names and (path / "__init__.py").is_file()):
            yield path
