"""How long it takes to find the best images of all units, and how time and memory grow with the number of images.

    python benchmarks/bench_exemplars.py [--quick] [--device cuda]

Beside ours stands what one would write with torch: keep all activations of the layers in memory, take the maximum of
each map, and sort. Both give the same images (checked here). The last columns are the network alone: what is paid for
looking. Every size runs in a process of its own, so that its peak memory can be read; pictures are rendered before.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import torch

from xailab import hooks, models
from xailab.data import MiniBroden, batches
from xailab.exemplars import Plan, gather
from xailab.models import feeding

LAYERS = ("conv1", "conv3", "conv5")
COUNT, BATCH = 9, 64

Found = dict[str, torch.Tensor]
"""Layer -> the indices of the best images of each unit."""


def ours(data: MiniBroden, device: str) -> Found:
    plan = Plan(count=COUNT, batch_size=BATCH)
    found = gather(models.load("tags"), LAYERS, data, plan=plan, device=device, progress=False)
    return {layer: one.best.indices for layer, one in found.items()}


def plain(data: MiniBroden, device: str) -> Found:
    """Everything in memory."""
    kept: dict[str, list[torch.Tensor]] = {layer: [] for layer in LAYERS}
    for maps in _maps(data, device):
        for layer, values in maps.items():
            kept[layer].append(values)
    found = {}
    for layer in LAYERS:
        maps = torch.cat(kept.pop(layer)).contiguous().flatten(2)
        values, cells = maps.max(2)
        order = values.T.sort(dim=1, descending=True, stable=True).indices[:, :COUNT]
        cells.T.gather(1, order)
        found[layer] = order.cpu()
    return found


def network(data: MiniBroden, device: str) -> Found:
    """Only look."""
    for _ in _maps(data, device):
        pass
    if device != "cpu":
        torch.cuda.synchronize()
    return {}


def _maps(data: MiniBroden, device: str):  # type: ignore[no-untyped-def]
    where = feeding.find_device(device)
    tags = feeding.on_device(models.load("tags"), where)
    for batch in batches(data, BATCH):
        inputs = feeding.prepare(tags, batch.images, tags.image_size, where)
        yield hooks.activations(tags.module, inputs, LAYERS)


WAYS = {"ours": ours, "plain": plain, "network": network}


def measure(way: str, images: int, device: str, rounds: int) -> None:
    """Print seconds and peak memory of one way as JSON, for the process that asked."""
    data, run = MiniBroden("probe", limit=images, progress=False), WAYS[way]
    data.render()
    run(MiniBroden("probe", limit=BATCH, progress=False), device)
    for batch in batches(data):  # into the page cache
        del batch
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(rounds):
        start, cpu = time.perf_counter(), time.process_time()
        found = run(data, device)
        seconds.append((time.perf_counter() - start, time.process_time() - cpu))
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    wall, cpu = (sorted(times)[rounds // 2] for times in zip(*seconds, strict=True))
    indices = {layer: one.tolist() for layer, one in found.items()}
    print(json.dumps({"s": wall, "cpu": cpu, "mb": peak, "indices": indices}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and rounds")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "IMAGES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    rounds = 1 if options.quick else 3
    if options.measure:
        measure(options.measure[0], int(options.measure[1]), options.device, rounds)
        return
    threads = torch.get_num_threads()
    print(f"best {COUNT} images of {', '.join(LAYERS)} of tags (256 units) on {options.device}, {threads} threads")
    print(f"{'images':>7} | {'ours s':>7} {'CPU s':>6} {'peak MB':>8} | {'plain s':>7} {'CPU s':>6} {'peak MB':>8} "
          f"| {'network s':>9} {'CPU s':>6} | {'memory':>7} {'time':>6} {'over network':>13}")  # fmt: skip
    for images in (550, 2200) if options.quick else (275, 550, 1100, 2200):
        found = {}
        for way in WAYS:
            command = [sys.executable, __file__, "--device", options.device, "--measure", way, str(images)]
            command += ["--quick"] if options.quick else []
            found[way] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        one, other, alone = found["ours"], found["plain"], found["network"]
        if one["indices"] != other["indices"]:
            raise SystemExit("the two ways found other images")
        print(
            f"{images:>7} | {one['s']:>7.2f} {one['cpu']:>6.2f} {one['mb']:>8.0f} | {other['s']:>7.2f} "
            f"{other['cpu']:>6.2f} {other['mb']:>8.0f} | {alone['s']:>9.2f} {alone['cpu']:>6.2f} | "
            f"{other['mb'] / max(one['mb'], 1):>6.1f}x {other['cpu'] / one['cpu']:>5.2f}x "
            f"{one['cpu'] / alone['cpu'] - 1:>12.0%}"
        )


if __name__ == "__main__":
    main()
