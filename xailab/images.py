"""Images: reading, writing, resizing, and the only place that knows a network's mean and standard deviation.

Everywhere in xailab an image is RGB, float, in [0, 1], ``3 h w``; only ``normalize`` leaves that range, on the way into
a network.

- ``Normalization``               the mean and standard deviation that a network was trained with
- ``MINIBRODEN``, ``IMAGENET``, ``NETDISSECT_PYTORCH``  those in use
- ``normalize``, ``denormalize``  from [0, 1] to what the network expects, and back
- ``resize``                      bilinear, antialiased when shrinking
- ``load``, ``save``              one image file of any common kind
- ``from_pil``, ``to_pil``        the same without a file
- ``from_uint8``, ``to_uint8``    between 0 ... 255 and [0, 1]
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn.functional import interpolate

from xailab.errors import DataError
from xailab.files import write_beside

RANGE_SLACK = 1e-4
"""How far outside [0, 1] a pixel may lie from rounding (resizing, half precision) before it is called a mistake."""


@dataclass(frozen=True)
class Normalization:
    """The per-channel affine map that a network was trained with: ``(image - mean) / std``.

    Parameters
    ----------
    mean, std
        Red, green, blue, in units of images in [0, 1].
    name
        For tables, messages and the keys of caches.

    Raises
    ------
    ValueError
        Not three finite numbers each, or a ``std`` that is not positive.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    name: str

    def __post_init__(self) -> None:
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(math.isfinite, (*self.mean, *self.std))):
            raise ValueError(
                f"normalization {self.name!r}: mean and std need three finite numbers each (red, green, blue)"
            )
        if min(self.std) <= 0:
            raise ValueError(f"normalization {self.name!r}: std must be positive, got {self.std}")


MINIBRODEN = Normalization((0.5, 0.5, 0.5), (0.25, 0.25, 0.25), "minibroden")
"""Of the networks trained on MiniBroden: round numbers near that data set's own."""

IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "imagenet")
"""Of torchvision's networks. Source: torchvision's documentation, "Models and pre-trained weights"."""

NETDISSECT_PYTORCH = Normalization(
    (124.6901 / 255, 118.6897 / 255, 109.5388 / 255), (0.224, 0.224, 0.224), "netdissect-pytorch"
)
"""What NetDissect's release fed to PyTorch networks: Places365's mean, one std for all. Only for comparisons."""


def normalize(images: Float[Tensor, "b 3 h w"], normalization: Normalization) -> Float[Tensor, "b 3 h w"]:
    """Map images in [0, 1] to what a network expects: ``(images - mean) / std``, differentiable, same dtype and device.

    Raises
    ------
    ValueError
        Pixels outside [0, 1] or NaN: the images are still 0 ... 255, or already normalized.
    """
    _check_unit_range(images)
    mean, std = _columns(normalization, images)
    return (images - mean) / std


def denormalize(images: Float[Tensor, "b 3 h w"], normalization: Normalization) -> Float[Tensor, "b 3 h w"]:
    """Undo ``normalize``: ``images * std + mean``. The range is not checked: an optimized input may leave [0, 1]."""
    mean, std = _columns(normalization, images)
    return images * std + mean


def resize(images: Float[Tensor, "b c h w"], size: int | tuple[int, int]) -> Float[Tensor, "b c height width"]:
    """Resample to ``size`` (one number: a square; two: height, width), ignoring the aspect ratio.

    Bilinear with half-pixel centers; shrinking averages over all pixels that fall into one (antialiased), so that fine
    texture does not turn into false patterns. Images that have the size already are returned as they are.

    Raises
    ------
    ValueError
        A size below 1 pixel.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise ValueError(f"cannot resize to {height} x {width}: height and width must be at least 1 pixel")
    if images.shape[-2:] == (height, width):
        return images
    return interpolate(images, size=(height, width), mode="bilinear", align_corners=False, antialias=True)


def load(path: str | Path, size: int | tuple[int, int] | None = None) -> Float[Tensor, "3 h w"]:
    """Read one image file as RGB float32 in [0, 1].

    ``from_pil`` says what becomes of grayscale, transparent, 16-bit and turned images. Of an animation the first frame
    is taken.

    Parameters
    ----------
    path
        Any format that Pillow reads.
    size
        If given, the image is resized to it (``resize``).

    Raises
    ------
    DataError
        No such file, not an image, damaged or cut short, or pixel values without a known range. Names the file.
    """
    path = Path(path)
    try:
        with Image.open(path) as picture:
            image = from_pil(picture)
    except FileNotFoundError:
        raise DataError(f"no image file {path}") from None
    except DataError as error:
        raise DataError(f"cannot read the image {path}: {error}") from None
    except Exception as error:  # Pillow's decoders raise whatever a damaged file leads them to
        raise DataError(f"cannot read {path} as an image, it may be damaged or of another kind: {error}") from error
    return image if size is None else resize(image[None], size)[0]


def save(image: Float[Tensor, "3 h w"], path: str | Path) -> None:
    """Write an image in [0, 1] to a file, 8 bits per channel; the suffix chooses the format. Never half-written.

    Raises
    ------
    ValueError
        A suffix that no writer knows, or pixels outside [0, 1].
    XailabError
        The folder does not exist or cannot be written to. Names the path.
    """
    path = Path(path)
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"cannot tell the image format of {path.name!r} from its suffix; use .png (or .jpg)")
    picture = to_pil(image)
    with write_beside(path) as temporary:
        picture.save(temporary)


def from_pil(picture: Image.Image) -> Float[Tensor, "3 h w"]:
    """Turn a Pillow image of any mode into RGB float32 in [0, 1].

    - grayscale and palettes become RGB, CMYK by Pillow's plain formula (no color profile is applied);
    - transparency is laid over white;
    - 16-bit gray is divided by 65535 (Pillow itself cuts 16-bit *color* to 8 bits on reading);
    - a camera's orientation tag (EXIF) is obeyed.

    Raises
    ------
    DataError
        32-bit integers or floats that are outside 0 ... 65535 or [0, 1]: their range is unknown.
    """
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        return _from_wide_gray(picture)
    pixels = torch.from_numpy(np.array(picture.convert("RGBA" if picture.has_transparency_data else "RGB")))
    image = from_uint8(pixels.permute(2, 0, 1).contiguous())
    if image.shape[0] == 4:
        color, opacity = image[:3], image[3:]
        image = color * opacity + (1 - opacity)
    return image


def to_pil(image: Float[Tensor, "3 h w"]) -> Image.Image:
    """Turn an image in [0, 1] into an 8-bit RGB Pillow image. Raises ValueError for pixels outside [0, 1]."""
    return Image.fromarray(np.ascontiguousarray(to_uint8(image).permute(1, 2, 0).cpu().numpy()))


def from_uint8(images: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Divide 0 ... 255 by 255: float32 in [0, 1]."""
    return images.to(torch.float32) / 255


def to_uint8(images: Float[Tensor, "*shape"]) -> UInt8[Tensor, "*shape"]:
    """Round images in [0, 1] to 0 ... 255, undoing ``from_uint8``. Raises ValueError for pixels outside [0, 1]."""
    _check_unit_range(images)
    return (images.detach().to(torch.float32) * 255).round().clamp(0, 255).to(torch.uint8)


def _from_wide_gray(picture: Image.Image) -> Float[Tensor, "3 h w"]:
    """Scale gray values of more than 8 bits to [0, 1] and repeat them in all three channels."""
    values = np.array(picture).astype(np.float64)
    top = 1 if picture.mode == "F" else 65535
    if not (values.min() >= 0 and values.max() <= top):
        raise DataError(
            f"pixel values from {values.min():g} to {values.max():g}, expected 0 to {top} (mode {picture.mode})"
        )
    return torch.from_numpy(values / top).to(torch.float32).expand(3, -1, -1).contiguous()


def _columns(normalization: Normalization, images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and std as tensors that broadcast over ``b 3 h w``."""
    mean = torch.tensor(normalization.mean, dtype=images.dtype, device=images.device)
    std = torch.tensor(normalization.std, dtype=images.dtype, device=images.device)
    return mean.view(3, 1, 1), std.view(3, 1, 1)


def _check_unit_range(images: Tensor) -> None:
    """Refuse pixels that are not in [0, 1], with a guess at how they came about."""
    if images.numel() == 0:
        return
    low, high = (float(end) for end in images.detach().aminmax())
    if low >= -RANGE_SLACK and high <= 1 + RANGE_SLACK:
        return
    if math.isnan(low) or math.isnan(high):
        guess = "they contain NaN"
    elif low >= 0 and high <= 255:
        guess = "they look like 0 ... 255: divide by 255 (images.from_uint8)"
    else:
        guess = "they look normalized already: pass the images as they were loaded, or images.denormalize them"
    raise ValueError(f"expected images in [0, 1], got values from {low:.4g} to {high:.4g}; {guess}")
