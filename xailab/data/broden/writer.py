"""Writing a data set with concept labels as a Broden folder, which our reader and the released loaders can open.

- ``export_broden``   write the folder
- ``Exported``        what was written

Source: the files of the Broden release (Bau et al. 2017) and their README.
"""

import csv
import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8
from PIL import Image

from xailab.data.batch import Dataset, Labels, Vocabulary
from xailab.data.broden.counts import LabelCounts, write_tables
from xailab.data.broden.index import FIXED_COLUMNS, TRAIN_FRACTION, split_fraction
from xailab.data.broden.planes import LARGEST_NUMBER, write_plane
from xailab.errors import DataError, XailabError
from xailab.files import writable_folder, write_beside
from xailab.images import to_uint8

FORMATS = ("png", "jpg")
JPEG_QUALITY = 95
STEP = 32
"""Images read at a time."""


@dataclass(frozen=True)
class Exported:
    """What ``export_broden`` wrote.

    Parameters
    ----------
    root
        The folder.
    images
        How many images.
    reassigned
        On-disk name -> primary category in the folder, for concepts of several categories that had another one before:
        a Broden folder has no place for it, readers take the category in which the concept covers most.
    """

    root: Path
    images: int
    reassigned: Mapping[str, str]


@dataclass(frozen=True)
class _ImageLabels:
    """The labels of one image without padding."""

    planes: dict[str, list[Int32[np.ndarray, "h w"]]]
    tags: dict[str, list[int]]


def export_broden(
    dataset: Dataset,
    root: str | Path,
    *,
    indices: Iterable[int] | None = None,
    image_format: str = "png",
    progress: bool = True,
) -> Exported:
    """Write images and labels of a data set as a Broden folder.

    Files are named after the position in the data set, so that sorting by name gives its order. Rows are ordered and
    split into train and val as in the release (``split_fraction``). Class indices are not written: the format has no
    place for them. Images without any label are written, but readers leave them out.

    The folder appears when it is complete. Until then everything is in a hidden folder beside it; the same call after
    an interrupt goes on from there.

    Parameters
    ----------
    dataset
        Any data set with a vocabulary.
    root
        The folder to create. Must not exist, or be empty.
    indices
        Positions to write; None for all.
    image_format
        ``"png"`` keeps the 8-bit values of the images exactly; ``"jpg"`` (quality 95) is smaller.
    progress
        Show a progress bar on stderr.

    Raises
    ------
    XailabError
        The data set has no concept labels, or the target is not empty or cannot be written.
    DataError
        A label is not in the vocabulary, or not in that category.
    ValueError
        Unknown format, no or repeated indices, or a concept number that does not fit a PNG.
    """
    root, positions = Path(root), list(range(len(dataset)) if indices is None else indices)
    vocabulary = _check(dataset, root, positions, image_format)
    key = repr((dataset.fingerprint, positions, image_format)).encode()
    partial = writable_folder(root.parent / f".{root.name}.{hashlib.sha256(key).hexdigest()[:12]}.partial")
    counts = LabelCounts(vocabulary)
    try:
        rows, label_size = _write_images(dataset, partial, positions, counts, image_format, progress)
        _write_index(partial / "index.csv", vocabulary, rows, (*dataset.image_size, *label_size))
        write_tables(partial, counts)
        (partial / "README.txt").write_text(_readme(dataset, rows, label_size), encoding="utf-8")
        if root.exists():
            root.rmdir()
        partial.replace(root)
    except DataError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    except OSError as error:
        raise XailabError(
            f"cannot write {error.filename or partial}: {error.strerror or error}; "
            f"what was written so far is in {partial}: delete it, or make room and run again to go on"
        ) from error
    moved = {c.name: counts.primary(c) for c in vocabulary.concepts if counts.primary(c) != c.category}
    return Exported(root, len(rows), moved)


def _check(dataset: Dataset, root: Path, positions: Sequence[int], image_format: str) -> Vocabulary:
    """Refuse what cannot work before anything is written."""
    vocabulary = dataset.vocabulary
    if vocabulary is None:
        raise XailabError(f"the data set {dataset.name} has no concept labels to export")
    if image_format not in FORMATS:
        raise ValueError(f"image_format is {image_format!r}, expected one of {', '.join(FORMATS)}")
    if not positions or len(set(positions)) < len(positions):
        raise ValueError(f"indices must be different and at least one, got {len(positions)}")
    if not 0 <= min(positions) <= max(positions) < len(dataset):
        raise ValueError(
            f"indices from {min(positions)} to {max(positions)}, but {dataset.name} has {len(dataset)} images"
        )
    if vocabulary.size - 1 > LARGEST_NUMBER:
        raise ValueError(f"concept number {vocabulary.size - 1} does not fit a PNG (at most {LARGEST_NUMBER})")
    for category in vocabulary.categories:
        if not re.fullmatch(r"\w[\w -]*", category) or category in FIXED_COLUMNS:
            raise ValueError(f"category {category!r} cannot be a column of index.csv")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise XailabError(f"{root} exists and is not an empty folder: choose another, or delete it")
    return vocabulary


def _write_images(
    dataset: Dataset, folder: Path, positions: Sequence[int], counts: LabelCounts, image_format: str, progress: bool
) -> tuple[list[dict[str, str]], tuple[int, int]]:
    """Write the images and planes that are not there yet; return the cells of all rows and the size of the planes."""
    from tqdm import tqdm

    source = re.sub(r"\W+", "_", dataset.name) or "images"
    (folder / "images" / source).mkdir(parents=True, exist_ok=True)
    digits = max(6, len(str(max(positions))))
    rows: list[dict[str, str]] = []
    height, width = dataset.image_size
    label_size = (max(1, height // 2), max(1, width // 2))  # Broden's rule, for data sets without maps
    for first in tqdm(range(0, len(positions), STEP), desc="exporting", unit=f"{STEP} images", disable=not progress):
        stems = {index: f"{source}/{index:0{digits}d}" for index in positions[first : first + STEP]}
        todo = [i for i, stem in stems.items() if not (folder / "images" / f"{stem}.{image_format}").exists()]
        batch = dataset.read(todo) if todo else None
        pixels = to_uint8(batch.images).permute(0, 2, 3, 1).contiguous().cpu().numpy() if batch else np.empty(0)
        labels = (batch.labels if batch and len(todo) == len(stems) else dataset.read_labels(list(stems))) or Labels()
        for place, (index, stem) in enumerate(stems.items()):
            found = _image_labels(labels, place)
            label_size = next((p.shape for planes in found.planes.values() for p in planes), label_size)
            counts.add(found.planes, found.tags)
            names = _plane_names(stem, found)
            if index in todo:
                for category, files in names.items():
                    for file, plane in zip(files, found.planes[category], strict=True):
                        write_plane(plane, folder / "images" / file)
                # The image comes last and whole: where it exists, everything of its row does.
                _write_image(pixels[todo.index(index)], folder / "images" / f"{stem}.{image_format}")
            rows.append(_row(f"{stem}.{image_format}", found, names))
    return rows, label_size


def _image_labels(labels: Labels, place: int) -> _ImageLabels:
    """Take the labels of one image out of a batch, without trailing planes of zeros and without the zeros of tags."""
    planes: dict[str, list[Int32[np.ndarray, "h w"]]] = {}
    for category, maps in labels.maps.items():
        stack = maps[place].cpu().numpy().astype(np.int32)
        used = np.flatnonzero(stack.any((1, 2)))
        if len(used):
            planes[category] = list(stack[: used[-1] + 1])
    tags = {name: [number for number in whole[place].tolist() if number != 0] for name, whole in labels.tags.items()}
    return _ImageLabels(planes, {name: numbers for name, numbers in tags.items() if numbers})


def _plane_names(stem: str, labels: _ImageLabels) -> dict[str, list[str]]:
    """Name the PNG files: ``STEM_CATEGORY.png``, or ``STEM_CATEGORY_1.png`` and so on if there are several planes."""
    names = {}
    for category, planes in labels.planes.items():
        numbers = [f"_{place}" for place in range(1, len(planes) + 1)] if len(planes) > 1 else [""]
        names[category] = [f"{stem}_{category.replace(' ', '_')}{number}.png" for number in numbers]
    return names


def _row(image: str, labels: _ImageLabels, names: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the cells of a row of ``index.csv`` that differ from image to image."""
    cells = {"image": image, "split": "train" if split_fraction(image) <= TRAIN_FRACTION else "val"}
    for category in {**labels.tags, **names}:
        cells[category] = ";".join([*names.get(category, []), *map(str, labels.tags.get(category, []))])
    return cells


def _write_image(pixels: UInt8[np.ndarray, "h w 3"], path: Path) -> None:
    """Write an image file whole or not at all."""
    picture = Image.fromarray(pixels)
    with write_beside(path) as temporary:
        if path.suffix == ".jpg":
            picture.save(temporary, quality=JPEG_QUALITY)
        else:
            picture.save(temporary)


def _write_index(path: Path, vocabulary: Vocabulary, rows: list[dict[str, str]], sizes: Sequence[int]) -> None:
    """Write ``index.csv`` in the order of the release."""
    same = dict(zip(FIXED_COLUMNS[2:], map(str, sizes), strict=True))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*FIXED_COLUMNS, *vocabulary.categories], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**same, **row} for row in sorted(rows, key=lambda row: split_fraction(row["image"])))


def _readme(dataset: Dataset, rows: Sequence[Mapping[str, str]], label_size: tuple[int, int]) -> str:
    """Say in a few lines what the folder is."""
    train = sum(row["split"] == "train" for row in rows)
    return f"""{dataset.name}, exported by xailab in the format of Broden (Network Dissection, Bau et al. 2017)

images             {len(rows)} ({train} train, {len(rows) - train} val)
image size         {dataset.image_size[0]} x {dataset.image_size[1]} (ih x iw)
label size         {label_size[0]} x {label_size[1]} (sh x sw)
source             {dataset.fingerprint}

index.csv      one row per image; a cell of a category holds ;-separated PNG files (labels per pixel) and label numbers
               (of the whole image)
label.csv      every label: number, name, the categories in which it occurs with the number of images
category.csv   the categories
c_*.csv        the labels of one category with frequency (images) and coverage (sum of the fractions of the images)
images/        the images, and PNGs in which red + 256 * green is a label number; 0 is unlabelled

File names are the positions in the exported data set. Rows are sorted by a hash of the name; the first part is train.
"""
