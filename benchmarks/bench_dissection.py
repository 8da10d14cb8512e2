"""How long it takes to dissect a layer, and how time and memory grow with the number of images.

    python benchmarks/bench_dissection.py [--quick] [--device cuda]

Beside ours stands what one would write with torch: keep all activations in memory, sort them for the thresholds,
enlarge the maps of each unit that is above its threshold somewhere, and count labels with ``bincount``. Both give the
same table (checked here). Every size runs in a process of its own, so that its peak memory can be read; pictures are
rendered before.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import torch
from torch.nn.functional import interpolate

from xailab import models
from xailab.data import MiniBroden, batches
from xailab.dissection import Plan, dissect
from xailab.dissection.subject import activations, subject_of

LAYER = "conv5"


def ours(data: MiniBroden, device: str) -> torch.Tensor:
    found = dissect(models.load("tags"), data, [LAYER], plan=Plan(null=False), device=device, progress=False)
    return found[LAYER].main.iou()


def plain(data: MiniBroden, device: str) -> torch.Tensor:
    """Everything in memory, one unit at a time."""
    subject = subject_of(models.load("tags"), [LAYER], device=device)
    read = [(activations(subject, batch.images)[LAYER], batch.labels.stacked()) for batch in batches(data)]
    maps = torch.cat([maps for maps, _ in read])
    planes = torch.cat([planes for _, (planes, _) in read]).to(maps.device).long()
    tags = torch.cat([tags for _, (_, tags) in read]).to(maps.device).long()
    units = maps.shape[1]
    size, codes = data.vocabulary.size, torch.as_tensor(data.vocabulary.category_codes).to(maps.device)
    pixels = planes.shape[2] * planes.shape[3]
    labelled = torch.stack([torch.bincount(p.flatten(), minlength=size) for p in planes])
    labelled += torch.stack([torch.bincount(t, minlength=size) for t in tags]) * pixels
    labelled[:, 0] = 0
    present = torch.stack([labelled[:, codes == code].any(1) for code in range(len(data.vocabulary.categories))])
    iou = torch.zeros(units, size, dtype=torch.float64)
    for unit in range(units):
        values = maps[:, unit].flatten().sort(descending=True).values
        threshold = values[int(0.005 * len(values))]
        rows = (maps[:, unit].flatten(1).max(1).values > threshold).nonzero()[:, 0]
        on = interpolate(maps[rows, unit][:, None], size=planes.shape[2:], mode="bilinear")[:, 0] > threshold
        image, y, x = on.nonzero(as_tuple=True)
        hits = torch.bincount(planes[rows[image], :, y, x].flatten(), minlength=size)
        hits += torch.bincount(tags[rows].flatten(), on.flatten(1).sum(1).double(), minlength=size).long()
        area = (present[:, rows] * on.flatten(1).sum(1)).sum(1)
        union = area[codes.clamp(min=0)] + labelled.sum(0) - hits
        iou[unit] = torch.where(union > 0, hits / union.clamp(min=1).double(), 0.0).cpu()
    iou[:, 0] = 0
    return iou


def measure(way: str, images: int, device: str, rounds: int) -> None:
    """Print seconds and peak memory of one way as JSON, for the process that asked."""
    data = MiniBroden("probe", limit=images, progress=False)
    data.render()
    run = {"ours": ours, "plain": plain}[way]
    run(MiniBroden("probe", limit=20, progress=False), device)  # compile
    for batch in batches(data):  # into the page cache
        del batch
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        table = run(data, device)
        seconds.append(time.perf_counter() - start)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"s": sorted(seconds)[rounds // 2], "mb": peak, "sum": float(table.sum())}))


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
    print(f"dissecting {LAYER} of tags (128 units, 8x8 cells, 64x64 labels) on {options.device}, {threads} threads")
    print(f"{'images':>7} {'ours s':>8} {'ms/image':>9} {'peak MB':>8} | {'plain s':>8} {'peak MB':>8} | {'ratio':>6}")
    for images in (550, 2200) if options.quick else (275, 550, 1100, 2200):
        found = {}
        for way in ("ours", "plain"):
            command = [sys.executable, __file__, "--device", options.device, "--measure", way, str(images)]
            command += ["--quick"] if options.quick else []
            found[way] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        one, other = found["ours"], found["plain"]
        if abs(one["sum"] - other["sum"]) > 1e-4 * other["sum"]:
            raise SystemExit(f"the tables differ: {one['sum']} and {other['sum']}")
        print(
            f"{images:>7} {one['s']:>8.2f} {1000 * one['s'] / images:>9.2f} {one['mb']:>8.0f} | {other['s']:>8.2f} "
            f"{other['mb']:>8.0f} | {other['s'] / one['s']:>5.1f}x"
        )


if __name__ == "__main__":
    main()
