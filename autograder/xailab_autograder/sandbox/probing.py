"""Which walls this machine allows: each is tried in a child process that ends at once.

- ``probe``          the walls that hold, and why the others do not
- ``no_other_user``  whether a superuser's workers become somebody else
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xailab_autograder.sandbox import confining, landlock, namespaces, seccomp
from xailab_autograder.sandbox.landlock import Rule
from xailab_autograder.sandbox.levels import Layer
from xailab_autograder.sandbox.limits import Limits

_MOST_TEXT = 500


def probe(rules: Sequence[Rule]) -> dict[Layer, str]:
    """Return for every wall the empty string if it can be built here, else why not."""
    if sys.platform != "linux":
        linux = "only Linux has it"
        return {Layer.PROCESS: "", Layer.LIMITS: "", **dict.fromkeys(_LINUX, linux)}
    tries: dict[Layer, Callable[[], None]] = {
        Layer.NAMESPACES: lambda: _world(rules),
        Layer.LANDLOCK: lambda: landlock.apply(rules),
        Layer.SECCOMP: seccomp.apply,
    }
    return {Layer.PROCESS: "", Layer.LIMITS: "", **{layer: in_child(attempt) for layer, attempt in tries.items()}}


NOT_NEEDED = "not needed"
"""Why a wall is missing that would be in the way: only a superuser without Landlock has to become somebody else."""

_LINUX = (Layer.NAMESPACES, Layer.LANDLOCK, Layer.SECCOMP)


def _world(rules: Sequence[Rule]) -> None:
    namespaces.enter(readable(rules))
    namespaces.separate()
    fault = in_child(_furnished)
    if fault:
        raise OSError(fault)


def _furnished() -> None:
    namespaces.furnish(Limits().scratch, Limits().scratch_files)
    if os.getpid() != 1:
        raise OSError("not process 1 of its own numbering")
    namespaces.drop()


def readable(rules: Sequence[Rule]) -> list[Path]:
    """Return what a new root folder has to hold: whatever may be read, not what may only be listed."""
    return [rule.path for rule in rules if rule.access & landlock.Access.READ_FILE]


def no_other_user(tried: Mapping[Layer, str], rules: Sequence[Rule]) -> str:
    """Return why a superuser's workers do not become another user: the empty string if they do."""
    if os.geteuid() != 0 or not tried[Layer.LANDLOCK]:
        return NOT_NEEDED
    return in_child(lambda: _read_as_nobody(rules))


def _read_as_nobody(rules: Sequence[Rule]) -> None:
    confining.become(confining.NOBODY)
    for path in readable(rules):
        if not os.access(path, os.R_OK):
            raise PermissionError(path)


def in_child(attempt: Callable[[], None]) -> str:
    """Do something in a child process that then ends; return what went wrong there, or the empty string."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        text = ""
        try:
            attempt()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, (text or "ok").encode()[:_MOST_TEXT])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    os.waitpid(child, 0)
    return "" if said == "ok" else said or "the process that tried it ended"
