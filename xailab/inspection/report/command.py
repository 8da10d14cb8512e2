"""From the options of ``xailab inspect`` to a folder with a page, pictures and tables.

- ``run``  do it; returns the lines to print
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from xailab import __version__, exemplars, render
from xailab.data.batch import Dataset
from xailab.data.minibroden.dataset import MiniBroden
from xailab.data.opening import asked_dataset
from xailab.files import claimed_folder, write_beside
from xailab.inspection.pictures import side_by_side
from xailab.inspection.report.cards import cards
from xailab.inspection.report.examining import Examined, Plan, chosen_units, examine, plan_of
from xailab.inspection.report.page import Linked, write_page
from xailab.inspection.report.posters import filter_poster, unit_poster
from xailab.inspection.report.request import Request, checked
from xailab.inspection.report.sections import Section, section
from xailab.inspection.report.tables import as_json, write_csv, write_json
from xailab.inspection.views import check_units
from xailab.models.catalogue import load
from xailab.models.network import Network
from xailab.models.randomizing import randomized

MADE_BY = "xailab inspect"
RECORD = "inspect.json"
OVERVIEW = "layers.png"
MINE = ("index.html", "units.csv", OVERVIEW, "seen.npz", "seen-random.npz")


def run(request: Request, out: Path, *, progress: bool = True) -> list[str]:
    """Look at layers and write ``index.html``, pictures, ``units.csv`` and ``inspect.json``.

    Everything is checked before any work. What was seen of the data set is kept in ``out``: after an interrupt, and for
    other units, the network does not run over it again.

    Raises
    ------
    XailabError
        Anything that cannot be used: model, layer, units, data set, options, folder.
    Interrupted
        Ctrl-C was pressed; says what is kept.
    """
    units = checked(request)
    network = load(request.model, weights=request.weights, seed=request.seed)
    size = request.image_size or network.image_size
    plans = {"": plan_of(network, request.layers, image_size=size, device=request.device)}
    _check_units(plans[""], units)
    if request.random_control:
        other = randomized(network, seed=request.seed)
        plans["random"] = plan_of(other, request.layers, image_size=size, device=request.device)
    dataset = asked_dataset(
        request.data, split=request.split, limit=request.limit, skip_broken=request.skip_broken, progress=progress
    )
    out = claimed_folder(out, record=RECORD, made_by=MADE_BY, mine=MINE)
    if isinstance(dataset, MiniBroden):
        dataset.render()  # all at once, with one bar
    how = exemplars.Plan(count=request.count, seed=request.seed, batch_size=request.batch_size)
    found = {
        slug: examine(plan, dataset, how=how, keep=out / f"seen{slug and '-' + slug}.npz", progress=progress)
        for slug, plan in plans.items()
    }
    shown = {layer: chosen_units(units, found[""][layer], top=request.top_units) for layer in request.layers}
    sections = [
        _section(plans[""], found, layer, shown[layer], dataset, request, progress=progress) for layer in request.layers
    ]
    _write(request, network, plans[""], dataset, found, shown, sections, out)
    return [*_lines(sections, dataset), f"page: {out / 'index.html'}"]


def _check_units(plan: Plan, units: tuple[int, ...] | None) -> None:
    """Refuse units that one of the layers does not have."""
    for layer in plan.layers:
        check_units(units or (), plan.units(layer), layer)


def _section(
    plan: Plan,
    found: Mapping[str, Mapping[str, Examined]],
    layer: str,
    units: list[int],
    dataset: Dataset,
    request: Request,
    *,
    progress: bool,
) -> Section:
    """Put together what the page shows of a layer."""
    control = found["random"][layer] if "random" in found else None
    made = cards(
        plan, found[""], layer, units, dataset, control=control, batch_size=request.batch_size, progress=progress
    )
    best = found[""][layer].found.best.indices[units[0], 0] if units else 0
    ((_, pixels),) = exemplars.seen_images(dataset, [max(0, int(best))], plan.fields[layer].image_size)
    return section(plan, found[""][layer], made, pixels, control)


def _write(
    request: Request,
    network: Network,
    plan: Plan,
    dataset: Dataset,
    found: Mapping[str, Mapping[str, Examined]],
    shown: Mapping[str, list[int]],
    sections: list[Section],
    out: Path,
) -> None:
    """Write everything, the page and the record last."""
    examined = {layer: found[""][layer] for layer in plan.layers}
    write_csv(examined.values(), out / "units.csv")
    pictures = _pictures(plan, examined, shown, dataset)
    for name, (picture, _) in pictures.items():
        _write_bytes(out / name, render.to_png_bytes(picture))
    files = [
        Linked("units.csv", "the numbers of all units"),
        *(Linked(name, what) for name, (_, what) in pictures.items()),
        Linked(RECORD, "settings, fields, findings, best images"),
    ]
    overview = render.data_uri(pictures[OVERVIEW][0], quality=88) if OVERVIEW in pictures else None
    write_page(
        sections, out / "index.html", network=network.name, lead=_lead(request, dataset), overview=overview,
        settings=_settings(request, network, dataset), files=files,
    )  # fmt: skip
    control = found.get("random", {})
    record: dict[str, Any] = {
        "made_by": MADE_BY,
        "finished": True,
        "xailab": __version__,
        "configuration": asdict(request),
        "data_fingerprint": dataset.fingerprint,
        "images": len(dataset),
        "layers": {layer: as_json(one, shown[layer], control.get(layer)) for layer, one in examined.items()},
    }
    write_json(out / RECORD, record)


def _pictures(
    plan: Plan, examined: Mapping[str, Examined], shown: Mapping[str, list[int]], dataset: Dataset
) -> dict[str, tuple[Image.Image, str]]:
    """Return name of a file -> picture and what it shows."""
    made: dict[str, tuple[Image.Image, str]] = {}
    maps = [layer for layer in plan.layers if examined[layer].field.map_size != (1, 1)]
    if maps:
        (telling,) = dataset.read([_most_telling(examined, shown)]).images
        picture = side_by_side(plan.network, telling, maps, image_size=plan.graph.steps[0].shape[1])
        made[OVERVIEW] = (picture, "one image, layer by layer")
    for layer, one in examined.items():
        made[f"units-{layer}.png"] = (unit_poster(one, shown[layer], dataset), f"units of {layer}")
        reading = plan.readings.get(layer)
        if reading is not None and reading.layer is None and reading.weights.shape[1] == 3:
            made[f"filters-{layer}.png"] = (filter_poster(plan, layer), f"the filters of {layer}")
    return made


def _most_telling(examined: Mapping[str, Examined], shown: Mapping[str, list[int]]) -> int:
    """Return the image that excites most of the shown units; of several, the first."""
    counted: Counter[int] = Counter()
    for layer, one in examined.items():
        images = one.found.best.indices[shown[layer]]
        counted.update(images[images >= 0].tolist())
    return min(counted, key=lambda image: (-counted[image], image), default=0)


def _write_bytes(path: Path, data: bytes) -> None:
    with write_beside(path) as temporary:
        temporary.write_bytes(data)


def _lead(request: Request, dataset: Dataset) -> str:
    """Return the sentence below the heading."""
    what = "A layer was" if len(request.layers) == 1 else f"{len(request.layers)} layers were"
    return (
        f"{what} looked at over {len(dataset):,} images of {dataset.name}: what a cell can see, which units are of no "
        "use, and for each unit what excites it most, and what it does on most days."
    )


def _settings(request: Request, network: Network, dataset: Dataset) -> dict[str, object]:
    """Return the table at the end of the page."""
    height, width = dataset.image_size
    size = request.image_size or network.image_size
    return {
        "network": f"{network.name}: {network.description}" if network.description else network.name,
        "data": f"{dataset.name}, {len(dataset):,} images of {width} × {height} px"
        + (f", shown to the network at {size} px" if (size, size) != (height, width) else ""),
        "left out as unreadable": len(getattr(dataset, "broken", ())),
        "images kept per unit": request.count,
        "seed": request.seed,
        "xailab": __version__,
    }


def _lines(sections: list[Section], dataset: Dataset) -> Iterator[str]:
    """Yield what the terminal shows at the end."""
    broken = len(getattr(dataset, "broken", ()))
    if broken:
        what = "1 image could not be read and was" if broken == 1 else f"{broken} images could not be read and were"
        yield f"{what} left out"
    for one in sections:
        faults = ", ".join(f"{row['units']} {row['kind']}" for row in one.health if row["units"])
        yield (
            f"{one.layer}: field {one.facts['size']}, jump {one.facts['jump']} | {one.sound} of {one.units} units sound"
            + (f", {faults}" if faults else "")
        )
