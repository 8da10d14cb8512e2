"""How long pooling with switches and unpooling take: the kernels beside torch's, and beside what memory allows.

    python benchmarks/bench_pooling.py [--quick] [--processor]

Every line is measured in one run, in alternation, with equally many threads, and gives medians: ours in milliseconds,
and how many times as long the other takes. ``max_unpool2d`` keeps one of the values that share a cell; ``gradient`` is
torch's backward pass of pooling, which adds them as ours does. ``memory`` reads and writes the same bytes, its results
in fresh memory as ours are, and does nothing with them: how many times its time we take.
"""

import argparse
import math
import statistics
import time

import numba
import numpy as np
import torch
from numba import prange
from torch.nn import functional
from xailab_kernels.compiling import CompileTime
from xailab_kernels.pooling.max_pool import max_pool
from xailab_kernels.pooling.unpool import unpool

TARGET = ("AlexNet's first, 64 images", (64, 96, 55, 55), 3, 2, 0, False)
PROCESSOR = False
CASES = [
    TARGET,
    ("the same, 1 image", (1, 96, 55, 55), 3, 2, 0, False),
    ("AlexNet's last", (64, 256, 13, 13), 3, 2, 0, False),
    ("VGG's first", (8, 64, 224, 224), 2, 2, 0, False),
    ("VGG's last", (64, 512, 14, 14), 2, 2, 0, False),
    ("GoogLeNet's first", (32, 64, 112, 112), 3, 2, 0, True),
    ("in GoogLeNet's blocks", (32, 480, 14, 14), 3, 1, 1, False),
    ("in its last blocks", (32, 832, 7, 7), 3, 1, 1, False),
    ("ResNet's only", (32, 64, 112, 112), 3, 2, 1, False),
    ("4/4 windows", (32, 64, 56, 56), 4, 4, 0, False),
    ("11/1 windows", (4, 64, 55, 55), 11, 1, 5, False),
]


@numba.njit(parallel=True)
def _move(read, also, write, also_write):
    """Read two arrays, write two, plane by plane."""
    totals = np.zeros(read.shape[0], np.int64)
    for plane in prange(read.shape[0]):
        total = 0
        for i in range(read.shape[1]):
            total += read[plane, i]
        for i in range(also.shape[1]):
            total += also[plane, i]
        for i in range(write.shape[1]):
            write[plane, i] = 1
        for i in range(also_write.shape[1]):
            also_write[plane, i] = 1
        totals[plane] = total
    return totals


class Case:
    """The functions to compare on one batch of rectified maps."""

    def __init__(self, shape, kernel, stride, padding, ceil_mode, dtype=torch.float32):
        self.maps = torch.randn(shape, generator=torch.Generator().manual_seed(0)).relu_().to(dtype)
        self.windows = kernel, stride, padding, ceil_mode
        pairs = [(value, value) for value in (kernel, stride, padding, 1)]
        self.options = dict(zip(("kernel", "stride", "padding", "dilation"), pairs, strict=True), ceil_mode=ceil_mode)
        self.pooled, self.switches = max_pool(self.maps.numpy(), **self.options)
        self.values, self.places = self.torch_pool()
        np.testing.assert_array_equal(self.pooled, self.values)
        np.testing.assert_array_equal(self.switches, self.places)
        self.bits = self.maps.numpy().view(np.int32).reshape(shape[0] * shape[1], -1)
        self.pooled_bits = self.pooled.view(np.int32).reshape(len(self.bits), -1)
        self.switch_bits = self.switches.reshape(len(self.bits), -1)
        self.none = np.empty((len(self.bits), 0), np.int32)
        np.testing.assert_allclose(self.unpool(), self.torch_gradient(), rtol=1e-5, atol=1e-6)

    def pool(self):
        """Ours."""
        return max_pool(self.maps.numpy(), **self.options)

    def torch_pool(self):
        """Torch's."""
        kernel, stride, padding, ceil_mode = self.windows
        return functional.max_pool2d(self.maps, kernel, stride, padding, ceil_mode=ceil_mode, return_indices=True)

    def memory_pool(self):
        """Read maps, write what is pooled and switches."""
        return _move(self.bits, self.none, np.empty_like(self.pooled_bits), np.empty_like(self.switch_bits))

    def unpool(self):
        """Ours."""
        return unpool(self.pooled, self.switches, height=self.maps.shape[2], width=self.maps.shape[3])

    def torch_unpool(self):
        """Torch's, which overwrites."""
        kernel, stride, padding, _ = self.windows
        return functional.max_unpool2d(
            self.values, self.places, kernel, stride, padding, output_size=self.maps.shape[2:]
        )

    def torch_gradient(self):
        """Torch's, which adds."""
        kernel, stride, padding, ceil_mode = self.windows
        pairs = [[value, value] for value in (kernel, stride, padding, 1)]
        back = torch.ops.aten.max_pool2d_with_indices_backward
        return back(self.values, self.maps, *pairs, ceil_mode, self.places)

    def memory_unpool(self):
        """Read values and switches, write maps."""
        out = np.empty_like(self.bits)
        return _move(self.pooled_bits, self.switch_bits, out, self.none), out


def clock():
    """Return the wall time, or with ``--processor`` that of all threads: on a busy machine, for one thread."""
    return time.process_time() if PROCESSOR else time.perf_counter()


def seconds(function, calls=1):
    """Time some calls; what the last one returns is freed afterwards."""
    start = clock()
    for _ in range(calls):
        result = function()
    taken = (clock() - start) / calls
    del result
    return taken


def compare(functions, repeats):
    """Return the median milliseconds of the first one, and the median ratio of each other one to it."""
    times = {function: [] for function in functions}
    calls = {}
    for function in functions:
        function()
        calls[function] = 1 + int(3e-3 / seconds(function))  # a first call after a pause finds empty caches
    for _ in range(repeats):
        for function in functions:
            times[function].append(seconds(function, calls[function]))
            time.sleep(0.02)  # torch's idle threads spin for a while and would disturb ours
    own = statistics.median(times[functions[0]])
    return 1e3 * own, [statistics.median(times[other]) / own for other in functions[1:]]


def line(name, case, repeats):
    """Print one line of the table."""
    pool, (torch_pool, memory_pool) = compare([case.pool, case.torch_pool, case.memory_pool], repeats)
    others = [case.unpool, case.torch_unpool, case.torch_gradient, case.memory_unpool]
    back, (torch_unpool, gradient, memory) = compare(others, repeats)
    print(
        f"{name:27} | {pool:8.3f} {torch_pool:10.1f}x {1 / memory_pool:7.2f}x | "
        f"{back:8.3f} {torch_unpool:12.1f}x {gradient:8.1f}x {1 / memory:7.2f}x",
        flush=True,
    )
    return pool, back


def threads(count):
    """Let numba and torch have equally many."""
    numba.set_num_threads(count)
    torch.set_num_threads(count)


def compiling():
    """Print how long the compiler works, once per installation."""
    for dtype in (np.float32, np.float64):
        maps = np.zeros((1, 1, 4, 4), dtype)
        with CompileTime() as pooling:
            pooled, switches = max_pool(
                maps, kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False
            )
        with CompileTime() as back:
            unpool(pooled, switches, height=4, width=4)
        print(f"compiling for {dtype.__name__}: max_pool {pooling.seconds:.1f} s, unpool {back.seconds:.1f} s")


def growth(repeats):
    """Print how the cost grows with the number of images and with the size of the maps."""
    print("\nns per cell of the maps, 3/2 windows, and how it grows")
    for kind, shapes in {
        "images of 96 x 55 x 55": [(n, 96, 55, 55) for n in (1, 4, 16, 64)],
        "sides of 64 maps": [(1, 64, side, side) for side in (7, 14, 28, 56, 112, 224, 448)],
    }.items():
        before = None
        print(f"{kind:24} {'cells':>10} {'pool':>8} {'growth':>7} {'unpool':>8} {'growth':>7}")
        for shape in shapes:
            case, cells = Case(shape, 3, 2, 0, ceil_mode=False), math.prod(shape)
            own = [compare([function], repeats)[0] for function in (case.pool, case.unpool)]
            grown = ["", ""]
            if before:
                grown = [
                    f"n^{math.log(a / b) / math.log(cells / before[0]):.1f}"
                    for a, b in zip(own, before[1], strict=True)
                ]
            pool, back = (1e6 * value / cells for value in own)
            label = str(shape[0]) if kind.startswith("images") else str(shape[2])
            print(f"{label:>24} {cells:10d} {pool:8.3f} {grown[0]:>7} {back:8.3f} {grown[1]:>7}", flush=True)
            before = cells, own


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the case with a target, fewer repeats")
    parser.add_argument("--processor", action="store_true", help="processor time of one thread instead of wall times")
    options = parser.parse_args()
    global PROCESSOR
    quick, PROCESSOR = options.quick, options.processor
    compiling()
    repeats, most = 7 if quick else 15, numba.get_num_threads()
    for count in [1] if PROCESSOR else sorted({1, most}):
        threads(count)
        print(f"\n{'threads: ' + str(count):27} | {'pool ms':>8} {'max_pool2d':>11} {'memory':>8} | ", end="")
        print(f"{'unpool ms':>8} {'max_unpool2d':>12} {'gradient':>9} {'memory':>8}")
        for name, *case in CASES[:1] if quick else CASES:
            line(name, Case(*case), repeats)
        if not quick:
            line("the first in float64", Case(*TARGET[1:], dtype=torch.float64), repeats)
    if not quick:
        growth(repeats)


if __name__ == "__main__":
    main()
