"""Which units to look at when nobody says which.

- ``striking_units``  those whose best images stand out most
"""

import numpy as np
from jaxtyping import Float64

from xailab.exemplars import LayerExemplars


def standing_out(found: LayerExemplars) -> Float64[np.ndarray, " k"]:
    """Return, per unit, how far the last of its best images stands above ordinary images, in standard deviations.

    ``(v - m) / s``: v is the smallest of the values in ``found.best``, so that one odd image does not decide; m and s
    are mean and standard deviation of the unit's maxima in the images of ``found.sample``, chosen at random.
    Units that give the same for all of them (dead ones) get -inf.

    Raises
    ------
    ValueError
        There is no sample.
    """
    maxima = found.sample.values.astype(np.float64)
    if not len(maxima):
        raise ValueError("units can be compared only with images chosen at random: gather with Plan(sample=512)")
    values = found.best.values.numpy().astype(np.float64)
    last = np.where(np.isfinite(values), values, np.inf).min(1)
    spread = maxima.std(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, (last - maxima.mean(0)) / spread, -np.inf)


def striking_units(found: LayerExemplars, count: int = 12) -> list[int]:
    """Return the units that stand out most (``standing_out``), the first first; among equals the lower number.

    Units that answer alike to all images are left out, so there may be fewer.
    """
    measure = standing_out(found)
    return [int(unit) for unit in np.argsort(-measure, kind="stable")[:count] if np.isfinite(measure[unit])]
