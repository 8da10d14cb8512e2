"""Which system calls a worker may make: a filter that the kernel runs before each of them.

An allow-list. What honest code needs passes; what it never needs is refused with ``EPERM``; everything else, future
calls included, "does not exist" (``ENOSYS``), which is what the C library expects of an older kernel, so it falls back
to calls that pass. A deny-list would let through whatever a newer kernel brings.

Our own, and not PyPI's ``pyseccomp``: its last release (0.1.2) is from 2021 and needs the shared library of
libseccomp, which laptops and grading containers often lack. The filter is 200 lines of data.

- ``program``  the filter as the kernel's bytecode
- ``prepare``  make it ahead
- ``apply``    put it on this process, for good
- ``Machine``  what the bytecode is made for: architecture and the worker's own process id
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from xailab_autograder.sandbox import syscalls

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

# struct seccomp_data: number at 0, architecture at 4, arguments from 16 on, 8 bytes each, low word first
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_ERROR = 0x00050000

_CLONE_THREAD = 0x00010000
_CLONE_NEW_NAMESPACE = 0x7E020080  # user, pid, net, ipc, uts, cgroup, mount and time namespaces
_PR_SET_NAME, _PR_GET_NAME, _PR_GET_DUMPABLE, _PR_SET_VMA = 15, 16, 3, 0x53564D41
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, window size, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_FCNTLS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    36,
    37,
    38,
    1030,
    1032,
)  # dup, flags, locks, size of a pipe. Not: owner, signal, lease
_AF_UNIX = 1


@dataclass(frozen=True)
class Machine:
    """What a filter is made for: the architecture, and the only process that the worker may send signals to."""

    architecture: str
    own_pid: int


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _give(verdict: int) -> bytes:
    return _op(_RETURN, verdict)


def _answer(number: int, verdict: int) -> Iterator[bytes]:
    yield _op(_EQUAL, number, 0, 1)
    yield _give(verdict)


def _only_values(number: int, argument: int, values: Sequence[int]) -> Iterator[bytes]:
    """Allow a call whose argument (its low word: all that these calls read) is one of ``values``."""
    yield _op(_EQUAL, number, 0, 2 * len(values) + 2)
    yield _op(_LOAD, _ARGUMENTS + 8 * argument)
    for value in values:
        yield _op(_EQUAL, value, 0, 1)
        yield _give(_ALLOW)
    yield _give(_ERROR | errno.EPERM)


def _only_threads(number: int) -> Iterator[bytes]:
    """Allow ``clone`` for threads only: no process, no namespace."""
    yield _op(_EQUAL, number, 0, 5)
    yield _op(_LOAD, _ARGUMENTS)
    yield _op(_ANY_BIT, _CLONE_NEW_NAMESPACE, 2, 0)
    yield _op(_ANY_BIT, _CLONE_THREAD, 0, 1)
    yield _give(_ALLOW)
    yield _give(_ERROR | errno.EPERM)


@cache
def program(machine: Machine) -> bytes:
    """Return the filter as the kernel's bytecode, 8 bytes an instruction."""
    some = syscalls.filtered(machine.architecture)
    code = [_op(_LOAD, _ARCHITECTURE), _op(_EQUAL, _AUDIT[machine.architecture], 1, 0), _give(_KILL)]
    code.append(_op(_LOAD, _NUMBER))
    if machine.architecture == "x86_64":
        code += [_op(_AT_LEAST, _X32_BIT, 0, 1), _give(_ERROR | errno.ENOSYS)]
    for number in syscalls.allowed(machine.architecture).values():
        code += _answer(number, _ALLOW)
    code += _only_threads(some["clone"])
    code += _only_values(some["prctl"], 0, (_PR_SET_NAME, _PR_GET_NAME, _PR_GET_DUMPABLE, _PR_SET_VMA))
    code += _only_values(some["kill"], 0, (machine.own_pid,))
    code += _only_values(some["tgkill"], 0, (machine.own_pid,))
    code += _only_values(some["ioctl"], 1, _IOCTLS)
    code += _only_values(some["fcntl"], 1, _FCNTLS)
    code += _only_values(some["socketpair"], 0, (_AF_UNIX,))
    code += _only_values(some["prlimit64"], 0, (0, machine.own_pid))
    code += _only_values(some["sched_setaffinity"], 0, (0, machine.own_pid))
    for number in syscalls.refused(machine.architecture).values():
        code += _answer(number, _ERROR | errno.EPERM)
    code.append(_give(_ERROR | errno.ENOSYS))
    return b"".join(code)


def prepare() -> None:
    """Make the filter of process 1 ahead, for all that will be forked from this process."""
    architecture = syscalls.machine()
    if architecture is not None:
        program(Machine(architecture, 1))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(bytecode: bytes) -> None:
    """Put a filter on this process and all its later threads, for good. Needs a process with a single thread."""
    buffer = ctypes.create_string_buffer(bytecode, len(bytecode))
    header = _Program(len(bytecode) // 8, ctypes.addressof(buffer))
    no_new_privileges()
    syscalls.call("seccomp", 1, 0, ctypes.byref(header))  # 1: a filter


def apply() -> None:
    """Let this process make only the calls that honest code needs, for good. Its id must be the one it will keep."""
    architecture = syscalls.machine()
    if architecture is None:
        raise NotImplementedError("no table of system calls for this machine")
    install(program(Machine(architecture, os.getpid())))


def no_new_privileges() -> None:
    """Give up setuid programs for good: the kernel asks for it before it takes a filter from an ordinary process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
