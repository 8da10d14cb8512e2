"""What holds for every test: shapes are checked (not in compiled code), caches are private, no hook is left behind."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

ROOT = Path(__file__).parents[1]

# Caches of a test run never mix with the user's, and go with it. Set before xailab is imported.
if "XAILAB_CACHE" not in os.environ:
    os.environ["XAILAB_CACHE"] = tempfile.mkdtemp(prefix="xailab-test-cache-")
    atexit.register(shutil.rmtree, os.environ["XAILAB_CACHE"], ignore_errors=True)


def _checked_modules() -> list[str]:
    """Every module of xailab that holds no compiled code: jaxtyping's hook breaks numba's bytecode analysis."""
    modules = []
    for path in sorted((ROOT / "xailab").rglob("*.py")):
        if path.name == "__init__.py" or "import numba" in path.read_text() or "from numba" in path.read_text():
            continue
        modules.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return modules


# A shell lets what it starts in the background ignore Ctrl-C; tests of Ctrl-C are about programs that do not.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No time limits on examples: machines differ. In CI the same examples each time, on a desk new ones.
settings.register_profile("xailab", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("xailab")

install_import_hook(_checked_modules(), "beartype.beartype")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
