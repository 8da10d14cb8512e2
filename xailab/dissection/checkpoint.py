"""Where an interrupted run stands, so that the next one goes on from there.

- ``Checkpoint``  one file per stage: the position in the data set and the arrays of the accumulators
- ``run_key``     a digest of everything that determines the result

A stage that was computed under another key (another network, data set, convention, seed or version) is ignored. Files
are written beside and renamed, so that a kill in the middle of writing leaves the previous one.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from xailab.files import write_beside

State = Mapping[str, Mapping[str, np.ndarray]]  # accumulator -> its arrays


def run_key(**parts: object) -> str:
    """Return a digest of JSON-like values; equal values give equal digests, in every process."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


class Checkpoint:
    """Saves the state of the stages of one run in a folder, at most every ``every_s`` seconds.

    Parameters
    ----------
    folder
        Where the files lie; None saves nothing.
    key
        The digest from ``run_key``; files with another key are ignored.
    every_s
        Seconds between two savings of a running stage.
    """

    def __init__(self, folder: Path | None, key: str, *, every_s: float = 15.0) -> None:
        self.folder, self.key, self.every_s = folder, key, every_s
        self._saved_at = time.monotonic()

    def _path(self, stage: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{stage}.npz"

    def load(self, stage: str) -> tuple[int, dict[str, dict[str, np.ndarray]]] | None:
        """Return the position and the states saved for this stage, or None if there is nothing of this run."""
        path = self._path(stage)
        if path is None or not path.is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                if str(archive["key"]) != self.key:
                    return None
                states: dict[str, dict[str, np.ndarray]] = {}
                for name in archive.files:
                    if "|" in name:
                        accumulator, array = name.split("|", 1)
                        states.setdefault(accumulator, {})[array] = archive[name]
                return int(archive["position"]), states
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None  # damaged: the stage is simply computed again

    def due(self) -> bool:
        """Say whether it is time to save again."""
        return self.folder is not None and time.monotonic() - self._saved_at >= self.every_s

    def save(self, stage: str, position: int, states: State) -> None:
        """Write the state of a stage that has seen the images before ``position``."""
        path = self._path(stage)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {
            f"{accumulator}|{name}": array for accumulator, state in states.items() for name, array in state.items()
        }
        arrays |= {"key": np.array(self.key), "position": np.array(position)}
        with write_beside(path) as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]
        self._saved_at = time.monotonic()
