"""What people are shown of the images of a data set.

- ``small_images``  squares of a few pixels
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from tqdm import tqdm

from xailab.data.batch import Dataset
from xailab.embedding.pictures.thumbnails import thumbnail
from xailab.images import to_uint8

CHUNK = 128
"""Images read at a time."""


def small_images(
    dataset: Dataset, positions: Sequence[int], *, side: int, progress: bool = True
) -> UInt8[np.ndarray, "n t t 3"]:
    """Return the images at some positions as squares of ``side`` pixels, cut to their centers, RGB 0 ... 255."""
    tiles = np.empty((len(positions), side, side, 3), np.uint8)
    with tqdm(total=len(positions), desc="images for the page", unit=" images", disable=not progress) as bar:
        for first in range(0, len(positions), CHUNK):
            batch = dataset.read(positions[first : first + CHUNK])
            pixels = to_uint8(batch.images).permute(0, 2, 3, 1).contiguous().numpy()
            for row, image in enumerate(pixels):
                tiles[first + row] = np.asarray(thumbnail(image, side))
            bar.update(len(pixels))
    return tiles
