"""Things that travel: ``car`` (sedan, van, beetle), ``boat`` (sloop, square), ``balloon`` (round, tall)."""

from xailab.data.minibroden.coats import Look, Made, coat, names, plain
from xailab.data.minibroden.colors import any_color, mixed, shade_of
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import Point, box, capsule, circle, ellipse, polygon, smooth

# Outlines of the body and of its two side windows; the wheels stand on v = 0.68, which the frame is moved down to.
_BEETLE = (
    *((-0.95, 0.34), (-0.86, 0.02), (-0.5, -0.34), (0.0, -0.52), (0.45, -0.3), (0.62, -0.02), (0.9, 0.06)),
    *((0.98, 0.34), (0.0, 0.37)),
)
_BODIES: dict[str, tuple[Point, ...]] = {
    "sedan": (
        *((-0.98, 0.36), (-0.98, 0.05), (-0.9, -0.06), (-0.58, -0.1), (-0.36, -0.44), (0.24, -0.44), (0.52, -0.08)),
        *((0.9, 0.0), (0.98, 0.12), (0.98, 0.36)),
    ),
    "van": (
        *((-0.98, 0.36), (-0.98, -0.48), (-0.9, -0.56), (0.5, -0.56), (0.62, -0.48), (0.78, -0.02), (0.95, 0.06)),
        (0.98, 0.36),
    ),
    "beetle": smooth(_BEETLE),
}
_WINDOWS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "sedan": (
        ((-0.5, -0.1), (-0.31, -0.37), (-0.08, -0.37), (-0.08, -0.1)),
        ((0.0, -0.1), (0.0, -0.37), (0.2, -0.37), (0.4, -0.1)),
    ),
    "van": (
        ((-0.85, -0.06), (-0.85, -0.44), (-0.06, -0.44), (-0.06, -0.06)),
        ((0.04, -0.06), (0.04, -0.44), (0.48, -0.44), (0.64, -0.06)),
    ),
    "beetle": (
        ((-0.55, -0.06), (-0.42, -0.27), (-0.06, -0.42), (-0.06, -0.06)),
        ((0.03, -0.06), (0.03, -0.42), (0.36, -0.26), (0.5, -0.06)),
    ),
}
_SQUARE_SAIL = smooth([(-0.5, -0.8), (0.5, -0.8), (0.62, -0.2), (0.56, 0.36), (-0.56, 0.36), (-0.46, -0.2)], 2)
_HULL = (
    *((-0.98, 0.44), (-0.5, 0.5), (0.5, 0.5), (1.0, 0.4), (0.7, 0.86), (0.5, 0.96), (-0.55, 0.96)),
    (-0.74, 0.86),
)
_ENVELOPE = smooth(
    (
        *((0.0, -1.0), (0.72, -0.72), (1.0, -0.25), (0.78, 0.18), (0.34, 0.52), (-0.34, 0.52), (-0.78, 0.18)),
        *((-1.0, -0.25), (-0.72, -0.72)),
    )
)


def car(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a car from its side, driving to the right of its frame."""
    kind = rng.choice(("sedan", "van", "beetle"))
    body = coat(rng, look, plain(any_color(rng), shade=0.22, gloss=0.12), 0.22)
    if not body.texture:
        body = body._replace(material="metal")
    drop = 0.32  # the frame's ground is v = 1
    pen.shadow(1.0)
    pen.tint(box(0, 0.94, 0.85, 0.07), (0.02, 0.02, 0.04), 0.5, soft=0.05 * pen.scale)
    pen.paint(polygon([(x, y + drop) for x, y in _BODIES[kind]], 0.02), body, "car_body")
    setting = pen.setting
    glass = Paint(mixed(setting.window, (0.5, 0.6, 0.7), 0.3), "glass", shade=0.1, emits=setting.lit)
    for corners in _WINDOWS[kind]:
        pen.paint(polygon([(x, y + drop) for x, y in corners], 0.01), glass, "window")
    pen.tint(capsule((-0.9, 0.1 + drop), (0.9, 0.1 + drop), 0.015), (0.05, 0.05, 0.08), 0.35)
    pen.paint(
        ellipse(0.92, 0.13 + drop, 0.08, 0.075), plain((1.0, 0.95, 0.65), "light")._replace(emits=True), "headlight"
    )
    pen.paint(box(-0.94, 0.1 + drop, 0.045, 0.06), plain((0.85, 0.1, 0.1), shade=0.0), "headlight")
    if setting.lit:
        pen.tint(ellipse(1.2, 0.2 + drop, 0.5, 0.25), (1.0, 0.92, 0.6), 0.4, soft=0.3 * pen.scale)
    rim = shade_of(rng, "gray", "white", "gray", "yellow")
    for x in (-0.54, 0.54):
        pen.paint(circle(x, 0.42 + drop, 0.26), plain((0.08, 0.08, 0.09), shade=0.3), "wheel")
        pen.paint(circle(x, 0.42 + drop, 0.13), plain(rim, "metal", shade=0.2), "wheel")
    return Made({"body": kind}, names(body))


def boat(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a sailing boat: two triangular sails, or one square sail; a wooden hull."""
    kind = "sloop" if rng.chance(0.6) else "square"
    sail = coat(rng, look, plain(any_color(rng), "fabric", shade=0.28), 0.45)
    other = sail if rng.chance(0.6) else coat(rng.fork("jib"), look, plain(any_color(rng), "fabric", shade=0.28), 0.2)
    hull = plain(shade_of(rng, "brown", "red", "white", "blue", "black"), "wood", shade=0.3)
    pen.shadow(0.8, 0.98)
    pen.paint(box(-0.02, -0.2, 0.04, 0.8), plain((0.42, 0.28, 0.16), "wood"), "mast")
    if kind == "sloop":
        pen.paint(polygon([(0.06, -0.95), (0.4, -0.3), (0.72, 0.36), (0.06, 0.36)]), sail, "sail")
        pen.paint(polygon([(-0.1, -0.8), (-0.1, 0.36), (-0.64, 0.36), (-0.3, -0.25)]), other, "sail")
    else:
        pen.paint(polygon(_SQUARE_SAIL), sail, "sail")
        pen.paint(capsule((-0.58, -0.82), (0.58, -0.82), 0.04), plain((0.42, 0.28, 0.16), "wood"), "mast")
    pen.paint(polygon(_HULL, 0.01), hull, "hull")
    pen.paint(
        polygon([(-0.92, 0.52), (0.92, 0.5), (0.88, 0.6), (-0.88, 0.6)]),
        plain(mixed(hull.color, (1, 1, 1), 0.5), "wood"),
        "hull",
    )
    return Made({"rig": kind}, names(sail, hull))


def balloon(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a hot-air balloon: an envelope, mostly patterned, its ropes and its basket."""
    kind = "round" if rng.chance(0.5) else "tall"
    cloth = coat(rng, look, plain(any_color(rng), "fabric", shade=0.38, gloss=0.1), 0.75)
    if rng.chance(0.5) and not look.texture:
        cloth = cloth._replace(angle=0.0)
    width = 0.72 if kind == "round" else 0.56
    rope = plain((0.3, 0.24, 0.18), shade=0.0)
    for side in (-1, 1):
        pen.paint(capsule((side * 0.24 * width / 0.7, 0.4), (side * 0.15, 0.76), 0.025), rope)
    pen.paint(box(0, 0.86, 0.19, 0.14, 0.03), plain(shade_of(rng, "brown"), "wood", shade=0.3), "basket")
    pen.paint(box(0, 0.74, 0.21, 0.03, 0.02), plain((0.35, 0.22, 0.12), "wood"), "basket")
    pen.paint(polygon([(width * x, y) for x, y in _ENVELOPE]), cloth, "envelope")
    pen.paint(
        capsule((-0.22 * width / 0.7, 0.5), (0.22 * width / 0.7, 0.5), 0.03),
        plain(any_color(rng.fork("rim"))),
        "envelope",
    )
    return Made({"envelope": kind, "pattern": cloth.texture or "plain"}, names(cloth))
