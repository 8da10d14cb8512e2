"""Values of notebook variables, written as Python that makes them again.

- ``literal``   the source of a value and the modules it needs, or None where it cannot be written down
- ``describe``  a value in a few words, for messages
"""

import builtins
import math
import sys
from collections.abc import Iterable
from typing import Any

MOST_PARTS = 4096
"""Numbers and strings that a value may hold; larger ones are data, not constants."""

MOST_CHARACTERS = 200_000
_PLAIN = (bool, int, str, bytes, type(None), type(...), range, slice)
_SEQUENCES = {tuple: ("(", ",)"), list: ("[", "]"), set: ("{", "}")}


def literal(value: Any) -> str | None:
    """Return an expression that makes an equal value of the same type; None: there is none.

    Its names are those of Python, ``numpy`` and ``torch``. Only exact types count: a subclass may be anything.
    """
    try:
        text = _write(value, [MOST_PARTS])
    except (_NotPlain, RecursionError):
        return None
    return text if len(text) <= MOST_CHARACTERS else None


class _NotPlain(Exception):
    """A value that is more than numbers and strings, or too many of them."""


def _write(value: Any, left: list[int]) -> str:
    left[0] -= 1
    if left[0] < 0:
        raise _NotPlain
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if kind in (float, complex):
        return _number(value)
    if kind in _SEQUENCES:
        return _sequence(value, left)
    if kind is frozenset:
        return f"frozenset({_sequence(set(value), left)})"
    if kind is dict:
        inner = ", ".join(f"{_write(key, left)}: {_write(item, left)}" for key, item in value.items())
        return f"{{{inner}}}"
    return _array(value, left)


def _number(value: complex) -> str:
    """Write a float or complex number, infinite ones too."""
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    return repr(value) if math.isfinite(value) else f"float({str(value)!r})"


def _sequence(value: Iterable[Any], left: list[int]) -> str:
    opening, closing = _SEQUENCES[type(value)]  # type: ignore[index]
    items = [_write(item, left) for item in value]
    if not items:
        return {tuple: "()", list: "[]", set: "set()"}[type(value)]  # type: ignore[index]
    return opening + ", ".join(items) + closing


def _array(value: Any, left: list[int]) -> str:
    """Write a numpy array, scalar or dtype, or a torch tensor or dtype; neither is imported here."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.generic) and type(value).__module__ == "numpy":
        if value.dtype.kind in "biufc":
            return f"numpy.{value.dtype.name}({_write(value.item(), left)})"
    elif numpy is not None and type(value) is numpy.ndarray and value.dtype.kind in "biufcU" and value.size <= left[0]:
        flat = _write(value.ravel().tolist(), left)
        return f"numpy.array({flat}, dtype={value.dtype.str!r}).reshape({value.shape!r})"
    elif numpy is not None and isinstance(value, numpy.dtype) and value.kind in "biufcU":
        return f"numpy.dtype({value.str!r})"
    elif torch is not None and type(value) is torch.Tensor and not value.is_complex() and value.numel() <= left[0]:
        flat = _write(value.detach().cpu().reshape(-1).tolist(), left)
        return f"torch.tensor({flat}, dtype={value.dtype}).reshape({tuple(value.shape)!r})"
    elif torch is not None and isinstance(value, torch.dtype):
        return str(value)
    raise _NotPlain


def describe(value: Any) -> str:
    """Name a value in a few words: ``an array of 400 x 128 x 8 x 8 float32``."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        kind = "a tensor" if type(value).__module__ == "torch" else "an array"
        sizes = " x ".join(map(str, tuple(shape))) or "one number"
        return f"{kind} of {sizes} {str(dtype).removeprefix('torch.')}"
    name = type(value).__name__
    if type(value).__module__ == builtins.__name__ and hasattr(value, "__len__"):
        return f"a {name} of {len(value)} items"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
