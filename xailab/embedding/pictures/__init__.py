"""Pictures of maps: for notebooks, for slides, and as a page to explore.

- ``class_map``, ``side_by_side``, ``history_chart``   matplotlib figures
- ``image_map``    images as points, a Pillow image
- ``aligned``      a map turned so that it lies as another one does
- ``Classes``      what the points are colored by
- ``write_page``   one self-contained HTML file; ``View`` is one of its maps
"""

from xailab.embedding.pictures.charts import class_map, history_chart, side_by_side
from xailab.embedding.pictures.classes import Classes, unlabelled
from xailab.embedding.pictures.page import Linked, View, write_page
from xailab.embedding.pictures.placing import aligned
from xailab.embedding.pictures.thumbnails import image_map

__all__ = [
    "Classes",
    "Linked",
    "View",
    "aligned",
    "class_map",
    "history_chart",
    "image_map",
    "side_by_side",
    "unlabelled",
    "write_page",
]
