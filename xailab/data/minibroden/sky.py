"""What is above the horizon: the time of day with its light, the sky, sun and moon, stars, clouds.

- ``TIMES``       day, dusk, overcast, night
- ``Weather``     the time of day, the horizon, where the light comes from
- ``weather``     draw one at random
- ``setting_of``  the light that it gives
- ``sky``         paint the sky
"""

import math
from typing import NamedTuple

from xailab.data.minibroden.colors import Color, mixed, varied
from xailab.data.minibroden.pen import Paint, Pen, Setting
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import Point, blobs, circle, crescent, ellipse, everywhere

TIMES = ("day", "dusk", "overcast", "night")

_SKIES: dict[str, tuple[tuple[Color, Color], ...]] = {
    "day": (((0.22, 0.48, 0.86), (0.70, 0.86, 0.97)), ((0.36, 0.62, 0.93), (0.84, 0.92, 0.97)),
            ((0.18, 0.42, 0.75), (0.55, 0.78, 0.95))),
    "dusk": (((0.30, 0.30, 0.58), (0.98, 0.66, 0.42)), ((0.55, 0.32, 0.50), (0.99, 0.60, 0.36)),
             ((0.86, 0.52, 0.38), (0.99, 0.85, 0.58)), ((0.22, 0.33, 0.60), (0.95, 0.74, 0.66))),
    "overcast": (((0.56, 0.62, 0.70), (0.80, 0.83, 0.87)), ((0.66, 0.70, 0.74), (0.86, 0.88, 0.89))),
    "night": (((0.02, 0.03, 0.11), (0.13, 0.12, 0.30)), ((0.02, 0.05, 0.14), (0.08, 0.16, 0.32))),
}  # fmt: skip
_AMBIENT: dict[str, Color] = {
    "day": (1.0, 1.0, 0.98),
    "dusk": (0.99, 0.88, 0.80),
    "overcast": (0.88, 0.90, 0.93),
    "night": (0.58, 0.60, 0.74),
}
_CLOUDS: dict[str, Color] = {
    "day": (0.97, 0.97, 0.98),
    "dusk": (0.96, 0.74, 0.66),
    "overcast": (0.72, 0.75, 0.79),
    "night": (0.17, 0.18, 0.28),
}


class Weather(NamedTuple):
    """The time of day, the height of the horizon (picture units from above), and where the sun or the moon stands."""

    time: str
    horizon: float
    source: Point


def weather(rng: Random, times: tuple[str, ...], horizon: float) -> Weather:
    """Draw a time of day out of ``times`` (repeat one to favor it) and a place for the source of light."""
    time = rng.choice(times)
    side = rng.sign()
    low = max(0.12, horizon - 0.12)
    height = rng.uniform(0.5 * low, low) if time == "dusk" else rng.uniform(0.08, max(0.1, 0.5 * horizon))
    return Weather(time, horizon, (0.5 + side * rng.uniform(0.12, 0.42), height))


def setting_of(rng: Random, now: Weather) -> Setting:
    """Return the light, the air and the windows at this time."""
    x = now.source[0] - 0.5
    length = math.hypot(x * 2.2, 0.75)
    light = (2.2 * x / length, -0.75 / length)
    skies = _SKIES[now.time]
    haze = skies[rng.integer(0, len(skies) - 1)][1]
    night = now.time == "night"
    return Setting(
        light=light,
        ambient=_AMBIENT[now.time],
        haze=haze,
        window=(0.98, 0.84, 0.42) if night else (0.55, 0.75, 0.88),
        dark_window=(0.10, 0.11, 0.19) if night else (0.40, 0.55, 0.68),
        lit=night,
        shadow={"day": 0.45, "dusk": 0.38, "overcast": 0.22, "night": 0.45}[now.time],
    )


def sky(pen: Pen, rng: Random, now: Weather, *, cover: float = 0.5) -> None:
    """Paint the sky, then stars, the sun or the moon, and clouds (``cover``: how likely each of up to four is)."""
    pen.whole()
    bottom = pen.setting.haze
    top = next(upper for upper, lower in _SKIES[now.time] if lower == bottom)
    pen.own("sky")
    gradient = Paint(varied(rng, top, 0.02), texture="gradient", second=bottom, shade=0.0, emits=True)
    pen.paint(everywhere(), gradient._replace(angle=0.0, period=now.horizon + 0.05))
    if now.time == "night":
        _stars(pen, rng.fork("stars"), now.horizon)
    _source(pen, rng.fork("source"), now)
    _clouds(pen, rng.fork("clouds"), now, cover)


def _stars(pen: Pen, rng: Random, horizon: float) -> None:
    for _ in range(rng.integer(18, 40)):
        spot = circle(rng.uniform(), rng.uniform(0.0, horizon), rng.uniform(0.003, 0.007))
        pen.tint(spot, (1.0, 1.0, 0.92), rng.uniform(0.5, 1.0))


def _source(pen: Pen, rng: Random, now: Weather) -> None:
    """Paint the sun by day and at dusk, the moon at night; it is often out of sight."""
    x, y = now.source
    grain = (rng.uniform(0, 256), rng.uniform(0, 256))
    if now.time == "night" and rng.chance(0.75):
        pen.own("moon", grain=grain)
        pale = Paint((0.96, 0.95, 0.82), "light", shade=0.05, emits=True)
        radius = rng.uniform(0.055, 0.085)
        pen.tint(circle(x, y, 1.6 * radius), (0.8, 0.85, 1.0), 0.25, soft=0.14)
        bite = (x + rng.uniform(0.35, 0.9) * radius, y - 0.35 * radius, 0.95 * radius)
        pen.paint(circle(x, y, radius) if rng.chance(0.4) else crescent(x, y, radius, bite), pale)
    elif now.time in ("day", "dusk") and rng.chance(0.6):
        pen.own("sun", grain=grain)
        disc = (1.0, 0.93, 0.45) if now.time == "day" else rng.choice(((1.0, 0.82, 0.35), (1.0, 0.62, 0.3)))
        radius = rng.uniform(0.06, 0.09) * (1.15 if now.time == "dusk" else 1.0)
        pen.tint(circle(x, y, 1.8 * radius), mixed(disc, (1, 1, 1), 0.4), 0.5, soft=0.26)
        pen.paint(circle(x, y, radius), Paint(disc, "light", shade=0.0, emits=True))


def _clouds(pen: Pen, rng: Random, now: Weather, cover: float) -> None:
    """Paint up to four clouds, flat below and lit from the side of the light; nearer the horizon they are smaller."""
    color = _CLOUDS[now.time]
    for k in range(4):
        wanted = rng.chance(1.0 if now.time == "overcast" and k < 2 else cover)
        x, y = rng.uniform(0.0, 1.0), rng.uniform(0.04, max(0.08, 0.75 * now.horizon))
        size = rng.uniform(0.05, 0.085) * (1.2 - 0.6 * y / max(now.horizon, 0.1))
        discs = [(x + size * a, y - size * rng.uniform(0.0, 0.5) * (2 - abs(a)), size * rng.uniform(0.6, 0.9))
                 for a in (-1.7, -0.9, 0.0, 0.9, 1.7)]  # fmt: skip
        if not wanted:
            continue
        pen.own("cloud", haze=0.1 + 0.35 * y / max(now.horizon, 0.1), grain=(rng.uniform(0, 256), rng.uniform(0, 256)))
        body = Paint(color, shade=0.14, emits=True)
        pen.paint(blobs(discs).frayed(0.008), body)
        pen.paint(
            ellipse(x, y + 0.15 * size, 2.3 * size, 0.5 * size).frayed(0.006),
            body._replace(color=mixed(color, pen.setting.haze, 0.25)),
        )
