"""Dissecting a network: the passes put together.

- ``dissect``                layers of one network -> ``LayerResult`` per layer
- ``dissect_with_controls``  the same for the network and for itself with random weights
- ``dissect_subject``        the same where an earlier pass kept activations
- ``Plan``                   the options of a run that change its result

Runs that are split into shards use ``observe`` and ``tally`` of ``xailab.dissection.passes``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
from jaxtyping import Float32
from torch import Tensor

from xailab.data.batch import Dataset, Vocabulary
from xailab.dissection.checkpoint import Checkpoint, run_key
from xailab.dissection.conventions import CVPR2017, Conventions
from xailab.dissection.observing import Group, Measure, Observer, gathered, observation_bytes, plan_observations
from xailab.dissection.passes import Stage, observe, tally
from xailab.dissection.recall import Recall
from xailab.dissection.result import Dissection, LayerResult
from xailab.dissection.subject import MixedLayer, Subject, subject_of
from xailab.dissection.tallying import Tallier
from xailab.errors import XailabError
from xailab.models import feeding
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
        Of everything random: the null control's order, random weights, rotations, noise.
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
    layers: Sequence[str | MixedLayer],
    *,
    plan: Plan = Plan(),
    image_size: int | None = None,
    device: str | torch.device = "cpu",
    memory: int = 2**30,
    resume: Path | None = None,
    progress: bool = True,
) -> dict[str, LayerResult]:
    """Compare every unit of some layers with every concept of a data set.

    Source: Bau et al. 2017. Their code dumps all activations to disk (11 GB for AlexNet's conv5). Here nothing is
    written: the network runs once for the thresholds, and once more for the counts of those images whose activations
    did not fit into ``memory``.

    Parameters
    ----------
    network
        Any network; see ``xailab.models``.
    dataset
        Images with concept labels.
    layers
        Dotted names, or layers in another basis (``MixedLayer``); all are looked at in the same passes.
    plan
        The options that change the result.
    image_size
        Height and width to which images are resized; None: the network's own.
    device
        Where the network runs; activations and labels are counted there.
    memory
        Bytes for the exact thresholds and for activations that are kept from the first pass for the second. Where the
        thresholds need more, the units are looked at in groups, a pass each.
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
    return dissect_subject(subject, dataset, plan=plan, memory=memory, resume=resume, progress=progress)


def dissect_subject(
    subject: Subject,
    dataset: Dataset,
    *,
    plan: Plan = Plan(),
    memory: int = 2**30,
    resume: Path | None = None,
    recall: Recall | None = None,
    progress: bool = True,
) -> dict[str, LayerResult]:
    """Dissect what ``subject_of`` returned; see ``dissect``.

    Parameters
    ----------
    recall
        Activations of the same network, images and ``plan.batch_size`` that an earlier pass kept; it may keep more of
        them, within its own budget. None: what ``memory`` leaves is used for that.
    """
    name = subject.network.name
    vocabulary, label_size = labelled(dataset)
    measure = Measure(plan.all_quantiles, plan.conventions, label_size, len(dataset), plan.exemplars)
    groups = plan_observations(subject.shapes, measure, memory=memory)
    checkpoint = Checkpoint(resume, _key(subject, dataset, plan, groups))
    if recall is None:
        recall = Recall(memory - max(observation_bytes(group, subject.shapes, measure) for group in groups))
    observers = []
    for number, group in enumerate(groups):
        observer = Observer(subject.shapes, group, measure)
        stage = Stage(f"observe-{number}", f"{name}: thresholds", checkpoint, progress=progress)
        observe(subject, dataset, observer, batch_size=plan.batch_size, stage=stage, recall=recall)
        observers.append(observer)
    found = {layer: gathered(observers, layer) for layer in subject.shapes}
    tallier = Tallier(
        {layer: thresholds for layer, (thresholds, _) in found.items()},
        vocabulary=vocabulary,
        conventions=plan.conventions,
        label_size=label_size,
        null=plan.null,
    )
    stage = Stage("tally", f"{name}: counting", checkpoint, progress=progress)
    tally(subject, dataset, tallier, seed=plan.seed, batch_size=plan.batch_size, stage=stage, recall=recall)
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
    vocabulary, _ = labelled(dataset)
    run = partial(dissect, image_size=image_size, device=device, memory=memory, progress=progress)
    untrained = randomized(network, seed=plan.seed) if random else None  # before any work: it may be impossible
    trained = run(network, dataset, layers, plan=plan, resume=_sub(resume, "trained"))
    control: Mapping[str, LayerResult] = {}
    if untrained is not None:
        simple = replace(plan, quantiles=(), null=False)
        control = run(untrained, dataset, layers, plan=simple, resume=_sub(resume, "random"))
    return Dissection(network.name, dataset.name, len(dataset), vocabulary, plan.conventions, trained, control)


def labelled(dataset: Dataset) -> tuple[Vocabulary, tuple[int, int]]:
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


def _key(subject: Subject, dataset: Dataset, plan: Plan, groups: Sequence[Group]) -> str:
    """Digest everything that determines the result, and how the units are split among passes."""
    return run_key(
        version=VERSION,
        network=feeding.digest(subject.network.module),
        normalization=str(subject.network.normalization),
        image_size=subject.image_size,
        layers=list(subject.shapes),
        bases={
            name: (layer, sha256(basis.cpu().numpy().tobytes()).hexdigest())
            for name, (layer, basis) in subject.bases.items()
        },
        data=dataset.fingerprint,
        images=len(dataset),
        conventions=plan.conventions.described(),
        groups=groups,
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
