"""MiniBroden as a data set of xailab: splits, labels as tensors, rendering on demand into the user's cache.

- ``MiniBroden``       the data set
- ``SPLITS``           split -> which pictures it holds
- ``make_vocabulary``  its concepts
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor, as_completed
from functools import cache

import numpy as np
import torch
from jaxtyping import Shaped
from tqdm import tqdm

from xailab.data.batch import Batch, Concept, Labels, Vocabulary
from xailab.data.minibroden import chunks
from xailab.data.minibroden.bias import Bias
from xailab.data.minibroden.chunks import LENGTH, MAPS, SPLITS, Job
from xailab.data.minibroden.picture import MODES, SMALLEST
from xailab.data.minibroden.vocabulary import CATEGORIES, NUMBERS, disk_name
from xailab.errors import DataError, UnknownName
from xailab.files import cache_folder

__all__ = ["SPLITS", "MiniBroden", "make_vocabulary"]

_MAPPED = 256  # how many chunk files stay mapped at a time; their pages are the operating system's to drop


@cache
def make_vocabulary() -> Vocabulary:
    """Return MiniBroden's concepts, numbered 1, 2, ... category after category, under their on-disk names."""
    concepts = [
        Concept(number, disk_name(category, name), category, (category,))
        for category in CATEGORIES
        for name, number in NUMBERS[category].items()
    ]
    return Vocabulary(CATEGORIES, tuple(concepts))


class MiniBroden:
    """A split of MiniBroden.

    Pictures are rendered when they are first read, in chunks of 128, and kept in the user's cache under a key that
    changes with the renderer's sources, the size, the split and the bias.

    Parameters
    ----------
    split
        ``"probe"`` (1,500 scenes, 500 objects, 200 textures: for dissection), ``"train-objects"`` (16,000),
        ``"train-scenes"`` (12,000), ``"train-textures"`` (1,000), ``"test-objects"`` (2,000), ``"test-scenes"``
        (1,000), ``"test-textures"`` (500). Their seeds are disjoint.
    size
        Pixels per side, >= 32.
    bias
        Planted shortcuts.
    limit
        Only the first so many pictures. The modes of ``probe`` are interleaved evenly, so that a limited probe set has
        them in the same proportions; all limits share one cache.
    progress
        Show a progress bar on stderr while something has to be rendered.
    executor
        Renders missing chunks in its workers; by default they are rendered here, one after the other.

    Raises
    ------
    UnknownName
        No such split.
    ValueError
        ``size`` or ``limit`` is too small.
    """

    def __init__(
        self,
        split: str = "probe",
        *,
        size: int = 64,
        bias: Bias | None = None,
        limit: int | None = None,
        progress: bool = True,
        executor: Executor | None = None,
    ) -> None:
        if split not in SPLITS:
            raise UnknownName("split of MiniBroden", split, SPLITS)
        if size < SMALLEST:
            raise ValueError(f"size must be at least {SMALLEST} pixels (things are not recognizable below), got {size}")
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be at least 1 picture, got {limit}")
        self.split, self.size, self.bias = split, size, bias
        self._split = SPLITS[split]
        self._length = len(self._split) if limit is None else min(limit, len(self._split))
        self._progress, self._executor = progress, executor
        self._key = chunks.key(self._split, size, bias)
        self._folder = cache_folder("minibroden", self._key)
        self._mapped: dict[tuple[int, str], Shaped[np.ndarray, "n ..."]] = {}

    @property
    def name(self) -> str:
        """``minibroden`` for the probe set, ``minibroden-train-objects`` and so on for the others."""
        return "minibroden" if self.split == "probe" else f"minibroden-{self.split}"

    @property
    def fingerprint(self) -> str:
        """Changes with the renderer's sources, the split, the size, the bias and the limit."""
        return hashlib.sha256(f"{self._key} {self._length}".encode()).hexdigest()[:16]

    @property
    def vocabulary(self) -> Vocabulary:
        """The concepts of all six categories."""
        return make_vocabulary()

    @property
    def classes(self) -> tuple[str, ...]:
        """The things, scenes or textures that ``targets`` counts; empty for the probe set, which mixes modes."""
        return MODES[self._split.counts[0][0]] if len(self._split.counts) == 1 else ()

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width in pixels; label maps have the same."""
        return (self.size, self.size)

    def __len__(self) -> int:
        return self._length

    def read(self, indices: Sequence[int]) -> Batch:
        """Return the pictures at these positions with labels, and with class indices where the split has one mode.

        Raises
        ------
        IndexError
            An index is outside 0 ... len - 1.
        """
        self._require(indices)
        images = self._gather("images", indices, (self.size, self.size, 3))
        targets = torch.from_numpy(self._gather("classes", indices, (2,))[:, 0].copy()) if self.classes else None
        return Batch(
            images=torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float() / 255,
            indices=torch.tensor(list(indices), dtype=torch.int64),
            labels=self.read_labels(indices),
            targets=targets,
        )

    def read_labels(self, indices: Sequence[int]) -> Labels:
        """Return the labels at these positions: one int32 plane per category, and the scene of the whole picture."""
        self._require(indices)
        planes = self._gather("labels", indices, (len(MAPS), self.size, self.size))
        scenes = self._gather("classes", indices, (2,))[:, 1:]
        maps = {category: torch.from_numpy(planes[:, k : k + 1].astype(np.int32)) for k, category in enumerate(MAPS)}
        return Labels(maps=maps, tags={"scene": torch.from_numpy(scenes.astype(np.int32))})

    def render(self, executor: Executor | None = None) -> None:
        """Render everything that is missing in the cache now, in parallel if there is an executor."""
        self._render(range((self._length - 1) // LENGTH + 1), executor or self._executor)

    def _job(self, number: int) -> Job:
        return Job(self._folder, self._split, self.size, self.bias, number)

    def _require(self, indices: Sequence[int]) -> None:
        """Check the indices, and render the chunks among them that are missing."""
        for index in indices:
            if not 0 <= index < self._length:
                raise IndexError(f"index {index} is outside 0 ... {self._length - 1} of {self.name}")
        self._render(sorted({index // LENGTH for index in indices}), self._executor)

    def _render(self, numbers: Sequence[int], executor: Executor | None) -> None:
        """Render those of the chunks that are missing or damaged."""
        missing = [self._job(n) for n in numbers if any(self._array(n, kind) is None for kind in chunks.KINDS)]
        if not missing:
            return
        total = sum(job.count for job in missing)
        with tqdm(
            total=total, desc=f"rendering {self.name}", unit="image", leave=False, disable=not self._progress
        ) as bar:
            if executor is None:
                for job in missing:
                    bar.update(chunks.render(job))
            else:
                for done in as_completed([executor.submit(chunks.render, job) for job in missing]):
                    bar.update(done.result())

    def _array(self, number: int, kind: str) -> Shaped[np.ndarray, "n ..."] | None:
        """Return an array of a chunk, mapped; its checksum is compared once, when it is first mapped."""
        if (number, kind) not in self._mapped:
            array = chunks.read(self._job(number), kind)
            if array is None:
                return None
            while len(self._mapped) >= _MAPPED:
                self._mapped.pop(next(iter(self._mapped)))
            self._mapped[number, kind] = array
        return self._mapped[number, kind]

    def _gather(self, kind: str, indices: Sequence[int], shape: tuple[int, ...]) -> Shaped[np.ndarray, "n ..."]:
        """Copy the rows at these positions out of their chunks."""
        dtype = np.int64 if kind == "classes" else np.uint8
        out = np.empty((len(indices), *shape), dtype)
        for i, index in enumerate(indices):
            array = self._array(index // LENGTH, kind)
            if array is None:
                raise DataError(
                    f"{self._job(index // LENGTH).path(kind)} cannot be read back after rendering; is the disk full?"
                )
            out[i] = array[index % LENGTH]
        return out
