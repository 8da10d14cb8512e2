"""What student code finds in a worker: a notebook's names, harmless stand-ins, explanations for what is withheld.

Courtesy, not security: the walls are elsewhere. Everything here is taken apart and put together again in the student's
own process.

- ``prepare``  once, in the zygote: import what labs use
- ``set_up``   in each worker: standard streams, stand-ins, an empty ``__main__``
- ``reseed``   every random generator that has a global state
"""

import builtins
import importlib
import importlib.abc
import importlib.util
import random
import sys
import tempfile
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from xailab_autograder.sandbox import capture
from xailab_autograder.sandbox.visible import BENCH

_BENCH_MODULES = ("xailab.hooks", "xailab.images", "xailab.data", "xailab.models", "xailab.render")
_LIBRARIES = ("numpy", "torch", "numba", "matplotlib.pyplot")
_OURS = ("xailab_autograder", "xailab_kernels")


def prepare() -> None:
    """Import what labs use. Nothing is computed: a parallel operation before a fork would hang the children."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    for name in _BENCH_MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            getattr(module, public)  # some are imported on use
    importlib.import_module("xailab_autograder.sandbox.session")
    _forget_caches_of_compiled_code()


def _forget_caches_of_compiled_code() -> None:
    """Let numba compile without writing to disk: student code is in no file, and the bench's folder is read-only."""
    from numba.core import caching, dispatcher

    def enable_caching(self: Any) -> None:
        """Cache nothing."""

    save = caching.Cache.save_overload

    def save_overload(self: Any, sig: Any, data: Any) -> None:
        """Save where that is possible."""
        try:
            save(self, sig, data)
        except OSError:
            return

    for owner, function in ((dispatcher.Dispatcher, enable_caching), (caching.Cache, save_overload)):
        setattr(owner, function.__name__, function)


class Inert:
    """Stands in for a notebook's tools: every attribute, call and display of it does nothing."""

    def __getattr__(self, name: str) -> "Inert":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: object, **options: object) -> "Inert":
        """Do nothing."""
        return self

    def __repr__(self) -> str:
        return "<not available while your code is graded>"


class _Withheld(importlib.abc.MetaPathFinder):
    """Says why a module of xailab cannot be imported here."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raise for what is withheld; leave the rest to others."""
        room = name.split(".")[1] if name.startswith("xailab.") else ""
        if room and room not in BENCH:
            raise ImportError(f"{name} is what you build here; it is withheld while your code is graded", name=name)
        if name.split(".", maxsplit=1)[0] in ("xailab_kernels", "xailab_labs", "labs"):
            raise ImportError(f"{name} is withheld while your code is graded", name=name)


def set_up() -> tuple[ModuleType, capture.Output]:
    """Prepare this process for student code; return its ``__main__`` and what collects its output."""
    output = capture.Output()
    text = capture.stream(output)
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        setattr(sys, name, text)
    sys.stdin = None  # type: ignore[assignment]
    sys.argv = ["notebook"]
    sys.setrecursionlimit(3000)
    tempfile.tempdir = None
    inert = Inert()
    for name in ("get_ipython", "display"):
        setattr(builtins, name, inert)
    for name in [name for name in sys.modules if name.split(".")[0] in _OURS]:
        del sys.modules[name]
    sys.path[:] = [folder for folder in sys.path if not folder.endswith(("/autograder", "/kernels"))]
    sys.meta_path.insert(0, _Withheld())
    _stand_in("xailab_autograder", lab=inert)
    if importlib.util.find_spec("IPython") is None:
        _stand_in("IPython", get_ipython=inert, display=inert)
        _stand_in("IPython.display", **dict.fromkeys(("display", "clear_output", "HTML", "Markdown", "Image"), inert))
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    return main, output


def _stand_in(name: str, **names: object) -> None:
    module = ModuleType(name)
    module.__dict__.update(names)
    module.__getattr__ = Inert().__getattr__  # type: ignore[method-assign]
    sys.modules[name] = module


def reseed(seed: int) -> None:
    """Seed Python's, numpy's and torch's global generators, so that the same call gives the same result again."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)  # of the CPU; torch.manual_seed takes ten times as long
