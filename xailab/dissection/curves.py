"""How the count of detectors depends on the IoU threshold: one number hides that, a curve does not.

- ``threshold_curve``  detectors and unique detectors at many IoU thresholds
- ``ThresholdCurve``   the record of that
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from xailab.dissection.labeling import UnitLabels, unique_labels

# From "everything passes" to above the best units of small networks; the paper's 0.04 is one of the steps.
IOU_STEPS = np.round(np.arange(0, 0.401, 0.005), 3)


@dataclass(frozen=True)
class ThresholdCurve:
    """Counts at ``thresholds`` (IoU in [0, 1]): ``detectors`` are units, ``unique`` distinct overall-best concepts."""

    thresholds: Float[np.ndarray, " n"]
    detectors: Int[np.ndarray, " n"]
    unique: Int[np.ndarray, " n"]


def threshold_curve(labels: UnitLabels, thresholds: Float[np.ndarray, " n"] = IOU_STEPS) -> ThresholdCurve:
    """Count the detectors, and their distinct overall-best concepts, at each IoU threshold (strictly greater)."""
    units = [int(labels.detectors(float(t)).sum()) for t in thresholds]
    unique = [sum(map(len, unique_labels(labels, float(t)).values())) for t in thresholds]
    return ThresholdCurve(thresholds, np.array(units, np.int64), np.array(unique, np.int64))
