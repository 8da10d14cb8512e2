"""A picture shows what it says: bright where the mask is, colored where the map is strong, and nothing else."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from xailab.render.colors import colorize
from xailab.render.pictures import as_picture, enlarge, heatmap, masked, overlay, with_colorbar


@pytest.fixture
def image() -> Tensor:
    return torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.5


def pixels(picture: Image.Image) -> np.ndarray:
    assert picture.mode == "RGB"
    return np.asarray(picture).astype(int)


def disc(size: int, radius: float) -> Tensor:
    axis = torch.arange(size) + 0.5 - size / 2
    return (axis[:, None] ** 2 + axis**2) < radius**2


def test_pictures_of_any_mode_become_rgb() -> None:
    assert as_picture(Image.new("L", (2, 2))).mode == "RGB"
    assert as_picture(torch.zeros(3, 2, 4)).size == (4, 2)


def test_enlarging_repeats_pixels_unless_it_shall_be_smooth(image: Tensor) -> None:
    blocks = pixels(enlarge(image, size=96))
    assert np.array_equal(blocks[1::3, 1::3], pixels(as_picture(image)))
    assert np.array_equal(blocks[0::3, 2::3], blocks[1::3, 1::3])
    assert not np.array_equal(pixels(enlarge(image, size=96, smooth=True)), blocks)


def test_enlarging_keeps_the_aspect_ratio() -> None:
    assert enlarge(Image.new("RGB", (20, 10)), size=50).size == (50, 25)
    assert enlarge(Image.new("RGB", (1, 300)), size=30).size == (1, 30)
    with pytest.raises(ValueError, match="at least 1 pixel, got 0"):
        enlarge(Image.new("RGB", (2, 2)), size=0)


def test_a_heatmap_has_one_pixel_per_cell_in_the_colors_of_the_scale() -> None:
    values = torch.tensor([[0.0, 1.0, 4.0], [2.0, 3.0, torch.nan]])
    picture = heatmap(values)
    assert picture.size == (3, 2)
    expected = np.round(colorize(values, (0.0, 4.0)) * 255)
    assert np.array_equal(pixels(picture), expected)
    assert pixels(picture)[1, 2].tolist() == [153, 153, 153]


def test_equal_values_have_equal_colors_in_maps_of_shared_limits() -> None:
    first, second = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 8.0]])
    assert np.array_equal(
        pixels(heatmap(first, limits=(0.0, 8.0)))[0, 1], pixels(heatmap(second, limits=(0.0, 8.0)))[0, 0]
    )


def test_an_overlay_leaves_the_image_muted_where_the_map_is_zero_and_covers_it_where_it_is_strong() -> None:
    image = torch.tensor([0.9, 0.3, 0.3]).view(3, 1, 1).expand(3, 16, 16)
    values = torch.zeros(16, 16)
    values[:, 8:] = 5.0
    picture = pixels(overlay(image, values, alpha=1.0))
    assert picture[0, 0, 0] > picture[0, 0, 1]  # still reddish
    assert np.array_equal(picture[0, 12], np.round(colorize(torch.ones(1, 1), (0.0, 1.0))[0, 0] * 255))
    assert np.array_equal(pixels(overlay(image, values, alpha=0.0))[0, 0], picture[0, 0])


def test_a_signed_overlay_is_red_above_zero_and_blue_below() -> None:
    values = torch.tensor([[-1.0, 0.0, 1.0]])
    row = pixels(overlay(torch.full((3, 1, 3), 0.5), values))[0]
    assert row[0, 2] > row[0, 0]
    assert row[1].tolist() == [128, 128, 128]
    assert row[2, 0] > row[2, 2]


def test_an_overlay_has_the_size_of_the_image_whatever_the_maps(image: Tensor) -> None:
    for size in (1, 7, 100):
        assert overlay(image, torch.rand(size, size)).size == (32, 32)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (torch.full((2, 2), torch.nan), {}, "NaN or infinite values; heatmap"),
        (torch.full((2, 2), torch.inf), {}, "NaN or infinite values"),
        (torch.ones(2, 2), {"alpha": 1.5}, r"alpha must be in \[0, 1\], got 1.5"),
        (torch.ones(2, 2), {"limits": (2.0, 1.0)}, "finite and ascending"),
    ],
)
def test_an_overlay_of_bad_values_is_refused(image: Tensor, values: Tensor, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        overlay(image, values, **options)


def test_masked_keeps_the_inside_and_dims_the_outside(image: Tensor) -> None:
    mask = torch.zeros(32, 32, dtype=torch.bool)
    mask[:, :16] = True
    picture, plain = pixels(masked(image, mask, dim=0.25, outline=None)), pixels(as_picture(image))
    assert np.array_equal(picture[:, :13], plain[:, :13])
    assert np.abs(picture[:, 19:] - plain[:, 19:] * 0.25).max() <= 1


def test_a_full_mask_changes_nothing_and_an_empty_one_dims_all(image: Tensor) -> None:
    full = torch.ones(32, 32, dtype=torch.bool)
    plain = pixels(as_picture(image))
    assert np.array_equal(pixels(masked(image, full)), plain)
    assert np.abs(pixels(masked(image, ~full, dim=0.5)) - plain * 0.5).max() <= 1


def test_the_outline_lies_on_the_edge_and_not_on_the_border_of_the_picture() -> None:
    mask = torch.zeros(64, 64, dtype=torch.bool)
    mask[:, :32] = True
    yellow = pixels(masked(torch.zeros(3, 64, 64), mask, size=256)).sum(2) > 300  # all else is black
    columns = np.flatnonzero(yellow.any(0))
    assert columns.min() >= 124
    assert columns.max() <= 131
    assert yellow[:, 127:129].all()


@pytest.mark.parametrize("size", [64, 200, 512])
def test_the_drawn_area_is_the_masks_area_at_every_size(size: int) -> None:
    mask = disc(64, 20)
    picture = pixels(masked(torch.ones(3, 64, 64), mask, size=size, dim=0.0, outline=None)) / 255
    assert picture.mean() == pytest.approx(float(mask.float().mean()), rel=0.02)


def test_the_edge_is_smooth_at_the_resolution_of_the_picture() -> None:
    picture = pixels(masked(torch.ones(3, 64, 64), disc(64, 20), size=512, dim=0.0, outline=None))[..., 0]
    inside = np.argwhere(picture > 127) + 0.5 - 256
    edge = np.hypot(*inside.T).max()
    assert edge == pytest.approx(160, abs=5)  # 20 pixels of 64 are 160 of 512; the corners of its pixels reach 168


def test_the_mask_may_have_another_resolution_than_the_image(image: Tensor) -> None:
    corner = torch.zeros(4, 4, dtype=torch.bool)
    corner[0, 0] = True
    picture = pixels(masked(image, corner, outline=None, dim=0.0))
    assert picture[0, 0].sum() > 0
    assert picture[16:, 16:].sum() == 0


def test_masked_refuses_a_dim_outside_the_unit_range_and_unknown_colors(image: Tensor) -> None:
    mask = disc(32, 8)
    with pytest.raises(ValueError, match=r"dim must be in \[0, 1\], got 2"):
        masked(image, mask, dim=2.0)
    with pytest.raises(ValueError, match="unknown color"):
        masked(image, mask, outline="yelow")


def test_a_colorbar_runs_from_the_high_end_above_to_the_low_end_below() -> None:
    picture = Image.new("RGB", (64, 64), "green")
    for limits in ((0.0, 2.0), (-3.0, 3.0)):
        canvas = pixels(with_colorbar(picture, limits))
        assert np.array_equal(canvas[:, :64], pixels(picture))
        bar = canvas[:, 68]
        ends = np.round(colorize(torch.tensor([[limits[1], limits[0]]]), limits)[0] * 255)
        assert np.array_equal(bar[[0, -1]], ends)
        assert canvas.shape[0] == 64


def test_a_colorbar_can_stand_on_a_dark_page() -> None:
    dark = pixels(with_colorbar(Image.new("RGB", (64, 64)), (0.0, 1.0), background="black"))
    assert dark[:, 76:].max() == 255  # white letters
    assert dark[32, 76:].max() == 0
