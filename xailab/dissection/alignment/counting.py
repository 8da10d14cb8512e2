"""How many detectors a layer has in several bases, or in several draws of one kind of basis.

- ``Spread``     mean and standard deviation over draws
- ``counts_at``  detectors and unique detectors at several IoU thresholds
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from xailab.dissection.curves import threshold_curve
from xailab.dissection.labeling import UnitLabels

IOU_THRESHOLDS = (0.04, 0.06, 0.1, 0.15, 0.2)
"""At which tables count detectors: the paper's, and up to where only the best units are left."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Detectors and unique detectors at ``thresholds`` (IoU): mean and standard deviation over ``draws``.

    The deviation is that of a sample (divided by draws - 1), and 0 for a single draw.
    """

    thresholds: Float[np.ndarray, " t"]
    detectors: Float[np.ndarray, " t"]
    detectors_std: Float[np.ndarray, " t"]
    unique: Float[np.ndarray, " t"]
    unique_std: Float[np.ndarray, " t"]
    draws: int

    def __str__(self) -> str:
        """Return ``86.2±2.1/22.0±1.6`` for each threshold; whole numbers for a single draw."""
        columns = zip(self.detectors, self.detectors_std, self.unique, self.unique_std, strict=True)
        if self.draws == 1:
            return "  ".join(f"{f'{d:.0f}/{u:.0f}':>19}" for d, _, u, _ in columns)
        return "  ".join(f"{f'{d:.1f}±{ds:.1f}/{u:.1f}±{us:.1f}':>19}" for d, ds, u, us in columns)


def counts_at(draws: Sequence[UnitLabels], thresholds: Sequence[float] | Float[np.ndarray, " t"]) -> Spread:
    """Count detectors and their distinct overall-best concepts at each IoU threshold, over several draws.

    Raises
    ------
    ValueError
        No draws.
    """
    if not draws:
        raise ValueError("there is nothing to count: no draws")
    steps = np.asarray(thresholds, np.float64)
    curves = [threshold_curve(labels, steps) for labels in draws]
    tables = [np.array([getattr(curve, name) for curve in curves], np.float64) for name in ("detectors", "unique")]
    deviations = [table.std(0, ddof=1) if len(draws) > 1 else np.zeros(len(steps)) for table in tables]
    return Spread(steps, tables[0].mean(0), deviations[0], tables[1].mean(0), deviations[1], len(draws))
