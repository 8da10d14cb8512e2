"""What things are painted with: plain and patterned coats, and how a planted shortcut overrules them.

- ``Look``     a color or a texture that a thing must have (from ``bias``), else free
- ``Made``     what was drawn: facets and colors
- ``coat``     a plain or patterned paint for the main surface of a thing
- ``plain``    a plain paint
"""

from collections.abc import Mapping
from typing import NamedTuple

from xailab.data.minibroden.colors import Color, any_color, mixed, name_of, shade_of
from xailab.data.minibroden.pen import Paint
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.vocabulary import TEXTURES


class Look(NamedTuple):
    """What the main surface of a thing has to look like; empty strings leave it free."""

    color: str = ""
    texture: str = ""


FREE = Look()


class Made(NamedTuple):
    """What a thing turned out to be: facet -> value, and the names of its main colors."""

    facets: Mapping[str, str]
    colors: tuple[str, ...]


def contrast(one: Color, other: Color) -> float:
    """Return how different two colors are: the sum of the differences of their channels."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def plain(color: Color, material: str = "", *, shade: float = 0.2, gloss: float = 0.0) -> Paint:
    """Return a plain paint."""
    return Paint(color, material, shade=shade, gloss=gloss)


def coat(rng: Random, look: Look, paint: Paint, probability: float) -> Paint:
    """Return the paint of a main surface: patterned with this probability, or as ``look`` demands.

    The same numbers are drawn whatever ``look`` says, so that a planted cue changes nothing else of a thing.
    """
    wanted, texture = rng.chance(probability), rng.choice(TEXTURES)
    period, angle = rng.uniform(0.34, 0.52), rng.uniform(0.0, 3.14159)
    rng_second = rng.fork("second", rng.bits())
    rng_forced = rng.fork("forced", rng.bits())
    color = shade_of(rng_forced, look.color) if look.color else paint.color
    if look.texture:
        wanted, texture = True, look.texture
    if not wanted:
        return paint._replace(color=color)
    second = any_color(rng_second)
    for _ in range(8):
        if contrast(color, second) >= 0.75:
            break
        second = any_color(rng_second)
    else:
        second = mixed(color, (1.0, 1.0, 1.0) if sum(color) < 1.5 else (0.1, 0.1, 0.12), 0.7)
    return paint._replace(color=color, texture=texture, second=second, period=period, angle=angle)


def names(*paints: Paint) -> tuple[str, ...]:
    """Return the color names of some paints (both colors of patterned ones), each once."""
    found: dict[str, None] = {}
    for paint in paints:
        found[name_of(paint.color)] = None
        if paint.texture:
            found[name_of(paint.second)] = None
    return tuple(found)
