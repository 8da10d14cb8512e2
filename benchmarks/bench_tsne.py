"""Whole t-SNE embeddings: xailab beside scikit-learn and openTSNE, each with its default schedule.

    python benchmarks/bench_tsne.py [--quick | --all] [--threads 1 2] [--scaling] [--plot FILE]

Each embedding runs in a process of its own, after a small one that loads and compiles what it needs; a line gives its
seconds, by how many MB its peak memory rose, and how good the map is: the KL divergence by one exact evaluator on the
same affinities, trustworthiness (of 3,000 points) and recall of 10 neighbors. ``xN``: how many times faster xailab was
in the same run. Data: the first 1,000 digits (exact t-SNE, 1,000 iterations), all 1,797 digits, mixtures in 50
dimensions. ``--quick`` leaves out 70,000 points, ``--all`` adds scikit-learn there, which takes minutes.
``--scaling`` goes from 1,000 to 200,000 points, ``--plot`` also draws it.

A line is marked with ! where something else was running just before it: times on a busy machine are worthless.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from embedding_data import digits, mixture

BUSY = 0.1  # part of the processors' time that others may take
OURS, EXACT = "xailab", "xailab exact"
REPEATS = 3


def data(name):
    """Return the features of a data set by its name."""
    if name == "exact":
        return digits()[0][:1000]
    return digits()[0] if name == "digits" else mixture(int(name))[0]


def embedder(name, threads):
    """Return a function from features to points."""
    if name.startswith("xailab"):
        from xailab.embedding import Descent, dense_affinities, embed, pca_start, tsne

        if name == EXACT:
            descent = Descent(iterations=900)
            return lambda x: (
                embed(dense_affinities(x), start=pca_start(x), descent=descent, threads=threads, progress=False).points
            )
        return lambda x: tsne(x, threads=threads, progress=False).points
    if name.startswith("sklearn"):
        from sklearn.manifold import TSNE

        if name == "sklearn exact":
            return TSNE(method="exact", n_jobs=threads).fit_transform
        return TSNE(n_jobs=threads).fit_transform
    import openTSNE

    method = name.split()[1]
    return lambda x: np.asarray(openTSNE.TSNE(n_jobs=threads, negative_gradient_method=method).fit(x))


def warm_up(name, run):
    """Load and compile everything that the real thing needs."""
    run(mixture(300)[0])
    if name == OURS:
        from xailab.embedding import Descent, Exact, Interpolated, tsne

        for repulsion in (Exact(), Interpolated()):
            tsne(mixture(300)[0], descent=Descent(5, 5, repulsion=repulsion), progress=False)


def peak_mb():
    """Peak resident memory of this process in MB (Linux)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def work(name, which, threads, out):
    """Embed in this process; print seconds and memory, save the points."""
    features, run = data(which), embedder(name, threads)
    warm_up(name, run)
    before = peak_mb()
    seconds = []
    for _ in range(REPEATS if name.startswith("xailab") and len(features) < 100_000 else 1):
        start = time.perf_counter()
        points = run(features)
        seconds.append(time.perf_counter() - start)
    np.save(out, points)
    print(json.dumps({"seconds": statistics.median(seconds), "mb": peak_mb() - before}))


def others_busy():
    """Return which part of all processors' time is used while this process sleeps for half a second."""

    def ticks():
        fields = [int(x) for x in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    total, idle = ticks()
    time.sleep(0.5)
    total_after, idle_after = ticks()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def measure(name, which, threads):
    """Run one embedding in a process of its own; return its numbers and points."""
    mark = "!" if others_busy() > BUSY else " "
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "points.npy"
        limits = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
        done = subprocess.run(
            [sys.executable, __file__, "--worker", name, which, str(threads), str(out)],
            env=os.environ | limits,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{name} on {which} failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1]) | {"mark": mark, "points": np.load(out)}


def quality(which, features, known, points):
    """Return a line's end: how good a map is."""
    from xailab.embedding import kl_divergence, neighbor_recall, trustworthiness

    kl, trust = kl_divergence(known, points), trustworthiness(features, points)
    return f"{kl:8.4f} {trust:8.4f} {neighbor_recall(features, points):8.3f}"


def compare(which, names, threads):
    """Print the lines of one data set: ours first."""
    from xailab.embedding import affinities, dense_affinities

    features = data(which)
    known = dense_affinities(features) if which == "exact" else affinities(features)
    print(f"\n{which}: {len(features):,} x {features.shape[1]}, {threads} thread{'s' * (threads > 1)}")
    print(f"{'':16} {'s':>9} {'MB':>7} {'KL':>8} {'trust':>8} {'recall':>8}")
    ours = None
    for name in names:
        found = measure(name, which, threads)
        ours = ours or found["seconds"]
        ratio = "" if name == names[0] else f"  x{found['seconds'] / ours:.1f}"
        end = quality(which, features, known, found["points"])
        print(f"{found['mark']}{name:15} {found['seconds']:9.3f} {found['mb']:7.0f} {end}{ratio}", flush=True)


def scaling(threads, most, plot):
    """Print and draw how our time and memory grow."""
    sizes = [n for n in (1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000) if n <= most]
    print(f"\n{OURS}, mixture in 50 dimensions, {threads} threads\n  {'points':>8} {'s':>9} {'us/point':>9} {'MB':>7}")
    rows = []
    for n in sizes:
        found = measure(OURS, str(n), threads)
        rows.append((n, found["seconds"]))
        per_point = found["seconds"] / n * 1e6
        print(f"{found['mark']} {n:8,} {found['seconds']:9.3f} {per_point:9.1f} {found['mb']:7.0f}", flush=True)
    if plot:
        draw(rows, threads, plot)


def draw(rows, threads, path):
    """Draw seconds over points, both logarithmic, with a line of constant cost per point for the eye."""
    from matplotlib.figure import Figure

    n, seconds = np.array(rows).T
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.loglog(n, seconds, "o-", label="xailab.embedding.tsne")
    axes.loglog(n, seconds[-1] * n / n[-1], ":", color="gray", label="proportional to points")
    axes.set_xlabel("points (50 features)")
    axes.set_ylabel(f"seconds, {threads} threads")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
    print(f"drawn to {path}")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="at most 10,000 points")
    size.add_argument("--all", action="store_true", help="also scikit-learn with 70,000 points")
    parser.add_argument("--threads", type=int, nargs="+", default=[os.cpu_count() or 1])
    parser.add_argument("--only", nargs="+", metavar="DATA", help="exact, digits, or numbers of points")
    parser.add_argument("--scaling", action="store_true", help="how time grows with the points")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw that (implies --scaling)")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        name, which, threads, out = options.worker
        work(name, which, int(threads), out)
        return
    busy = others_busy()
    if busy > BUSY:
        print(f"! other processes use {busy:.0%} of the processors: the times below mean little")
    rows = {
        "exact": [EXACT, "sklearn exact"],
        "digits": [OURS, "sklearn", "openTSNE bh", "openTSNE fft"],
        "10000": [OURS, "sklearn", "openTSNE bh", "openTSNE fft"],
        "70000": [OURS, "openTSNE fft", *(["sklearn"] if options.all else [])],
    }
    if options.quick:
        del rows["70000"]
    for threads in options.threads:
        for which in options.only or rows:
            compare(which, rows.get(which, [OURS, "openTSNE fft"]), threads)
        if options.scaling or options.plot:
            scaling(threads, 10_000 if options.quick else 200_000, options.plot)


if __name__ == "__main__":
    main()
