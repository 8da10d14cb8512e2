"""What comes in: features of any kind become one kind of array, or an error that says what to change.

- ``as_matrix``          numbers, one row per point
- ``Features``           them as the kernels want them: float32, centred, scaled
- ``check_perplexities`` one or several, within the limits of the data
- ``check_count``        a whole number within limits
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

_BLOCK = 2**20  # values converted at a time: a float64 copy of everything would be the largest array of all
_FAR = 1e12  # how far out, in units of the largest feature, a point can lie before its squared distance overflows


@dataclass(frozen=True, eq=False)
class Features:
    """Features as float32, moved and scaled so that the largest distance from the middle of a column is below 1.

    A map depends on distances up to a common factor only, so nothing is lost: not with an offset of a million, not with
    values of 1e-200 or 1e200. The factor is a power of two, so that equal distances stay equal.

    Attributes
    ----------
    values
        ``(original - shift) * scale``.
    shift
        The middle between the smallest and the largest value of each column.
    scale
        One factor for all columns.
    """

    values: Float32[np.ndarray, "n d"]
    shift: Float64[np.ndarray, " d"]
    scale: float

    @staticmethod
    def of(features: object, *, name: str = "features") -> "Features":
        """Check and convert features.

        Raises
        ------
        TypeError
            They are not numbers.
        ValueError
            They are not a matrix, or hold NaN or infinity.
        """
        matrix = as_matrix(features, name=name)
        low, high = _extremes(matrix, name)
        shift = low / 2 + high / 2
        _, exponent = np.frexp((high / 2 - low / 2).max())
        scale = float(np.ldexp(1.0, min(max(-int(exponent), -1022), 1023)))
        return Features(_converted(matrix, shift, scale), shift, scale)

    def alike(self, features: object) -> "Float32[np.ndarray, 'm d']":
        """Convert further points in the same way. Raises as ``of`` does, and ValueError for another width."""
        matrix = as_matrix(features, name="features")
        if matrix.shape[1] != self.values.shape[1]:
            raise ValueError(
                f"the map was made from points with {self.values.shape[1]} features; these have {matrix.shape[1]}. "
                "Compute them in the same way (same network, same layer)"
            )
        _extremes(matrix, "features")
        return _converted(matrix, self.shift, self.scale)


def as_matrix(features: object, *, name: str = "features") -> np.ndarray:
    """Return features as a NumPy matrix of real numbers [n d]; tensors are detached and copied to the CPU.

    Raises
    ------
    TypeError
        They are not numbers: strings, objects, complex numbers, a sparse matrix.
    ValueError
        They are no matrix, or one without rows or columns.
    """
    if hasattr(features, "toarray"):
        raise TypeError(
            f"{name} must be a dense array, got a sparse matrix: use .toarray(), or reduce its columns first"
        )
    matrix = _array(features, name)
    if matrix.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, got dtype {matrix.dtype}")
    if matrix.ndim != 2:
        advice = f"use {name}[:, None]" if matrix.ndim == 1 else f"flatten it: {name}.reshape(len({name}), -1)"
        what = "one feature per point" if matrix.ndim == 1 else "something else per point"
        raise ValueError(
            f"{name} must be a matrix with one row per point, got shape {matrix.shape}; if this is {what}, {advice}"
        )
    if not matrix.size:
        raise ValueError(f"{name} must have rows and columns, got shape {matrix.shape}")
    return matrix


def check_perplexities(perplexity: object, points: int) -> tuple[float, ...]:
    """Return the perplexities as a tuple.

    Raises
    ------
    TypeError
        It is neither a number nor a sequence of numbers.
    ValueError
        There are fewer than three points, or a perplexity is not in 2..n-1.
    """
    if points < 3:
        raise ValueError(f"a map needs at least 3 points, got {points}")
    several: list[Any] = list(perplexity) if isinstance(perplexity, Sequence | np.ndarray) else [perplexity]
    if not several:
        raise ValueError("expected a perplexity or several, got none")
    for value in several:
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise TypeError(f"perplexity must be a number or a sequence of numbers, got {perplexity!r}")
        if not 2 <= float(value) <= points - 1:
            raise ValueError(
                f"perplexity must be between 2 and {points - 1} for {points} points (it is a number of neighbors), "
                f"got {float(value):g}"
            )
    return tuple(float(value) for value in several)


def check_count(value: object, name: str, *, low: int, high: int | None = None) -> int:
    """Return a whole number within limits. Raises TypeError for anything else, ValueError outside."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low or (high is not None and value > high):
        limits = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ValueError(f"{name} must be {limits}, got {value}")
    return int(value)


def check_number(value: object, name: str, *, low: float, high: float | None = None) -> float:
    """Return a finite number within limits. Raises TypeError for anything else, ValueError outside."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not np.isfinite(value) or value < low or (high is not None and value > high):
        limits = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ValueError(f"{name} must be {limits}, got {value}")
    return float(value)


def _array(features: object, name: str) -> np.ndarray:
    """Return anything as an array; torch is not imported for it."""
    value: Any = features
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        return np.asarray(value.numpy() if value.dtype.itemsize != 2 else value.float().numpy())  # bfloat16
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be a matrix with one row per point; the rows differ in length") from None


def _extremes(matrix: np.ndarray, name: str) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, " d"]]:
    """Return the smallest and the largest value of each column; refuse NaN and infinity."""
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes infinite, and is refused
        low, high = matrix.min(0).astype(np.float64), matrix.max(0).astype(np.float64)
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high
    count, first = 0, None
    for rows in _blocks(matrix):
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(matrix[rows].astype(np.float64))
        if first is None and bad.any():
            row, column = np.argwhere(bad)[0]
            first = int(rows.start + row), int(column)
        count += int(bad.sum())
    assert first is not None
    raise ValueError(
        f"{name} must be finite: {count} of {matrix.size} values are NaN or infinite, the first ({matrix[first]}) "
        f"in row {first[0]}, column {first[1]}. Remove these rows or replace the values"
    )


def _converted(matrix: np.ndarray, shift: Float64[np.ndarray, " d"], scale: float) -> Float32[np.ndarray, "n d"]:
    """Return (matrix - shift) * scale as float32."""
    result = np.empty(matrix.shape, np.float32)
    for rows in _blocks(matrix):
        centred = matrix[rows].astype(np.float64)
        centred -= shift
        with np.errstate(over="ignore"):  # what overflows is cut
            centred *= scale
        result[rows] = np.clip(centred, -_FAR, _FAR, out=centred)
    return result


def _blocks(matrix: np.ndarray) -> Iterator[slice]:
    step = max(1, _BLOCK // matrix.shape[1])
    return (slice(first, min(first + step, len(matrix))) for first in range(0, len(matrix), step))
