"""What may cross the border between grader and student: kinds of values, and what stands for what cannot cross itself.

- ``TorchTensor``, ``NetworkHandle``, ``GeneratorHandle``   stand-ins for objects
- ``CannotCross``, ``Malformed``                            a value that is none, on this side and on the other
- ``describe``                                              what a value is, in words

``values`` takes them apart and puts them together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xailab.errors import XailabError

DTYPES = frozenset({"b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16"})
"""Kinds and sizes of numbers that cross."""

MAX_NDIM, MAX_DEPTH, MAX_NODES = 8, 16, 20_000
MAX_BYTES = 256 << 20
MAX_HEX_DIGITS = 4096
MAX_LENGTH = 1 << 40

Tree = list[Any]
Buffer = NDArray[np.uint8]


class CannotCross(XailabError):
    """A value that is no plain data. The message names it: "a generator", "an array of objects"."""


class Malformed(ValueError):
    """What came over the border is no value."""


@dataclass(frozen=True, eq=False)
class TorchTensor:
    """A tensor as an array.

    Parameters
    ----------
    array
        Its numbers. For a dtype that numpy lacks: as float32.
    dtype
        Its dtype in torch's words, for example ``"bfloat16"``; empty for the array's own.
    """

    array: NDArray[Any]
    dtype: str = ""


@dataclass(frozen=True)
class NetworkHandle:
    """Stands for the network that ``xailab.models.load(name)`` gives."""

    name: str


@dataclass(frozen=True)
class GeneratorHandle:
    """Stands for ``numpy.random.default_rng(seed)``."""

    seed: int


Handle = NetworkHandle | GeneratorHandle


def describe(value: Any) -> str:
    """Return what a value is, in words: "a generator", "a set", "an object of class Foo"."""
    known = {
        "generator": "a generator (was it meant to be a list?)",
        "function": "a function",
        "set": "a set",
        "frozenset": "a set",
        "bytes": "bytes",
        "module": "a module",
        "type": "a class",
        "range": "a range (was it meant to be a list?)",
        "map": "a map (was it meant to be a list?)",
        "zip": "a zip (was it meant to be a list?)",
        "dict_keys": "the keys of a dict (was it meant to be a list?)",
        "dict_values": "the values of a dict (was it meant to be a list?)",
        "coroutine": "a coroutine",
    }
    name = type.__getattribute__(type(value), "__name__")
    return known.get(name, f"an object of class {str(name)[:100]}")
