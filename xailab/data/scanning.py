"""Reading every file of a data set once, to know before any work which ones are broken.

- ``Broken``        one row or file that cannot be used, and why
- ``find_broken``   check all items, several at a time, with a progress bar; interrupted scans go on where they stopped
- ``map_in_order``  call a function on many items in threads, results in the order of the items
- ``first_reasons`` a few broken items as text for a message
"""

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from xailab.files import write_beside

SCAN_STEP = 512
"""Items between two notes on disk of how far a scan has come."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Broken:
    """Something that a data set left out.

    Parameters
    ----------
    file
        The file at fault, relative to the data set's folder.
    reason
        What is wrong with it.
    row
        The line of the table that mentions it (the header is line 1), where the data set has a table.
    """

    file: str
    reason: str
    row: int | None = None

    def __str__(self) -> str:
        where = self.file if self.row is None else f"line {self.row} ({self.file})"
        return f"{where}: {self.reason}"


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> list[Result]:
    """Return ``[function(item) for item in items]``, computed by ``workers`` threads.

    Pillow and zlib release Python's lock while they decode, so threads help although they are threads. The first error
    in the order of the items is raised.
    """
    if workers == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def find_broken(
    check: Callable[[int], Broken | None], count: int, *, memory: Path, workers: int = 1, progress: bool = True
) -> list[Broken]:
    """Call ``check`` on 0 ... ``count - 1`` and return what it found, in order.

    Parameters
    ----------
    check
        Reads an item in full; returns None when it is sound.
    count
        Number of items.
    memory
        A file that remembers the findings. Its name must change whenever an item does (a fingerprint).
    workers
        Threads.
    progress
        Show a progress bar on stderr.

    Returns
    -------
    list of Broken
        Empty when all is well.
    """
    from tqdm import tqdm

    done, found = _recall(memory, count)
    with tqdm(total=count, initial=done, desc="checking files", unit="image", disable=not progress) as bar:
        while done < count:
            stop = min(done + SCAN_STEP, count)
            found += [broken for broken in map_in_order(check, range(done, stop), workers) if broken is not None]
            bar.update(stop - done)
            done = stop
            with write_beside(memory) as temporary:
                temporary.write_text(json.dumps({"done": done, "broken": [asdict(broken) for broken in found]}))
    return found


def first_reasons(broken: Sequence[Broken], most: int = 3) -> str:
    """Return the first few as one line of text, and how many more there are."""
    text = "; ".join(str(one) for one in broken[:most])
    return text + (f"; and {len(broken) - most} more" if len(broken) > most else "")


def _recall(memory: Path, count: int) -> tuple[int, list[Broken]]:
    """Return how far an earlier scan came and what it found; nothing when its notes are missing or unreadable."""
    try:
        notes = json.loads(memory.read_text())
        done, found = int(notes["done"]), [Broken(**item) for item in notes["broken"]]
    except (OSError, ValueError, TypeError, KeyError):
        return 0, []
    return (done, found) if 0 <= done <= count else (0, [])
