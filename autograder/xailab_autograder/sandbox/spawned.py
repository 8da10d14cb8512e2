"""A worker without a zygote: a fresh interpreter that becomes a worker itself. For macOS, where forks are not safe.

Slower by the imports, and without a keeper: the grader holds the process. Its limits, its deadline and its conversation
are the same.

- ``spawn``          start one
- ``SpawnedWorker``  what ``worker.Worker`` is elsewhere
- ``main``           the process's whole life
"""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from xailab_autograder.sandbox import confining, scratch, stage, wire
from xailab_autograder.sandbox.confining import World
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.wire import Channel
from xailab_autograder.sandbox.worker import Ending, SandboxError, Worker

IMPORTS_S = 120.0
"""How long an interpreter may take to be ready."""

_START = "import sys; sys.path[:0] = {folders!r}; from xailab_autograder.sandbox.spawned import main; main({options!r})"


class SpawnedWorker(Worker):
    """A worker in a process of the grader's own.

    Parameters
    ----------
    channel
        To the worker.
    process
        The process that it is.
    folder
        Its scratch folder, removed at the end.
    """

    def __init__(self, channel: Channel, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        nobody, nothing = socket.socketpair()
        nothing.close()
        super().__init__(channel, nobody, process.pid, None)
        self._process, self._folder = process, folder

    def kill(self) -> None:
        """End it now, with all processes of its group."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def ending(self, wait_s: float = 5.0) -> Ending | None:
        """Return how it ended, or None if it has not within so many seconds."""
        try:
            code = self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Ending(max(code, 0), max(-code, 0), usage.ru_maxrss, 0.0, "")

    def close(self) -> None:
        """Kill it, and wait until it is gone."""
        super().close()
        if self._folder.exists():
            scratch.remove(self._folder)


def spawn(
    limits: Limits, folders: Sequence[str], environment: dict[str, str], wrapper: Sequence[str], folder: Path
) -> Worker:
    """Start a worker in a fresh interpreter.

    Parameters
    ----------
    limits
        How much it may use.
    folders
        Where to import from.
    environment
        All that it gets to know.
    wrapper
        Words before the interpreter's command line: what keeps it apart.
    folder
        Its scratch folder; the worker owns it.
    """
    ours, theirs = wire.connected()
    with theirs:
        options = json.dumps({"calls": theirs.fileno(), "limits": limits.as_json(), "scratch": str(folder)})
        process = subprocess.Popen(
            [*wrapper, sys.executable, "-s", "-P", "-B", "-c", _START.format(folders=list(folders), options=options)],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()], start_new_session=True, cwd=folder,
        )  # fmt: skip
    worker = SpawnedWorker(Channel(ours), process, folder)
    try:
        said, _ = worker.channel.receive(deadline=wire.in_seconds(IMPORTS_S))
    except (wire.Closed, wire.Late, ValueError) as error:
        said = {"kind": "broken", "why": str(error)}
    if said.get("kind") != "ready":
        worker.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise SandboxError(f"a worker could not be started: {said.get('why', said)}")
    return worker


def main(options: str) -> None:
    """Import, give up what can be given up, and serve."""
    chosen = json.loads(options)
    channel = Channel(socket.socket(fileno=chosen["calls"]))
    try:
        stage.prepare()
        world = World("spawned", frozenset({Layer.PROCESS, Layer.LIMITS}), ())
        confining.detach([channel.socket.fileno()])
        confining.confine(world, Limits(**chosen["limits"]), Path(chosen["scratch"]))
    except BaseException as error:  # a limit that cannot be set: no student code here
        channel.send({"kind": "broken", "why": f"{type(error).__name__}: {error}"})
        os._exit(1)
    channel.send({"kind": "ready"})
    from xailab_autograder.sandbox import session  # after stage.prepare: it needs torch

    session.work(channel)
