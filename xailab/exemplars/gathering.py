"""One pass of a network over a data set, interruptible and resumable.

- ``gather``      layers of a network -> what their units answer to
- ``collect``     the same for a part of the images, as an accumulator: shards are merged
- ``Collection``  that accumulator
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import torch
from tqdm import tqdm

from xailab import hooks
from xailab.data.batch import Batch, Dataset
from xailab.errors import Interrupted, XailabError
from xailab.exemplars.collecting import STANDARD, Collector, LayerExemplars, Observer, Plan
from xailab.exemplars.keeping import Kept
from xailab.interrupts import interrupts_deferred
from xailab.models import feeding
from xailab.models.network import Network

SAVE_EVERY_S = 30.0
"""A process that is killed loses no more than this."""

VERSION = 1
"""Of the meaning of saved states."""

Observers = Mapping[str, Mapping[str, Observer]]
"""Layer -> name -> an empty accumulator that shall see the maps of that layer."""


@dataclass(eq=False)
class Collection:
    """What some layers answer to, of the images seen so far: an accumulator.

    Parameters
    ----------
    layers
        Layer -> its collector.
    shapes
        Layer -> units, rows, columns.
    image_size
        Height and width of the network's input.
    parts
        The positions in the data set that were seen.
    """

    layers: dict[str, Collector]
    shapes: Mapping[str, tuple[int, int, int]]
    image_size: tuple[int, int]
    parts: tuple[range, ...]

    def merge(self, other: "Collection") -> None:
        """Add what another collection, of other images, has seen.

        Raises
        ------
        ValueError
            It is of other layers, image sizes, plans or observers, or an image is in both. Nothing has been added then.
        """
        for name in ("image_size", "shapes"):
            here, there = getattr(self, name), getattr(other, name)
            if here != there:
                raise ValueError(f"cannot merge: {name} is {here} here and {there} there")
        for one in self.parts:
            for part in other.parts:
                both = range(max(one.start, part.start), min(one.stop, part.stop))
                if both:
                    raise ValueError(f"cannot merge: the images {both.start} ... {both.stop - 1} are in both")
        for layer, collector in self.layers.items():
            collector.check_alike(other.layers[layer])
        for layer, collector in self.layers.items():
            collector.merge(other.layers[layer])
        self.parts += other.parts

    def result(self) -> dict[str, LayerExemplars]:
        """Return layer -> what its units answer to."""
        return {layer: one.result(self.shapes[layer], self.image_size) for layer, one in self.layers.items()}


def gather(
    network: Network,
    layers: str | Sequence[str],
    dataset: Dataset,
    *,
    plan: Plan = STANDARD,
    image_size: int | tuple[int, int] | None = None,
    device: str | torch.device = "cpu",
    observers: Observers | None = None,
    keep: Path | None = None,
    progress: bool = True,
) -> dict[str, LayerExemplars]:
    """Find the images that excite the units of some layers most and least, and some at random, in one pass.

    Memory and the kept file do not grow with the data set.

    Parameters
    ----------
    network
        Any; the given record is not changed.
    layers
        Dotted names; all are looked at in the same pass, and the network runs no further than the last of them.
    dataset
        Any; it is read once.
    plan
        The options that change the result.
    image_size
        Images are resized to this height and width (one number: both) before they are fed to the network, whatever
        their shape: boxes and positions are those in the resized image. None: the network's own.
    device
        Where the network runs.
    observers
        Further accumulators per layer, which see the same maps; they stand in the result, and those given stay empty.
    keep
        A file to which everything is saved, every half minute, at the end, and after an interrupt or an error. The same
        call goes on from there, also with another batch size. None: nowhere.
    progress
        Show a bar on stderr.

    Raises
    ------
    UnknownName
        No such layer; names the nearest.
    XailabError
        No layers, no images, a layer that gives neither maps nor one number per unit, images too small for the network,
        no such device, NaN or infinite activations.
    Interrupted
        Ctrl-C was pressed; says what is kept.
    """
    return collect(
        network, layers, dataset, plan=plan, image_size=image_size, device=device, observers=observers, keep=keep,
        progress=progress,
    ).result()  # fmt: skip


def collect(
    network: Network,
    layers: str | Sequence[str],
    dataset: Dataset,
    *,
    part: range | None = None,
    plan: Plan = STANDARD,
    image_size: int | tuple[int, int] | None = None,
    device: str | torch.device = "cpu",
    observers: Observers | None = None,
    keep: Path | None = None,
    progress: bool = True,
) -> Collection:
    """Look at a part of the images; see ``gather``. Parts may run anywhere and be merged.

    For the same bits as in one run, let parts start at multiples of ``plan.batch_size``, because convolutions may round
    differently for another number of images.

    Parameters
    ----------
    part
        Positions in the data set, one after the other. None: all.

    Raises
    ------
    ValueError
        A part that is not in the data set, or has gaps.
    """
    names = (layers,) if isinstance(layers, str) else tuple(dict.fromkeys(layers))
    walk = _Walk.planned(network, names, dataset, part, image_size=image_size, device=device, plan=plan)
    collectors = {
        layer: Collector(layer, shape[0], plan, (observers or {}).get(layer)) for layer, shape in walk.shapes.items()
    }
    unasked = [layer for layer in observers or {} if layer not in collectors]
    if unasked:
        raise ValueError(f"there is an observer for {unasked[0]!r}, which is not among the layers {list(names)}")
    collection = Collection(collectors, walk.shapes, walk.image_size, (walk.part,))
    _run(walk, collection, Kept(keep, walk.key(plan, collectors)), plan.batch_size, progress=progress)
    return collection


@dataclass(frozen=True, eq=False)
class _Walk:
    """What is to be done, checked."""

    network: Network
    dataset: Dataset
    part: range
    shapes: dict[str, tuple[int, int, int]]
    image_size: tuple[int, int]
    device: torch.device

    @classmethod
    def planned(
        cls,
        network: Network,
        layers: Sequence[str],
        dataset: Dataset,
        part: range | None,
        *,
        image_size: int | tuple[int, int] | None,
        device: str | torch.device,
        plan: Plan,
    ) -> "_Walk":
        if not layers:
            raise XailabError("no layer was named; `xailab models NAME` lists the layers of a network")
        where, total = feeding.find_device(device), len(dataset)
        if not total:
            raise XailabError(f"{dataset.name} has no images")
        part = range(total) if part is None else part
        if part.step != 1 or not 0 <= part.start <= part.stop <= total:
            raise ValueError(f"expected a part of the positions 0 ... {total - 1} without gaps, got {part}")
        size = network.image_size if image_size is None else image_size
        size = (size, size) if isinstance(size, int) else size
        known = feeding.output_shapes(network, layers, size)
        shapes = {layer: _map_shape(network.name, layer, known.get(layer, ())) for layer in layers}
        return cls(feeding.on_device(network, where), dataset, part, shapes, size, where)

    def key(self, plan: Plan, collectors: Mapping[str, Collector]) -> str:
        """Return a digest of everything that determines the result."""
        options = {name: value for name, value in asdict(plan).items() if name != "batch_size"}
        normalization = self.network.normalization
        fed = (VERSION, normalization.mean, normalization.std, self.image_size, self.device.type)
        module = self.network.module
        structure = re.sub(r"0x[0-9a-f]+", "", str(module))  # addresses of functions differ from process to process
        parts = {
            "network": feeding.digest(module, *fed, structure),
            "data": (self.dataset.fingerprint, len(self.dataset), self.part.start, self.part.stop),
            "plan": options,
            "layers": {
                layer: {name: type(seen).__qualname__ for name, seen in one.observed.items()}
                for layer, one in collectors.items()
            },
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def maps(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Return layer -> maps of some images."""
        inputs = feeding.prepare(self.network, batch.images, self.image_size, self.device)
        return hooks.activations(self.network.module, inputs, list(self.shapes))


def _run(walk: _Walk, collection: Collection, kept: Kept, batch_size: int, *, progress: bool) -> None:
    """Feed the images to the network and the maps to the collectors."""
    collectors, end = collection.layers, walk.part.stop
    position = max(walk.part.start, kept.load(collectors))
    whole = True  # not between two layers of a batch, where the state would be of no use
    title = f"{', '.join(collectors)}: images" if len(collectors) < 4 else f"{len(collectors)} layers: images"
    with (
        interrupts_deferred() as interrupted,
        tqdm(total=len(walk.part), initial=position - walk.part.start, desc=title, unit=" images", disable=not progress)
        as bar,
    ):  # fmt: skip
        saved = monotonic()
        try:
            while position < end and not interrupted():
                batch = walk.dataset.read(range(position, min(position + batch_size, end)))
                maps, whole = walk.maps(batch), False
                for layer, collector in collectors.items():
                    collector.add(maps[layer], batch.indices)
                position, whole = position + len(batch.indices), True
                bar.update(len(batch.indices))
                if monotonic() - saved > SAVE_EVERY_S:
                    kept.save(collectors, position)
                    saved = monotonic()
        finally:
            if whole:
                kept.save(collectors, position)
    if position < end:
        seen, total = position - walk.part.start, len(walk.part)
        said = f"what was seen of {seen:,} of {total:,} images is kept; " if kept.path is not None else ""
        raise Interrupted(f"interrupted; {said}the same command goes on from there")


def _map_shape(network: str, layer: str, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return units, rows and columns of a layer. Raises XailabError for one that has no units."""
    if len(shape) == 1 and shape[0]:
        return (shape[0], 1, 1)
    if len(shape) == 3 and min(shape) > 0:
        return (shape[0], shape[1], shape[2])
    raise XailabError(
        f"layer {layer!r} of {network} {feeding.described(shape)} for an image; expected one map or one number per "
        f"unit: `xailab models {network}` lists such layers"
    )
