"""Pictures do not change unnoticed: twelve are kept beside the tests and compared within one gray level.

After a deliberate change of looks ``python tests/xailab/data/minibroden/test_golden.py`` writes them anew; look at
them then.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xailab.data.minibroden import sample

GOLDEN = Path(__file__).parent / "golden"
CASES = [
    ("scene", "field", 1, 64),
    ("scene", "beach", 2, 64),
    ("scene", "street", 3, 48),
    ("scene", "night_city", 4, 64),
    ("scene", "underwater", 5, 64),
    ("scene", "room", 6, 96),
    ("object", "house", 7, 64),
    ("object", "cat", 8, 64),
    ("object", "person", 9, 33),
    ("object", "balloon", 10, 64),
    ("texture", "scaly", 11, 64),
    ("texture", "swirly", 12, 64),
]


def rendered(case: tuple[str, str, int, int]) -> np.ndarray:
    mode, subject, seed, size = case
    return sample(seed, size=size, mode=mode, subject=subject).image


def path_of(case: tuple[str, str, int, int]) -> Path:
    return GOLDEN / "{}-{}-{}-{}.png".format(*case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_picture_is_the_golden_one_within_a_gray_level(case):
    with Image.open(path_of(case)) as image:
        expected = np.asarray(image, np.int16)
    difference = np.abs(rendered(case).astype(np.int16) - expected)
    assert difference.max() <= 1, f"{(difference.max(-1) > 1).sum()} pixels differ by up to {difference.max()}"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.glob("*.png"):
        old.unlink()
    for case in CASES:
        Image.fromarray(rendered(case)).save(path_of(case), optimize=True)
