"""How much a worker may use.

- ``Limits``  the numbers
- ``apply``   put them on this process, for good, counted from what it already has
"""

import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PAGE = resource.getpagesize()


@dataclass(frozen=True)
class Limits:
    """How much a worker may use.

    Parameters
    ----------
    memory
        Bytes beyond what the libraries take: the address space of torch alone is 3 GB where it is built for CUDA.
    scratch
        Bytes of scratch disk, and of one file.
    scratch_files
        Files and folders of scratch disk.
    cpu_s
        Processor time of a worker's whole life: a last resort, the deadline of each call comes first.
    threads
        At once.
    open_files
        At once.
    """

    memory: int = 2 << 30
    scratch: int = 64 << 20
    scratch_files: int = 4096
    cpu_s: int = 1800
    threads: int = 256
    open_files: int = 256

    def as_json(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return asdict(self)


def apply(limits: Limits) -> None:
    """Put limits on this process, for good."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_CPU, limits.cpu_s)
    _set(resource.RLIMIT_FSIZE, limits.scratch)
    _set(resource.RLIMIT_NOFILE, limits.open_files)
    if sys.platform == "linux":
        size, _, _, _, _, data, _ = (int(word) * _PAGE for word in Path("/proc/self/statm").read_text().split())
        _set(resource.RLIMIT_AS, size + limits.memory)
        _set(resource.RLIMIT_DATA, data + limits.memory)
        _set(resource.RLIMIT_MSGQUEUE, 0)
        _set(resource.RLIMIT_MEMLOCK, 0)


def _set(what: int, value: int) -> None:
    """Lower a limit, hard and soft; one that is lower already stays."""
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))
