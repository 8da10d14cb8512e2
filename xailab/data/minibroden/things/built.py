"""Things that were built: ``house`` (gable or hip roof, four kinds of wall) and ``lamp`` (shade or globe)."""

from xailab.data.minibroden.coats import Look, Made, coat, names, plain
from xailab.data.minibroden.colors import Color, any_color, mixed, shade_of
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import box, capsule, circle, ellipse, polygon

_WALLS = {
    "brick": ("red", "brown", "orange"),
    "wood": ("brown", "yellow", "white", "blue", "red"),
    "stone": ("gray", "white", "yellow"),
    "plaster": ("white", "yellow", "pink", "blue", "green", "orange"),
}


def pane(pen: Pen, x: float, y: float, half: float, frame: Color) -> None:
    """Paint a window: a frame, the glass (lit at night), and the bars."""
    setting = pen.setting
    pen.paint(box(x, y, half, half), plain(frame, shade=0.05), "window")
    glass = Paint(setting.window, "glass", shade=0.1, emits=setting.lit)
    pen.paint(box(x, y, 0.78 * half, 0.78 * half), glass, "window")
    pen.paint(box(x, y, 0.1 * half, 0.8 * half), plain(frame, shade=0.0), "window")
    pen.paint(box(x, y, 0.8 * half, 0.1 * half), plain(frame, shade=0.0), "window")


def house(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a house: a wall, a roof, a door, one or two windows, perhaps a chimney."""
    width, eaves, top = rng.uniform(0.62, 0.8), rng.uniform(-0.12, 0.14), rng.uniform(-0.98, -0.72)
    kind = rng.choice(tuple(_WALLS))
    wall = coat(rng, look, Paint(shade_of(rng, *_WALLS[kind]), "" if kind == "plaster" else kind, shade=0.1), 0.0)
    roof = coat(rng, Look(), plain(shade_of(rng, "red", "brown", "gray", "black", "blue", "orange")), 0.3)
    pen.shadow(width * 1.1)
    if rng.chance(0.6):
        side = rng.choice((-0.42, 0.42)) * width / 0.7
        pen.paint(box(side, top + 0.32, 0.1, 0.3), plain(shade_of(rng, "red", "gray", "brown"), "brick"), "chimney")
    pen.paint(box(0, (eaves + 1) / 2 - 0.03, width, (1 - eaves) / 2 + 0.03), wall, "house_wall")
    roof_kind = "gable" if rng.chance(0.55) else "hip"
    edge, low = width + rng.uniform(0.12, 0.24), eaves + 0.06
    ridge = 0.0 if roof_kind == "gable" else width * rng.uniform(0.45, 0.65)
    if roof_kind == "gable":
        pen.tint(
            polygon([(-width, eaves), (width, eaves), (width, eaves + 0.17), (-width, eaves + 0.17)]), (0, 0, 0), 0.25
        )
        corners = [(-edge, low), (0.0, top), (edge, low)]
    else:
        pen.tint(box(0, eaves + 0.1, width, 0.08), (0, 0, 0), 0.25)
        corners = [(-edge, low), (-ridge, top + 0.12), (ridge, top + 0.12), (edge, low)]
    pen.paint(polygon(corners, 0.02), roof, "roof")
    _front(pen, rng, width, eaves)
    return Made({"roof": roof_kind, "wall": kind}, names(wall, roof))


def _front(pen: Pen, rng: Random, width: float, eaves: float) -> None:
    """Paint the door and the windows of a house."""
    door_x = rng.choice((-0.36, 0.0, 0.36)) * width / 0.7
    door = shade_of(rng, "brown", "red", "blue", "green", "white")
    height = min(0.3, 0.42 * (1 - eaves))
    pen.paint(box(door_x, 1 - height, 0.16, height), plain(door, "wood", shade=0.1), "door")
    pen.paint(circle(door_x + 0.09, 1.02 - height, 0.035), plain((0.9, 0.8, 0.3), shade=0.0), "door")
    frame = shade_of(rng, "white", "white", "brown")
    y = eaves + 0.42 * (1 - eaves) + 0.03
    spots = (-0.42, 0.42) if door_x == 0.0 else (-0.42 if door_x > 0 else 0.42, 0.04 if door_x > 0 else -0.04)
    for spot in spots:
        pane(pen, spot * width / 0.72, y, 0.17, frame)


def lamp(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a lamp on a pole: a cloth shade, or a glowing globe under a cap."""
    metal = plain(shade_of(rng, "black", "gray", "green", "brown"), "metal")
    kind = "shade" if rng.chance(0.5) else "globe"
    foot = rng.uniform(0.24, 0.34)
    shade = coat(rng, look, plain(any_color(rng), "fabric", shade=0.25), 0.45)
    pen.shadow(0.42)
    pen.paint(box(0, 0.15, 0.05, 0.8), metal, "pole")
    pen.paint(polygon([(-foot, 1.0), (-0.1, 0.84), (0.1, 0.84), (foot, 1.0)]), metal, "pole")
    glow = (1.0, 0.9, 0.55)
    if kind == "shade":
        low, high = rng.uniform(0.42, 0.56), rng.uniform(0.2, 0.32)
        if pen.setting.lit:
            pen.tint(ellipse(0, -0.35, 0.9, 0.8), glow, 0.3, soft=0.45 * pen.scale)
            shade = shade._replace(emits=True)
        pen.paint(polygon([(-low, -0.28), (-high, -0.92), (high, -0.92), (low, -0.28)], 0.02), shade, "shade")
        pen.tint(ellipse(0, -0.36, low * 0.75, 0.14), glow, 0.35, soft=0.12 * pen.scale)
        return Made({"light": kind}, names(shade, metal))
    pen.tint(circle(0, -0.6, 0.55), glow, 0.55 if pen.setting.lit else 0.25, soft=0.4 * pen.scale)
    globe = (1.0, 0.94, 0.68) if not look.color else mixed(shade.color, (1.0, 1.0, 0.9), 0.25)
    lit = shade._replace(color=globe, emits=True, material="light", shade=0.08)
    if not look.texture:
        lit = lit._replace(texture="")
    pen.paint(circle(0, -0.6, 0.3), lit, "shade")
    pen.paint(polygon([(-0.3, -0.8), (-0.08, -1.0), (0.08, -1.0), (0.3, -0.8)]), metal, "shade")
    pen.paint(capsule((-0.16, -0.27), (0.16, -0.27), 0.05), metal, "pole")
    return Made({"light": kind}, names(lit, metal))
