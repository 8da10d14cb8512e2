"""How long exact neighbors and their symmetric matrix take: the kernels beside what one would use instead.

    python benchmarks/bench_neighbors.py [--quick] [--annoy]

Every line is measured in one run, in alternation, and gives medians, with as many threads everywhere as numba has. The
data are 50-dimensional mixtures, k = 90; then other kinds of points, which the leading coordinates help more or less.
``recall`` is against float64 distances of 200 points: the share of neighbors that are among the k nearest.
"""

import argparse
import math
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np
import scipy.sparse
from embedding_data import mixture
from sklearn.neighbors import NearestNeighbors
from xailab_kernels.affinity.neighbors import nearest
from xailab_kernels.affinity.symmetric import symmetrize

K = 90


def sklearn_brute(points, k):
    """Return the exact neighbors of scikit-learn."""
    search = NearestNeighbors(n_neighbors=k, algorithm="brute", n_jobs=numba.get_num_threads()).fit(points)
    return search.kneighbors()


def annoy(points, k):
    """Return the approximate neighbors that openTSNE uses."""
    from openTSNE.nearest_neighbors import Annoy

    index, distances = Annoy(points, k, n_jobs=numba.get_num_threads(), random_state=0).build()
    return distances, index


def scipy_symmetric(index, conditional):
    """Add a sparse matrix to its transpose."""
    n, k = index.shape
    matrix = scipy.sparse.csr_array((conditional.ravel(), index.ravel(), np.arange(0, n * k + 1, k)), (n, n))
    joint = ((matrix + matrix.T) / (2 * n)).tocsr()
    joint.sort_indices()
    return joint


def kinds(n):
    """Yield other points: their kind and they."""
    rng = np.random.default_rng(0)
    yield "no structure, d=50", rng.standard_normal((n, 50), dtype=np.float32)
    yield "5 features", rng.standard_normal((n, 5), dtype=np.float32)
    units = rng.standard_normal((n, 20)) @ rng.standard_normal((20, 256)) / 2 + 0.3 * rng.standard_normal((n, 256))
    yield "rectified, d=256", np.maximum(units, 0).astype(np.float32)
    yield "mixture, d=512", mixture(n)[0] @ rng.standard_normal((50, 512), dtype=np.float32)
    yield "many ties, d=16", rng.integers(0, 3, (n, 16)).astype(np.float32)


def recall(points, index):
    """Compare with distances in float64."""
    points, k = points.astype(np.float64), index.shape[1]
    found = []
    for i in np.random.default_rng(0).choice(len(points), min(200, len(points)), replace=False):
        sqdist = ((points - points[i]) ** 2).sum(1)
        sqdist[i] = np.inf
        farthest = np.partition(sqdist, k - 1)[k - 1]
        found.append((sqdist[index[i]] <= farthest * (1 + 1e-6)).mean())
    return float(np.mean(found))


def seconds(function, *arguments):
    """Time one call; return its wall time, the processor time of all threads, and what it gave."""
    wall, processor = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return time.perf_counter() - wall, time.process_time() - processor, result


def compare(points, others, repeats):
    """Return our median wall and processor time, our recall, and per other one the median ratio and its recall."""
    ours, theirs = [], {other: [] for other in others}
    scores = {}
    for _ in range(repeats):
        ours.append(seconds(nearest, points, K))
        for other in others:
            theirs[other].append(seconds(other, points, K))
            scores[other] = recall(points, theirs[other][-1][2][1])
    ratios = {o: statistics.median(t[0] / m[0] for t, m in zip(theirs[o], ours, strict=True)) for o in others}
    wall, processor = (statistics.median(one[i] for one in ours) for i in (0, 1))
    return wall, processor, recall(points, ours[-1][2][1]), ratios, scores


def table(sizes, others, repeats):
    """Print how time grows with the number of points."""
    heads = " ".join(f"{other.__name__:>14} recall" for other in others)
    print(f"{'points':>8} {'wall s':>8} {'cpu s':>8} {'ns/pair':>8} {'growth':>6} {'recall':>7} | {heads}")
    before = None
    for n in sizes:
        points = mixture(n)[0]
        wall, processor, score, ratios, scores = compare(points, others, repeats if n < 50_000 else min(repeats, 3))
        growth = f"n^{math.log(wall / before[1]) / math.log(n / before[0]):.1f}" if before else ""
        line = " ".join(f"{ratios[o]:13.1f}x {scores[o]:.4f}" for o in others)
        print(
            f"{n:8d} {wall:8.4f} {processor:8.4f} {wall * 1e9 / n**2:8.3f} {growth:>6} {score:7.4f} | {line}",
            flush=True,
        )
        before = n, wall


def other_kinds(n, repeats):
    """Print the same for points of other kinds."""
    print(f"\n{n} points of other kinds\n{'':24} {'wall s':>8} {'recall':>7} | sklearn_brute recall")
    for kind, points in kinds(n):
        wall, _, score, ratios, scores = compare(points, [sklearn_brute], repeats)
        print(
            f"{kind:24} {wall:8.4f} {score:7.4f} | {ratios[sklearn_brute]:12.1f}x {scores[sklearn_brute]:.4f}",
            flush=True,
        )


def symmetric(sizes, repeats):
    """Print the times of the symmetric matrix."""
    print(f"\nsymmetric matrix\n{'points':>8} {'entries':>9} {'wall ms':>8} {'cpu ms':>8} | scipy")
    for n in sizes:
        sqdist, index = nearest(mixture(n)[0], K)
        conditional = np.exp(-sqdist / sqdist[:, 30:31])
        conditional /= conditional.sum(1, keepdims=True)
        ours = [seconds(symmetrize, index, conditional) for _ in range(repeats)]
        theirs = [seconds(scipy_symmetric, index, conditional) for _ in range(repeats)]
        wall, processor, other = (
            statistics.median(t) for t in ([o[0] for o in ours], [o[1] for o in ours], [t[0] for t in theirs])
        )
        starts, neighbors, values = ours[-1][2]
        if not np.array_equal(neighbors, theirs[-1][2].indices) or not np.allclose(
            values, theirs[-1][2].data, rtol=1e-5
        ):
            raise RuntimeError("scipy gives another matrix than the kernel")
        print(f"{n:8d} {starts[-1]:9d} {wall * 1e3:8.1f} {processor * 1e3:8.1f} | {other / wall:4.1f}x", flush=True)


def peak_kilobytes():
    """Peak resident memory of this process (Linux)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def memory(n):
    """Run in a process of its own: search, print by how many MB the peak rose."""
    points = mixture(n)[0]
    nearest(points[:500], K)
    before = peak_kilobytes()
    nearest(points, K)
    print((peak_kilobytes() - before) / 1024)


def peak_megabytes(n):
    """Peak memory of a process that only searches, above what it has before."""
    code = f"import bench_neighbors as b; b.memory({n})"
    folder = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    return float(done.stdout)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repeats")
    parser.add_argument("--annoy", action="store_true", help="also openTSNE's approximate search, which is slow")
    options = parser.parse_args()
    sizes, repeats = ([2_000, 10_000], 3) if options.quick else ([2_000, 10_000, 35_000, 70_000], 5)
    nearest(mixture(2500)[0], K)
    print(f"{numba.get_num_threads()} threads; other processes had the processor's load at {load():.1f} before\n")
    table(sizes, [sklearn_brute, annoy] if options.annoy else [sklearn_brute], repeats)
    other_kinds(sizes[-1] if options.quick else 20_000, 3)
    symmetric(sizes, repeats)
    for n in sizes[-2:]:
        print(
            f"\npeak memory beyond the points, {n}: {peak_megabytes(n):.0f} MB; the result has {n * K * 8 / 2**20:.0f}"
        )


def load():
    """Return the number of processes that ran, averaged over a minute (Linux, macOS)."""
    import os

    return os.getloadavg()[0]


if __name__ == "__main__":
    main()
