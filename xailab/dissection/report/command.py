"""From the options of ``xailab dissect`` to a folder with a page and tables.

- ``Request``  the options
- ``run``      do it; returns the lines to print
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from xailab import __version__
from xailab.data.batch import Dataset
from xailab.data.minibroden.dataset import MiniBroden
from xailab.data.opening import asked_dataset
from xailab.dissection.conventions import Conventions, preset
from xailab.dissection.report.page import Linked, write_page
from xailab.dissection.report.pictures import tiles
from xailab.dissection.report.summary import Tally, summarize
from xailab.dissection.report.tables import as_json, write_csv, write_npz
from xailab.dissection.result import Dissection
from xailab.dissection.running import Plan, dissect_with_controls
from xailab.dissection.subject import subject_of
from xailab.errors import XailabError
from xailab.files import writable_folder, write_beside
from xailab.models.catalogue import load
from xailab.models.network import Network

QUANTILES = (0.0025, 0.005, 0.01, 0.02, 0.04)
"""Of the quantile curve."""


@dataclass(frozen=True)
class Request:
    """The options of ``xailab dissect``; see there."""

    model: str
    layers: tuple[str, ...]
    data: str = "minibroden"
    weights: str | None = None
    conventions: str = "cvpr2017"
    quantile: float | None = None
    iou_threshold: float | None = None
    split: str | None = None
    limit: int | None = None
    image_size: int | None = None
    skip_broken: bool = False
    random_control: bool = True
    top_units: int = 150
    batch_size: int = 64
    memory_mib: int = 1024
    device: str = "cpu"
    seed: int = 0


def run(request: Request, out: Path, *, fresh: bool = False, progress: bool = True) -> list[str]:
    """Dissect and write ``index.html``, ``report.json``, and a ``-result.csv`` and ``.npz`` per layer into ``out``.

    Everything is checked before any work. Each file is written whole or not at all. After an interrupt the same request
    goes on where it stopped, unless ``fresh``.

    Raises
    ------
    XailabError
        Anything that cannot be used: model, layer, data set, options, folder.
    """
    plan = _plan(request)
    network = load(request.model, weights=request.weights, seed=request.seed)
    subject = subject_of(network, request.layers, image_size=request.image_size, device=request.device)
    out = writable_folder(out)
    dataset = _open(request, progress=progress)
    resume = out / ".resume"
    if fresh:
        shutil.rmtree(resume, ignore_errors=True)
    dissection = dissect_with_controls(
        network, dataset, request.layers, plan=plan, random=request.random_control, image_size=request.image_size,
        device=request.device, memory=request.memory_mib * 2**20, resume=resume, progress=progress,
    )  # fmt: skip
    pictures = {}
    for layer, result in dissection.layers.items():
        best = (-result.labels(dissection.vocabulary).iou).argsort(kind="stable")[: request.top_units].tolist()
        pictures[layer] = tiles(
            subject,
            dataset,
            result,
            best,
            conventions=plan.conventions,
            batch_size=request.batch_size,
            progress=progress,
        )
    files = _write_tables(dissection, request, network, dataset, out)
    write_page(
        dissection, pictures, out / "index.html", settings=_settings(request, network, dataset, plan), files=files
    )
    shutil.rmtree(resume, ignore_errors=True)
    return [*_lines(dissection, dataset), f"page: {out / 'index.html'}"]


def _plan(request: Request) -> Plan:
    """Turn options into a plan. Raises XailabError for values out of range."""
    for name in ("top_units", "batch_size", "memory_mib"):
        if getattr(request, name) < 1:
            raise XailabError(f"{name} must be at least 1, got {getattr(request, name)}")
    for name in ("limit", "image_size"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise XailabError(f"{name} must be at least 1, got {value}")
    conventions: Conventions = preset(request.conventions)
    try:
        if request.quantile is not None:
            conventions = replace(conventions, quantile=request.quantile)
        if request.iou_threshold is not None:
            conventions = replace(conventions, iou_threshold=request.iou_threshold)
    except ValueError as error:
        raise XailabError(str(error)) from error
    return Plan(conventions, QUANTILES, seed=request.seed, batch_size=request.batch_size)


def _open(request: Request, *, progress: bool) -> Dataset:
    """Open the data set, with the options that it has."""
    dataset = asked_dataset(
        request.data, split=request.split, limit=request.limit, skip_broken=request.skip_broken, progress=progress
    )
    if isinstance(dataset, MiniBroden):
        dataset.render()  # all at once, with one bar
    return dataset


def _write_tables(
    dissection: Dissection, request: Request, network: Network, dataset: Dataset, out: Path
) -> list[Linked]:
    """Write the tables, and return what the page links to."""
    files = [Linked("report.json", "configuration and results")]
    for layer in dissection.layers:
        write_csv(dissection, layer, out / f"{layer}-result.csv")
        write_npz(dissection, layer, out / f"{layer}.npz")
        files += [
            Linked(f"{layer}-result.csv", f"units of {layer}, NetDissect's columns"),
            Linked(f"{layer}.npz", f"arrays of {layer}"),
        ]
    configuration = {
        **asdict(request),
        "xailab": __version__,
        "network_description": network.description,
        "normalization": network.normalization.name,
        "data_fingerprint": dataset.fingerprint,
        "left_out": len(getattr(dataset, "broken", ())),
    }
    with write_beside(out / "report.json") as temporary:
        temporary.write_text(json.dumps(as_json(dissection, configuration), indent=1) + "\n", encoding="utf-8")
    return files


def _settings(request: Request, network: Network, dataset: Dataset, plan: Plan) -> dict[str, object]:
    """Return the table at the end of the page."""
    height, width = dataset.image_size
    size = request.image_size or network.image_size
    return {
        "network": f"{network.name}: {network.description}" if network.description else network.name,
        "data": f"{dataset.name}, {len(dataset):,} images of {width} × {height} px"
        + (f", shown to the network at {size} px" if size != height else ""),
        "left out as unreadable": len(getattr(dataset, "broken", ())),
        "conventions": f"{plan.conventions.name}. {plan.conventions.source}",
        **{
            name.replace("_", " "): value
            for name, value in plan.conventions.described().items()
            if name not in ("name", "source")
        },
        "seed": plan.seed,
        "xailab": __version__,
    }


def _lines(dissection: Dissection, dataset: Dataset) -> Iterator[str]:
    """Yield what the terminal shows at the end."""
    broken = len(getattr(dataset, "broken", ()))
    if broken:
        what = "1 image could not be read and was" if broken == 1 else f"{broken} images could not be read and were"
        yield f"{what} left out"
    for layer in dissection.layers:
        summary = summarize(dissection, layer)
        yield (
            f"{layer}: {_said(summary.tally)} of {dissection.layers[layer].units} units"
            f" | labels shuffled: {_said(summary.null)} | random weights: {_said(summary.random)}"
        )


def _said(found: Tally | None) -> str:
    """Say how many detectors there are and of how many concepts."""
    return "not run" if found is None else f"{found.detectors} detectors, {found.total} unique"
