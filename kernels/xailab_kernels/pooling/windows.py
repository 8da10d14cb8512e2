"""Where the windows of a pooling lie.

- ``output_size``  how many windows there are along one axis
- ``Windows``      a checked geometry: both axes of a pooling over planes of one size
- ``LARGEST``      how many cells a plane may have

Window i of an axis covers the cells ``i * stride - padding + t * dilation`` for t = 0 ... kernel - 1; those outside the
plane do not count. Sizes are torch's, ``ceil_mode`` included.
"""

from dataclasses import dataclass

Pair = tuple[int, int]

LARGEST = 2**31 - 1
"""Cells of a plane, at most: switches are int32."""


def output_size(size: int, *, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """Return how many windows there are along an axis of ``size`` cells; below 1 where not even one fits.

    ``floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1``. With ``ceil_mode``, the division is rounded
    up, so that the last window may reach over the end, but none may begin behind the last cell.
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + padding else count


@dataclass(frozen=True)
class Windows:
    """The windows of a pooling over planes of one size; pairs are (vertical, horizontal).

    Parameters
    ----------
    plane
        Height and width in cells.
    kernel, stride, padding, dilation
        As torch has them: kernel, stride and dilation at least 1, padding from 0 to half of the kernel.
    ceil_mode
        Whether windows may reach over the end.

    Raises
    ------
    TypeError
        Something else than pairs of whole numbers.
    ValueError
        A geometry that torch refuses too; a plane of more cells than int32 can count; a window that has no cell of the
        plane (torch gives -inf there, and a switch that points out of the plane).
    """

    plane: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        for name in ("plane", "kernel", "stride", "padding", "dilation"):
            _check_pair(name, getattr(self, name), least=0 if name == "padding" else 1)
        if self.plane[0] * self.plane[1] > LARGEST:
            raise ValueError(f"a plane may have 2**31 - 1 cells, as switches are int32, got {_by(self.plane)}")
        if any(2 * padding > kernel for padding, kernel in zip(self.padding, self.kernel, strict=True)):
            raise ValueError(f"padding may be at most half of the kernel, {_by(self.kernel)}, got {_by(self.padding)}")
        if min(self.counts) < 1:
            raise ValueError(f"no window of {_by(self.reach)} cells fits into {self._described()}")
        if any(self._empty(axis) for axis in (0, 1)):
            raise ValueError(
                f"a window lies wholly in the padding: kernel {_by(self.kernel)}, dilation {_by(self.dilation)}, "
                f"on {self._described()}; use less dilation or no padding"
            )

    @property
    def reach(self) -> Pair:
        """Cells from the first to the last of a window."""
        return (self.dilation[0] * (self.kernel[0] - 1) + 1, self.dilation[1] * (self.kernel[1] - 1) + 1)

    @property
    def counts(self) -> Pair:
        """How many windows there are: height and width of what is pooled."""
        return (self._count(0), self._count(1))

    def _count(self, axis: int) -> int:
        return output_size(
            self.plane[axis],
            kernel=self.kernel[axis],
            stride=self.stride[axis],
            padding=self.padding[axis],
            dilation=self.dilation[axis],
            ceil_mode=self.ceil_mode,
        )

    def _empty(self, axis: int) -> bool:
        """Whether a window has no cell of the plane: only one that begins before it can."""
        size, dilation = self.plane[axis], self.dilation[axis]
        for i in range(self.counts[axis]):
            start = i * self.stride[axis] - self.padding[axis]
            if start >= 0:
                return False
            first = start % dilation  # of the cells that are not before the plane
            if first >= size or first > start + self.reach[axis] - 1:
                return True
        return False

    def _described(self) -> str:
        return f"a plane of {_by(self.plane)} cells with a padding of {_by(self.padding)}"


def _check_pair(name: str, pair: Pair, *, least: int) -> None:
    """Refuse what is no pair of whole numbers that are large enough."""
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(type(value) is int for value in pair)):
        raise TypeError(f"{name} must be a pair of whole numbers (vertical, horizontal), got {pair!r}")
    if min(pair) < least:
        raise ValueError(f"{name} must be at least {least}, got {_by(pair)}")


def _by(pair: Pair) -> str:
    return f"{pair[0]} x {pair[1]}"
