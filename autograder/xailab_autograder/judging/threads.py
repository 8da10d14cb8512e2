"""Small matrices want one thread: BLAS libraries that start several for each product make the judge ten times slower.

- ``one_blas_thread``  a context in which they start none
"""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_blas_thread() -> AbstractContextManager[object]:
    """Return a context in which linear algebra of this process runs on one thread. Takes a millisecond."""
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
