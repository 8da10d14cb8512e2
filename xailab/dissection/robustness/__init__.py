"""Do detectors hold when the images change: with noise, turned, cut into pieces?

- ``detector_robustness``, ``RobustnessResult``, ``Row``   the experiment
- ``add_uniform_noise``, ``add_gaussian_noise``, ``rotate``, ``shuffle_patches``   changes of images and label maps
- ``Perturbation``, ``Perturbed``, ``PERTURBATIONS``   a changed data set, and the changes of the experiment
- ``uniform_noise``, ``gaussian_noise``, ``rotation``, ``shuffled_patches``   the kinds of them
- ``turn``, ``rearrange``, ``patch_orders``             the parts of ``rotate`` and ``shuffle_patches``, for any maps
- ``pictures``: ``robustness_chart``, ``perturbation_grid``   the result; what was done to the images (import
  them from there)
"""

from xailab.dissection.robustness.experiment import RobustnessResult, Row, detector_robustness
from xailab.dissection.robustness.perturbed import (
    PERTURBATIONS,
    Perturbation,
    Perturbed,
    gaussian_noise,
    rotation,
    shuffled_patches,
    uniform_noise,
)
from xailab.dissection.robustness.perturbing import (
    add_gaussian_noise,
    add_uniform_noise,
    patch_orders,
    rearrange,
    rotate,
    shuffle_patches,
    turn,
)

__all__ = [
    "PERTURBATIONS",
    "Perturbation",
    "Perturbed",
    "RobustnessResult",
    "Row",
    "add_gaussian_noise",
    "add_uniform_noise",
    "detector_robustness",
    "gaussian_noise",
    "patch_orders",
    "rearrange",
    "rotate",
    "rotation",
    "shuffle_patches",
    "shuffled_patches",
    "turn",
    "uniform_noise",
]
