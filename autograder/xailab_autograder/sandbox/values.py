"""What may cross the border between grader and student, and how: a JSON tree of types, and raw buffers. Never pickle.

- ``encode``          a value -> tree and buffers; ``CannotCross`` says what stood in the way
- ``decode``          tree and buffers -> a fresh value; everything is checked: the other side may lie (``Malformed``)
- ``TorchTensor``     a CPU tensor as the trusted side sees it, which never imports torch
- ``NetworkHandle``   stands for ``xailab.models.load(name)``: the network itself never crosses
- ``GeneratorHandle`` stands for ``numpy.random.default_rng(seed)``

Exact types are rebuilt: a subclass arrives as its base. Arrays keep their dtype, their order in memory, and whether
they are contiguous; they arrive writable. A node of the tree is a list, its kind first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xailab_autograder.sandbox.decoding import decode
from xailab_autograder.sandbox.kinds import (
    DTYPES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_HEX_DIGITS,
    MAX_NDIM,
    MAX_NODES,
    Buffer,
    CannotCross,
    GeneratorHandle,
    Handle,
    Malformed,
    NetworkHandle,
    TorchTensor,
    Tree,
    describe,
)

__all__ = [
    "MAX_BYTES",
    "MAX_NODES",
    "Buffer",
    "CannotCross",
    "GeneratorHandle",
    "Handle",
    "Malformed",
    "NetworkHandle",
    "TorchTensor",
    "decode",
    "describe",
    "encode",
]

Convert = Callable[[Any], "TorchTensor | None"]
"""Turns what this file does not know into what it does; None if it cannot."""


@dataclass
class _Writer:
    handles: Mapping[int, Handle]
    convert: Convert
    max_bytes: int
    buffers: list[Buffer] = field(default_factory=list)
    nodes: int = 0
    total: int = 0

    def count(self, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise CannotCross(f"a value with more than {MAX_NODES:,} parts")
        if depth > MAX_DEPTH:
            raise CannotCross(f"a value nested more than {MAX_DEPTH} deep")

    def add(self, array: NDArray[Any]) -> int:
        self.total += array.nbytes
        if self.total > self.max_bytes:
            raise CannotCross(f"a value of more than {self.max_bytes >> 20} MiB")
        self.buffers.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
        return len(self.buffers) - 1


def _nothing(value: Any) -> None:
    """Convert nothing: the trusted side knows no tensors."""


def encode(
    value: Any,
    *,
    handles: Mapping[int, Handle] | None = None,
    convert: Convert = _nothing,
    max_bytes: int = MAX_BYTES,
) -> tuple[Tree, list[Buffer]]:
    """Return a value as a tree of JSON and the buffers that it names. Buffers may share memory with the value.

    Parameters
    ----------
    value
        Plain data: see ``outcomes.Value``.
    handles
        ``id`` of an object -> the handle that crosses in its place.
    convert
        Asked for objects that are no plain data: the worker turns its tensors into ``TorchTensor`` here.
    max_bytes
        Of all buffers together.

    Raises
    ------
    CannotCross
        There is something else in it; the message says what.
    """
    writer = _Writer(handles or {}, convert, max_bytes)
    return _encode(value, writer, 0), writer.buffers


def _encode(value: Any, writer: _Writer, depth: int) -> Tree:
    writer.count(depth)
    if id(value) in writer.handles:
        value = writer.handles[id(value)]
    if isinstance(value, np.generic | np.ndarray | TorchTensor | NetworkHandle | GeneratorHandle):
        return _encode_record(value, writer)
    if value is None or isinstance(value, bool | int | float | complex | str):
        return _encode_scalar(value)
    if isinstance(value, tuple | list):
        return ["t" if isinstance(value, tuple) else "l", [_encode(part, writer, depth + 1) for part in value]]
    if isinstance(value, dict):
        return ["d", [[_key(key), _encode(part, writer, depth + 1)] for key, part in dict.items(value)]]
    converted = writer.convert(value)
    if converted is None:
        raise CannotCross(describe(value))
    return _encode_record(converted, writer)


def _encode_scalar(value: Any) -> Tree:
    match value:
        case None:
            return ["n"]
        case bool():
            return ["b", value]
        case int():
            digits = int.__format__(value, "x")
            if len(digits) > MAX_HEX_DIGITS:
                raise CannotCross("a whole number of thousands of digits")
            return ["i", digits]
        case float():
            return ["f", float.hex(value)]
        case complex():
            return ["c", float.hex(value.real), float.hex(value.imag)]
    return ["s", str.__str__(value)]


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise CannotCross(f"a dict with a key that is no string ({describe(key)})")
    return str.__str__(key)


def _encode_record(value: Any, writer: _Writer) -> Tree:
    if isinstance(value, TorchTensor):
        return ["T", value.dtype, _encode_array(value.array, writer)]
    if isinstance(value, NetworkHandle):
        return ["N", value.name]
    if isinstance(value, GeneratorHandle):
        return ["G", int.__format__(value.seed, "x")]
    if isinstance(value, np.generic):
        return ["g", _dtype_name(value.dtype), writer.add(_native(np.array(value)))]
    return _encode_array(value, writer)


def _encode_array(array: NDArray[Any], writer: _Writer) -> Tree:
    if isinstance(array, np.ma.MaskedArray):
        raise CannotCross("a masked array (numpy.ma)")
    name = _dtype_name(array.dtype)
    plain = np.ndarray.view(array, np.ndarray)
    if plain.ndim > MAX_NDIM:
        raise CannotCross(f"an array with {plain.ndim} axes")
    if plain.flags.c_contiguous:
        return ["a", name, list(plain.shape), writer.add(_native(plain))]
    order = sorted(range(plain.ndim), key=lambda axis: -abs(plain.strides[axis]))
    flips = [axis for axis in range(plain.ndim) if plain.strides[axis] < 0]
    dense = plain.transpose(order)[tuple(slice(None, None, -1 if axis in flips else 1) for axis in order)]
    layout = {"order": order, "flips": flips, "padded": not dense.flags.c_contiguous}
    return ["a", name, list(plain.shape), writer.add(_native(dense)), layout]


def _native(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _dtype_name(dtype: np.dtype[Any]) -> str:
    name = f"{dtype.kind}{dtype.itemsize}"
    if name not in DTYPES:
        words = {"O": "objects", "U": "strings", "S": "bytes", "M": "dates", "m": "time spans", "V": "records"}
        raise CannotCross(f"an array of {words.get(dtype.kind, str(dtype))}")
    return name
