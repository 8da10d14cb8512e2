"""How fast a Broden folder is read: ours beside the loop one would write with Pillow and numpy.

Builds a folder of 224-pixel JPEGs with 112-pixel label maps (about four planes per image, as in the release), then
reads it in several ways. Prints images per second and the ratio to the plain loop.

Run: ``python benchmarks/bench_broden.py [images]``
"""

import csv
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

SIZE, LABEL_SIZE, BATCH, REPEATS = 224, 112, 64, 3
RELEASE_ROWS = 63_305
CATEGORIES = ("color", "object", "part")
COLORS = np.random.default_rng(7).integers(0, 256, (11, 3))


def regions(draw: np.random.Generator, numbers: np.ndarray, pieces: int) -> np.ndarray:
    """Draw a label map of ragged cells around random points."""
    points, y, x = draw.random((pieces, 2)) * LABEL_SIZE, *np.mgrid[:LABEL_SIZE, :LABEL_SIZE]
    wobble = 3 * np.sin(x / 5 + draw.random() * 6) * np.cos(y / 7 + draw.random() * 6)
    distances = (y[..., None] + wobble[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2
    return draw.choice(numbers, pieces)[distances.argmin(-1)]


def write_map(path: Path, numbers: np.ndarray) -> None:
    Image.fromarray(np.stack([numbers % 256, numbers // 256, 0 * numbers], -1).astype(np.uint8)).save(path)


def build(root: Path, count: int) -> None:
    photographs = load_sample_images().images
    (root / "images/bench").mkdir(parents=True)
    rows = []
    for index in range(count):
        draw = np.random.default_rng(index)
        photograph, side = photographs[index % 2], int(draw.integers(200, 400))
        top, left = draw.integers(0, 427 - side), draw.integers(0, 640 - side)
        image = Image.fromarray(photograph[top : top + side, left : left + side]).resize((SIZE, SIZE))
        stem = f"bench/{index:06d}"
        image.save(root / f"images/{stem}.jpg", quality=90)
        small = np.asarray(image.resize((LABEL_SIZE, LABEL_SIZE), Image.Resampling.NEAREST)).astype(int)
        write_map(root / f"images/{stem}_color.png", 1 + ((small[..., None, :] - COLORS) ** 2).sum(-1).argmin(-1))
        write_map(root / f"images/{stem}_object.png", regions(draw, np.arange(12, 600), 30))
        parts = int(draw.choice([0, 1, 2, 3], p=[0.1, 0.3, 0.3, 0.3]))
        for part in range(1, parts + 1):
            numbers = np.concatenate([np.zeros(600, int), np.arange(600, 900)])
            write_map(root / f"images/{stem}_part_{part}.png", regions(draw, numbers, 40))
        cells = ";".join(f"{stem}_part_{part}.png" for part in range(1, parts + 1))
        sizes = [SIZE, SIZE, LABEL_SIZE, LABEL_SIZE]
        rows.append([f"{stem}.jpg", "train", *sizes, f"{stem}_color.png", f"{stem}_object.png", cells])
    write_tables(root, rows)


def write_tables(root: Path, rows: list[list[object]]) -> None:
    def table(name: str, header: str, lines: list[list[object]]) -> None:
        with (root / name).open("w", newline="") as stream:
            csv.writer(stream).writerows([header.split(","), *lines])

    owner = {number: CATEGORIES[(number >= 12) + (number >= 600)] for number in range(1, 900)}
    table("index.csv", "image,split,ih,iw,sh,sw,color,object,part", rows)
    labels = [[number, f"label {number}", f"{category}(1)", 1, 1, ""] for number, category in owner.items()]
    table("label.csv", "number,name,category,frequency,coverage,syns", labels)
    table("category.csv", "name,first,last,count,frequency", [[name, 1, 1, 1, 1] for name in CATEGORIES])
    for name in CATEGORIES:
        codes = [[1, number, f"label {number}", 1, 1.0] for number, category in owner.items() if category == name]
        table(f"c_{name}.csv", "code,number,name,frequency,coverage", codes)


def plain_labels(root: Path, rows: list[dict[str, str]]) -> list[dict[str, np.ndarray]]:
    """Decode as one would without a library."""
    result = []
    for row in rows:
        maps = {}
        for category in CATEGORIES:
            planes = []
            for item in filter(None, row[category].split(";")):
                rgb = np.array(Image.open(root / "images" / item))
                planes.append(rgb[:, :, 0].astype(np.int32) + 256 * rgb[:, :, 1].astype(np.int32))
            if planes:
                maps[category] = np.stack(planes)
        result.append(maps)
    return result


def plain_images(root: Path, rows: list[dict[str, str]]) -> torch.Tensor:
    arrays = [np.array(Image.open(root / "images" / row["image"]).convert("RGB")) for row in rows]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 255


def best(function: Callable[[], object]) -> float:
    """Shortest of a few times, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def in_batches(read: Callable[[range], object], count: int) -> Callable[[], None]:
    def run() -> None:
        for first in range(0, count, BATCH):
            read(range(first, min(first + BATCH, count)))

    return run


def compare_reading(root: Path, count: int) -> None:
    from xailab.data.broden import BrodenFolder

    with (root / "index.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    one, two = BrodenFolder(root), BrodenFolder(root, workers=2)
    cached = BrodenFolder(root, cache_labels=True)
    for batch in range(0, count, BATCH):
        ours = one.read(range(batch, min(batch + BATCH, count)))
        plain = plain_labels(root, rows[batch : batch + BATCH])
        assert torch.equal(ours.images, plain_images(root, rows[batch : batch + BATCH]))
        for place, maps in enumerate(plain):
            assert all(np.array_equal(ours.labels.maps[name][place, : len(maps[name])], maps[name]) for name in maps)

    def plainly(indices: range, *, images: bool) -> None:
        chosen = [rows[index] for index in indices]
        plain_labels(root, chosen)
        if images:
            plain_images(root, chosen)

    start = time.perf_counter()
    in_batches(cached.read_labels, count)()
    filling = time.perf_counter() - start
    files = list((Path(os.environ["XAILAB_CACHE"]) / "broden" / cached.fingerprint).iterdir())
    planes = sum(len(one.rows[i].files) - 1 for i in range(count))
    on_disk, raw = sum(file.stat().st_size for file in files), planes * LABEL_SIZE**2 * 4
    print(f"\n{count} images {SIZE} px, {planes / count:.1f} planes each; batches of {BATCH}; values as the loop's")
    print(f"cache: {on_disk / count / 1024:.2f} KiB per image on disk, {on_disk / raw:.1%} of int32\n")
    for title, plain_seconds, ways in (
        (
            "labels only",
            best(in_batches(lambda i: plainly(i, images=False), count)),
            [
                ("ours", best(in_batches(one.read_labels, count))),
                ("ours, 2 threads", best(in_batches(two.read_labels, count))),
                ("ours, filling the cache", filling),
                ("ours, cached", best(in_batches(cached.read_labels, count))),
            ],
        ),
        (
            "images and labels",
            best(in_batches(lambda i: plainly(i, images=True), count)),
            [
                ("ours", best(in_batches(one.read, count))),
                ("ours, 2 threads", best(in_batches(two.read, count))),
                ("ours, cached labels", best(in_batches(cached.read, count))),
            ],
        ),
    ):
        for name, seconds in [("Pillow + numpy loop", plain_seconds), *ways]:
            print(f"{title:18} {name:26} {count / seconds:8.0f} images/s   x{plain_seconds / seconds:5.2f}")


def time_opening(root: Path, count: int) -> None:
    from xailab.data.broden import BrodenFolder

    with (root / "index.csv").open() as stream:
        header, *rows = list(csv.reader(stream))
    with (root / "index.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *(rows[index % count] for index in range(RELEASE_ROWS))])
    seconds = best(lambda: BrodenFolder(root))
    dataset = BrodenFolder(root)
    start = time.perf_counter()
    _ = dataset.fingerprint
    print(f"\nopening {RELEASE_ROWS} rows: {seconds:.2f} s; fingerprint: {time.perf_counter() - start:.2f} s")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    folder = Path(tempfile.mkdtemp(prefix="bench-broden-"))
    os.environ["XAILAB_CACHE"] = str(folder / "cache")
    torch.set_num_threads(1)
    try:
        build(folder / "broden", count)
        compare_reading(folder / "broden", count)
        time_opening(folder / "broden", count)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
