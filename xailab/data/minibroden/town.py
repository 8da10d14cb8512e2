"""What people built into the landscape: a skyline, roads, and the inside of a room."""

from functools import partial

from xailab.data.minibroden.coats import FREE, coat, plain
from xailab.data.minibroden.colors import Color, any_color, mixed, shade_of, varied
from xailab.data.minibroden.columns import Number
from xailab.data.minibroden.land import Prop, grain
from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import Shape, box, ellipse, everywhere, ground, polygon, windows


def skyline(pen: Pen, rng: Random, horizon: float, *, far: float = 0.0, height: float = 0.4) -> None:
    """Paint a row of buildings on the horizon; ``far`` in [0, 1] makes them smaller and hazier."""
    pen.whole()
    x = rng.uniform(-0.1, 0.0)
    while x < 1.02:
        width = rng.uniform(0.14, 0.24) * (1 - 0.45 * far)
        tall = min(rng.uniform(0.35, 1.0) * height * (1 - 0.4 * far), horizon - 0.02)
        if rng.chance(0.88 - 0.3 * far):
            _building(pen, rng, (x, horizon - tall, x + 0.96 * width, horizon + 0.06), far)
        x += width


def _building(pen: Pen, rng: Random, rectangle: tuple[Number, Number, Number, Number], far: float) -> None:
    """Paint one building with a lattice of windows, some of them dark at night."""
    left, top, right, bottom = rectangle
    setting = pen.setting
    pen.own("building", haze=0.1 + 0.5 * far, grain=grain(rng))
    if setting.lit:
        color: Color = varied(rng, rng.choice(((0.34, 0.34, 0.44), (0.42, 0.34, 0.34), (0.25, 0.27, 0.38))), 0.02)
    else:
        color = mixed(shade_of(rng, "gray", "brown", "white", "orange", "red", "yellow"), (0.6, 0.6, 0.6), 0.25)
    material = rng.choice(("", "", "brick", "stone"))
    middle, half = 0.5 * (left + right), 0.5 * (right - left)
    pen.paint(box(middle, 0.5 * (top + bottom), half, 0.5 * (bottom - top)), Paint(color, material, shade=0.07))
    side = -1 if setting.light[0] > 0 else 1
    pen.tint(
        box(middle + side * 0.86 * half, 0.5 * (top + bottom), 0.14 * half, 0.5 * (bottom - top)),
        (0.05, 0.05, 0.1),
        0.3,
    )
    if rng.chance(0.5):
        pen.paint(box(middle, top, half * 1.04, 0.012), Paint(mixed(color, (0.1, 0.1, 0.1), 0.4), shade=0.0))
    step = rng.uniform(0.052, 0.066) * (1 - 0.3 * far)
    columns = max(1, int((1.8 * half) / step))
    start = middle - 0.5 * columns * step
    size = (rng.uniform(0.26, 0.34) * step, rng.uniform(0.28, 0.36) * step)
    glass = Paint(
        setting.window,
        "glass",
        "panes",
        setting.dark_window,
        period=rng.uniform(0.25, 0.6),
        shade=0.0,
        emits=setting.lit,
    )
    lattice = (start, top + 0.022, start + columns * step - 1e-6, bottom - 0.065)
    pen.paint(windows(lattice, (step, 1.15 * step), size), glass, "window")


def road_across(pen: Pen, rng: Random, top: float, bottom: float) -> None:
    """Lay a road from left to right between two heights, with a dashed line in its middle."""
    pen.whole()
    pen.own("road", grain=grain(rng))
    asphalt = Paint(varied(rng, (0.36, 0.36, 0.39), 0.02), "asphalt", shade=0.0, horizon=max(top - 0.12, 0.0))
    corners = [(-0.02, top), (1.02, top), (1.02, bottom), (-0.02, bottom)]
    pen.paint(polygon(corners), asphalt)
    middle, thick = top + 0.42 * (bottom - top), 0.03 * (bottom - top) + 0.004
    x = rng.uniform(-0.2, 0.0)
    line = Paint((0.88, 0.87, 0.78), shade=0.0)
    while x < 1.0:
        pen.paint(
            polygon(
                [
                    (x, middle - thick),
                    (x + 0.13, middle - thick),
                    (x + 0.12, middle + thick),
                    (x - 0.01, middle + thick),
                ]
            ),
            line,
        )
        x += 0.24
    pen.tint(box(0.5, top, 0.52, 0.006), (0.9, 0.9, 0.85), 0.45)


def road_ahead(pen: Pen, rng: Random, horizon: float) -> None:
    """Lay a road that runs away from us to a vanishing point on the horizon."""
    pen.whole()
    pen.own("road", grain=grain(rng))
    x, foot, half = rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.65), rng.uniform(0.32, 0.5)

    def strip(near: float, end: float, left: float, right: float) -> Shape:
        """Return a piece of the road: depth 0 (vanishing point) ... 1 (lower edge), side -1 ... 1."""
        corners = ((near, left), (near, right), (end, right), (end, left))
        return polygon([(x + d * (foot - x + side * half), horizon + d * (1.02 - horizon)) for d, side in corners])

    asphalt = Paint(varied(rng, (0.36, 0.36, 0.39), 0.02), "asphalt", shade=0.0, horizon=horizon)
    pen.paint(strip(0.012, 1.0, -1.0, 1.0), asphalt)
    for near, end in ((0.06, 0.09), (0.13, 0.19), (0.27, 0.39), (0.56, 0.8)):
        pen.paint(strip(near, end, -0.05, 0.05), Paint((0.9, 0.88, 0.74), shade=0.0))
    for side in (-0.93, 0.93):
        pen.tint(strip(0.02, 1.0, side - 0.025, side + 0.025), (0.92, 0.92, 0.88), 0.6)


def room(pen: Pen, rng: Random, floor_line: float) -> list[Prop]:
    """Paint the inside of a room: wall, baseboard, floor, perhaps a picture and a rug; return a table, if any."""
    pen.whole()
    pen.own("wall", grain=grain(rng))
    wall = coat(rng, FREE, plain(any_color(rng), shade=0.12), 0.55)
    period = rng.uniform(0.13, 0.24)
    wall = wall._replace(
        color=mixed(wall.color, (0.97, 0.96, 0.92), 0.55),
        second=mixed(wall.second, (0.95, 0.94, 0.9), 0.5),
        period=period,
    )
    pen.paint(everywhere(), wall)
    if rng.chance(0.6):
        _picture(pen, rng.fork("picture"), floor_line)
    wood = rng.chance(0.7)
    color = shade_of(rng, "brown", "brown", "orange") if wood else shade_of(rng, "gray", "white")
    pen.own("floor", grain=grain(rng))
    boards = Paint(mixed(color, (0.75, 0.62, 0.5), 0.3), "wood" if wood else "stone", shade=0.0, horizon=floor_line)
    pen.paint(ground(floor_line, (0.0, 1.0, 0.0), (0.0, 1.0, 0.0)), boards)
    pen.tint(box(0.5, floor_line + 0.03, 0.6, 0.03), (0.05, 0.04, 0.05), 0.25, soft=0.06)
    pen.own("wall", grain=grain(rng))
    pen.paint(box(0.5, floor_line - 0.012, 0.6, 0.015), Paint(mixed(color, (1, 1, 1), 0.6), "wood", shade=0.0))
    if rng.chance(0.5):
        _rug(pen, rng.fork("rug"), floor_line)
    if rng.chance(0.6):
        _sunlight(pen, rng.fork("sunlight"), floor_line)
    if not rng.chance(0.5):
        return []
    foot = floor_line + (1 - floor_line) * rng.uniform(0.3, 0.6)
    return [Prop(foot, partial(_table, pen, rng.fork("table"), foot, floor_line))]


def _sunlight(pen: Pen, rng: Random, floor_line: float) -> None:
    """Let a window that we do not see throw its light on the wall and the floor."""
    pen.whole()
    x, width, lean = rng.uniform(0.2, 0.8), rng.uniform(0.14, 0.22), 0.12 * pen.setting.light[0]
    high = rng.uniform(0.12, 0.3) * floor_line
    low = floor_line - 0.06
    for side in (-0.5, 0.5):
        left, right = x + (side - 0.42) * width, x + (side + 0.42) * width
        quad = [(left + lean, high), (right + lean, high), (right - lean, low), (left - lean, low)]
        pen.tint(polygon(quad), (1.0, 0.96, 0.82), 0.22, soft=0.025)


def _picture(pen: Pen, rng: Random, floor_line: float) -> None:
    """Hang a framed picture on the wall."""
    x, y = rng.uniform(0.18, 0.82), rng.uniform(0.13, max(0.16, 0.5 * floor_line))
    width, height = rng.uniform(0.09, 0.15), rng.uniform(0.07, 0.11)
    pen.own("picture", grain=grain(rng))
    pen.tint(box(x + 0.012, y + 0.018, width, height), (0.03, 0.03, 0.05), 0.4, soft=0.03)
    pen.paint(box(x, y, width, height), Paint(shade_of(rng, "brown", "black", "yellow"), "wood", shade=0.2))
    canvas = coat(rng, FREE, plain(any_color(rng), shade=0.05), 0.7)
    pen.paint(box(x, y, width - 0.025, height - 0.025), canvas._replace(period=rng.uniform(0.07, 0.11)))


def _rug(pen: Pen, rng: Random, floor_line: float) -> None:
    """Lay a rug on the floor, foreshortened."""
    y = floor_line + (1 - floor_line) * rng.uniform(0.45, 0.7)
    x, width = rng.uniform(0.3, 0.7), rng.uniform(0.26, 0.4)
    pen.own("rug", grain=grain(rng))
    cloth = coat(rng, FREE, plain(any_color(rng), "fabric", shade=0.05), 0.75)._replace(period=rng.uniform(0.1, 0.16))
    if rng.chance(0.5):
        pen.paint(ellipse(x, y, width, 0.3 * width), cloth)
        return
    deep = 0.3 * width
    pen.paint(
        polygon(
            [(x - 0.8 * width, y - deep), (x + 0.8 * width, y - deep), (x + width, y + deep), (x - width, y + deep)]
        ),
        cloth,
    )


def _table(pen: Pen, rng: Random, foot: float, floor_line: float) -> None:
    """Set a table with four legs on the floor."""
    x, size = rng.uniform(0.2, 0.8), 0.13 + 0.35 * (foot - floor_line)
    pen.frame((x, foot - size), size, angle=0.0)
    pen.own("table", grain=grain(rng))
    wood = Paint(shade_of(rng, "brown", "white", "black", "brown"), "wood", shade=0.12)
    dark = wood._replace(color=mixed(wood.color, (0.0, 0.0, 0.0), 0.3))
    pen.shadow(1.3)
    for side in (-1, 1):
        pen.paint(box(side * 0.95, 0.35, 0.07, 0.45), dark, "leg")
        pen.paint(box(side * 1.15, 0.5, 0.08, 0.52), wood, "leg")
    pen.paint(
        polygon([(-1.1, -0.22), (1.1, -0.22), (1.38, 0.02), (-1.38, 0.02)]),
        wood._replace(color=mixed(wood.color, (1, 1, 1), 0.12)),
        "tabletop",
    )
    pen.paint(box(0, 0.07, 1.38, 0.06), dark, "tabletop")
