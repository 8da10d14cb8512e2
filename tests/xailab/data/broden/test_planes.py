import re

import numpy as np
import pytest
from PIL import Image

from xailab.data.broden.planes import read_plane, write_plane

EVERYTHING = np.ones(65536, bool)


def test_every_number_of_two_bytes_survives_a_round_trip(tmp_path):
    numbers = np.arange(65536, dtype=np.int32).reshape(128, 512)
    write_plane(numbers, tmp_path / "a.png")
    assert np.array_equal(read_plane(tmp_path / "a.png", (128, 512), EVERYTHING), numbers)


def test_decoding_is_red_plus_256_green_whatever_blue_is(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    slow = [[int(red) + 256 * int(green) for red, green, _ in row] for row in pixels]
    assert read_plane(tmp_path / "a.png", (7, 5), EVERYTHING).tolist() == slow


def test_encoding_is_low_byte_red_high_byte_green(tmp_path):
    write_plane(np.array([[0, 258]], np.int32), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert np.asarray(picture).tolist() == [[[0, 0, 0], [2, 1, 0]]]


@pytest.mark.parametrize("number", [-1, 65536])
def test_numbers_that_do_not_fit_are_refused(tmp_path, number):
    with pytest.raises(ValueError, match=re.escape("but 0 to 65535 fit a PNG")):
        write_plane(np.array([[number, 0]], np.int32), tmp_path / "a.png")
