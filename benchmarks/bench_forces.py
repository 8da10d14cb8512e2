"""How long the forces of t-SNE take: the compiled kernels beside what others do.

    python benchmarks/bench_forces.py [--quick] [--cpu]

Every line is measured in one run, in alternation, and gives the best of several. ``--cpu`` counts the processor time of
one thread instead of the time on the wall: for a machine that has other things to do.

The others: scikit-learn's exact gradient, openTSNE's gradients (Barnes-Hut at theta 0.5; over edges), numpy. A map is
drawn from clusters with a span of about 100, its edges go to the 90 nearest points, made symmetric, in Morton order.
"""

import argparse
import os
import time

import numba
import numpy as np
import scipy.sparse
from openTSNE import _tsne
from openTSNE.quad_tree import QuadTree
from scipy.spatial import cKDTree
from sklearn.manifold._t_sne import _kl_divergence
from xailab_kernels.affinity.dense import joint as dense_joint
from xailab_kernels.embedding import attraction, descent, repulsion
from xailab_kernels.embedding.descent_dense import descend_dense, triangle
from xailab_kernels.embedding.descent_sparse import descend_sparse

SETTINGS = {"exaggeration": 1.0, "momentum": 0.8, "longest_step": 5.0, "dof": 1.0}
CLOCKS = {False: time.perf_counter, True: time.thread_time}


def draw_map(n, seed=0):
    """Return clustered points in Morton order."""
    rng = np.random.default_rng(seed)
    centers = rng.uniform(-40, 40, (30, 2))
    points = (centers[rng.integers(0, 30, n)] + rng.standard_normal((n, 2)) * 4).astype(np.float32)
    cells = ((points - points.min(0)) / np.ptp(points, 0).max() * 1023).astype(np.int64)
    code = sum(((cells[:, d] >> bit) & 1) << (2 * bit + d) for d in (0, 1) for bit in range(10))
    return np.ascontiguousarray(points[np.argsort(code, kind="stable")])


def draw_graph(points, neighbors=90):
    """Return a joint matrix of the nearest points, as compressed sparse rows."""
    n = len(points)
    index = cKDTree(points).query(points, min(neighbors, n - 1) + 1)[1][:, 1:]
    rows = np.repeat(np.arange(n), index.shape[1])
    matrix = scipy.sparse.csr_matrix((np.ones(index.size), (rows, index.ravel())), (n, n))
    matrix = (matrix + matrix.T).tocsr()
    matrix.sort_indices()
    return matrix / matrix.sum()


def pack(matrix):
    """Return the edges in the order of the points."""
    order = np.arange(matrix.shape[0], dtype=np.int32)
    starts, neighbors, values = matrix.indptr, matrix.indices, matrix.data
    return attraction.pack(starts.astype(np.int64), neighbors.astype(np.int32), values.astype(np.float32), order)


def best(clock, repeats, **functions):
    """Return the best seconds of each function, called in turn, each once before: the others left cold caches."""
    seconds = dict.fromkeys(functions, np.inf)
    for _ in range(repeats):
        for name, function in functions.items():
            function()
            start = clock()
            function()
            seconds[name] = min(seconds[name], clock() - start)
    return seconds


def barnes_hut(points, threads):
    """Return openTSNE's repulsion and Z; the points are float64."""
    gradient = np.zeros_like(points)
    z = _tsne.estimate_negative_gradient_bh(QuadTree(points), points, gradient, theta=0.5, dof=1, num_threads=threads)
    return -gradient * z, z


def exact_with_numpy(points):
    """Return the repulsion as one writes it down."""
    apart = points[:, None] - points[None]
    k = 1 / (1 + (apart**2).sum(-1))
    np.fill_diagonal(k, 0)
    return ((k**2)[..., None] * apart).sum(1), k.sum()


def along_edges(matrix, points, threads):
    """Return openTSNE's attraction."""
    gradient = np.zeros_like(points)
    arrays = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32), matrix.data
    _tsne.estimate_positive_gradient_nn(*arrays, points, points, gradient, dof=1, num_threads=threads)
    return gradient


def show_repulsion(clock, threads, n):
    points = draw_map(n)
    double = points.astype(np.float64)
    functions = {"ours": lambda: repulsion.repel(points, 1.0), "tree": lambda: barnes_hut(double, threads)}
    functions["z"] = lambda: repulsion.normalization(double, 1.0)
    if n <= 2000:
        functions["numpy"] = lambda: exact_with_numpy(double)
    seconds = best(clock, 7 if n <= 10_000 else 3, **functions)
    ours, tree, plain = seconds["ours"], seconds["tree"], seconds.get("numpy", np.nan)
    exact = repulsion.repel(points, 1.0)[0]
    error = np.linalg.norm(barnes_hut(double, threads)[0] - exact) / np.linalg.norm(exact)
    line = (
        f"{n:16d} | {ours * 1e3:8.3f} {ours / n / n * 1e9:8.4f} | {tree * 1e3:13.2f} {tree / ours:5.1f}x {error:10.1e}"
    )
    print(f"{line} | {plain * 1e3:8.1f} {plain / ours:5.0f}x | {seconds['z'] * 1e3:8.2f}", flush=True)


def show_attraction(clock, threads, n):
    points = draw_map(n)
    matrix = draw_graph(points)
    edges, double = pack(matrix), points.astype(np.float64)
    velocity, gains = np.zeros_like(points), np.ones_like(points)
    force = attraction.attract(edges, points, 1.0)
    settings = {"exaggeration": 1.0, "learning_rate": 1e-9, "momentum": 0.8, "longest_step": 5.0}
    seconds = best(
        clock,
        7,
        ours=lambda: attraction.attract(edges, points, 1.0),
        theirs=lambda: along_edges(matrix, double, threads),
        cross=lambda: attraction.cross_term(edges, points, 1.0),
        step=lambda: descent.step(points.copy(), velocity, gains, force, force, 1.0, **settings),
    )
    ours, theirs = seconds["ours"], seconds["theirs"]
    other = along_edges(matrix, double, threads)
    error = np.linalg.norm(force - other) / np.linalg.norm(other)
    line = f"{n:16d} {matrix.nnz:10d} | {ours * 1e3:8.3f} {ours / matrix.nnz * 1e9:8.3f}"
    line += f" | {theirs * 1e3:11.2f} {theirs / ours:5.1f}x {error:11.1e}"
    print(f"{line} | {seconds['cross'] * 1e3:13.2f} | {seconds['step'] * 1e3:7.3f}", flush=True)


def show_dense(clock, n, iterations=50):
    features = np.random.default_rng(0).standard_normal((n, 16)).astype(np.float32)
    matrix = dense_joint(features, 30.0)[0]
    points = draw_map(n)
    state = points.copy(), np.zeros_like(points), np.ones_like(points)
    packed, condensed = triangle(matrix), matrix[np.triu_indices(n, 1)].astype(np.float64)
    flat = points.astype(np.float64).ravel()
    seconds = best(
        clock,
        5,
        ours=lambda: descend_dense(packed, *state, iterations=iterations, learning_rate=n / 12, **SETTINGS),
        theirs=lambda: _kl_divergence(flat, condensed, 1, n, 2, compute_error=False),
    )
    ours, theirs = seconds["ours"] / iterations, seconds["theirs"]
    print(f"{n:16d} | {ours * 1e3:17.4f} | {theirs * 1e3:25.2f} {theirs / ours:5.0f}x", flush=True)


def show_sparse(clock, threads, n, iterations=20):
    points = draw_map(n)
    matrix = draw_graph(points)
    edges, double = pack(matrix), points.astype(np.float64)
    state = points.copy(), np.zeros_like(points), np.ones_like(points)
    seconds = best(
        clock,
        5,
        ours=lambda: descend_sparse(edges, *state, iterations=iterations, learning_rate=n / 12, **SETTINGS),
        theirs=lambda: (barnes_hut(double, threads), along_edges(matrix, double, threads)),
    )
    ours, theirs = seconds["ours"] / iterations, seconds["theirs"]
    print(f"{n:16d} | {ours * 1e3:17.4f} | {theirs * 1e3:36.2f} {theirs / ours:5.0f}x", flush=True)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes")
    parser.add_argument("--cpu", action="store_true", help="processor time of one thread")
    options = parser.parse_args()
    clock, threads = CLOCKS[options.cpu], 1 if options.cpu else numba.get_num_threads()
    numba.set_num_threads(threads)
    busy = os.getloadavg()[0]
    print(f"{threads} threads; {'processor' if options.cpu else 'wall'} time; load before: {busy:.1f}\n")
    quick = options.quick
    print("repulsion      n |  ours ms  ns/pair | Barnes-Hut ms  ratio  its error | numpy ms  ratio | Z float64 ms")
    for n in (1000, 2000, 5000) if quick else (1000, 2000, 5000, 10_000, 20_000):
        show_repulsion(clock, threads, n)
    print(
        "\nattraction     n      edges |  ours ms  ns/edge | openTSNE ms  ratio  difference | cross term ms | step ms"
    )
    for n in (1797, 10_000) if quick else (1797, 10_000, 70_000):
        show_attraction(clock, threads, n)
    print("\nexact t-SNE    n | ours ms/iteration | scikit-learn ms/iteration  ratio")
    for n in (500, 1000) if quick else (500, 1000, 2000, 4000):
        show_dense(clock, n)
    print("\nover edges     n | ours ms/iteration | openTSNE's gradients (Barnes-Hut) ms  ratio")
    for n in (1797,) if quick else (1797, 3000, 5000, 10_000):
        show_sparse(clock, threads, n)


if __name__ == "__main__":
    main()
