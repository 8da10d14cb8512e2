"""Where every random choice of MiniBroden comes from: a source that we freeze ourselves.

- ``Random``  numbers that depend on a seed and a path of names only

A generator of a library may change its stream between versions; this one is twenty lines of integer arithmetic and
stays. Each kind of decision draws from its own fork, so that planting a shortcut or changing one thing leaves the
rest of a picture as it was.

Source: the mixing function is splitmix64, Steele, Lea and Flood 2014, figure 17; the hash of names is 64-bit FNV-1a.
"""

from collections.abc import Sequence
from typing import TypeVar

from xailab.data.minibroden.columns import Number

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(value: int) -> int:
    """Scramble a 64-bit integer (splitmix64's finalizer)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _hashed(name: str | int) -> int:
    """Hash a name to 64 bits (FNV-1a); Python's own ``hash`` differs from process to process."""
    value = 0xCBF29CE484222325
    for byte in str(name).encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


class Random:
    """A stream of random numbers, fixed by a seed.

    Parameters
    ----------
    seed
        Any integer >= 0.
    """

    __slots__ = ("_key", "_state")

    def __init__(self, seed: int) -> None:
        self._key = mix((seed + _GOLDEN) & _MASK)
        self._state = self._key

    def fork(self, *path: str | int) -> "Random":
        """Return an independent stream for this path. How much was drawn from this one does not matter."""
        key = self._key
        for name in path:
            key = mix(key ^ _hashed(name))
        return Random(key)

    def bits(self) -> int:
        """Return 64 random bits."""
        self._state = (self._state + _GOLDEN) & _MASK
        return mix(self._state)

    def uniform(self, low: Number = 0.0, high: Number = 1.0) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * ((self.bits() >> 11) * 1.1102230246251565e-16)

    def integer(self, low: int, high: int) -> int:
        """Return an integer in low ... high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def chance(self, probability: Number) -> bool:
        """Return True with this probability."""
        return self.uniform() < probability

    def sign(self) -> int:
        """Return -1 or 1."""
        return 1 if self.bits() >> 63 else -1

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(self.uniform() * len(options))]
