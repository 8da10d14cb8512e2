"""How every kernel here is compiled and run, in one place.

- ``serial``    a function that kernels call; inlined by the compiler
- ``parallel``  a kernel with a ``prange``; releases the GIL
- ``fused_serial``  the same as ``serial``, but a product may be fused with a sum
- ``fast_serial``, ``fast_parallel``  the same, for numbers that are promised to a tolerance
- ``fast_inlined``  a small ``fast_serial`` that is called so often that the call would cost more than its work
- ``running``   what a front function holds while its parallel kernel runs
- ``CompileTime``  how long the compiler worked meanwhile (it does so once per installation: results are cached)

``serial`` and ``parallel`` are exact: counts and thresholds are promised bit for bit, so no sum may be reordered and no
product fused with a sum. ``error_model="numpy"`` only lifts the check for division by zero.

The ``fast_`` ones let the compiler reorder sums, fuse a product with a sum and divide by multiplying, which it needs to
use vector instructions for a sum. Not allowed is to guess at functions (``afn``). They assume that no NaN and no
infinity comes in: front functions refuse them.
"""

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any

import numba
from numba import config
from numba.core import event
from platformdirs import user_cache_dir

from xailab_kernels.intrinsics.width import WIDE

_FAST = {"contract", "nsz", "nnan", "ninf", "reassoc", "arcp"}
_FORGOTTEN_DAYS = 14

Decorator = Callable[[Callable[..., Any]], Any]


@cache
def _cache_folder() -> Path:
    """Return a folder for compiled code that belongs to exactly these sources, and forget those of former ones.

    Numba looks only at the file that a function stands in: it would not notice that another one has changed whose
    functions were compiled into it, nor which of two kernels was chosen for this processor.
    """
    package = Path(__file__).parent
    name = f"kernels-{_digest(package, 'wide' if WIDE else 'plain')}"
    beside = package / "__pycache__"
    if config.CACHE_DIR:
        root = Path(config.CACHE_DIR)
    elif os.access(beside if beside.exists() else package, os.W_OK):
        root = beside
    else:
        root = Path(user_cache_dir("xailab"))
    folder = root / name
    if not folder.exists():
        _forget(root)
    return folder


def _digest(package: Path, kind: str) -> str:
    """Return a name for exactly these sources and this kind of kernels."""
    digest = hashlib.sha256(kind.encode())
    for source in sorted(package.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _forget(root: Path) -> None:
    """Remove what was compiled of sources that have changed, unless another process may still use it."""
    for former in root.glob("kernels-*"):
        with suppress(OSError):
            if time.time() - former.stat().st_mtime > 86400 * _FORGOTTEN_DAYS:
                shutil.rmtree(former)


def _compiler(**options: Any) -> Decorator:
    """Return numba's decorator with the options of the house."""

    def compile_on_use(function: Callable[..., Any]) -> Any:
        own = config.CACHE_DIR
        config.CACHE_DIR = str(_cache_folder())  # read while the function is decorated, and only then
        try:
            return numba.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
        finally:
            config.CACHE_DIR = own

    return compile_on_use


serial = _compiler(fastmath=False)
parallel = _compiler(fastmath=False, parallel=True)
fused_serial = _compiler(fastmath={"contract"})
fast_serial = _compiler(fastmath=_FAST)
fast_inlined = _compiler(fastmath=_FAST, forceinline=True)
fast_parallel = _compiler(fastmath=_FAST, parallel=True)

_SMALL = 2**20  # steps of about 1 ns: below a millisecond, waiting for a second thread costs more than it brings
_one_at_a_time = threading.RLock()  # a kernel of many steps may hold it around those of each step


@contextmanager
def running(steps: int) -> Iterator[None]:
    """Let one parallel kernel run at a time, on one thread if it has few steps to do.

    numba's fallback thread pool (``workqueue``) aborts the process when two Python threads use it at once.
    """
    with _one_at_a_time:
        threads = numba.get_num_threads()
        if threads == 1 or steps >= _SMALL:
            yield
            return
        numba.set_num_threads(1)
        try:
            yield
        finally:
            numba.set_num_threads(threads)


class CompileTime:
    """Measure how long numba compiles inside a with-block; what comes from its cache on disk costs nothing.

    Attributes
    ----------
    seconds
        Time spent compiling so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth, self._start = 0, 0.0
        self._listener = _Listener(self)

    def __enter__(self) -> "CompileTime":
        """Begin to listen."""
        event.register("numba:compile", self._listener)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        event.unregister("numba:compile", self._listener)

    def begins(self) -> None:
        """Count a compilation in; those inside another one are part of it."""
        if self._depth == 0:
            self._start = perf_counter()
        self._depth += 1

    def ends(self) -> None:
        """Count it out."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += perf_counter() - self._start


class _Listener(event.Listener):  # type: ignore[misc]  # numba has no types here
    """Pass numba's events on."""

    def __init__(self, clock: CompileTime) -> None:
        self._clock = clock

    def on_start(self, event: Any) -> None:
        """Hear that a compilation begins."""
        self._clock.begins()

    def on_end(self, event: Any) -> None:
        """Hear that it ends."""
        self._clock.ends()
