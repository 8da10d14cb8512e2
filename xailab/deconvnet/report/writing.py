"""The files beside the page.

- ``Numbers``     ``projections.npz``, written unit after unit: memory does not grow with the units
- ``write_json``, ``write_bytes``  one file, whole or not at all
- ``unit_record``, ``likeness_table``  what ``deconv.json`` holds of a unit, and of the controls
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch

from xailab.deconvnet.controls import ANOTHER, RANDOM, likeness
from xailab.deconvnet.examples import UnitExamples
from xailab.files import write_beside

MADE_BY = "xailab deconv"
RECORD = "deconv.json"
MINE = ("index.html", "projections.npz", "exemplars.npz", "grid.png", "grid-*.png")


class Numbers:
    """A file like those of ``numpy.savez_compressed``, to which arrays are added one after another.

    The names are ``17/images``, ``17/values``, ``17/cells``, ``17/boxes`` (top, left, bottom, right of the receptive
    field) and, for every rule, ``17/deconv``: the projections ``n 3 h w``, float32, in the space of normalized images.

    Parameters
    ----------
    path
        The file; it appears when the block ends without an error.
    """

    def __init__(self, path: Path) -> None:
        self._beside = write_beside(path)
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> "Numbers":
        self._archive = zipfile.ZipFile(self._beside.__enter__(), "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._archive is not None:
            self._archive.close()
        self._beside.__exit__(kind, error, where)

    def add(self, found: UnitExamples) -> None:
        """Add the examples of a unit."""
        examples = found.examples
        self._write(f"{found.unit}/images", np.array([one.image for one in examples], np.int64))
        self._write(f"{found.unit}/values", np.array([one.value for one in examples], np.float32))
        self._write(f"{found.unit}/cells", np.array([one.cell for one in examples], np.int64))
        boxes = [(one.box.top, one.box.left, one.box.bottom, one.box.right) for one in examples]
        self._write(f"{found.unit}/boxes", np.array(boxes, np.int64))
        for rule in examples[0].projections:
            pixels = torch.stack([one.projections[rule] for one in examples]).float().numpy()
            self._write(f"{found.unit}/{rule}", pixels)

    def _write(self, name: str, values: np.ndarray) -> None:
        if self._archive is None:
            raise ValueError("numbers are written inside a with block")
        entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))  # no date: the same numbers give the same bytes
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(entry, "w", force_zip64=True) as file:
            np.lib.format.write_array(file, values, allow_pickle=False)


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record."""
    with write_beside(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a picture."""
    with write_beside(path) as temporary:
        temporary.write_bytes(content)


def unit_record(found: UnitExamples) -> dict[str, Any]:
    """Return what the record holds of one unit."""
    return {
        "unit": found.unit,
        "examples": [
            {
                "image": one.image,
                "activation": one.value,
                "cell": list(one.cell),
                "receptive_field": [one.box.top, one.box.left, one.box.bottom, one.box.right],
                "shown": [one.part.top, one.part.left, one.part.bottom, one.part.right],
                "likeness": {
                    control: {
                        rule: _number(likeness(one.projections[rule], pixels, one.box)) for rule, pixels in by.items()
                    }
                    for control, by in one.controls.items()
                },
            }
            for one in found.examples
        ],
    }


def likeness_table(records: Sequence[Mapping[str, Any]], rules: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return control -> rule -> the mean likeness over all examples; None where nothing could be compared."""
    examples = [example for record in records for example in record["examples"]]
    table: dict[str, dict[str, float | None]] = {}
    for control in (ANOTHER, RANDOM):
        measured = [example["likeness"][control] for example in examples if control in example["likeness"]]
        if measured:
            table[control] = {rule: _mean([one[rule] for one in measured]) for rule in rules}
    return table


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None


def _number(value: float) -> float | None:
    """Return a number that JSON has: none for NaN."""
    return None if np.isnan(value) else round(value, 4)
