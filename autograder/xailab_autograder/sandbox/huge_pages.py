"""Making forks cheap: the memory of a process with torch in it, gathered into pages of 2 MiB.

A fork copies an entry for each page that was written: 80,000 after the imports, which takes 10 to 30 ms. In large pages
it takes 3. The kernel gathers on request (``MADV_COLLAPSE``, Linux 6.1); where it does not, forks stay slow.

- ``gather``   does it piece by piece, so that it can give way to work
"""

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

_SIZE = 2 << 20
_MADV_COLLAPSE = 25


def gather() -> Iterator[None]:
    """Gather this process's own memory, a large page at each step. What cannot be gathered is left as it is."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    for start, end in _written():
        for place in range(start, end, _SIZE):
            libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(_SIZE), _MADV_COLLAPSE)
            yield


def _written() -> Iterator[tuple[int, int]]:
    """Yield the spans of whole large pages in memory that is this process's own: heap and anonymous maps."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, _, _, _, *name = line.split(maxsplit=5)
        if "rw" in rights and (not name or name == ["[heap]"]):
            start, end = (int(word, 16) for word in span.split("-"))
            start, end = -(-start // _SIZE) * _SIZE, end // _SIZE * _SIZE
            if start < end:
                yield start, end
