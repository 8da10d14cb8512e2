"""Three square tiles of smooth random numbers, from which every surface takes its grain.

- ``TILES``  float32 (3, 256, 256): fine, medium and coarse; each periodic, of mean 0 and standard deviation 1
- ``FINE``, ``MEDIUM``, ``COARSE``  their positions

Lattice ("value") noise in several octaves: random numbers on a coarse lattice, blended smoothly in between. No Fourier
transform and no library generator is involved, so the tiles are the same everywhere.
"""

import numpy as np
from jaxtyping import Float

from xailab.data.minibroden.randomness import mix

SIDE = 256
FINE, MEDIUM, COARSE = 0, 1, 2
_OCTAVES: tuple[dict[int, float], ...] = (
    {256: 1.0, 128: 0.7},
    {128: 0.35, 64: 0.6, 32: 1.0, 16: 0.7},
    {64: 0.15, 32: 0.3, 16: 0.6, 8: 1.0, 4: 0.8},
)


def _lattice(side: int, seed: int) -> Float[np.ndarray, "side side"]:
    """Return uniform random numbers in [-1, 1) on a square lattice, from a 64-bit mixing function."""
    value = np.arange(side * side, dtype=np.uint64) + np.uint64(mix(seed))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(factor)
    value ^= value >> np.uint64(31)
    return ((value >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1).reshape(side, side)


def _octave(side: int, seed: int) -> Float[np.ndarray, "256 256"]:
    """Enlarge a periodic lattice to the tile's side, blending with the smoothstep polynomial."""
    lattice = _lattice(side, seed)
    position = np.arange(SIDE) * (side / SIDE)
    index = position.astype(np.int64)
    weight = position - index
    weight = weight * weight * (3 - 2 * weight)
    after = (index + 1) % side
    rows = lattice[index] * (1 - weight)[:, None] + lattice[after] * weight[:, None]
    enlarged: Float[np.ndarray, "256 256"] = rows[:, index] * (1 - weight) + rows[:, after] * weight
    return enlarged


def _tile(octaves: dict[int, float], seed: int) -> Float[np.ndarray, "256 256"]:
    """Sum the octaves and normalize the sum."""
    total = np.zeros((SIDE, SIDE))
    for i, (side, amplitude) in enumerate(octaves.items()):
        total += amplitude * _octave(side, 1000 * seed + i)
    tile: Float[np.ndarray, "256 256"] = ((total - total.mean()) / total.std()).astype(np.float32)
    return tile


TILES = np.stack([_tile(octaves, seed + 1) for seed, octaves in enumerate(_OCTAVES)])
