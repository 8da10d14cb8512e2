"""Frames arrive whole or not at all, within their deadline, whatever the other side does."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from xailab_autograder.sandbox import wire
from xailab_autograder.sandbox.values import Malformed
from xailab_autograder.sandbox.wire import Channel, Closed, Late, connected, in_seconds, parse_header


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = connected()
    channel = Channel(ours, max_bytes=1 << 20)
    with theirs:
        yield channel, theirs
    channel.close()


def frame(header: bytes, *sizes: int) -> bytes:
    return struct.pack("<4sII", b"XLB1", len(header), len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes) + header


@pytest.mark.parametrize("sizes", [[], [0], [1, 0, 3], [1 << 19, 5], [1 << 17] * 4])
def test_frames_arrive_as_they_were_sent(sizes: list[int]) -> None:
    ours, theirs = connected()
    left, right = Channel(ours), Channel(theirs)
    buffers = [np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8) for size in sizes]
    sender = threading.Thread(target=left.send, args=({"é": [1, None]}, buffers))
    sender.start()
    header, arrived = right.receive(deadline=in_seconds(10))
    sender.join()
    assert header == {"é": [1, None]}
    assert [part.tobytes() for part in arrived] == [part.tobytes() for part in buffers]
    left.close()
    right.close()


def test_a_side_that_does_not_read_does_not_block_the_other(pair: tuple[Channel, socket.socket]) -> None:
    start = time.monotonic()
    with pytest.raises(Late):
        pair[0].send({}, [np.zeros(64 << 20, np.uint8)], deadline=in_seconds(0.2))
    assert time.monotonic() - start < 2


def test_a_side_that_says_nothing_is_late(pair: tuple[Channel, socket.socket]) -> None:
    with pytest.raises(Late):
        pair[0].receive(deadline=in_seconds(0.05))


def test_a_side_that_drips_is_late_too(pair: tuple[Channel, socket.socket]) -> None:
    stop = threading.Event()

    def drip() -> None:
        pair[1].sendall(frame(b"{}" + b" " * 1000)[:12])
        while not stop.wait(0.01):
            pair[1].sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(Late):
        pair[0].receive(deadline=in_seconds(0.3))
    stop.set()
    thread.join()


def test_the_end_of_the_other_side_is_noticed(pair: tuple[Channel, socket.socket]) -> None:
    assert not pair[0].pending()
    pair[1].close()
    assert pair[0].pending()
    with pytest.raises(Closed):
        pair[0].receive(deadline=in_seconds(1))
    with pytest.raises(Closed):
        pair[0].send({}, [np.zeros(1 << 19, np.uint8)], deadline=in_seconds(1))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        frame(b"{}", 4 << 30),
        frame(b"{}", 2**63, 2**63),
        frame(b"{}", *([1] * 20_001)),
        struct.pack("<4sII", b"XLB1", 2**32 - 1, 0),
        frame(b"[1]"),
        frame(b"nonsense"),
        frame(b"\xff\xfe"),
        frame(b"[" * 500_000),
        frame(b'{"a":' * 100_000),
        frame(b'{"a": 1, "a": 2}'),
        frame(b'{"a": ' + b"9" * 100_000 + b"}"),
        frame(b'{"a": 1.5}'),
        frame(b'{"a": NaN}'),
        frame(b'{"a": -Infinity}'),
    ],
    ids=range(15),
)
def test_what_is_no_frame_is_malformed(pair: tuple[Channel, socket.socket], data: bytes) -> None:
    sender = threading.Thread(target=pair[1].sendall, args=(data,))
    sender.start()
    with pytest.raises(Malformed):
        pair[0].receive(deadline=in_seconds(5))
    pair[1].shutdown(socket.SHUT_WR)
    while pair[0].socket.fileno() >= 0 and sender.is_alive():
        try:
            pair[0].socket.recv(1 << 20)
        except BlockingIOError:
            time.sleep(0.001)
    sender.join()


def test_headers_without_tricks_are_read() -> None:
    header = {"text": "\ud800 ü", "numbers": [0, -5, 2**63], "nothing": None}
    assert parse_header(json.dumps(header).encode()) == header


def test_a_header_over_the_cap_is_not_sent(pair: tuple[Channel, socket.socket]) -> None:
    with pytest.raises(Malformed, match="at most 1,048,576 cross"):
        pair[0].send({"text": "x" * wire.MAX_HEADER})
