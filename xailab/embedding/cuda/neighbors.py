"""The exact nearest neighbors of points, in torch.

- ``nearest``        of every point among the others
- ``nearest_among``  of other points, which may or may not be equal to some of them

A matrix product in float32 gives all distances nearly; the nearest so far, and some more for safety, become candidates.
Their distances are computed again, as sums of squared differences in float64. A row is finished when its k-th candidate
is closer than any point outside the candidates can be, the error of the matrix product counted in; else (many points at
the same distance) all of the row's distances are computed in float64. So neither TF32 nor the order of sums in a matrix
product can change the result, as long as the bound of the error holds: TF32 is switched off meanwhile.

Deterministic: indices break ties, and the candidates that ``topk`` may choose among equals never decide anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float32, Float64, Int32, Int64
from torch import Tensor

from xailab.embedding.cuda.checking import check_matrix

_VALUES = 2**27  # of a temporary array: 512 MB of float32
_SPARE = 32  # candidates beyond k
_UNIT = 2.0**-24  # half the distance from 1 to the next float32
_SMALLEST = 2.0**-126  # what a device may round to zero


def nearest(features: Float32[Tensor, "n d"], k: int) -> tuple[Float32[Tensor, "n k"], Int32[Tensor, "n k"]]:
    """Return the squared Euclidean distances and indices of the k nearest others of each point.

    Parameters
    ----------
    features
        Points; finite.
    k
        How many, from 1 to n-1. The point itself is left out, another one at the same place is not.

    Returns
    -------
    sqdist
        Ascending in each row, rounded from float64; of equal ones the lower index comes first.
    index
        Where they stand in ``features``.

    Raises
    ------
    TypeError
        ``features`` is not float32.
    ValueError
        ``features`` is not a matrix or ``k`` is out of range.
    """
    check_matrix(features, "features")
    n = len(features)
    if not 1 <= k <= n - 1:
        raise ValueError(f"k must be from 1 to {n - 1}: each of the {n} points has {n - 1} others; got k={k}")
    features = features.detach()
    return _search(features, features, k, alone=True)


def nearest_among(
    queries: Float32[Tensor, "m d"], features: Float32[Tensor, "n d"], k: int
) -> tuple[Float32[Tensor, "m k"], Int32[Tensor, "m k"]]:
    """Return the squared Euclidean distances and indices of the k nearest features of each query.

    Parameters
    ----------
    queries
        Points to find neighbors of; finite.
    features
        Points among which to look; finite; on the same device.
    k
        How many, from 1 to n.

    Returns
    -------
    sqdist, index
        As of ``nearest``.

    Raises
    ------
    TypeError
        Not float32.
    ValueError
        Not matrices, of different widths, or ``k`` out of range.
    """
    check_matrix(queries, "queries")
    check_matrix(features, "features")
    if queries.shape[1] != features.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} features, but the points have {features.shape[1]}")
    n = len(features)
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, the number of points to choose from; got k={k}")
    return _search(queries.detach(), features.detach(), k, alone=False)


def _search(
    queries: Float32[Tensor, "m d"], features: Float32[Tensor, "n d"], k: int, *, alone: bool
) -> tuple[Float32[Tensor, "m k"], Int32[Tensor, "m k"]]:
    """Find candidates, order them by exact distance, and redo the rows that may miss one.

    With ``alone``, the queries are the features, and a point is not its own neighbor.
    """
    n, d = features.shape
    mean = features.mean(0, dtype=torch.float64)
    queries64, features64 = queries - mean, features - mean
    keys = torch.empty((len(queries), k), dtype=torch.int64, device=features.device)
    unsafe = torch.zeros(len(queries), dtype=torch.bool, device=features.device)
    allowed = n - 1 if alone else n
    count = min(k + _SPARE, allowed)
    with exact_products():
        narrow, norms = features64.float(), features64.square().sum(1).float()
        for rows in _chunks(len(queries), max(n, 2 * count * d)):
            product = torch.addmm(norms, queries64[rows].float(), narrow.T, alpha=-2)  # sqdist without the query's norm
            if alone:
                product[:, rows].fill_diagonal_(torch.inf)
            near = product.topk(count, largest=False, sorted=False)
            keys[rows], kth = _ordered(queries64[rows], features64, near.indices, k)
            unsafe[rows] = _may_miss(queries64[rows], kth, near.values.amax(1))
    if count < allowed:
        _redo(queries64, features64, unsafe.nonzero().squeeze(1), keys, alone=alone)
    return (keys >> 32).int().view(torch.float32), (keys & 0xFFFFFFFF).int()


def _ordered(
    queries: Float64[Tensor, "q d"], features: Float64[Tensor, "n d"], near: Int64[Tensor, "q c"], k: int
) -> tuple[Int64[Tensor, "q k"], Float64[Tensor, " q"]]:
    """Return the first k of the candidates as keys, and the k-th squared distance."""
    sqdist = (features[near] - queries[:, None]).square().sum(2).float()
    keys = _keys(sqdist, near).sort(1).values[:, :k]
    return keys, (keys[:, -1] >> 32).int().view(torch.float32).double()


def _may_miss(
    queries: Float64[Tensor, "q d"], kth: Float64[Tensor, " q"], beyond: Float32[Tensor, " q"]
) -> Bool[Tensor, " q"]:
    """Return which rows may have a neighbor that is no candidate.

    Such a point y would be within the k-th distance of the query x, hence |y| <= |x| + sqrt(kth): which bounds the
    error of its product (d products and sums, the rounding of x, y and of both norms) by (d + 8) u (|x| + |y|)^2.
    """
    norm = queries.square().sum(1)
    reach = 2 * norm.sqrt() + kth.sqrt()
    error = (queries.shape[1] + 8) * (_UNIT * reach.square() + _SMALLEST)
    return ~((beyond.double() > kth * (1 + 4 * _UNIT) - norm + error) & beyond.isfinite())


def _redo(
    queries: Float64[Tensor, "m d"],
    features: Float64[Tensor, "n d"],
    rows: Int64[Tensor, " r"],
    keys: Int64[Tensor, "m k"],
    *,
    alone: bool,
) -> None:
    """Compute all distances of some rows in float64, and put the nearest into ``keys``."""
    everyone = torch.arange(len(features), device=features.device)
    for part in _chunks(len(rows), 8 * len(features)):
        some = rows[part]
        direct = torch.cdist(queries[some], features, compute_mode="donot_use_mm_for_euclid_dist")
        all_keys = _keys(direct.square().float(), everyone)
        if alone:
            all_keys.scatter_(1, some[:, None], torch.iinfo(torch.int64).max)
        keys[some] = all_keys.topk(keys.shape[1], largest=False, sorted=True).values


def _keys(sqdist: Float32[Tensor, "q c"], index: Int64[Tensor, "*q c"]) -> Int64[Tensor, "q c"]:
    """Return numbers that sort as (squared distance, index) does: the bits of floats above zero rise with them."""
    return (sqdist.view(torch.int32).long() << 32) | index


def _chunks(rows: int, width: int) -> Iterator[slice]:
    """Yield slices of rows that keep a temporary array of so many values per row within bounds."""
    step = max(1, _VALUES // width)
    return (slice(first, min(first + step, rows)) for first in range(0, rows, step))


@contextmanager
def exact_products() -> Iterator[None]:
    """Have matrix products of float32 computed in float32, whatever torch was told; put back afterwards."""
    backends: Any = torch.backends  # without types for what is new in it
    settings = backends.cuda.matmul, backends.mkldnn.matmul
    before = [setting.fp32_precision for setting in settings]
    try:
        for setting in settings:
            setting.fp32_precision = "ieee"
        yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            setting.fp32_precision = value
