"""Images that come with scikit-learn, so that there are real ones without a download.

- ``Digits``        1,797 handwritten digits, 8 x 8, ten classes
- ``Photographs``   two color photographs, 427 x 640: a Chinese temple and a flower
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from xailab.data.batch import Batch
from xailab.data.fitting import fit_named, pair
from xailab.images import from_uint8, resize

DIGITS_LEVELS = 16
"""Gray values of the digits are counts of pixels in 4 x 4 blocks, 0 ... 16."""


class Digits:
    """The handwritten digits of scikit-learn as RGB images, ink white on black.

    Parameters
    ----------
    size
        Side in pixels; other than the original 8 they are resized bilinearly.
    """

    name = "digits"
    vocabulary: None = None
    classes = tuple("0123456789")

    def __init__(self, *, size: int = 8) -> None:
        from sklearn.datasets import load_digits

        self.image_size = pair(size)
        bunch = load_digits()
        self._gray = torch.from_numpy(bunch.images.astype(np.float32) / DIGITS_LEVELS)
        self._targets = torch.from_numpy(bunch.target.astype(np.int64))
        self.fingerprint = _fingerprint("digits", self.image_size, self._gray, self._targets)

    def __len__(self) -> int:
        return len(self._gray)

    def read(self, indices: Sequence[int]) -> Batch:
        """Return images and the digits they show."""
        positions = _positions(indices, len(self), self.name)
        images = resize(self._gray[positions][:, None].expand(-1, 3, -1, -1), self.image_size)
        return Batch(images.contiguous(), positions, targets=self._targets[positions])

    def read_labels(self, indices: Sequence[int]) -> None:
        """Return None: there are no concept labels."""


class Photographs:
    """The two photographs of scikit-learn.

    Parameters
    ----------
    size
        Height and width in pixels, one number for a square, None for the original 427 x 640.
    fit
        ``"crop"`` covers the size and cuts out the center, ``"squash"`` ignores the aspect ratio.

    Attributes
    ----------
    titles
        What the images are called.
    """

    name = "photographs"
    vocabulary: None = None
    classes: tuple[str, ...] = ()
    titles = ("china", "flower")

    def __init__(self, *, size: int | tuple[int, int] | None = 224, fit: str = "crop") -> None:
        from sklearn.datasets import load_sample_image

        originals = [from_uint8(_tensor(load_sample_image(f"{title}.jpg"))) for title in self.titles]
        self.image_size = pair((originals[0].shape[1], originals[0].shape[2]) if size is None else size)
        fitted = fit_named(fit)
        self._images = torch.stack([fitted(image, self.image_size) for image in originals])
        self.fingerprint = _fingerprint("photographs", self.image_size, self._images)

    def __len__(self) -> int:
        return len(self._images)

    def read(self, indices: Sequence[int]) -> Batch:
        """Return images."""
        positions = _positions(indices, len(self), self.name)
        return Batch(self._images[positions], positions)

    def read_labels(self, indices: Sequence[int]) -> None:
        """Return None: there are no concept labels."""


def _tensor(pixels: np.ndarray) -> Tensor:
    """``h w 3`` bytes as ``3 h w``."""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1).contiguous()


def _positions(indices: Sequence[int], count: int, name: str) -> Tensor:
    """Return the indices as a tensor, or raise IndexError."""
    for index in indices:
        if not 0 <= index < count:
            raise IndexError(f"no image {index}: {name} has {count}")
    return torch.tensor(list(indices), dtype=torch.int64)


def _fingerprint(name: str, size: tuple[int, int], *values: Tensor) -> str:
    """Hash the pixels and what is done with them."""
    digest = hashlib.sha256(repr((name, size)).encode())
    for value in values:
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()[:32]
