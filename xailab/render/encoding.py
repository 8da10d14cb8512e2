"""Pictures and charts as bytes and text: the same input gives the same output, without dates or version numbers.

- ``to_png_bytes``  PNG of a picture or a chart
- ``to_svg``        SVG of a chart, ready to stand inside an HTML page
- ``data_uri``      a picture or a chart inside an HTML attribute
"""

import base64
import io

import matplotlib
from matplotlib.figure import Figure
from PIL import Image


def to_png_bytes(picture: Image.Image | Figure, *, dpi: int = 150) -> bytes:
    """Encode losslessly. ``dpi`` (dots per inch) is for charts only."""
    file = io.BytesIO()
    if isinstance(picture, Figure):
        picture.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
    else:
        picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def to_svg(figure: Figure) -> str:
    """Return the ``<svg>`` element of a chart. Letters are outlines, so that it looks the same without our fonts."""
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "xailab", "svg.fonttype": "path"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def data_uri(picture: Image.Image | Figure, *, quality: int | None = None) -> str:
    """Return a picture or chart as the value of an ``src`` attribute.

    Parameters
    ----------
    quality
        None: PNG. 1 ... 95: JPEG of that quality, for pages with many photographs (a fifth of the size); pictures only.

    Raises
    ------
    ValueError
        A quality outside 1 ... 95, or any quality for a chart.
    """
    if quality is None:
        return "data:image/png;base64," + base64.b64encode(to_png_bytes(picture)).decode()
    if isinstance(picture, Figure) or not 1 <= quality <= 95:
        raise ValueError(f"quality {quality}: pictures take 1 ... 95, charts take none (they are PNG)")
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
