"""Small arrays want one thread: libraries that start several for each product make the judge ten times slower.

- ``one_thread``  a context in which they start none
"""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which linear algebra and torch's convolutions run on one thread. Takes a millisecond.

    It holds for libraries that are loaded when it is entered: BLAS, and OpenMP, which torch uses.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
