"""t-SNE on a CUDA device: each stage and the whole, beside the compiled kernels on the CPU where that is asked for.

    python benchmarks/bench_gpu_embedding.py [--device cuda] [--points 10000 70000] [--kernels]

Without such a device it says so and ends. ``--device cpu --points 2000`` runs the torch path on the CPU, to see that
the script works. Stages are medians of several runs after two to warm up, the device's queue emptied before and after;
the whole is one run after a short one. Errors of the forces are against all pairs, on the map that the run ended with.
"""

import argparse
import math
import statistics
import time

import torch
from embedding_data import mixture

from xailab.embedding.cuda.affinity import conditional
from xailab.embedding.cuda.attraction import attract, cross_term, pack
from xailab.embedding.cuda.engine import TorchEngine
from xailab.embedding.cuda.grid import repel_interpolated
from xailab.embedding.cuda.neighbors import nearest
from xailab.embedding.cuda.repulsion import normalization, repel
from xailab.embedding.cuda.symmetric import sparse, symmetrize
from xailab.embedding.engine import Phase

FEATURES, PERPLEXITY, NEIGHBORS = 50, 30.0, 90
EARLY, LATE = 100, 500


def waited(device):
    """Return the time once the device's queue is empty."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def seconds(work, device, rounds=5):
    """Return the median time of a few runs after two to warm up (compiled programs, plans of Fourier transforms)."""
    times = []
    for _ in range(rounds + 2):
        start = waited(device)
        work()
        times.append(waited(device) - start)
    return statistics.median(times[2:])


def pca_start(features):
    """Return the first two principal components, 1e-4 wide."""
    centred = (features - features.mean(0)).double()
    _, axes = torch.linalg.eigh(centred.T @ centred)
    start = (centred @ axes[:, [-1, -2]]).float()
    return start / start[:, 0].std() * 1e-4


def embed(features):
    """Run everything; return the engine, and the seconds of affinities and of iterations."""
    n, device = len(features), features.device
    begin = waited(device)
    rows = sparse(features, [PERPLEXITY])
    between = waited(device)
    engine = TorchEngine(*rows, pca_start(features))
    engine.advance(Phase(EARLY, 12.0, 0.8, n / 12), EARLY)
    engine.advance(Phase(LATE, 1.0, 0.8, float(n)), LATE)
    return engine, rows, between - begin, waited(device) - between


def exact_divergence(rows, points):
    """Return the KL divergence with the normalization of all pairs in float64."""
    values = rows[2].double()
    z = float(normalization(points.double(), 1.0))
    return float((values * values.log()).sum() + cross_term(pack(*rows), points, 1.0)) + math.log(z)


def stages(features, rows, points):
    """Yield the name of each stage and what to run."""
    sqdist, index = nearest(features, NEIGHBORS)
    p, _ = conditional(sqdist, PERPLEXITY)
    edges = pack(*rows)
    yield "neighbors", lambda: nearest(features, NEIGHBORS)
    yield "calibration", lambda: conditional(sqdist, PERPLEXITY)
    yield "symmetrize", lambda: symmetrize(index, p)
    yield "pack", lambda: pack(*rows)
    yield "attraction", lambda: attract(edges, points, 1.0)
    yield "repulsion, grid", lambda: repel_interpolated(points, 1.0)
    yield "repulsion, all pairs", lambda: repel(points, 1.0)


def kernels(features):
    """Return the seconds of the same on the CPU with the compiled kernels, the second time."""
    from xailab.embedding import tsne

    tsne(features[:1000], perplexity=PERPLEXITY)
    begin = time.perf_counter()
    map_ = tsne(features, perplexity=PERPLEXITY)
    return time.perf_counter() - begin, map_.kl


def report(n, device, compare):
    features = torch.from_numpy(mixture(n, FEATURES)[0]).to(device)
    embed(features[: max(1000, n // 10)])
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    engine, rows, before, after = embed(features)
    peak = torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else math.nan
    points = torch.from_numpy(engine.points()).to(device)
    print(f"\n{n} points, {FEATURES} features, perplexity {PERPLEXITY:g}, {EARLY} + {LATE} iterations")
    print(f"  {'whole':22} {before + after:9.3f} s   (affinities {before:.3f}, iterations {after:.3f})")
    print(f"  {'an iteration':22} {1000 * after / (EARLY + LATE):9.3f} ms   peak memory {peak:.0f} MB")
    for name, work in stages(features, rows, points):
        print(f"  {name:22} {1000 * seconds(work, device):9.3f} ms")
    (exact, z), (nearly, zg) = repel(points, 1.0), repel_interpolated(points, 1.0)
    span = float((points.amax(0) - points.amin(0)).max())
    error = float((nearly - exact).norm() / exact.norm())
    print(f"  span {span:.0f}; error of the grid: forces {error:.1e}, Z {float(zg / z) - 1:+.1e}")
    again = embed(features)[0]
    print(
        f"  KL {exact_divergence(rows, points):.4f}; twice the same bits: {(again.points() == engine.points()).all()}"
    )
    if compare:
        took, divergence = kernels(features.cpu().numpy())
        print(
            f"  compiled kernels on the CPU: {took:.3f} s, KL {divergence:.4f}: {took / (before + after):.1f}x as long"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 70_000])
    parser.add_argument("--kernels", action="store_true", help="time the compiled kernels on the CPU as well")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("no CUDA device here: nothing measured (--device cpu --points 2000 runs the torch path on the CPU)")
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"device: {name}; torch {torch.__version__}")
    for n in arguments.points:
        report(n, device, arguments.kernels)


if __name__ == "__main__":
    main()
