"""One walk over a data set, interruptible and resumable.

- ``gather``    features and labels of every image
- ``Gathered``  the result
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float32, Int64
from tqdm import tqdm

from xailab.data.batch import Dataset
from xailab.embedding.gathering.coloring import labels_of
from xailab.embedding.gathering.source import Source, features
from xailab.errors import Interrupted
from xailab.files import write_beside
from xailab.interrupts import interrupts_deferred

SAVE_EVERY_S = 30.0
"""A process that is killed loses no more than this."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """What is known of n images.

    Parameters
    ----------
    features
        One vector per image.
    labels
        Per image the number of its class or concept; -1 where it has none.
    """

    features: Float32[np.ndarray, "n d"]
    labels: Int64[np.ndarray, " n"]


def gather(
    source: Source,
    dataset: Dataset,
    *,
    category: str | None,
    batch_size: int = 64,
    keep: Path | None = None,
    progress: bool = True,
) -> Gathered:
    """Run the network over the data set, batch by batch.

    Parameters
    ----------
    source
        Network and layer.
    dataset
        Any; it is read once.
    category
        From ``coloring``.
    batch_size
        Images per forward pass.
    keep
        A file to which everything is saved, every half minute, at the end, and after an interrupt or an error; what is
        there of the same request is not computed again. None: nowhere.
    progress
        Show a bar on stderr.

    Raises
    ------
    XailabError
        The layer gives NaN or infinite numbers for an image.
    Interrupted
        Ctrl-C was pressed; says what is kept.
    """
    store = _Store.open(source, dataset, category, keep)
    total = len(dataset)
    with (
        interrupts_deferred() as interrupted,
        tqdm(total=total, initial=store.done, desc=f"{source.layer}: features", unit=" images", disable=not progress)
        as bar,
    ):  # fmt: skip
        saved = monotonic()
        try:
            while store.done < total and not interrupted():
                batch = dataset.read(range(store.done, min(store.done + batch_size, total)))
                store.add(features(source, batch.images), labels_of(dataset, batch, category))
                bar.update(len(batch.indices))
                if monotonic() - saved > SAVE_EVERY_S:
                    store.save()
                    saved = monotonic()
        finally:
            store.save()
    if store.done < total:
        kept = f"the features of {store.done:,} of {total:,} images are kept; " if keep is not None else ""
        raise Interrupted(f"interrupted; {kept}the same command goes on from there")
    return store.gathered()


class _Store:
    """The arrays that grow while images are seen, and the file that keeps them."""

    def __init__(self, arrays: dict[str, np.ndarray], done: int, key: str, path: Path | None) -> None:
        self._arrays, self.done, self._key, self._path, self._saved = arrays, done, key, path, done

    @classmethod
    def open(cls, source: Source, dataset: Dataset, category: str | None, path: Path | None) -> "_Store":
        """Go on with what is kept of the same request, or begin."""
        total, width = len(dataset), source.shape[0]
        parts = (source.digest, dataset.fingerprint, total, category)
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        arrays: dict[str, np.ndarray] = {
            "features": np.empty((total, width), np.float32),
            "labels": np.full(total, -1, np.int64),
        }
        done = 0
        if path is not None and path.is_file():
            done = _restore(path, key, arrays)
        return cls(arrays, done, key, path)

    def add(self, *new: np.ndarray) -> None:
        """Append the next images."""
        for array, rows in zip(self._arrays.values(), new, strict=True):
            array[self.done : self.done + len(rows)] = rows
        self.done += len(new[0])

    def save(self) -> None:
        """Write what there is, if there is anything new."""
        if self._path is None or self.done == self._saved:
            return
        arrays = {name: array[: self.done] for name, array in self._arrays.items()} | {"key": np.array(self._key)}
        with write_beside(self._path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        self._saved = self.done

    def gathered(self) -> Gathered:
        """Return the arrays."""
        return Gathered(**self._arrays)


def _restore(path: Path, key: str, arrays: dict[str, np.ndarray]) -> int:
    """Fill the arrays from a file of the same request; return how many images it has: 0 if it is none."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return 0
            done = len(kept["labels"])
            for name, array in arrays.items():
                array[:done] = kept[name]
            return done
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return 0
