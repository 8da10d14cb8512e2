"""The same picture gives the same bytes, and the bytes give the picture back."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from xailab.render import bar_chart, data_uri, to_png_bytes, to_svg


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8))


def chart() -> Figure:
    return bar_chart({"object": {"car": 3, "dog": 1}, "part": {"wheel": 2}}, title="conv5")


def test_a_picture_survives_png(picture: Image.Image) -> None:
    decoded = Image.open(io.BytesIO(to_png_bytes(picture)))
    assert np.array_equal(np.asarray(decoded), np.asarray(picture))


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert to_svg(chart()) == to_svg(chart())
    assert to_png_bytes(chart()) == to_png_bytes(chart())


def test_charts_carry_no_date_and_no_version() -> None:
    assert not re.search(r"dc:date|Matplotlib v|20\d\d-\d\d", to_svg(chart()))
    assert not {"Software", "Date"} & set(Image.open(io.BytesIO(to_png_bytes(chart()))).info)


def test_svg_is_one_element_that_can_stand_in_a_page() -> None:
    text = to_svg(chart())
    assert text.startswith("<svg ")
    assert ET.fromstring(text).tag.endswith("svg")


def test_dpi_scales_a_chart() -> None:
    sizes = [Image.open(io.BytesIO(to_png_bytes(chart(), dpi=dpi))).width for dpi in (50, 100)]
    assert sizes[1] == 2 * sizes[0]


def test_data_uris_hold_the_encoded_picture(picture: Image.Image) -> None:
    head, body = data_uri(picture).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == to_png_bytes(picture)
    head, body = data_uri(picture, quality=90).split(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(body))).size == (30, 20)
    assert data_uri(chart()).startswith("data:image/png;base64,")


def test_quality_is_for_pictures_and_has_a_range(picture: Image.Image) -> None:
    for wrong, quality in ((picture, 0), (picture, 96), (chart(), 80)):
        with pytest.raises(ValueError, match=f"quality {quality}: pictures take 1 ... 95, charts take none"):
            data_uri(wrong, quality=quality)
