"""The torch path for callers with NumPy arrays: features and starts go to the device, results come back.

- ``affinities_on``  sparse joint probabilities
- ``joint_on``       dense ones
- ``engine_on``      a ``TorchEngine``
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, Int32, Int64

from xailab.embedding.cuda.affinity import joint
from xailab.embedding.cuda.engine import TorchEngine
from xailab.embedding.cuda.symmetric import rows_of, sparse


def affinities_on(
    device: torch.device, features: Float32[np.ndarray, "n d"], perplexities: Sequence[int | float]
) -> tuple[Int64[np.ndarray, " s"], Int32[np.ndarray, " e"], Float32[np.ndarray, " e"]]:
    """Return starts, neighbors and values of sparse joint probabilities. See ``symmetric.sparse``."""
    starts, neighbors, values = sparse(torch.from_numpy(features).to(device), perplexities)
    return starts.cpu().numpy(), neighbors.cpu().numpy(), values.cpu().numpy()


def joint_on(
    device: torch.device, features: Float32[np.ndarray, "n d"], perplexity: int | float
) -> Float32[np.ndarray, "n n"]:
    """Return the joint probabilities of all pairs. See ``affinity.joint``."""
    return joint(torch.from_numpy(features).to(device), perplexity)[0].cpu().numpy()


def engine_on(
    device: torch.device,
    affinity: tuple[Int64[np.ndarray, " s"], Int32[np.ndarray, " e"], Float32[np.ndarray, " e"]]
    | Float32[np.ndarray, "n n"],
    start: Float32[np.ndarray, "n c"],
    *,
    dof: int | float = 1.0,
    spacing: int | float | None = None,
) -> TorchEngine:
    """Return an engine on a device, from sparse or dense affinities. See ``TorchEngine``.

    Parameters
    ----------
    device
        Where it computes.
    affinity
        Starts, neighbors and values of compressed sparse rows, or a dense matrix.
    start
        Where the points begin.
    dof, spacing
        As of ``TorchEngine``.
    """
    if isinstance(affinity, np.ndarray):
        rows = rows_of(torch.from_numpy(affinity).to(device))
    else:
        starts, neighbors, values = (torch.from_numpy(array).to(device) for array in affinity)
        rows = starts, neighbors, values
    return TorchEngine(*rows, torch.from_numpy(start).to(device), dof=dof, spacing=spacing)
