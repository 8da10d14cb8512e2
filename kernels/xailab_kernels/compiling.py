"""How every kernel here is compiled and run, in one place.

- ``serial``    a function that kernels call; inlined by the compiler
- ``parallel``  a kernel with a ``prange``; releases the GIL
- ``running``   what a front function holds while its parallel kernel runs

``fastmath`` is off everywhere: counts and thresholds are promised bit for bit, so no sum may be reordered and no
product fused with a sum. ``error_model="numpy"`` only lifts the check for division by zero.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numba

serial = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
parallel = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", parallel=True)

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
