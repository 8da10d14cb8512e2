"""Statistics over a data set, as accumulators: ``add(batch)``, ``merge(other)``, ``result()``, ``state()``.

- ``TopQuantile``               exact thresholds: what the top part q of a unit's activations exceeds
- ``IoUTally``, ``Counts``      on how many pixels of each concept each unit is active
- ``TopImages``, ``Exemplars``  the images that excite each unit most
- ``ChannelMoments``, ``Moments``  means and covariances of units (to rounding)
- ``prepare``                   labels in the form in which tallies count, once for several of them
- ``upsampling``                activation maps enlarged in the arithmetic of the tally
- ``conventions``               which images count for a unit's area, and what several label planes count

Shards merged give the bits that the whole would give. CPU tensors go to ``xailab_kernels``, CUDA tensors to torch.
"""

from xailab.statistics import conventions
from xailab.statistics.labels import PreparedLabels, prepare
from xailab.statistics.moments import ChannelMoments, Moments
from xailab.statistics.quantile import TopQuantile
from xailab.statistics.tally import Counts, IoUTally
from xailab.statistics.topk import Exemplars, TopImages

__all__ = [
    "ChannelMoments",
    "Counts",
    "Exemplars",
    "IoUTally",
    "Moments",
    "PreparedLabels",
    "TopImages",
    "TopQuantile",
    "conventions",
    "prepare",
]
