"""Views side by side, and the chart of a space."""

import numpy as np
import pytest
from torch import nn

from tests.toys import PLAIN, Boxes, watcher
from xailab.errors import UnknownName, XailabError
from xailab.inspection import activation_space, draw_space, side_by_side
from xailab.models.network import Network

SPACE = activation_space(Network("t", nn.Sequential(nn.Identity()), PLAIN, 16, ()), "0", Boxes(6), count=200)


def test_layers_stand_side_by_side_on_one_scale_per_layer() -> None:
    image = Boxes(1).images[0]
    picture = side_by_side(watcher(), image, ["0", "1"], units=[0, 1], size=64)
    wider = side_by_side(watcher(), image, ["0", "1"], units=4, size=64)
    assert wider.width > picture.width > 4 * 64
    assert picture.height > 2 * 64
    single = side_by_side(watcher(), image, ["1"], units=[1], size=64)
    pixels = np.asarray(single)
    left = single.width - 64  # of a map on its own scale: its strongest cell has the end of the scale
    assert pixels[:64, left - 40 :].max() > 240


@pytest.mark.parametrize(
    ("layers", "units", "message"),
    [
        ([], 4, "no layers to stand side by side"),
        (["3"], 4, "layer '3' gives one number per unit, which is no map"),
        (["0"], [5], "layer '0' has no unit 5: its 5 units are counted from 0 to 4"),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused(layers: list[str], units: int | list[int], message: str) -> None:
    with pytest.raises(XailabError, match=message):
        side_by_side(watcher(), Boxes(1).images[0], layers, units=units)


def legend(figure: object) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]  # type: ignore[attr-defined]


def test_a_space_is_drawn_with_the_concepts_that_explain_most_of_it() -> None:
    assert sorted(legend(draw_space(SPACE, "object"))) == ["ball", "box", "other or unlabeled"]
    assert legend(draw_space(SPACE, "object", shown=["box"])) == ["other or unlabeled", "box"]
    plain = draw_space(SPACE, components=3)
    assert len(plain.axes) == 3
    assert plain.legends == []
    with pytest.raises(UnknownName, match="no object concept among the points 'bal'; did you mean 'ball'"):
        draw_space(SPACE, "object", shown=["bal"])
    with pytest.raises(XailabError, match="expected 2 or 3 components and up to 10 colors, got 4, 8"):
        draw_space(SPACE, components=4)
