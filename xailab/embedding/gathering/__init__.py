"""Features of a data set: what one layer of a network answers to every image, one vector per image.

- ``Source``, ``source_of``   a network's layer and how images are fed to it, checked before any work
- ``features``     the vectors of some images
- ``gather``       run it over a data set: features and labels; interruptible, goes on where it stopped
- ``Gathered``     the result
- ``coloring``     which labels of a data set color its map
- ``small_images``   what people are shown of the images

A layer that gives a map per unit is *averaged over its places*: one number per unit. The mean says how much of what a
unit looks for is in the image and forgets where, which is what is meant when images are called alike.
"""

from xailab.embedding.gathering.coloring import coloring
from xailab.embedding.gathering.running import Gathered, gather
from xailab.embedding.gathering.showing import small_images
from xailab.embedding.gathering.source import Source, features, source_of

__all__ = ["Gathered", "Source", "coloring", "features", "gather", "small_images", "source_of"]
