"""One pass over a range of images, interruptible and resumable.

- ``observe``  let an ``Observer`` see them: thresholds and best images
- ``tally``    let a ``Tallier`` count them
- ``Stage``    how a pass is shown and where it is saved
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from xailab.data.batch import Dataset
from xailab.dissection.checkpoint import Checkpoint, State
from xailab.dissection.observing import Observer
from xailab.dissection.recall import Recall
from xailab.dissection.subject import Subject, activations
from xailab.dissection.tallying import Tallier, dealt, shuffled
from xailab.errors import XailabError
from xailab.interrupts import interrupts_deferred


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
        maps = kept.look_up(indices)
        if maps is None:
            maps = activations(subject, dataset.read(indices).images)
            kept.keep(indices, maps)
        observer.add(maps, torch.arange(indices.start, indices.stop))

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
            maps, labels = activations(subject, batch.images), batch.labels
        else:
            labels = dataset.read_labels(indices)  # no image is decoded again
        if labels is None:
            raise XailabError(f"{dataset.name} gave images without labels")
        others = dataset.read_labels(dealt(partner, indices)) if tallier.null else None
        tallier.add(maps, labels, others)

    _walk(len(dataset), step, tallier, start=start, stop=stop, batch_size=batch_size, stage=stage)


def _walk(
    images: int,
    step: Callable[[range], None],
    accumulator: Observer | Tallier,
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


def _saver(stage: Stage, accumulator: Observer | Tallier) -> Callable[[int], None]:
    """Return what saves a stage at a position."""

    def save(position: int) -> None:
        state: State = accumulator.state() if stage.checkpoint.folder is not None else {}
        stage.checkpoint.save(stage.name, position, state)

    return save


def _bar(stage: Stage, first: int, end: int) -> "tqdm[None]":
    """Return a progress bar in images."""
    return tqdm(total=end, initial=first, desc=stage.title, unit=" images", disable=not stage.progress)
