"""One pass over a range of images, interruptible and resumable.

- ``observe``  let an ``Observer`` see them: thresholds and best images
- ``tally``    let a ``Tallier`` count them
- ``measure``  let a ``ChannelMoments`` see one layer: means and covariances
- ``Stage``    how a pass is shown and where it is saved
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from tqdm import tqdm

from xailab.data.batch import Dataset
from xailab.dissection.checkpoint import Checkpoint, State
from xailab.dissection.observing import Observer
from xailab.dissection.recall import Maps, Recall
from xailab.dissection.subject import Subject, layer_maps, mixed
from xailab.dissection.tallying import Tallier, dealt, shuffled
from xailab.errors import XailabError
from xailab.interrupts import interrupts_deferred
from xailab.statistics.moments import ChannelMoments


@runtime_checkable
class Accumulator(Protocol):
    """What a pass fills, and can be saved in the middle."""

    def state(self) -> State:
        """Return everything needed to go on later."""

    def restore(self, state: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Go on where ``state`` was taken."""


@dataclass(frozen=True)
class Stage:
    """A pass as the user sees it, and where it is saved.

    Parameters
    ----------
    name
        Of its file.
    title
        Of its progress bar.
    checkpoint
        Where it is saved.
    progress
        Whether to show a bar on stderr.
    """

    name: str
    title: str
    checkpoint: Checkpoint
    progress: bool


def observe(
    subject: Subject,
    dataset: Dataset,
    observer: Observer,
    *,
    start: int = 0,
    stop: int | None = None,
    batch_size: int = 64,
    stage: Stage | None = None,
    recall: Recall | None = None,
) -> None:
    """Let an observer see the images ``start`` ... ``stop - 1``.

    Shards may run anywhere and be merged. For the same bits as in one run, let them start at multiples of
    ``batch_size``, because convolutions may round differently for another number of images. Maps that ``recall`` has
    room for are kept there.
    """
    kept = recall or Recall(0)

    def step(indices: range) -> None:
        maps = _recalled(subject, dataset, indices, kept)
        observer.add(mixed(subject, maps), torch.arange(indices.start, indices.stop))

    _walk(len(dataset), step, observer, start=start, stop=stop, batch_size=batch_size, stage=stage)


def tally(
    subject: Subject,
    dataset: Dataset,
    tallier: Tallier,
    *,
    seed: int = 0,
    start: int = 0,
    stop: int | None = None,
    batch_size: int = 64,
    stage: Stage | None = None,
    recall: Recall | None = None,
) -> None:
    """Let a tallier count the images ``start`` ... ``stop - 1``; for shards see ``observe``."""
    kept = recall or Recall(0)
    partner = shuffled(len(dataset), seed=seed) if tallier.null else np.empty(0, np.int64)

    def step(indices: range) -> None:
        maps = kept.look_up(indices)
        if maps is None:
            batch = dataset.read(indices)
            maps, labels = layer_maps(subject, batch.images), batch.labels
        else:
            labels = dataset.read_labels(indices)  # no image is decoded again
        if labels is None:
            raise XailabError(f"{dataset.name} gave images without labels")
        others = dataset.read_labels(dealt(partner, indices)) if tallier.null else None
        tallier.add(mixed(subject, maps), labels, others)

    _walk(len(dataset), step, tallier, start=start, stop=stop, batch_size=batch_size, stage=stage)


@dataclass
class _Moments:
    """Moments as an accumulator whose state can be put back."""

    value: ChannelMoments

    def state(self) -> State:
        return {"moments": self.value.state()}

    def restore(self, state: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        self.value = ChannelMoments.from_state(state["moments"])


def measure(
    subject: Subject,
    dataset: Dataset,
    layer: str,
    *,
    batch_size: int = 64,
    stage: Stage | None = None,
    recall: Recall | None = None,
) -> ChannelMoments:
    """Return the means and covariances of the units of a layer over all cells of all images."""
    kept, moments = recall or Recall(0), _Moments(ChannelMoments(subject.layers[layer][0]))

    def step(indices: range) -> None:
        moments.value.add(_recalled(subject, dataset, indices, kept)[layer])

    _walk(len(dataset), step, moments, start=0, stop=None, batch_size=batch_size, stage=stage)
    return moments.value


def _recalled(subject: Subject, dataset: Dataset, indices: range, kept: Recall) -> Maps:
    """Return the maps of a batch: those kept, or new ones, which are kept if they fit."""
    maps = kept.look_up(indices)
    if maps is None:
        maps = layer_maps(subject, dataset.read(indices).images)
        kept.keep(indices, maps)
    return maps


def _walk(
    images: int,
    step: Callable[[range], None],
    accumulator: Accumulator,
    *,
    start: int,
    stop: int | None,
    batch_size: int,
    stage: Stage | None,
) -> None:
    """Feed positions to ``step``; between two batches, save where it stands: now and then, at Ctrl-C, at the end."""
    end = images if stop is None else min(stop, images)
    if stage is None:
        for first in range(start, end, batch_size):
            step(range(first, min(first + batch_size, end)))
        return
    saved = stage.checkpoint.load(stage.name)
    if saved is not None:
        start, state = saved
        accumulator.restore(state)
    save = _saver(stage, accumulator)
    with interrupts_deferred() as interrupted, _bar(stage, start, end) as bar:
        for first in range(start, end, batch_size):
            indices = range(first, min(first + batch_size, end))
            step(indices)
            bar.update(len(indices))
            if interrupted() or stage.checkpoint.due():
                save(indices.stop)
            if interrupted():
                raise KeyboardInterrupt
    save(end)


def _saver(stage: Stage, accumulator: Accumulator) -> Callable[[int], None]:
    """Return what saves a stage at a position."""

    def save(position: int) -> None:
        state: State = accumulator.state() if stage.checkpoint.folder is not None else {}
        stage.checkpoint.save(stage.name, position, state)

    return save


def _bar(stage: Stage, first: int, end: int) -> "tqdm[None]":
    """Return a progress bar in images."""
    return tqdm(total=end, initial=first, desc=stage.title, unit=" images", disable=not stage.progress)
