"""Images that say what a unit answers to: its best, its lowest, and honest ones from in between.

- ``gather``    one pass over a data set of any size, for several layers; resumable
- ``collect``   the same for a part of the images, as an accumulator: shards are merged
- ``Plan``      how many images are kept, and which random ones
- ``LayerExemplars``, ``Collection``  what they return
- ``patches``, ``Patch``   what units looked at: images cut by the receptive field
- ``spread``, ``random_images``   images over the whole range of a unit, and random ones: the control
- ``seen_images``  images as the network sees them
- ``Observer``  any accumulator that shall see the same maps in the same pass

The images at the top are those of a data set, and no more: what a unit would answer to elsewhere they cannot say.
"""

from xailab.exemplars.collecting import Collector, LayerExemplars, Observer, Plan
from xailab.exemplars.gathering import Collection, collect, gather
from xailab.exemplars.patches import Patch, patches, seen_images
from xailab.exemplars.sampling import RandomImages, Sample
from xailab.exemplars.spreading import random_images, spread

__all__ = [
    "Collection",
    "Collector",
    "LayerExemplars",
    "Observer",
    "Patch",
    "Plan",
    "RandomImages",
    "Sample",
    "collect",
    "gather",
    "patches",
    "random_images",
    "seen_images",
    "spread",
]
