"""What stands or lies at and below the horizon: mountains, ground, sea, rocks, bushes, fences.

- ``mountains``, ``field_of`` (ground), ``sea``, ``surf``, ``bubbles``, ``beams``   are painted at once
- ``rocks``, ``bushes``, ``fence``, ``seaweeds``   return ``Prop``s, to be painted in depth order among the things

All take the whole picture as their frame (the unit square, y pointing down).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from xailab.data.minibroden.colors import Color, mixed, shade_of, varied
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import Point, blobs, box, circle, ellipse, ground, polygon, ribbon

GROUNDS: dict[str, tuple[str, Color]] = {
    "grass": ("grass", (0.33, 0.58, 0.22)),
    "sand": ("sand", (0.89, 0.77, 0.52)),
    "snowfield": ("snow", (0.92, 0.94, 0.98)),
    "sidewalk": ("stone", (0.66, 0.65, 0.63)),
}


class Prop(NamedTuple):
    """Something that stands on the ground at the height ``foot`` and is painted when its turn comes, far to near."""

    foot: float
    paint: Callable[[], None]


def grain(rng: Random) -> Point:
    """Return a random place in the noise tiles."""
    return (rng.uniform(0.0, 256.0), rng.uniform(0.0, 256.0))


def mountains(pen: Pen, rng: Random, horizon: float, *, color: Color, snow: bool = False) -> None:
    """Paint two to four peaks, the farther the hazier, each with a shaded flank and perhaps a cap of snow."""
    pen.whole()
    count = rng.integer(2, 4)
    for k in range(count):
        far = 1.0 - k / count
        x = rng.uniform(0.02, 0.98)
        height = min(rng.uniform(0.16, 0.3) * (0.7 + 0.5 * far), horizon - 0.03)
        half = height * rng.uniform(0.95, 1.5)
        foot = horizon + 0.06
        left, right = (
            _slope(rng, (x - half, foot), (x, horizon - height)),
            _slope(rng, (x + half, foot), (x, horizon - height)),
        )
        pen.own("mountain", haze=0.15 + 0.4 * far, grain=grain(rng))
        rock = Paint(varied(rng, color, 0.03), "stone", shade=0.12)
        pen.paint(polygon([*left, *reversed(right)]), rock)
        if snow:
            _cap(pen, rng, (x, horizon - height), half, height)
        flank = [(x + half, foot), *right[1:]] if pen.setting.light[0] < 0 else [(x - half, foot), *left[1:]]
        kink = [
            (x + rng.uniform(-0.08, 0.08) * half, horizon - 0.55 * height),
            (x + rng.uniform(-0.2, 0.2) * half, foot),
        ]
        pen.tint(polygon([*flank, *kink]), (0.08, 0.08, 0.16), 0.26 * (1.0 - 0.5 * far), emits=True)


def _slope(rng: Random, foot: Point, peak: Point) -> list[Point]:
    """Return a jagged line from the foot of a mountain to its peak."""
    line = [foot]
    for t in (0.22, 0.45, 0.65, 0.84):
        x, y = foot[0] + t * (peak[0] - foot[0]), foot[1] + t * (peak[1] - foot[1])
        line.append((x + rng.uniform(-0.012, 0.012), y + rng.uniform(-0.016, 0.016)))
    return [*line, peak]


def _cap(pen: Pen, rng: Random, peak: Point, half: float, height: float) -> None:
    """Cover a peak with snow, down to a zigzag line."""
    x, y = peak
    depth = rng.uniform(0.3, 0.5)
    line = []
    for k in range(7):
        t = k / 6 * 2 - 1
        deep = depth * (1.0 if k % 2 == 0 else 0.68) if 0 < k < 6 else depth * 0.95
        line.append((x + t * half * depth * 0.86, y + height * deep))
    pen.paint(polygon([peak, *reversed(line)]), Paint((0.95, 0.96, 0.98), "snow", shade=0.1))


def field_of(
    pen: Pen, rng: Random, name: str, top: float, *, horizon: float | None = None, waves: float = 0.012
) -> None:
    """Cover everything below ``top`` with a kind of ground, lighter in the distance."""
    material, color = GROUNDS[name]
    color = varied(rng, color, 0.025)
    pen.whole()
    pen.own(name, grain=grain(rng))
    far = mixed(color, pen.setting.haze, 0.22)
    wave = (waves, rng.uniform(5, 9), rng.uniform(0, 6.28))
    swell = (0.6 * waves, rng.uniform(11, 17), rng.uniform(0, 6.28))
    paint = Paint(far, material, "gradient", color, period=top + 0.3, angle=top, shade=0.0)
    pen.paint(ground(top, wave, swell), paint._replace(horizon=top if horizon is None else horizon))


def sea(pen: Pen, rng: Random, top: float) -> None:
    """Cover everything below ``top`` with water that takes its far color from the sky, with a glitter under the
    light.
    """
    pen.whole()
    pen.own("sea", grain=grain(rng))
    deep = varied(rng, rng.choice(((0.10, 0.40, 0.62), (0.12, 0.50, 0.62), (0.10, 0.30, 0.55))), 0.02)
    far = mixed(deep, pen.setting.haze, 0.4)
    paint = Paint(far, "water", "gradient", deep, period=top + 0.25, angle=top, shade=0.0, horizon=top)
    pen.paint(ground(top, (0.0, 1.0, 0.0), (0.0, 1.0, 0.0)), paint)
    x = 0.5 + 0.4 * pen.setting.light[0]
    for k in range(7):
        y = top + 0.012 + 0.028 * k
        streak = ellipse(x + rng.uniform(-0.04, 0.04), y, rng.uniform(0.03, 0.1), 0.006)
        pen.tint(streak, mixed(pen.setting.haze, (1, 1, 1), 0.4), 0.5, soft=0.008)


def surf(pen: Pen, rng: Random, shore: float) -> None:
    """Paint wet sand and a line of foam along the shore, before the sand is laid."""
    wave = (0.012, rng.uniform(5, 9), rng.uniform(0, 6.28))
    swell = (0.008, rng.uniform(11, 17), rng.uniform(0, 6.28))
    pen.whole()
    pen.tint(ground(shore - 0.022, wave, swell), (0.95, 0.97, 0.98), 0.8, soft=0.012, emits=False)


def rocks(pen: Pen, rng: Random, top: float, count: int, *, color: Color = (0.5, 0.47, 0.44)) -> list[Prop]:
    """Return rocks on the ground below ``top``; the nearer the larger, with shadows."""
    return [
        Prop(y, partial(_rock, pen, rng.fork("rock", k), spot, (y - top) / max(1 - top, 0.05), color))
        for k, spot in enumerate(_spots(rng, count, (top + 0.03, 0.97)))
        for y in (spot[1],)
    ]


def _spots(rng: Random, count: int, between: tuple[float, float]) -> list[Point]:
    """Draw places on the ground."""
    return [(rng.uniform(0.02, 0.98), rng.uniform(*between)) for _ in range(count)]


def _rock(pen: Pen, rng: Random, spot: Point, near: float, color: Color) -> None:
    size = 0.04 + 0.075 * near
    pen.frame((spot[0], spot[1] - 0.4 * size), size)
    pen.own("rock", haze=0.2 * (1 - near), grain=grain(rng))
    pen.shadow(0.9, 0.42)
    tall = rng.uniform(0.6, 0.9)
    shoulder = -tall * rng.uniform(0.7, 1.0)
    corners = [(-1.0, 0.45), (-0.85, -0.1), (-0.4, -tall), (0.25, shoulder), (0.8, -0.2), (1.0, 0.45)]
    pen.paint(polygon(corners, 0.06).frayed(0.04), Paint(varied(rng, color), "stone", shade=0.4))
    pen.tint(polygon([corners[2], corners[3], (0.35, 0.05), (-0.3, -0.1)]), (1.0, 1.0, 1.0), 0.1, soft=0.1 * size)


def bushes(pen: Pen, rng: Random, top: float, count: int, *, color: Color = (0.22, 0.45, 0.18)) -> list[Prop]:
    """Return low bushes on the ground below ``top``, most of them far away."""
    return [
        Prop(y, partial(_bush, pen, rng.fork("bush", k), spot, (y - top) / max(1 - top, 0.05), color))
        for k, spot in enumerate(_spots(rng, count, (top + 0.01, top + 0.6 * (1 - top))))
        for y in (spot[1],)
    ]


def _bush(pen: Pen, rng: Random, spot: Point, near: float, color: Color) -> None:
    size = 0.055 + 0.11 * near
    pen.frame((spot[0], spot[1] - 0.5 * size), size)
    pen.own("bush", haze=0.25 * (1 - near), grain=grain(rng))
    pen.shadow(0.9, 0.5)
    discs = [
        (a, 0.1 - rng.uniform(0.0, 0.35) * (1 - a * a), rng.uniform(0.36, 0.48)) for a in (-0.65, -0.2, 0.25, 0.65)
    ]
    pen.paint(blobs(discs).frayed(0.06), Paint(varied(rng, color, 0.03), "foliage", shade=0.4))


def fence(pen: Pen, rng: Random, top: float) -> list[Prop]:
    """Return a wooden fence along the picture, somewhere in the farther half of the ground."""
    y = top + rng.uniform(0.08, 0.4) * (1 - top)
    return [Prop(y, partial(_fence, pen, rng.fork("fence"), y, (y - top) / max(1 - top, 0.05)))]


def _fence(pen: Pen, rng: Random, y: float, near: float) -> None:
    height = 0.05 + 0.1 * near
    pen.whole()
    pen.own("fence", haze=0.2 * (1 - near), grain=grain(rng))
    paint = Paint(shade_of(rng, "brown", "white", "brown"), "wood", shade=0.1)
    pen.tint(box(0.5, y + 0.006, 0.6, 0.008), (0.03, 0.05, 0.03), pen.setting.shadow, soft=0.02)
    for level in (0.35, 0.75):
        pen.paint(box(0.5, y - level * height, 0.55, 0.09 * height), paint)
    step, half = 0.9 * height, 0.13 * height
    x = rng.uniform(-step, 0.0)
    while x < 1.05:
        shoulder, tip = y - 0.9 * height, y - 1.05 * height
        pen.paint(polygon([(x - half, y), (x - half, shoulder), (x, tip), (x + half, shoulder), (x + half, y)]), paint)
        x += step


def seaweeds(pen: Pen, rng: Random, top: float, count: int) -> list[Prop]:
    """Return tufts of seaweed that grow from the ground below ``top``."""
    return [
        Prop(spot[1], partial(_seaweed, pen, rng.fork("seaweed", k), spot))
        for k, spot in enumerate(_spots(rng, count, (top + 0.02, 0.99)))
    ]


def _seaweed(pen: Pen, rng: Random, spot: Point) -> None:
    x, y = spot
    pen.whole()
    pen.own("seaweed", haze=0.25 * (1.0 - y), grain=grain(rng))
    green = varied(rng, rng.choice(((0.16, 0.52, 0.26), (0.30, 0.50, 0.16), (0.45, 0.28, 0.18))), 0.03)
    for _ in range(rng.integer(1, 3)):
        height, width = rng.uniform(0.16, 0.42), rng.uniform(0.018, 0.028)
        strand = ribbon((x, y), height, width, (0.035, rng.uniform(14, 22), rng.uniform(0, 6)))
        pen.paint(strand, Paint(green, "foliage", shade=0.25))
        x += rng.uniform(0.03, 0.06)


def bubbles(pen: Pen, rng: Random, count: int) -> None:
    """Let bubbles rise."""
    pen.whole()
    for _ in range(count):
        x, y, radius = rng.uniform(), rng.uniform(0.0, 0.8), rng.uniform(0.008, 0.024)
        pen.tint(circle(x, y, radius), (0.75, 0.93, 1.0), 0.35)
        pen.tint(circle(x - 0.3 * radius, y - 0.3 * radius, 0.4 * radius), (1.0, 1.0, 1.0), 0.7)


def beams(pen: Pen, rng: Random) -> None:
    """Let light fall into the water in slanting beams."""
    pen.whole()
    slant = -0.45 * pen.setting.light[0]
    for _ in range(rng.integer(2, 5)):
        x, width, reach = rng.uniform(0.0, 1.0), rng.uniform(0.02, 0.07), rng.uniform(0.5, 0.95)
        end = x + slant * reach
        quad = [(x - width, -0.02), (x + width, -0.02), (end + 1.8 * width, reach), (end - 1.8 * width, reach)]
        pen.tint(polygon(quad), (0.8, 0.97, 1.0), 0.11, soft=0.05)
