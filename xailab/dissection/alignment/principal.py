"""The directions in which a layer varies most, as another basis to dissect it in.

- ``pca_basis``          principal axes and their variances
- ``directions_needed``  how many of them hold a given part of the variance
"""

import numpy as np
from jaxtyping import Float, Float64
from torch import Tensor

from xailab.statistics.moments import ChannelMoments, Moments


def pca_basis(
    activations: Float[Tensor, "n k *hw"] | Moments,
) -> tuple[Float64[np.ndarray, "k k"], Float64[np.ndarray, " k"]]:
    """Return the principal axes of a layer, one per *row*, and the variance along each, the greatest first.

    The eigenvectors of the covariance of the units over all cells. The sign of an eigenvector means nothing; a row's
    entry of the greatest magnitude (the first of equals) is made positive, so that the same activations give the same
    basis. ``basis @ old`` is not centered: a constant shift moves the thresholds of dissection with it.

    Parameters
    ----------
    activations
        Maps of n images; every cell is one observation. Or the moments of a data set that does not fit into memory.

    Raises
    ------
    ValueError
        No cells, or NaN.
    """
    if isinstance(activations, Moments):
        moments = activations
    else:
        accumulator = ChannelMoments(activations.shape[1])
        accumulator.add(activations)
        moments = accumulator.result()
    variances, columns = np.linalg.eigh(moments.covariance)
    basis = columns.T[::-1]
    return oriented(basis), np.maximum(variances[::-1], 0.0)


def directions_needed(variances: Float[np.ndarray, " k"], part: int | float = 0.9) -> int:
    """Return the least number of directions that hold ``part`` of all variance; 0 where there is none.

    Raises
    ------
    ValueError
        ``part`` outside (0, 1].
    """
    if not 0 < part <= 1:
        raise ValueError(f"part must lie in (0, 1], the part of the variance to be held; got {part}")
    shares = np.cumsum(np.sort(variances)[::-1])
    if not len(shares) or shares[-1] <= 0:
        return 0
    return int(np.searchsorted(shares, part * shares[-1] * (1 - 1e-12))) + 1


def oriented(rows: Float[np.ndarray, "m k"]) -> Float64[np.ndarray, "m k"]:
    """Return the rows with signs such that the entry of greatest magnitude (the first of equals) is positive."""
    rows = np.asarray(rows, np.float64)
    if not rows.size:
        return rows.copy()
    # Rounded, so that entries that are equal but for rounding count as equal, and the first is taken on every machine.
    largest = np.abs(rows).round(9).argmax(1)
    signs = np.where(rows[np.arange(len(rows)), largest] < 0, -1.0, 1.0)
    return np.asarray(rows * signs[:, None], np.float64)
