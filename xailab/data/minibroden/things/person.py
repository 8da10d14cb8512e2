"""A ``person``: arms raised or lowered, trousers or a skirt, short or long hair."""

from xailab.data.minibroden.coats import Look, Made, coat, names, plain
from xailab.data.minibroden.colors import Color, any_color, mixed, shade_of, varied
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import capsule, circle, ellipse, polygon

_SKINS: tuple[Color, ...] = ((0.95, 0.78, 0.65), (0.78, 0.58, 0.42), (0.55, 0.38, 0.26), (0.38, 0.26, 0.18))


def person(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a person, facing us."""
    skin = plain(varied(rng, rng.choice(_SKINS), 0.02), "skin", shade=0.18)
    top = coat(rng, look, plain(any_color(rng), "fabric", shade=0.22), 0.42)
    lower = plain(shade_of(rng, "blue", "black", "brown", "gray", "purple", "green"), "fabric", shade=0.2)
    arms = "up" if rng.chance(0.4) else "down"
    dress = "skirt" if rng.chance(0.4) else "trousers"
    hair_kind = "long" if rng.chance(0.45) else "short"
    hair = plain(shade_of(rng, "black", "brown", "yellow", "orange", "gray"), shade=0.2)
    stride = rng.uniform(0.02, 0.16)
    pen.shadow(0.42)
    if hair_kind == "long":
        pen.paint(ellipse(0, -0.5, 0.27, 0.36), hair, "hair")
    for side in (-1, 1):
        leg = skin if dress == "skirt" else lower
        foot = (side * (0.1 + stride), 0.92)
        pen.paint(capsule((side * 0.11, 0.3), foot, 0.1, 0.075), leg, "leg")
        pen.paint(capsule(foot, (foot[0] + side * 0.07, 0.95), 0.06), plain((0.12, 0.1, 0.1), shade=0.0), "leg")
    _arms(pen, rng, arms, skin, top)
    if dress == "skirt":
        pen.paint(polygon([(-0.2, 0.15), (0.2, 0.15), (0.36, 0.58), (-0.36, 0.58)], 0.02), lower, "torso")
    pen.paint(polygon([(-0.25, -0.33), (0.25, -0.33), (0.21, 0.3), (-0.21, 0.3)], 0.04), top, "torso")
    pen.paint(capsule((0, -0.45), (0, -0.36), 0.08), skin, "head")
    _head(pen, skin, hair, hair_kind)
    return Made({"arms": arms, "dress": dress, "hair": hair_kind}, names(top, lower))


def _arms(pen: Pen, rng: Random, arms: str, skin: Paint, top: Paint) -> None:
    """Paint two arms with their sleeves, raised or lowered."""
    for side in (-1, 1):
        out = rng.uniform(0.1, 0.2)
        elbow = (side * (0.34 + out), -0.2 if arms == "up" else 0.0)
        hand = (side * (0.42 + out), -0.66) if arms == "up" else (side * (0.32 + out), 0.3)
        pen.paint(capsule(elbow, hand, 0.068, 0.06), skin, "arm")
        pen.paint(capsule((side * 0.24, -0.26), elbow, 0.085, 0.07), top, "arm")
        pen.paint(circle(*hand, 0.075), skin, "arm")


def _head(pen: Pen, skin: Paint, hair: Paint, kind: str) -> None:
    """Paint the face, the hair around it and the features."""
    pen.paint(circle(0, -0.71, 0.27), hair, "hair")
    pen.paint(ellipse(0, -0.65, 0.21, 0.24), skin, "head")
    if kind == "long":
        pen.paint(polygon([(-0.24, -0.74), (0.0, -0.9), (0.24, -0.74), (0.1, -0.8), (-0.1, -0.8)], 0.02), hair, "hair")
    for side in (-1, 1):
        pen.paint(circle(side * 0.085, -0.66, 0.04), plain((0.05, 0.05, 0.1), shade=0.0), "eye")
    lips = mixed(skin.color, (0.7, 0.1, 0.15), 0.6)
    pen.tint(capsule((-0.06, -0.51), (0.06, -0.51), 0.02), lips, 0.9, emits=False)
