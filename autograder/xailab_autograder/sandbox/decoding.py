"""Putting a value together again from what came over the border, believing nothing of it.

- ``decode``   tree and buffers -> a fresh value, or ``Malformed``
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xailab_autograder.sandbox.kinds import (
    DTYPES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_HEX_DIGITS,
    MAX_LENGTH,
    MAX_NDIM,
    MAX_NODES,
    Buffer,
    GeneratorHandle,
    Malformed,
    NetworkHandle,
    TorchTensor,
)


def decode(tree: object, buffers: Sequence[Buffer], *, handles: bool = False, max_bytes: int = MAX_BYTES) -> Any:
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
            case "s", [str() as text]:
                return text
            case "N", [str() as name] if self.handles:
                return NetworkHandle(name)
            case "G", [str() as digits] if self.handles:
                return GeneratorHandle(_whole(digits))
        return self._number(kind, rest)

    def _number(self, kind: str, rest: list[Any]) -> Any:
        match kind, rest:
            case "i", [str() as digits]:
                return _whole(digits)
            case "f", [str() as text]:
                return _real(text)
            case "c", [str() as real, str() as imaginary]:
                return complex(_real(real), _real(imaginary))
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
        if len(shape) > MAX_NDIM or not all(type(n) is int and 0 <= n < MAX_LENGTH for n in shape):
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
        if (
            len(layout) != 3
            or not isinstance(padded, bool)
            or not isinstance(order, list)
            or not isinstance(flips, list)
        ):
            raise Malformed("a layout is order, flips and padding")
        if (
            not all(type(axis) is int for axis in [*order, *flips])
            or sorted(order) != axes
            or not set(flips) <= set(axes)
        ):
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
    if len(digits) > MAX_HEX_DIGITS + 1:
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
