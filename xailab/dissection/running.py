"""The two passes over a data set, interruptible and resumable.

- ``dissect``       layers of one network -> ``LayerResult`` per layer
- ``dissect_with_controls``  the same for the network and for itself with random weights
- ``Plan``          the options of a run that change its result
- ``observe``, ``tally``     the passes over a range of images, for runs that are split into shards
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from tqdm import tqdm

from xailab.data.batch import Batch, Dataset, Vocabulary, batches
from xailab.dissection.checkpoint import Checkpoint, State, module_digest, run_key
from xailab.dissection.conventions import CVPR2017, Conventions
from xailab.dissection.observing import Measure, Observer, gathered, plan_observations
from xailab.dissection.result import Dissection, LayerResult
from xailab.dissection.subject import Subject, activations, subject_of
from xailab.dissection.tallying import Tallier, dealt, shuffled
from xailab.errors import XailabError
from xailab.interrupts import interrupts_deferred
from xailab.models.network import Network
from xailab.models.randomizing import randomized
from xailab.statistics.topk import TopImages

VERSION = 1
"""Of the meaning of saved states; part of the key of an interrupted run."""


@dataclass(frozen=True)
class Plan:
    """The options of a run that change its result.

    Parameters
    ----------
    conventions
        Whose definitions.
    quantiles
        Further quantiles to count at, for the quantile curve.
    null
        Whether to count against the labels of other images too.
    exemplars
        Best images to keep per unit.
    seed
        Of the null control's order and of random weights.
    batch_size
        Images per forward pass. (Convolutions may round differently for another number of images.)
    """

    conventions: Conventions = CVPR2017
    quantiles: tuple[float, ...] = ()
    null: bool = True
    exemplars: int = 8
    seed: int = 0
    batch_size: int = 64

    @property
    def all_quantiles(self) -> tuple[float, ...]:
        """The conventions' quantile first, then the others, each once."""
        return tuple(dict.fromkeys((self.conventions.quantile, *self.quantiles)))


def dissect(
    network: Network,
    dataset: Dataset,
    layers: Sequence[str],
    *,
    plan: Plan = Plan(),
    image_size: int | None = None,
    device: str | torch.device = "cpu",
    memory: int = 2**30,
    resume: Path | None = None,
    progress: bool = True,
) -> dict[str, LayerResult]:
    """Compare every unit of some layers with every concept of a data set.

    Source: Bau et al. 2017. Their code dumps all activations to disk (11 GB for AlexNet's conv5); here the network runs
    once for the thresholds and once for the counts, and nothing is stored but the largest activations.

    Parameters
    ----------
    network
        Any network; see ``xailab.models``.
    dataset
        Images with concept labels.
    layers
        Dotted names; all are looked at in the same passes.
    plan
        The options that change the result.
    image_size
        Height and width to which images are resized; None: the network's own.
    device
        Where the network runs; activations and labels are counted there.
    memory
        Bytes for the exact thresholds. Where they need more, the units are looked at in groups, a pass each.
    resume
        A folder for the state of an interrupted run: it is saved there, and taken up from there if it is the same run.
    progress
        Show bars on stderr.

    Raises
    ------
    XailabError
        No labels, no images, a layer that cannot be dissected, activations that are NaN.
    KeyboardInterrupt
        Between two batches, after the state was saved.
    """
    subject = subject_of(network, layers, image_size=image_size, device=device)
    vocabulary, label_size = _labelled(dataset)
    measure = Measure(plan.all_quantiles, plan.conventions, label_size, len(dataset), plan.exemplars)
    groups = plan_observations(subject.shapes, measure, memory=memory)
    checkpoint = Checkpoint(resume, _key(subject, dataset, plan))
    observers = []
    for number, group in enumerate(groups):
        observer = Observer(subject.shapes, group, measure)
        stage = _Stage(f"observe-{number}", f"{network.name}: thresholds", checkpoint, progress=progress)
        observe(subject, dataset, observer, batch_size=plan.batch_size, stage=stage)
        observers.append(observer)
    found = {layer: gathered(observers, layer) for layer in subject.shapes}
    tallier = Tallier(
        {layer: thresholds for layer, (thresholds, _) in found.items()},
        vocabulary=vocabulary,
        conventions=plan.conventions,
        label_size=label_size,
        null=plan.null,
    )
    stage = _Stage("tally", f"{network.name}: counting", checkpoint, progress=progress)
    tally(subject, dataset, tallier, seed=plan.seed, batch_size=plan.batch_size, stage=stage)
    return {layer: _result(layer, subject, plan, *found[layer], tallier) for layer in subject.shapes}


def dissect_with_controls(
    network: Network,
    dataset: Dataset,
    layers: Sequence[str],
    *,
    plan: Plan = Plan(),
    random: bool = True,
    image_size: int | None = None,
    device: str | torch.device = "cpu",
    memory: int = 2**30,
    resume: Path | None = None,
    progress: bool = True,
) -> Dissection:
    """Dissect a network and, as a control, the same network with random weights; see ``dissect`` for the rest.

    The null control (shuffled labels) and further quantiles are counted for the trained network only.
    """
    options = {"image_size": image_size, "device": device, "memory": memory, "progress": progress}
    vocabulary, _ = _labelled(dataset)
    untrained = randomized(network, seed=plan.seed) if random else None  # before any work: it may be impossible
    trained = dissect(network, dataset, layers, plan=plan, resume=_sub(resume, "trained"), **options)  # type: ignore[arg-type]
    control: Mapping[str, LayerResult] = {}
    if untrained is not None:
        simple = Plan(plan.conventions, (), False, plan.exemplars, plan.seed, plan.batch_size)
        control = dissect(untrained, dataset, layers, plan=simple, resume=_sub(resume, "random"), **options)  # type: ignore[arg-type]
    return Dissection(network.name, dataset.name, len(dataset), vocabulary, plan.conventions, trained, control)


@dataclass(frozen=True)
class _Stage:
    """A pass as the user sees it, and where it is saved."""

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
    stage: _Stage | None = None,
) -> None:
    """Let an observer see the images ``start`` ... ``stop - 1``.

    Shards may run anywhere and be merged. For the same bits as in one run, let them start at multiples of
    ``batch_size``, because convolutions may round differently for another number of images.
    """

    def step(batch: Batch) -> None:
        observer.add(activations(subject, batch.images), batch.indices)

    _walk(dataset, step, observer, start=start, stop=stop, batch_size=batch_size, stage=stage)


def tally(
    subject: Subject,
    dataset: Dataset,
    tallier: Tallier,
    *,
    seed: int = 0,
    start: int = 0,
    stop: int | None = None,
    batch_size: int = 64,
    stage: _Stage | None = None,
) -> None:
    """Let a tallier count the images ``start`` ... ``stop - 1``; for shards see ``observe``."""
    partner = shuffled(len(dataset), seed=seed) if tallier.null else np.empty(0, np.int64)

    def step(batch: Batch) -> None:
        if batch.labels is None:
            raise XailabError(f"{dataset.name} gave images without labels")
        others = dataset.read_labels(dealt(partner, batch.indices.tolist())) if tallier.null else None
        tallier.add(activations(subject, batch.images), batch.labels, others)

    _walk(dataset, step, tallier, start=start, stop=stop, batch_size=batch_size, stage=stage)


def _walk(
    dataset: Dataset,
    step: Callable[[Batch], None],
    accumulator: Observer | Tallier,
    *,
    start: int,
    stop: int | None,
    batch_size: int,
    stage: _Stage | None,
) -> None:
    """Feed batches to ``step``; between two of them, save where it stands: now and then, at Ctrl-C, at the end."""
    end = len(dataset) if stop is None else min(stop, len(dataset))
    if stage is None:
        for batch in batches(dataset, batch_size, start=start, stop=end):
            step(batch)
        return
    saved = stage.checkpoint.load(stage.name)
    first = start
    if saved is not None:
        first, state = saved
        accumulator.restore(state)
    save = _saver(stage, accumulator)
    with interrupts_deferred() as interrupted, _bar(stage, first, end) as bar:
        for batch in batches(dataset, batch_size, start=first, stop=end):
            step(batch)
            bar.update(len(batch.indices))
            if interrupted() or stage.checkpoint.due():
                save(bar.n)
            if interrupted():
                raise KeyboardInterrupt
    save(end)


def _saver(stage: _Stage, accumulator: Observer | Tallier) -> Callable[[int], None]:
    """Return what saves a stage at a position."""

    def save(position: int) -> None:
        state: State = accumulator.state() if stage.checkpoint.folder is not None else {}
        stage.checkpoint.save(stage.name, position, state)

    return save


def _bar(stage: _Stage, first: int, end: int) -> "tqdm[None]":
    """Return a progress bar in images."""
    return tqdm(total=end, initial=first, desc=stage.title, unit=" images", disable=not stage.progress)


def _labelled(dataset: Dataset) -> tuple[Vocabulary, tuple[int, int]]:
    """Return the concepts and the size of the label maps. Raises XailabError where there is nothing to dissect."""
    if dataset.vocabulary is None or not dataset.vocabulary.concepts:
        raise XailabError(
            f"{dataset.name} has no concept labels; dissection needs them: minibroden, or a Broden folder"
        )
    if len(dataset) == 0:
        raise XailabError(f"{dataset.name} has no images; choose another split or a larger limit")
    labels = dataset.read_labels([0])
    sizes = [tuple(maps.shape[2:]) for maps in labels.maps.values()] if labels is not None else []
    height, width = sizes[0] if sizes else getattr(dataset, "label_size", dataset.image_size)
    return dataset.vocabulary, (int(height), int(width))


def _key(subject: Subject, dataset: Dataset, plan: Plan) -> str:
    """Digest everything that determines the result."""
    return run_key(
        version=VERSION,
        network=module_digest(subject.network.module),
        normalization=str(subject.network.normalization),
        image_size=subject.image_size,
        layers=list(subject.shapes),
        data=dataset.fingerprint,
        images=len(dataset),
        conventions=plan.conventions.described(),
        plan=[plan.all_quantiles, plan.null, plan.exemplars, plan.seed, plan.batch_size],
    )


def _result(
    layer: str, subject: Subject, plan: Plan, thresholds: Float32[Tensor, "q k"], best: TopImages, tallier: Tallier
) -> LayerResult:
    """Put one layer's findings together."""
    counts, null = tallier.result(layer)
    return LayerResult(
        layer,
        subject.shapes[layer][1:],
        {q: row.numpy() for q, row in zip(plan.all_quantiles, thresholds, strict=True)},
        dict(zip(plan.all_quantiles, counts, strict=True)),
        null,
        best.result(),
    )


def _sub(folder: Path | None, name: str) -> Path | None:
    return None if folder is None else folder / name
