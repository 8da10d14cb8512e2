"""Animals: ``bird`` (wing up or down), ``fish`` (round or slim), ``cat`` (sitting or standing)."""

from xailab.data.minibroden.coats import Look, Made, coat, names, plain
from xailab.data.minibroden.colors import Color, any_color, mixed, shade_of, varied
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import capsule, circle, ellipse, polygon, smooth

_WHITE = (0.97, 0.97, 0.97)
_DARK = (0.03, 0.03, 0.04)
_FURS: tuple[Color, ...] = (
    (0.93, 0.6, 0.27),
    (0.2, 0.2, 0.22),
    (0.6, 0.58, 0.56),
    (0.93, 0.9, 0.85),
    (0.5, 0.34, 0.21),
)
_WING_UP = smooth([(-0.42, 0.05), (-0.5, -0.4), (-0.72, -0.92), (-0.2, -0.72), (0.12, -0.35), (0.3, 0.06)], 2)
_WING_DOWN = smooth([(-0.72, 0.3), (-0.4, -0.1), (0.1, -0.16), (0.3, 0.02), (0.05, 0.26), (-0.35, 0.34)], 2)
_FISH = smooth([(0.86, 0.02), (0.6, -0.3), (0.15, -0.46), (-0.3, -0.26), (-0.58, -0.04), (-0.58, 0.06), (-0.3, 0.28),
                (0.15, 0.46), (0.6, 0.3)])  # fmt: skip

_SITTING = smooth([(0.05, -0.05), (0.42, 0.4), (0.5, 0.85), (0.3, 1.0), (-0.4, 1.0), (-0.54, 0.8), (-0.4, 0.35)])
_STANDING = smooth(
    (
        *((-0.72, 0.3), (-0.5, 0.1), (0.1, 0.14), (0.5, 0.08), (0.62, 0.35), (0.45, 0.62), (0.0, 0.66)),
        (-0.6, 0.62),
    )
)


def eye(pen: Pen, x: float, y: float, radius: float, iris: Color = _WHITE) -> None:
    """Paint a round eye with a dark pupil and a glint."""
    pen.paint(circle(x, y, radius), plain(iris, shade=0.0), "eye")
    pen.paint(circle(x + 0.15 * radius, y, 0.58 * radius), plain(_DARK, shade=0.0), "eye")
    pen.tint(circle(x + 0.35 * radius, y - 0.3 * radius, 0.2 * radius), (1.0, 1.0, 1.0), 0.9)


def bird(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a bird from its side, looking to the right: the wing raised (flying) or folded (standing)."""
    wing = "up" if rng.chance(0.5) else "down"
    color = any_color(rng)
    body = coat(rng, look, plain(color, shade=0.3), 0.0)
    feathers = coat(rng, look, plain(any_color(rng), shade=0.2), 0.4)
    head = body if rng.chance(0.6) or look.color or look.texture else body._replace(color=any_color(rng))
    legs = plain((0.85, 0.52, 0.12), shade=0.0)
    if wing == "down":
        pen.shadow(0.5)
    pen.paint(polygon([(-0.4, 0.02), (-1.0, -0.12), (-0.94, 0.1), (-1.0, 0.3), (-0.4, 0.26)]), feathers, "tail")
    for x in (-0.08, 0.16):
        length = 0.97 if wing == "down" else 0.66
        lean = 0.0 if wing == "down" else -0.22
        pen.paint(capsule((x, 0.4), (x + lean, length), 0.035), legs, "leg")
        pen.paint(capsule((x + lean, length), (x + lean + 0.12, length), 0.03), legs, "leg")
    pen.paint(ellipse(-0.04, 0.14, 0.58, 0.38, -0.2), body, "bird_body")
    pen.paint(
        polygon([(0.74, -0.42), (1.08, -0.24), (0.76, -0.16)]),
        plain(shade_of(rng, "orange", "yellow", "black")),
        "beak",
    )
    pen.paint(circle(0.54, -0.3, 0.3), head, "head")
    eye(pen, 0.63, -0.37, 0.1)
    pen.paint(polygon(_WING_UP if wing == "up" else _WING_DOWN), feathers, "wing")
    return Made({"wing": wing}, names(body, feathers))


def fish(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a fish from its side, looking to the right: a round or a slim body with fins."""
    kind = "round" if rng.chance(0.5) else "slim"
    stretch = 1.15 if kind == "round" else 0.74
    fins = plain(any_color(rng), shade=0.2)
    body = coat(rng, look, plain(any_color(rng), shade=0.32, gloss=0.12), 0.55)
    spread = rng.uniform(0.36, 0.5) * (1.0 if kind == "round" else 0.8)
    tail = smooth([(-0.48, 0.0), (-0.78, -0.2), (-1.0, -spread), (-0.86, 0.0), (-1.0, spread), (-0.78, 0.2)], 2)
    pen.paint(polygon(tail), fins, "tail")
    high = -0.44 * stretch
    pen.paint(
        polygon([(-0.34, high + 0.14), (-0.12, high - 0.26), (0.3, high - 0.1), (0.42, high + 0.12)], 0.02), fins, "fin"
    )
    pen.paint(polygon([(-0.1, -high - 0.12), (-0.2, -high + 0.22), (0.22, -high - 0.06)], 0.02), fins, "fin")
    pen.paint(polygon([(x + 0.06, y * stretch) for x, y in _FISH]), body, "fish_body")
    pen.tint(ellipse(0.1, 0.34 * stretch, 0.45, 0.14), (1.0, 1.0, 0.95), 0.28, soft=0.1 * pen.scale)
    pen.paint(polygon([(0.08, 0.04), (-0.26, 0.24), (-0.22, -0.08)], 0.02), fins, "fin")
    pen.tint(capsule((0.74, 0.12), (0.9, 0.09), 0.02), _DARK, 0.6)
    eye(pen, 0.58, -0.11 * stretch, 0.115)
    return Made({"body": kind, "pattern": body.texture or "plain"}, names(body, fins))


def cat(pen: Pen, rng: Random, look: Look) -> Made:
    """Draw a cat: sitting and facing us, or standing seen from its side. Striped cats are still of fur."""
    pose = "sitting" if rng.chance(0.55) else "standing"
    fur = Paint(varied(rng, rng.choice(_FURS), 0.03), "fur", shade=0.28)
    coated = coat(rng, look, fur, 0.0)
    striped = rng.chance(0.45) and not look.texture
    if striped:
        dark = mixed(coated.color, (0.08, 0.06, 0.05), 0.5)
        coated = coated._replace(texture="striped", second=dark, period=0.3, angle=rng.uniform(-0.3, 0.3))
    face = coated._replace(texture="")
    iris = shade_of(rng, "green", "yellow", "blue")
    pen.shadow(0.75)
    if pose == "sitting":
        _sitting(pen, coated, face, iris)
    else:
        _standing(pen, coated, face, iris)
    return Made({"pose": pose, "coat": "striped" if striped else "plain"}, names(coated))


def _sitting(pen: Pen, body: Paint, face: Paint, iris: Color) -> None:
    pen.paint(capsule((-0.4, 0.86), (-0.82, 0.62), 0.09), face, "tail")
    pen.paint(capsule((-0.82, 0.62), (-0.74, 0.12), 0.09, 0.07), face, "tail")
    pen.paint(polygon(_SITTING), body, "cat_body")
    for x in (-0.14, 0.22):
        pen.paint(capsule((x, 0.55), (x, 0.93), 0.1), face._replace(color=mixed(face.color, (0, 0, 0), 0.1)), "leg")
    _head(pen, (0.06, -0.32), 1.0, face, iris)


def _standing(pen: Pen, body: Paint, face: Paint, iris: Color) -> None:
    pen.paint(capsule((-0.62, 0.3), (-0.92, -0.05), 0.08), face, "tail")
    pen.paint(capsule((-0.92, -0.05), (-0.8, -0.5), 0.08, 0.06), face, "tail")
    back = face._replace(color=mixed(face.color, (0, 0, 0), 0.28))
    for x in (-0.36, 0.36):
        pen.paint(capsule((x, 0.5), (x + 0.05, 0.93), 0.09), back, "leg")
    pen.paint(polygon(_STANDING), body, "cat_body")
    for x in (-0.56, 0.2):
        pen.paint(capsule((x, 0.5), (x, 0.92), 0.1), face, "leg")
    _head(pen, (0.56, -0.14), 0.78, face, iris)


def _head(pen: Pen, center: tuple[float, float], size: float, face: Paint, iris: Color) -> None:
    """Paint a cat's head, seen from the front."""
    x, y = center
    for side in (-1, 1):
        ear = [(x + side * size * a, y + size * b) for a, b in ((0.44, -0.1), (0.42, -0.62), (0.06, -0.3))]
        inner = [(x + side * size * a, y + size * b) for a, b in ((0.37, -0.2), (0.37, -0.48), (0.16, -0.3))]
        pen.paint(polygon(ear, 0.02), face, "ear")
        pen.paint(polygon(inner), plain((0.93, 0.6, 0.6), shade=0.0), "ear")
    pen.paint(ellipse(x, y, 0.46 * size, 0.4 * size), face, "head")
    pen.tint(ellipse(x, y + 0.17 * size, 0.22 * size, 0.14 * size), (1.0, 0.97, 0.93), 0.5, soft=0.05 * pen.scale)
    for side in (-1, 1):
        ex = x + side * 0.19 * size
        pen.paint(
            ellipse(ex, y - 0.06 * size, 0.11 * size, 0.11 * size), plain(iris, shade=0.0)._replace(emits=True), "eye"
        )
        pen.paint(ellipse(ex, y - 0.06 * size, 0.045 * size, 0.1 * size), plain(_DARK, shade=0.0), "eye")
    nose = [(x - 0.08 * size, y + 0.1 * size), (x + 0.08 * size, y + 0.1 * size), (x, y + 0.2 * size)]
    pen.paint(polygon(nose), plain((0.9, 0.48, 0.5), shade=0.0), "head")
