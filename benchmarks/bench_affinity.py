"""How long the joint probabilities of all pairs take: the compiled kernels beside scikit-learn's exact t-SNE.

    python benchmarks/bench_affinity.py [--quick] [--threads 2]

Points in 20 round clusters, 64 features, perplexity 30. Both are timed in one run, in alternation; given are the best
times and their ratio. scikit-learn's are those of ``pairwise_distances`` and ``_joint_probabilities``, which end with
the upper triangle; ours is the whole matrix. Best times are compared because other work on the machine can only add to
them; the program says so if there was any. Accuracy is against bisection in float64.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np
from embedding_data import blobs, digits, mixture
from scipy.spatial.distance import squareform
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import pairwise_distances
from xailab_kernels.affinity.calibration import conditional
from xailab_kernels.affinity.dense import joint
from xailab_kernels.compiling import CompileTime

PERPLEXITY = 30.0


def ours(points):
    """Take float32 points to a matrix."""
    return joint(points, PERPLEXITY)[0]


def sklearns(points):
    """Take points to the upper triangle of a matrix."""
    return _joint_probabilities(pairwise_distances(points, squared=True), PERPLEXITY, 0)


def seconds(function, *arguments):
    """Time one call."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def cpu_seconds():
    """Return the time of all cores and the part of it that they were idle (Linux; elsewhere both are 0)."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0, 0.0
    times = [int(field) / os.sysconf("SC_CLK_TCK") for field in stat.read_text().splitlines()[0].split()[1:9]]
    return sum(times), times[3] + times[4]


def compare(n, repeats):
    """Print one line of the table, and return which share of the cores other programs had meanwhile."""
    points = blobs(n)[0]
    single = points.astype(np.float32)
    ours(single)
    own, other = [], []
    # over the whole line: the system counts in hundredths of a second
    total, idle, begin, process = *cpu_seconds(), time.perf_counter(), time.process_time()
    for repeat in range(repeats):
        own += [seconds(ours, single) for _ in range(5)]
        if repeat < 1 or n < 5000:
            other.append(seconds(sklearns, points))
    after, idle_after = cpu_seconds()
    others = max(after - total - (idle_after - idle) - (time.process_time() - process), 0)
    share = others / (os.cpu_count() * (time.perf_counter() - begin))
    best, theirs = min(own), min(other)
    print(
        f"{n:6d} | {best * 1e3:9.2f} {best / n**2 * 1e9:8.2f} | {theirs * 1e3:9.1f} | {theirs / best:6.0f}x", flush=True
    )
    return share


def bisected(points):
    """Compute the probabilities in float64, bandwidths by bisection until nothing changes."""
    x = points.astype(np.float64)
    d = np.stack([((x - row) ** 2).sum(1) for row in x])
    np.fill_diagonal(d, np.inf)
    d -= d.min(1, keepdims=True)
    low, high = np.full(len(x), -50.0), np.full(len(x), 50.0)
    for _ in range(56):
        middle = (low + high) / 2
        y = np.minimum(d * np.exp(middle)[:, None], 800)
        w = np.exp(-y)
        entropy = np.log(w.sum(1)) + (w * y).sum(1) / w.sum(1)
        wide = entropy > np.log(PERPLEXITY)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    p = w / w.sum(1, keepdims=True)
    return (p + p.T) / (2 * len(x))


def print_accuracy():
    """Compare both with float64's."""
    print("\nlargest error of p, in units of the largest p (and sum of all errors):")
    sets = {"blobs": blobs(1000)[0], "mixture": mixture(1000)[0], "digits": digits()[0][:1000]}
    sets["blobs + 1000"] = sets["blobs"] + 1000
    for name, points in sets.items():
        single = points.astype(np.float32)
        expected = bisected(single)
        errors = [np.abs(found - expected) for found in (ours(single), squareform(sklearns(single)))]
        both = [f"{e.max() / expected.max():.1e} ({e.sum():.1e})" for e in errors]
        print(f"  {name:13s} ours {both[0]}, scikit-learn {both[1]}")


def peak_megabytes(which, n):
    """Peak memory of a process that does one thing, above what it takes to load everything and do a small one."""
    code = f"import bench_affinity as b; b.memory({which!r}, {n})"
    folder = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    return float(done.stdout)


def peak_kilobytes():
    """Peak resident memory of this process (Linux; ``getrusage`` would report the parent's where that is larger)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def memory(which, n):
    """Run in a process of its own: print by how many MB the peak rose."""
    function, kind = {"ours": (ours, np.float32), "scikit-learn": (sklearns, np.float64)}[which]
    points = blobs(n)[0].astype(kind)
    function(points[:500])
    before = peak_kilobytes()
    function(points)
    print((peak_kilobytes() - before) / 1024)


def print_rows(threads):
    """Time the calibration of 90 neighbors, as the sparse affinities of 70,000 points need it."""
    sqdist = np.random.default_rng(0).gamma(4, size=(70_000, 90)).astype(np.float32)
    conditional(sqdist, PERPLEXITY)
    best = min(seconds(conditional, sqdist, PERPLEXITY)[0] for _ in range(7))
    print(f"\ncalibration of 70,000 x 90 distances: {best * 1e3:.1f} ms on {threads} threads")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 2,000 points, no memory")
    parser.add_argument("--threads", type=int, default=numba.get_num_threads(), help="of the kernels")
    options = parser.parse_args()
    numba.set_num_threads(options.threads)
    with CompileTime() as compiling:
        ours(blobs(100)[0].astype(np.float32))
    print(f"{options.threads} threads; compiled in {compiling.seconds:.1f} s (0 if cached)\n")
    print("     n |   ours ms  ns/pair | sklearn ms |  ratio")
    sizes = (1000, 2000) if options.quick else (1000, 2000, 5000, 10_000)
    busy = max(compare(n, 5 if n < 5000 else 2) for n in sizes)
    print_rows(options.threads)
    print_accuracy()
    if not options.quick:
        peaks = [f"{which} {peak_megabytes(which, 10_000):.0f} MB" for which in ("ours", "scikit-learn")]
        print(f"\npeak memory above the start's, 10,000 points: {', '.join(peaks)}")
    if busy > 0.05:
        print(
            f"\nOTHER PROGRAMS WERE RUNNING: they had up to {busy:.0%} of the cores. Measure again on a quiet machine."
        )


if __name__ == "__main__":
    main()
