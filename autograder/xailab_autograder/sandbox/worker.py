"""One worker as the grader sees it.

- ``Worker``        its channel, ``kill``, and how it ended
- ``Ending``        how it ended, as its keeper saw it
- ``SandboxError``  no worker, because a wall does not stand
"""

import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass

from xailab.errors import XailabError
from xailab_autograder.sandbox import control
from xailab_autograder.sandbox.wire import Channel

_END_S = 5.0


class SandboxError(XailabError):
    """The sandbox could not be built, or a wall of it does not stand. No student code was run."""


@dataclass(frozen=True)
class Ending:
    """How a worker ended.

    Parameters
    ----------
    exit, signal
        Of the process.
    peak_kib, cpu_s
        What it used.
    why
        What made the keeper end it: ``"threads"``, ``"scratch"``, ``"asked"``; empty if it ended by itself.
    """

    exit: int
    signal: int
    peak_kib: int
    cpu_s: float
    why: str


class Worker:
    """One worker. Close it when it is no longer needed; that kills it.

    Parameters
    ----------
    channel
        To the worker itself: nothing that comes from it is to be believed.
    keeper
        Socket to its keeper, which is trusted.
    pid
        Of the worker, for tests.
    handle
        A process descriptor, or None where there are none.
    """

    def __init__(self, channel: Channel, keeper: socket.socket, pid: int, handle: int | None) -> None:
        self.channel, self.pid = channel, pid
        self._keeper, self._handle = keeper, handle
        self._ending: Ending | None = None

    def kill(self) -> None:
        """End it now, whatever it is doing."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore]
        with suppress(OSError):
            self._keeper.shutdown(socket.SHUT_WR)

    def ending(self, wait_s: float = _END_S) -> Ending | None:
        """Return how it ended, or None if it has not within so many seconds."""
        if self._ending is None and self._keeper.fileno() >= 0:
            self._keeper.settimeout(wait_s)
            with suppress(TimeoutError):
                received = control.receive(self._keeper)
                message = received[0] if received else {"exit": 0, "signal": 9, "peak_kib": 0, "cpu_s": 0.0, "why": ""}
                if "broken" in message:
                    raise SandboxError(f"the sandbox broke down: {message['broken']}")
                self._ending = Ending(**message)
        return self._ending

    def close(self) -> None:
        """Kill it, and wait until it is gone."""
        self.channel.close()
        self.kill()
        with suppress(SandboxError):
            self.ending()
        self._keeper.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
