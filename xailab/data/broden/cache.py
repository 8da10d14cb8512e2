"""Decoded label planes kept on disk, so that later passes over a Broden folder decode no PNG.

- ``LabelCache``   planes of images, fetched by position; decodes what it does not have yet

Planes of neighboring images lie in one compressed file (npz, 16-bit numbers): label maps shrink to a few percent, and
unpacking them is several times faster than opening four PNG files per image.
"""

import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int32

from xailab.errors import DataError
from xailab.files import write_beside

CHUNK = 64
"""Images per file. At 113 x 113 pixels and four planes each an unpacked chunk takes 6.5 MB."""
CHUNKS_IN_MEMORY = 2
COMPRESSION = 1
"""zlib level: label maps are so regular that higher levels cost time and save little."""

# "_": categories have different numbers of planes.
Planes = dict[str, Int32[np.ndarray, "_ h w"]]
Packed = dict[str, np.ndarray]


class LabelCache:
    """The label planes of ``count`` images.

    Parameters
    ----------
    folder
        Where the files are kept. Its name must change whenever a label would (a fingerprint).
    count
        Number of images.
    decode
        Called with positions; returns their planes. Chunks in which it finds a broken file are not kept: of them it
        decodes exactly what is asked for, so that its complaint is about an image that was asked for.
    """

    def __init__(self, folder: Path, count: int, decode: Callable[[Sequence[int]], list[Planes]]) -> None:
        self._folder, self._count, self._decode = folder, count, decode
        self._recent: OrderedDict[int, Packed] = OrderedDict()

    def read(self, indices: Sequence[int]) -> list[Planes]:
        """Return the planes of these images, in this order. Each chunk is unpacked once, whatever the order."""
        planes: dict[int, Planes] = {}
        try:
            for index in sorted(set(indices)):
                planes[index] = _unpack(self._chunk(index // CHUNK), index % CHUNK)
        except DataError:
            return self._decode(indices)
        return [planes[index] for index in indices]

    def _chunk(self, number: int) -> Packed:
        """Return a chunk from memory, from disk, or by decoding it."""
        if number not in self._recent:
            path = self._folder / f"{number:06d}.npz"
            packed = _load(path)
            if packed is None:
                positions = range(number * CHUNK, min((number + 1) * CHUNK, self._count))
                packed = _pack(self._decode(positions))
                _save(path, packed)
            self._recent[number] = packed
            while len(self._recent) > CHUNKS_IN_MEMORY:
                self._recent.popitem(last=False)
        self._recent.move_to_end(number)
        return self._recent[number]


def _pack(images: Sequence[Planes]) -> Packed:
    """Stack the planes of a chunk per category; ``count:CATEGORY`` says how many belong to each image."""
    packed: Packed = {}
    for category in sorted({name for planes in images for name in planes}):
        packed[f"count:{category}"] = np.array([len(planes.get(category, ())) for planes in images], np.int64)
        stacked = np.concatenate([planes[category] for planes in images if category in planes])
        packed[f"planes:{category}"] = stacked.astype(np.uint16)
    return packed


def _unpack(packed: Mapping[str, np.ndarray], position: int) -> Planes:
    """Return the planes of one image of a chunk."""
    planes: Planes = {}
    for key, counts in packed.items():
        kind, _, category = key.partition(":")
        if kind == "count" and counts[position]:
            first = int(counts[:position].sum())
            planes[category] = packed[f"planes:{category}"][first : first + int(counts[position])].astype(np.int32)
    return planes


def _save(path: Path, packed: Packed) -> None:
    """Write an npz file with little compression effort, which numpy's own writer does not offer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        write_beside(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive,
    ):
        for key, array in packed.items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _load(path: Path) -> Packed | None:
    """Read a chunk; None when it is not there or damaged (it is then written anew)."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
