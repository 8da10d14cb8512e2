"""Pictures and charts. Nothing is computed here: what comes in is drawn.

Pictures are Pillow images (RGB, 8 bits), charts are matplotlib figures; neither needs a screen.

- ``pictures``  ``heatmap``, ``overlay``, ``masked``, ``enlarge``, ``with_colorbar``
- ``layout``    ``grid``: many pictures in rows and columns, with captions
- ``charts``    ``bar_chart``, ``line_chart``
- ``colors``    ``category_color``, ``shared_limits``, and the color maps in use
- ``encoding``  ``to_png_bytes``, ``to_svg``, ``data_uri``: the same bytes for the same picture
"""

from xailab.render.charts import bar_chart, line_chart
from xailab.render.colors import CATEGORY_COLORS, category_color, shared_limits
from xailab.render.encoding import data_uri, to_png_bytes, to_svg
from xailab.render.layout import grid
from xailab.render.pictures import enlarge, heatmap, masked, overlay, with_colorbar

__all__ = [
    "CATEGORY_COLORS",
    "bar_chart",
    "category_color",
    "data_uri",
    "enlarge",
    "grid",
    "heatmap",
    "line_chart",
    "masked",
    "overlay",
    "shared_limits",
    "to_png_bytes",
    "to_svg",
    "with_colorbar",
]
