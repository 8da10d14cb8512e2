"""Looking inside a network: what single units, cells and layers give, see and read, and which units are of no use.

- ``views``       ``neuron``, ``spatial_view``, ``unit_map``, ``strength``, ``strongest_units``, ``maps_of``
- ``pictures``    ``side_by_side``: one image, layer by layer; ``draw_space``: an activation space as a chart
- ``filters``     ``filters`` of any convolution; ``filter_images``, ``slice_images``, ``strongest_inputs``
- ``space``       ``activation_space``: cells as points, with the labels at their places; ``ActivationSpace``
- ``watching``    ``diagnose``: dead, always on, constant, duplicate, saturated units
- ``diagnosis``   ``judge``, ``Diagnosis``, ``Finding``, ``KINDS``
- ``unit_statistics``  ``UnitStatistics``, ``UnitSummary``: shares, extremes, mean and spread, as an accumulator
- ``nature``      what kind of numbers a layer gives: after a ReLU, before one, within bounds
- ``report``      the page of ``xailab inspect``

Receptive fields are in ``xailab.receptive``, the images that excite units most in ``xailab.exemplars``.
"""

from xailab.inspection.diagnosis import KINDS, Diagnosis, Finding, judge
from xailab.inspection.filters import (
    around_gray,
    filter_images,
    filters,
    from_least_to_most,
    in_pixels,
    slice_images,
    strongest_inputs,
)
from xailab.inspection.pictures import draw_space, side_by_side
from xailab.inspection.space import ActivationSpace, Principal, activation_space
from xailab.inspection.unit_statistics import UnitStatistics, UnitSummary
from xailab.inspection.views import (
    SpatialView,
    maps_of,
    neuron,
    spatial_view,
    strength,
    strongest_units,
    unit_map,
)
from xailab.inspection.watching import Watch, diagnose

__all__ = [
    "KINDS",
    "ActivationSpace",
    "Diagnosis",
    "Finding",
    "Principal",
    "SpatialView",
    "UnitStatistics",
    "UnitSummary",
    "Watch",
    "activation_space",
    "around_gray",
    "diagnose",
    "draw_space",
    "filter_images",
    "filters",
    "from_least_to_most",
    "in_pixels",
    "judge",
    "maps_of",
    "neuron",
    "side_by_side",
    "slice_images",
    "spatial_view",
    "strength",
    "strongest_inputs",
    "strongest_units",
    "unit_map",
]
