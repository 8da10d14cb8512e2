"""What ``images`` promises: every kind of file becomes RGB in [0, 1]; a wrong range is an error that explains."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from xailab import images
from xailab.errors import DataError, XailabError
from xailab.images import IMAGENET, MINIBRODEN, NETDISSECT_PYTORCH, Normalization


@pytest.fixture
def batch() -> Tensor:
    return torch.rand(2, 3, 8, 6, generator=torch.Generator().manual_seed(0))


# ---- normalization


@pytest.mark.parametrize("normalization", [MINIBRODEN, IMAGENET, NETDISSECT_PYTORCH])
def test_denormalize_undoes_normalize(batch: Tensor, normalization: Normalization) -> None:
    normalized = images.normalize(batch, normalization)
    torch.testing.assert_close(images.denormalize(normalized, normalization), batch)
    channel = (batch[:, 1] - normalization.mean[1]) / normalization.std[1]
    torch.testing.assert_close(normalized[:, 1], channel)


def test_normalize_keeps_dtype_and_gradient(batch: Tensor) -> None:
    leaf = batch.double().requires_grad_()
    normalized = images.normalize(leaf, IMAGENET)
    assert normalized.dtype == torch.float64
    normalized[:, 2].sum().backward()
    assert leaf.grad is not None
    torch.testing.assert_close(leaf.grad[:, 2], torch.full((2, 8, 6), 1 / 0.225, dtype=torch.float64))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x * 255, r"got values from .* they look like 0 ... 255: divide by 255"),
        (lambda x: images.normalize(x, IMAGENET), "they look normalized already"),
        (lambda x: x * float("nan"), "they contain NaN"),
        (lambda x: x + torch.inf, "they look normalized already"),
    ],
)
def test_images_outside_the_unit_range_are_refused_with_a_guess_at_the_reason(
    batch: Tensor, wrong: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        images.normalize(wrong(batch), MINIBRODEN)  # type: ignore[operator]


def test_an_empty_batch_is_in_range() -> None:
    assert images.normalize(torch.empty(0, 3, 4, 4), MINIBRODEN).shape == (0, 3, 4, 4)


def test_rounding_of_resized_images_is_not_called_out_of_range() -> None:
    images.normalize(torch.ones(1, 3, 2, 2) + 1e-6, MINIBRODEN)


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        ((0.5, 0.5, float("nan")), (1.0, 1.0, 1.0), "three finite numbers"),
        ((0.5, 0.5, 0.5), (1.0, 0.0, 1.0), "std must be positive"),
    ],
)
def test_a_normalization_that_makes_no_sense_is_refused(mean: tuple, std: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Normalization(mean, std, "mine")


# ---- resizing


def test_resizing_to_the_same_size_returns_the_same_tensor(batch: Tensor) -> None:
    assert images.resize(batch, (8, 6)) is batch


def test_enlarging_interpolates_between_half_pixel_centers() -> None:
    row = torch.tensor([0.0, 1.0]).expand(1, 1, 1, 2)
    torch.testing.assert_close(images.resize(row, (1, 4))[0, 0, 0], torch.tensor([0.0, 0.25, 0.75, 1.0]))


def test_shrinking_averages_instead_of_sampling() -> None:
    checker = (torch.arange(64)[:, None] + torch.arange(64)).remainder(2).float().expand(1, 3, 64, 64)
    assert (images.resize(checker, 9) - 0.5).abs().max() < 0.05
    sampled = torch.nn.functional.interpolate(checker, size=9, mode="bilinear")
    assert (sampled - 0.5).abs().max() > 0.1  # what plain bilinear would have given


def test_resizing_below_one_pixel_is_refused(batch: Tensor) -> None:
    with pytest.raises(ValueError, match="cannot resize to 0 x 5"):
        images.resize(batch, (0, 5))


# ---- bytes and Pillow


def test_all_256_values_survive_the_way_through_floats() -> None:
    values = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    assert torch.equal(images.to_uint8(images.from_uint8(values)), values)


def test_to_uint8_rounds_to_the_nearest_and_refuses_other_ranges() -> None:
    assert images.to_uint8(torch.tensor([0.0, 0.4 / 255, 0.6 / 255, 1.0])).tolist() == [0, 0, 1, 255]
    with pytest.raises(ValueError, match="expected images in"):
        images.to_uint8(torch.tensor([-0.5]))


def test_pillow_round_trip_is_exact_for_8_bit_images(batch: Tensor) -> None:
    image = images.from_uint8(images.to_uint8(batch))[0]
    assert torch.equal(images.from_pil(images.to_pil(image)), image)


def encoded(picture: Image.Image, folder: Path, name: str = "image.png", **options: object) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def test_gray_becomes_three_equal_channels(tmp_path: Path) -> None:
    path = encoded(Image.new("L", (5, 4), 51), tmp_path)
    assert torch.equal(images.load(path), torch.full((3, 4, 5), 0.2))


def test_black_and_white_becomes_zero_and_one(tmp_path: Path) -> None:
    assert images.load(encoded(Image.new("1", (2, 2), 1), tmp_path)).unique().tolist() == [1.0]


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    red = images.load(encoded(Image.new("RGBA", (2, 2), (255, 0, 0, 51)), tmp_path))
    torch.testing.assert_close(red[:, 0, 0], torch.tensor([1.0, 0.8, 0.8]))
    gray = images.load(encoded(Image.new("LA", (2, 2), (0, 0)), tmp_path))
    assert gray.unique().tolist() == [1.0]


def test_palettes_are_looked_up_also_with_a_transparent_color(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([0, 255, 0, 0, 0, 255])
    picture.putdata([0, 1])
    assert images.load(encoded(picture, tmp_path))[:, 0].T.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert images.load(encoded(picture, tmp_path, transparency=0))[:, 0].T.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_sixteen_bit_gray_is_scaled_by_65535(tmp_path: Path) -> None:
    values = np.array([[0, 13107, 65535]], np.uint16)
    for name in ("image.png", "image.tif"):
        loaded = images.load(encoded(Image.fromarray(values), tmp_path, name))
        torch.testing.assert_close(loaded[1, 0], torch.tensor([0.0, 0.2, 1.0]))


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    cyan = images.load(encoded(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), tmp_path, "image.tif"))
    assert cyan[:, 0, 0].tolist() == [0, 1, 1]


def test_float_images_in_the_unit_range_are_taken_and_others_refused(tmp_path: Path) -> None:
    path = encoded(Image.fromarray(np.array([[0.0, 0.5]], np.float32)), tmp_path, "image.tif")
    assert images.load(path)[2, 0].tolist() == [0, 0.5]
    for value, message in ((300.0, "values from 300 to 300, expected 0 to 1"), (np.nan, "values from nan to nan")):
        path = encoded(Image.fromarray(np.full((1, 2), value, np.float32)), tmp_path, "image.tif")
        with pytest.raises(DataError, match=rf"cannot read the image .*image\.tif: pixel {message}"):
            images.load(path)


def test_a_32_bit_image_of_unknown_range_is_refused(tmp_path: Path) -> None:
    path = encoded(Image.fromarray(np.full((1, 2), 70000, np.int32)), tmp_path, "image.tif")
    with pytest.raises(DataError, match=r"values from 70000 to 70000, expected 0 to 65535 \(mode I\)"):
        images.load(path)


def test_a_cameras_orientation_is_obeyed(tmp_path: Path) -> None:
    picture = Image.new("RGB", (4, 2))
    picture.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to view
    loaded = images.load(encoded(picture, tmp_path, exif=exif))
    assert loaded.shape == (3, 4, 2)
    assert loaded[0].nonzero().tolist() == [[0, 1]]


def test_load_resizes_on_request(tmp_path: Path) -> None:
    path = encoded(Image.new("RGB", (9, 7), (255, 0, 0)), tmp_path)
    assert images.load(path, 4).shape == (3, 4, 4)
    assert images.load(str(path), (2, 3)).shape == (3, 2, 3)


def photograph() -> bytes:
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"not an image at all", photograph()[:-600], photograph()[:100], b"\x89PNG\r\n\x1a\n" + b"\0" * 50],
    ids=["empty", "text", "truncated", "header only", "broken png"],
)
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot read .*broken\.jpg as an image, it may be damaged"):
        images.load(path)


def test_every_truncation_of_a_png_is_a_data_error_or_an_image(tmp_path: Path) -> None:
    whole = encoded(Image.fromarray(np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)), tmp_path)
    content = whole.read_bytes()
    for length in range(0, len(content), 7):
        (tmp_path / "cut.png").write_bytes(content[:length])
        try:
            image = images.load(tmp_path / "cut.png")
        except DataError:  # and no other error
            continue
        assert image.shape == (3, 9, 9)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no image file .*absent\.png"):
        images.load(tmp_path / "absent.png")
    with pytest.raises(DataError, match=r"cannot read .* as an image"):
        images.load(tmp_path)


# ---- saving


def test_saved_images_load_as_they_were(tmp_path: Path, batch: Tensor) -> None:
    image = images.from_uint8(images.to_uint8(batch))[1]
    images.save(image, tmp_path / "image.PNG")
    assert torch.equal(images.load(tmp_path / "image.PNG"), image)


def test_saving_refuses_unknown_suffixes_wrong_ranges_and_missing_folders(tmp_path: Path, batch: Tensor) -> None:
    for name in ("image.xyz", "image", "image.fits"):
        with pytest.raises(ValueError, match="cannot tell the image format"):
            images.save(batch[0], tmp_path / name)
    with pytest.raises(ValueError, match="expected images in"):
        images.save(batch[0] * 9, tmp_path / "image.png")
    with pytest.raises(XailabError, match="cannot write"):
        images.save(batch[0], tmp_path / "nowhere" / "image.png")
    assert list(tmp_path.iterdir()) == []
