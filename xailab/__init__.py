"""xailab: looking inside deep vision networks.

The bench, which every lab may use:

- ``xailab.hooks``    capture and edit activations of any layer
- ``xailab.images``   RGB in [0, 1], normalisation, resizing, loading
- ``xailab.data``     MiniBroden, Broden folders, image folders, digits, photographs
- ``xailab.models``   the shipped networks, torchvision's, and random ones
- ``xailab.render``   grids, overlays, masked images, bar charts
- ``xailab.graph``    what a network really computes, step by step

What several methods share:

- ``xailab.receptive``   which pixels a unit can see
- ``xailab.exemplars``   the images that excite units most, over data sets of any size
- ``xailab.statistics``  accumulators that can be merged

The methods, which students build:

- ``xailab.inspection``  filters, activations, receptive fields, the images that excite a unit most
- ``xailab.deconvnet``   from an activation back to pixels (Zeiler and Fergus 2014)
- ``xailab.dissection``  Network Dissection (Bau et al. 2017), with its controls
- ``xailab.embedding``   t-SNE (van der Maaten and Hinton 2008): maps of features
- ``xailab.training``    the recipes that made the shipped networks

Importing this package alone loads nothing heavy: a module is imported when it is first used.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "data",
    "deconvnet",
    "dissection",
    "embedding",
    "exemplars",
    "graph",
    "hooks",
    "images",
    "inspection",
    "models",
    "receptive",
    "render",
    "statistics",
    "training",
]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
