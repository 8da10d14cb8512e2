"""What may cross the border between grader and student, and how: a JSON tree of types, and raw buffers. Never pickle.

- ``encode``          a value -> tree and buffers; ``CannotCross`` says what stood in the way
- ``decode``          tree and buffers -> a fresh value; everything is checked, for the other side may lie (``Malformed``)
- ``TorchTensor``     a CPU tensor as the trusted side sees it, which never imports torch
- ``NetworkHandle``   stands for ``xailab.models.load(name)``: the network itself never crosses
- ``GeneratorHandle`` stands for ``numpy.random.default_rng(seed)``

Exact types are rebuilt: a subclass arrives as its base. Arrays keep their dtype, their order in memory, and whether they are
contiguous; they arrive writable. A node of the tree is a list, its kind first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xailab.errors import XailabError

DTYPES = frozenset({"b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16"})
"""Kinds and sizes of numbers that cross."""

MAX_NDIM, MAX_DEPTH, MAX_NODES = 8, 16, 20_000
MAX_BYTES = 256 << 20
_MAX_HEX_DIGITS = 4096
_MAX_LENGTH = 1 << 40

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
    if value is None:
        return ["n"]
    if isinstance(value, bool):
        return ["b", bool(value)]
    if isinstance(value, int):
        digits = int.__format__(value, "x")
        if len(digits) > _MAX_HEX_DIGITS:
            raise CannotCross("a whole number of thousands of digits")
        return ["i", digits]
    if isinstance(value, float):
        return ["f", float.hex(value)]
    if isinstance(value, complex):
        return ["c", float.hex(value.real), float.hex(value.imag)]
    if isinstance(value, str):
        return ["s", str.__str__(value)]
    if isinstance(value, tuple | list):
        return ["t" if isinstance(value, tuple) else "l", [_encode(part, writer, depth + 1) for part in value]]
    if isinstance(value, dict):
        return ["d", [[_key(key), _encode(part, writer, depth + 1)] for key, part in dict.items(value)]]
    converted = writer.convert(value)
    if converted is None:
        raise CannotCross(describe(value))
    return _encode_record(converted, writer)


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


def decode(
    tree: object, buffers: Sequence[Buffer], *, handles: bool = False, max_bytes: int = MAX_BYTES
) -> Any:
    """Return the value that ``encode`` took apart. Arrays use the memory of ``buffers``, which must be writable.

    Parameters
    ----------
    tree, buffers
        What came over the border. Nothing about them is believed.
    handles
        Whether handles may occur.
    max_bytes
        Of all buffers together, padding included.

    Raises
    ------
    Malformed
        It is no value: the message says what is wrong.
    """
    reader = _Reader(buffers, handles=handles, max_bytes=max_bytes)
    value = reader.value(tree, 0)
    if reader.used != set(range(len(buffers))):
        raise Malformed("there are buffers that nothing names")
    return value


class _Reader:
    def __init__(self, buffers: Sequence[Buffer], *, handles: bool, max_bytes: int) -> None:
        self.buffers, self.handles, self.left = buffers, handles, max_bytes
        self.used: set[int] = set()
        self.nodes = 0

    def value(self, tree: object, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise Malformed("too many parts, or nested too deep")
        if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
            raise Malformed("a node is a list that begins with its kind")
        kind, rest = tree[0], tree[1:]
        if kind in ("t", "l", "d"):
            return self._container(kind, rest, depth)
        if kind in ("a", "g", "T"):
            return self._record(kind, rest)
        return self._scalar(kind, rest)

    def _container(self, kind: str, rest: list[Any], depth: int) -> Any:
        if len(rest) != 1 or not isinstance(rest[0], list):
            raise Malformed("a container is a list of parts")
        if kind != "d":
            parts = [self.value(part, depth + 1) for part in rest[0]]
            return tuple(parts) if kind == "t" else parts
        found: dict[str, Any] = {}
        for pair in rest[0]:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str) or pair[0] in found:
                raise Malformed("a dict is a list of pairs with different strings as keys")
            found[pair[0]] = self.value(pair[1], depth + 1)
        return found

    def _scalar(self, kind: str, rest: list[Any]) -> Any:
        match kind, rest:
            case "n", []:
                return None
            case "b", [bool() as truth]:
                return truth
            case "i", [str() as digits]:
                return _whole(digits)
            case "f", [str() as text]:
                return _real(text)
            case "c", [str() as real, str() as imaginary]:
                return complex(_real(real), _real(imaginary))
            case "s", [str() as text]:
                return text
            case "N", [str() as name] if self.handles:
                return NetworkHandle(name)
            case "G", [str() as digits] if self.handles:
                return GeneratorHandle(_whole(digits))
        raise Malformed(f"no such node: {kind[:20]!r}")

    def _record(self, kind: str, rest: list[Any]) -> Any:
        match kind, rest:
            case "g", [str() as dtype, index]:
                return self._array(dtype, [], index)[()]
            case "a", [str() as dtype, list() as shape, index]:
                return self._array(dtype, shape, index)
            case "a", [str() as dtype, list() as shape, index, dict() as layout]:
                return self._laid_out(dtype, shape, index, layout)
            case "T", [str() as name, ["a", *array]] if len(name) <= 40:
                return TorchTensor(self._record("a", array), name)
        raise Malformed("an array is its dtype, its shape and its buffer")

    def _array(self, dtype: str, shape: list[Any], index: object) -> NDArray[Any]:
        if dtype not in DTYPES:
            raise Malformed(f"no such dtype: {dtype[:20]!r}")
        if len(shape) > MAX_NDIM or not all(type(n) is int and 0 <= n < _MAX_LENGTH for n in shape):
            raise Malformed("a shape is a few whole numbers")
        if type(index) is not int or not 0 <= index < len(self.buffers) or index in self.used:
            raise Malformed("each array has a buffer of its own")
        self.used.add(index)
        size = np.dtype(dtype).itemsize
        for length in shape:
            size *= length  # Python's whole numbers: no overflow
        self.left -= size
        if size != self.buffers[index].nbytes or self.left < 0:
            raise Malformed("a buffer is as long as dtype and shape say, and not longer than allowed")
        buffer = self.buffers[index]
        if dtype == "b1" and buffer.size and buffer.max() > 1:
            raise Malformed("a truth value is 0 or 1")
        try:
            return buffer.view(dtype).reshape(shape)
        except ValueError:
            raise Malformed("numpy knows no such shape") from None

    def _laid_out(self, dtype: str, shape: list[Any], index: object, layout: dict[str, Any]) -> NDArray[Any]:
        order, flips, padded = layout.get("order"), layout.get("flips"), layout.get("padded")
        axes = list(range(len(shape)))
        if len(layout) != 3 or not isinstance(padded, bool) or not isinstance(order, list) or not isinstance(flips, list):
            raise Malformed("a layout is order, flips and padding")
        if not all(type(axis) is int for axis in [*order, *flips]) or sorted(order) != axes or not set(flips) <= set(axes):
            raise Malformed("a layout orders the axes that there are")
        dense = self._array(dtype, [shape[axis] for axis in order], index)
        if padded:
            dense = self._padded(dense)
        dense = dense[tuple(slice(None, None, -1 if axis in flips else 1) for axis in order)]
        return dense.transpose(np.argsort(order)) if order else dense

    def _padded(self, dense: NDArray[Any]) -> NDArray[Any]:
        """Return the same numbers as every second of a buffer twice as long: an array that is not contiguous."""
        self.left -= dense.nbytes
        if not dense.ndim or self.left < 0:
            raise Malformed("an array without axes has no padding, and padding counts")
        wide = np.zeros((*dense.shape[:-1], 2 * dense.shape[-1]), dense.dtype)
        wide[..., ::2] = dense
        return wide[..., ::2]


def _whole(digits: str) -> int:
    if len(digits) > _MAX_HEX_DIGITS + 1:
        raise Malformed("a number of thousands of digits")
    try:
        return int(digits, 16)
    except ValueError:
        raise Malformed("not a whole number") from None


def _real(text: str) -> float:
    try:
        return float.fromhex(text[:64])
    except (ValueError, OverflowError):
        raise Malformed("not a number") from None
