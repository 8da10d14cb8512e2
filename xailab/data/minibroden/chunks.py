"""Rendered pictures on disk: what a split holds, in which order, and the chunk files of the cache.

- ``Split``      how many pictures of which kind; ``SPLITS`` lists them, ``order`` their seeds in order
- ``Job``        everything a worker needs to render a chunk
- ``render``     render a chunk and write it, in this process or in a worker
- ``read``       read an array of a chunk, or None if the chunk is missing or damaged

A chunk is three ``.npy`` files and a small JSON of their checksums, which is written last: a chunk without it does not
exist, so an interrupted rendering goes on where it stopped. This file needs no torch: workers start fast.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from xailab.data.minibroden.bias import Bias
from xailab.data.minibroden.picture import MODES, sample
from xailab.data.minibroden.sources import renderer_key
from xailab.files import write_beside

LENGTH = 128  # pictures in a chunk
MAPS = ("object", "part", "material", "texture", "color")
KINDS = ("images", "labels", "classes")


@dataclass(frozen=True)
class Split:
    """A split: how many pictures of each mode, with seeds of its own from ``seed`` on (each mode 10,000,000
    further).
    """

    name: str
    seed: int
    counts: tuple[tuple[str, int], ...]

    def __len__(self) -> int:
        return sum(count for _, count in self.counts)


@cache
def order(split: Split) -> tuple[tuple[int, str], ...]:
    """Return the (seed, mode) of every picture of a split.

    The modes are interleaved evenly: every prefix holds them in the proportions of the whole, to one picture. The
    k-th of n pictures of a mode stands at (k + 1/2) / n of the way.
    """
    places = []
    for mode, count in split.counts:
        first = split.seed + 10_000_000 * list(MODES).index(mode)
        places += [((k + 0.5) / count, mode, first + k) for k in range(count)]
    return tuple((seed, mode) for _, mode, seed in sorted(places))


SPLITS: dict[str, Split] = {
    split.name: split
    for split in (
        Split("probe", 1_000_000_000, (("scene", 1500), ("object", 500), ("texture", 200))),
        Split("train-objects", 2_000_000_000, (("object", 16_000),)),
        Split("train-scenes", 3_000_000_000, (("scene", 12_000),)),
        Split("train-textures", 4_000_000_000, (("texture", 1_000),)),
        Split("test-objects", 5_000_000_000, (("object", 2_000),)),
        Split("test-scenes", 6_000_000_000, (("scene", 1_000),)),
        Split("test-textures", 7_000_000_000, (("texture", 500),)),
    )
}


@dataclass(frozen=True)
class Job:
    """A chunk to render: pictures ``LENGTH * number`` ... of a split, into a folder."""

    folder: Path
    split: Split
    size: int
    bias: Bias | None
    number: int

    @property
    def count(self) -> int:
        """How many pictures the chunk holds (the last may be shorter)."""
        return min(LENGTH, len(self.split) - LENGTH * self.number)

    def path(self, kind: str) -> Path:
        """Return the file of ``images``, ``labels``, ``classes`` or ``sums``."""
        return self.folder / f"{self.number:05d}.{kind}{'.json' if kind == 'sums' else '.npy'}"


def key(split: Split, size: int, bias: Bias | None) -> str:
    """Return a name for the cache folder of a split, at a size, with a bias."""
    text = f"{renderer_key()} {split!r} {size} {bias!r} {LENGTH}"
    return f"{split.name}-{size}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def render(job: Job) -> int:
    """Render a chunk and write its files; return its number of pictures.

    Raises
    ------
    XailabError
        A file could not be written.
    """
    count, size = job.count, job.size
    arrays: dict[str, Shaped[np.ndarray, "n ..."]] = {
        "images": np.empty((count, size, size, 3), np.uint8),
        "labels": np.empty((count, len(MAPS), size, size), np.uint8),
        "classes": np.empty((count, 2), np.int64),
    }
    first = LENGTH * job.number
    for i, (seed, mode) in enumerate(order(job.split)[first : first + count]):
        picture = sample(seed, size=size, mode=mode, bias=job.bias)
        arrays["images"][i] = picture.image
        for k, category in enumerate(MAPS):
            arrays["labels"][i, k] = picture.labels[category]
        arrays["classes"][i] = picture.target, picture.scene
    sums = {}
    for kind, array in arrays.items():
        with write_beside(job.path(kind)) as temporary, temporary.open("wb") as file:
            np.save(file, array)
        sums[kind] = zlib.crc32(array.tobytes())
    with write_beside(job.path("sums")) as temporary:
        temporary.write_text(json.dumps(sums))
    return count


def read(job: Job, kind: str) -> Shaped[np.ndarray, "n ..."] | None:
    """Return an array of a chunk, mapped into memory, after comparing its checksum; None if it has to be rendered."""
    try:
        expected = json.loads(job.path("sums").read_text())[kind]
        array: Shaped[np.ndarray, "n ..."] = np.load(job.path(kind), mmap_mode="r")
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    if len(array) != job.count or zlib.crc32(array.tobytes()) != expected:
        return None
    return array
