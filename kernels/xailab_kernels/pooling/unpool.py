"""Unpooling: values back to where the maxima stood.

- ``unpool``  add each value at its switch
"""

import numpy as np
from jaxtyping import Float, Int32
from numba import prange

from xailab_kernels.compiling import parallel, running, serial
from xailab_kernels.pooling.windows import LARGEST

_U = np.uint64


def unpool(
    values: Float[np.ndarray, "n c p q"], switches: Int32[np.ndarray, "n c p q"], *, height: int, width: int
) -> Float[np.ndarray, "n c h w"]:
    """Return planes of zeros to which each value was added at its switch.

    With the switches fixed, pooling is linear: it reads off a cell for each window. This is its transpose,
    ``<pooled(x), y> = <x, unpool(y)>``: where windows overlap and share a maximum, their values add up. (Torch's
    ``max_unpool2d`` keeps only one of them.) Sums start from 0 and take windows in reading order, so -0 alone becomes
    0, and the result is the same bits for any number of threads.

    Cost: about 0.5 ns per value, and what fresh memory for the planes costs. Parallel over planes.

    Parameters
    ----------
    values
        float32 or float64; copied if not contiguous.
    switches
        Places in a plane, in 0 ... height * width - 1.
    height, width
        Of the planes to return.

    Returns
    -------
    planes
        In the dtype of the values.

    Raises
    ------
    TypeError
        Other dtypes.
    ValueError
        Shapes that do not belong together, a plane without cells, switches that point out of it.
    """
    if values.dtype not in (np.float32, np.float64):
        raise TypeError(f"values must be float32 or float64, got {values.dtype}")
    if switches.dtype != np.int32:
        raise TypeError(f"switches must be int32, got {switches.dtype}")
    if values.ndim != 4 or switches.shape != values.shape:
        raise ValueError(f"values and switches must both be n c p q, got shapes {values.shape} and {switches.shape}")
    n, c, p, q = values.shape
    if not 0 < height * width <= LARGEST or height < 1:
        raise ValueError(f"planes must have 1 ... 2**31 - 1 cells, got {height} x {width}")
    flat = np.require(values, requirements=["C", "A", "W"]).reshape(n * c, p * q)
    places = np.require(switches, requirements=["C", "A", "W"]).reshape(n * c, p * q)
    planes = np.empty((n * c, height * width), values.dtype)
    with running(planes.size):
        wrong = _unpool(flat, places, planes)
    if wrong.any():
        raise ValueError(
            f"switches must be in 0 ... {height * width - 1}, the cells of {height} x {width} planes, "
            f"got {places.min()} ... {places.max()}; do they belong to maps of another size?"
        )
    return planes.reshape(n, c, height, width)


@parallel
def _unpool(values, switches, planes):  # type: ignore[no-untyped-def]
    """Share the planes out; say whose switches point out of it."""
    wrong = np.zeros(planes.shape[0], np.bool_)
    for plane in prange(planes.shape[0]):
        wrong[plane] = _add(values[plane], switches[plane], planes[plane])
    return wrong


@serial
def _add(values, switches, cells):  # type: ignore[no-untyped-def]
    """Go through the windows of a plane in reading order, once its switches are known to point into it."""
    outside = np.int32(0)
    for i in range(_U(switches.size)):
        outside |= np.int32(np.uint32(switches[i]) >= np.uint32(cells.size))  # below 0 becomes large
    if outside:
        return True
    for i in range(_U(cells.size)):  # not by np.zeros: fresh memory that is touched in order comes twice as fast
        cells[i] = 0
    for i in range(_U(switches.size)):
        cells[_U(np.uint32(switches[i]))] += values[i]
    return False
