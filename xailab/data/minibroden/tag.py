"""The tag that a planted shortcut sticks into a corner of a picture.

- ``stick``  paint it; what it covers is unlabelled, but for its color
"""

from xailab.data.minibroden.pen import Paint, Pen
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.shapes import box


def stick(rng: Random, pen: Pen, corner: str, size: int) -> tuple[int, int, int, int]:
    """Stick a white tag with three lines of writing into a corner, and return its box in pixels."""
    width, height = 0.115, 0.06
    x, y = rng.uniform(0.03, 0.09) + width, rng.uniform(0.02, 0.06) + height
    x = 1 - x if corner.endswith("right") else x
    y = 1 - y if corner.startswith("bottom") else y
    pen.whole()
    pen.own("")
    pen.paint(box(x, y, width, height), Paint((0.95, 0.95, 0.94), shade=0.0, emits=True))
    for line in (-0.5, 0.0, 0.5):
        length = 0.8 if line < 0.5 else 0.5
        pen.tint(
            box(x - (0.8 - length) * width, y + line * height, length * width, 0.13 * height), (0.25, 0.15, 0.17), 0.9
        )
    low, high = (x - width, y - height), (x + width, y + height)
    return (int(low[0] * size), int(low[1] * size), int(high[0] * size) + 1, int(high[1] * size) + 1)
