"""Where the things of a picture are: one large thing off-center, or several that stand in depth.

- ``Place``         where one thing is, how large, how far
- ``place_subject`` for ``object`` pictures
- ``place_things``  for ``scene`` pictures: what is lower in the picture is nearer and larger, little overlaps
"""

import math
from typing import NamedTuple

from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.scenes import LIVES, Stage
from xailab.data.minibroden.things import AIRBORNE, SIZE

_LEAN = {
    **{"house": 0.02, "tree": 0.03, "car": 0.03, "bird": 0.1, "fish": 0.22, "flower": 0.1, "boat": 0.08, "cat": 0.05},
    **{"person": 0.05, "lamp": 0.02, "cactus": 0.04, "balloon": 0.08},
}


class Place(NamedTuple):
    """A thing's center and scale (half its height) in picture units, its lean in radians, its mirroring.

    ``depth`` is 0 for the nearest and grows to 1 towards the horizon. ``foot`` orders the painting, far to near: the
    height at which it stands; -1 for what flies behind everything that stands.
    """

    name: str
    x: float
    y: float
    scale: float
    angle: float
    flip: int
    depth: float
    foot: float


def _outward(share: float) -> float:
    """Push a number in [0, 1] away from the middle, so that the middle of the picture is no good guess."""
    side = 2.0 * share - 1.0
    return 0.5 + 0.5 * math.copysign(abs(side) ** 0.6, side)


def place_subject(rng: Random, name: str, position: str) -> Place:
    """Place the one thing of an ``object`` picture: anywhere, partly out of the picture at most by a third of its half.

    ``position`` (``left``, ``right``, ``top``, ``bottom`` or empty) squeezes it into that half.
    """
    scale = rng.uniform(0.22, 0.42) * (0.85 if name == "car" else 1.0)
    across, down = _outward(rng.uniform()), _outward(rng.uniform())
    left, right, top, bottom = 0.68 * scale, 1 - 0.68 * scale, 0.68 * scale, 0.98 - 0.9 * scale
    if position == "left":
        right = min(right, 0.36)
    elif position == "right":
        left = max(left, 0.64)
    elif position == "top":
        bottom = min(bottom, 0.36)
    elif position == "bottom":
        top = min(max(top, 0.6), bottom)
    left, right = min(left, right), max(left, right)
    x, y = left + across * (right - left), top + down * (max(bottom, top) - top)
    return Place(
        name,
        x,
        y,
        scale,
        rng.uniform(-1.6, 1.6) * _LEAN[name],
        rng.sign(),
        0.0,
        2.0 if name in AIRBORNE else y + 0.95 * scale,
    )


def _overlap(one: Place, other: Place) -> float:
    """Return how much of the smaller of two things' boxes the other covers."""
    width = min(one.x + 0.8 * one.scale, other.x + 0.8 * other.scale) - max(
        one.x - 0.8 * one.scale, other.x - 0.8 * other.scale
    )
    height = min(one.y + one.scale, other.y + other.scale) - max(one.y - one.scale, other.y - other.scale)
    smaller = 3.2 * min(one.scale, other.scale) ** 2
    return max(width, 0.0) * max(height, 0.0) / smaller


def _anywhere(rng: Random, name: str, scene: str, stage: Stage) -> Place:
    """Draw one place for a thing where it belongs: on the ground, on the water, in the air."""
    x, flip, lean = rng.uniform(0.08, 0.92), rng.sign(), rng.uniform(-1.0, 1.0) * _LEAN[name]
    flies = name == "balloon" or (name == "bird" and scene != "room" and rng.chance(0.5))
    near = rng.uniform(0.0, 1.0) ** 1.2
    if name == "fish":
        scale = stage.closeness * SIZE[name] * (0.13 + 0.2 * near)
        return Place(
            name,
            x,
            rng.uniform(0.12, stage.horizon + 0.06),
            scale,
            lean,
            flip,
            1 - near,
            stage.horizon + near * (1 - stage.horizon),
        )
    if flies:
        scale = SIZE[name] * (0.13 + 0.17 * near)
        return Place(
            name, x, rng.uniform(0.14, max(0.2, stage.horizon - 0.06)), scale, lean, flip, 1 - near, near - 2.0
        )
    if name == "boat" and stage.water is not None:
        far, close = stage.water
        foot, scale = far + near * (close - far), SIZE[name] * (0.12 + 0.16 * near)
        return Place(name, x, foot - 0.95 * scale, scale, lean, flip, 1 - near, foot)
    foot = stage.top + near * (0.98 - stage.top)
    scale = stage.closeness * SIZE[name] * (0.13 + 0.225 * near * (1.0 - 0.5 * (stage.horizon - 0.3)))
    return Place(name, x, foot - scale, scale, lean, flip, 1 - near, foot)


def place_things(rng: Random, scene: str, stage: Stage) -> list[Place]:
    """Place two to six things that live in a scene, and return them from the farthest to the nearest."""
    places: list[Place] = []
    options = [name for name in LIVES[scene] if name != "boat" or stage.water is not None]
    for _ in range(rng.integer(2, 6)):
        name = rng.choice(options)
        tries = [_anywhere(rng, name, scene, stage) for _ in range(5)]
        costs = [sum(_overlap(place, other) for other in places) for place in tries]
        best = min(range(5), key=costs.__getitem__)
        if costs[best] < 0.75 or not places:
            places.append(tries[best])
    return sorted(places, key=lambda place: place.foot)
