"""The twelve things: how each is drawn, how large it is, where it lives.

- ``DRAW``   thing -> function (pen, rng, look) -> ``Made``; it paints in a frame in which the thing fills about [-1, 1]
             and, if it stands, stands at v = 1
- ``SIZE``   thing -> half its height relative to a person's, compressed so that small things stay visible
- ``AIRBORNE``  things that float or fly, and cast no shadow beneath them
"""

from collections.abc import Callable

from xailab.data.minibroden.coats import Look, Made
from xailab.data.minibroden.pen import Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.things.animals import bird, cat, fish
from xailab.data.minibroden.things.built import house, lamp
from xailab.data.minibroden.things.person import person
from xailab.data.minibroden.things.plants import cactus, flower, tree
from xailab.data.minibroden.things.vehicles import balloon, boat, car

DRAW: dict[str, Callable[[Pen, Random, Look], Made]] = {
    "house": house,
    "tree": tree,
    "car": car,
    "bird": bird,
    "fish": fish,
    "flower": flower,
    "boat": boat,
    "cat": cat,
    "person": person,
    "lamp": lamp,
    "cactus": cactus,
    "balloon": balloon,
}
SIZE = {
    **{"house": 1.25, "tree": 1.2, "car": 0.85, "bird": 0.62, "fish": 0.75, "flower": 0.72, "boat": 0.95, "cat": 0.68},
    **{"person": 0.95, "lamp": 1.05, "cactus": 0.95, "balloon": 0.95},
}
AIRBORNE = frozenset({"balloon", "fish"})
