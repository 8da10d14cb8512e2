"""macOS: one interpreter per submission, started behind ``sandbox-exec``. Written from Apple's documentation; untested
here.

macOS has neither namespaces nor Landlock nor seccomp, and a fork of a process that has touched its graphics or linear
algebra libraries is not safe. So there is no zygote: every worker is a fresh interpreter (a second or two for the
imports) behind a profile that refuses the network, other programs, signals to others, and every file but Python's own
and the worker's scratch folder. Memory is not limited by macOS; the worker's size is watched instead.

- ``available``  whether this machine has ``sandbox-exec``
- ``profile``    the rules, in Apple's language
- ``wrapper``    the words before an interpreter's command line
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from xailab_autograder.sandbox.landlock import Access, Rule

_SYSTEM = ("/System", "/usr/lib", "/usr/share", "/Library/Frameworks", "/private/var/db/dyld", "/private/etc/localtime")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def available() -> bool:
    """Return whether workers can be started behind ``sandbox-exec`` here."""
    return sys.platform == "darwin" and shutil.which("sandbox-exec") is not None


def profile(rules: Iterable[Rule], scratch: Path) -> str:
    """Return what a worker may do, as a profile for ``sandbox-exec -p``.

    Parameters
    ----------
    rules
        What may be read.
    scratch
        The folder that may be written.
    """
    lines = [
        "(version 1)",
        "(deny default)",
        f"(allow process-exec (literal {_quoted(Path(sys.executable).resolve())}))",
        "(allow sysctl-read)",
        '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
        "(allow signal (target self))",
        "(allow file-read-metadata)",
    ]
    readable = [rule.path for rule in rules if rule.access & Access.READ_FILE]
    for path in (*readable, *map(Path, _SYSTEM)):
        lines.append(f"(allow file-read* (subpath {_quoted(path.resolve())}))")
    lines += [f"(allow file-read* file-write-data (literal {_quoted(Path(device))}))" for device in _DEVICES]
    lines.append(f"(allow file-read* file-write* (subpath {_quoted(scratch.resolve())}))")
    return "\n".join(lines)


def wrapper(rules: Iterable[Rule], scratch: Path) -> tuple[str, ...]:
    """Return the words that start a program behind the profile."""
    return ("sandbox-exec", "-p", profile(rules, scratch))


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
