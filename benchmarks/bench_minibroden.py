"""How fast MiniBroden renders: pictures per second on one core, per mode and size.

Run: ``python benchmarks/bench_minibroden.py``. CPU time of this process, not wall time, so that a busy
machine matters less. The first line says what the first picture costs, with compilation (cached on disk from then on).
"""

import argparse
import time

start = time.perf_counter()
from xailab.data.minibroden import MODES, sample  # noqa: E402 the import is timed

SIZES = (32, 64, 96, 128, 160, 224)


def rate(mode: str, size: int, count: int) -> float:
    """Return pictures per second of CPU time."""
    before = time.process_time()
    for seed in range(count):
        sample(seed, size=size, mode=mode)
    return count / (time.process_time() - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="pictures per measurement at 64 pixels")
    count = parser.parse_args().count
    imported = time.perf_counter()
    sample(0, mode="scene")
    first = time.perf_counter() - imported
    print(f"import {imported - start:.2f} s, first picture {first:.2f} s (compiled, or loaded from the cache)")
    print(f"{'pictures/s':>10}" + "".join(f"{size:>8}" for size in SIZES) + "   microseconds per pixel at 64 and 224")
    for mode in MODES:
        rates = [rate(mode, size, max(20, count * 64 // size)) for size in SIZES]
        costs = [1e6 / (rates[SIZES.index(size)] * size**2) for size in (64, 224)]
        print(f"{mode:>10}" + "".join(f"{value:8.0f}" for value in rates) + f"   {costs[0]:.2f} {costs[1]:.2f}")


if __name__ == "__main__":
    main()
