"""The eight scenes: what is painted behind the things, and which things live there.

- ``Stage``     what a scene offers to things: the horizon, the ground, the water
- ``STAGES``    scene -> function (pen, rng, weather) -> ``Stage``
- ``TIMES_OF``  scene -> the times of day it may have, repeated as often as they are likely
- ``HORIZONS``  scene -> the range in which its horizon (or its floor's edge) lies, from above
- ``LIVES``     scene -> the things that it may hold
- ``HOME``      thing -> the scene that a planted background shortcut puts it in

Mountains, sand, sea, buildings, roads, grass and trees appear in several scenes, so that no single cue gives a scene
away.
"""

from collections.abc import Callable
from typing import NamedTuple

from xailab.data.minibroden.colors import mixed, varied
from xailab.data.minibroden.land import (
    Prop,
    beams,
    bubbles,
    bushes,
    fence,
    field_of,
    mountains,
    rocks,
    sea,
    seaweeds,
    surf,
)
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import everywhere
from xailab.data.minibroden.sky import Weather, sky
from xailab.data.minibroden.town import road_across, road_ahead, room, skyline


class Stage(NamedTuple):
    """Where things may be.

    Their feet stand between ``top`` and the lower edge; ``water`` is the band on which boats float. ``props`` stand
    on the ground, too. ``closeness`` says how large things are, compared with an open landscape.
    """

    horizon: float
    top: float
    props: tuple[Prop, ...] = ()
    water: tuple[float, float] | None = None
    closeness: float = 1.0


_GREEN_HILLS, _GRAY_ROCK, _RED_ROCK = (0.34, 0.48, 0.33), (0.44, 0.48, 0.56), (0.72, 0.44, 0.29)


def field(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint a meadow: hills or a far town behind, bushes, perhaps a road or a fence."""
    sky(pen, rng, now)
    if rng.chance(0.55):
        mountains(pen, rng, now.horizon, color=rng.choice((_GREEN_HILLS, _GREEN_HILLS, _GRAY_ROCK)))
    elif rng.chance(0.3):
        skyline(pen, rng, now.horizon, far=0.8)
    field_of(pen, rng, "grass", now.horizon, waves=0.015)
    if rng.chance(0.2):
        road_ahead(pen, rng, now.horizon + 0.02)
    props = bushes(pen, rng, now.horizon, rng.integer(0, 4))
    if rng.chance(0.35):
        props += fence(pen, rng, now.horizon)
    return Stage(now.horizon, now.horizon + 0.05, tuple(props))


def beach(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint the sea and its shore; hills or a town on the far side."""
    sky(pen, rng, now, cover=0.4)
    if rng.chance(0.35):
        mountains(pen, rng, now.horizon, color=rng.choice((_GREEN_HILLS, _GRAY_ROCK, _RED_ROCK)))
    elif rng.chance(0.3):
        skyline(pen, rng, now.horizon, far=0.7)
    sea(pen, rng, now.horizon)
    shore = now.horizon + (1 - now.horizon) * rng.uniform(0.3, 0.62)
    surf(pen, rng.fork("shore"), shore)
    field_of(pen, rng.fork("sand"), "sand", shore, waves=0.02, horizon=now.horizon)
    props = rocks(pen, rng, shore, rng.integer(0, 2))
    return Stage(now.horizon, shore + 0.04, tuple(props), (now.horizon + 0.03, shore))


def street(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint a street between buildings, with a sidewalk or a green verge; mountains may look over the roofs."""
    sky(pen, rng, now, cover=0.35)
    if rng.chance(0.25):
        mountains(pen, rng, now.horizon - 0.08, color=_GRAY_ROCK, snow=rng.chance(0.5))
    skyline(pen, rng, now.horizon, height=0.42)
    verge = "grass" if rng.chance(0.25) else "sidewalk"
    field_of(pen, rng, verge, now.horizon + 0.03, waves=0.0)
    if rng.chance(0.5):
        road_ahead(pen, rng, now.horizon + 0.03)
    else:
        road_across(pen, rng, now.horizon + rng.uniform(0.1, 0.18), 1.02 if rng.chance(0.5) else 0.92)
    props = bushes(pen, rng, now.horizon, rng.integer(1, 3)) if rng.chance(0.3) else []
    return Stage(now.horizon, now.horizon + 0.07, tuple(props))


def night_city(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint a town at night with lit windows, on a street or a harbor."""
    sky(pen, rng, now, cover=0.2)
    if rng.chance(0.25):
        mountains(pen, rng, now.horizon - 0.05, color=(0.3, 0.32, 0.42))
    skyline(pen, rng, now.horizon, height=0.46)
    if rng.chance(0.22):
        sea(pen, rng, now.horizon + 0.03)
        quay = now.horizon + 0.5 * (1 - now.horizon)
        field_of(pen, rng, "sidewalk", quay, waves=0.0)
        return Stage(now.horizon, quay + 0.04, (), (now.horizon + 0.06, quay))
    field_of(pen, rng, "grass" if rng.chance(0.2) else "sidewalk", now.horizon + 0.03, waves=0.0)
    if rng.chance(0.5):
        road_ahead(pen, rng, now.horizon + 0.03)
    else:
        road_across(pen, rng, now.horizon + rng.uniform(0.08, 0.16), 1.02)
    return Stage(now.horizon, now.horizon + 0.07)


def underwater(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint what is below the surface: beams of light, a sandy ground, rocks, seaweed."""
    pen.whole()
    top, bottom = rng.choice((((0.28, 0.68, 0.82), (0.03, 0.20, 0.42)), ((0.22, 0.62, 0.66), (0.03, 0.25, 0.32)),
                              ((0.25, 0.50, 0.80), (0.04, 0.10, 0.35))))  # fmt: skip
    top, bottom = varied(rng, top, 0.02), varied(rng, bottom, 0.02)
    pen.setting = pen.setting._replace(haze=mixed(top, bottom, 0.55), ambient=(0.86, 0.95, 1.0), shadow=0.25, lit=False,
                                       window=(0.55, 0.75, 0.88), dark_window=(0.4, 0.55, 0.68))  # fmt: skip
    pen.own("sea", grain=(rng.uniform(0, 256), rng.uniform(0, 256)))
    pen.paint(everywhere(), Paint(top, "water", "gradient", bottom, period=0.95, angle=0.0, shade=0.0, emits=True))
    floor = now.horizon
    if rng.chance(0.35):
        mountains(pen, rng, floor, color=(0.3, 0.38, 0.42))
    beams(pen, rng)
    field_of(pen, rng, "sand", floor, waves=0.03)
    props = rocks(pen, rng, floor, rng.integer(0, 3)) + seaweeds(pen, rng, floor, rng.integer(1, 4))
    bubbles(pen, rng, rng.integer(2, 9))
    return Stage(floor, floor + 0.03, tuple(props), closeness=1.15)


def desert(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint dunes and red rock; perhaps a road runs through."""
    sky(pen, rng, now, cover=0.2)
    if rng.chance(0.7):
        mountains(pen, rng, now.horizon, color=rng.choice((_RED_ROCK, _RED_ROCK, _GRAY_ROCK)))
    field_of(pen, rng, "sand", now.horizon, waves=0.03)
    if rng.chance(0.5):
        field_of(
            pen, rng, "sand", now.horizon + rng.uniform(0.12, 0.3) * (1 - now.horizon), waves=0.045, horizon=now.horizon
        )
    elif rng.chance(0.5):
        road_ahead(pen, rng, now.horizon + 0.02)
    props = rocks(pen, rng, now.horizon, rng.integer(0, 3), color=(0.55, 0.40, 0.30))
    props += bushes(pen, rng, now.horizon, rng.integer(0, 2), color=(0.48, 0.48, 0.24))
    return Stage(now.horizon, now.horizon + 0.06, tuple(props))


def snow(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint a white plain before mountains; perhaps a far town or a fence."""
    pen.setting = pen.setting._replace(
        ambient=mixed(pen.setting.ambient, (0.88, 0.92, 1.0), 0.6 if not pen.setting.lit else 0.0)
    )
    sky(pen, rng, now, cover=0.45)
    if rng.chance(0.75):
        mountains(pen, rng, now.horizon, color=_GRAY_ROCK, snow=rng.chance(0.85))
    elif rng.chance(0.4):
        skyline(pen, rng, now.horizon, far=0.7)
    field_of(pen, rng, "snowfield", now.horizon, waves=0.025)
    if rng.chance(0.15):
        road_ahead(pen, rng, now.horizon + 0.02)
    props = rocks(pen, rng, now.horizon, rng.integer(0, 2))
    if rng.chance(0.3):
        props += fence(pen, rng, now.horizon)
    return Stage(now.horizon, now.horizon + 0.05, tuple(props))


def indoors(pen: Pen, rng: Random, now: Weather) -> Stage:
    """Paint the inside of a room."""
    floor = now.horizon
    pen.setting = pen.setting._replace(haze=(0.9, 0.88, 0.85), shadow=0.38)
    props = room(pen, rng, floor)
    return Stage(floor, floor + 0.05, tuple(props), closeness=1.4)


STAGES: dict[str, Callable[[Pen, Random, Weather], Stage]] = {
    "field": field,
    "beach": beach,
    "street": street,
    "night_city": night_city,
    "underwater": underwater,
    "desert": desert,
    "snow": snow,
    "room": indoors,
}
_ANY = ("day",) * 5 + ("dusk",) * 2 + ("overcast",) * 2 + ("night",)
TIMES_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(STAGES, _ANY),
    "street": ("day",) * 5 + ("dusk",) * 2 + ("overcast",) * 3,
    "night_city": ("night",),
    "underwater": ("day",),
    "desert": ("day",) * 5 + ("dusk",) * 4 + ("night",),
    "room": ("day",),
}
HORIZONS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(STAGES, (0.3, 0.58)),
    "underwater": (0.66, 0.84),
    "room": (0.5, 0.7),
}
LIVES: dict[str, tuple[str, ...]] = {
    "field": ("house", "tree", "tree", "flower", "flower", "bird", "cat", "person", "balloon", "car"),
    "beach": ("boat", "boat", "boat", "person", "bird", "balloon", "car", "tree", "house"),
    "street": ("car", "car", "lamp", "person", "tree", "house", "cat", "flower", "bird"),
    "night_city": ("car", "car", "lamp", "lamp", "cat", "person", "tree", "boat"),
    "underwater": ("fish",),
    "desert": ("cactus", "cactus", "cactus", "car", "person", "bird", "balloon", "house"),
    "snow": ("house", "tree", "tree", "person", "bird", "cat", "balloon", "car"),
    "room": ("lamp", "cat", "person", "flower", "flower", "cat", "bird", "cactus"),
}
HOME = {
    **{"house": "field", "tree": "snow", "car": "street", "bird": "desert", "fish": "underwater", "flower": "field"},
    **{
        "boat": "beach",
        "cat": "room",
        "person": "street",
        "lamp": "night_city",
        "cactus": "desert",
        "balloon": "beach",
    },
}
