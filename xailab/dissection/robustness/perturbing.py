"""Changes of images, and of their label maps with them. Pure functions: nothing that is given is changed.

- ``add_uniform_noise``, ``add_gaussian_noise``   the labels stay as they are
- ``rotate``                                      images and label maps
- ``shuffle_patches``                             images and label maps, cut into squares and put together anew
- ``turn``, ``rearrange``, ``patch_orders``       the parts of the last two, for any maps

Images are RGB in [0, 1], before and after. What holds for a whole image (a scene) is left as it is.
"""

import numpy as np
import torch
from jaxtyping import Float, Int, Int64, Shaped
from torch import Tensor

from xailab.data.batch import Labels

GRAY = 0.5
"""What stands where a rotated image has nothing: mid-gray, which shipped networks see as 0."""


def add_uniform_noise(
    images: Float[Tensor, "b 3 h w"], amplitude: int | float, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    """Add to every number of every pixel one drawn evenly from [-amplitude, amplitude), and cut at 0 and 1.

    Raises
    ------
    ValueError
        A negative amplitude.
    """
    if not amplitude >= 0:
        raise ValueError(f"amplitude must be at least 0 (images are in [0, 1]), got {amplitude}")
    noise = rng.random(tuple(images.shape), dtype=np.float32) * 2 - 1
    return (images + amplitude * torch.from_numpy(noise).to(images.device)).clamp(0, 1)


def add_gaussian_noise(
    images: Float[Tensor, "b 3 h w"], sigma: int | float, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    """Add to every number of every pixel one of normal distribution with deviation ``sigma``, and cut at 0 and 1.

    Raises
    ------
    ValueError
        A negative sigma.
    """
    if not sigma >= 0:
        raise ValueError(f"sigma must be at least 0 (images are in [0, 1]), got {sigma}")
    noise = rng.standard_normal(tuple(images.shape), dtype=np.float32)
    return (images + sigma * torch.from_numpy(noise).to(images.device)).clamp(0, 1)


def rotate(
    images: Float[Tensor, "b 3 h w"], labels: Labels, degrees: int | float, *, fill: int | float = GRAY
) -> tuple[Float[Tensor, "b 3 h w"], Labels]:
    """Rotate images and label maps counterclockwise about the middle; the size stays, corners are cut off.

    Images are interpolated bilinearly, with ``fill`` outside; a label map takes the nearest label, and is unlabelled
    outside. Label maps may have another resolution than the images, of the same proportions. Whole-image labels stay.
    A quarter turn of a square is exact.
    """
    maps = {category: turn(planes, degrees, fill=0) for category, planes in labels.maps.items()}
    return turn(images, degrees, fill=fill), Labels(maps, labels.tags)


def shuffle_patches(
    images: Float[Tensor, "b 3 h w"], labels: Labels, grid: int, rng: np.random.Generator
) -> tuple[Float[Tensor, "b 3 h w"], Labels]:
    """Cut images and label maps into ``grid`` x ``grid`` patches and put each image's together in a random order.

    Every image has an order of its own, the same for the image and its label maps, all orders equally likely (the old
    one among them). Whole-image labels stay.

    Raises
    ------
    ValueError
        Height or width of images or label maps cannot be divided by ``grid``.
    """
    orders = patch_orders(len(images), grid, rng)
    maps = {category: rearrange(planes, orders) for category, planes in labels.maps.items()}
    return rearrange(images, orders), Labels(maps, labels.tags)


def patch_orders(images: int, grid: int, rng: np.random.Generator) -> Int64[np.ndarray, "b n"]:
    """Return, for each image, a random order of ``grid * grid`` patches: which old one stands at each place.

    Raises
    ------
    ValueError
        ``grid`` below 1.
    """
    if grid < 1:
        raise ValueError(f"grid must be at least 1 patch per side, got {grid}")
    return np.array([rng.permutation(grid * grid) for _ in range(images)], np.int64).reshape(images, grid * grid)


def rearrange(maps: Shaped[Tensor, "b c h w"], orders: Int[np.ndarray, "b n"]) -> Shaped[Tensor, "b c h w"]:
    """Put the patches of each map in another order; patches are numbered row by row, n must be a square number.

    Raises
    ------
    ValueError
        Height or width cannot be divided into that many patches.
    """
    b, c, h, w = maps.shape
    grid = round(orders.shape[1] ** 0.5)
    if grid * grid != orders.shape[1] or h % grid or w % grid:
        raise ValueError(
            f"{h} x {w} pixels cannot be cut into {orders.shape[1]} = grid x grid equal patches; choose a grid that "
            "divides height and width of images and label maps"
        )
    patches = maps.reshape(b, c, grid, h // grid, grid, w // grid).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    rows = torch.arange(b, device=maps.device)[:, None]
    chosen = patches[rows, torch.from_numpy(orders).to(maps.device)].reshape(b, grid, grid, c, h // grid, w // grid)
    return chosen.permute(0, 3, 1, 4, 2, 5).reshape(b, c, h, w)


def turn(maps: Shaped[Tensor, "b c h w"], degrees: int | float, *, fill: int | float = 0) -> Shaped[Tensor, "b c h w"]:
    """Rotate maps counterclockwise about their middle, with ``fill`` outside.

    Floating-point maps are interpolated bilinearly, integer maps take the nearest value.

    Raises
    ------
    ValueError
        ``degrees`` is not finite.
    """
    if not np.isfinite(degrees):
        raise ValueError(f"degrees must be a finite number, got {degrees}")
    h, w = maps.shape[2:]
    y, x = _sources(h, w, degrees, maps.device)
    padded = torch.nn.functional.pad(maps, (1, 1, 1, 1), value=fill)

    def at(rows: Int[Tensor, "h w"], columns: Int[Tensor, "h w"]) -> Tensor:
        return padded[:, :, rows.clamp(-1, h) + 1, columns.clamp(-1, w) + 1]

    if not maps.is_floating_point():
        return at((y + 0.5).floor().long(), (x + 0.5).floor().long())
    top, left = y.floor(), x.floor()
    fy, fx = (y - top).to(maps.dtype), (x - left).to(maps.dtype)
    row, column = top.long(), left.long()
    above = at(row, column) * (1 - fx) + at(row, column + 1) * fx
    below = at(row + 1, column) * (1 - fx) + at(row + 1, column + 1) * fx
    return above * (1 - fy) + below * fy


def _sources(height: int, width: int, degrees: int | float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return from which row and column each pixel of the rotated map comes."""
    # Exact for quarter turns, where the cosine of pi / 2 in floating point is not 0.
    quarters = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    cosine, sine = quarters.get(float(degrees % 360)) or (
        float(np.cos(np.deg2rad(degrees))),
        float(np.sin(np.deg2rad(degrees))),
    )
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    dy = torch.arange(height, dtype=torch.float64, device=device)[:, None] - middle_y
    dx = torch.arange(width, dtype=torch.float64, device=device)[None, :] - middle_x
    return middle_y + sine * dx + cosine * dy, middle_x + cosine * dx - sine * dy
