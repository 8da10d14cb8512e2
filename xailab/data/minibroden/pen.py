"""The pen: collects the strokes of a picture, and develops them into pixels and labels.

- ``Paint``    what a surface is made of
- ``Setting``  the light, the air and the windows of a picture
- ``Pen``      collects strokes; ``develop`` renders them at any size
- ``WHOLE``    the frame in which the picture is the unit square
"""

import math
from array import array
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from xailab.data.minibroden import columns as c
from xailab.data.minibroden.colors import Color
from xailab.data.minibroden.columns import Number
from xailab.data.minibroden.noise import TILES
from xailab.data.minibroden.raster import draw
from xailab.data.minibroden.shapes import Point, Shape, ellipse
from xailab.data.minibroden.vocabulary import MATERIALS, NUMBERS, TEXTURES

_MATERIAL_CODES = {"": 0, **{name: i + 1 for i, name in enumerate(MATERIALS)}}
_PATTERN_CODES = {"": 0, **{name: i + 1 for i, name in enumerate(TEXTURES)}, "gradient": c.GRADIENT, "panes": c.PANES}
_LABELS = {category: {"": 0, **NUMBERS[category]} for category in ("object", "part", "material", "texture")}


class Paint(NamedTuple):
    """What a surface looks like.

    ``texture`` is a texture concept, or ``"gradient"`` (from ``color`` at height ``angle`` to ``second`` at height
    ``period``) or ``"panes"`` (a share ``period`` of window panes in the second color). ``period`` is in local units,
    ``angle`` in radians. ``material`` is labelled; ``horizon`` >= 0 lays it on the ground in perspective.
    """

    color: Color
    material: str = ""
    texture: str = ""
    second: Color = (0.0, 0.0, 0.0)
    period: Number = 0.4
    angle: Number = 0.0
    shade: Number = 0.16
    gloss: Number = 0.0
    emits: bool = False
    horizon: Number = -1.0


class Setting(NamedTuple):
    """Light and air of a picture: the direction to the light (y points down), what colors it, the haze, the windows."""

    light: Point = (-0.6, -0.8)
    ambient: Color = (1.0, 1.0, 1.0)
    haze: Color = (0.75, 0.83, 0.9)
    window: Color = (0.55, 0.75, 0.88)
    dark_window: Color = (0.45, 0.62, 0.75)
    lit: bool = False
    shadow: Number = 0.4


class Pen:
    """Collects strokes, in the order in which they are painted.

    Parameters
    ----------
    setting
        Light and air; the scene may replace it before its first stroke.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._rows = array("d")
        self._points = array("d")
        self._frame: tuple[Number, ...] = (0.0, 0.0, 1.0, 1.0, 0.0, 1.0)
        self._owner = ("", 0)
        self._haze = 0.0
        self._grain = (0.0, 0.0)
        self.scale = 1.0

    def frame(self, center: Point, scale: Number, *, angle: Number = 0.0, flip: int = 1) -> None:
        """Paint from now on in a frame around ``center`` (picture units) in which 1 is ``scale`` pictures long."""
        self._frame = (*center, scale, math.cos(angle), math.sin(angle), float(flip))
        self.scale = scale

    def whole(self) -> None:
        """Paint from now on in the picture's own frame: the unit square, y pointing down."""
        self._frame = (0.0, 0.0, 1.0, 1.0, 0.0, 1.0)
        self.scale = 1.0

    def own(self, name: str, *, instance: int = 0, haze: Number = 0.0, grain: Point = (0.0, 0.0)) -> None:
        """Label what follows as object ``name`` and this instance (0: not counted), seen through some haze."""
        self._owner, self._haze, self._grain = (name, instance), haze, grain

    def paint(self, shape: Shape, paint: Paint, part: str = "") -> None:
        """Paint a shape of the current owner, and label it."""
        name, instance = self._owner
        texture = paint.texture if paint.texture in _LABELS["texture"] else ""
        labels = (
            _LABELS["object"][name],
            _LABELS["part"][part],
            _LABELS["material"][paint.material],
            _LABELS["texture"][texture],
            instance,
            0.0,
        )
        self._stroke(shape, paint, (0.0, 1.0), labels)

    def tint(self, shape: Shape, color: Color, opacity: Number, *, soft: Number = 0.0, emits: bool = True) -> None:
        """Lay a translucent color over what is there and leave its labels: shadows, glows, reflections, small marks.

        ``soft`` blurs the outline over this length, in picture units.
        """
        self._stroke(shape, Paint(color, shade=0.0, emits=emits), (soft, opacity), (0.0, 0.0, 0.0, 0.0, 0.0, 1.0))

    def shadow(self, width: Number = 0.75, height: Number = 1.0) -> None:
        """Lay the soft shadow of a thing that stands at local v = ``height``: contact, and cast away from the light."""
        strength, away = self.setting.shadow, -self.setting.light[0] * self._frame[5]
        dark = (0.03, 0.03, 0.08)
        self.tint(ellipse(0.35 * away * width, height, width * 1.25, 0.13), dark, 0.6 * strength, soft=0.1 * self.scale)
        self.tint(ellipse(0.05 * away, height, width * 0.8, 0.06), dark, strength, soft=0.04 * self.scale)

    def _stroke(self, shape: Shape, paint: Paint, blend: tuple[Number, Number], labels: tuple[Number, ...]) -> None:
        """Write one row of the table (``columns``)."""
        first = len(self._points) // 3
        for point in shape.points:
            self._points.extend(point)
        if paint.texture == "gradient":
            direction = (paint.angle, paint.period)
        else:
            direction = (math.cos(paint.angle), math.sin(paint.angle))
        soft, opacity = blend
        self._rows.extend(self._frame)
        self._rows.extend((shape.code, *shape.numbers, first, len(shape.points), shape.rough, *shape.bounds))
        self._rows.extend((*paint.color, *paint.second, _PATTERN_CODES[paint.texture], paint.period, *direction))
        haze = 0.0 if labels[-1] else self._haze
        self._rows.extend((_MATERIAL_CODES[paint.material], paint.horizon, paint.shade, paint.gloss, paint.emits, haze))
        self._rows.extend((soft, opacity, *labels, *self._grain))

    def develop(
        self, size: int
    ) -> tuple[Float[np.ndarray, "s s 3"], Float[np.ndarray, "s s 3"], UInt8[np.ndarray, "5 s s"]]:
        """Render the strokes: the image, its colors without shading or grain, and the label planes
        (``columns.PLANES``).
        """
        rows = np.frombuffer(self._rows).reshape(-1, c.WIDTH)
        points = np.frombuffer(self._points).reshape(-1, 3) if self._points else np.zeros((1, 3))
        setting = self.setting
        numbers = np.array((*setting.light, *setting.ambient, *setting.haze))
        return draw(rows, points, numbers, TILES, size)
