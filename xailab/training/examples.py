"""A labelled data set in memory, and the changes to its images that a class survives.

- ``Examples``   images as bytes, with a target each
- ``gather``     read a data set into memory
- ``joined``     several of them one after the other
- ``augmented``  some images, flipped and with jittered colors
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from tqdm import tqdm

from xailab.data.batch import Batch, Dataset
from xailab.errors import DataError

CHUNK = 256
"""Images read at a time."""


@dataclass(frozen=True)
class Examples:
    """Images and what a network shall answer.

    Parameters
    ----------
    images
        RGB bytes 0 ... 255, ``n h w 3``: channels last as convolutions want them, a quarter of the floats' size.
    targets
        ``n`` class indices (int64), or ``n classes`` of 0 and 1 (float32).
    data
        The fingerprints of the data sets they come from.
    """

    images: UInt8[Tensor, "n h w 3"]
    targets: Tensor
    data: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.images) != len(self.targets) or not len(self.images):
            raise ValueError(
                f"expected a target for each image, got {len(self.images)} images, {len(self.targets)} targets"
            )

    def __len__(self) -> int:
        return len(self.images)


def gather(dataset: Dataset, target: Callable[[Batch], Tensor], *, progress: bool = True) -> Examples:
    """Read all images of ``dataset`` into memory, with ``target(batch)`` as what to learn.

    Raises
    ------
    DataError
        The data set is empty.
    """
    if not len(dataset):
        raise DataError(f"the data set {dataset.name} has no images to train on")
    height, width = dataset.image_size
    images = torch.empty(len(dataset), height, width, 3, dtype=torch.uint8)
    targets = []
    with tqdm(total=len(dataset), desc=f"reading {dataset.name}", unit="image", disable=not progress) as bar:
        for first in range(0, len(dataset), CHUNK):
            batch = dataset.read(range(first, min(first + CHUNK, len(dataset))))
            pixels = (batch.images * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
            images[first : first + len(pixels)] = pixels
            targets.append(target(batch))
            bar.update(len(pixels))
    return Examples(images, torch.cat(targets), (dataset.fingerprint,))


def joined(parts: Sequence[Examples]) -> Examples:
    """Return the examples of all ``parts``, in order."""
    images = torch.cat([part.images for part in parts])
    targets = torch.cat([part.targets for part in parts])
    return Examples(images, targets, tuple(name for part in parts for name in part.data))


def augmented(
    images: UInt8[Tensor, "b h w 3"], generator: torch.Generator, *, jitter: float = 0.0
) -> Float[Tensor, "b 3 h w"]:
    """Return ``images`` in [0, 1], each mirrored left to right with probability 1/2 and with its colors jittered.

    Parameters
    ----------
    images
        Bytes, channels last.
    generator
        Where the choices are drawn from.
    jitter
        Each channel of each image is multiplied by a number from ``1 - jitter ... 1 + jitter`` and cut at 1.
    """
    mirror = torch.rand(len(images), generator=generator) < 0.5
    gain = 1 + jitter * (2 * torch.rand(len(images), 1, 1, 3, generator=generator) - 1)
    flipped = torch.where(mirror[:, None, None, None], images.flip(2), images)
    return (flipped * (gain / 255)).clamp_(0, 1).permute(0, 3, 1, 2)


def plain(images: UInt8[Tensor, "b h w 3"]) -> Float[Tensor, "b 3 h w"]:
    """Return ``images`` in [0, 1] as they are: what a network is judged on."""
    return (images / 255).permute(0, 3, 1, 2)


def classes_of(batch: Batch) -> Int[Tensor, " b"]:
    """Return the class index per image: the ``target`` of a data set with one class per image.

    Raises
    ------
    DataError
        The data set has no classes.
    """
    if batch.targets is None:
        raise DataError("expected a data set with one class per image, got images without targets")
    return batch.targets
