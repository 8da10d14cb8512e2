"""How many threads the kernels use.

- ``threads``  a block that runs on so many
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numba


@contextmanager
def threads(count: int | None) -> Iterator[int]:
    """Run kernels on ``count`` threads inside the block (None: as many as numba uses), and yield how many they are.

    Raises
    ------
    TypeError, ValueError
        Not a whole number; less than one or more than numba started with.
    """
    before, most = numba.get_num_threads(), numba.config.NUMBA_NUM_THREADS
    if count is None:
        yield before
        return
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"threads must be a whole number or None, got {count!r}")
    if not 1 <= count <= most:
        raise ValueError(
            f"threads must be between 1 and {most}, got {count} (the environment variable NUMBA_NUM_THREADS, set "
            "before Python starts, allows more)"
        )
    numba.set_num_threads(count)
    try:
        yield count
    finally:
        numba.set_num_threads(before)
