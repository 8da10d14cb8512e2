"""How long one evaluation of the repulsive forces takes, and how far it is off: interpolation beside its alternatives.

    python benchmarks/bench_interpolation.py [--quick] [--points MAP.npy]

- *interpolated*: ``xailab_kernels.embedding.interpolation``, with one thread and with all
- *exact*: ``xailab_kernels.embedding.repulsion``, all pairs
- *openTSNE*: its FFT interpolation, with its defaults (three nodes per unit, at least 50 boxes), float64, one thread
- *scipy.fft*: our own method with Fourier transforms of the doubled grid in place of the ladder of filters

Points: like embeddings of that many points (discs of even density, sorted along a curve), or a map that was saved.
Every line is one process, methods in alternation, median wall times in ms; the ratios are what counts. The error is
the relative L2 error of the forces on 1,000 points, against sums in float64.
"""

import argparse
import os
import statistics
import time

import numba
import numpy as np
import scipy.fft
from xailab_kernels.compiling import CompileTime
from xailab_kernels.embedding.interpolation import levels
from xailab_kernels.embedding.interpolation.grids import MARGIN, allocate
from xailab_kernels.embedding.interpolation.interpolator import Interpolator
from xailab_kernels.embedding.interpolation.ordering import morton_order
from xailab_kernels.embedding.interpolation.spreading import BLOCK, bound, gather, spread
from xailab_kernels.embedding.repulsion import repel

SPANS = {1_000: 60, 3_000: 100, 10_000: 164, 30_000: 180, 70_000: 190, 200_000: 300}


def cloud(n, seed=0):
    """Discs of even density within a disc."""
    rng = np.random.default_rng(seed)
    turn, radius = rng.uniform(0, 2 * np.pi, 60), np.sqrt(rng.uniform(size=60))
    centers = np.stack([radius * np.cos(turn), radius * np.sin(turn)], 1)
    member, turn = rng.integers(0, 60, n), rng.uniform(0, 2 * np.pi, n)
    points = centers[member] + (0.12 * np.sqrt(rng.uniform(size=n)))[:, None] * np.stack(
        [np.cos(turn), np.sin(turn)], 1
    )
    points -= points.mean(0)
    return (points * SPANS[n] / np.ptp(points)).astype(np.float32)


def exact(points, rows):
    """Return the forces on some points, in float64."""
    forces = np.empty((len(rows), 2))
    for i, row in enumerate(rows):
        difference = points[row].astype(np.float64) - points
        forces[i] = (difference / (1 + (difference**2).sum(1))[:, None] ** 2).sum(0)
    return forces


def opentsne(points):
    """Return a function that runs openTSNE's kernel, or None if it is not installed."""
    try:
        from openTSNE import _tsne
    except ImportError:
        return None
    wide = points.astype(np.float64)

    def run():
        forces = np.zeros_like(wide)
        normalization = _tsne.estimate_negative_gradient_fft_2d(wide, forces)
        return forces * -normalization

    return run


def by_fourier(points, spacing=0.25):
    """Return a function that does what ours does, but filters by SciPy's transform of a doubled grid, one thread."""
    low = points.min(0)
    nodes = [int(side / spacing) + 6 for side in np.ptp(points, axis=0)]
    padded = [scipy.fft.next_fast_len(2 * side, real=True) for side in nodes]
    offsets = [np.minimum(np.arange(m), m - np.arange(m)) * spacing for m in padded]
    blur = [((2 + np.cos(2 * np.pi * np.arange(m) / m)) / 3) ** 2 for m in padded]
    spectrum = scipy.fft.rfft2(levels.Kernel(1.0).at(offsets[0][:, None] ** 2 + offsets[1] ** 2)).real
    spectrum = (spectrum / (blur[0][:, None] * blur[1][: spectrum.shape[1]])).astype(np.float32)
    own = levels.self_term(levels.Kernel(1.0), spacing)[1].astype(np.float32)
    grid, per_unit = allocate(*nodes), np.float32(1 / spacing)
    inside = (slice(MARGIN, MARGIN + nodes[0]), slice(MARGIN, MARGIN + nodes[1]))

    def run():
        boxes, forces, sums = np.empty((-(-len(points) // BLOCK), 4), np.float32), np.empty_like(points), np.empty(64)
        bound(points, boxes)
        spread(points, boxes, low, per_unit, grid)
        transformed = scipy.fft.rfft2(grid[inside], s=padded)
        transformed *= spectrum
        grid[inside] = scipy.fft.irfft2(transformed, s=padded)[: nodes[0], : nodes[1]]
        gather(points, low, per_unit, grid, own, forces, sums)
        return forces

    return run


def measure(points, repeats):
    """Print one line."""
    n, threads = len(points), numba.get_num_threads()
    interpolator = Interpolator()

    def alone():
        numba.set_num_threads(1)
        try:
            return interpolator.repel(points)[0]
        finally:
            numba.set_num_threads(threads)

    ways = {"1 thread": alone, "all threads": lambda: interpolator.repel(points)[0], "scipy.fft": by_fourier(points)}
    if n <= 70_000:
        ways["exact"] = lambda: repel(points, 1.0)[0]
    if (theirs := opentsne(points)) is not None:
        ways["openTSNE"] = theirs
    rows = np.random.default_rng(0).choice(n, min(n, 1000), replace=False)
    expected = exact(points, rows)
    errors = {name: np.linalg.norm(way()[rows] - expected) / np.linalg.norm(expected) for name, way in ways.items()}
    times = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken) * 1e3 for name, taken in times.items()}
    print(f"{n:7d} {np.ptp(points, axis=0).max():6.0f} |", end="")
    for name in ("1 thread", "all threads", "scipy.fft", "exact", "openTSNE"):
        shown = f"{medians[name]:9.2f} ({errors[name]:.0e})" if name in ways else "-"
        print(f" {shown:>17}", end="")
    print(f" | {medians.get('openTSNE', np.nan) / medians['all threads']:6.0f}x", flush=True)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repeats")
    parser.add_argument("--points", help="a saved map, [n 2]")
    options = parser.parse_args()
    with CompileTime() as compiling:
        Interpolator().repel(cloud(3000))
        morton_order(cloud(3000))
        repel(cloud(1000), 1.0)
    print(
        f"{numba.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; compiled in {compiling.seconds:.1f} s now\n"
    )
    print(
        "      n   span |          1 thread       all threads         scipy.fft             exact          openTSNE |"
    )
    clouds = [cloud(n) for n in ((10_000, 70_000) if options.quick else SPANS)]
    if options.points:
        clouds = [np.load(options.points).astype(np.float32)]
    for points in clouds:
        measure(np.ascontiguousarray(points[morton_order(points)]), 3 if options.quick else 15)


if __name__ == "__main__":
    main()
