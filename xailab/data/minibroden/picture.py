"""One picture of MiniBroden, with its labels and the facts about how it was made.

- ``sample``    render the picture of a seed
- ``Picture``   image, label maps, class, facts
- ``Facts``, ``Instance``   what was drawn: scene, light, things, their parts, facets and colors, planted cues

The composition does not know the size: the same seed shows the same picture at every size, only sharper.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import UInt8

from xailab.data.minibroden.bias import Bias, Planted, plant
from xailab.data.minibroden.coats import FREE, Look, Made, coat, names, plain
from xailab.data.minibroden.colors import TABLE, any_color
from xailab.data.minibroden.columns import PLANES
from xailab.data.minibroden.composition import Place, place_subject, place_things
from xailab.data.minibroden.land import Prop, grain
from xailab.data.minibroden.noise import TILES
from xailab.data.minibroden.pen import Pen, Setting
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.raster import census, finish, name_colors
from xailab.data.minibroden.scenes import HOME, HORIZONS, STAGES, TIMES_OF
from xailab.data.minibroden.shapes import everywhere
from xailab.data.minibroden.sky import setting_of, weather
from xailab.data.minibroden.tag import stick
from xailab.data.minibroden.things import AIRBORNE, DRAW
from xailab.data.minibroden.vocabulary import NUMBERS, SCENES, TEXTURES, THINGS
from xailab.errors import UnknownName

MODES: dict[str, tuple[str, ...]] = {"object": THINGS, "scene": SCENES, "texture": TEXTURES}
SMALLEST = 32
GRAIN = 0.013  # standard deviation of the sensor noise, in units of the full range
_HAZE = 0.25  # how much of the air's color the farthest things take
_PART_NAMES = {number: name for name, number in NUMBERS["part"].items()}


@dataclass(frozen=True)
class Instance:
    """One thing in a picture.

    Parameters
    ----------
    number
        Its value in ``Picture.instances``, from 1, from the farthest to the nearest.
    name
        Which thing.
    facets
        Facet -> value, for example ``{"crown": "conifer"}``.
    colors
        The names of its main colors, the largest surface first.
    center, scale, angle, flipped
        Its frame: center and half height in picture units (0 ... 1, y pointing down), its lean in radians, whether
        it is mirrored (looks to the left).
    depth
        0 near ... 1 far.
    box
        The visible pixels' box x0, y0, x1, y1, ends excluded; None if nothing is visible.
    visible
        How many pixels of it are visible.
    parts
        Part -> visible pixels, for the parts of which any is visible.
    """

    number: int
    name: str
    facets: Mapping[str, str]
    colors: tuple[str, ...]
    center: tuple[float, float]
    scale: float
    angle: float
    flipped: bool
    depth: float
    box: tuple[int, int, int, int] | None = None
    visible: int = 0
    parts: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Facts:
    """How a picture was made. ``horizon`` and ``light`` (the direction to the light, y down) are in picture units.

    In texture mode ``scene`` and ``time`` are empty and ``colors`` names the two colors of the pattern.
    """

    scene: str
    time: str
    horizon: float
    light: tuple[float, float]
    instances: tuple[Instance, ...]
    planted: Planted
    colors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A rendered picture.

    Parameters
    ----------
    seed, mode
        What it was rendered from.
    image
        RGB uint8, ``h w 3``.
    labels
        ``object``, ``part``, ``material``, ``texture``, ``color`` -> uint8 global concept numbers, ``h w``; 0
        unlabelled. A label goes to what covers more than half of a pixel.
    instances
        Uint8 ``h w``: which thing a pixel belongs to (``Facts.instances``), 0 for none.
    scene
        Global number of the scene; 0 in texture mode.
    target
        Index of the class in ``MODES[mode]``.
    facts
        How it was made.
    """

    seed: int
    mode: str
    image: UInt8[np.ndarray, "h w 3"]
    labels: Mapping[str, UInt8[np.ndarray, "h w"]]
    instances: UInt8[np.ndarray, "h w"]
    scene: int
    target: int
    facts: Facts


def sample(
    seed: int,
    *,
    size: int = 64,
    mode: str = "object",
    subject: str | None = None,
    scene: str | None = None,
    bias: Bias | None = None,
) -> Picture:
    """Render the picture of a seed.

    Parameters
    ----------
    seed
        >= 0. The same seed gives the same bytes on the same machine; other platforms may differ by one gray level.
    size
        Pixels per side, >= 32.
    mode
        ``"object"``: one large thing in any scene, the class is the thing. ``"scene"``: two to six things that live in
        the scene, the class is the scene. ``"texture"``: a pattern that fills the picture, the class is the texture.
    subject
        The class, or None to draw it: a thing, a scene, or a texture.
    scene
        The scene behind an object, or None to draw it (in scene mode it is the same as ``subject``).
    bias
        Planted shortcuts. The picture is otherwise that of the same seed without them.

    Raises
    ------
    ValueError
        ``seed`` is negative, ``size`` too small, or ``subject`` and ``scene`` contradict each other.
    UnknownName
        No such mode, subject or scene.
    """
    subject = _checked(seed, size, mode, subject, scene)
    rng = Random(seed)
    classes = MODES[mode]
    drawn = rng.fork("subject").choice(classes)
    name = drawn if subject is None else subject
    planted = plant(rng, bias, name, classes)
    if mode == "texture":
        pen, facts = _pattern(rng, name, planted)
    else:
        if mode == "scene":
            behind = name
        elif scene is not None:
            behind, planted = scene, replace(planted, home=False)
        else:
            behind = HOME[name] if planted.home else rng.fork("behind").choice(SCENES)
        pen, facts = _view(rng, mode, name, behind, planted)
    return _developed(rng, pen, facts, (seed, size, mode, classes.index(name)))


def _checked(seed: int, size: int, mode: str, subject: str | None, scene: str | None) -> str | None:
    """Raise on arguments that do not fit, and return the subject (in scene mode the scene, if that is given)."""
    if seed < 0:
        raise ValueError(f"seed must be >= 0, got {seed}")
    if size < SMALLEST:
        raise ValueError(f"size must be at least {SMALLEST} pixels (things are not recognizable below), got {size}")
    if mode not in MODES:
        raise UnknownName("mode", mode, MODES)
    if scene is not None and scene not in SCENES:
        raise UnknownName("scene", scene, SCENES)
    if mode == "texture" and scene is not None:
        raise ValueError(f"a texture picture has no scene, got scene={scene!r}")
    if mode == "scene" and scene is not None:
        if subject not in (None, scene):
            raise ValueError(
                f"in scene mode subject is the scene: got subject={subject!r} and scene={scene!r}; give one"
            )
        subject = scene
    if subject is not None and subject not in MODES[mode]:
        raise UnknownName(f"{mode} class", subject, MODES[mode])
    return subject


def _pattern(rng: Random, name: str, planted: Planted) -> tuple[Pen, Facts]:
    """Compose a picture that is filled by a texture."""
    own = rng.fork("pattern")
    pen = Pen(Setting(light=(0.6 * own.sign(), -0.8)))
    pen.whole()
    pen.own("", grain=grain(own))
    paint = coat(own, Look(texture=name), plain(any_color(own), shade=0.12), 1.0)
    pen.paint(everywhere(), paint._replace(period=own.uniform(0.13, 0.3)))
    facts = Facts("", "", 0.0, pen.setting.light, (), planted, names(paint))
    return pen, facts


def _view(rng: Random, mode: str, name: str, scene: str, planted: Planted) -> tuple[Pen, Facts]:
    """Compose an object or a scene picture."""
    high, low = HORIZONS[scene]
    horizon = high + rng.fork("horizon").uniform() * (low - high)
    subject = place_subject(rng.fork("place"), name, planted.position) if mode == "object" else None
    if subject is not None and name not in AIRBORNE:
        horizon = min(horizon, max(0.14, subject.y + 0.82 * subject.scale))  # so that it stands on the ground
    now = weather(rng.fork("weather", scene), TIMES_OF[scene], horizon)
    pen = Pen(setting_of(rng.fork("setting"), now))
    stage = STAGES[scene](pen, rng.fork("stage", scene), now)
    places = place_things(rng.fork("places"), scene, stage) if subject is None else [subject]
    look = Look(planted.color, planted.texture) if mode == "object" else FREE
    instances = _paint_standing(rng, pen, stage.props, places, look)
    time = now.time if scene not in ("underwater", "room") else ""
    return pen, Facts(scene, time, stage.horizon, pen.setting.light, tuple(instances), planted)


def _paint_standing(rng: Random, pen: Pen, props: tuple[Prop, ...], places: list[Place], look: Look) -> list[Instance]:
    """Paint what stands on the ground from the farthest to the nearest, things and props alike."""
    instances = []
    waiting = sorted(props, key=lambda prop: prop.foot)
    for i, place in enumerate(places, 1):
        while waiting and waiting[0].foot < place.foot:
            waiting.pop(0).paint()
        own = rng.fork("thing", i, place.name)
        pen.frame((place.x, place.y), place.scale, angle=place.angle, flip=place.flip)
        pen.own(place.name, instance=i, haze=_HAZE * place.depth, grain=grain(own))
        instances.append(_instance(i, place, DRAW[place.name](pen, own, look)))
    for prop in waiting:
        prop.paint()
    return instances


def _instance(number: int, place: Place, made: Made) -> Instance:
    """Write down what was drawn of a thing; what is visible of it is counted later."""
    return Instance(
        number=number,
        name=place.name,
        facets=made.facets,
        colors=made.colors,
        center=(place.x, place.y),
        scale=place.scale,
        angle=place.angle,
        flipped=place.flip < 0,
        depth=place.depth,
    )


def _developed(rng: Random, pen: Pen, facts: Facts, order: tuple[int, int, str, int]) -> Picture:
    """Render what was composed, name the colors, and count what is visible."""
    seed, size, mode, target = order
    if facts.planted.tag:
        tag_box = stick(rng.fork("tag"), pen, facts.planted.tag, size)
        facts = replace(facts, planted=replace(facts.planted, tag_box=tag_box))
    seen, flat, planes = pen.develop(size)
    camera = rng.fork("camera")
    exposure, key, (nx, ny) = camera.uniform(0.9, 1.06), np.uint64(camera.bits()), grain(camera)
    image = finish(seen, exposure, GRAIN, key, TILES, nx, ny)
    labels = {category: planes[k] for k, category in enumerate(PLANES[:-1])}
    labels["color"] = name_colors(flat, TABLE)
    boxes, pixels = census(planes[4], planes[1], len(facts.instances))
    counted = []
    for instance in facts.instances:
        x0, y0, x1, y1 = (int(edge) for edge in boxes[instance.number])
        row = pixels[instance.number]
        parts = {_PART_NAMES[int(number)]: int(row[number]) for number in np.flatnonzero(row) if number}
        visible = (x0, y0, x1, y1) if x1 > x0 else None
        counted.append(replace(instance, box=visible, visible=int(row.sum()), parts=parts))
    facts = replace(facts, instances=tuple(counted))
    number = NUMBERS["scene"].get(facts.scene, 0)
    return Picture(seed, mode, image, labels, planes[4], number, target, facts)
