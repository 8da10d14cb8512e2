"""How many submissions this machine can grade at once.

- ``processors``    that this process may use
- ``memory``        bytes that are free, as far as this machine tells
- ``fitting``       processes that processors and memory carry
- ``too_many``      what to say about a number of processes that they do not carry
"""

import os
from pathlib import Path

EACH_BYTES = 1 << 30
"""What one process takes: the grader 50 MB, the process that student code is forked from 640 MB, and student code."""

_CGROUPS = Path("/sys/fs/cgroup")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        number = len(os.sched_getaffinity(0))
    else:
        number = os.cpu_count() or 1
    try:  # a container's share of the machine
        quota, period = (_CGROUPS / "cpu.max").read_text().split()
        number = min(number, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or no limit: "max"
        pass
    return number


def memory() -> int | None:
    """Return how many bytes are free for more processes; None where nobody tells."""
    free = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free += [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
        most, used = ((_CGROUPS / name).read_text().strip() for name in ("memory.max", "memory.current"))
        free += [int(most) - int(used)]
    except (OSError, ValueError):
        pass
    return max(0, min(free)) if free else None


def fitting() -> int:
    """Return how many processes processors and memory carry; at least one."""
    free = memory()
    carried = processors() if free is None else min(processors(), free // EACH_BYTES)
    return max(1, carried)


def too_many(number: int) -> str:
    """Return a warning about so many processes; empty if they fit.

    Parameters
    ----------
    number
        Of processes.
    """
    free = memory()
    if free is not None and number * EACH_BYTES > free and number > 1:
        return (
            f"{number} processes need about {number * EACH_BYTES / 2**30:.0f} GB, and {free / 2**30:.1f} GB are free: "
            "where memory runs out, right answers are marked as failed; take fewer"
        )
    if number > processors():
        return f"{number} processes share {processors()} processors: calls take longer, and some may pass their limit"
    return ""
