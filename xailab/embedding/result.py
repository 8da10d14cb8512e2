"""A map and how it came about.

- ``Embedding``  what ``tsne`` and ``embed`` return; can be saved and loaded
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from xailab.embedding.affinity import SparseAffinity
from xailab.embedding.checking import Features

_FORM = 1
"""Of the file; a reader of another form says so."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """A map of points.

    Attributes
    ----------
    points
        The places, in the order of the features. Units and orientation mean nothing, nor do distances of far groups.
    kl
        The KL divergence in nats at the end; with interpolated repulsion to about 1e-4.
    history
        (iteration, KL divergence), every 50 iterations and at the end. No exaggeration is in it.
    affinity
        What the map was made to show: sparse, or a matrix.
    perplexity
        One or several; empty where the affinities came from elsewhere.
    seed
        Of the start.
    dof
        Degrees of freedom of the kernel.
    finished
        False where Ctrl-C or a callback ended it early.
    compile_s
        Seconds that were spent on compiling kernels: 0 but for the first time after an installation.
    features
        What ``transform`` compares new points with; None where only affinities were given.
    """

    points: Float32[np.ndarray, "n c"]
    kl: float
    history: tuple[tuple[int, float], ...]
    affinity: SparseAffinity | np.ndarray
    perplexity: tuple[float, ...]
    seed: int
    dof: float = 1.0
    finished: bool = True
    compile_s: float = 0.0
    features: Features | None = None

    @property
    def iterations(self) -> int:
        """How many iterations were run."""
        return self.history[-1][0] if self.history else 0

    def __repr__(self) -> str:
        n, c = self.points.shape
        ended = "" if self.finished else ", ended early"
        return f"Embedding({n} points, {c} dimensions, KL {self.kl:.4f} after {self.iterations} iterations{ended})"

    def save(self, path: str | Path) -> None:
        """Write everything to an ``.npz`` file, also what ``transform`` needs."""
        arrays: dict[str, Any] = {
            "form": _FORM,
            "points": self.points,
            "history": np.array(self.history, np.float64).reshape(-1, 2),
            "perplexity": np.array(self.perplexity, np.float64),
            "numbers": np.array([self.kl, self.seed, self.dof, self.finished, self.compile_s], np.float64),
        }
        if isinstance(self.affinity, SparseAffinity):
            known = self.affinity
            arrays |= {"starts": known.starts, "neighbors": known.neighbors, "values": known.values}
        else:
            arrays["joint"] = self.affinity
        if self.features is not None:
            kept = self.features
            arrays |= {"features": kept.values, "shift": kept.shift, "scale": np.array(kept.scale)}
        with Path(path).open("wb") as file:  # numpy would add .npz to a name that lacks it
            np.savez(file, **arrays)

    @staticmethod
    def load(path: str | Path) -> "Embedding":
        """Read what ``save`` wrote.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            It is not a saved map.
        """
        try:
            loaded = np.load(path, allow_pickle=False)
            arrays = dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {}
        except FileNotFoundError:
            raise
        except Exception as error:  # a broken zip, a wrong header, a pickle: numpy raises many kinds
            raise ValueError(f"{path} is not a saved map: {error}") from None
        if int(arrays.get("form", -1)) != _FORM or "points" not in arrays:
            raise ValueError(f"{path} is not a saved map of this version: save it again with Embedding.save")
        return _from_arrays(arrays)


def _from_arrays(arrays: dict[str, np.ndarray]) -> Embedding:
    perplexity = tuple(arrays["perplexity"].tolist())
    affinity: SparseAffinity | np.ndarray
    if "joint" in arrays:
        affinity = arrays["joint"]
    else:
        affinity = SparseAffinity(arrays["starts"], arrays["neighbors"], arrays["values"], perplexity)
    features = None
    if "features" in arrays:
        features = Features(arrays["features"], arrays["shift"], float(arrays["scale"]))
    kl, seed, dof, finished, compile_s = arrays["numbers"].tolist()
    history = tuple((int(iteration), value) for iteration, value in arrays["history"].tolist())
    return Embedding(
        arrays["points"], kl, history, affinity, perplexity, int(seed), dof, bool(finished), compile_s, features
    )
