"""A tiny Broden folder, written by hand from the description of the format and not by our writer."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

INDEX = """\
split,image,sh,sw,ih,iw,texture,scene,color,part,object,material
train,ade20k/a.png,4,5,8,10,,7,ade20k/a_color.png,ade20k/a_part_1.png;ade20k/a_part_2.png,ade20k/a_object.png,
val,ade20k/b.jpg,4,5,8,10,,0,ade20k/b_color.png,,,
train,dtd/c.png,4,5,8,10,6;5;0,,dtd/c_color.png;1,,,
train,ade20k/nothing.png,4,5,8,10,,0,,,,
val,opensurfaces/e.png,4,5,8,10,,,,,,opensurfaces/e_material.png
"""
LABEL = """\
number,name,category,frequency,coverage,syns
1,black-c,color(3),3,1.5,black
2,door,object(2);part(1),3,0.3,door
3,wheel,part(1),1,0.1,wheel;tyre
4,brick,material(1),1,0.5,
5,striped,texture(1),1,1.000000,
6,"dotted, fine",texture(1),1,1.,
7,park-s,scene(1),1,1,park
8,ghost,part(1);object(1),2,0.2,
300,red-c,color(2),2,1.5,red
"""
CATEGORY = """\
name,first,last,count,frequency
color,1,300,2,5
object,2,8,2,3
part,2,8,3,3
material,4,4,1,1
scene,7,7,1,1
texture,5,6,2,2
"""
CODES = {
    "color": ["1,1,black-c,3,1.5", "2,300,red-c,2,1.5"],
    "object": ["1,2,door,2,2.5e-05", "2,8,ghost,1,.1"],
    "part": ["1,2,door,1,12.", "2,3,wheel,1,0.1", "3,8,ghost,1,0.1"],
    "material": ["1,4,brick,1,0.5"],
    "scene": ["1,7,park-s,1,1"],
    "texture": ["1,5,striped,1,1.0", '2,6,"dotted, fine",1,1.0'],
}
PLANES = {
    "ade20k/a_color.png": [[1, 1, 300, 300, 300]] * 4,
    "ade20k/a_part_1.png": [[0, 2, 2, 3, 3]] * 4,
    "ade20k/a_part_2.png": [[0, 0, 8, 0, 0]] * 4,
    "ade20k/a_object.png": [[2] * 5, [2] * 5, [8] * 5, [0] * 5],
    "ade20k/b_color.png": [[300] * 5] * 4,
    "dtd/c_color.png": [[1] * 5] * 4,
    "opensurfaces/e_material.png": [[4, 4, 4, 0, 0]] * 4,
}
IMAGES = ("ade20k/a.png", "ade20k/b.jpg", "dtd/c.png", "ade20k/nothing.png", "opensurfaces/e.png")


def write_numbers(path: Path, numbers: object) -> None:
    """Red is the low byte, green the high one; blue is noise that nobody may read."""
    array = np.array(numbers)
    pixels = np.zeros((*array.shape, 3), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = array & 255, array >> 8, 77
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def pixels_of(place: int) -> np.ndarray:
    """An 8 x 10 image that is like no other."""
    return np.random.default_rng(place).integers(0, 256, (8, 10, 3), np.uint8)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The folder. Images 8 x 10, labels 4 x 5, concepts up to 300, every kind of cell."""
    root = tmp_path / "broden1_8"
    for file, numbers in PLANES.items():
        write_numbers(root / "images" / file, numbers)
    for place, file in enumerate(IMAGES):
        Image.fromarray(pixels_of(place)).save(root / "images" / file)
    (root / "index.csv").write_text(INDEX)
    (root / "label.csv").write_text(LABEL)
    (root / "category.csv").write_text(CATEGORY)
    for category, lines in CODES.items():
        (root / f"c_{category}.csv").write_text("\n".join(["code,number,name,frequency,coverage", *lines, ""]))
    return root


@pytest.fixture
def planes() -> dict[str, np.ndarray]:
    """The numbers of every PNG of the tree."""
    return {file: np.array(numbers, np.int32) for file, numbers in PLANES.items()}


@pytest.fixture
def pixels() -> list[np.ndarray]:
    """The bytes of every image of the tree, in the order of the index."""
    return [pixels_of(place) for place in range(len(IMAGES))]
