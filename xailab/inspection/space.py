"""The activation space of a layer: every cell of every image is a point, its vector of activations over the units.

- ``activation_space``  draw cells from a data set of any size, with the labels at their places
- ``ActivationSpace``   the points
- ``Principal``         a quick look: the directions in which the points differ most

Source: Carter et al. 2019 draw one random cell per image of such a space for their activation atlas.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int, Int32, Int64
from torch import Tensor

from xailab import hooks
from xailab.data.batch import Batch, Dataset, Vocabulary, batches
from xailab.errors import UnknownName, XailabError
from xailab.graph import trace
from xailab.inspection.cell_sample import CellSample
from xailab.inspection.views import as_maps
from xailab.models import feeding
from xailab.models.network import Network
from xailab.receptive import ReceptiveField, receptive_field

CLASSES = "class"
"""The word for a data set's own classes, beside the categories of its concepts."""


@dataclass(frozen=True, eq=False)
class Principal:
    """Points in the directions in which they differ most.

    Parameters
    ----------
    points
        Coordinates about the mean.
    share
        Of the variance of the whole space, how much lies in each direction.
    directions
        Unit vectors over the layer's units; of each, the entry of largest magnitude is positive.
    """

    points: Float64[np.ndarray, "n c"]
    share: Float64[np.ndarray, " c"]
    directions: Float64[np.ndarray, "c k"]


@dataclass(frozen=True, eq=False)
class ActivationSpace:
    """Cells of a layer as points, ordered by image and cell.

    Parameters
    ----------
    layer
        Its name.
    vectors
        What the k units give at each of the n cells.
    images
        Position of each cell's image in the data set.
    cells
        Row and column.
    labels
        Category -> number of the concept at the cell's place, or of the class of its image; 0 (-1 for a class) where
        there is none.
    vocabulary, classes
        What the numbers mean.
    """

    layer: str
    vectors: Float32[np.ndarray, "n k"]
    images: Int64[np.ndarray, " n"]
    cells: Int64[np.ndarray, "n 2"]
    labels: Mapping[str, Int32[np.ndarray, " n"]] = field(default_factory=dict)
    vocabulary: Vocabulary | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.vectors)

    def names(self, category: str) -> list[str]:
        """Return the name of each point's concept (or class); ``""`` where it has none. Raises ``UnknownName``."""
        if category not in self.labels:
            raise UnknownName("category of labels", category, self.labels)
        numbers = self.labels[category].tolist()
        if category == CLASSES:
            return [self.classes[number] if number >= 0 else "" for number in numbers]
        assert self.vocabulary is not None
        titles = {number: concept.title for number, concept in self.vocabulary.by_number.items()}
        return [titles.get(number, "") for number in numbers]

    def principal(self, count: int = 2) -> Principal:
        """Return the points in their ``count`` first principal components, from the covariance, in float64.

        Raises
        ------
        XailabError
            ``count`` below 1 or above the number of units.
        """
        points = self.vectors.astype(np.float64)
        if not 1 <= count <= points.shape[1]:
            raise XailabError(
                f"count must be from 1 to {points.shape[1]} components (the number of units), got {count}"
            )
        centered = points - points.mean(0)
        variances, vectors = np.linalg.eigh(centered.T @ centered / len(points))
        directions = vectors.T[::-1][:count]
        largest = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1)
        directions = directions * np.where(largest < 0, -1.0, 1.0)
        total = variances.clip(0).sum()
        share = variances[::-1][:count].clip(0) / (total or 1.0)
        return Principal(centered @ directions.T, share, directions)


def activation_space(
    network: Network,
    layer: str,
    dataset: Dataset,
    *,
    count: int = 5000,
    seed: int = 0,
    per_image: int | None = None,
    batch_size: int = 64,
    image_size: int | None = None,
) -> ActivationSpace:
    """Draw cells of a layer over a data set, with their labels.

    A cell's label is what the label map of a category shows at the center of the cell's receptive field (the first
    plane that has a label there); where cells have no fields of one size, at the cell's own place in proportion to the
    map. A category that labels whole images gives the first label of the image.

    Parameters
    ----------
    network
        It runs on the device of its module; nothing of it is changed.
    layer
        Dotted name; a layer without maps has one cell per image.
    dataset
        Read once, whatever its size; ``count`` cells are in memory.
    count
        Points.
    seed
        Of the draw. The same seed draws the same cells, whatever ``batch_size``.
    per_image
        As in ``CellSample``; 1 makes the points as independent as the images.
    batch_size, image_size
        As in ``diagnose``.

    Raises
    ------
    UnknownName
        No such layer.
    XailabError
        A data set without images, a layer without units, or one that gives NaN.
    """
    size = image_size or network.image_size
    shape = feeding.output_shapes(network, [layer], size).get(layer)
    if shape is None or len(shape) not in (1, 3):
        raise XailabError(
            f"layer {layer!r} of {network.name} {feeding.described(shape)} for an image; its units span no space"
        )
    if not len(dataset):
        raise XailabError(f"{dataset.name} has no images, so the space has no points")
    places = _Places(receptive_field(trace(network.module, size), layer))
    sample = CellSample(shape[0], count, seed=seed, per_image=per_image)
    device = next((one.device for one in network.module.parameters()), torch.device("cpu"))
    for batch in batches(dataset, batch_size):
        found = hooks.activations(network.module, feeding.prepare(network, batch.images, size, device), layer)
        try:
            sample.add(as_maps(found[layer], layer), batch.indices, places.labels(batch))
        except ValueError as error:
            raise XailabError(f"layer {layer!r} of {network.name}: {error}") from None
    parts = sample.result()
    labels = {name.removeprefix("label "): values for name, values in parts.items() if name.startswith("label ")}
    return ActivationSpace(
        layer, parts["vectors"], parts["images"], parts["cells"], labels, dataset.vocabulary, dataset.classes
    )


class _Places:
    """Where the cells of a layer lie in label maps of any size."""

    def __init__(self, seen: ReceptiveField) -> None:
        rows, columns = seen.map_size
        self._at = (
            _centers(seen.start[0], seen.jump[0], rows, seen.image_size[0]),
            _centers(seen.start[1], seen.jump[1], columns, seen.image_size[1]),
        )

    def labels(self, batch: Batch) -> dict[str, Int32[Tensor, "b h w"]]:
        """Return category -> number at each cell of some images."""
        rows, columns = (len(at) for at in self._at)
        found: dict[str, Tensor] = {}
        if batch.labels is not None:
            whole = {
                name: _first(tags)[:, None, None].expand(-1, rows, columns) for name, tags in batch.labels.tags.items()
            }
            found |= whole
            for name, planes in batch.labels.maps.items():
                ys, xs = ((at * side).astype(np.int64) for at, side in zip(self._at, planes.shape[2:], strict=True))
                here = _first(planes[:, :, torch.from_numpy(ys)][..., torch.from_numpy(xs)])
                found[name] = torch.where(here > 0, here, whole[name]) if name in whole else here
        if batch.targets is not None:
            found[CLASSES] = batch.targets.to(torch.int32)[:, None, None].expand(-1, rows, columns)
        return found


def _centers(start: float, jump: int | None, count: int, side: int) -> Float64[np.ndarray, " n"]:
    """Return the place of each cell as a part of the image's side, in [0, 1)."""
    cells = np.arange(count)
    parts = (cells + 0.5) / count if jump is None or count == 1 else (start + jump * cells + 0.5) / side
    return np.asarray(parts.clip(0, 1 - 1e-9), np.float64)


def _first(labels: Int[Tensor, "b p ..."]) -> Int32[Tensor, "b ..."]:
    """Return the first label of each place that is not 0; 0 where there is none."""
    if not labels.shape[1]:
        return labels.sum(1).to(torch.int32)
    first = (labels != 0).to(torch.int8).argmax(1, keepdim=True)
    return labels.gather(1, first).squeeze(1).to(torch.int32)
