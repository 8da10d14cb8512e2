"""A contact sheet of MiniBroden: what its scenes, things, textures and labels look like.

- ``contact_sheet``  arrange pictures and label maps in rows of eight
- ``painted``        a label map in colors
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from xailab.data.minibroden.bias import Bias, Cue
from xailab.data.minibroden.colors import PROTOTYPES
from xailab.data.minibroden.picture import sample
from xailab.data.minibroden.randomness import mix
from xailab.data.minibroden.vocabulary import NUMBERS, SCENES, TEXTURES, THINGS

_GAP = 2


def painted(labels: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """Give every concept number a color of its own; names of colors get that color, unlabelled pixels black."""
    palette = np.zeros((256, 3), np.uint8)
    for number in range(1, 256):
        bits = mix(number)
        palette[number] = [64 + (bits >> shift) % 190 for shift in (0, 8, 16)]
    for name, number in NUMBERS["color"].items():
        palette[number] = [round(255 * value) for value in PROTOTYPES[name]]
    colored: UInt8[np.ndarray, "h w 3"] = palette[labels]
    return colored


def _labelled(seed: int, scene: str, size: int) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Return a picture beside its label maps, its map of instances, and itself with a planted tag."""
    plain = sample(seed, size=size, mode="scene", subject=scene)
    tagged = sample(seed, size=size, mode="scene", subject=scene, bias=Bias(tag=Cue(scene, 1.0)))
    return [plain.image, *map(painted, plain.labels.values()), painted(plain.instances), tagged.image]


def contact_sheet(size: int = 64, *, seed: int = 0) -> Image.Image:
    """Arrange four pictures of each scene, two of each thing, the textures, and label maps, eight to a row.

    Parameters
    ----------
    size
        Pixels per side of each picture.
    seed
        Where the seeds begin.

    Returns
    -------
    Image.Image
        RGB. The rows of labels show, from the left: picture, objects, parts, materials, textures, colors, instances,
        and the same picture with a tag planted in its corner.
    """
    rows: list[Sequence[UInt8[np.ndarray, "h w 3"]]] = []
    for k in range(4):
        rows.append(
            [sample(seed + 8 * k + i, size=size, mode="scene", subject=name).image for i, name in enumerate(SCENES)]
        )
    things = [sample(seed + 100 + i, size=size, subject=name).image for i, name in enumerate(THINGS + THINGS)]
    rows += [things[k : k + 8] for k in range(0, 24, 8)]
    rows.append(
        [sample(seed + i, size=size, mode="texture", subject=name).image for i, name in enumerate(TEXTURES[:8])]
    )
    rows += [_labelled(seed + 200 + k, scene, size) for k, scene in enumerate(("field", "street", "room"))]
    step = size + _GAP
    sheet = np.full((step * len(rows) - _GAP, step * 8 - _GAP, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            sheet[i * step : i * step + size, j * step : j * step + size] = tile
    return Image.fromarray(sheet)
