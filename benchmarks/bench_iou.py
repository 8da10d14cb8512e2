"""How long the IoU tally of an image takes: the compiled kernel beside what one would use instead.

    python benchmarks/bench_iou.py [--quick]

Every line is measured in one run, in alternation, and gives medians. The data are made to be as real ones are: maps
after a ReLU with few high peaks, 6 to 11 % of image-unit pairs above the threshold, label planes of few large regions.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np
import torch
from PIL import Image
from xailab_kernels import iou, labels, quantile, resampling

CONCEPTS = 1198
CATEGORIES = np.random.default_rng(7).integers(0, 6, CONCEPTS)
MEMBERS = np.eye(6, dtype=np.int64)[CATEGORIES]


def smooth_maps(rng, images, units, cells):
    """Noise under a 3x3 binomial filter, of very different strength from image to image, rectified."""
    noise = rng.standard_normal((images, units, cells + 2, cells + 2), dtype=np.float32)
    lines = noise[:, :, :-2] + 2 * noise[:, :, 1:-1] + noise[:, :, 2:]
    smooth = (lines[..., :-2] + 2 * lines[..., 1:-1] + lines[..., 2:]) / 8
    strength = np.exp(0.7 * rng.standard_normal((images, units, 1, 1), dtype=np.float32))
    return np.maximum(smooth * strength - np.float32(0.5), 0)


def label_planes(rng, images, planes, pixels):
    """Each plane is divided among the 4 to 25 nearest of random points; a quarter of the regions is unlabelled."""
    y, x = np.mgrid[:pixels, :pixels]
    result = np.zeros((images, planes, pixels, pixels), np.int32)
    for plane in result.reshape(-1, pixels, pixels):
        n = rng.integers(4, 26)
        at = rng.random((n, 2)) * pixels
        concepts = rng.integers(1, CONCEPTS, n) * (rng.random(n) > 0.25)
        nearest = ((y[..., None] - at[:, 0]) ** 2 + (x[..., None] - at[:, 1]) ** 2).argmin(-1)
        plane[:] = concepts[nearest]
    return result


def exact_thresholds(batches, top=0.005):
    """Return the thresholds that 0.5 % of all values exceed."""
    units = batches[0].shape[1]
    keep = int(top * sum(batch[:, 0].size for batch in batches)) + 1
    buffers = quantile.allocate(units, keep)
    for batch in batches:
        quantile.keep_top(batch.reshape(*batch.shape[:2], -1), *buffers, keep)
    quantile.compact(*buffers, keep)
    return buffers[0][:, keep - 1].copy()


def classic(activations, thresholds, planes):
    """Resize, argwhere, index, bincount, for one unit of one image after the other, as NetDissect-Lite does it."""
    intersection = np.zeros((activations.shape[1], CONCEPTS), np.int64)
    active = np.zeros(activations.shape[1], np.int64)
    active_by_category = np.zeros((activations.shape[1], 6), np.int64)
    for image in range(len(activations)):
        for unit in range(activations.shape[1]):
            cells = activations[image, unit]
            if cells.max() > thresholds[unit]:
                size = planes.shape[:1:-1]
                mask = np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.BILINEAR)) > thresholds[unit]
                where = np.argwhere(mask)
                active[unit] += len(where)
                counts = np.zeros(CONCEPTS, np.int64)
                for plane in planes[image]:
                    counts += np.bincount(plane[where[:, 0], where[:, 1]], minlength=CONCEPTS)
                intersection[unit] += counts
                active_by_category[unit] += len(where) * (counts @ MEMBERS > 0)
    intersection[:, 0] = 0
    return intersection


def one_hot(activations, thresholds, planes):
    """Upsample everything with torch, then multiply with a one-hot matrix of the image's labels."""
    pixels = planes.shape[-1]
    intersection = torch.zeros(activations.shape[1], CONCEPTS)
    for image, label in zip(torch.from_numpy(activations), torch.from_numpy(planes), strict=True):
        up = torch.nn.functional.interpolate(image[None], size=(pixels, pixels), mode="bilinear")[0]
        mask = (up > torch.from_numpy(thresholds)[:, None, None]).flatten(1).float()
        names = label.unique()
        hot = sum((plane.flatten()[:, None] == names).float() for plane in label)
        intersection[:, names] += mask @ hot
    intersection[:, 0] = 0
    return intersection.long().numpy()


def ours(activations, thresholds, planes):
    """Do what ``IoUTally.add`` does: label runs, then the fused kernel."""
    table = resampling.half_pixel(activations.shape[-1], planes.shape[-1])
    intersection = np.zeros((activations.shape[1], CONCEPTS), np.int64)
    local = labels.localize(planes, np.zeros((len(planes), 0), np.int32), CONCEPTS)
    iou.count(activations, thresholds, table, table, local, CATEGORIES, intersection)
    return intersection


def ms_per_image(function, activations, thresholds, planes):
    """Time one call."""
    start = time.perf_counter()
    function(activations, thresholds, planes)
    return (time.perf_counter() - start) * 1e3 / len(activations)


def measure(units, cells, pixels, depth=4, *, repeats=9, images=64, alternatives=(classic,)):
    """Return medians of ms per image, of ratios, and the sparsity."""
    rng = np.random.default_rng(0)
    batches = [smooth_maps(rng, images, units, cells) for _ in range(8)]
    thresholds = exact_thresholds(batches)
    planes = label_planes(rng, images, depth, pixels)
    active = float(np.mean([(batch.max((2, 3)) > thresholds).mean() for batch in batches]))
    ours(batches[0], thresholds, planes)
    ms, ratios = {}, {}
    for function in alternatives:  # one after the other: torch's idle threads spin for a while and would disturb ours
        times = []
        for repeat in range(repeats):
            batch = batches[repeat % len(batches)]
            other = ms_per_image(function, batch[:2], thresholds, planes[:2])
            if function is one_hot:
                time.sleep(0.05)
            times.append((ms_per_image(ours, batch, thresholds, planes), other))
        ms[ours], ms[function] = (statistics.median(column) for column in zip(*times, strict=True))
        ratios[function] = statistics.median(other / own for own, other in times)
    return ms, ratios, active


def check(units=64, cells=7, pixels=112):
    """Compare counts with the slow twin's, and with the classic loop's (PIL rounds otherwise, which shows at ties)."""
    rng = np.random.default_rng(1)
    maps, planes = smooth_maps(rng, 16, units, cells), label_planes(rng, 16, 4, pixels)
    thresholds = exact_thresholds([maps])
    sys.path.insert(0, ".")
    from tests import naive

    table = resampling.half_pixel(cells, pixels)
    none = np.zeros((16, 0), np.int32)
    expected = naive.tally(maps, thresholds, table, table, planes, none, CONCEPTS, CATEGORIES)[0]
    found = ours(maps, thresholds, planes)
    beside = thresholds * np.float32(1.00001)  # on a value of the data, whole corners of maps are ties
    other = classic(maps, beside, planes) != ours(maps, beside, planes)
    print(f"counts that differ from the twin's: {(found != expected).sum()} of {(expected > 0).sum()}")
    print(f"counts that differ from the classic loop's, thresholds moved off the data: {other.sum()}\n")


def peak_megabytes(which, folder):
    """Peak memory of a process that does one thing, above what it takes to load the data."""
    code = f"import benchmarks.bench_iou as b; b.memory({which!r}, {str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak_kilobytes():
    """Peak resident memory of this process (Linux; ``getrusage`` would report the parent's where that is larger)."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def memory(which, folder):
    """Run in a process of its own: tally saved data, print by how many MB the peak rose after one image."""
    maps, thresholds, planes = (np.load(Path(folder) / f"{name}.npy") for name in ("maps", "thresholds", "planes"))
    function = {"ours": ours, "classic": classic, "one_hot": one_hot}[which]
    function(maps[:1], thresholds, planes[:1])
    before = peak_kilobytes()
    function(maps, thresholds, planes)
    print((peak_kilobytes() - before) / 1024)


def print_memory():
    """Compare peaks on one batch."""
    rng = np.random.default_rng(0)
    maps = smooth_maps(rng, 64, 512, 7)
    print("\npeak memory above the data after the first image; 64 images, 512 units at 7x7, 112x112 labels:")
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "maps.npy", maps)
        np.save(Path(folder) / "thresholds.npy", exact_thresholds([maps]))
        np.save(Path(folder) / "planes.npy", label_planes(rng, 64, 4, 112))
        peaks = [f"{which} {peak_megabytes(which, folder):.1f} MB" for which in ("ours", "classic", "one_hot")]
    print("  " + ", ".join(peaks))


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repeats")
    quick = parser.parse_args().quick
    torch.set_num_threads(numba.get_num_threads())
    print(f"{numba.get_num_threads()} threads; {CONCEPTS} concepts, 4 label planes per image unless said otherwise\n")
    check()
    repeats = 5 if quick else 15
    both = (one_hot, classic)
    print("units  maps   labels  planes  active | ours ms/img | one-hot prod.   ratio | classic loop    ratio")
    sizes = [(512, 7, 112, 4)]
    if not quick:
        sizes += [(64, 7, 112, 4), (256, 13, 113, 4), (2048, 7, 112, 4), (512, 14, 112, 4), (64, 56, 112, 4)]
        sizes += [(512, 7, 56, 4), (512, 7, 224, 4), (512, 7, 112, 1), (512, 7, 112, 8)]
    for units, cells, pixels, depth in sizes:
        ms, ratio, active = measure(units, cells, pixels, depth, repeats=repeats, alternatives=both)
        size = f"{units:5d}  {cells:2d}x{cells:<2d}  {pixels:3d}x{pixels:<3d}  {depth:4d}  {active:6.1%}"
        others = " | ".join(f"{ms[function]:12.2f} {ratio[function]:7.0f}x" for function in both)
        print(f"{size} | {ms[ours]:11.3f} | {others}", flush=True)
    print_memory()


if __name__ == "__main__":
    main()
