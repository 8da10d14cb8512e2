"""Things that grow: ``tree`` (round, conifer, oval), ``flower`` (daisy, tulip), ``cactus`` (saguaro, barrel)."""

import math

from xailab.data.minibroden.coats import Look, Made, coat, names, plain
from xailab.data.minibroden.colors import any_color, mixed, shade_of, varied
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import Shape, blobs, capsule, circle, ellipse, petals, polygon, smooth

_LEAVES = {
    "summer": (0.24, 0.54, 0.18),
    "spring": (0.48, 0.68, 0.24),
    "autumn": (0.80, 0.46, 0.12),
    "dark": (0.13, 0.38, 0.22),
}
_TULIP = smooth(
    (
        *((-0.36, -0.2), (-0.3, 0.1), (0.0, 0.2), (0.3, 0.1), (0.36, -0.2), (0.32, -0.62), (0.16, -0.4)),
        *((0.0, -0.66), (-0.16, -0.4), (-0.32, -0.62)),
    ),
    2,
)


def _crown(rng: Random, kind: str) -> list[Shape]:
    """Return the outlines of a crown, from the back to the front."""
    if kind == "round":
        discs = [(0.0, -0.36, 0.5)]
        for k in range(6):
            angle = k * 1.047 + rng.uniform(-0.3, 0.3)
            radius = rng.uniform(0.24, 0.34)
            discs.append((0.42 * math.cos(angle), -0.36 + 0.36 * math.sin(angle), radius))
        return [blobs(discs).frayed(0.035)]
    if kind == "oval":
        return [ellipse(0, -0.24, rng.uniform(0.36, 0.46), 0.76).frayed(0.035)]
    spread = rng.uniform(0.5, 0.64)
    tiers = [(spread, 0.55, -0.2), (0.8 * spread, 0.14, -0.58), (0.56 * spread, -0.3, -1.0)]
    return [polygon([(-w, low), (0, high), (w, low), (0, low - 0.06)]).frayed(0.025) for w, low, high in tiers]


def tree(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a tree: a trunk with its roots, and a crown of leaves in one of four seasons' colors."""
    kind = rng.choice(("round", "conifer", "oval"))
    season = rng.choice(("summer", "summer", "spring", "autumn", "dark"))
    bark = plain(mixed(shade_of(rng, "brown"), (0.35, 0.27, 0.2), 0.3), "wood", shade=0.35)
    width = rng.uniform(0.08, 0.13)
    leaves = coat(rng, look, Paint(varied(rng, _LEAVES[season]), "foliage", shade=0.42), 0.0)
    pen.shadow(0.6)
    pen.paint(polygon([(-width * 1.6, 1.0), (-width, 0.8), (-width * 0.8, -0.1), (width * 0.8, -0.1), (width, 0.8),
                       (width * 1.6, 1.0)]), bark, "trunk")  # fmt: skip
    if kind == "round":
        for side in (-1, 1):
            pen.paint(capsule((0, 0.35), (side * 0.3, 0.0), 0.05, 0.035), bark, "trunk")
    for outline in _crown(rng, kind):
        pen.paint(outline, leaves, "crown")
    return Made({"crown": kind, "season": season}, names(leaves, bark))


def flower(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a flower: a stem with two leaves, and a daisy's wheel of petals or a tulip's cup."""
    kind = "daisy" if rng.chance(0.6) else "tulip"
    green = plain(varied(rng, (0.24, 0.55, 0.17)), shade=0.2)
    bend = rng.uniform(-0.12, 0.12)
    paint = coat(rng, look, plain(shade_of(rng, "red", "pink", "purple", "yellow", "white", "orange", "blue")), 0.22)
    pen.shadow(0.3)
    pen.paint(capsule((bend, 1.0), (0.4 * bend, 0.3), 0.05), green, "stem")
    pen.paint(capsule((0.4 * bend, 0.3), (0.0, -0.2), 0.05), green, "stem")
    for side in (-1, 1):
        y = rng.uniform(0.5, 0.72)
        pen.paint(ellipse(side * 0.27, y, 0.27, 0.1, -side * 0.45), green._replace(material="foliage"), "leaf")
    if kind == "daisy":
        count, reach = rng.integer(5, 9), rng.uniform(0.36, 0.42)
        outline = petals(0, -0.36, count, reach, (0.27, min(1.25 / count, 0.2)), rng.uniform(0.0, 6.28))
        pen.paint(outline, paint, "petal")
        pen.tint(circle(0, -0.36, 0.27), (0.1, 0.02, 0.05), 0.22, soft=0.08 * pen.scale)
        pen.paint(circle(0, -0.36, 0.19), plain(shade_of(rng, "yellow", "brown", "orange"), shade=0.3), "center")
    else:
        pen.paint(polygon([(1.2 * x, 1.15 * y - 0.12) for x, y in _TULIP]), paint._replace(shade=0.3), "petal")
        pen.tint(ellipse(0, -0.35, 0.1, 0.4), (0.2, 0.0, 0.1), 0.2, soft=0.06 * pen.scale)
        pen.paint(ellipse(0, 0.12, 0.12, 0.07), plain(shade_of(rng, "yellow", "green"), shade=0.2), "center")
    return Made({"bloom": kind}, names(paint))


def cactus(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a cactus: a fluted column with arms, or a fluted barrel; some bloom."""
    kind = "saguaro" if rng.chance(0.65) else "barrel"
    green = varied(rng, (0.27, 0.56, 0.27))
    ribs = coat(rng, look, Paint(green, shade=0.3), 0.0)
    if not look.texture:
        ribs = ribs._replace(
            texture="striped", second=mixed(ribs.color, (0.05, 0.1, 0.05), 0.35), period=0.17, angle=0.0
        )
    pen.shadow(0.5)
    top = -0.72
    if kind == "saguaro":
        for side in (-1, 1):
            y, rise = rng.uniform(-0.1, 0.4), rng.uniform(0.35, 0.62)
            if rng.chance(0.88):
                pen.paint(capsule((0, y), (side * 0.5, y), 0.12), ribs._replace(angle=math.pi / 2), "stem")
                pen.paint(capsule((side * 0.5, y), (side * 0.5, y - rise), 0.12), ribs, "stem")
        pen.paint(capsule((0, top), (0, 0.95), 0.22), ribs, "stem")
    else:
        top = -0.2
        pen.paint(ellipse(0, 0.3, 0.62, 0.7), ribs._replace(period=0.22), "stem")
        for side in (-1, 1):
            pen.paint(ellipse(side * 0.62, 0.72, 0.24, 0.28), ribs, "stem")
    if rng.chance(0.5):
        bloom = plain(shade_of(rng, "pink", "red", "yellow"), shade=0.2)
        pen.paint(petals(0, top - 0.22, 5, 0.12, (0.13, 0.08), 0.3), bloom, "petal")
        pen.paint(circle(0, top - 0.22, 0.06), plain(any_color(rng), shade=0.0), "petal")
    return Made({"body": kind}, names(ribs))
