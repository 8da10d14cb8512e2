"""Intersection over union of every unit with every concept, over a data set.

- ``IoUTally``  an accumulator: add batches of activations and labels, then read the counts
- ``Counts``    the counts, and the IoU
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor
from xailab_kernels.resampling import Alignment, half_pixel

from xailab.data.batch import Labels
from xailab.statistics.conventions import Evidence, ImageSet, PlaneRule, category_present, sum_of_planes
from xailab.statistics.labels import PreparedLabels, prepare
from xailab.statistics.quantile import refuse_nan
from xailab.statistics.upsampling import tables


@dataclass(frozen=True)
class Counts:
    """Pixel counts of k units and c concepts; concept 0 stands for "unlabelled" and is all 0.

    Parameters
    ----------
    intersection
        Label pixels on which the unit is active and the concept labelled, |A & L|.
    concept
        Label pixels of each concept in all images, |L|.
    activation
        Label pixels on which the unit is active, in the images that count for the concept, |A|.
    images
        How many images were seen.
    """

    intersection: Int64[Tensor, "k c"]
    concept: Int64[Tensor, " c"]
    activation: Int64[Tensor, "k c"]
    images: int

    def iou(self) -> Float64[Tensor, "k c"]:
        """Return |A & L| / (|A| + |L| - |A & L|), in [0, 1]; 0 where the union is empty.

        Source: Bau et al. 2017, eq. 1.
        """
        union = self.activation + self.concept - self.intersection  # eq. 1
        return torch.where(union > 0, self.intersection / union.clamp(min=1).double(), 0.0)


class IoUTally:
    """Count, over a data set, on how many pixels of each concept each unit is active.

    A unit is active where its activation map, upsampled to the label maps' size, is strictly above its threshold.
    Counts are exact 64-bit integers, the same for any order, batch size, sharding, device and number of threads.

    Source: Bau et al. 2017, section 2.3. Their released code keeps at most 2,048 counts per image, and drops the
    smallest of the rest; nothing is dropped here.

    CPU tensors go to a compiled kernel, CUDA tensors through torch on their device.

    Parameters
    ----------
    thresholds
        One per unit: a row of ``TopQuantile.result()``.
    categories
        Code in 0 ... 63 of each concept's category, -1 for none: ``Vocabulary.category_codes``. Its length is that of
        all tables indexed by concept number.
    alignment
        Where the cells of the activation map lie on the label map: see ``xailab_kernels.resampling``.
    planes
        What a label on several planes of a pixel counts: see ``xailab.statistics.conventions``.
    images
        Which images count for a unit's area: see ``xailab.statistics.conventions``.
    label_size
        Height and width of the label maps; by default those of the first batch that has maps.

    Raises
    ------
    ValueError
        Categories outside -1 ... 63, or an empty table of them.
    """

    def __init__(
        self,
        thresholds: Float32[Tensor, " k"],
        *,
        categories: Int64[Tensor, " c"] | Int64[np.ndarray, " c"],
        alignment: Alignment = half_pixel,
        planes: PlaneRule = sum_of_planes,
        images: ImageSet = category_present,
        label_size: tuple[int, int] | None = None,
    ) -> None:
        self.thresholds = thresholds.detach().cpu().clone()
        self.categories = torch.as_tensor(categories).cpu().clone()
        if not len(self.categories):
            raise ValueError("categories must have an entry for concept number 0 (unlabelled) at least")
        if not (int(self.categories.min()) >= -1 and int(self.categories.max()) < 64):
            raise ValueError("categories must be codes in 0 ... 63, or -1 for none")
        self.alignment, self.planes, self.images, self.label_size = alignment, planes, images, label_size
        self.seen = 0
        units, concepts = len(self.thresholds), len(self.categories)
        nothing = torch.zeros((0, units), dtype=torch.int64)
        absent = torch.zeros((0, concepts), dtype=torch.bool)
        self._intersection = torch.zeros((units, concepts), dtype=torch.int64)
        self._concept = torch.zeros(concepts, dtype=torch.int64)
        self._activation = images.total(Evidence(nothing, nothing, absent, self.categories))

    def add(self, activations: Float[Tensor, "b k h w"], labels: Labels | PreparedLabels) -> None:
        """Add some images.

        Parameters
        ----------
        activations
            The layer's maps, on the device of the labels.
        labels
            Their labels. Where several layers or thresholds share a batch, ``prepare`` them once.

        Raises
        ------
        ValueError
            Shapes that do not belong together, labels of another size or prepared by another rule, numbers out of
            range, activations that are NaN. Nothing has been added then.
        """
        activations = activations.detach().float()
        if activations.shape[1] != len(self.thresholds):
            raise ValueError(
                f"expected activations of {len(self.thresholds)} units, got {activations.shape[1]} (axis 1)"
            )
        if not activations.shape[2] * activations.shape[3]:
            raise ValueError(f"maps of {activations.shape[2]}x{activations.shape[3]} cells cannot be upsampled")
        refuse_nan(activations.flatten(2))
        prepared = self._prepared(labels)
        if len(prepared.planes) != len(activations):
            raise ValueError(f"got activations of {len(activations)} images and labels of {len(prepared.planes)}")
        if prepared.local is None:
            on, touched = self._count_on_device(activations, prepared)
        else:
            on, touched = self._count_compiled(activations, prepared)
        device = on.device
        evidence = Evidence(on, touched, prepared.pixels > 0, self.categories.to(device))
        self._activation = self._activation.to(device) + self.images.total(evidence)
        self._concept = self._concept.to(device) + prepared.pixels.sum(0)
        self.label_size = prepared.size
        self.seen += len(activations)

    def merge(self, other: "IoUTally") -> None:
        """Add what another accumulator, of other images, has seen.

        Raises
        ------
        ValueError
            It has other thresholds, categories or conventions, or label maps of another size.
        """
        for name in ("thresholds", "categories"):
            if not torch.equal(getattr(self, name), getattr(other, name)):
                raise ValueError(f"cannot merge: the two tallies have different {name}")
        _refuse_other_conventions("merge", self._conventions(), other._conventions())
        if self.label_size and other.label_size and tuple(self.label_size) != tuple(other.label_size):
            raise ValueError(f"cannot merge: label maps are {self.label_size} here and {other.label_size} there")
        self._intersection = self._intersection + other._intersection.to(self._intersection.device)
        self._concept = self._concept + other._concept.to(self._concept.device)
        self._activation = self._activation + other._activation.to(self._activation.device)
        self.label_size = self.label_size or other.label_size
        self.seen += other.seen

    def result(self) -> Counts:
        """Return the counts so far, on the CPU."""
        activation = self.images.spread(self._activation.cpu(), self.categories).clone()
        activation[:, 0] = 0
        return Counts(self._intersection.cpu().clone(), self._concept.cpu().clone(), activation, self.seen)

    def state(self) -> dict[str, np.ndarray]:
        """Return everything needed to go on later, the conventions by their names."""
        return {
            "thresholds": self.thresholds.numpy().copy(),
            "categories": self.categories.numpy().copy(),
            "intersection": self._intersection.cpu().numpy().copy(),
            "concept": self._concept.cpu().numpy().copy(),
            "activation": self._activation.cpu().numpy().copy(),
            "images": np.array(self.seen, np.int64),
            "label_size": np.array(self.label_size or (), np.int64),
            "conventions": np.array(self._conventions()),
        }

    @classmethod
    def from_state(
        cls,
        state: Mapping[str, np.ndarray],
        *,
        alignment: Alignment = half_pixel,
        planes: PlaneRule = sum_of_planes,
        images: ImageSet = category_present,
    ) -> "IoUTally":
        """Return an accumulator that goes on where ``state`` was taken; the conventions must be the same.

        Raises
        ------
        ValueError
            The state was counted under other conventions.
        """
        size = tuple(int(n) for n in state["label_size"])
        tally = cls(
            torch.from_numpy(np.array(state["thresholds"], np.float32)),
            categories=np.array(state["categories"], np.int64),
            alignment=alignment,
            planes=planes,
            images=images,
            label_size=(size[0], size[1]) if size else None,
        )
        _refuse_other_conventions("go on", tally._conventions(), [str(name) for name in state["conventions"]])
        tally._intersection = torch.from_numpy(np.array(state["intersection"], np.int64))
        tally._concept = torch.from_numpy(np.array(state["concept"], np.int64))
        tally._activation = torch.from_numpy(np.array(state["activation"], np.int64))
        tally.seen = int(state["images"])
        return tally

    def _prepared(self, labels: Labels | PreparedLabels) -> PreparedLabels:
        """Prepare labels, or see whether they were prepared for this tally."""
        size = len(self.categories)
        if isinstance(labels, Labels):
            return prepare(labels, vocabulary_size=size, planes=self.planes, label_size=self.label_size)
        if labels.pixels.shape[1] != size:
            raise ValueError(f"labels were prepared for vocabulary_size={labels.pixels.shape[1]}, the tally has {size}")
        if labels.rule is not self.planes:
            raise ValueError(f"labels were prepared with {_name(labels.rule)}, the tally uses {_name(self.planes)}")
        if self.label_size is not None and labels.size != tuple(self.label_size):
            raise ValueError(f"expected label maps of {tuple(self.label_size)} pixels, got {labels.size}")
        return labels

    def _count_compiled(self, activations: Tensor, prepared: PreparedLabels) -> tuple[Tensor, Tensor]:
        """Count with the kernel."""
        from xailab_kernels import iou

        if prepared.local is None or activations.device.type != "cpu":
            raise ValueError(f"labels are on the CPU, activations on {activations.device}; move one to the other")
        self._intersection = self._intersection.cpu()
        on, touched = iou.count(
            activations.numpy(),
            self.thresholds.numpy(),
            self.alignment(activations.shape[2], prepared.size[0]),
            self.alignment(activations.shape[3], prepared.size[1]),
            prepared.local,
            self.categories.numpy(),
            self._intersection.numpy(),
        )
        return torch.from_numpy(on), torch.from_numpy(touched.view(np.int64))

    def _count_on_device(self, activations: Tensor, prepared: PreparedLabels) -> tuple[Tensor, Tensor]:
        """Count with torch, wherever the tensors are."""
        from xailab.statistics.counting import count

        device = prepared.planes.device
        if activations.device != device:
            raise ValueError(f"labels are on {device}, activations on {activations.device}; move one to the other")
        height, width = activations.shape[2:]
        rows, cols = tables(height, width, prepared.size, alignment=self.alignment, device=device)
        categories = self.categories.to(device)
        intersection, on, touched = count(activations, self.thresholds.to(device), rows, cols, prepared, categories)
        self._intersection = self._intersection.to(device) + intersection
        return on, touched

    def _conventions(self) -> list[str]:
        """Name what changes numbers."""
        return [_name(self.alignment), _name(self.planes), self.images.name]


def _name(convention: object) -> str:
    """Return the name of a function, or what a frozen value says of itself."""
    return str(getattr(convention, "__name__", convention))


def _refuse_other_conventions(what: str, here: list[str], there: list[str]) -> None:
    """Raise where two tallies would count different things."""
    for one, other in zip(here, there, strict=True):
        if one != other:
            raise ValueError(f"cannot {what}: the convention is {one} here and {other} there")
