"""Which units of a layer are of no use, and why.

- ``judge``       from numbers over a data set to what is wrong
- ``Diagnosis``, ``Finding``  what is found
- ``KINDS``       what can be found, and what to do about it
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from xailab.errors import XailabError
from xailab.inspection.nature import Nature
from xailab.inspection.unit_statistics import UnitSummary
from xailab.statistics import Moments

ALIKE = 0.99
"""Correlation over all cells above which two units are called duplicates."""

FEWEST_CELLS = 30
"""With fewer cells correlations are not looked at: two points always lie on a line."""

PARALLEL = 1 - 1e-6
"""Cosine of two units' weights and biases above which they are one unit up to a factor."""

SKETCH = 256
"""Numbers to which long rows of weights are projected before they are compared: 4096 units of 25,088 weights each."""

FULL = 0.5
"""Part of its cells at a bound above which a unit is called saturated."""

KINDS: Mapping[str, str] = {
    "not finite": "It gives NaN or infinite numbers: look for a division by 0, a too large learning rate or broken "
    "weights in the layers before it.",
    "dead": "It was off everywhere, so no image of this data set can train it or be told apart by it: remove it, or "
    "train again with a smaller learning rate or a leaky ReLU.",
    "always on": "It was above 0 everywhere, so its ReLU never cut anything: it is a linear unit; that can be meant, "
    "or its bias is too large.",
    "constant": "It gave the same number everywhere, so it carries nothing about the image: it can be folded into the "
    "biases of the next layer.",
    "duplicate": "It repeats another unit, so that one of the two can be removed if the next layer's weights are "
    "added: the layer is wider than what it has learned.",
    "saturated": "Most of the time it is at the bound of its nonlinearity, where the gradient vanishes: scale the "
    "inputs, normalize the layer or use a ReLU.",
}
"""Kind -> one sentence of what it means and what to do."""


@dataclass(frozen=True)
class Finding:
    """Something wrong with one unit.

    Parameters
    ----------
    unit
        Its number.
    kind
        One of ``KINDS``.
    numbers
        Name -> value: the evidence.
    other
        The unit that a duplicate repeats; None otherwise.
    """

    unit: int
    kind: str
    numbers: Mapping[str, float]
    other: int | None = None

    @property
    def evidence(self) -> str:
        """The numbers in words."""
        repeats = "" if self.other is None else f"repeats unit {self.other}, "
        return repeats + ", ".join(f"{name} {value:.4g}" for name, value in self.numbers.items())


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found in a layer.

    Parameters
    ----------
    layer
        Its name.
    nature
        What kind of numbers it gives: which of the questions make sense depends on it.
    summary
        The numbers of all units.
    findings
        In the order of ``KINDS``, then by unit. A unit may be in several (one that always is at
        its bound is constant, too), but dead ones are not called constant.
    """

    layer: str
    nature: Nature
    summary: UnitSummary
    findings: tuple[Finding, ...]

    def units(self, kind: str) -> list[int]:
        """Return the units of one kind. Raises ``XailabError`` for a kind that is not in ``KINDS``."""
        if kind not in KINDS:
            raise XailabError(f"no kind {kind!r} of finding; there are {', '.join(KINDS)}")
        return [finding.unit for finding in self.findings if finding.kind == kind]

    @property
    def sound(self) -> int:
        """How many units have no finding."""
        return self.summary.units - len({finding.unit for finding in self.findings})

    @property
    def asked(self) -> tuple[str, ...]:
        """The kinds that were looked for, which depends on the layer."""
        left_out = (() if self.nature.gated else ("dead", "always on")) + (
            ("saturated",) if self.nature.bounds == (None, None) else ()
        )
        return tuple(kind for kind in KINDS if kind not in left_out)


def judge(
    layer: str,
    nature: Nature,
    summary: UnitSummary,
    moments: Moments,
    *,
    weights: Float[Tensor, "k n"] | None = None,
) -> Diagnosis:
    """Say which units are of no use, from numbers over a data set.

    - *not finite*: any cell with NaN or an infinite number
    - *dead*: above 0 in no cell (where 0 means off: after a ReLU, or right before one)
    - *always on*: above 0 in every cell (there too), though not constant
    - *constant*: the same number in every cell, though not dead
    - *duplicate*: correlation with a unit of lower number above ``ALIKE`` over all cells (if there are at least
      ``FEWEST_CELLS``), or the same weights and bias up to a positive factor
    - *saturated*: more than ``FULL`` of the cells within 1 % of a bound of the nonlinearity

    Parameters
    ----------
    layer
        Its name.
    nature
        From ``nature_of``.
    summary, moments
        From ``UnitStatistics`` and ``ChannelMoments``, of the same cells.
    weights
        From ``weight_rows``; None: weights are not compared.

    Raises
    ------
    ValueError
        Numbers of units that do not fit.
    """
    if len(moments.mean) != summary.units or (weights is not None and len(weights) != summary.units):
        raise ValueError(f"numbers of {summary.units} units, moments of {len(moments.mean)}: not of one layer")
    found = {kind: list(findings) for kind, findings in _single(nature, summary)}
    silent = {finding.unit for kind in ("not finite", "dead", "constant") for finding in found.get(kind, ())}
    found["duplicate"] = list(_duplicates(moments, weights, silent))
    return Diagnosis(layer, nature, summary, tuple(one for kind in KINDS for one in found.get(kind, ())))


def _single(nature: Nature, of: UnitSummary) -> Iterator[tuple[str, Iterator[Finding]]]:
    """Yield what can be seen in one unit alone."""
    broken = of.not_finite > 0
    dead = ~broken & (of.maximum <= 0) & nature.gated
    constant = ~broken & ~dead & (of.maximum == of.minimum)
    always = ~broken & ~constant & (of.minimum > 0) & nature.gated
    full = ~broken & (of.share_low + of.share_high > FULL)
    evidence = {
        "not finite": (broken, {"cells": of.not_finite}),
        "dead": (dead, {"maximum": of.maximum}),
        "constant": (constant, {"always": of.maximum}),
        "always on": (always, {"minimum": of.minimum, "mean": of.mean}),
        "saturated": (full, {"share at the lower bound": of.share_low, "share at the upper bound": of.share_high}),
    }
    for kind, (which, numbers) in evidence.items():
        yield (
            kind,
            (
                Finding(int(unit), kind, {name: float(values[unit]) for name, values in numbers.items()})
                for unit in np.flatnonzero(which)
            ),
        )


def _duplicates(moments: Moments, weights: Float[Tensor, "k n"] | None, silent: set[int]) -> Iterator[Finding]:
    """Yield, for each unit that repeats one of lower number, the one that it repeats best."""
    correlation = correlations(moments)
    rows = None if weights is None else _of_length_one(weights)
    alike = (correlation > ALIKE) & (moments.count >= FEWEST_CELLS)
    if rows is not None:
        alike |= _parallel(rows)
    alike[sorted(silent)] = alike[:, sorted(silent)] = False
    for unit in range(1, len(alike)):
        others = np.flatnonzero(alike[unit, :unit])
        if len(others):
            cosines = np.zeros(len(others)) if rows is None else (rows[others] @ rows[unit]).numpy()
            best = int(np.argmax(np.maximum(correlation[unit, others], cosines)))
            numbers = {"correlation": float(correlation[unit, others[best]])}
            if rows is not None:
                numbers["cosine of weights"] = float(cosines[best])
            yield Finding(unit, "duplicate", numbers, int(others[best]))


def _of_length_one(weights: Float[Tensor, "k n"]) -> Float[Tensor, "k n"]:
    rows = weights.double().cpu()
    lengths = rows.norm(dim=1, keepdim=True)
    scaled: Tensor = rows / lengths.where(lengths > 0, torch.ones_like(lengths))
    return scaled


def _parallel(rows: Float[Tensor, "k n"]) -> Bool[np.ndarray, "k k"]:
    """Say which rows are parallel. Long rows are compared in a random projection first: it keeps parallel rows so."""
    short = rows
    if rows.shape[1] > SKETCH:
        generator = torch.Generator().manual_seed(0)
        short = _of_length_one(rows @ torch.randn(rows.shape[1], SKETCH, dtype=torch.float64, generator=generator))
    near = (short @ short.T).numpy() > 1 - 100 * (1 - PARALLEL)
    parallel = np.zeros_like(near)
    for unit in range(1, len(rows)):
        others = np.flatnonzero(near[unit, :unit])
        if len(others):
            parallel[unit, others] = parallel[others, unit] = (rows[others] @ rows[unit]).numpy() > PARALLEL
    return parallel


def correlations(moments: Moments) -> Float64[np.ndarray, "k k"]:
    """Return the correlation of every two units over all cells; 0 with a unit that never changes."""
    std = moments.std
    scale = np.where(std > 0, 1 / np.where(std > 0, std, 1), 0)
    return np.asarray(np.clip(moments.covariance * scale[:, None] * scale, -1, 1))
