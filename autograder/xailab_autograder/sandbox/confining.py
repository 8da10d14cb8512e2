"""Putting a worker behind its walls, in the only order that works, each wall or none of the worker.

- ``World``    the walls there are on this machine, and what may be read
- ``confine``  put this process behind them, for good
- ``detach``   leave terminal, parent's files and signals behind
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xailab_autograder.sandbox import landlock, limits, namespaces, seccomp, visible
from xailab_autograder.sandbox.landlock import Access, Rule
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.limits import Limits

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
NOBODY = 65534
"""Whom a worker becomes where the superuser grades without Landlock."""

_SETTINGS = {
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}
_FOLDERS = (
    "HOME",
    "TMPDIR",
    "MPLCONFIGDIR",
    "XDG_CACHE_HOME",
    "NUMBA_CACHE_DIR",
    "TORCHINDUCTOR_CACHE_DIR",
    "XAILAB_CACHE",
)


@dataclass(frozen=True)
class World:
    """The walls there are on this machine.

    Parameters
    ----------
    name
        Of the zygote.
    layers
        Which; a worker has all of them, or it does not start.
    rules
        What may be read.
    """

    name: str
    layers: frozenset[Layer]
    rules: tuple[Rule, ...]


def detach(keep: Sequence[int]) -> None:
    """Leave the terminal and every open file but those in ``keep``; standard streams lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    last = 3
    for descriptor in sorted(keep):
        os.closerange(last, descriptor)
        last = descriptor + 1
    os.closerange(last, os.sysconf("SC_OPEN_MAX"))
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN if number in (signal.SIGPIPE, signal.SIGXFSZ) else signal.SIG_DFL)


def die_with_parent(how: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to end this process when the one that forked it ends."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, how)


def confine(world: World, budget: Limits, scratch: Path | None) -> None:
    """Put this process behind all walls of ``world``, for good. Whatever fails, raises: the worker must not go on.

    Parameters
    ----------
    world
        The walls.
    budget
        How much may be used.
    scratch
        The folder for files; None where a disk of its own is mounted.
    """
    if os.getpgid(0) != os.getpid():
        os.setsid()
    if Layer.NAMESPACES in world.layers:
        namespaces.furnish(budget.scratch, budget.scratch_files)
    folder = scratch or namespaces.SCRATCH
    os.chdir(folder)
    _environment(folder)
    _prepare_threads()
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go when memory runs out
        _prctl(_PR_SET_DUMPABLE, 0)
        _drop_rights(world)
    limits.apply(budget)
    die_with_parent()
    if Layer.LANDLOCK in world.layers:
        landlock.apply((*world.rules, *visible.proc_rules(), *_writable(folder)))
    if Layer.SECCOMP in world.layers:
        seccomp.apply()


def _environment(folder: Path) -> None:
    os.environ.clear()
    os.environ.update(_SETTINGS)
    os.environ.update(dict.fromkeys(_FOLDERS, str(folder)))


def _prepare_threads() -> None:
    """Make the lock that numba's threads ask for, while semaphores may still be made."""
    with suppress(ImportError, AttributeError, OSError):
        from numba.np.ufunc import parallel

        parallel._set_init_process_lock()


def _drop_rights(world: World) -> None:
    """Give up capabilities; where nothing guards the files, also the superuser's name."""
    if Layer.OTHER_USER in world.layers:
        become(NOBODY)
    namespaces.drop()
    seccomp.no_new_privileges()


def become(user: int) -> None:
    """Give up being the superuser, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _writable(folder: Path) -> list[Rule]:
    device = Access.READ_FILE | Access.WRITE_FILE | Access.TRUNCATE
    return [
        Rule(folder, landlock.WRITE & ~Access.EXECUTE),
        Rule(Path("/dev/null"), device),
        *(Rule(Path("/dev") / name, Access.READ_FILE) for name in ("zero", "random", "urandom")),
    ]


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")
