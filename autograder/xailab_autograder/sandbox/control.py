"""Short messages between the trusted processes (grader, zygote, keeper): JSON, with open files beside it.

- ``send``      one message and some descriptors
- ``receive``   the next one, or None at the end
"""

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any

_LENGTH = struct.Struct("<I")
_MOST_DESCRIPTORS = 4


def send(connection: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send a message, with open files if there are any."""
    text = json.dumps(message).encode()
    data = _LENGTH.pack(len(text)) + text
    sent = socket.send_fds(connection, [data], descriptors) if descriptors else 0
    connection.sendall(data[sent:])


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next message and the files that came with it, or None when the other end is closed."""
    try:
        data, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, _MOST_DESCRIPTORS)
        if not data:
            return None
        data += _exactly(connection, _LENGTH.size - len(data))
        message = json.loads(_exactly(connection, _LENGTH.unpack(data)[0]))
    except (ConnectionError, EOFError):
        return None
    return message, list(descriptors)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
