"""Are the axes of a layer special? The same layer dissected in its own basis, in rotated ones, and in that of its PCA.

- ``axis_alignment``   the experiment
- ``AlignmentResult``  what it found

Source: Bau et al. 2017, section 3.2. They report how the number of unique detectors falls with the angle, for one
network. Here the whole curve over IoU thresholds is kept, for several rotations, with two controls: units in another
order, which must change nothing, and (by calling this once more, with ``models.randomized``) random weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int

from xailab.data.batch import Dataset, Vocabulary
from xailab.dissection.alignment.counting import IOU_THRESHOLDS, Spread, counts_at
from xailab.dissection.alignment.principal import pca_basis
from xailab.dissection.alignment.rotating import fractional_rotation, permutation, random_rotation
from xailab.dissection.checkpoint import Checkpoint, run_key
from xailab.dissection.labeling import UnitLabels
from xailab.dissection.passes import Stage, measure
from xailab.dissection.recall import Recall
from xailab.dissection.running import Plan, dissect_subject, labelled
from xailab.dissection.subject import MixedLayer, Subject, subject_of
from xailab.errors import XailabError
from xailab.models import feeding
from xailab.models.network import Network
from xailab.statistics.moments import Moments

PLAN = Plan(null=False, exemplars=1)
"""Only counts are needed here."""


@dataclass(frozen=True, eq=False)
class AlignmentResult:
    """A layer in its own basis and in others.

    Parameters
    ----------
    network, layer, dataset
        Names.
    images
        How many images were used.
    iou_threshold
        Above which a unit is a detector, by the conventions.
    natural
        What the units themselves detect.
    rotated
        Part of the rotation (``alpha`` > 0) -> what the mixed units detect, one entry per rotation. The same rotations
        for every alpha.
    pca
        What the principal directions detect, the one with the greatest variance first.
    permuted
        What the units detect in another order: the control.
    order
        That order: unit ``order[i]`` stands at place i.
    moments
        Means and covariances of the units over all cells.
    """

    network: str
    layer: str
    dataset: str
    images: int
    iou_threshold: float
    natural: UnitLabels
    rotated: Mapping[float, tuple[UnitLabels, ...]]
    pca: UnitLabels
    permuted: UnitLabels
    order: Int[np.ndarray, " k"]
    moments: Moments

    @property
    def vocabulary(self) -> Vocabulary:
        """The concepts."""
        return self.natural.vocabulary

    @property
    def permutation_changed(self) -> int:
        """How many units have another best concept or IoU in another order; anything but 0 is a bug of the engine."""
        same = (self.permuted.concept == self.natural.concept[self.order]) & (
            self.permuted.iou == self.natural.iou[self.order]
        )
        return int((~same).sum())

    @property
    def bases(self) -> dict[str, tuple[UnitLabels, ...]]:
        """Name -> what was found in each draw of that kind of basis, in the order of tables and charts."""
        turned = {f"rotated x {alpha:g}" if alpha != 1 else "rotated": draws for alpha, draws in self.rotated.items()}
        return {"units": (self.natural,), "permuted": (self.permuted,), **turned, "PCA": (self.pca,)}

    def table(self, thresholds: Sequence[float] | Float[np.ndarray, " t"] = IOU_THRESHOLDS) -> dict[str, Spread]:
        """Return name of the basis -> detectors and unique detectors at some IoU thresholds."""
        return {name: counts_at(draws, thresholds) for name, draws in self.bases.items()}

    def __str__(self) -> str:
        """Return the table as text: detectors / unique detectors."""
        rows = self.table()
        heads = "  ".join(f"{f'IoU > {t:g}':>19}" for t in IOU_THRESHOLDS)
        title = f"{self.network} {self.layer}, {self.images} images of {self.dataset}: detectors / unique"
        return "\n".join([title, f"{'':16}{heads}", *(f"{name:16}{row}" for name, row in rows.items())])


def axis_alignment(
    network: Network,
    dataset: Dataset,
    layer: str,
    *,
    rotations: int = 5,
    alphas: Sequence[int | float] = (0.5, 1.0),
    plan: Plan = PLAN,
    device: str | torch.device = "cpu",
    memory: int = 2**30,
    resume: Path | None = None,
    progress: bool = True,
) -> AlignmentResult:
    """Dissect a layer in its own basis, rotated, in that of its principal components, and with its units reordered.

    The network runs over the images once (as far as ``memory`` allows to keep activations); every basis has thresholds
    of its own; labels are prepared once for all bases. 13 bases of 128 units on 2,200 images of 64 x 64 pixels take
    about 7 seconds on two free cores (``benchmarks/bench_alignment.py``).

    Parameters
    ----------
    rotations
        How many random rotations, at least 1. One alone says little: see the spread.
    alphas
        Which parts of each rotation; 0 is the layer itself, which is always there.
    plan
        Conventions, batch size, and the seed from which the rotations and the order are drawn.
    device, memory, resume, progress
        As in ``dissect``.

    Raises
    ------
    XailabError
        What ``dissect`` raises; ``rotations`` or ``alphas`` that make no sense.
    KeyboardInterrupt
        Between two batches; with ``resume`` nothing is lost.
    """
    parts = sorted({float(alpha) for alpha in alphas} - {0.0})
    if rotations < 1 or not np.isfinite(parts).all():
        raise XailabError(f"expected rotations >= 1 and finite alphas, got {rotations} and {list(alphas)}")
    vocabulary, _ = labelled(dataset)
    subject = subject_of(network, [layer], device=device)
    recall = Recall(memory // 2)
    moments = _moments(subject, dataset, layer, plan, resume, recall, progress=progress)
    rng = np.random.default_rng(plan.seed)
    units = subject.layers[layer][0]
    order = rng.permutation(units)
    turns = [random_rotation(units, rng) for _ in range(rotations)]
    mixed = [MixedLayer(layer, permutation(order), "permuted"), MixedLayer(layer, pca_basis(moments)[0], "pca")]
    mixed += [
        MixedLayer(layer, fractional_rotation(turn, alpha), f"rotation {number} x {alpha!r}")
        for alpha in parts
        for number, turn in enumerate(turns)
    ]
    found = dissect_subject(
        subject_of(network, [layer, *mixed], device=device),
        dataset,
        plan=replace(plan, quantiles=(), null=False),
        memory=memory - memory // 2,
        resume=resume,
        recall=recall,
        progress=progress,
    )
    labels = {name: result.labels(vocabulary) for name, result in found.items()}
    return AlignmentResult(
        network.name, layer, dataset.name, len(dataset), plan.conventions.iou_threshold, labels[layer],
        {alpha: tuple(labels[f"rotation {n} x {alpha!r}"] for n in range(rotations)) for alpha in parts},
        labels["pca"], labels["permuted"], order, moments,
    )  # fmt: skip


def _moments(
    subject: Subject, dataset: Dataset, layer: str, plan: Plan, resume: Path | None, recall: Recall, *, progress: bool
) -> Moments:
    """Run the first pass: means and covariances, and activations kept for the next passes."""
    network = subject.network
    key = run_key(
        moments=1,
        network=feeding.digest(network.module),
        normalization=str(network.normalization),
        data=dataset.fingerprint,
        run=[layer, subject.image_size, len(dataset), plan.batch_size],
    )
    stage = Stage("moments", f"{network.name}: covariances", Checkpoint(resume, key), progress=progress)
    return measure(subject, dataset, layer, batch_size=plan.batch_size, stage=stage, recall=recall).result()
