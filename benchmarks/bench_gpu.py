"""The torch path of the two kernels on a CUDA device beside the compiled kernels on the CPU; the integers are compared.

    python benchmarks/bench_gpu.py [--device cuda]

Without such a device it says so and ends. ``--device cpu`` compares the CPU with itself, to see that the script works.
"""

import argparse
import statistics
import time

import torch

from xailab.data.batch import Labels
from xailab.statistics import IoUTally, TopQuantile, prepare

UNITS, CELLS, PIXELS, CONCEPTS, IMAGES = 512, 7, 112, 1198, 64


def data(seed: int = 0) -> tuple[torch.Tensor, Labels]:
    """Rectified smooth maps with few high peaks, and four planes of rectangular labels."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(IMAGES, UNITS, CELLS, CELLS, generator=generator)
    maps = torch.nn.functional.avg_pool2d(noise, 3, stride=1, padding=1)
    strength = torch.exp(0.7 * torch.randn(IMAGES, UNITS, 1, 1, generator=generator))
    coarse = torch.randint(0, CONCEPTS, (IMAGES, 4, 4, 4), generator=generator, dtype=torch.int32)
    planes = coarse.repeat_interleave(PIXELS // 4, 2).repeat_interleave(PIXELS // 4, 3)
    return (maps * strength - 0.2).relu(), Labels({"object": planes})


def seconds(work, device: torch.device, rounds: int = 5) -> float:
    """Median of a few runs after one to warm up, the device's queue emptied before and after."""
    times = []
    for _ in range(rounds + 1):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def thresholds(maps: torch.Tensor) -> torch.Tensor:
    accumulator = TopQuantile(UNITS, total=IMAGES * CELLS * CELLS)
    accumulator.add(maps)
    return accumulator.result()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    device = torch.device(parser.parse_args().device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("no CUDA device here: nothing measured")
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    maps, labels = data()
    there = maps.to(device)
    level = thresholds(maps)
    if not torch.equal(level, thresholds(there)):
        raise SystemExit("the thresholds differ")
    on_device = Labels({key: value.to(device) for key, value in labels.maps.items()})

    def tally(activations: torch.Tensor, given: Labels) -> torch.Tensor:
        counter = IoUTally(level, categories=torch.zeros(CONCEPTS, dtype=torch.int64))
        counter.add(activations, prepare(given, vocabulary_size=CONCEPTS))
        return counter.result().intersection

    if not torch.equal(tally(maps, labels), tally(there, on_device)):
        raise SystemExit("the counts differ")
    print(f"{IMAGES} images, {UNITS} units, {CELLS}x{CELLS} cells, {PIXELS}x{PIXELS} labels, 4 planes; device: {name}")
    print(f"{'':12} {'CPU ms/image':>13} {'device ms/image':>16} {'ratio':>7}")
    for title, here, far in (
        ("thresholds", lambda: thresholds(maps), lambda: thresholds(there)),
        ("counting", lambda: tally(maps, labels), lambda: tally(there, on_device)),
    ):
        cpu, other = seconds(here, torch.device("cpu")), seconds(far, device)
        print(f"{title:12} {1000 * cpu / IMAGES:>13.3f} {1000 * other / IMAGES:>16.3f} {cpu / other:>6.1f}x")


if __name__ == "__main__":
    main()
