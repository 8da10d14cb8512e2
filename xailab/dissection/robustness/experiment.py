"""Do detectors hold when the images change? The same layer dissected on clean and on perturbed images.

- ``detector_robustness``  the experiment
- ``RobustnessResult``     what it found
- ``Row``                  a line of its table

There are two questions, and every perturbation is counted both ways:

- *thresholds of its own*, recomputed on the perturbed images: does the top part of a unit's activations still lie on
  the concept? A unit whose activations all become weaker loses nothing.
- *thresholds of the clean images*: does the detector as it is still work? A unit that falls silent detects nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float32
from torch import Tensor

from xailab.data.batch import Dataset
from xailab.dissection.checkpoint import Checkpoint, run_key
from xailab.dissection.labeling import UnitLabels, label_units, unique_labels
from xailab.dissection.passes import Stage, tally
from xailab.dissection.recall import Recall
from xailab.dissection.robustness.perturbed import PERTURBATIONS, Perturbation, Perturbed
from xailab.dissection.running import Plan, dissect_subject, labelled
from xailab.dissection.subject import Subject, subject_of
from xailab.dissection.tallying import Tallier
from xailab.errors import XailabError
from xailab.models import feeding
from xailab.models.network import Network
from xailab.statistics.tally import Counts

PLAN = Plan(null=False, exemplars=1)
"""Only counts are needed here."""


@dataclass(frozen=True)
class Row:
    """Counts on changed images: detectors, unique detectors, and clean detectors that still detect the same concept."""

    detectors: int
    unique: int
    kept: int


@dataclass(frozen=True, eq=False)
class RobustnessResult:
    """A layer on clean and on perturbed images.

    Parameters
    ----------
    network, layer, dataset
        Names.
    images
        How many images were used.
    iou_threshold
        Above which a unit is a detector, by the conventions.
    kinds
        Perturbation -> its kind, in order.
    clean
        What the units detect on clean images.
    own, fixed
        Perturbation -> what they detect on perturbed images, above thresholds of their own, and above those of the
        clean images.
    """

    network: str
    layer: str
    dataset: str
    images: int
    iou_threshold: float
    kinds: Mapping[str, str]
    clean: UnitLabels
    own: Mapping[str, UnitLabels]
    fixed: Mapping[str, UnitLabels]

    def row(self, labels: UnitLabels, threshold: float | None = None) -> Row:
        """Return the counts of one of the results at an IoU threshold; default: the conventions'."""
        level = self.iou_threshold if threshold is None else threshold
        detectors = labels.detectors(level)
        same = detectors & self.clean.detectors(level) & (labels.concept == self.clean.concept)
        unique = sum(map(len, unique_labels(labels, level).values()))
        return Row(int(detectors.sum()), unique, int(same.sum()))

    def table(self, threshold: float | None = None) -> dict[str, tuple[Row, Row]]:
        """Return perturbation -> counts above thresholds of its own, and above the clean ones; ``clean`` is first."""
        first = self.row(self.clean, threshold)
        rows = {name: (self.row(self.own[name], threshold), self.row(self.fixed[name], threshold)) for name in self.own}
        return {"clean": (first, first), **rows}

    def __str__(self) -> str:
        """Return the table as text."""
        title = f"{self.network} {self.layer}, {self.images} images of {self.dataset}, IoU > {self.iou_threshold:g}"
        lines = [title, f"{'':24}{'thresholds of its own':>28}{'thresholds of clean':>28}"]
        lines.append(f"{'':24}" + f"{'detectors':>12}{'unique':>8}{'kept':>8}" * 2)
        for name, rows in self.table().items():
            lines.append(f"{name:24}" + "".join(f"{row.detectors:>12}{row.unique:>8}{row.kept:>8}" for row in rows))
        return "\n".join(lines)


def detector_robustness(
    network: Network,
    dataset: Dataset,
    layer: str,
    *,
    perturbations: Sequence[Perturbation] = PERTURBATIONS,
    plan: Plan = PLAN,
    device: str | torch.device = "cpu",
    memory: int = 2**30,
    resume: Path | None = None,
    progress: bool = True,
) -> RobustnessResult:
    """Dissect a layer on clean images and on each perturbation of them.

    Parameters
    ----------
    perturbations
        What to do with the images, at least one, of different names.
    plan
        Conventions, batch size, and the seed of everything random.
    device, memory, resume, progress
        As in ``dissect``.

    Raises
    ------
    XailabError
        What ``dissect`` raises; no perturbations, or two of one name.
    ValueError
        A perturbation that cannot be applied to images or label maps of this size.
    KeyboardInterrupt
        Between two batches; with ``resume`` nothing is lost.
    """
    _check(perturbations, dataset, plan)
    plan = replace(plan, quantiles=(), null=False)
    subject = subject_of(network, [layer], device=device)
    vocabulary, _ = labelled(dataset)
    clean = dissect_subject(
        subject, dataset, plan=plan, memory=memory, resume=_sub(resume, "clean"), progress=progress
    )[layer]
    thresholds = torch.from_numpy(clean.thresholds[clean.quantile])[None]
    own, fixed = {}, {}
    for number, one in enumerate(perturbations):
        changed, folder = Perturbed(dataset, one, seed=plan.seed), _sub(resume, f"perturbation-{number}")
        title = f"{network.name}, {one.name}"  # for progress bars and messages
        named = replace(subject, network=replace(subject.network, name=title))
        recall = Recall(memory // 2)
        found = dissect_subject(
            named, changed, plan=plan, memory=memory - memory // 2, resume=folder, recall=recall, progress=progress
        )
        own[one.name] = found[layer].labels(vocabulary)
        counts = _counted(named, changed, {layer: thresholds}, plan, folder, recall, progress=progress)
        fixed[one.name] = label_units(counts.iou().numpy(), vocabulary)
    return RobustnessResult(
        network.name, layer, dataset.name, len(dataset), plan.conventions.iou_threshold,
        {one.name: one.kind for one in perturbations}, clean.labels(vocabulary), own, fixed,
    )  # fmt: skip


def _check(perturbations: Sequence[Perturbation], dataset: Dataset, plan: Plan) -> None:
    """Refuse what cannot be done, before any work."""
    names = [one.name for one in perturbations]
    if not names or len(set(names)) < len(names) or "clean" in names:
        raise XailabError(f"expected perturbations of different names (none called 'clean'), got {names}")
    labelled(dataset)
    for one in perturbations:
        Perturbed(dataset, one, seed=plan.seed).read([0])


def _counted(
    subject: Subject,
    dataset: Perturbed,
    thresholds: Mapping[str, Float32[Tensor, "1 k"]],
    plan: Plan,
    resume: Path | None,
    recall: Recall,
    *,
    progress: bool,
) -> Counts:
    """Count above given thresholds, for the one layer that they name."""
    vocabulary, label_size = labelled(dataset)
    (layer,) = thresholds
    key = run_key(
        fixed=1,
        network=feeding.digest(subject.network.module),
        normalization=str(subject.network.normalization),
        data=dataset.fingerprint,
        conventions=plan.conventions.described(),
        run=[layer, thresholds[layer].tolist(), subject.image_size, len(dataset), plan.batch_size],
    )
    tallier = Tallier(
        thresholds, vocabulary=vocabulary, conventions=plan.conventions, label_size=label_size, null=False
    )
    stage = Stage("fixed", f"{subject.network.name}: clean thresholds", Checkpoint(resume, key), progress=progress)
    tally(subject, dataset, tallier, batch_size=plan.batch_size, stage=stage, recall=recall)
    return tallier.result(layer)[0][0]


def _sub(folder: Path | None, name: str) -> Path | None:
    return None if folder is None else folder / name
