"""Label planes: a PNG whose pixels are concept numbers, ``red + 256 * green``; 0 is unlabelled.

- ``read_plane``   PNG -> int32 numbers
- ``write_plane``  int32 numbers -> PNG

Source: the README of the Broden release (Bau et al. 2017). Blue is not used.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int32
from PIL import Image

from xailab.errors import DataError

LARGEST_NUMBER = 256 * 256 - 1
"""What fits into two bytes."""


def read_plane(path: Path, size: tuple[int, int], known: Bool[np.ndarray, " n"]) -> Int32[np.ndarray, "h w"]:
    """Decode one label plane.

    Parameters
    ----------
    path
        A PNG file in RGB.
    size
        Height and width that it must have.
    known
        Which numbers are concepts, indexed by number.

    Raises
    ------
    DataError
        No such file, damaged, another color mode, another size, or a number that is not a concept. Names the file.
    """
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            mode, width, height = picture.mode, picture.width, picture.height
            # RGB padded to four bytes is how Pillow stores it: one copy, and the first two bytes are the number.
            raw = picture.tobytes("raw", "RGBX") if mode == "RGB" and (height, width) == size else b""
    except FileNotFoundError:
        raise DataError(f"no file {path}") from None
    except Exception as error:  # Pillow's decoders raise whatever a damaged file leads them to
        raise DataError(f"cannot read {path} as a PNG, it may be damaged or cut short: {error}") from error
    if (height, width) != size:
        raise DataError(f"{path} has {height} x {width} pixels, but sh x sw is {size[0]} x {size[1]}")
    if mode != "RGB":
        raise DataError(f"{path} has the color mode {mode}, expected RGB (number = red + 256 * green)")
    numbers = np.frombuffer(raw, "<u2")[::2].reshape(size).astype(np.int32)
    if int(numbers.max()) >= len(known) or not (known.all() or known[numbers].all()):
        unknown = [number for number in np.unique(numbers).tolist() if number >= len(known) or not known[number]]
        raise DataError(f"{path} has the label {unknown[0]}, which label.csv does not list for these categories")
    return numbers


def write_plane(numbers: Int32[np.ndarray, "h w"], path: Path) -> None:
    """Encode one label plane as a PNG. Raises ValueError for numbers below 0 or above 65535."""
    if numbers.min() < 0 or numbers.max() > LARGEST_NUMBER:
        raise ValueError(
            f"concept numbers from {numbers.min()} to {numbers.max()}, but 0 to {LARGEST_NUMBER} fit a PNG"
        )
    channels = np.stack([numbers % 256, numbers // 256, np.zeros_like(numbers)], -1)
    Image.fromarray(channels.astype(np.uint8)).save(path, format="PNG")
