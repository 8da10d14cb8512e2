"""Networks to look into: small ones that come trained, random ones, and torchvision's.

- ``load``               a network by name: ``tags``, ``objects``, ``random``, ``resnet18`` ...
- ``listing``            the networks that come with xailab, with their layers and shapes
- ``torchvision_names``  the others
- ``Network``            what ``load`` returns: module, normalization, image size, class names
- ``randomized``         the same network with random weights: the control of every claim about learning
- ``layer_shapes``       the layers of a network and their output shapes
- ``describe``           all of it in one record, for a table
"""

from xailab.models.catalogue import Entry, describe, listing, load
from xailab.models.network import Layer, Network, layer_shapes
from xailab.models.randomizing import randomized, reinitialized
from xailab.models.torchvision_nets import torchvision_names

__all__ = [
    "Entry",
    "Layer",
    "Network",
    "describe",
    "layer_shapes",
    "listing",
    "load",
    "randomized",
    "reinitialized",
    "torchvision_names",
]
