"""What is done to the numbers of a projection before they are seen."""

import math

import pytest
import torch

from xailab.deconvnet.pictures import (
    crop,
    framed,
    full_extent,
    magnitude_picture,
    magnitudes,
    own_scales,
    shared_scale,
    signed_picture,
    tight_extent,
    window,
)  # fmt: skip
from xailab.receptive import Box


def test_zero_is_gray_and_the_scale_is_full_strength_in_each_channel() -> None:
    pixels = torch.tensor([[[0.0, 2.0, -2.0, 4.0]], [[0.0, 0.0, 0.0, 1.0]], [[0.0, 0.0, 0.0, -1.0]]])
    drawn = signed_picture(pixels, 2.0)
    assert [drawn.getpixel((x, 0)) for x in range(4)] == [
        (128, 128, 128), (255, 128, 128), (0, 128, 128), (255, 191, 64)
    ]  # fmt: skip


def test_one_channel_is_drawn_in_gray() -> None:
    assert signed_picture(torch.tensor([[[1.0, -1.0]]]), 1.0).getpixel((0, 0)) == (255, 255, 255)


def test_scales_are_a_percentile_of_what_is_not_zero() -> None:
    ramp = torch.zeros(1, 1, 40, 100)
    ramp[0, 0, 0, :] = torch.arange(1, 101) * torch.tensor([1.0, -1.0]).repeat(50)
    twice = torch.cat([ramp, 3 * ramp])
    assert own_scales(twice, percentile=99.0).tolist() == [99, 297]
    assert own_scales(twice, percentile=100.0).tolist() == [100, 300]
    assert shared_scale(twice, percentile=50.0) == 75  # as many of the 200 values lie at or below it as above
    assert shared_scale(torch.zeros(2, 3, 4, 4)) == 1


def test_pictures_at_their_own_scale_do_not_depend_on_the_strength() -> None:
    pixels = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    one, other = (signed_picture(p[0], float(own_scales(p)[0])) for p in (pixels, 1000 * pixels))
    assert one.tobytes() == other.tobytes()


def test_magnitudes_are_norms_over_the_channels() -> None:
    pixels = torch.tensor([3.0, -4.0, 12.0]).view(1, 3, 1, 1)
    assert magnitudes(pixels).tolist() == [[[[13.0]]]]
    five = torch.cat([torch.zeros(5, 1, 1), torch.ones(5, 1, 1)], 2)
    heat = magnitude_picture(five, math.sqrt(5))
    dark, bright = (sum(heat.getpixel((x, 0))) for x in (0, 1))  # type: ignore[arg-type]
    assert dark < 20 < 400 < bright


@pytest.mark.parametrize("corner", [-30, -3, 0, 11, 40, 70])
def test_parts_have_one_size_and_lie_in_the_image(corner: int) -> None:
    part = window(Box(corner, corner + 5, corner + 20, corner + 25), (24, 30), (64, 50))
    assert (part.height, part.width) == (24, 30)
    assert 0 <= part.top < part.bottom <= 64
    assert 0 <= part.left < part.right <= 50


def test_a_part_inside_the_image_has_the_center_of_the_field() -> None:
    assert window(Box(20, 10, 31, 21), (15, 7), (64, 64)) == Box(18, 12, 33, 19)
    assert window(Box(-60, -60, 200, 200), (300, 300), (40, 50)) == Box(0, 0, 40, 50)


def test_the_whole_field_has_a_margin() -> None:
    assert full_extent((3, 100)) == (7, 116)


def test_the_part_shown_is_the_smallest_that_holds_most_of_the_projections() -> None:
    pixels = torch.zeros(2, 3, 100, 100)
    pixels[:, :, 40:60, 40:60] = 1
    fields = [Box(2, 2, 98, 98), Box(2, 2, 98, 98)]
    assert tight_extent(pixels, fields, (96, 96)) == (32, 32)  # a third of the field is the least
    pixels[:, :, 20:80, 20:80] = 1
    height, width = tight_extent(pixels, fields, (96, 96))
    assert height == width == 60  # 57 of 60 squared is 90 %, and steps are of 4 pixels
    assert tight_extent(torch.zeros(2, 3, 100, 100), fields, (96, 96)) == full_extent((96, 96))
    assert tight_extent(pixels, fields, (5, 5)) == full_extent((5, 5))


def test_a_box_is_drawn_where_it_is() -> None:
    picture = framed(torch.zeros(3, 20, 20), Box(5, 10, 15, 20), size=200, color="#ff0000")
    red = [(x, y) for x in range(200) for y in range(200) if picture.getpixel((x, y)) == (255, 0, 0)]
    assert (min(x for x, _ in red), min(y for _, y in red)) == (100, 50)
    assert (max(x for x, _ in red), max(y for _, y in red)) == (199, 149)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 3 channels, or 1 for gray, got 2; see magnitude_picture"):
        signed_picture(torch.zeros(2, 1, 1), 1.0)
    for scale in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="scale must be a positive number"):
            signed_picture(torch.zeros(3, 1, 1), scale)
    with pytest.raises(ValueError, match="percentile must be above 0 and at most 100, got 0"):
        own_scales(torch.ones(1, 1, 1, 1), percentile=0.0)
    with pytest.raises(ValueError, match="NaN or infinite"):
        shared_scale(torch.tensor([[[[float("nan")]]]]))
    with pytest.raises(ValueError, match="no part"):
        crop(torch.zeros(3, 4, 4), Box(0, 0, 5, 4))
