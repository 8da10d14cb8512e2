"""Eleven basic colors: their names, how a color gets its name, and how a name gets a color.

- ``PROTOTYPES``  name -> the color that stands for it
- ``TABLE``    uint8 (32, 32, 32): the global number of the color name of every RGB cell
- ``name_of``  the name of one color
- ``shade_of`` a color by its name, a little varied
- ``any_color``  one of the colors that things are painted in
- ``varied``, ``mixed``  small changes to a color

Source: the names are those of Berlin and Kay 1969; Broden takes them from van de Weijer et al. 2009. We name by the
nearest of a few anchors in CIE Lab, lightness counting half, which needs no learned table.
"""

import numpy as np
from jaxtyping import Float, UInt8

from xailab.data.minibroden.columns import Number
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.vocabulary import NUMBERS

Color = tuple[Number, Number, Number]

# The first anchor of each name is what paints it; the others widen what is called by it.
_ANCHORS: dict[str, tuple[str, ...]] = {
    "black": ("191920", "05050a", "222b22", "10122a"),
    "blue": ("2d5fd7", "1e2f8a", "6aa5ee", "3f7fa8", "18508c", "1c2c5c"),
    "brown": ("7d4e28", "553018", "96693f", "6b4a3a"),
    "gray": ("828284", "55565a", "a9aaae"),
    "green": ("3ca03c", "1f5a26", "86c45c", "5f8f3a", "6f8a30", "25402a"),
    "orange": ("f08c1e", "e0702a", "f5a860"),
    "pink": ("f096be", "e66a9e", "f5c3cf"),
    "purple": ("873caa", "5a2a80", "b48ad8", "3a2458"),
    "red": ("cd2328", "8a1a20", "e2473c", "561418"),
    "white": ("f2f2f0", "dfe3e8", "ffffff"),
    "yellow": ("f0d732", "e8cf86", "c9b43a"),
}
PAINTS = ("blue", "red", "yellow", "green", "orange", "pink", "purple", "white", "gray", "brown")


def _parsed(code: str) -> Color:
    return (int(code[:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:], 16) / 255)


def _lab(rgb: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Convert sRGB in [0, 1] to CIE Lab (white D65; the formulas of IEC 61966-2-1 and of CIE 15)."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    xyz = linear @ to_xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def _table() -> UInt8[np.ndarray, "32 32 32"]:
    """Name the center of every cell of a 32 x 32 x 32 division of the RGB cube."""
    centers = (np.arange(32) + 0.5) / 32
    lab = _lab(np.stack(np.meshgrid(centers, centers, centers, indexing="ij"), -1))
    best = np.full(lab.shape[:3], np.inf)
    table = np.zeros(lab.shape[:3], np.uint8)
    for name, codes in _ANCHORS.items():
        for code in codes:
            distance = ((lab - _lab(np.array([_parsed(code)]))[0]) ** 2 * [0.5, 1, 1]).sum(-1)
            table[distance < best] = NUMBERS["color"][name]
            best = np.minimum(best, distance)
    return table


TABLE = _table()
_NAMES = {number: name for name, number in NUMBERS["color"].items()}
PROTOTYPES = {name: _parsed(codes[0]) for name, codes in _ANCHORS.items()}


def name_of(color: Color) -> str:
    """Return the basic name of an RGB color in [0, 1]."""
    r, g, b = (min(max(int(value * 32), 0), 31) for value in color)
    return _NAMES[int(TABLE[r, g, b])]


def varied(rng: Random, color: Color, amount: float = 0.04) -> Color:
    """Return a color a little lighter or darker, and a little shifted in hue."""
    light = rng.uniform(0.88, 1.1)
    r, g, b = (min(max(value * light + rng.uniform(-amount, amount), 0.0), 1.0) for value in color)
    return (r, g, b)


def shade_of(rng: Random, *names: str) -> Color:
    """Return a variation of one of the named colors."""
    return varied(rng, PROTOTYPES[rng.choice(names)])


def any_color(rng: Random) -> Color:
    """Return a variation of any color that things are painted in."""
    return shade_of(rng, *PAINTS)


def mixed(one: Color, other: Color, share: Number) -> Color:
    """Return the color between two, ``share`` of it the other."""
    r, g, b = (a + share * (z - a) for a, z in zip(one, other, strict=True))
    return (r, g, b)
