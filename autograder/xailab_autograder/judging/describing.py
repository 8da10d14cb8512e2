"""In which way is a value wrong? Sentences about calls, shapes and numbers, for people who made the mistake.

- ``call_text``    what was called: ``thresholds(activations: 3 x 2 x 2 x 2 float32, q: 0.25)``
- ``value_text``, ``short_repr``   a value: in full where it is small
- ``values_text``  how two arrays of one shape differ: factor, offset, order, first place, largest relative error
- ``kind_of``, ``shape_text``   "an array", "2 x 3"
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from xailab_autograder.exercises import Value
from xailab_autograder.sandbox.values import GeneratorHandle, NetworkHandle, TorchTensor

SHOWN_IN_FULL = 64
"""Numbers of an array that is written out."""

LONGEST = 1200
"""Characters of one value."""


def kind_of(value: Value) -> str:
    """Name a value's kind with its article."""
    if isinstance(value, np.ndarray) and value.ndim:
        return "an array"
    names: dict[type | tuple[type, ...], str] = {
        type(None): "None",
        (bool, np.bool_): "True or False",
        (int, float, complex, np.generic, np.ndarray): "a number",
        str: "a string",
        tuple: "a tuple",
        list: "a list",
        dict: "a dict",
        TorchTensor: "a tensor",
    }
    return next((name for kind, name in names.items() if isinstance(value, kind)), f"a {type(value).__name__}")


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape: ``2 x 3``; a single axis as ``(5,)``, none as ``()``."""
    return " x ".join(map(str, shape)) if len(shape) > 1 else f"({shape[0]},)" if shape else "()"


def value_text(value: Value, *, full: bool) -> str:
    """Write a value: arrays with shape and dtype, and with their numbers if they are few and ``full`` is set."""
    if isinstance(value, TorchTensor):
        return "tensor " + value_text(value.array, full=full)
    if isinstance(value, np.ndarray):
        return _array_text(value, full=full)
    if isinstance(value, tuple | list) and _holds_arrays(value):
        return f"{kind_of(value)[2:]} of " + "; ".join(value_text(item, full=full) for item in value)
    if isinstance(value, tuple | list) and any(
        isinstance(item, tuple | list) and _holds_arrays(item) for item in value
    ):
        return _nested_text(value, full=full)
    if isinstance(value, GeneratorHandle | NetworkHandle):
        return "a random generator" if isinstance(value, GeneratorHandle) else f"the network {value.name!r}"
    if isinstance(value, np.generic):
        value = value.item()
    return f"{value:.6g}" if isinstance(value, float) else short_repr(value)


def _holds_arrays(value: Sequence[Value]) -> bool:
    return any(isinstance(item, np.ndarray | TorchTensor) for item in value)


def _nested_text(value: Sequence[Value], *, full: bool) -> str:
    """Write a list of tuples that hold arrays, such as the layers of a network: a line each, small arrays below it."""
    lines = [f"{kind_of(value)[2:]} of {len(value)}"]
    for part in value if full else ():
        items = part if isinstance(part, tuple | list) else (part,)
        written = [value_text(item, full=False) for item in items]
        lines.append(f" ({written[0]},)" if len(written) == 1 else f" ({', '.join(written)})")
        for item in items:
            _, *numbers = value_text(item, full=True).split("\n") if _holds_arrays((item,)) else [""]
            lines += [f"    {line}" for line in numbers]
    return "\n".join(lines)


def short_repr(value: Value, longest: int = LONGEST) -> str:
    """Return ``repr(value)``, cut; also where Python refuses it, as for whole numbers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return f"{kind_of(value)} with very many digits"
    return text if len(text) <= longest else text[:longest] + " ..."


def _array_text(array: np.ndarray, *, full: bool) -> str:
    head = f"{shape_text(array.shape)} {array.dtype}"
    if not full or array.size > SHOWN_IN_FULL:
        return head
    return f"{head}\n{np.array2string(array, precision=4, suppress_small=True, separator=', ', max_line_width=100)}"


def call_text(function: str, names: Sequence[str], arguments: Sequence[Value], *, full: bool) -> str:
    """Write a call: one line of names and shapes, and below it the small arrays if ``full`` is set."""
    names = [*names, *(f"argument {n + 1}" for n in range(len(names), len(arguments)))]
    short, long = [], []
    for name, argument in zip(names, arguments, strict=False):
        text = value_text(argument, full=full)
        head, _, body = text.partition("\n")
        short.append(f"{name}: {head}")
        if body:
            long.append(f"{name} =\n{body}")
    return "\n".join([f"{function}({', '.join(short)})", *long])


def values_text(got: np.ndarray, expected: np.ndarray, where: str, *, numbers: bool, wrong: np.ndarray) -> str:
    """Say how two arrays of one shape differ.

    Parameters
    ----------
    got, expected
        Arrays of one shape, at least one number wrong.
    where
        Place in a larger value, or empty.
    numbers
        Whether single numbers may be shown.
    wrong
        Where they disagree.
    """
    place = f" in {where}" if where else ""
    if got.ndim == 0:
        relation = next(_relations(got, expected), "")
        text = f"expected {_short(expected)}{place}, got {_short(got)}" if numbers else f"another number{place}"
        return f"{text}: {relation}" if relation else text
    count = int(wrong.sum())
    parts = [
        f"{count} of {wrong.size} numbers differ{place}" if count > 1 else f"one number of {wrong.size} differs{place}"
    ]
    if numbers:
        first = tuple(int(axis[0]) for axis in np.nonzero(wrong))
        index = ", ".join(map(str, first))
        parts.append(f"the first is [{index}]: expected {_short(expected[first])}, got {_short(got[first])}")
    if error := _largest_error(got, expected):
        parts.append(error)
    return "; ".join([*parts, *list(_relations(got, expected))[:1]])


def _short(number: np.ndarray) -> str:
    value = number.item()
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"


def _largest_error(got: np.ndarray, expected: np.ndarray) -> str:
    """Describe the largest relative error, where that makes sense."""
    if expected.dtype.kind not in "fc":
        return ""
    mine, theirs = got.astype(np.complex128), expected.astype(np.complex128)
    sound = np.isfinite(mine) & np.isfinite(theirs) & (np.abs(theirs) > 1e-12)
    if not sound.any():
        return ""
    with np.errstate(all="ignore"):
        return f"largest relative error {np.max(np.abs(mine - theirs)[sound] / np.abs(theirs)[sound]):.2g}"


Relation = Callable[[np.ndarray, np.ndarray], str]


def _relations(got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Yield the simple relations that hold between all numbers, the most telling first."""
    if got.dtype.kind not in "biuf" or expected.dtype.kind not in "biuf":
        return
    mine, theirs = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(all="ignore"):
        for relation in (_not_finite, _constant, _factor, _offset, _axes, _order):
            if text := relation(mine, theirs):
                yield text


def _not_finite(mine: np.ndarray, theirs: np.ndarray) -> str:
    count = int((~np.isfinite(mine) & np.isfinite(theirs)).sum())
    if not count:
        return ""
    what = "NaN" if np.isnan(mine).any() else "infinite"
    return f"{count} of yours {'is' if count == 1 else 'are'} {what} (0/0, or a division by zero?)"


def _constant(mine: np.ndarray, theirs: np.ndarray) -> str:
    if mine.size < 2 or np.ptp(theirs) == 0 or np.ptp(mine) != 0:
        return ""
    return "all of yours are 0" if mine.flat[0] == 0 else "all of yours are the same number"


def _factor(mine: np.ndarray, theirs: np.ndarray) -> str:
    used = np.abs(theirs) > 1e-9 * np.max(np.abs(theirs), initial=0)
    if not used.any() or not np.allclose(mine[~used], 0, atol=1e-9):
        return ""
    ratios = mine[used] / theirs[used]
    ratio = float(np.median(ratios))
    if not np.isfinite(ratio) or abs(ratio) < 1e-9 or not np.allclose(ratios, ratio, rtol=1e-3):
        return ""
    if abs(ratio + 1) < 1e-3:
        return "yours has the opposite sign everywhere"
    return f"yours is {ratio:.3g} x the reference everywhere"


def _offset(mine: np.ndarray, theirs: np.ndarray) -> str:
    if mine.size < 2:
        return ""
    offsets = mine - theirs
    offset = float(np.median(offsets))
    scale = float(np.max(np.abs(theirs), initial=0))
    if not np.isfinite(offset) or not np.allclose(offsets, offset, rtol=0, atol=1e-4 * max(scale, 1e-9)):
        return ""
    return f"yours is the reference {'+' if offset > 0 else '-'} {abs(offset):.3g} everywhere"


def _axes(mine: np.ndarray, theirs: np.ndarray) -> str:
    def equal(other: np.ndarray) -> bool:
        return other.shape == mine.shape and np.allclose(mine, other, rtol=1e-4, atol=1e-7)

    if mine.ndim >= 2 and equal(np.swapaxes(theirs, -1, -2)):
        return "yours is the reference with the last two axes swapped"
    for axis in range(mine.ndim):
        if mine.shape[axis] > 1 and equal(np.flip(theirs, axis)):
            return f"yours is the reference in reverse order along axis {axis}"
    return ""


def _order(mine: np.ndarray, theirs: np.ndarray) -> str:
    if mine.size > 2 and np.allclose(np.sort(mine, axis=None), np.sort(theirs, axis=None), rtol=1e-4, atol=1e-7):
        return "the same numbers as the reference, in other places"
    return ""
