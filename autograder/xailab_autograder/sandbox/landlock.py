"""Which files a worker may open: the kernel's Landlock rules, which an ordinary process can put on itself.

What no rule names cannot be opened, listed, made or removed; nor can TCP be used, nor signals or abstract sockets
cross the border (as far as this kernel's Landlock knows them).

Our own, and not PyPI's ``landlock``: it is a pre-release (1.0.0.dev5) that knows file access only, neither TCP nor
scopes. Nor bubblewrap: it has to ``exec``, so that each submission would pay the import of torch, and it needs
privileges that containers refuse.

- ``version``  what this kernel knows; 0 without Landlock
- ``Rule``     a path and what may be done beneath it
- ``apply``    put rules on this process, for good
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

from xailab_autograder.sandbox import seccomp, syscalls


class Access(IntFlag):
    """Rights of Landlock, with the kernel's numbers."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.EXECUTE | Access.READ_FILE | Access.READ_DIR
"""Open and list; "execute" is what mapping a library asks for, running a program is refused elsewhere."""

LIST = Access.READ_DIR
WRITE = Access((1 << 16) - 1) & ~Access.IOCTL_DEV
"""Everything that can be done to files, but control of devices."""

_OF_A_FILE = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
_RULE_PATH_BENEATH = 1
_TCP_BIND_AND_CONNECT = 3
_SCOPE_SOCKETS_AND_SIGNALS = 3


@dataclass(frozen=True)
class Rule:
    """A path, and what may be done to it and beneath it."""

    path: Path
    access: Access


def version() -> int:
    """Return the version of this kernel's Landlock interface, 0 where there is none."""
    try:
        return syscalls.call("landlock_create_ruleset", None, 0, 1)
    except (OSError, NotImplementedError):
        return 0


def handled(known: int) -> Access:
    """Return the rights that a kernel with this version watches over."""
    bits = 13 + (known >= 2) + (known >= 3)
    rights = (1 << bits) - 1
    return Access(rights | (Access.IOCTL_DEV if known >= 5 else 0))


def apply(rules: Iterable[Rule]) -> None:
    """Put rules on this process and all that it starts, for good. A path that does not exist is left out."""
    known = version()
    if not known:
        raise NotImplementedError("this kernel has no Landlock")
    rights = handled(known)
    scopes = _SCOPE_SOCKETS_AND_SIGNALS if known >= 6 else 0
    attribute = struct.pack("=QQQ", rights, _TCP_BIND_AND_CONNECT if known >= 4 else 0, scopes)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = syscalls.call("landlock_create_ruleset", ctypes.create_string_buffer(attribute, 24), size, 0)
    try:
        for rule in rules:
            _add(ruleset, rule, rights)
        seccomp.no_new_privileges()
        syscalls.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _add(ruleset: int, rule: Rule, rights: Access) -> None:
    try:
        place = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    try:
        access = rule.access & rights
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _OF_A_FILE
        if access:
            packed = struct.pack("=Qi", access, place)
            syscalls.call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, ctypes.create_string_buffer(packed, 12), 0)
    finally:
        os.close(place)
