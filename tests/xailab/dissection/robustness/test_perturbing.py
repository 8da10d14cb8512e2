"""Perturbations: exact where they can be, labels move with pixels, nothing that was given is changed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from xailab.data.batch import Labels
from xailab.dissection.robustness import (
    add_gaussian_noise,
    add_uniform_noise,
    patch_orders,
    rearrange,
    rotate,
    shuffle_patches,
    turn,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def pictures(count: int = 3, size: int = 8) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def numbered(count: int = 3, size: int = 8) -> tuple[Tensor, Labels]:
    """Images whose red says which pixel it is, and two label maps that say the same."""
    cells = torch.arange(1, size * size + 1, dtype=torch.int32).view(1, 1, size, size).repeat(count, 1, 1, 1)
    images = (cells / (size * size)).repeat(1, 3, 1, 1)
    return images, Labels(
        {"object": cells, "part": torch.cat([cells, cells * 2], 1)}, {"scene": torch.ones(count, 1, dtype=torch.int32)}
    )


# Noise.


def test_uniform_noise_fills_its_range_evenly_and_no_more() -> None:
    changed = add_uniform_noise(torch.full((4, 3, 64, 64), 0.5), 0.2, rng()) - 0.5
    assert changed.abs().max() <= 0.2 + 1e-6
    assert changed.abs().max() > 0.199
    assert abs(float(changed.mean())) < 4 * 0.2 / (3 * changed.numel()) ** 0.5
    assert float(changed.std()) == pytest.approx(0.2 / 3**0.5, rel=0.02)


def test_gaussian_noise_has_its_deviation() -> None:
    changed = add_gaussian_noise(torch.full((4, 3, 64, 64), 0.5), 0.05, rng()) - 0.5
    assert float(changed.std()) == pytest.approx(0.05, rel=0.02)
    assert float((changed.abs() < 0.05).float().mean()) == pytest.approx(0.6827, abs=0.01)


@pytest.mark.parametrize("noise", [add_uniform_noise, add_gaussian_noise])
def test_noisy_images_are_images_and_no_noise_changes_nothing(noise) -> None:  # type: ignore[no-untyped-def]
    images = pictures()
    before = images.clone()
    changed = noise(images, 3.0, rng())
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert (changed == 0).any()
    assert (changed == 1).any()
    assert torch.equal(noise(images, 0, rng()), images)
    assert torch.equal(noise(images, 0.1, rng()), noise(images, 0.1, rng()))
    assert not torch.equal(noise(images, 0.1, rng()), noise(images, 0.1, rng(1)))
    assert torch.equal(images, before)
    with pytest.raises(ValueError, match="must be at least 0"):
        noise(images, -0.1, rng())


# Patches.


def test_patches_are_put_where_the_order_says() -> None:
    maps = torch.arange(16).view(1, 1, 4, 4)
    found = rearrange(maps, np.array([[3, 0, 1, 2]]))
    assert found[0, 0].tolist() == [[10, 11, 0, 1], [14, 15, 4, 5], [2, 3, 8, 9], [6, 7, 12, 13]]


@pytest.mark.parametrize("grid", [1, 2, 4, 8])
def test_the_patches_of_each_image_are_the_same_in_another_order(grid: int) -> None:
    images, labels = pictures(), numbered()[1]
    changed, _ = shuffle_patches(images, labels, grid, rng())

    def patches(image: Tensor) -> list[bytes]:
        side = 8 // grid
        cut = image.unfold(1, side, side).unfold(2, side, side).permute(1, 2, 0, 3, 4).flatten(0, 1)
        return sorted(patch.numpy().tobytes() for patch in cut)

    for one, other in zip(images, changed, strict=True):
        assert patches(one) == patches(other)
    assert torch.equal(images, changed) == (grid == 1)


@pytest.mark.parametrize("grid", [2, 4, 8])
def test_labels_move_with_their_pixels(grid: int) -> None:
    images, labels = numbered()
    changed, moved = shuffle_patches(images, labels, grid, rng())
    assert torch.equal(changed[:, :1], moved.maps["object"] / 64)
    assert torch.equal(moved.maps["part"], torch.cat([moved.maps["object"], moved.maps["object"] * 2], 1))
    assert moved.tags is labels.tags
    assert not torch.equal(changed[0], changed[1])  # every image has its own order


def test_label_maps_of_another_resolution_move_alike() -> None:
    images, _ = numbered(2, 8)
    labels = Labels({"object": numbered(2, 4)[1].maps["object"]})
    changed, moved = shuffle_patches(images, labels, 2, rng())
    coarse = ((changed[:, :1, ::2, ::2] * 64).round().int() - 1) // 2  # the even pixels of the image
    expected = coarse // 8 * 4 + coarse % 4 + 1
    assert torch.equal(moved.maps["object"], expected)


def test_all_orders_of_four_patches_are_equally_likely() -> None:
    orders = patch_orders(4800, 2, rng())
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert ((counts - 200) ** 2 / 200).sum() < 49.7  # chi-squared with 23 degrees of freedom, 0.1 %


@given(st.integers(1, 4), st.integers(0, 99))
def test_the_opposite_order_puts_everything_back(grid: int, seed: int) -> None:
    maps = torch.arange(2 * 2 * 12 * 24).view(2, 2, 12, 24)
    orders = patch_orders(2, grid, rng(seed))
    assert torch.equal(rearrange(rearrange(maps, orders), orders.argsort(1)), maps)


def test_grids_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match=r"8 x 8 pixels cannot be cut into 9 = grid x grid equal patches"):
        shuffle_patches(pictures(), Labels(), 3, rng())
    with pytest.raises(ValueError, match="cannot be cut into 3 "):
        rearrange(pictures(), np.zeros((3, 3), np.int64))
    with pytest.raises(ValueError, match="grid must be at least 1"):
        patch_orders(1, 0, rng())


# Rotations.


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1, 4, 5])
@pytest.mark.parametrize("size", [8, 7])
def test_quarter_turns_are_exact_and_counterclockwise(quarters: int, size: int) -> None:
    images, labels = numbered(2, size)
    turned, moved = rotate(images, labels, 90 * quarters)
    assert torch.equal(turned, torch.rot90(images, quarters, (2, 3)))
    for category, maps in labels.maps.items():
        assert torch.equal(moved.maps[category], torch.rot90(maps, quarters, (2, 3)))
    assert moved.tags is labels.tags


def test_four_quarter_turns_change_nothing() -> None:
    images, labels = numbered()
    turned, moved = images, labels
    for _ in range(4):
        turned, moved = rotate(turned, moved, 90)
    assert torch.equal(turned, images)
    assert torch.equal(moved.maps["part"], labels.maps["part"])


def test_a_small_turn_moves_the_right_border_up() -> None:
    image = torch.zeros(1, 1, 33, 33)
    image[0, 0, 16, 32] = 1
    y, x = np.unravel_index(int(turn(image, 10).argmax()), (33, 33))
    assert (y, x) == (16 - round(16 * np.sin(np.deg2rad(10))), 16 + round(16 * np.cos(np.deg2rad(10))))


def test_a_linear_ramp_stays_one_under_bilinear_interpolation() -> None:
    y, x = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(21.0) - 10, indexing="ij")
    angle = np.deg2rad(25)
    expected = 0.02 * (np.cos(angle) * x - np.sin(angle) * y) + 0.01 * (np.sin(angle) * x + np.cos(angle) * y)
    found = turn((0.02 * x + 0.01 * y)[None, None], 25)[0, 0]
    inside = x**2 + y**2 < 81
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-6, rtol=0)


def test_turned_labels_are_old_ones_and_corners_are_unlabelled_and_gray() -> None:
    images, labels = numbered(1, 32)
    turned, moved = rotate(images, labels, 45)
    found = moved.maps["object"]
    assert found.dtype == torch.int32
    assert set(found.flatten().tolist()) <= set(range(32 * 32 + 1))
    corners = found[0, 0, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.tolist() == [0, 0, 0, 0]
    assert turned[0, :, 0, 0].tolist() == [0.5, 0.5, 0.5]
    assert rotate(images, labels, 45, fill=0)[0][0, :, 0, 0].tolist() == [0, 0, 0]
    # About 83 % of a square is left in the frame after an eighth of a turn.
    assert float((found > 0).float().mean()) == pytest.approx(2 * (2**0.5 - 1), abs=0.02)


def test_labels_stay_on_what_they_label() -> None:
    images = torch.zeros(1, 3, 64, 64)
    images[:, 0, 10:30, 35:55] = 1
    labels = Labels({"object": (images[:, :1] > 0).int() * 7})
    turned, moved = rotate(images, labels, 30)
    on = turned[0, 0] > 0.75
    assert bool((moved.maps["object"][0, 0][on] == 7).all())
    assert float((moved.maps["object"] == 7).sum()) == pytest.approx(400, rel=0.02)


def test_there_and_back_is_nearly_nothing_inside() -> None:
    y, x = torch.meshgrid(torch.linspace(0, 3, 32), torch.linspace(0, 3, 32), indexing="ij")
    image = (0.5 + 0.2 * torch.sin(x) * torch.cos(y))[None, None]
    back = turn(turn(image, 17), -17)
    assert float((back - image)[..., 10:22, 10:22].abs().max()) < 2e-3


def test_images_that_are_not_square_keep_their_frame() -> None:
    image = torch.zeros(1, 1, 4, 8)
    image[0, 0, :, 7] = 1
    turned = turn(image, 90, fill=0.5)
    assert turned.shape == (1, 1, 4, 8)
    assert float(turned[0, 0, 0, 0]) == 0.5  # from outside the frame
    assert torch.equal(turn(image, 180), image.flip(2, 3))


def test_nothing_given_is_changed_and_angles_are_finite() -> None:
    images, labels = numbered()
    before, planes = images.clone(), labels.maps["object"].clone()
    rotate(images, labels, 33)
    shuffle_patches(images, labels, 4, rng())
    assert torch.equal(images, before)
    assert torch.equal(labels.maps["object"], planes)
    with pytest.raises(ValueError, match="degrees must be a finite number"):
        rotate(images, labels, float("inf"))
