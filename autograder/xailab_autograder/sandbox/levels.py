"""How well student code is kept apart on this machine, in four steps, each with what it does not stop.

- ``Level``   the steps
- ``Layer``   the walls that they are made of
- ``reached`` the level that a set of walls amounts to
"""

from collections.abc import Collection
from enum import IntEnum, StrEnum


class Layer(StrEnum):
    """A wall around a worker."""

    PROCESS = "process"
    LIMITS = "limits"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    OTHER_USER = "other user"
    SANDBOX_EXEC = "sandbox-exec"


class Level(IntEnum):
    """How well student code is kept apart; a higher number is better."""

    L0 = 0
    L1 = 1
    L2 = 2
    L3 = 3

    @property
    def layers(self) -> str:
        """What it is made of."""
        return _LAYERS[self]

    @property
    def honestly(self) -> str:
        """What it does not stop."""
        return _HONESTLY[self]

    def __str__(self) -> str:
        return f"{self.name} {self.layers}"


_LAYERS = {
    Level.L0: "nothing",
    Level.L1: "separate process + limits",
    Level.L2: "Landlock + seccomp + limits",
    Level.L3: "namespaces + Landlock + seccomp + limits",
}

_HONESTLY = {
    Level.L0: "Student code can do all that you can do, and can give itself any mark.",
    Level.L1: "Student code never meets the answers in memory, but it can read and write your files, use the network "
    "and leave processes behind. Use it for code that you trust, or inside a container that is thrown away.",
    Level.L2: "Student code can ask whether a file exists and how long it is, and it sees that other processes exist; "
    "it cannot open, change or signal them. Memory is limited for each process, not for all together.",
    Level.L3: "What is left is a hole in the Linux kernel itself, and the processor: a worker may use all the time "
    "that its exercise has.",
}


def reached(layers: Collection[Layer]) -> Level:
    """Return the level that these walls amount to."""
    have = set(layers)
    if not {Layer.PROCESS, Layer.LIMITS} <= have:
        return Level.L0
    if not {Layer.LANDLOCK, Layer.SECCOMP} <= have:
        return Level.L1
    return Level.L3 if Layer.NAMESPACES in have else Level.L2
