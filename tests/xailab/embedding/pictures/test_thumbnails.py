"""Images as points: whole, at their places, none over another."""

import numpy as np
import pytest
from PIL import ImageColor

from xailab.embedding.pictures import image_map
from xailab.embedding.pictures.classes import COLORS
from xailab.embedding.pictures.placing import fitted
from xailab.embedding.pictures.thumbnails import sprite_sheet, thumbnail


def plain(count: int, side: int = 6) -> np.ndarray:
    """Images of one color each, all different, none of the colors of classes."""
    colors = np.stack([np.arange(count) % 200 + 3, np.arange(count) // 200 + 7, np.full(count, 11)], 1).astype(np.uint8)
    return np.broadcast_to(colors[:, None, None], (count, side, side, 3)).copy()


def test_images_are_whole_framed_and_at_their_places() -> None:
    points, images = np.random.default_rng(0).standard_normal((200, 2)), plain(200)
    picture = np.asarray(image_map(points, images, np.arange(200) % 2, size=300, side=20))
    places = np.round(fitted(points, (300, 300), margin=22)).astype(int)
    codes, inner, shown = picture.astype(int) @ (1, 256, 65536), 20 - 2 * 2, 0
    for i, code in enumerate(images[:, 0, 0].astype(int) @ (1, 256, 65536)):
        cells = np.argwhere(codes == code)
        if len(cells):
            shown += 1
            assert len(cells) == inner**2  # nothing covers any of it
            top, left = cells.min(0)
            assert np.abs(cells.mean(0)[::-1] - places[i]).max() <= 1.5
            assert tuple(picture[top - 1, left]) == ImageColor.getrgb(COLORS[i % 2])
    assert 30 < shown < 200


def test_points_whose_image_has_no_room_are_dots() -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.1], [1.0, 1.0]])
    picture = np.asarray(image_map(points, plain(3), size=200, side=40))
    colors = {tuple(c) for c in picture.reshape(-1, 3)}
    assert {tuple(c) for c in plain(3)[:, 0, 0]} - colors == {tuple(plain(3)[0, 0, 0])}


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="an image for each of the 3 points, got 2"):
        image_map(np.zeros((3, 2)), plain(2))
    with pytest.raises(ValueError, match="images of 8 to 50 pixels in a picture of 200, got 60"):
        image_map(np.zeros((2, 2)), plain(2), size=200, side=60)
    with pytest.raises(ValueError, match="at least one tile"):
        sprite_sheet(plain(0))


def test_few_images_are_drawn_larger_than_many() -> None:
    def ink(count: int) -> float:  # the part of the picture that the first image takes
        points = np.random.default_rng(0).uniform(0, 1, (count, 2))
        return float((np.asarray(image_map(points, plain(count), size=400)) == plain(1)[0, 0, 0]).all(2).mean())

    assert ink(4) > 3 * ink(60) > 0


@pytest.mark.parametrize("count", [1, 2, 7, 9])
def test_a_sheet_holds_every_tile_in_order(count: int) -> None:
    sheet, columns = sprite_sheet(plain(count))
    pixels = np.asarray(sheet)
    for i, tile in enumerate(plain(count)):
        top, left = i // columns * 6, i % columns * 6
        np.testing.assert_array_equal(pixels[top : top + 6, left : left + 6], tile)


def test_a_thumbnail_is_the_center_of_its_image() -> None:
    image = np.zeros((10, 30, 3), np.uint8)
    image[:, 10:20] = 200
    assert np.asarray(thumbnail(image, 20)).min() == 200
