"""Are single units special, or would any mixture of them detect as much? Source: Bau et al. 2017, section 3.2.

- ``axis_alignment``, ``AlignmentResult``                the experiment: own basis, rotated, PCA, and a control
- ``random_rotation``, ``fractional_rotation``, ``permutation``, ``plane_angles``   matrices that change the basis
- ``pca_basis``, ``directions_needed``                   the directions in which a layer varies most
- ``concept_loadings``, ``concept_vectors``, ``participation``   how a concept lies among the units
- ``pictures``: ``threshold_chart``, ``rotation_chart``    the result as charts (import them from there)

One row per new unit: ``new = basis @ old``. To dissect a layer in a basis of your own, give ``dissect`` a
``MixedLayer``.
"""

from xailab.dissection.alignment.counting import IOU_THRESHOLDS, Spread, counts_at
from xailab.dissection.alignment.experiment import AlignmentResult, axis_alignment
from xailab.dissection.alignment.loadings import ConceptLoadings, concept_loadings, concept_vectors, participation
from xailab.dissection.alignment.principal import directions_needed, pca_basis
from xailab.dissection.alignment.rotating import fractional_rotation, permutation, plane_angles, random_rotation

__all__ = [
    "IOU_THRESHOLDS",
    "AlignmentResult",
    "ConceptLoadings",
    "Spread",
    "axis_alignment",
    "concept_loadings",
    "concept_vectors",
    "counts_at",
    "directions_needed",
    "fractional_rotation",
    "participation",
    "pca_basis",
    "permutation",
    "plane_angles",
    "random_rotation",
]
