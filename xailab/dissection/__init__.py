"""Network Dissection: which concepts do the units of a network detect? Source: Bau et al. 2017.

- ``dissect``, ``dissect_with_controls``   run it
- ``Plan``, ``Conventions``, ``preset``    the choices that change numbers
- ``Dissection``, ``LayerResult``          what was found
- ``label_units``, ``unique_labels``, ``unique_labels_by_category``, ``threshold_curve``   what it means
- ``report``                               the page and the tables
"""

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
from xailab.dissection.running import Plan, dissect, dissect_with_controls

__all__ = [
    "CVPR2017",
    "PRESETS",
    "Conventions",
    "Dissection",
    "LayerResult",
    "Plan",
    "ThresholdCurve",
    "UnitLabels",
    "detectors_per_concept",
    "dissect",
    "dissect_with_controls",
    "label_units",
    "preset",
    "threshold_curve",
    "unique_labels",
    "unique_labels_by_category",
]
