"""What a unit looked at: the part of an image in the receptive field of the cell where it answered most.

- ``patches``      of the images of some units
- ``Patch``        one of them, in the pixels of the network's input and in those of the image itself
- ``seen_images``  images as the network sees them, each once

Images are resized to the network's input, whatever their shape, before anything is cut out: a patch shows what the
network saw. ``Patch.box_in_image`` is the same place in the image as the data set gives it.

Source: Zeiler and Fergus 2014, section 3 and figure 2: the patches beside their projections.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from xailab import images
from xailab.data.batch import Dataset
from xailab.errors import XailabError
from xailab.receptive import Box, ReceptiveField
from xailab.statistics.topk import Exemplars

GRAY = 0.5
"""What stands where an image has no pixels, or the cell does not see them."""

CHUNK = 64
"""Images read at a time."""


@dataclass(frozen=True, eq=False)
class Patch:
    """What a unit looked at in one image.

    Parameters
    ----------
    unit
        Its number.
    rank
        The column of ``Exemplars`` it comes from: 0 for the first.
    image
        Position in the data set.
    value
        The unit's activation at the cell.
    cell
        Row and column in the layer's map.
    box
        What the cell sees, cut at the image's border; in pixels of the network's input.
    frame
        The same, uncut: it may reach beyond the image, and has the same size for all cells, unless the layer's cells
        differ.
    box_in_image
        ``box`` in pixels of the image as the data set gives it, rounded outward; the same as ``box`` if images are not
        resized.
    pixels
        The image in ``box``, RGB in [0, 1].
    size
        Height and width of ``padded``.
    """

    unit: int
    rank: int
    image: int
    value: float
    cell: tuple[int, int]
    box: Box
    frame: Box
    box_in_image: Box
    pixels: Float[Tensor, "3 h w"] = field(repr=False)
    size: tuple[int, int] = field(repr=False)

    def padded(self, fill: float = GRAY) -> Float[Tensor, "3 height width"]:
        """Return the whole frame, with a color around the image's pixels: all of one layer have the same size.

        The cell is at the same place in all of them.
        """
        height, width = self.size
        top = self.box.top - self.frame.top + (height - self.frame.height) // 2
        left = self.box.left - self.frame.left + (width - self.frame.width) // 2
        canvas = self.pixels.new_full((3, height, width), fill)
        canvas[:, top : top + self.box.height, left : left + self.box.width] = self.pixels
        return canvas


def patches(exemplars: Exemplars, units: Sequence[int], dataset: Dataset, receptive: ReceptiveField) -> list[Patch]:
    """Cut what units looked at out of the images of some exemplars. Reads each image once.

    Parameters
    ----------
    exemplars
        ``best`` or ``lowest`` of ``gather``, or what ``spread`` or ``random_images`` return: one image per column.
    units
        Numbers of units; patches come in this order.
    dataset
        The data set in which the exemplars were found.
    receptive
        Of the layer, for the size to which images were resized.

    Returns
    -------
    list of Patch
        For each unit one per image, the first column first; none for empty places.

    Raises
    ------
    XailabError
        A unit that the layer does not have, or positions that are not in the data set or in the layer's map: exemplars
        of another layer, data set or image size.
    """
    wanted = _wanted(exemplars, units, len(dataset), receptive)
    of_image: dict[int, list[_Place]] = {}
    for place in wanted:
        of_image.setdefault(place.image, []).append(place)
    cut: dict[_Place, Patch] = {}
    for image, pixels in seen_images(dataset, sorted(of_image), receptive.image_size):
        for place in of_image[image]:
            box = receptive.box(*place.cell)
            part = pixels[:, box.top : box.bottom, box.left : box.right].clone()
            inside = _scaled(box, receptive.image_size, dataset.image_size)
            frame = receptive.uncut_box(*place.cell)
            cut[place] = Patch(*place, box, frame, inside, part, receptive.size)
    return [cut[place] for place in wanted]


def seen_images(
    dataset: Dataset, indices: Iterable[int], image_size: int | tuple[int, int]
) -> Iterator[tuple[int, Float[Tensor, "3 h w"]]]:
    """Yield index and image as a network sees it: RGB in [0, 1], resized; a few are in memory at a time."""
    listed = list(indices)
    for first in range(0, len(listed), CHUNK):
        chunk = listed[first : first + CHUNK]
        pixels = images.resize(dataset.read(chunk).images, image_size).clamp(0, 1)
        yield from zip(chunk, pixels, strict=True)


class _Place(NamedTuple):
    """The first fields of a ``Patch``."""

    unit: int
    rank: int
    image: int
    value: float
    cell: tuple[int, int]


def _wanted(exemplars: Exemplars, units: Sequence[int], total: int, receptive: ReceptiveField) -> list[_Place]:
    """Return the places to look at. Raises XailabError for those that cannot be."""
    count, (rows, columns) = len(exemplars.indices), receptive.map_size
    layer, found = receptive.layer, []
    for unit in units:
        if not 0 <= unit < count:
            raise XailabError(f"layer {layer!r} has no unit {unit}: there are {count}, counted from 0")
        places = zip(
            exemplars.indices[unit].tolist(), exemplars.values[unit].tolist(), exemplars.positions[unit].tolist(),
            strict=True,
        )  # fmt: skip
        for rank, (image, value, (row, column)) in enumerate(places):
            if image >= total or row >= rows or column >= columns:
                raise XailabError(
                    f"unit {unit} was at cell ({row}, {column}) in image {image}, but layer {layer!r} has maps of "
                    f"{rows} x {columns} cells and the data set {total} images: these exemplars are of another layer, "
                    "data set or image size"
                )
            if image >= 0:
                found.append(_Place(unit, rank, image, value, (row, column)))
    return found


def _scaled(box: Box, size: tuple[int, int], to: tuple[int, int]) -> Box:
    """Return a box of an image of one size in the pixels of another, rounded outward."""
    (height, width), (rows, columns) = size, to
    return Box(
        box.top * rows // height, box.left * columns // width,
        -(-box.bottom * rows // height), -(-box.right * columns // width),
    )  # fmt: skip
