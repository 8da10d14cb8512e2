"""What student code prints: kept up to a cap, the rest dropped without blocking.

- ``Output``   stands in for ``sys.stdout`` and ``sys.stderr``; ``take`` empties it

Only what Python prints comes this way. What is written past Python, to descriptors 1 and 2, goes nowhere.
"""

import io

CAP = 64 << 10


class Output(io.RawIOBase):
    """Keeps the first ``CAP`` bytes that are written between two ``take``."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._dropped = False

    def writable(self) -> bool:
        """Return True: it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of standard output, which leads nowhere."""
        return 1

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Keep what there is room for."""
        size = memoryview(data).nbytes
        room = CAP - len(self._kept)
        if room > 0:
            self._kept += memoryview(data).cast("B")[:room]
        self._dropped = self._dropped or size > room
        return size

    def take(self) -> str:
        """Return what was kept, and begin again."""
        text = self._kept.decode("utf-8", "replace") + ("\n[more was printed than is kept]" if self._dropped else "")
        self._kept, self._dropped = bytearray(), False
        return text


def stream(output: Output) -> io.TextIOWrapper:
    """Return a text file whose writes reach ``output`` at once."""
    return io.TextIOWrapper(output, encoding="utf-8", errors="replace", write_through=True)  # type: ignore[arg-type]
