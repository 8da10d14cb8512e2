"""torchvision's data sets, from disk; nothing is downloaded.

- ``TorchvisionSet``    wraps any data set that yields (image, class)
- ``open_torchvision``  open one by name from the folder where torchvision put it
- ``ON_DISK``           those that can be opened by name
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from xailab.data.batch import Batch
from xailab.data.fitting import fit_named, pair
from xailab.errors import DataError, UnknownName
from xailab.images import from_pil, from_uint8

PROBES = 32
"""Images that enter the fingerprint of a data set whose pixels are not all in memory."""


@runtime_checkable
class Pairs(Protocol):
    """What torchvision's classification data sets are: a length, and (image, class) at each index."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, index: int) -> Any:
        """Image and class."""


@dataclass(frozen=True)
class OnDisk:
    """How a data set of torchvision lies on disk.

    Parameters
    ----------
    expects
        What must be in the root folder.
    splits
        Split -> the arguments that select it.
    """

    expects: str
    splits: Mapping[str, Mapping[str, object]]


_BY_FLAG = {"train": {"train": True}, "test": {"train": False}}


def _by_name(*splits: str) -> dict[str, Mapping[str, object]]:
    """Return splits that torchvision calls by the same names."""
    return {split: {"split": split} for split in splits}


ON_DISK: dict[str, OnDisk] = {
    "CIFAR10": OnDisk("cifar-10-batches-py/", _BY_FLAG),
    "CIFAR100": OnDisk("cifar-100-python/", _BY_FLAG),
    "DTD": OnDisk("dtd/dtd/", _by_name("train", "val", "test")),
    "FashionMNIST": OnDisk("FashionMNIST/raw/", _BY_FLAG),
    "Flowers102": OnDisk("flowers-102/", _by_name("train", "val", "test")),
    "Food101": OnDisk("food-101/", _by_name("train", "test")),
    "Imagenette": OnDisk("imagenette2/", _by_name("train", "val")),
    "KMNIST": OnDisk("KMNIST/raw/", _BY_FLAG),
    "MNIST": OnDisk("MNIST/raw/", _BY_FLAG),
    "OxfordIIITPet": OnDisk("oxford-iiit-pet/", _by_name("trainval", "test")),
    "STL10": OnDisk("stl10_binary/", _by_name("train", "test")),
    "SVHN": OnDisk("train_32x32.mat or test_32x32.mat", _by_name("train", "test")),
}


def open_torchvision(
    name: str,
    root: str | Path,
    *,
    split: str | None = None,
    size: int | tuple[int, int] | None = None,
    fit: str = "crop",
) -> "TorchvisionSet":
    """Open a data set of torchvision from disk.

    Parameters
    ----------
    name
        torchvision's name, one of ``ON_DISK``.
    root
        The folder that was given to torchvision as ``root`` when the data were downloaded.
    split
        Which part; ``ON_DISK[name].splits`` lists them. None: the last of them, which is the part for testing.
    size, fit
        As for ``TorchvisionSet``.

    Raises
    ------
    UnknownName
        No such data set or split.
    DataError
        The files are not there or damaged; says what is expected and how torchvision fetches it.
    """
    if name not in ON_DISK:
        raise UnknownName("torchvision data set", name, ON_DISK)
    plan = ON_DISK[name]
    split = list(plan.splits)[-1] if split is None else split
    if split not in plan.splits:
        raise UnknownName(f"split of {name}", split, plan.splits)
    from torchvision import datasets

    try:
        source = getattr(datasets, name)(str(root), download=False, **plan.splits[split])
    except (RuntimeError, OSError) as error:
        raise DataError(
            f"{root} does not hold {name}: expected {plan.expects} in it ({error}). Where there is a network, "
            f"torchvision.datasets.{name}({str(root)!r}, download=True) fetches it"
        ) from error
    return TorchvisionSet(source, name=f"{name} {split}", size=size, fit=fit)


class TorchvisionSet:
    """A data set that yields (image, class) as one of ours. Images may be Pillow's, tensors or arrays.

    Float tensors must be in [0, 1]; bytes are divided by 255; gray images get three equal channels.

    Parameters
    ----------
    source
        A torchvision data set, or anything with ``len`` and ``[index]`` that yields pairs. Without transforms that draw
        random numbers: reading an image twice must give the same pixels.
    name
        For tables and titles; its class by default.
    size
        Height and width in pixels, one number for a square. None: as they are, and then all must be of one size.
    fit
        ``"crop"`` covers the size and cuts out the center, ``"squash"`` ignores the aspect ratio.

    Raises
    ------
    DataError
        The data set is empty, or an image or its class is of another kind or size than expected. Names the index.
    """

    vocabulary: None = None

    def __init__(
        self, source: Pairs, *, name: str = "", size: int | tuple[int, int] | None = None, fit: str = "crop"
    ) -> None:
        self._source, self.name = source, name or type(source).__name__
        if len(source) == 0:
            raise DataError(f"the data set {self.name} is empty")
        self._fit, self._fit_name = fit_named(fit), fit
        self._fixed = None if size is None else pair(size)
        titles = getattr(source, "classes", ())
        self.classes = tuple(str(title[0] if isinstance(title, tuple) else title) for title in titles)
        self.image_size = self._fixed or self._first_size()

    @cached_property
    def fingerprint(self) -> str:
        """Hash of name, length, size, classes, of all pixels if they are in memory, and of 32 images throughout."""
        digest = hashlib.sha256(repr((self.name, len(self), self.image_size, self._fit_name, self.classes)).encode())
        for key in ("targets", "labels", "data"):
            value = getattr(self._source, key, None)
            if isinstance(value, np.ndarray | Tensor | list | tuple):
                digest.update(np.ascontiguousarray(np.asarray(value)).tobytes())
        for index in np.linspace(0, len(self) - 1, min(PROBES, len(self))).astype(int).tolist():
            image, target = self._pair(index)
            digest.update(image.numpy().tobytes() + repr(target).encode())
        return digest.hexdigest()[:32]

    def __len__(self) -> int:
        return len(self._source)

    def read(self, indices: Sequence[int]) -> Batch:
        """Return images and class indices. Raises DataError, naming the index."""
        for index in indices:
            if not 0 <= index < len(self):
                raise IndexError(f"no image {index}: {self.name} has {len(self)}")
        pairs = [self._pair(index) for index in indices]
        images = torch.stack([image for image, _ in pairs]) if pairs else torch.zeros(0, 3, *self.image_size)
        targets = torch.tensor([target for _, target in pairs], dtype=torch.int64)
        return Batch(images, torch.tensor(list(indices), dtype=torch.int64), targets=targets)

    def read_labels(self, indices: Sequence[int]) -> None:
        """Return None: there are no concept labels."""

    def _first_size(self) -> tuple[int, int]:
        """Height and width of the first image."""
        image, _ = self._unfitted(0)
        return image.shape[1], image.shape[2]

    def _pair(self, index: int) -> tuple[Float[Tensor, "3 h w"], int]:
        """Return one image at the common size, and its class."""
        image, target = self._unfitted(index)
        if self._fixed:
            return self._fit(image, self._fixed), target
        height, width = image.shape[1:]
        if (height, width) != self.image_size:
            raise DataError(
                f"{self.name}, image {index}: {height} x {width} pixels, but image 0 has "
                f"{self.image_size[0]} x {self.image_size[1]}; give a size to bring all to"
            )
        return image, target

    def _unfitted(self, index: int) -> tuple[Float[Tensor, "3 h w"], int]:
        """Return one image as it is, and its class."""
        item = self._source[index]
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise DataError(f"{self.name}, image {index}: expected (image, class), got {type(item).__name__}")
        try:
            return _as_image(item[0]), int(item[1])
        except (DataError, TypeError, ValueError) as error:
            raise DataError(f"{self.name}, image {index}: {error}") from error


def _as_image(image: object) -> Float[Tensor, "3 h w"]:
    """Turn what a data set yields into RGB float32 in [0, 1]. Raises DataError for anything unexpected."""
    if isinstance(image, Image.Image):
        return from_pil(image)
    if isinstance(image, np.ndarray):
        image = torch.from_numpy(np.ascontiguousarray(image if image.ndim != 3 else image.transpose(2, 0, 1)))
    if not isinstance(image, Tensor):
        raise DataError(f"expected an image (Pillow, tensor or array), got {type(image).__name__}")
    image = image[None] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise DataError(f"expected an image of 1 or 3 channels (c h w), got the shape {tuple(image.shape)}")
    if image.dtype == torch.uint8:
        image = from_uint8(image)
    if not image.is_floating_point() or not (image.min() >= 0 and image.max() <= 1):
        raise DataError("expected bytes, or floats in [0, 1]; leave out transforms that normalize")
    return image.to(torch.float32).expand(3, -1, -1).contiguous()
