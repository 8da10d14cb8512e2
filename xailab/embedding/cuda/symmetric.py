"""From neighbors of points to a symmetric matrix of probabilities, in torch.

- ``symmetrize``  p_ij = (p_{j|i} + p_{i|j}) / 2n, as compressed sparse rows
- ``sparse``      the same straight from features: neighbors, perplexity, symmetric
- ``rows_of``     a dense matrix as compressed sparse rows

Deterministic: the entries are sorted by 64-bit numbers, and each is a sum of at most two values.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float32, Int32, Int64
from torch import Tensor

from xailab.embedding.cuda.affinity import conditional_mean
from xailab.embedding.cuda.checking import check_matrix
from xailab.embedding.cuda.neighbors import nearest

Rows = tuple[Int64[Tensor, " s"], Int32[Tensor, " e"], Float32[Tensor, " e"]]
"""Compressed sparse rows: starts, neighbors (ascending in each row), values."""


def symmetrize(index: Int32[Tensor, "n k"], conditional: Float32[Tensor, "n k"]) -> Rows:
    """Return the joint probabilities p_ij = (p_{j|i} + p_{i|j}) / 2n as compressed sparse rows.

    Parameters
    ----------
    index
        The neighbors of each point, each once; a point is not its own neighbor.
    conditional
        Their probabilities p_{j|i}.

    Returns
    -------
    starts, neighbors, values
        Row i holds the neighbors of i and the points whose neighbor i is, ascending. The values sum to 1 if the rows
        of ``conditional`` do.

    Raises
    ------
    TypeError
        ``index`` is not int32 or ``conditional`` not float32.
    ValueError
        Different shapes, or an index that does not exist.
    """
    check_matrix(conditional, "conditional")
    if index.dtype != torch.int32:
        raise TypeError(f"index must be int32, got {index.dtype}")
    if index.shape != conditional.shape:
        raise ValueError(
            f"index and conditional must have one shape, got {tuple(index.shape)} and {tuple(conditional.shape)}"
        )
    n = len(index)
    low, high = torch.stack(torch.aminmax(index)).tolist()
    if low < 0 or high >= n:
        raise ValueError(f"index must lie in 0..{n - 1}, got {low}..{high}")
    here = torch.arange(n, device=index.device)[:, None]
    keys = torch.cat([here * n + index, index.long() * n + here]).flatten()
    keys, order = keys.sort(stable=True)
    values = conditional.flatten()[order % conditional.numel()]
    same = keys[1:] == keys[:-1]
    values[:-1] += values[1:] * same  # the two directions of a pair stand side by side
    first = torch.cat([same.new_ones(1), ~same]).nonzero().squeeze(1)
    keys = keys[first]
    starts = torch.searchsorted(keys, torch.arange(n + 1, device=index.device) * n)
    return starts, (keys % n).int(), values[first] / (2 * n)


def sparse(features: Float32[Tensor, "n d"], perplexities: Sequence[int | float]) -> Rows:
    """Return the joint probabilities of the nearest neighbors as compressed sparse rows.

    Parameters
    ----------
    features
        Points; finite.
    perplexities
        One or several. The neighbors are the 3 times the largest perplexity nearest, or all others if they are fewer.

    Returns
    -------
    starts, neighbors, values
        As of ``symmetrize``.

    Raises
    ------
    TypeError
        ``features`` is not float32.
    ValueError
        ``features`` is not a matrix of at least 2 points, no perplexity, or one out of range.
    """
    check_matrix(features, "features")
    if not len(perplexities):
        raise ValueError("expected a perplexity or several, got none")
    if len(features) < 2:
        raise ValueError(f"affinities need at least 2 points, got {len(features)}")
    sqdist, index = nearest(features, min(len(features) - 1, int(3 * max(perplexities))))
    return symmetrize(index, conditional_mean(sqdist, perplexities))


def rows_of(joint: Float32[Tensor, "n n"]) -> Rows:
    """Return a dense matrix of joint probabilities as compressed sparse rows, without its diagonal.

    Raises
    ------
    TypeError
        It is not float32.
    ValueError
        It is not square, or smaller than 2 x 2.
    """
    check_matrix(joint, "joint")
    n = len(joint)
    if joint.shape != (n, n) or n < 2:
        raise ValueError(f"joint must be a square matrix of at least 2 points, got shape {tuple(joint.shape)}")
    off = ~torch.eye(n, dtype=torch.bool, device=joint.device)
    columns = torch.arange(n, dtype=torch.int32, device=joint.device).expand(n, n)
    return torch.arange(n + 1, device=joint.device) * (n - 1), columns[off], joint[off]
