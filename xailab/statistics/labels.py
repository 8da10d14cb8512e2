"""The labels of a batch in the form in which tallies count.

- ``prepare``         from ``Labels``; do it once per batch, for any number of layers and thresholds
- ``PreparedLabels``  the result of it
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Int, Int32, Int64
from torch import Tensor

from xailab.data.batch import Labels
from xailab.statistics.conventions import PlaneRule, sum_of_planes

if TYPE_CHECKING:
    from xailab_kernels.labels import Local


@dataclass(frozen=True)
class PreparedLabels:
    """The labels of b images, and what was counted of them.

    Parameters
    ----------
    planes
        Concept numbers per pixel, 0 = unlabelled, of all categories.
    tags
        Concept numbers of whole images, padded with 0.
    pixels
        Labelled pixels of each image and concept; a whole-image label counts h * w.
    local
        The runs of equal labels, for the compiled kernel; None on a CUDA device.
    rule
        The plane rule that was applied.
    """

    planes: Int32[Tensor, "b p h w"]
    tags: Int32[Tensor, "b t"]
    pixels: Int64[Tensor, "b c"]
    local: "Local | None"
    rule: PlaneRule

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the label planes."""
        return self.planes.shape[2], self.planes.shape[3]


def prepare(
    labels: Labels,
    *,
    vocabulary_size: int,
    planes: PlaneRule = sum_of_planes,
    label_size: tuple[int, int] | None = None,
) -> PreparedLabels:
    """Stack the labels of all categories, apply a plane rule, and count them.

    Parameters
    ----------
    labels
        On the CPU or on a CUDA device, where they stay.
    vocabulary_size
        Length of tables indexed by concept number: all numbers are smaller.
    planes
        What a label on several planes of a pixel counts: see ``xailab.statistics.conventions``.
    label_size
        Height and width of a whole image in label pixels; needed only where there are whole-image labels alone.

    Raises
    ------
    ValueError
        No labels at all, no way to know the size, another size than ``label_size``, or numbers out of range.
    """
    stacked, tags = labels.stacked()
    if stacked is None:
        if tags is None:
            raise ValueError("these images have neither label maps nor whole-image labels: nothing can be tallied")
        if label_size is None:
            raise ValueError("whole-image labels alone do not say how many pixels an image has; pass label_size=(h, w)")
        stacked = tags.new_zeros((len(tags), 0, *label_size))
    elif label_size is not None and tuple(stacked.shape[2:]) != tuple(label_size):
        raise ValueError(f"expected label maps of {_times(label_size)} pixels, got {_times(stacked.shape[2:])}")
    if tags is None:
        tags = stacked.new_zeros((len(stacked), 0))
    stacked, tags = planes(stacked.to(torch.int32).contiguous(), tags.to(torch.int32).contiguous())
    if stacked.device.type == "cpu":
        from xailab_kernels.labels import localize

        local = localize(stacked.numpy(), tags.numpy(), vocabulary_size)
        return PreparedLabels(stacked, tags, torch.from_numpy(local.pixels), local, planes)
    return PreparedLabels(stacked, tags, _pixels_on_device(stacked, tags, vocabulary_size), None, planes)


def _pixels_on_device(
    planes: Int32[Tensor, "b p h w"], tags: Int32[Tensor, "b t"], vocabulary_size: int
) -> Int64[Tensor, "b c"]:
    """Count labelled pixels with torch; the twin of the kernel's ``Local.pixels``."""
    b, _, h, w = planes.shape
    everything = torch.cat([planes.flatten(1), tags], 1)
    if everything.numel() and (int(everything.min()) < 0 or int(everything.max()) >= vocabulary_size):
        raise ValueError(f"labels must be in 0 ... {vocabulary_size - 1} (vocabulary_size - 1)")
    line = torch.arange(b, device=planes.device)[:, None] * vocabulary_size
    pixels = _histogram(line + planes.flatten(1), b * vocabulary_size)
    pixels += _histogram(line + tags, b * vocabulary_size) * (h * w)
    pixels = pixels.view(b, vocabulary_size)
    pixels[:, 0] = 0
    return pixels


def _histogram(keys: Int[Tensor, "b n"], size: int) -> Int64[Tensor, " size"]:
    """Count how often each key occurs; integers, so the same on every run."""
    return torch.bincount(keys.flatten().long(), minlength=size)


def _times(size: tuple[int, ...] | torch.Size) -> str:
    """Write a size as people do."""
    return "x".join(str(n) for n in size)
