"""The file that keeps what was seen of a data set.

- ``Kept``  loads it, if it is of the same request, and writes it
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from xailab.exemplars.collecting import Collector
from xailab.files import write_beside


@dataclass(eq=False)
class Kept:
    """A file of collectors.

    Parameters
    ----------
    path
        None for none: then nothing is loaded or saved.
    key
        A digest of everything that determines what is kept; a file with another key is of no use, and is overwritten.
    saved
        The first position in the data set that what is in the file has not seen; -1 as long as that is not known.
    """

    path: Path | None
    key: str
    saved: int = -1

    def load(self, collectors: dict[str, Collector]) -> int:
        """Replace the collectors by those kept; return the first position that they have not seen, or -1 for none."""
        if self.path is None or not self.path.is_file():
            return -1
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                if str(archive["key"]) != self.key:
                    return -1
                arrays = {name: archive[name] for name in archive.files}
            continued = {layer: one.continued(_of(layer, arrays)) for layer, one in collectors.items()}
            saved = int(arrays["position"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return -1  # damaged: everything is simply computed again
        collectors.update(continued)
        self.saved = saved
        return saved

    def save(self, collectors: Mapping[str, Collector], position: int) -> None:
        """Write where the collectors stand, if there is anything new. Raises XailabError where that is not possible."""
        if self.path is None or position == self.saved:
            return
        arrays = {f"{layer}|{name}": array for layer, one in collectors.items() for name, array in one.state().items()}
        arrays |= {"key": np.array(self.key), "position": np.array(position)}
        with write_beside(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        self.saved = position


def _of(layer: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of one layer, by their own names."""
    prefix = f"{layer}|"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
