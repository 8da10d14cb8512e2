"""How every kernel here is compiled and run, in one place.

- ``serial``    a function that kernels call; inlined by the compiler
- ``parallel``  a kernel with a ``prange``; releases the GIL
- ``fast_serial``, ``fast_parallel``  the same, for numbers that are promised to a tolerance
- ``running``   what a front function holds while its parallel kernel runs
- ``CompileTime``  how long the compiler worked meanwhile (it does so once per installation: results are cached)

``serial`` and ``parallel`` are exact: counts and thresholds are promised bit for bit, so no sum may be reordered and no
product fused with a sum. ``error_model="numpy"`` only lifts the check for division by zero.

The ``fast_`` ones let the compiler reorder sums, fuse a product with a sum and divide by multiplying, which it needs to
use vector instructions for a sum. Not allowed is to guess at functions (``afn``). They assume that no NaN and no
infinity comes in: front functions refuse them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from types import TracebackType
from typing import Any

import numba
from numba.core import event

serial = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
parallel = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", parallel=True)

_FAST = {"contract", "nsz", "nnan", "ninf", "reassoc", "arcp"}
fast_serial = numba.njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
fast_parallel = numba.njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy", parallel=True)

_SMALL = 2**20  # steps of about 1 ns: below a millisecond, waiting for a second thread costs more than it brings
_one_at_a_time = threading.Lock()


@contextmanager
def running(steps: int) -> Iterator[None]:
    """Let one parallel kernel run at a time, on one thread if it has few steps to do.

    numba's fallback thread pool (``workqueue``) aborts the process when two Python threads use it at once.
    """
    with _one_at_a_time:
        threads = numba.get_num_threads()
        if steps < _SMALL:
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
