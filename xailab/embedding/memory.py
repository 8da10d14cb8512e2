"""How much memory a map needs, said before it starts.

- ``estimate``         bytes that ``tsne`` needs at its peak
- ``estimate_dense``   bytes that ``dense_affinities`` needs
- ``available``        bytes that this machine can still give
- ``refuse_too_large`` the check of the one against the other
"""

import math
import os
from pathlib import Path

_KERNEL_SPACE = 64 << 20
"""Grids, blocks of distances, compiled code: what does not grow with the points."""
_GROUP = Path("/sys/fs/cgroup")


def estimate(n: int, d: int, perplexity: float = 30.0, dimensions: int = 2) -> int:
    """Return the bytes that ``tsne`` allocates at its peak, beyond its input. A bound, usually 1.5 times what is used.

    Parameters
    ----------
    n, d
        Points and features.
    perplexity
        The largest, if there are several.
    dimensions
        Of the map.
    """
    k = min(n - 1, int(3 * perplexity))
    features = 4 * n * d
    neighbors = 8 * n * k  # distance and index
    search = features + 12 * n * k  # points in blocks; candidates
    edges = 2 * n * k  # at most: nobody's neighbor has it as its neighbor
    matrix = 8 * edges
    packed = 8 * (edges + 8 * n)
    moving = 4 * n * dimensions * 8
    stages = (neighbors + search, neighbors + 4 * n * k + matrix, matrix + 2 * packed + moving)
    return features + max(stages) + _KERNEL_SPACE


def estimate_dense(n: int, d: int) -> int:
    """Return the bytes that ``dense_affinities`` allocates, of which 4 n^2 stay."""
    return 4 * n * (n + 64) + 8 * n * d + _KERNEL_SPACE


def available() -> int | None:
    """Return the bytes of memory that are free or can be freed, within the limit of a container; None if unknown."""
    free = [value for value in (_of_machine(), _of_container()) if value is not None]
    return min(free) if free else None


def refuse_too_large(needed: int, what: str, advice: str) -> None:
    """Raise ValueError where ``needed`` bytes are more than there are."""
    free = available()
    if free is not None and needed > free:
        raise ValueError(f"{what} needs about {readable(needed)} of memory, {readable(free)} are free; {advice}")


def readable(size: int | float) -> str:
    """Return a number of bytes as people write it."""
    power = min(int(math.log10(max(size, 1))) // 3, 3)
    value, unit = size / 1000**power, ("bytes", "kB", "MB", "GB")[power]
    return f"{value:.0f} {unit}" if value >= 10 or power == 0 else f"{value:.1f} {unit}"


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:  # macOS and others: what is installed; the system pages out what is idle
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _of_container() -> int | None:
    """Return what a control group (Docker, a cluster's job) still allows."""
    try:
        limit, used = (_GROUP / "memory.max").read_text(), (_GROUP / "memory.current").read_text()
        cache = next(line for line in (_GROUP / "memory.stat").read_text().splitlines() if line.startswith("file "))
        return int(limit) - int(used) + int(cache.split()[1])
    except (OSError, ValueError, StopIteration):  # no such group, or its limit is the word max
        return None
