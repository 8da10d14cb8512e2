"""Maps, kernels and small networks for the cases of this lab.

- ``make_maps``     maps in which no two numbers are equal or nearly so
- ``make_rectified``  maps as a ReLU leaves them: many zeros, and whole windows of them
- ``make_kernels``  kernels without any symmetry
- ``make_scene``    a random network, an image, and a unit at a place that can be projected without doubt
"""

import numpy as np

from .reference import Layers, convolve, max_pool_switches

MARGIN = 1e-3
"""How near to 0 a number may come into a ReLU, and how near to each other the two largest of a window, in a scene."""

Recipe = tuple[tuple[str, int] | tuple[str, int, int, int, int] | tuple[str], ...]
"""Layers without numbers: ``("conv", units, k, stride, pad)``, ``("relu",)``, ``("pool", k)``."""

Scene = tuple[Layers, np.ndarray, int, int, tuple[int, int]]
"""The first five arguments of ``project``."""


def make_maps(rng: np.random.Generator, channels: int, height: int, width: int) -> np.ndarray:
    """Return maps (C, H, W) of both signs; any two numbers differ by 0.1 or more."""
    count = channels * height * width
    return (rng.permutation(count).reshape(channels, height, width) - 0.45 * count) * 0.1


def make_rectified(rng: np.random.Generator, channels: int, height: int, width: int) -> np.ndarray:
    """Return maps of small whole numbers, mostly 0: many windows have their maximum several times."""
    numbers = rng.integers(1, 4, (channels, height, width)) * (rng.random((channels, height, width)) < 0.4)
    return numbers.astype(np.float64)


def make_kernels(rng: np.random.Generator, units: int, channels: int, k: int) -> np.ndarray:
    """Return kernels (O, C, k, k) that keep numbers of about the same size."""
    return rng.standard_normal((units, channels, k, k)) * 1.5 / k / np.sqrt(channels)


def make_net(rng: np.random.Generator, recipe: Recipe, channels: int) -> Layers:
    """Return a network of this recipe; biases are mostly negative, so that a good half of each map is 0."""
    net: Layers = []
    for kind, *numbers in recipe:
        if kind == "conv":
            units, k, stride, pad = numbers
            net.append(("conv", make_kernels(rng, units, channels, k), rng.uniform(-0.6, 0.2, units), stride, pad))
            channels = units
        else:
            net.append((kind, *numbers))
    return net


def make_scene(
    rng: np.random.Generator, recipe: Recipe, size: tuple[int, int, int], *, layer: int = -1, negative: bool = False
) -> Scene:
    """Return a network, an image, a layer, and a unit at a place there, which is not the strongest of its map.

    Parameters
    ----------
    rng, recipe
        Where numbers come from, and the network's layers.
    size
        Of the image, (C, H, W).
    layer
        Of the target; negative numbers count from the end.
    negative
        Whether the target's activation is below 0; else it is clearly above, and not near 1.
    """
    layer %= len(recipe)
    while True:
        net, x = make_net(rng, recipe, size[0]), rng.standard_normal(size)
        maps, sound = x, True
        for kind, *values in net[: layer + 1]:
            sound = sound and _sound(maps, kind, values)
            maps = _forward(maps, kind, values)
        found = _target(rng, maps, negative=negative) if sound else None
        if found is not None:
            return net, x, layer, *found


def _forward(maps: np.ndarray, kind: str, values: list) -> np.ndarray:  # type: ignore[type-arg]
    if kind == "conv":
        return convolve(maps, *values)
    return np.maximum(maps, 0) if kind == "relu" else max_pool_switches(maps, values[0])[0]


def _sound(maps: np.ndarray, kind: str, values: list) -> bool:  # type: ignore[type-arg]
    """Say whether no rounding can change what this layer decides about these maps."""
    if kind == "relu":
        return bool(np.abs(maps).min() > MARGIN)
    if kind != "pool":
        return True
    k, (channels, height, width) = values[0], maps.shape
    h, w = height // k, width // k
    windows = maps[:, : h * k, : w * k].reshape(channels, h, k, w, k).transpose(0, 1, 3, 2, 4)
    *_, second, first = np.moveaxis(np.sort(windows.reshape(channels, h, w, k * k), axis=3), 3, 0)
    return bool(((first - second > MARGIN) | (first == 0)).all())


def _target(rng: np.random.Generator, maps: np.ndarray, *, negative: bool) -> tuple[int, tuple[int, int]] | None:
    """Return a unit and a place; row and column differ, and exchanged they are a place, too."""
    _, height, width = maps.shape
    for unit in rng.permutation(len(maps)):
        for row, column in rng.permutation([(r, c) for r in range(height) for c in range(width)]):
            value = maps[unit, row, column]
            fits = value < -0.4 if negative else value > 0.4 and abs(value - 1) > 0.2 and value < maps[unit].max()
            if fits and row != column and row < width and column < height:
                return int(unit), (int(row), int(column))
    return None
