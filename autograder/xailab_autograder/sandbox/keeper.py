"""The keeper of one worker: starts it, watches it from outside, ends it, and tells the grader how it ended.

It sits between zygote and worker, trusted, with one socket to the grader. When the grader closes its end, or dies, or
the zygote does, the worker is killed; when the keeper dies, the kernel kills the worker; and with a worker that is
process 1 of its own numbering dies whatever it started.

- ``keep``  the whole life of a keeper
"""

import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from xailab_autograder.sandbox import control, namespaces, scratch
from xailab_autograder.sandbox.confining import NOBODY, World, detach, die_with_parent
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.limits import Limits

_LOOK_EVERY_S = 0.05
_asked: list[int] = []  # signals that ask the keeper to end

Work = Callable[[socket.socket, World, Limits, Path | None], NoReturn]
"""What a worker does from its first moment on."""


def keep(grader: socket.socket, calls: socket.socket, world: World, budget: Limits, work: Work) -> NoReturn:
    """Start a worker and keep it until it ends; then end too.

    Parameters
    ----------
    grader
        The keeper's own socket.
    calls
        The worker's.
    world, budget
        Its walls and limits.
    work
        What the worker does.
    """
    status = 1
    try:
        detach([grader.fileno(), calls.fileno()])
        signal.signal(signal.SIGTERM, lambda number, frame: _asked.append(number))
        die_with_parent(signal.SIGTERM)  # not SIGKILL: there is a worker to end and a folder to remove
        own_disk = Layer.NAMESPACES in world.layers
        folder = None if own_disk else scratch.make(world.name)
        try:
            _keep(grader, calls, world, budget, work, folder)
        finally:
            if folder is not None:
                scratch.remove(folder)
        status = 0
    except BaseException as error:
        with suppress(OSError):
            control.send(grader, {"broken": f"{type(error).__name__}: {error}"})
    os._exit(status)


def _keep(
    grader: socket.socket, calls: socket.socket, world: World, budget: Limits, work: Work, folder: Path | None
) -> None:
    if Layer.NAMESPACES in world.layers:
        namespaces.separate()
    if folder is not None and Layer.OTHER_USER in world.layers:
        os.chown(folder, NOBODY, NOBODY)
    worker = os.fork()
    if not worker:
        grader.close()
        work(calls, world, budget, folder)
    calls.close()
    try:
        handle = [os.pidfd_open(worker)] if sys.platform == "linux" else []
        control.send(grader, {"pid": worker}, handle)
        why = _watch(grader, worker, handle, budget, folder)
    finally:
        os.kill(worker, signal.SIGKILL)  # not reaped yet, so the number is still its own
        _, status, usage = os.wait4(worker, 0)
    with suppress(OSError):
        control.send(grader, _ending(status, usage.ru_maxrss, usage.ru_utime + usage.ru_stime, why))


def _watch(grader: socket.socket, worker: int, handle: list[int], budget: Limits, folder: Path | None) -> str:
    """Wait until the worker ended or must end; return why, if the keeper decided it."""
    poll = select.poll()
    for descriptor in (grader.fileno(), *handle):
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(1000 * _LOOK_EVERY_S)}
        if ready & set(handle):
            return ""
        if not handle and os.waitid(os.P_PID, worker, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return ""
        if grader.fileno() in ready or _asked:
            return "asked"
        if _threads(worker) > budget.threads:
            return "threads"
        if folder is not None and not scratch.fits(folder, budget.scratch, budget.scratch_files):
            return "scratch"


def _threads(worker: int) -> int:
    try:
        status = Path(f"/proc/{worker}/status").read_text()
    except OSError:
        return 0
    return int(status.split("\nThreads:", 1)[1].split(None, 1)[0])


def _ending(status: int, peak: int, seconds: float, why: str) -> dict[str, Any]:
    code = os.waitstatus_to_exitcode(status)
    return {"exit": max(code, 0), "signal": max(-code, 0), "peak_kib": peak, "cpu_s": seconds, "why": why}
