"""How long exact thresholds take: the streaming kernel beside what one would use instead.

    python benchmarks/bench_quantile.py [--quick]

Every line is measured in one run, in alternation, and gives medians. Only the kernel streams: the others need all
values at once, and the time to bring them together is not counted. All must give the same bits.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np
import torch
from xailab_kernels import quantile

CELLS = 49  # per image and unit


def batches_of(units, images, seed=0):
    """Rectified noise, correlated within a map, in batches of 64 images."""
    rng = np.random.default_rng(seed)
    for _ in range(images // 64):
        strength = np.exp(0.7 * rng.standard_normal((64, units, 1), dtype=np.float32))
        yield np.maximum(rng.standard_normal((64, units, CELLS), dtype=np.float32) * strength - np.float32(0.5), 0)


def ours(batches, rank):
    """Stream through the batches."""
    buffers = quantile.allocate(batches[0].shape[1], rank + 1)
    for batch in batches:
        quantile.keep_top(batch, *buffers, rank + 1)
    quantile.compact(*buffers, rank + 1)
    return buffers[0][:, rank].copy()


def partition(values, rank):
    """NumPy's selection, on everything."""
    return np.partition(values, values.shape[1] - 1 - rank, axis=1)[:, values.shape[1] - 1 - rank]


def topk(values, rank):
    """Torch's selection, on everything."""
    return torch.from_numpy(values).topk(rank + 1, dim=1, sorted=False).values.amin(1).numpy()


def radix(values, rank):
    """Two histograms of 16 bits each, which need no memory that grows with the number of values, but two passes."""
    bits = values.view(np.uint32)
    keys = np.where(bits >> 31, ~bits, bits | np.uint32(0x80000000))
    result = np.empty(len(values), np.uint32)
    for unit, line in enumerate(keys):
        high = np.bincount(line >> 16, minlength=65536)
        above = np.cumsum(high[::-1])[::-1]  # values in this bin or a higher one
        digit = np.flatnonzero(above > rank)[-1]
        left = rank - (above[digit] - high[digit])
        low = np.bincount(line[line >> 16 == digit] & 0xFFFF, minlength=65536)
        result[unit] = digit << 16 | np.flatnonzero(np.cumsum(low[::-1])[::-1] > left)[-1]
    return np.where(result >> 31, result & 0x7FFFFFFF, ~result).astype(np.uint32).view(np.float32)


def seconds(function, *arguments):
    """Time one call, and return what it gave."""
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def measure(units, images, top, repeats):
    """Print one line of the table."""
    batches = list(batches_of(units, images))
    values = np.concatenate([batch.transpose(1, 0, 2).reshape(units, -1) for batch in batches], 1)
    rank = int(top * values.shape[1])
    ours(batches[:2], 1)
    times = {function: [] for function in (ours, partition, topk, radix)}
    for _ in range(repeats):
        taken, expected = seconds(ours, batches, rank)
        times[ours].append(taken)
        for function in (partition, topk, radix):
            taken, found = seconds(function, values, rank)
            times[function].append(taken)
            if not np.array_equal(found, expected):
                raise RuntimeError(f"{function.__name__} gives other thresholds than the kernel")
    per_value = statistics.median(times[ours]) * 1e9 / values.size
    ratios = [
        statistics.median(t / o for t, o in zip(times[f], times[ours], strict=True)) for f in (partition, topk, radix)
    ]
    needed, everything = quantile.bytes_needed(units, rank + 1) / 2**20, values.nbytes / 2**20
    print(
        f"{units:5d} {values.shape[1]:9d} {top:6.4f} | {per_value:8.2f} {per_value * units * CELLS / 1e6:9.4f} | "
        + " ".join(f"{ratio:8.1f}x" for ratio in ratios)
        + f" | {needed:8.1f} {everything:10.1f}",
        flush=True,
    )


def peak_megabytes(which, images):
    """Peak memory of a process that does one thing."""
    code = f"import benchmarks.bench_quantile as b; b.memory({which!r}, {images})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak_kilobytes():
    """Peak resident memory of this process (Linux; ``getrusage`` would report the parent's where that is larger)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def memory(which, images):
    """Run in a process of its own: make values, find thresholds, print by how many MB the peak rose."""
    units, rank = 128, int(0.005 * images * CELLS)
    ours(list(batches_of(units, 128)), 1)
    before = peak_kilobytes()
    if which == "ours":
        buffers = quantile.allocate(units, rank + 1)
        for batch in batches_of(units, images):
            quantile.keep_top(batch, *buffers, rank + 1)
    else:
        parts = [batch.transpose(1, 0, 2).reshape(units, -1) for batch in batches_of(units, images)]
        partition(np.concatenate(parts, 1), rank)
    print((peak_kilobytes() - before) / 1024)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repeats")
    quick = parser.parse_args().quick
    torch.set_num_threads(numba.get_num_threads())
    print(f"{numba.get_num_threads()} threads (NumPy uses 1), maps of 7x7, ours in batches of 64 images\n")
    print("units    values      q | ns/value  ms/image | partition      topk     radix | ours, MB   all, MB")
    sizes = [(128, 2560, 0.005)]
    if not quick:
        sizes += [(16, 2560, 0.005), (512, 2560, 0.005), (128, 640, 0.005), (128, 10240, 0.005), (32, 40960, 0.005)]
        sizes += [(128, 2560, 0.0005), (128, 2560, 0.04)]
    for units, images, top in sizes:
        measure(units, images, top, repeats=3 if quick else 7)
    images = 2560 if quick else 10240
    peaks = ", ".join(f"{which} {peak_megabytes(which, images):.0f} MB" for which in ("ours", "partition"))
    print(f"\npeak memory above the interpreter's, {images} images, 128 units at 7x7: {peaks}")


if __name__ == "__main__":
    main()
