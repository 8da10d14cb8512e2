"""Which process is grading, and whether it still lives.

- ``Process``  a process of some machine
- ``here``     this one
- ``lives``    whether another one does, where that can be known

A number alone is not enough: the system gives it to another process later. When each was started tells them apart.
"""

import os
import platform
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process of some machine.

    Parameters
    ----------
    host
        The machine.
    pid
        Its number there.
    started
        When it was started, as that machine says it; empty: unknown.
    """

    host: str
    pid: int
    started: str


def here() -> Process:
    """Return the process that asks."""
    pid = os.getpid()
    return Process(_host(), pid, _started(pid) or "")


def lives(process: Process) -> bool | None:
    """Tell whether a process still runs; None: it is on another machine, nobody here can know."""
    if process.host != _host():
        return None
    started = _started(process.pid)
    if started is None:
        return False
    return not process.started or not started or started == process.started


@cache
def _host() -> str:
    """Return the name of this machine; containers on it, in which the same numbers are other processes, differ."""
    try:
        room = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return platform.node()
    return f"{platform.node()} {room}"


def _started(pid: int) -> str | None:
    """Return when a process was started; None: there is no such process; empty: the system does not say."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        if fields[0] in (b"Z", b"X"):  # ended, and nobody has asked how
            return None
        return f"{_boot()}:{fields[19].decode()}"
    return _asked(pid)


@cache
def _boot() -> str:
    """Return what tells one start of the machine from the next."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _asked(pid: int) -> str | None:
    """Return what ``ps`` says about a process's start, where there is no ``/proc``."""
    try:
        asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip() or None
