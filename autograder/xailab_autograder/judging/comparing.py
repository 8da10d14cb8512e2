"""Is a value right? Structure first, then shape, then kind of numbers, then the numbers.

- ``compare``     the first difference between what came and what was expected, or None
- ``Difference``  in which tier, where, and what
- ``plain``       values without the wrapper of torch tensors
- ``same_bytes``  whether an argument came back as it was sent

Nothing here calls a method of a value that came from a worker: values are rebuilt from dtype, shape and bytes, so
they are exact types.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from xailab_autograder.exercises import Tolerance, Value
from xailab_autograder.judging.describing import kind_of, shape_text, short_repr, values_text
from xailab_autograder.sandbox.values import TorchTensor


@dataclass(frozen=True)
class Difference:
    """The first difference.

    Parameters
    ----------
    tier
        Of which kind.
    told, shortly
        Write ``message`` and ``summary``. They are written on demand: to name a mistake, values are compared with
        those of every known one, and nobody reads how they differ.
    """

    tier: Literal["type", "shape", "dtype", "values"]
    told: Callable[[], str]
    shortly: Callable[[], str]

    @classmethod
    def said(cls, tier: Literal["type", "shape", "dtype", "values"], message: str, summary: str) -> "Difference":
        """Return one whose texts are there already."""
        return cls(tier, lambda: message, lambda: summary)

    @property
    def message(self) -> str:
        """A sentence or more, with numbers."""
        return self.told()

    @property
    def summary(self) -> str:
        """The same without any number of the expected value, for cases that are not shown."""
        return self.shortly()


def plain(value: Value) -> Any:
    """Return a value with torch tensors as numpy arrays, also inside tuples, lists and dicts."""
    if isinstance(value, TorchTensor):
        return value.array
    if isinstance(value, tuple | list):
        return type(value)(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def compare(got: Value, expected: Value, tolerance: Tolerance) -> Difference | None:
    """Compare what came with what was expected.

    Arrays and tensors count alike, as do lists and tuples, Python numbers and 0-dimensional arrays; floats of any
    precision count as floats. Integers where floats are expected pass if their values are right.

    Parameters
    ----------
    got
        From a worker, rebuilt.
    expected
        From the reference, or worked by hand.
    tolerance
        For numbers.
    """
    return _compare(plain(got), plain(expected), tolerance, "")


def _compare(got: Value, expected: Value, tolerance: Tolerance, where: str) -> Difference | None:
    if isinstance(expected, Mapping):
        return _compare_dicts(got, expected, tolerance, where)
    if isinstance(expected, tuple | list):
        return _compare_sequences(got, expected, tolerance, where)
    if expected is None or isinstance(expected, str):
        return _compare_words(got, expected, where)
    if np.ndim(expected) == 0:
        return _compare_numbers(got, expected, tolerance, where)
    return _compare_arrays(got, expected, tolerance, where)


def _at(where: str) -> str:
    return f" at {where}" if where else ""


def _type_difference(got: Value, expected: Value, where: str) -> Difference:
    text = f"expected {kind_of(expected)}{_at(where)}, got {kind_of(got)}"
    if got is None:
        text += " (does every path through the function end with a return?)"
    elif isinstance(got, tuple | list) and isinstance(expected, np.ndarray):
        text += "; make it one array: np.array(...) or np.stack(...)"
    return Difference.said("type", text, text)


def _compare_dicts(got: Value, expected: Mapping[str, Value], tolerance: Tolerance, where: str) -> Difference | None:
    if not isinstance(got, dict):
        return _type_difference(got, expected, where)
    if set(got) != set(expected):
        missing, extra = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
        parts = [f"without {short_repr(missing)[1:-1]}"] if missing else []
        parts += [f"with {short_repr(extra)[1:-1]} too many"] if extra else []
        count = f"a dict of {len(expected)} keys was expected{_at(where)}, got {len(got)}"
        return Difference.said("shape", f"got a dict{_at(where)} {' and '.join(parts)}", count)
    parts_of = (_compare(got[key], expected[key], tolerance, f"{where}[{key!r}]") for key in expected)
    return next((difference for difference in parts_of if difference), None)


def _compare_sequences(got: Value, expected: Sequence[Value], tolerance: Tolerance, where: str) -> Difference | None:
    if isinstance(got, np.ndarray) and got.ndim == 1:
        got = tuple(got)  # it unpacks like a tuple
    if not isinstance(got, tuple | list):
        return _type_difference(got, expected, where)
    kind = "tuple" if isinstance(expected, tuple) else "list"
    if len(got) != len(expected):
        entries = f"expected a {kind} of {len(expected)} entries{_at(where)}, got {len(got)}"
        return Difference.said("shape", entries, f"expected another number of entries{_at(where)}, got {len(got)}")
    parts_of = (
        _compare(mine, theirs, tolerance, f"{where}[{index}]")
        for index, (mine, theirs) in enumerate(zip(got, expected, strict=True))
    )
    return next((difference for difference in parts_of if difference), None)


def _compare_words(got: Value, expected: str | None, where: str) -> Difference | None:
    if (expected is None) != (got is None) or (expected is not None and not isinstance(got, str)):
        return _type_difference(got, expected, where)
    if got == expected:
        return None
    return Difference.said(
        "values", f"expected {short_repr(expected)}{_at(where)}, got {short_repr(got)}", f"another text{_at(where)}"
    )


def _compare_numbers(got: Value, expected: Value, tolerance: Tolerance, where: str) -> Difference | None:
    if isinstance(got, np.ndarray | np.generic):
        if got.ndim:
            text = f"expected one number{_at(where)}, got an array of shape {shape_text(got.shape)}"
            return Difference.said("shape", text, text)
    elif not isinstance(got, bool | int | float | complex):
        return _type_difference(got, expected, where)
    if isinstance(got, int) and not -(2**63) <= got < 2**63:
        got = float("inf") if got > 0 else float("-inf")
    return _compare_values(np.asarray(got), np.asarray(expected), tolerance, where)


def _compare_arrays(got: Value, expected: np.ndarray, tolerance: Tolerance, where: str) -> Difference | None:
    if not isinstance(got, np.ndarray):
        return _type_difference(got, expected, where)
    if got.shape != expected.shape:
        text = f"expected shape {shape_text(expected.shape)}{_at(where)}, got {shape_text(got.shape)}"
        if got.shape == expected.shape[::-1]:
            text += ": the axes are in the opposite order"
        elif tuple(n for n in got.shape if n != 1) == tuple(n for n in expected.shape if n != 1):
            text += ": an axis of length 1 too many or too few"
        return Difference.said("shape", text, text)
    return _compare_values(got, expected, tolerance, where)


def _compare_values(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, where: str) -> Difference | None:
    """Compare two arrays of the same shape: the kind of numbers, then the numbers."""
    ours, theirs = _family(got), _family(expected)
    correct = close(got, expected, tolerance)
    if ours == theirs or (theirs == "floats" and ours == "integers" and correct):
        if correct:
            return None
        write = partial(_values_text, got, expected, tolerance, where)
        return Difference("values", partial(write, numbers=True), partial(write, numbers=False))
    text = f"expected {theirs}{_at(where)}, got {ours} ({got.dtype})"
    if ours == "complex numbers":
        text += "; the right result is real: what makes yours complex?"
    return Difference.said("dtype", text, text)


def _values_text(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, where: str, *, numbers: bool) -> str:
    return values_text(got, expected, where, numbers=numbers, wrong=~_within(got, expected, tolerance))


FAMILIES = {"b": "True and False", "i": "integers", "u": "integers", "f": "floats", "c": "complex numbers"}


def _family(array: np.ndarray) -> str:
    """Name the kind of numbers in an array."""
    return FAMILIES.get(array.dtype.kind) or str(array.dtype)


def _within(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Return where two arrays of one shape agree. NaN agrees with NaN, an infinity with itself."""
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return np.asarray(np.equal(got, expected))
    wide = np.complex128 if "c" in (got.dtype.kind, expected.dtype.kind) else np.float64
    mine, theirs = got.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        agree = np.abs(mine - theirs) <= tolerance.absolute + tolerance.relative * np.abs(theirs)
        if not np.isfinite(theirs).all() or not np.isfinite(mine).all():  # rare, and slower
            agree = np.isclose(mine, theirs, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
    return np.asarray(agree)


def close(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> bool:
    """Say whether all numbers of two arrays of the same shape agree within the tolerance."""
    return bool(_within(got, expected, tolerance).all())


def same_bytes(sent: Value, returned: Value) -> bool:
    """Say whether an argument came back as it was sent: structure, dtype, shape and every bit."""
    sent, returned = plain(sent), plain(returned)
    if isinstance(sent, np.ndarray):
        if not isinstance(returned, np.ndarray) or sent.dtype != returned.dtype or sent.shape != returned.shape:
            return False
        return np.ascontiguousarray(sent).tobytes() == np.ascontiguousarray(returned).tobytes()
    if isinstance(sent, tuple | list):
        if not isinstance(returned, tuple | list) or len(sent) != len(returned):
            return False
        return all(same_bytes(mine, theirs) for mine, theirs in zip(sent, returned, strict=True))
    if isinstance(sent, dict):
        return (
            isinstance(returned, dict)
            and list(sent) == list(returned)
            and all(same_bytes(sent[key], returned[key]) for key in sent)
        )
    return True  # numbers and strings cannot be changed in place; handles do not come back
