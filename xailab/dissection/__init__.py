"""Network Dissection: which concepts do the units of a network detect? Source: Bau et al. 2017.

- ``dissect``, ``dissect_with_controls``   run it
- ``Plan``, ``Conventions``, ``preset``    the choices that change numbers
- ``Dissection``, ``LayerResult``          what was found
- ``label_units``, ``unique_labels``, ``unique_labels_by_category``, ``threshold_curve``   what it means
- ``alignment``: ``axis_alignment``       are the units themselves special, or would any mixture do? (``MixedLayer``)
- ``robustness``: ``detector_robustness`` do detectors hold when the images change?
- ``report``                               the page and the tables
"""

from xailab.dissection.alignment import AlignmentResult, axis_alignment
from xailab.dissection.conventions import CVPR2017, PRESETS, Conventions, preset
from xailab.dissection.curves import ThresholdCurve, threshold_curve
from xailab.dissection.labeling import (
    UnitLabels,
    detectors_per_concept,
    label_units,
    unique_labels,
    unique_labels_by_category,
)
from xailab.dissection.result import Dissection, LayerResult
from xailab.dissection.robustness import RobustnessResult, detector_robustness
from xailab.dissection.running import Plan, dissect, dissect_with_controls
from xailab.dissection.subject import MixedLayer

__all__ = [
    "CVPR2017",
    "PRESETS",
    "AlignmentResult",
    "Conventions",
    "Dissection",
    "LayerResult",
    "MixedLayer",
    "Plan",
    "RobustnessResult",
    "ThresholdCurve",
    "UnitLabels",
    "axis_alignment",
    "detector_robustness",
    "detectors_per_concept",
    "dissect",
    "dissect_with_controls",
    "label_units",
    "preset",
    "threshold_curve",
    "unique_labels",
    "unique_labels_by_category",
]
