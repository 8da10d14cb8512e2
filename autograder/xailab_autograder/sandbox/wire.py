"""Frames over a socket: a JSON header and raw buffers, with caps and a deadline in both directions.

- ``Channel``    one end: ``send``, ``receive``, and ``pending`` for what nobody asked for
- ``Closed``     the other end is gone
- ``Late``       the deadline passed
- ``Malformed``  what came is no frame

A frame is ``XLB1``, the header's length, the number of buffers, their sizes, the header, the buffers. Sizes are checked
before memory is taken. Deadlines are moments of ``time.monotonic``.
"""

import json
import select
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xailab_autograder.sandbox.values import MAX_BYTES, MAX_NODES, Buffer, Malformed

MAX_HEADER = 1 << 20
_MAGIC = b"XLB1"
_PREFIX = struct.Struct("<4sII")
_SMALL = 1 << 16
_MAX_DIGITS = 20
_SOCKET_BUFFER = 4 << 20


class Closed(EOFError):
    """The other end of a channel is gone."""


class Late(TimeoutError):
    """A deadline passed before a frame was through."""


class Channel:
    """One end of a socket that carries frames.

    Parameters
    ----------
    connection
        A connected stream socket; the channel owns it from now on.
    max_bytes
        Cap of the buffers of one frame.
    """

    def __init__(self, connection: socket.socket, *, max_bytes: int = MAX_BYTES) -> None:
        connection.setblocking(False)
        self.socket, self.max_bytes = connection, max_bytes
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def send(self, header: Mapping[str, Any], buffers: Sequence[Buffer] = (), *, deadline: float | None = None) -> None:
        """Send one frame; ``Late`` if the other side does not take it in time, ``Closed`` if it is gone."""
        text = json.dumps(header, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
        if len(text) > MAX_HEADER:
            raise Malformed(f"a header of {len(text):,} bytes; at most {MAX_HEADER:,} cross")
        sizes = struct.pack(f"<{len(buffers)}Q", *(buffer.nbytes for buffer in buffers))
        start = _PREFIX.pack(_MAGIC, len(text), len(buffers)) + sizes + text
        if sum(buffer.nbytes for buffer in buffers) < _SMALL:
            self._send_all(memoryview(b"".join([start, *(buffer.tobytes() for buffer in buffers)])), deadline)
            return
        self._send_all(memoryview(start), deadline)
        for buffer in buffers:
            self._send_all(buffer.data, deadline)

    def receive(self, *, deadline: float | None = None) -> tuple[dict[str, Any], list[Buffer]]:
        """Return the next frame: its header and its buffers, each in fresh memory."""
        magic, header_size, count = _PREFIX.unpack(self._take(_PREFIX.size, deadline).tobytes())
        if magic != _MAGIC or header_size > MAX_HEADER or count > MAX_NODES:
            raise Malformed("not the beginning of a frame")
        sizes = struct.unpack(f"<{count}Q", self._take(8 * count, deadline).tobytes())
        if sum(sizes) > self.max_bytes:
            raise Malformed(f"a frame of {sum(sizes):,} bytes; at most {self.max_bytes:,} cross")
        header = parse_header(self._take(header_size, deadline).tobytes())
        return header, [self._take(size, deadline) for size in sizes]

    def pending(self) -> bool:
        """Return whether something has come that was not received: bytes, or the end."""
        return bool(self._poll.poll(0))

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def _send_all(self, data: memoryview, deadline: float | None) -> None:
        while data.nbytes:
            try:
                data = data[self.socket.send(data) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except OSError as error:
                raise Closed("the other end is gone") from error
            if deadline is not None and data.nbytes and time.monotonic() > deadline:
                raise Late("the other side did not take the frame in time")

    def _take(self, size: int, deadline: float | None) -> Buffer:
        buffer = np.empty(size, np.uint8)
        view, done = buffer.data, 0
        while done < size:
            try:
                got = self.socket.recv_into(view[done:])
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except OSError as error:
                raise Closed("the other end is gone") from error
            if not got:
                raise Closed("the other end is gone")
            done += got
            if deadline is not None and done < size and time.monotonic() > deadline:
                raise Late("the frame did not come in time")
        return buffer

    def _wait(self, event: int, deadline: float | None) -> None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise Late("the deadline passed")
        poll = select.poll()
        poll.register(self.socket, event)
        poll.poll(None if left is None else left * 1000)


def connected() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a new local connection, with roomy buffers."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for end in ends:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER)
    return ends


def parse_header(text: bytes) -> dict[str, Any]:
    """Return a header that came over the border; ``Malformed`` unless it is a JSON object without tricks."""
    try:
        header = json.loads(
            text.decode("ascii"),
            object_pairs_hook=_object,
            parse_int=_small_int,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not a header: {str(error)[:100]}") from None
    if not isinstance(header, dict):
        raise Malformed("a header is a JSON object")
    return header


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a key stands twice")
    return found


def _small_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Malformed("a number of many digits")
    return int(digits)


def _no_number(text: str) -> float:
    raise Malformed(f"{text[:20]} is no whole number")


def in_seconds(seconds: float) -> float:
    """Return the moment that lies so many seconds ahead."""
    return time.monotonic() + seconds
